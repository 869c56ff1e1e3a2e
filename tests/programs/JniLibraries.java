import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;

import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.xerial.snappy.Snappy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Libraries with native parts, used well (`healthy`), and used so that something is forgotten at one
 * line of each (`leak`, the lines that say FORGETS).  Prints what they answer. */
public class JniLibraries {
    static final List<Object> kept = new ArrayList<>();

    static byte[] text(int n) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < n; i++)
            text.append("line ").append(i * 7919L % 1000).append(" of the text\n");
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    static void rocks(String directory, boolean leak) throws Exception {
        RocksDB.loadLibrary();
        Options options = new Options().setCreateIfMissing(true)
                .setCompressionType(CompressionType.ZSTD_COMPRESSION);
        RocksDB db = RocksDB.open(options, directory);
        try (WriteOptions how = new WriteOptions()) {
            for (int round = 0; round < 20; round++) {
                try (WriteBatch batch = new WriteBatch()) {
                    for (int i = 0; i < 1000; i++)
                        batch.put(("key" + round * 1000 + i).getBytes(), text(i % 20));
                    db.write(how, batch);
                }
            }
        }
        db.compactRange();
        long entries = 0, bytes = 0;
        for (int round = 0; round < 5; round++) {
            try (RocksIterator at = db.newIterator()) {
                for (at.seekToFirst(); at.isValid(); at.next()) {
                    entries++;
                    bytes += at.value().length;
                }
            }
        }
        System.out.println("rocksdb: " + entries + " entries, " + bytes + " bytes");
        if (leak) {
            forgetIterators(db);
            return;
        }
        db.close();
        options.close();
    }

    static void forgetIterators(RocksDB db) {
        for (int i = 0; i < 100; i++)
            kept.add(db.newIterator()); // FORGETS iterators
    }

    static void zstd(boolean leak) throws Exception {
        byte[] plain = text(20000);
        long packed = 0, same = 0;
        for (int i = 0; i < 20; i++) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZstdOutputStream out = new ZstdOutputStream(bytes)) {
                out.write(plain);
            }
            packed += bytes.size();
            try (ZstdInputStream in = new ZstdInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                same += Arrays.equals(in.readAllBytes(), plain) ? 1 : 0;
            }
            try (ZstdCompressCtx context = new ZstdCompressCtx()) {
                packed += context.setLevel(5).compress(plain).length;
            }
        }
        System.out.println("zstd: " + packed + " bytes, " + same + " same, " + Zstd.compress(plain).length);
        if (leak)
            forgetContexts(plain);
    }

    static void forgetContexts(byte[] plain) {
        for (int i = 0; i < 30; i++) {
            ZstdCompressCtx context = new ZstdCompressCtx(); // FORGETS contexts
            context.compress(plain);
            kept.add(context);
        }
    }

    static void snappy() throws Exception {
        byte[] plain = text(30000);
        long packed = 0, same = 0;
        for (int i = 0; i < 50; i++) {
            byte[] small = Snappy.compress(plain);
            packed += small.length;
            same += Arrays.equals(Snappy.uncompress(small), plain) ? 1 : 0;
        }
        System.out.println("snappy: " + packed + " bytes, " + same + " same");
    }

    static void sqlite(boolean leak) throws Exception {
        long sum = 0;
        for (int round = 0; round < 10; round++) {
            try (Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
                connection.setAutoCommit(false);
                try (PreparedStatement insert = connection.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
                    for (int i = 0; i < 2000; i++) {
                        insert.setInt(1, i);
                        insert.setString(2, "name " + i);
                        insert.execute();
                    }
                }
                connection.commit();
                try (ResultSet rows = statement.executeQuery("SELECT sum(id), count(DISTINCT name) FROM t")) {
                    rows.next();
                    sum += rows.getLong(1) + rows.getLong(2);
                }
            }
        }
        System.out.println("sqlite: " + sum);
        if (leak)
            forgetConnections();
    }

    static void forgetConnections() throws Exception {
        for (int i = 0; i < 25; i++)
            kept.add(DriverManager.getConnection("jdbc:sqlite::memory:")); // FORGETS connections
    }

    static class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    static class Count extends ChannelInboundHandlerAdapter {
        final CountDownLatch done = new CountDownLatch(1);
        long wanted = 1000000, got;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf buffer = (ByteBuf) message;
            got += buffer.readableBytes();
            buffer.release();
            if (got == wanted)
                done.countDown();
        }
    }

    static void netty(boolean leak) throws Exception {
        EventLoopGroup group = new EpollEventLoopGroup(2);
        Channel server = new ServerBootstrap().group(group).channel(EpollServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Echo());
                    }
                }).bind("127.0.0.1", 0).sync().channel();
        Count count = new Count();
        Channel client = new Bootstrap().group(group).channel(EpollSocketChannel.class)
                .handler(count).connect(server.localAddress()).sync().channel();
        for (int i = 0; i < 1000; i++)
            client.writeAndFlush(PooledByteBufAllocator.DEFAULT.directBuffer(1000).writeZero(1000));
        count.done.await();
        client.close().sync();
        server.close().sync();
        group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).sync();
        System.out.println("netty: " + count.got + " bytes echoed");
        SslContext context = SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL).build();
        for (int i = 0; i < 20; i++)
            io.netty.util.ReferenceCountUtil.release(context.newEngine(UnpooledByteBufAllocator.DEFAULT));
        System.out.println("tcnative: 20 engines");
        if (leak) {
            forgetBuffers();
            forgetEngines(context);
        }
    }

    static void forgetBuffers() {
        for (int i = 0; i < 40; i++)
            kept.add(UnpooledByteBufAllocator.DEFAULT.directBuffer(50000)); // FORGETS buffers
    }

    static void forgetEngines(SslContext context) {
        for (int i = 0; i < 60; i++)
            kept.add(context.newEngine(UnpooledByteBufAllocator.DEFAULT)); // FORGETS engines
    }

    public static void main(String[] arguments) throws Exception {
        boolean leak = arguments[0].equals("leak");
        rocks(arguments[1], leak);
        zstd(leak);
        snappy();
        sqlite(leak);
        netty(leak);
        System.exit(0);
    }
}
