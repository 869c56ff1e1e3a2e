/* LruCache.java -- oracle: a bounded cache of streams.
 *
 * Usage: java LruCache [wait].  3,000 streams go through, the 300 youngest stay live.  Whether
 * that is a leak is for a later judge; the counts are exact.
 */
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Inflater;

public final class LruCache extends LinkedHashMap<Integer, Inflater> {
    private static final long serialVersionUID = 1;
    private static final int LIMIT = 300;

    public static void main(String[] args) throws Exception {
        LruCache cache = new LruCache();
        for (int i = 0; i < 10 * LIMIT; i++)
            cache.put(i, Oracle.born(new Inflater()));
        Oracle.check(cache.size() == LIMIT, "cache holds " + cache.size());
        Oracle.finish(args);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Integer, Inflater> eldest) {
        if (size() <= LIMIT)
            return false;
        eldest.getValue().end();
        Oracle.ended(eldest.getValue());
        return true;
    }
}
