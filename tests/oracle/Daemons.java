/* Daemons.java -- oracle: daemon threads that are still at work as the JVM ends, and end every
 * stream that they make.
 *
 * Usage: java Daemons exit|exits|halt|return [forget].  Ends with status 3 (exit), 4 (halt) or 0;
 * exits: by several threads at once.  Nothing is forgotten but, with `forget`, three streams right
 * before the end.
 */
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Daemons {
    private static final AtomicLong ROUNDS = new AtomicLong();

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(Daemons::work, "daemon " + i);
            thread.setDaemon(true);
            thread.start();
        }
        while (ROUNDS.get() < 4000)
            Thread.sleep(5);
        for (int i = 0; i < 3 && args.length > 1; i++)
            forget();
        System.out.println("READY");
        System.out.flush();
        switch (args[0]) {
            case "exit":
                System.exit(3);
                break;
            case "exits":
                for (int i = 0; i < 8; i++)
                    new Thread(() -> System.exit(3)).start();
                break;
            case "halt":
                Runtime.getRuntime().halt(4);
                break;
            default:
                break;
        }
    }

    private static void forget() {
        new Inflater().setInput(new byte[1]);
    }

    private static void work() {
        byte[] in = new byte[100], out = new byte[200];
        for (;;) {
            deflate(in, out);
            inflate();
            ROUNDS.incrementAndGet();
        }
    }

    private static void deflate(byte[] in, byte[] out) {
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(in);
            deflater.finish();
            deflater.deflate(out);
        } finally {
            deflater.end();
        }
    }

    private static void inflate() {
        Inflater inflater = new Inflater();
        inflater.end();
    }
}
