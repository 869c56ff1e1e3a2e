/* LeakAgent.java -- oracle: an agent whose premain forgets streams, before main and before
 * JNI_CreateJavaVM has returned to the launcher.
 *
 * Usage: java -javaagent:agent.jar Ended [wait].  The agent's 5 Inflaters and 3 Deflaters are in
 * the truth that the program prints.
 */
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public final class LeakAgent {
    private LeakAgent() {
    }

    public static void premain(String args) {
        for (int i = 0; i < 5; i++)
            Oracle.born(new Inflater());
        for (int i = 0; i < 3; i++)
            Oracle.born(new Deflater());
    }
}
