/* Marks.java -- forgets streams in each phase of its life, and says where the phases end.
 *
 * Job: oracle of tests/integration/test_mark.sh.
 * Context: an ordinary Java program; what mark() does has an effect under the tracer only.
 * Usage:   java Marks [wait]
 *
 * Inflaters: 5 before the mark "warm" (one with accents), 7 behind it, of which 2 are ended, and 3 behind "done".
 */
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Marks {
    private static final List<Inflater> HELD = new ArrayList<>();

    /* As docs/man/leakring-mark.1 has it. */
    static void mark(String name) {
        Deflater deflater = new Deflater();
        deflater.setDictionary(("leakring.mark=" + name).getBytes(StandardCharsets.UTF_8));
        deflater.end();
    }

    private static void hold(int count) {
        for (int i = 0; i < count; i++)
            HELD.add(new Inflater());
    }

    public static void main(String[] args) throws Exception {
        mark("d\u00e9part");
        hold(5);
        mark("warm");
        hold(7);
        HELD.get(10).end();
        HELD.get(11).end();
        mark("done");
        hold(3);
        Deflater ordinary = new Deflater();
        ordinary.setDictionary("a dictionary of somebody's".getBytes(StandardCharsets.UTF_8));
        ordinary.end();
        System.out.println("pid\t" + ProcessHandle.current().pid());
        System.out.println("READY");
        System.out.flush();
        if (args.length > 0 && args[0].equals("wait"))
            Thread.sleep(Long.MAX_VALUE);
    }
}
