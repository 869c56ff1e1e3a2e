/* Waiting.java -- oracle: streams that are dropped and wait for a collection, and some that are held.
 *
 * Usage: java Waiting DROPPED HELD [gc|again|on].  Drops as many Inflaters and as many Deflaters, holds as
 * many Inflaters, and waits to be killed.  With `gc` it has collected before, itself, until all that
 * it dropped were ended by the Cleaner.  With `again` it has dropped a tenth as many once more since.  With `on` it
 * goes on dropping Inflaters.
 */
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class Waiting {
    private static Inflater[] held;

    public static void main(String[] args) throws Exception {
        int dropped = Integer.parseInt(args[0]);
        boolean again = args.length > 2 && args[2].equals("again");
        boolean collects = again || args.length > 2 && args[2].equals("gc");
        held = new Inflater[Integer.parseInt(args[1])];
        for (int i = 0; i < held.length; i++)
            held[i] = hold();
        /* From one line: what was collected before tells of the rest. */
        for (int round = 0; round < (again ? 2 : 1); round++) {
            drop(round == 0 ? dropped : dropped / 10, collects && round == 0);
            if (collects && round == 0)
                Oracle.awaitCleaned(true);
        }
        System.out.println("pid\t" + ProcessHandle.current().pid());
        System.out.println("READY");
        for (boolean on = args.length > 2 && args[2].equals("on"); on; Thread.sleep(2))
            drop();
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void drop(int count, boolean watched) {
        for (int i = 0; i < count; i++) {
            forget(drop(), watched);
            forget(dropDeflater(), watched);
        }
    }

    private static Inflater hold() {
        return new Inflater();
    }

    private static Inflater drop() {
        return new Inflater();
    }

    private static Deflater dropDeflater() {
        return new Deflater();
    }

    private static void forget(Object stream, boolean watched) {
        if (!watched)
            return;
        Oracle.born(stream);
        Oracle.dropped(stream);
    }
}
