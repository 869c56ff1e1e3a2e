/* Unended.java -- oracle: streams forgotten at known lines, used and unused, among clean code.
 *
 * Usage: java Unended [wait].  Prints its truth (Oracle.java).
 */
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

public final class Unended {
    private static final byte[] TEXT = new byte[50_000];

    public static void main(String[] args) throws Exception {
        byte[] zlib = deflated();
        byte[] gzip = gzipped();
        for (int i = 0; i < 7; i++)
            Oracle.born(new Inflater());
        for (int i = 0; i < 5; i++)
            usedInflater(zlib);
        for (int i = 0; i < 3; i++)
            new Nested().rawInflater();
        for (int i = 0; i < 4; i++)
            Oracle.born(new Deflater(Deflater.BEST_SPEED));
        for (int i = 0; i < 2; i++)
            usedDeflater();
        for (int i = 0; i < 6; i++)
            unclosedGzip(gzip);
        for (int i = 0; i < 8; i++)
            unclosedWriter();
        for (int i = 0; i < 200; i++)
            clean(zlib, gzip);
        Oracle.finish(args);
    }

    private static void usedInflater(byte[] zlib) throws DataFormatException {
        Inflater inflater = Oracle.born(new Inflater());
        inflater.setInput(zlib);
        inflater.inflate(new byte[100]);
    }

    private static final class Nested {
        void rawInflater() {
            Oracle.born(new Inflater(true));
        }
    }

    private static void usedDeflater() {
        Deflater deflater = Oracle.born(new Deflater());
        deflater.setInput(TEXT);
        deflater.deflate(new byte[10]);
    }

    /* The constructor reads the header; the Inflater inside is made in java.util.zip, but the
     * line to fix is here. */
    private static void unclosedGzip(byte[] gzip) throws IOException {
        ByteArrayInputStream bytes = new ByteArrayInputStream(gzip);
        GZIPInputStream in = Oracle.bornIn("inf", new GZIPInputStream(bytes));
        in.read();
    }

    private static void unclosedWriter() throws IOException {
        Oracle.bornIn("def", new DeflaterOutputStream(new ByteArrayOutputStream())).write(TEXT);
    }

    /* Everything here is ended or closed. */
    private static void clean(byte[] zlib, byte[] gzip) throws Exception {
        Inflater inflater = Oracle.born(new Inflater());
        try {
            inflater.setInput(zlib);
            inflater.inflate(new byte[1000]);
        } finally {
            inflater.end();
        }
        Oracle.ended(inflater);
        try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(zlib))) {
            in.read();
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
            in.read();
        }
        deflated();
    }

    private static byte[] deflated() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes)) {
            out.write(TEXT);
        }
        return bytes.toByteArray();
    }

    private static byte[] gzipped() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(TEXT);
        }
        return bytes.toByteArray();
    }
}
