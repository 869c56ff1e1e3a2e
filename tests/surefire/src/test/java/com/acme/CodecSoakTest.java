package com.acme;

import org.junit.Test;

/** An ordinary test: it knows nothing of leakring, and passes whatever leaks. */
public class CodecSoakTest {
    @Test
    public void unpacksWhatWasPacked() throws Exception {
        Soak.run(Codec.named(System.getProperty("codec")), 2000);
    }
}
