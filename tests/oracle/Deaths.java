/* Deaths.java -- oracle: a JVM that forgets streams, says so (Oracle.java), and dies.
 *
 * Usage: java Deaths LIBRARY HOW       LIBRARY: deaths_jni's path
 */
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Deaths {
    private static native void store();

    private static native void abort();

    private static native int overflow();

    private static native int overflowAllocating();

    private static native void eat();

    private static int depth;

    @SuppressWarnings("restricted")
    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        for (int i = 0; i < 9; i++)
            Oracle.born(new Inflater());
        Thread other = new Thread(() -> {
            for (int i = 0; i < 6; i++)
                Oracle.born(new Deflater());
        });
        other.start();
        other.join();
        Oracle.finish(args);
        die(args[1]);
    }

    private static void die(String how) throws Exception {
        switch (how) {
        case "store" -> store();
        case "abort" -> abort();
        case "unsafe" -> writeAnywhere();
        case "overflow" -> inThread(Deaths::overflow);
        case "overflow-allocating" -> inThread(Deaths::overflowAllocating);
        case "eat" -> eat();
        case "halt" -> Runtime.getRuntime().halt(3);
        case "caught" -> catchOverflows();
        case "heap" -> fillHeap();
        default -> throw new IllegalArgumentException(how);
        }
    }

    /* The one that a program is started on may have a stack without end. */
    private static void inThread(Runnable work) throws InterruptedException {
        Thread thread = new Thread(null, work, "deep", 512 << 10);
        thread.start();
        thread.join();
    }

    private static void writeAnywhere() throws Exception {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field field = type.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        type.getMethod("putInt", long.class, int.class).invoke(field.get(null), 16L, 1);
    }

    private static int deeper() {
        depth++;
        return deeper() + 1;
    }

    private static void catchOverflows() throws InterruptedException {
        for (int i = 0; i < 20; i++)
            inThread(() -> {
                try {
                    System.out.println(deeper());
                } catch (StackOverflowError e) {
                    System.out.println("overflow " + (depth > 100));
                }
            });
    }

    private static void fillHeap() {
        List<byte[]> all = new ArrayList<>();
        for (;;)
            all.add(new byte[100_000]);
    }
}
