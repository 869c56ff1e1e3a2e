/* DemoService.java -- a small service that packs and unpacks messages, and forgets end() thrice.
 *
 * Run by tools/demo.  Most of it is well-behaved; the three bad lines are marked.
 */
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;

public final class DemoService {
    private static final int REQUESTS = 800;
    private static final byte[] MESSAGE = "Take a leak into account. ".repeat(2_000).getBytes();

    public static void main(String[] args) throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(2);
        CountDownLatch served = new CountDownLatch(REQUESTS);

        System.out.println("service is up");
        for (int i = 0; i < REQUESTS; i++) {
            boolean archived = i % 20 == 0;
            workers.execute(() -> {
                serve(archived);
                served.countDown();
            });
            Thread.sleep(2);
        }
        served.await();
        System.out.println(REQUESTS + " requests served, waiting for more");
    }

    private static void serve(boolean archived) {
        try {
            byte[] packed = Codec.pack(MESSAGE);
            Codec.verify(packed);
            Codec.unpack(packed);
            Uploads.isEmpty(Uploads.gzip(MESSAGE));
            if (archived)
                Archive.store(MESSAGE);
        } catch (IOException | DataFormatException e) {
            throw new IllegalStateException(e);
        }
    }

    static final class Codec {
        static byte[] pack(byte[] message) {
            Deflater deflater = new Deflater(Deflater.BEST_SPEED);
            try {
                byte[] buffer = new byte[message.length];
                deflater.setInput(message);
                deflater.finish();
                int length = deflater.deflate(buffer);
                return Arrays.copyOf(buffer, length);
            } finally {
                deflater.end();
            }
        }

        static void verify(byte[] packed) throws DataFormatException {
            Inflater inflater = new Inflater();
            try {
                inflater.setInput(packed);
                inflater.inflate(new byte[16]);
            } finally {
                inflater.end();
            }
        }

        static byte[] unpack(byte[] packed) throws DataFormatException {
            Inflater inflater = new Inflater(); // BAD: nobody calls inflater.end()
            byte[] message = new byte[MESSAGE.length];
            inflater.setInput(packed);
            inflater.inflate(message);
            return message;
        }
    }

    static final class Uploads {
        static byte[] gzip(byte[] body) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(body);
            }
            return bytes.toByteArray();
        }

        static boolean isEmpty(byte[] upload) throws IOException {
            InputStream in = new GZIPInputStream(new ByteArrayInputStream(upload)); // BAD: no close()
            return in.read() < 0;
        }
    }

    static final class Archive {
        static int store(byte[] message) {
            Deflater deflater = new Deflater(); // BAD: nobody calls deflater.end()
            deflater.setInput(message);
            deflater.finish();
            return deflater.deflate(new byte[message.length]);
        }
    }
}
