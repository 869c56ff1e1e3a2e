/* Oracle.java -- what the Java oracle programs share: the truth about their zlib streams.
 *
 * Job: count per source line what was acquired, ended, cleaned and is still live, and print it.
 * Context: any thread of an oracle program; knows nothing of the tracer.
 *
 * The truth doesn't rest on this book-keeping alone: every Inflater and Deflater has a native
 * address inside (zsRef), zero once it was ended, and that is compared.  So programs need
 *     --add-opens java.base/java.util.zip=ALL-UNNAMED
 * Rows: site<TAB>pair<TAB>function<TAB>file<TAB>line<TAB>acquired<TAB>released<TAB>by
 * cleaner<TAB>live; then pid and READY.
 */
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

final class Oracle {
    private static final class Site {
        final String key;
        long acquired, released, cleaned;

        Site(String key) {
            this.key = key;
        }
    }

    private static final Map<String, Site> SITES = new TreeMap<>();
    /* Streams that the program keeps: stream -> its site.  Nothing here is ever collected. */
    private static final Map<Object, Site> KEPT = new IdentityHashMap<>();
    /* What is left of dropped streams: the native reference, which doesn't keep the stream. */
    private static final Map<Object, Site> DROPPED = new IdentityHashMap<>();

    private Oracle() {
    }

    /* To be called on the very line that creates the stream. */
    static <T> T born(T stream) {
        acquired(stream, caller());
        return stream;
    }

    /* The same for a class that makes its own stream and keeps it in `field` (inf, def). */
    static <T> T bornIn(String field, T wrapper) {
        acquired(get(wrapper, field), caller());
        return wrapper;
    }

    /* The line it is called on. */
    static int line() {
        return caller().getLineNumber();
    }

    /* Where the JVM itself can't tell the line: in a method that was replaced while it runs. */
    static <T> T bornAt(String function, String file, int line, T stream) {
        acquired(stream, function + "\t" + file + "\t" + line);
        return stream;
    }

    private static StackWalker.StackFrame caller() {
        return StackWalker.getInstance().walk(frames -> frames.skip(2).findFirst()).get();
    }

    private static void acquired(Object stream, StackWalker.StackFrame at) {
        acquired(stream, at.getClassName() + "." + at.getMethodName() + "\t" + at.getFileName() + "\t"
            + at.getLineNumber());
    }

    private static synchronized void acquired(Object stream, String at) {
        String key = stream.getClass().getName() + "\t" + at;
        Site site = SITES.computeIfAbsent(key, Site::new);
        site.acquired++;
        KEPT.put(stream, site);
    }

    /* The program ended it. */
    static synchronized void ended(Object stream) {
        check(address(get(stream, "zsRef")) == 0, "not ended");
        KEPT.remove(stream).released++;
    }

    /* The program forgets it: from now on the collector may take it. */
    static synchronized void dropped(Object stream) {
        DROPPED.put(get(stream, "zsRef"), KEPT.remove(stream));
    }

    /* Collects until every dropped stream is really ended; `cleaner`: nobody but the Cleaner
     * could have ended them. */
    static void awaitCleaned(boolean cleaner) throws InterruptedException {
        List<Object> left = new ArrayList<>(DROPPED.keySet());
        for (int tries = 0; !left.isEmpty(); tries++) {
            check(tries < 500, left.size() + " dropped streams were never cleaned");
            System.gc();
            Thread.sleep(20);
            left.removeIf(ref -> address(ref) == 0);
        }
        for (Site site : DROPPED.values()) {
            site.released++;
            if (cleaner)
                site.cleaned++;
        }
        DROPPED.clear();
    }

    /* Prints the truth and, when the program was started with `wait`, waits to be killed. */
    static void finish(String[] args) throws InterruptedException {
        synchronized (Oracle.class) {
            KEPT.forEach((stream, site) -> check(address(get(stream, "zsRef")) != 0, site.key));
            check(DROPPED.isEmpty(), "dropped, but not awaited");
            for (Site site : SITES.values())
                System.out.println("site\t" + site.key + "\t" + site.acquired + "\t" + site.released
                    + "\t" + site.cleaned + "\t" + (site.acquired - site.released));
            System.out.println("pid\t" + ProcessHandle.current().pid());
            System.out.println("READY");
            System.out.flush();
        }
        if (args.length > 0 && args[args.length - 1].equals("wait"))
            Thread.sleep(Long.MAX_VALUE);
    }

    static void check(boolean holds, String message) {
        if (!holds) {
            System.out.println("oracle broken: " + message);
            System.exit(9);
        }
    }

    static Object get(Object object, String field) {
        for (Class<?> c = object.getClass(); c != null; c = c.getSuperclass()) {
            try {
                Field f = c.getDeclaredField(field);
                f.setAccessible(true);
                return f.get(object);
            } catch (NoSuchFieldException e) {
                continue;
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }
        throw new AssertionError("no field " + field + " in " + object.getClass());
    }

    private static long address(Object zsRef) {
        return (Long) get(zsRef, "address");
    }
}
