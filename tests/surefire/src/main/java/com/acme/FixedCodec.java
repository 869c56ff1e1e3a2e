package com.acme;

import java.util.zip.Inflater;

/** Ends it: the fix. */
public class FixedCodec implements Codec {
    @Override
    public byte[] unpack(byte[] packed, int size) throws Exception {
        byte[] text = new byte[size];
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(packed);
            inflater.inflate(text);
        } finally {
            inflater.end();
        }
        return text;
    }
}
