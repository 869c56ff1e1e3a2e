package com.acme;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Inflater;

/**
 * Leaks nothing, but what it holds goes up and down: a pool that lends, discards and replaces
 * Inflaters, native buffers of changing sizes, threads that are in the middle of it when the JVM ends.
 */
public class NoisyCodec implements Codec {
    private static final int POOL = 24;
    private static final int BUFFERS = 32;
    private static final int BURST = 8;
    /** Replaced ones wait for a collection: no more than these are ever made, 10 MB. */
    private static final int MOST_BUFFERS = 100;
    private final AtomicInteger made = new AtomicInteger();
    private final BlockingQueue<Inflater> pool = new ArrayBlockingQueue<>(POOL);
    private final ByteBuffer[] buffers = new ByteBuffer[BUFFERS];

    public NoisyCodec() {
        for (int i = 0; i < 3; i++) {
            Thread thread = new Thread(this::work, "noise-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void work() {
        byte[] packed = {120, -100, 75, 76, 74, 6, 0, 2, 77, 1, 39};
        try {
            for (;;) {
                unpack(packed, 3);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public byte[] unpack(byte[] packed, int size) throws Exception {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (random.nextInt(2000) == 0 && made.incrementAndGet() <= MOST_BUFFERS) {
            synchronized (buffers) {
                buffers[random.nextInt(BUFFERS)] = ByteBuffer.allocateDirect(1 + random.nextInt(100_000));
            }
        }
        return unpackNested(packed, size, random.nextInt(BURST));
    }

    /** With `more` others in use meanwhile. */
    private byte[] unpackNested(byte[] packed, int size, int more) throws Exception {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        byte[] text = new byte[size];
        Inflater inflater = pool.poll();
        if (inflater == null) {
            inflater = new Inflater();
        }
        boolean keep = false;
        try {
            inflater.reset();
            inflater.setInput(packed);
            inflater.inflate(text);
            if (more > 0) {
                unpackNested(packed, size, more - 1);
            }
            if (random.nextInt(1000) == 0) {
                Thread.sleep(random.nextInt(20));
            }
            keep = random.nextInt(50) != 0 && pool.offer(inflater);
        } finally {
            if (!keep) {
                inflater.end();
            }
        }
        return text;
    }
}
