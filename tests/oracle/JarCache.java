/* JarCache.java -- oracle: the JDK's own bounded population of Inflaters.
 *
 * Usage: java JarCache make DIR          writes the jars (run this one untraced)
 *        java JarCache read DIR [wait]   reads them 20 times; all stay open
 * Of the 100 jars 50 are opened as JarFile and 50 through one URLClassLoader.  Each open jar
 * keeps one Inflater for the next entry: 100 live ones, none ended, however often they are read.
 * Prints "expected<TAB>100"; then READY.
 */
import java.io.FileOutputStream;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

public final class JarCache {
    private static final int JARS = 100;
    private static final int READS = 20;
    private static final List<JarFile> OPEN = new ArrayList<>();
    private static URLClassLoader loader;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("make")) {
            for (int i = 0; i < JARS; i++)
                write(args[1], i);
            return;
        }
        URL[] urls = new URL[JARS / 2];
        for (int i = 0; i < JARS / 2; i++) {
            OPEN.add(new JarFile(path(args[1], i)));
            urls[i] = new java.io.File(path(args[1], JARS / 2 + i)).toURI().toURL();
        }
        loader = new URLClassLoader(urls);
        for (int round = 0; round < READS; round++)
            for (int i = 0; i < JARS / 2; i++)
                read(i);
        System.out.println("expected\t" + JARS);
        Oracle.finish(args);
    }

    private static void read(int i) throws Exception {
        try (InputStream in = OPEN.get(i).getInputStream(OPEN.get(i).getEntry(entry(i)))) {
            Oracle.check(in.readAllBytes().length == 5000, "short entry");
        }
        try (InputStream in = loader.getResourceAsStream(entry(JARS / 2 + i))) {
            Oracle.check(in.readAllBytes().length == 5000, "short resource");
        }
    }

    private static void write(String directory, int i) throws Exception {
        try (JarOutputStream out = new JarOutputStream(new FileOutputStream(path(directory, i)))) {
            out.putNextEntry(new JarEntry(entry(i)));
            out.write(new byte[5000]);
        }
    }

    private static String path(String directory, int i) {
        return directory + "/" + i + ".jar";
    }

    private static String entry(int i) {
        return "entry-" + i;
    }
}
