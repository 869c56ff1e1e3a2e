import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * The same class loaded again and again, by a loader of its own each time, as servers do that
 * redeploy or compile scripts; with lambdas and a proxy, and by call paths that differ each time.
 *
 * <pre>java ClassChurn SECONDS LOADS_PER_SECOND LEAKS</pre>
 *
 * Each load ends its streams but for LEAKS Inflaters, evenly spread, which Work.forget makes and a
 * list keeps; their classes are unloaded. Prints what it did.
 */
public class ClassChurn {
    static final List<Inflater> forgotten = new ArrayList<>();

    /** What is loaded again and again. */
    public static class Work implements Runnable {
        static int path;
        static boolean forgetful;
        static Object kept;

        public void run() {
            IntBinaryOperator mix = (a, b) -> a * 31 + b;
            left(path, 0, mix);
        }

        int left(int path, int level, IntBinaryOperator mix) {
            return step(path, level, mix) + 1;
        }

        int right(int path, int level, IntBinaryOperator mix) {
            return step(path, level, mix) + 2;
        }

        int step(int path, int level, IntBinaryOperator mix) {
            if (level == 20) {
                return work() + (forgetful ? forget() : 0);
            }
            int way = (path >> level & 1) == 0 ? left(path, level + 1, mix)
                : right(path, level + 1, mix);
            return mix.applyAsInt(way, level);
        }

        int work() {
            Inflater inflater = new Inflater();
            Deflater deflater = new Deflater();
            ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
            int length = buffer.capacity();
            deflater.end();
            inflater.end();
            return length;
        }

        int forget() {
            kept = new Inflater(); // the leak
            return 1;
        }
    }

    static class Loader extends ClassLoader {
        private final byte[] bytes;

        Loader(byte[] bytes) {
            super(ClassChurn.class.getClassLoader());
            this.bytes = bytes;
        }

        Class<?> define() {
            return defineClass("ClassChurn$Work", bytes, 0, bytes.length);
        }
    }

    static void load(byte[] bytes, int path, boolean forgetful) throws Exception {
        Loader loader = new Loader(bytes);
        Class<?> type = loader.define();
        set(type, "path", path);
        set(type, "forgetful", forgetful);
        Runnable work = (Runnable) type.getDeclaredConstructor().newInstance();
        Method run = Runnable.class.getMethod("run");
        Runnable proxy = (Runnable) Proxy.newProxyInstance(loader, new Class<?>[] {Runnable.class},
            (self, method, arguments) -> run.invoke(work));
        proxy.run();
        if (forgetful) {
            var field = type.getDeclaredField("kept");
            field.setAccessible(true);
            forgotten.add((Inflater) field.get(null));
        }
    }

    static void set(Class<?> type, String name, Object value) throws Exception {
        var field = type.getDeclaredField(name);
        field.setAccessible(true);
        field.set(null, value);
    }

    public static void main(String[] args) throws Exception {
        double seconds = Double.parseDouble(args[0]), rate = Double.parseDouble(args[1]);
        long leaks = Long.parseLong(args[2]), wanted = (long) (seconds * rate), loads = 0;
        byte[] bytes;
        try (InputStream in = ClassChurn.class.getResourceAsStream("ClassChurn$Work.class")) {
            bytes = in.readAllBytes();
        }
        long begin = System.nanoTime();
        while (loads < wanted) {
            loads++;
            boolean forgetful = forgotten.size() < leaks * loads / wanted;
            load(bytes, (int) (loads * 2654435761L >>> 8), forgetful);
            while (loads / rate > (System.nanoTime() - begin) / 1e9) {
                Thread.sleep(10);
            }
        }
        System.out.println("loaded " + loads + " classes, forgot " + forgotten.size()
            + " Inflaters");
    }
}
