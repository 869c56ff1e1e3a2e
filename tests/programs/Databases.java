import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.stream.Stream;

/** Creates, loads, queries, backs up, closes and opens again a database in the working directory,
 * prints what it answered, and takes the files away.
 *
 *     Databases h2|hsqldb|derby ROWS */
public class Databases {
    static String url(String kind) {
        switch (kind) {
        case "h2":
            return "jdbc:h2:file:./data/db;COMPRESS=TRUE";
        case "hsqldb":
            return "jdbc:hsqldb:file:data/db;hsqldb.default_table_type=cached";
        default:
            return "jdbc:derby:data/db;create=true";
        }
    }

    static void ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            long count = 0, sum = 0;
            while (rows.next()) {
                count++;
                for (int i = 1; i <= columns; i++)
                    sum = sum * 31 + String.valueOf(rows.getString(i)).hashCode();
            }
            System.out.println(sql + ": " + count + " rows, sum " + sum);
        }
    }

    static void load(Connection connection, int rows) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(80), size_ INT,"
                    + " content BLOB(100K), note VARCHAR(4000))");
            statement.execute("CREATE INDEX by_size ON item (size_)");
        }
        connection.setAutoCommit(false);
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO item VALUES (?, ?, ?, ?, ?)")) {
            for (int i = 0; i < rows; i++) {
                insert.setInt(1, i);
                insert.setString(2, "item " + i);
                insert.setInt(3, (int) (i * 7919L % 1009));
                insert.setBytes(4, new byte[i % 300 == 0 ? 90000 : i % 50]);
                insert.setString(5, ("note " + i % 17 + " ").repeat(i % 40));
                insert.addBatch();
                if (i % 100 == 99)
                    insert.executeBatch();
            }
            insert.executeBatch();
        }
        connection.commit();
    }

    static void change(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            System.out.println("updated " + statement.executeUpdate(
                    "UPDATE item SET size_ = size_ + 1 WHERE size_ < 300"));
            System.out.println("deleted " + statement.executeUpdate("DELETE FROM item WHERE id BETWEEN 200 AND 400"));
        }
        connection.commit();
    }

    static void question(Connection connection) throws SQLException {
        ask(connection, "SELECT count(*), sum(size_), min(name), max(note) FROM item");
        ask(connection, "SELECT size_, count(*) FROM item GROUP BY size_ ORDER BY size_");
        ask(connection, "SELECT a.name, b.name FROM item a JOIN item b ON a.size_ = b.size_ AND a.id < b.id"
                + " ORDER BY a.id, b.id");
        ask(connection, "SELECT id, name, note FROM item WHERE size_ BETWEEN 100 AND 120 ORDER BY id");
    }

    static void backUp(Connection connection, String kind) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            switch (kind) {
            case "h2":
                statement.execute("SCRIPT TO 'data/script.gz' COMPRESSION GZIP");
                statement.execute("SCRIPT TO 'data/script.zip' COMPRESSION ZIP");
                statement.execute("BACKUP TO 'data/backup.zip'");
                break;
            case "hsqldb":
                statement.execute("BACKUP DATABASE TO 'data/backup.tar.gz' BLOCKING");
                break;
            default:
                statement.execute("CALL SYSCS_UTIL.SYSCS_BACKUP_DATABASE('data/backup')");
            }
        }
    }

    static void close(Connection connection, String kind) throws SQLException {
        try {
            if (kind.equals("derby")) {
                connection.commit();
                connection.close();
                DriverManager.getConnection("jdbc:derby:;shutdown=true");
            } else {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("SHUTDOWN");
                }
            }
        } catch (SQLException ended) {
            if (!"XJ015".equals(ended.getSQLState()))
                throw ended;
        }
    }

    public static void main(String[] arguments) throws Exception {
        String kind = arguments[0];
        System.setProperty("derby.stream.error.file", "/dev/null");
        Connection connection = DriverManager.getConnection(url(kind), "SA", "");
        load(connection, Integer.parseInt(arguments[1]));
        question(connection);
        change(connection);
        backUp(connection, kind);
        for (int i = 0; i < 30; i++)
            ask(connection, "SELECT count(*), sum(size_) FROM item WHERE id > " + i * 10);
        close(connection, kind);
        if (kind.equals("derby"))
            DriverManager.registerDriver((java.sql.Driver) Class
                    .forName("org.apache.derby.iapi.jdbc.AutoloadedDriver").getDeclaredConstructor().newInstance());
        connection = DriverManager.getConnection(url(kind), "SA", "");
        question(connection);
        close(connection, kind);
        try (Stream<Path> files = Files.walk(Path.of("data"))) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
        System.out.println("ended");
    }
}
