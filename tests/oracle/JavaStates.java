/* JavaStates.java -- oracle: a JVM in every state a stack can be taken in, at once.
 *
 * Usage: java [flags] JavaStates SECONDS ROUNDS.  Threads of each kind work until the time is up and
 * each has done that many rounds:
 * exceptions with deep stacks, streams, direct buffers, class loading and unloading, lambdas and
 * method handles, deoptimization, stack overflow, small stacks, reflection, collections, virtual
 * threads (21 and later); with -Djava.attach=LIBRARY threads that attach and detach, with the agent
 * StatesAgent redefined classes.  Every round computes something that doesn't depend on timing; the last
 * line is "sums OK" if all of them were right.
 */
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class JavaStates {
    interface Work {
        void round(int number) throws Throwable;
    }

    private static volatile boolean over;
    private static int rounds;
    private static final AtomicInteger BUSY = new AtomicInteger(); /* have rounds left to do */
    private static volatile Throwable failure;

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000_000L;
        rounds = Integer.parseInt(args[1]);
        List<Thread> threads = new ArrayList<>();
        start(threads, "exceptions", 0, JavaStates::exceptions);
        start(threads, "streams", 0, JavaStates::streams);
        start(threads, "buffers", 0, JavaStates::buffers);
        start(threads, "loading", 0, JavaStates::loading);
        start(threads, "lambdas", 0, JavaStates::lambdas);
        start(threads, "deopt", 0, JavaStates::deoptimized);
        start(threads, "overflow", 512 << 10, JavaStates::overflow);
        start(threads, "small", 64 << 10, JavaStates::streams);
        start(threads, "births", 0, JavaStates::births);
        start(threads, "reflection", 0, JavaStates::reflection);
        start(threads, "locks", 0, JavaStates::locks);
        start(threads, "locks too", 0, JavaStates::locks);
        if (System.getProperty("java.attach") != null) {
            loadNative();
            start(threads, "attach", 0, JavaStates::attach);
        }
        if (redefiner() != null)
            start(threads, "redefine", 0, JavaStates::redefine);
        while ((System.nanoTime() < end || BUSY.get() > 0) && failure == null) {
            Thread.sleep(50);
            if (ThreadLocalRandom.current().nextInt(8) == 0)
                System.gc();
            virtualThreads();
        }
        over = true;
        for (Thread thread : threads)
            thread.join();
        if (failure != null)
            failure.printStackTrace(System.out);
        System.out.println(failure == null ? "sums OK" : "sums WRONG");
    }

    private static void start(List<Thread> threads, String name, long stack, Work work) {
        Thread thread = new Thread(null, () -> work(work), name, stack);
        threads.add(thread);
        BUSY.incrementAndGet();
        thread.start();
    }

    private static void work(Work work) {
        try {
            for (int i = 0; !over; i++) {
                work.round(i);
                if (i + 1 == rounds)
                    BUSY.decrementAndGet();
            }
        } catch (Throwable problem) {
            failure = problem;
        }
    }

    private static void check(long got, long wanted) {
        if (got != wanted)
            throw new AssertionError(got + " instead of " + wanted);
    }

    /* --- exceptions --- */

    private static int thrower(int depth, int kind) {
        if (depth == 0) {
            if (stream() == 0 && kind % 3 == 0)
                throw new IllegalStateException("deep");
            if (kind % 3 == 1)
                return ((Object[]) new String[1]).length + new int[1][kind - kind].length;
            return Integer.parseInt("17");
        }
        return thrower(depth - 1, kind) + 1;
    }

    private static void exceptions(int i) {
        int got;
        try {
            got = thrower(i % 60, i);
        } catch (IllegalStateException e) {
            got = -e.getStackTrace().length / 1000;
        }
        check(got, i % 3 == 0 ? 0 : (i % 3 == 1 ? 2 : 17) + i % 60);
    }

    /* --- native memory --- */

    private static void streams(int i) throws Exception {
        byte[] text = new byte[300 + i % 700], packed = new byte[2000], back = new byte[text.length];
        for (int k = 0; k < text.length; k++)
            text[k] = (byte) (k * k + i);
        Deflater deflater = new Deflater(1 + i % 9);
        deflater.setInput(text);
        deflater.finish();
        int length = deflater.deflate(packed);
        deflater.end();
        Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        int got = inflater.inflate(back);
        inflater.end();
        CRC32 a = new CRC32(), b = new CRC32();
        a.update(text);
        b.update(back);
        check(got, text.length);
        check(a.getValue(), b.getValue());
    }

    private static void buffers(int i) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64 + i % 4096);
        buffer.putLong(8, i);
        check(buffer.getLong(8), i);
        if (i % 2000 == 0)
            System.gc();
    }

    /* --- classes --- */

    public static final class Loaded implements IntUnaryOperator {
        private final ByteBuffer own = ByteBuffer.allocateDirect(32);

        @Override
        public int applyAsInt(int x) {
            return new Inner().twice(x) + own.capacity() + (x % 16 == 0 ? stream() : 0);
        }

        static final class Inner {
            Inner() {
            }

            int twice(int x) {
                return 2 * x;
            }
        }
    }

    private static final class Loader extends ClassLoader {
        Loader() {
            super(JavaStates.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("JavaStates$Loaded"))
                return super.loadClass(name, resolve);
            Class<?> known = findLoadedClass(name);
            if (known != null)
                return known;
            byte[] bytes = bytes(name);
            return defineClass(name, bytes, 0, bytes.length);
        }

        private static byte[] bytes(String name) throws ClassNotFoundException {
            try (InputStream in = JavaStates.class.getResourceAsStream(name + ".class")) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                in.transferTo(out);
                return out.toByteArray();
            } catch (Exception e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private static void loading(int i) throws Exception {
        Class<?> loaded = new Loader().loadClass("JavaStates$Loaded");
        IntUnaryOperator made = (IntUnaryOperator) loaded.getDeclaredConstructor().newInstance();
        int sum = 0;
        for (int k = 0; k < 200; k++)
            sum += made.applyAsInt(k);
        check(sum, 200 * 199 + 200 * 32);
    }

    /* --- lambdas, method handles, proxies --- */

    private static int plus(int a, int b) {
        return ByteBuffer.allocateDirect(8).capacity() - 8 + a + b + stream();
    }

    /* Where JVMTI may be asked for a stack: in a stream's native methods. */
    public static int stream() {
        Inflater inflater = new Inflater(true);
        inflater.end();
        return 0;
    }

    private static void lambdas(int i) throws Throwable {
        IntUnaryOperator one = x -> plus(x, i), two = one.andThen(x -> plus(x, 1));
        check(two.applyAsInt(1), i + 2);
        MethodHandle handle = MethodHandles.lookup().findStatic(
            JavaStates.class, "plus", MethodType.methodType(int.class, int.class, int.class));
        check((int) handle.invokeExact(i, 2), i + 2);
        MethodHandle bound = MethodHandles.insertArguments(handle, 0, i);
        check((int) bound.invoke(3), i + 3);
        Runnable proxy = (Runnable) Proxy.newProxyInstance(JavaStates.class.getClassLoader(),
            new Class<?>[] {Runnable.class}, (self, method, args) -> {
                plus(1, 2);
                return null;
            });
        proxy.run();
    }

    /* --- deoptimization: a type that compiled code hasn't seen, thrown in now and then --- */

    private abstract static class Shape {
        abstract int area(int x);
    }

    private static Shape shape(int i) {
        if (i % 3001 == 3000)
            return new Shape() {
                @Override
                int area(int x) {
                    return ByteBuffer.allocateDirect(16).capacity() + x + stream();
                }
            };
        return new Shape() {
            @Override
            int area(int x) {
                return 16 + x;
            }
        };
    }

    private static void deoptimized(int i) throws Exception {
        int sum = 0;
        for (int k = 0; k < 50; k++)
            sum += shape(i + k).area(k);
        check(sum, 50 * 16 + 50 * 49 / 2);
        if (i % 5000 == 0)
            loading(i);
    }

    /* --- the end of the stack --- */

    private static int forever(int depth) {
        if (depth % 64 == 63)
            ByteBuffer.allocateDirect(8).put(0, (byte) 1);
        return forever(depth + 1) + 1;
    }

    private static void overflow(int i) {
        int got = 0;
        try {
            forever(0);
        } catch (StackOverflowError | OutOfMemoryError expected) {
            got = 1;
        }
        check(got, 1);
    }

    private static void births(int i) throws Exception {
        Thread[] threads = new Thread[4];
        int[] done = new int[threads.length];
        for (int k = 0; k < threads.length; k++) {
            int mine = k;
            threads[k] = new Thread(null, () -> done[mine] = plus(mine, 1), "born", 64 << 10);
            threads[k].start();
        }
        int sum = 0;
        for (int k = 0; k < threads.length; k++) {
            threads[k].join();
            sum += done[k];
        }
        check(sum, 10);
    }

    public static int reflected(int x) {
        return plus(x, 5);
    }

    private static void reflection(int i) throws Exception {
        Method method = JavaStates.class.getMethod("reflected", int.class);
        check((Integer) method.invoke(null, i), i + 5);
    }

    private static native int attached(int x);

    @SuppressWarnings("restricted")
    private static void loadNative() {
        System.load(System.getProperty("java.attach"));
    }

    private static void attach(int i) {
        check(attached(i), 6 * (i + 5));
    }

    public static final class Redefined {
        static int sum(int x) {
            return ByteBuffer.allocateDirect(24).capacity() + x + stream();
        }
    }

    private static Method redefiner() {
        try {
            Class<?> agent = ClassLoader.getSystemClassLoader().loadClass("StatesAgent");
            return agent.getMethod("isLoaded").invoke(null).equals(true)
                ? agent.getMethod("redefine", Class.class, byte[].class) : null;
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    private static void redefine(int i) throws Exception {
        if (i % 100 == 0)
            redefiner().invoke(null, Redefined.class, Loader.bytes("JavaStates$Redefined"));
        int sum = 0;
        for (int k = 0; k < 20; k++)
            sum += Redefined.sum(k);
        check(sum, 20 * 24 + 190);
    }

    private static int locked;

    private static void locks(int i) throws Exception {
        synchronized (JavaStates.class) {
            int before = locked;
            locked = plus(locked, 1);
            if (i % 64 == 0)
                JavaStates.class.wait(1);
            else
                check(locked, before + 1);
            JavaStates.class.notifyAll();
        }
    }

    private static void virtualThreads() throws Exception {
        Method starter;
        try {
            starter = Thread.class.getMethod("startVirtualThread", Runnable.class);
        } catch (NoSuchMethodException e) {
            return;
        }
        List<Thread> threads = new ArrayList<>();
        for (int k = 0; k < 20; k++)
            threads.add((Thread) starter.invoke(null, (Runnable) JavaStates::virtual));
        for (Thread thread : threads)
            thread.join();
    }

    private static void virtual() {
        try {
            streams(1);
            Thread.sleep(1);
            Thread.yield();
            check(plus(1, 1), 2);
            streams(2);
        } catch (Throwable problem) {
            failure = problem;
        }
    }
}
