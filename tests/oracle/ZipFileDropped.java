/* ZipFileDropped.java -- oracle: ZipFiles that nobody closes, cleaned on the Cleaner's thread.
 *
 * Usage: java ZipFileDropped FILE.zip [wait].  A ZipFile's own clean-up ends its cached Inflaters
 * by calling end(): an explicit end, though the thread is the Cleaner's.  Not a finding.
 * Beside them 5 Inflaters are dropped: those the Cleaner ends itself.
 */
import java.io.FileOutputStream;
import java.io.InputStream;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

public final class ZipFileDropped {
    private static final int FILES = 20;

    public static void main(String[] args) throws Exception {
        write(args[0]);
        for (int i = 0; i < FILES; i++)
            readAndForget(args[0]);
        Oracle.awaitCleaned(false);
        for (int i = 0; i < 5; i++)
            Oracle.dropped(Oracle.born(new Inflater()));
        Oracle.awaitCleaned(true);
        Oracle.finish(args);
    }

    private static void readAndForget(String path) throws Exception {
        ZipFile file = new ZipFile(path);
        InputStream in = Oracle.bornIn("inf", file.getInputStream(file.getEntry("entry")));
        in.readAllBytes();
        in.close(); // the Inflater goes back into the file's cache, un-ended
        Oracle.dropped(Oracle.get(in, "inf"));
    }

    private static void write(String path) throws Exception {
        try (ZipOutputStream out = new ZipOutputStream(new FileOutputStream(path))) {
            out.putNextEntry(new ZipEntry("entry"));
            out.write(new byte[20_000]);
        }
    }
}
