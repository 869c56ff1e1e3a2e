/* LuceneIndexing.java -- the load of tests/bench/work_jvm.py: index, merge and search for a while.
 *
 * Usage: java -cp lucene-core-6.4.1.jar:CLASSES LuceneIndexing DOCUMENTS
 * The same documents every time (seeded), best_compression stored fields, merges on the thread
 * that causes them, so that the work doesn't depend on timing.  Prints what a search found.
 */
import java.util.Random;
import org.apache.lucene.codecs.lucene50.Lucene50StoredFieldsFormat.Mode;
import org.apache.lucene.codecs.lucene62.Lucene62Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.RAMDirectory;

public final class LuceneIndexing {
    private static final int DOCUMENTS_PER_REFRESH = 500;

    public static void main(String[] args) throws Exception {
        int documents = Integer.parseInt(args[0]);
        Random random = new Random(42);
        long found = 0;

        try (RAMDirectory directory = new RAMDirectory()) {
            IndexWriterConfig config = new IndexWriterConfig();
            config.setCodec(new Lucene62Codec(Mode.BEST_COMPRESSION));
            config.setMergeScheduler(new SerialMergeScheduler());
            try (IndexWriter writer = new IndexWriter(directory, config)) {
                for (int i = 0; i < documents; i++) {
                    writer.addDocument(document(random, i));
                    if (i % DOCUMENTS_PER_REFRESH == DOCUMENTS_PER_REFRESH - 1)
                        found += search(writer, random);
                }
                writer.forceMerge(1);
            }
        }
        System.out.println("found\t" + found);
    }

    private static Document document(Random random, int id) {
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < 60; word++)
            text.append("word").append((int) Math.abs(random.nextGaussian() * 2000)).append(' ');
        Document document = new Document();
        document.add(new StringField("id", Integer.toString(id), Field.Store.YES));
        document.add(new TextField("text", text.toString(), Field.Store.YES));
        return document;
    }

    private static long search(IndexWriter writer, Random random) throws Exception {
        long length = 0;
        try (DirectoryReader reader = DirectoryReader.open(writer)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            TermQuery query = new TermQuery(new Term("text", "word" + random.nextInt(2000)));
            for (ScoreDoc hit : searcher.search(query, 10).scoreDocs)
                length += searcher.doc(hit.doc).get("text").length();
        }
        return length;
    }
}
