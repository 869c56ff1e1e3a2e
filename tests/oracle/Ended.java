/* Ended.java -- oracle: a clean program.  Every stream is ended, here or on another thread.
 *
 * Usage: java Ended [wait].  Prints its truth (Oracle.java): nothing is live at any line.
 */
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Ended {
    public static void main(String[] args) throws Exception {
        byte[] buffer = new byte[4096];
        for (int i = 0; i < 300; i++) {
            int length = pack(buffer);
            unpack(buffer, length);
        }
        onAnotherThread();
        Oracle.finish(args);
    }

    private static int pack(byte[] buffer) {
        Deflater deflater = Oracle.born(new Deflater());
        int length;
        try {
            deflater.setInput(new byte[100_000]);
            deflater.finish();
            length = deflater.deflate(buffer);
        } finally {
            deflater.end();
        }
        Oracle.ended(deflater);
        return length;
    }

    private static void unpack(byte[] buffer, int length) throws Exception {
        Inflater inflater = Oracle.born(new Inflater());
        try {
            inflater.setInput(buffer, 0, length);
            inflater.inflate(new byte[1000]);
        } finally {
            inflater.end();
            inflater.end(); // a second end() is nothing
        }
        Oracle.ended(inflater);
    }

    private static void onAnotherThread() throws InterruptedException {
        List<Inflater> handedOver = new ArrayList<>();
        for (int i = 0; i < 100; i++)
            handedOver.add(Oracle.born(new Inflater()));
        Thread other = new Thread(() -> {
            for (Inflater inflater : handedOver) {
                inflater.end();
                Oracle.ended(inflater);
            }
        });
        other.start();
        other.join();
    }
}
