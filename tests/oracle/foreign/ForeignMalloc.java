import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Forgets 1000 blocks of 1234 bytes that it got from C's malloc itself, without any JNI, and 1000 of
 * 1235 by calls for which the thread doesn't leave its Java state.
 */
public final class ForeignMalloc {
    private static MethodHandle find(String name, FunctionDescriptor type, Linker.Option... how) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, how);
    }

    private static void forget(MethodHandle malloc) throws Throwable {
        MemorySegment block = (MemorySegment) malloc.invokeExact(1234L);
        if (block.address() == 0)
            throw new OutOfMemoryError();
    }

    private static void forgetQuickly(MethodHandle malloc) throws Throwable {
        MemorySegment block = (MemorySegment) malloc.invokeExact(1235L);
        if (block.address() == 0)
            throw new OutOfMemoryError();
    }

    public static void main(String[] arguments) throws Throwable {
        var malloc = find("malloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
        var quick = find("malloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
            Linker.Option.critical(false));
        var free = find("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
        for (int i = 0; i < 1000; i++) {
            forget(malloc);
            forgetQuickly(quick);
            free.invokeExact((MemorySegment) malloc.invokeExact(1234L));
        }
    }
}
