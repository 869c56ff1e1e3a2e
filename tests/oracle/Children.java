/* Children.java -- oracle: a JVM that starts many programs while its threads make and end streams.
 *
 * Usage: java Children COUNT PROGRAM [wait].  Each child must say hello and end with status 0, and
 * sees no more of the tracer than its parent's environment shows.  Prints its truth (Oracle.java).
 */
import java.io.InputStream;
import java.util.zip.Inflater;

public final class Children {
    private static volatile boolean stopped;

    public static void main(String[] args) throws Exception {
        Thread[] busy = {new Thread(Children::work), new Thread(Children::work)};
        for (Thread thread : busy)
            thread.start();
        int count = Integer.parseInt(args[0]);
        for (int i = 0; i < count; i++) {
            start(args[1]);
            if (i % 10 == 0)
                Oracle.born(new Inflater());
        }
        stopped = true;
        for (Thread thread : busy)
            thread.join();
        Oracle.finish(args);
    }

    private static void start(String program) throws Exception {
        Process child = new ProcessBuilder(program).redirectErrorStream(true).start();
        try (InputStream in = child.getInputStream()) {
            String said = new String(in.readAllBytes()).trim();
            Oracle.check(said.equals("hello world"), "a child said: " + said);
        }
        Oracle.check(child.waitFor() == 0, "a child ended with " + child.exitValue());
    }

    private static void work() {
        while (!stopped) {
            Inflater inflater = new Inflater();
            inflater.setInput(new byte[16]);
            inflater.end();
        }
    }
}
