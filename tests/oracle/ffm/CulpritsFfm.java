/* CulpritsFfm.java -- forgets native memory by java.lang.foreign, and streams on virtual threads.
 *
 * Job: oracle of the culprit rules for what JDK 17 hasn't; rows as Culprits prints them.
 * Context: its main thread and virtual threads.
 */
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.zip.Inflater;

final class CulpritsFfm {
    private CulpritsFfm() {
    }

    private static void arenas() {
        Culprits.keep("memory", 80000, Arena.global().allocate(80000, 8));
        Culprits.keep("memory", 80016, Arena.ofAuto().allocate(80016, 8));
        Culprits.keep("memory", 80032, Arena.ofShared().allocate(ValueLayout.JAVA_LONG, 80032 / 8));
        MemoryLayout layout = MemoryLayout.sequenceLayout(80048, ValueLayout.JAVA_BYTE);
        Culprits.keep("memory", 80048, Arena.ofConfined().allocate(layout));
    }

    private static void downcall(MethodHandle malloc) throws Throwable {
        Culprits.keep("memory", 80064, (long) malloc.invokeExact(80064L));
    }

    public static void main(String[] arguments) throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle malloc = linker.downcallHandle(linker.defaultLookup().find("malloc").get(),
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        for (int i = 0; i < Culprits.TIMES; i++) {
            arenas();
            downcall(malloc);
            Thread.ofVirtual().start(() -> Culprits.keep(Culprits.INFLATER, 0, new Inflater())).join();
        }
        Culprits.print();
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
