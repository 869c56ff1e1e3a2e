/* Redefinitions.java -- oracle: a class that is redefined again and again, with streams from each
 * version.
 *
 * Usage: java -javaagent:states.jar Redefinitions ROUNDS FILE... [wait].  Each FILE is a version of
 * the class Shifted: the same code at other lines.  What a version acquires counts at that
 * version's lines, also when it was replaced while it ran.
 */
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

public final class Redefinitions {
    private static Method redefine;
    private static Class<?> shifted;
    private static final List<byte[]> VERSIONS = new ArrayList<>();

    private Redefinitions() {
    }

    private static void use(int version) {
        try {
            redefine.invoke(null, shifted, VERSIONS.get(version % VERSIONS.size()));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        for (int i = 1; i < args.length && !args[i].equals("wait"); i++)
            VERSIONS.add(Files.readAllBytes(Path.of(args[i])));
        redefine = ClassLoader.getSystemClassLoader().loadClass("StatesAgent")
                       .getMethod("redefine", Class.class, byte[].class);
        shifted = Class.forName("Shifted");
        Method one = shifted.getDeclaredMethod("one");
        Method two = shifted.getDeclaredMethod("two", Runnable.class);
        one.setAccessible(true);
        two.setAccessible(true);
        for (int round = 0; round < rounds; round++) {
            int next = round + 1;
            use(round);
            for (int i = 0; i < 3; i++)
                one.invoke(null);
            two.invoke(null, (Runnable) () -> use(next));
            one.invoke(null);
            if (round % 4 == 3)
                System.gc();
        }
        Oracle.finish(args);
    }
}
