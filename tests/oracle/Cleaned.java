/* Cleaned.java -- oracle: forgotten streams that a garbage collection hides.
 *
 * Usage: java Cleaned [wait].  At one line streams are ended properly, dropped, or kept; what was
 * dropped is ended by the Cleaner alone, and the program waits until it really was.
 */
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Cleaned {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 60; i++) {
            Inflater inflater = Oracle.born(new Inflater());
            if (i % 3 == 0)
                Oracle.dropped(inflater);
            else if (i % 3 == 1)
                end(inflater);
        }
        for (int i = 0; i < 30; i++)
            Oracle.dropped(Oracle.born(new Deflater()));
        for (int i = 0; i < 10; i++)
            end(Oracle.born(new Inflater()));
        Oracle.awaitCleaned(true);
        Oracle.finish(args);
    }

    private static void end(Inflater inflater) {
        inflater.end();
        Oracle.ended(inflater);
    }
}
