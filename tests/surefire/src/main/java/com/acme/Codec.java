package com.acme;

/** Packs and unpacks text, thousands of times in a service's day. */
public interface Codec {
    byte[] unpack(byte[] packed, int size) throws Exception;

    /** By name: Leaking, Rare10, Rare100, Fixed or Noisy. */
    static Codec named(String name) {
        switch (name) {
        case "Leaking":
            return new LeakingCodec();
        case "Rare10":
            return new RareCodec(10);
        case "Rare100":
            return new RareCodec(100);
        case "Fixed":
            return new FixedCodec();
        case "Noisy":
            return new NoisyCodec();
        default:
            throw new IllegalArgumentException(name);
        }
    }
}
