import java.nio.file.Path;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;

/**
 * An Elasticsearch node without its Bootstrap, for JVMs that refuse a SecurityManager.
 * Arguments: path.home, path.conf.  A line "exit" on stdin closes the node and exits.
 */
public final class EmbeddedNode {
    public static void main(String[] args) throws Exception {
        Path conf = Path.of(args[1]);
        Settings settings = Settings.builder()
            .loadFromPath(conf.resolve("elasticsearch.yml"))
            .put("path.home", args[0])
            .put("path.conf", args[1])
            .build();
        Environment environment = new Environment(settings);
        LogConfigurator.configure(environment);
        Node node = new Node(settings);
        node.start();
        int c;
        StringBuilder line = new StringBuilder();
        while ((c = System.in.read()) >= 0) {
            if (c != '\n') {
                line.append((char) c);
            } else if (line.toString().equals("exit")) {
                node.close();
                System.exit(0);
            } else {
                line.setLength(0);
            }
        }
        Thread.currentThread().join();
    }
}
