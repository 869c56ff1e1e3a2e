package com.acme;

import java.util.zip.Inflater;

/** Forgets end() once in a while: an early return that nobody tests. */
public class RareCodec implements Codec {
    private final int every;
    private int calls;

    public RareCodec(int every) {
        this.every = every;
    }

    @Override
    public byte[] unpack(byte[] packed, int size) throws Exception {
        byte[] text = new byte[size];
        Inflater inflater = new Inflater();
        inflater.setInput(packed);
        inflater.inflate(text);
        if (++calls % every == 0) {
            return text; // forgotten
        }
        inflater.end();
        return text;
    }
}
