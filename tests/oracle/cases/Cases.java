/* Cases.java -- oracle: what looks like a leak, is one, or isn't, one case a run, for hours or for
 * as long as somebody looks.
 *
 * Usage: java Cases CASE STOP [ARGUMENT]     until the file STOP exists; then it prints the truth
 *
 * What is kept is kept at a steady pace by the clock, whatever the machine does: who comes late
 * catches up.  So growth is a straight line.  The truth, for each line that keeps something:
 *     kept<TAB>function<TAB>line<TAB>times<TAB>bytes
 * The end is halt(): nothing is released after the last one was counted.
 */
import java.io.File;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

@SuppressWarnings({"removal", "deprecation"})
final class Cases {
    private static final int BYTES = 1000, MAPPED = 64 << 10, STREAMS = 300, REFERENCES = 64;

    private interface Step {
        void take() throws Exception;
    }

    private static final List<Object> KEPT = new ArrayList<>();
    private static File stop;
    private static final Map<String, long[]> ROWS = new TreeMap<>();

    private Cases() {
    }

    private static native void forgetReferences(Object of, int count);

    private static native void forgetJvmti(int bytes);

    /* To be called on the very line that a user would open. */
    private static void keep(long size, Object resource) {
        StackWalker.StackFrame at = StackWalker.getInstance().walk(
            frames -> frames.skip(1).findFirst()).get();
        long[] row = ROWS.computeIfAbsent(at.getClassName() + "." + at.getMethodName() + "\t"
            + at.getLineNumber(), key -> new long[2]);
        row[0]++;
        row[1] += size;
        KEPT.add(resource);
    }

    /* So many steps a second until the end is asked for. */
    private static void pace(int perSecond, Step step) throws Exception {
        long begin = System.nanoTime(), taken = 0;
        ready();
        while (!stop.exists()) {
            long due = (System.nanoTime() - begin) * perSecond / 1_000_000_000;
            for (; taken < due; taken++)
                step.take();
            Thread.sleep(5);
        }
    }

    private static void ready() {
        System.out.println("pid\t" + ProcessHandle.current().pid());
        System.out.println("READY");
        System.out.flush();
    }

    private static void end() {
        ROWS.forEach((place, row) ->
            System.out.println("kept\t" + place + "\t" + row[0] + "\t" + row[1]));
        System.out.println("END");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /* --- memory -------------------------------------------------------------------------------- */

    private static void direct() {
        keep(BYTES, ByteBuffer.allocateDirect(BYTES));
    }

    private static sun.misc.Unsafe unsafe() throws Exception {
        Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        return (sun.misc.Unsafe) field.get(null);
    }

    private static void unsafe(sun.misc.Unsafe unsafe) {
        keep(BYTES, unsafe.allocateMemory(BYTES));
    }

    /* Each of them has its own pages in memory. */
    private static void mapped(FileChannel channel) throws Exception {
        keep(MAPPED, touch(channel.map(FileChannel.MapMode.READ_WRITE, 0, MAPPED)));
    }

    private static MappedByteBuffer touch(MappedByteBuffer buffer) {
        for (int at = 0; at < MAPPED; at += 4096)
            buffer.put(at, (byte) 1);
        return buffer;
    }

    private static void references() {
        keep(REFERENCES, null);
        forgetReferences(KEPT, REFERENCES);
    }

    private static void jvmti() {
        keep(BYTES, null);
        forgetJvmti(BYTES);
    }

    /* Everything that leaks, each from its own line. */
    private static void leaks(sun.misc.Unsafe unsafe, String file, String library) throws Exception {
        System.load(library);
        FileChannel channel = FileChannel.open(Path.of(file), StandardOpenOption.CREATE,
                                               StandardOpenOption.READ, StandardOpenOption.WRITE);
        pace(200, () -> {
            direct();
            unsafe(unsafe);
            references();
            jvmti();
            if (number++ % 10 == 0)
                mapped(channel);
        });
    }

    /* Bounded caches, and a JVM that warms up. */
    private static void quiet() throws Exception {
        Step warm = warm();
        pace(100, () -> {
            cached();
            if (number % 2 == 0)
                warm.take();
        });
    }

    /* A megabyte at the start, and nothing more. */
    private static void startup(sun.misc.Unsafe unsafe) {
        for (int i = 0; i < 1024; i++)
            keep(1024, unsafe.allocateMemory(1024));
    }

    /* 64 threads allocate 2 MB each, all at once, and free it but for the last 512 bytes, so that
     * nothing goes back to the system. */
    private static void retention(sun.misc.Unsafe unsafe) throws Exception {
        int threads = 64, blocks = 40, size = 50_000;
        CountDownLatch allocated = new CountDownLatch(threads);
        List<Thread> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            all.add(new Thread(() -> {
                long[] address = new long[blocks];
                for (int i = 0; i < blocks; i++) {
                    address[i] = unsafe.allocateMemory(size);
                    unsafe.setMemory(address[i], size, (byte) 1);
                }
                unsafe.allocateMemory(512);
                allocated.countDown();
                await(allocated);
                for (long block : address)
                    unsafe.freeMemory(block);
            }));
        }
        all.forEach(Thread::start);
        for (Thread thread : all)
            thread.join();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /* --- the JVM ------------------------------------------------------------------------------- */

    private static void thread() {
        CountDownLatch never = new CountDownLatch(1);
        Thread thread = new Thread(() -> await(never));
        thread.setDaemon(true);
        thread.start();
    }

    /* Loads what the JDK has, one class after the other, and has it looked at by reflection, so
     * that the compilers get something to do. */
    private static Step warm() throws Exception {
        Path root = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
        List<String> names;
        try (Stream<Path> files = Stream.concat(Files.walk(root.resolve("java.base")),
                                                Files.walk(root.resolve("java.desktop")))) {
            names = files.map(path -> path.subpath(Math.min(2, path.getNameCount() - 1),
                                                   path.getNameCount()).toString())
                .filter(name -> name.endsWith(".class") && !name.contains("-info"))
                .map(name -> name.substring(0, name.length() - 6).replace('/', '.'))
                .collect(Collectors.toList());
        }
        int[] next = {0};
        return () -> {
            for (int i = 0; i < 8 && next[0] < names.size(); i++) {
                try {
                    KEPT.add(Class.forName(names.get(next[0]++), false, null).getDeclaredMethods());
                } catch (ReflectiveOperationException | LinkageError e) {
                    continue; /* it needs what isn't there */
                }
            }
        };
    }

    /* Fills the old generation to nine tenths. */
    private static void heap() throws Exception {
        MemoryPoolMXBean old = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getName().matches(
                ".*Old Gen.*|Tenured Gen|ZHeap|ZGC Old Generation|Shenandoah"))
            .findFirst().get();
        long limit = old.getUsage().getMax() > 0 ? old.getUsage().getMax()
            : Runtime.getRuntime().maxMemory();
        System.gc();
        while (old.getUsage().getUsed() < limit / 10 * 9) {
            long missing = limit / 10 * 9 - old.getUsage().getUsed();
            for (long size = Math.max(missing / 2, 1 << 18); size > 0; size -= 20_000)
                KEPT.add(new byte[20_000]);
            System.gc();
        }
    }

    /* --- streams ------------------------------------------------------------------------------- */

    private static final class Cache<T> extends LinkedHashMap<Integer, T> {
        private static final long serialVersionUID = 1;
        private final transient Consumer<T> close;

        Cache(Consumer<T> close) {
            this.close = close;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, T> eldest) {
            if (size() <= STREAMS)
                return false;
            close.accept(eldest.getValue());
            return true;
        }
    }

    private static final Cache<Inflater> INFLATERS = new Cache<>(Inflater::end);
    private static final Cache<Deflater> DEFLATERS = new Cache<>(Deflater::end);
    private static int number;

    private static void cached() {
        INFLATERS.put(number, new Inflater());
        DEFLATERS.put(number++, new Deflater());
    }

    /* Of 160,000 streams from one line, every thousandth is forgotten. */
    private static void few() {
        for (int i = 1; i <= 160_000; i++) {
            Inflater inflater = new Inflater();
            if (i % 1000 == 0)
                KEPT.add(inflater);
            else
                inflater.end();
        }
    }

    public static void main(String[] args) throws Exception {
        stop = new File(args[1]);
        switch (args[0]) {
        case "leaks": leaks(unsafe(), args[2], args[3]); break;
        case "retention": retention(unsafe()); pace(1, () -> { }); break;
        case "threads": pace(20, Cases::thread); break;
        case "quiet": quiet(); break;
        case "startup": startup(unsafe()); pace(1, () -> { }); break;
        case "heap": heap(); pace(1, () -> { }); break;
        case "few": few(); ready(); break;
        default: throw new IllegalArgumentException(args[0]);
        }
        end();
    }
}
