/* JvmLoads.java -- what a JVM does with native memory, over and over.
 *
 * Usage: java -cp CLASSES JvmLoads zip|direct|unsafe10|unsafe50 COUNT
 *   zip     COUNT times: an Inflater and a Deflater are created, used a little and ended
 *   direct  COUNT direct buffers of 1 to 64 KiB, 100 of them live, released as a pool would
 *   unsafe  COUNT times Unsafe.allocateMemory and freeMemory, below so many Java frames
 * Prints a checksum, the same every time.
 */
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import sun.misc.Unsafe;

public final class JvmLoads {
    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[1]);
        long sum = switch (args[0]) {
            case "zip" -> zip(count);
            case "direct" -> direct(count);
            default -> unsafe(Integer.parseInt(args[0].substring("unsafe".length())) - 3, count);
        };
        System.out.println(args[0] + "\t" + count + "\t" + sum);
    }

    private static long zip(int count) throws Exception {
        byte[] text = new byte[64], packed = new byte[128], back = new byte[64];
        long sum = 0;
        for (int i = 0; i < count; i++) {
            text[i % text.length] = (byte) i;
            Deflater deflater = new Deflater();
            Inflater inflater = new Inflater();
            if (i % 16 == 0) {
                deflater.setInput(text);
                deflater.finish();
                inflater.setInput(packed, 0, deflater.deflate(packed));
                sum += inflater.inflate(back) + back[i % back.length];
            }
            inflater.end();
            deflater.end();
        }
        return sum;
    }

    private static Unsafe unsafe() throws Exception {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        return (Unsafe) field.get(null);
    }

    /* So often that the frames below are compiled ones. */
    private static long unsafe(int frames, int count) throws Exception {
        long sum = 0;
        for (int i = 0; i < count; i += 100)
            sum += below(frames, 100);
        return sum;
    }

    private static long below(int frames, int count) throws Exception {
        if (frames > 0)
            return below(frames - 1, count) + 1;
        Unsafe unsafe = unsafe();
        long sum = 0;
        for (int i = 0; i < count; i++) {
            long block = unsafe.allocateMemory(64);
            sum += block & 15;
            unsafe.freeMemory(block);
        }
        return sum;
    }

    private static long direct(int count) throws Exception {
        Unsafe unsafe = unsafe();
        ByteBuffer[] live = new ByteBuffer[100];
        long sum = 0;
        for (int i = 0; i < count; i++) {
            int slot = (int) ((i * 2654435761L >>> 7) % live.length);
            if (live[slot] != null) {
                sum += live[slot].get(0);
                unsafe.invokeCleaner(live[slot]);
            }
            live[slot] = ByteBuffer.allocateDirect(1024 * (1 + i % 64));
            live[slot].put(0, (byte) i);
        }
        return sum;
    }
}
