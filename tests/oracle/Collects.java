/** Holds 24 MB, collects four times, says how many full collections there were, and waits. */
final class Collects {
    private static final byte[][] KEPT = new byte[24][];

    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < KEPT.length; i++) {
            KEPT[i] = new byte[1 << 20];
        }
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        long full = java.lang.management.ManagementFactory.getGarbageCollectorMXBeans().stream()
                .filter(bean -> bean.getName().matches("G1 Old.*|PS MarkSweep"))
                .mapToLong(bean -> bean.getCollectionCount()).sum();
        System.out.println("READY " + full);
        Thread.sleep(Long.MAX_VALUE);
    }
}
