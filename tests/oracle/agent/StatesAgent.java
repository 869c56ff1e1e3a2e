/* StatesAgent.java -- oracle: lets JavaStates redefine a class of its own while it is in use.
 *
 * Usage: java -javaagent:states.jar JavaStates SECONDS ROUNDS
 */
import java.lang.instrument.ClassDefinition;
import java.lang.instrument.Instrumentation;

public final class StatesAgent {
    private static Instrumentation instrumentation;

    private StatesAgent() {
    }

    public static void premain(String args, Instrumentation given) {
        instrumentation = given;
    }

    public static boolean isLoaded() {
        return instrumentation != null;
    }

    public static void redefine(Class<?> klass, byte[] bytes) throws Exception {
        instrumentation.redefineClasses(new ClassDefinition(klass, bytes));
    }
}
