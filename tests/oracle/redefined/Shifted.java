import java.util.zip.Inflater;

public final class Shifted {
    private Shifted() {
    }

    static Inflater one() {
        return Oracle.born(new Inflater());
    }

    static Inflater[] two(Runnable between) {
        Inflater first = Oracle.born(new Inflater());
        int line = Oracle.line();
        between.run();
        Inflater second = Oracle.bornAt("Shifted.two", "Shifted.java", line + 2, new Inflater());
        return new Inflater[] {first, second};
    }
}
