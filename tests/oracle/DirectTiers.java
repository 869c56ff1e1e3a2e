/* DirectTiers.java -- oracle: one line that keeps direct buffers, as interpreted and compiled code.
 *
 * 20,000 buffers of 256 bytes, all kept; prints `culprit` rows as Culprits does.  The methods
 * around the line are small enough to be inlined.
 */
import java.nio.ByteBuffer;

final class DirectTiers {
    private static final int BUFFERS = 20_000;
    private static final ByteBuffer[] KEPT = new ByteBuffer[BUFFERS];

    private DirectTiers() {
    }

    private static ByteBuffer inner() {
        return ByteBuffer.allocateDirect(256);
    }

    private static void outer(int i) {
        KEPT[i] = inner();
    }

    public static void main(String[] arguments) {
        for (int i = 0; i < BUFFERS; i++)
            outer(i);
        System.out.println("culprit\tmemory\tDirectTiers.inner\t16\t" + BUFFERS + "\t" + 256 * BUFFERS);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
