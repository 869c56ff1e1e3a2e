/* Culprits.java -- forgets native resources in every way that users know, each at one line.
 *
 * Job: oracle of the culprit rules: prints for each way the line that a user would open, which is
 * the one that calls keep().  Context: one thread after the other; knows nothing of the tracer.
 *
 * Rows: culprit<TAB>what<TAB>function<TAB>line<TAB>times<TAB>bytes.  What: a pair's name, or
 * `memory`, whose bytes are known.
 */
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

final class Culprits {
    static final int TIMES = 16;
    static final String INFLATER = "java.util.zip.Inflater";
    private static final String DEFLATER = "java.util.zip.Deflater";
    private static final List<Object> KEPT = new ArrayList<>();
    private static final Map<String, long[]> ROWS = new TreeMap<>();

    private Culprits() {
    }

    /* To be called on the very line that a user would open. */
    static <T> T keep(String what, long bytes, T resource) {
        StackWalker.StackFrame at = StackWalker.getInstance().walk(
            frames -> frames.skip(1).findFirst()).get();
        synchronized (KEPT) {
            KEPT.add(resource);
            if (what.equals("memory") && bytes == 0)
                return resource;
            long[] row = ROWS.computeIfAbsent(what + "\t" + at.getClassName() + "."
                + at.getMethodName() + "\t" + at.getLineNumber(), key -> new long[2]);
            row[0]++;
            row[1] += bytes;
        }
        return resource;
    }

    /* --- zlib streams ----------------------------------------------------------------------- */

    private static byte[] gzipped() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputEnd out = new OutputEnd(bytes)) {
            out.write(new byte[1000]);
        }
        return bytes.toByteArray();
    }

    /* A stream that is closed: no leak. */
    private static final class OutputEnd extends GZIPOutputStream {
        OutputEnd(ByteArrayOutputStream out) throws IOException {
            super(out);
        }
    }

    private static final class Wrapped extends FilterInputStream {
        Wrapped(InputStream in) {
            super(in);
        }
    }

    private static void streams(byte[] data) throws IOException {
        keep(INFLATER, 0, new GZIPInputStream(new ByteArrayInputStream(data)));
        keep(INFLATER, 0, new Wrapped(new InflaterInputStream(new ByteArrayInputStream(data))));
        keep(INFLATER, 0, new ZipInputStream(new ByteArrayInputStream(data)));
        keep(DEFLATER, 0, new GZIPOutputStream(new ByteArrayOutputStream()));
        keep(DEFLATER, 0, new DeflaterOutputStream(new ByteArrayOutputStream()));
        ZipOutputStream zip = keep(DEFLATER, 0, new ZipOutputStream(new ByteArrayOutputStream()));
        zip.putNextEntry(new ZipEntry("entry"));
        zip.write(data);
        keep(DEFLATER, 0, new Deflater(9, true)).setInput(data);
    }

    /* --- direct memory ---------------------------------------------------------------------- */

    private static void direct() throws IOException {
        keep("memory", 70000, ByteBuffer.allocateDirect(70000));
        /* The channel keeps a direct buffer for this thread; whoever writes first pays. */
        try (FileChannel channel = FileChannel.open(Path.of("/dev/null"), StandardOpenOption.WRITE)) {
            keep("memory", KEPT_BUFFER.getAndSet(0), channel.write(ByteBuffer.allocate(90000)));
        }
    }

    private static final AtomicInteger KEPT_BUFFER = new AtomicInteger(90000);

    /* The user's own kinds of streams. */
    private static final class OwnInflater extends Inflater {
        OwnInflater() {
            super(Culprits.<Boolean>keep(INFLATER, 0, true));
        }
    }

    private static final class Holder {
        static final Inflater FIRST = keep(INFLATER, 0, new Inflater(true));
    }

    private static void own() {
        KEPT.add(new OwnInflater());
        KEPT.add(Holder.FIRST);
    }

    /* --- called by the platform --------------------------------------------------------------- */

    private static Object byReflection() {
        return keep("memory", 70112, ByteBuffer.allocateDirect(70112));
    }

    private static Object byHandle() {
        return keep("memory", 70208, ByteBuffer.allocateDirect(70208));
    }

    private static Inflater inflaterByHandle() {
        return keep(INFLATER, 0, new Inflater());
    }

    private static void indirectly() throws Throwable {
        Culprits.class.getDeclaredMethod("byReflection").invoke(null);
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        MethodHandle handle =
            lookup.findStatic(Culprits.class, "byHandle", MethodType.methodType(Object.class));
        handle.invoke();
        lookup.findStatic(Culprits.class, "inflaterByHandle", MethodType.methodType(Inflater.class))
            .invoke();
        Supplier<Object> lambda = () -> keep("memory", 70304, ByteBuffer.allocateDirect(70304));
        lambda.get();
        Callable<?> proxy = (Callable<?>) Proxy.newProxyInstance(Culprits.class.getClassLoader(),
            new Class<?>[] {Callable.class}, (self, method, arguments) ->
                keep("memory", 70400, ByteBuffer.allocateDirect(70400)));
        proxy.call();
        IntStream.range(0, 2).mapToObj(i ->
            keep("memory", 70512, ByteBuffer.allocateDirect(70512)))
            .collect(Collectors.toList());
        Supplier<Inflater> reference = Inflater::new;
        keep(INFLATER, 0, reference.get());
    }

    private static void elsewhere(ExecutorService pool) throws Exception {
        pool.submit(() -> keep("memory", 70608, ByteBuffer.allocateDirect(70608))).get();
        CompletableFuture.supplyAsync(() ->
            keep("memory", 70704, ByteBuffer.allocateDirect(70704))).get();
        ForkJoinPool.commonPool().submit(() -> keep(INFLATER, 0, new Inflater())).get();
    }

    /* In culprits_jni.c, which prints its own row: that line is what a user would open. */
    private static native void forgetTable(long bytes);

    static void print() {
        for (Map.Entry<String, long[]> row : ROWS.entrySet())
            System.out.println("culprit\t" + row.getKey() + "\t" + row.getValue()[0] + "\t"
                + row.getValue()[1]);
    }

    @SuppressWarnings("restricted")
    public static void main(String[] arguments) throws Throwable {
        byte[] data = gzipped();
        if (arguments.length > 0)
            System.load(arguments[0]);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        for (int i = 0; i < TIMES; i++) {
            streams(data);
            direct();
            own();
            indirectly();
            elsewhere(pool);
            if (arguments.length > 0)
                forgetTable(70800);
        }
        pool.shutdown();
        print();
        System.out.println("READY");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
