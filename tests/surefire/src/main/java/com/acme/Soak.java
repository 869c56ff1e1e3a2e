package com.acme;

import java.util.Arrays;
import java.util.zip.Deflater;

/** Packs a text once and unpacks it many times. */
public class Soak {
    private Soak() {}

    public static void run(Codec codec, int rounds) throws Exception {
        byte[] text = new byte[10_000];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) (i % 97);
        }
        byte[] packed = new byte[10_000];
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(text);
            deflater.finish();
            deflater.deflate(packed);
        } finally {
            deflater.end();
        }
        for (int i = 0; i < rounds; i++) {
            if (!Arrays.equals(text, codec.unpack(packed, text.length))) {
                throw new IllegalStateException("round " + i);
            }
        }
    }

    /** Arguments: codec, rounds, and how many milliseconds each takes. */
    public static void main(String[] arguments) throws Exception {
        Codec codec = Codec.named(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        long pause = arguments.length > 2 ? Long.parseLong(arguments[2]) : 0;
        for (int i = 0; i < rounds; i++) {
            run(codec, 1);
            if (pause > 0) {
                Thread.sleep(pause);
            }
        }
        System.out.println("DONE");
    }
}
