/* LuceneCycles.java -- LUCENE-7647 in the flesh: index, merge and read, N times over.
 *
 * Job: oracle for tests/integration/test_lucene*.sh and the load of tests/bench/work_jvm.py.
 * Context: an ordinary Java program; it knows nothing of the tracer.
 * Usage:   java -cp lucene-core-VERSION.jar:cycles.jar LuceneCycles CYCLES [wait]
 *          java -cp ... LuceneCycles PER_SECOND paced STOP     at that pace, until the file STOP exists
 *
 * One cycle: two flushes of ten documents, one forceMerge, one reader that is opened, reads the
 * twenty documents and is closed.  Everything that has a close() is closed.  Lucene 6.3.0 forgets
 * end() all the same; per cycle it leaves behind
 *     3 Inflaters  a thread's clone of a stored fields reader (SegmentCoreReaders$1.initialValue):
 *                  two segments merged, one read
 *     2 + 1        a decompressor per segment opened by the merge and by the reader
 *     2            a merge instance per merged segment
 *     2 Deflaters  the stored fields writer of each flush
 *     1            the stored fields writer of the merge
 * while 6.4.1 makes and ends one Inflater per decompression (2 merged chunks + 20 documents).
 *
 * Prints "key<TAB>value" lines: cycles, version, collections (garbage collections so far); then
 * READY.  With `wait` it then sleeps, to be killed.
 */
import java.io.File;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.apache.lucene.codecs.lucene50.Lucene50StoredFieldsFormat.Mode;
import org.apache.lucene.codecs.lucene62.Lucene62Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.store.RAMDirectory;
import org.apache.lucene.util.Version;

public final class LuceneCycles {
    private static final int DOCUMENTS_PER_FLUSH = 10;

    private static long charactersRead;

    public static void main(String[] args) throws Exception {
        int cycles = Integer.parseInt(args[0]);
        boolean wait = args.length > 1 && args[1].equals("wait");

        if (args.length > 2 && args[1].equals("paced")) {
            paced(cycles, new File(args[2]));
            return;
        }
        for (int i = 0; i < cycles; i++)
            cycle(i);
        print("cycles", cycles);
        print("version", Version.LATEST);
        print("characters", charactersRead);
        print("collections", collections());
        print("pid", ProcessHandle.current().pid());
        System.out.println("READY");
        System.out.flush();
        if (wait)
            Thread.sleep(Long.MAX_VALUE);
    }

    /* A straight line, whatever the machine does: who comes late catches up. */
    private static void paced(int perSecond, File stop) throws Exception {
        System.out.println("READY");
        System.out.flush();
        long begin = System.nanoTime();
        int done = 0;
        while (!stop.exists()) {
            long due = (System.nanoTime() - begin) * perSecond / 1_000_000_000;
            for (; done < due && !stop.exists(); done++)
                cycle(done);
            Thread.sleep(5);
        }
        print("cycles", done);
        print("collections", collections());
    }

    private static void cycle(int number) throws Exception {
        try (RAMDirectory directory = new RAMDirectory()) {
            write(directory, number);
            read(directory);
        }
    }

    private static void write(RAMDirectory directory, int number) throws Exception {
        IndexWriterConfig config = new IndexWriterConfig();
        config.setCodec(new Lucene62Codec(Mode.BEST_COMPRESSION));
        config.setMergeScheduler(new SerialMergeScheduler());
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (int flush = 0; flush < 2; flush++) {
                for (int i = 0; i < DOCUMENTS_PER_FLUSH; i++)
                    writer.addDocument(document(number, flush, i));
                writer.commit();
            }
            writer.forceMerge(1);
        }
    }

    private static Document document(int number, int flush, int i) {
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < 100; word++)
            text.append("cycle ").append(number * 31 + flush * 7 + i + word).append(' ');
        Document document = new Document();
        document.add(new StoredField("text", text.toString()));
        return document;
    }

    private static void read(RAMDirectory directory) throws Exception {
        try (DirectoryReader reader = DirectoryReader.open(directory)) {
            for (int i = 0; i < reader.maxDoc(); i++)
                charactersRead += reader.document(i).get("text").length();
        }
    }

    private static long collections() {
        long count = 0;
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans())
            count += Math.max(bean.getCollectionCount(), 0);
        return count;
    }

    private static void print(String key, Object value) {
        System.out.println(key + "\t" + value);
    }
}
