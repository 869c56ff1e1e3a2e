package com.acme;

import java.util.zip.Inflater;

/** Forgets end(): the bug. */
public class LeakingCodec implements Codec {
    @Override
    public byte[] unpack(byte[] packed, int size) throws Exception {
        byte[] text = new byte[size];
        Inflater inflater = new Inflater(); // never ended
        inflater.setInput(packed);
        inflater.inflate(text);
        return text;
    }
}
