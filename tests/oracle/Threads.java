/* Threads.java -- oracle: streams forgotten on platform and virtual threads.
 *
 * Usage: java Threads platform|virtual [wait].  8 platform threads, or 200 virtual ones that were
 * parked and resumed before, forget one Inflater each at the same line and end another.
 */
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.Inflater;

public final class Threads implements Runnable {
    private static final int PLATFORM = 8;
    private static final int VIRTUAL = 200;

    public static void main(String[] args) throws Exception {
        List<Thread> threads = new ArrayList<>();
        boolean virtual = args[0].equals("virtual");
        for (int i = 0; i < (virtual ? VIRTUAL : PLATFORM); i++)
            threads.add(virtual ? startVirtual(new Threads()) : startPlatform(new Threads()));
        for (Thread thread : threads)
            thread.join();
        Oracle.finish(args);
    }

    @Override
    public void run() {
        for (int i = 0; i < 3; i++) {
            LockSupport.parkNanos(1_000_000);
            Thread.yield();
        }
        deeper(5);
    }

    private static void deeper(int levels) {
        if (levels > 0) {
            deeper(levels - 1);
            return;
        }
        Inflater ended = Oracle.born(new Inflater());
        LockSupport.parkNanos(1_000_000);
        ended.end();
        Oracle.ended(ended);
        Oracle.born(new Inflater());
    }

    private static Thread startPlatform(Runnable work) {
        Thread thread = new Thread(work, "oracle");
        thread.start();
        return thread;
    }

    /* Thread.startVirtualThread(work), which JDK 17 doesn't have. */
    private static Thread startVirtual(Runnable work) throws ReflectiveOperationException {
        return (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class)
            .invoke(null, work);
    }
}
