/* ForgetfulService.java -- a service that forgets Inflaters and direct buffers, keeps a cache of
 * Inflaters, and ends its Deflaters.
 *
 *     ForgetfulService [REQUESTS]     20 a second, 300 by default
 */
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class ForgetfulService {
    private static final List<Object> forgotten = new ArrayList<>();
    private static final ArrayDeque<Inflater> cache = new ArrayDeque<>();

    private static void leakInflater() {
        forgotten.add(new Inflater());
    }

    private static void leakDirect() {
        forgotten.add(ByteBuffer.allocateDirect(20_000));
    }

    private static void useCache() {
        cache.add(new Inflater());
        if (cache.size() > 50)
            cache.remove().end();
    }

    private static void endDeflater() {
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[5_000]);
        deflater.finish();
        deflater.deflate(new byte[1_000]);
        deflater.end();
    }

    private static void mark(String name) {
        Deflater deflater = new Deflater();
        deflater.setDictionary(("leakring.mark=" + name).getBytes());
        deflater.end();
    }

    public static void main(String[] args) throws Exception {
        int requests = args.length > 0 ? Integer.parseInt(args[0]) : 300;

        for (int request = 0; request < requests; request++) {
            if (request == 100)
                mark("warm <b>");
            leakInflater();
            leakDirect();
            useCache();
            endDeflater();
            if (request % 100 == 50)
                System.gc();
            Thread.sleep(50);
        }
    }
}
