/* VirtualYield.java -- bench: virtual threads that do nothing but yield.
 *
 * Usage: java VirtualYield YIELDS (JDK 21 or later).  What a tool adds to mounting and unmounting a
 * virtual thread shows here and nowhere else: nothing is allocated natively while it runs.
 */
import java.util.ArrayList;
import java.util.List;

public final class VirtualYield {
    private static final int THREADS = 4;

    public static void main(String[] args) throws Exception {
        int yields = Integer.parseInt(args[0]) / THREADS;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++)
            threads.add((Thread) Thread.class.getMethod("startVirtualThread", Runnable.class)
                .invoke(null, (Runnable) () -> give(yields)));
        for (Thread thread : threads)
            thread.join();
    }

    private static void give(int yields) {
        for (int i = 0; i < yields; i++)
            Thread.yield();
    }
}
