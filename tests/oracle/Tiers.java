/* Tiers.java -- oracle: one line that forgets streams as interpreted and as compiled code.
 *
 * Usage: java [-Xint | -XX:TieredStopAtLevel=1 | -XX:-TieredCompilation | -Xcomp] Tiers [wait].
 * 20,000 streams are made and ended at one line; every thousandth is forgotten there.  The
 * methods around it are small enough to be inlined.
 */
import java.util.zip.Inflater;

public final class Tiers {
    private static final int STREAMS = 20_000;

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < STREAMS; i++)
            outer(i);
        Oracle.finish(args);
    }

    private static void outer(int i) {
        Inflater inflater = inner();
        if (i % 1000 != 999)
            end(inflater);
    }

    private static Inflater inner() {
        return Oracle.born(new Inflater(true));
    }

    private static void end(Inflater inflater) {
        inflater.end();
        Oracle.ended(inflater);
    }
}
