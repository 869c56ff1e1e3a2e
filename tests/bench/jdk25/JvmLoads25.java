/* JvmLoads25.java -- what only newer JVMs do: virtual threads, and malloc called from Java.
 *
 * Usage: java --enable-native-access=ALL-UNNAMED -cp CLASSES JvmLoads25 yield|foreign COUNT
 *   yield    100 virtual threads that yield COUNT times in all
 *   foreign  COUNT pairs of malloc and free, called directly through java.lang.foreign
 */
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

public final class JvmLoads25 {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBC = LINKER.defaultLookup();
    private static final MethodHandle MALLOC = LINKER.downcallHandle(
            LIBC.find("malloc").orElseThrow(),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = LINKER.downcallHandle(
            LIBC.find("free").orElseThrow(), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    public static void main(String[] args) throws Throwable {
        int count = Integer.parseInt(args[1]);
        if (args[0].equals("yield"))
            yieldMuch(count);
        else
            allocate(count);
        System.out.println(args[0] + "\t" + count);
    }

    private static void yieldMuch(int count) throws InterruptedException {
        Thread[] threads = new Thread[100];
        for (int i = 0; i < threads.length; i++)
            threads[i] = Thread.ofVirtual().start(() -> {
                for (int j = 0; j < count / 100; j++)
                    Thread.yield();
            });
        for (Thread thread : threads)
            thread.join();
    }

    private static void allocate(int count) throws Throwable {
        MemorySegment[] live = new MemorySegment[1000];
        for (int i = 0; i < count; i++) {
            int slot = (int) ((i * 2654435761L >>> 7) % live.length);
            if (live[slot] != null)
                FREE.invokeExact(live[slot]);
            live[slot] = (MemorySegment) MALLOC.invokeExact((long) (16 + i % 64 * 16));
        }
    }
}
