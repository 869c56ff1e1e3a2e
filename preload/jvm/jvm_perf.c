/* jvm_perf.c -- the JVM's own counters (jvmstat), read where they are: in this process' memory.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.  Nothing is asked of the VM; the
 * block of counters is mapped before the VM runs Java code and stays until the process ends.  It
 * is found through vmStructs, so -XX:+PerfDisableSharedMem is no hindrance; -XX:-UsePerfData is.
 * Layout: hotspot/share/runtime/perfMemory.hpp, the same since JDK 1.4.2.
 */
#include "sources.h"

#include <string.h>

#include "jvm.h"
#include "jvm_layout.h"
#include "prim.h"

enum {
    MAGIC_OFFSET = 0,
    USED_OFFSET = 8,
    FIRST_ENTRY_OFFSET = 24,
    ENTRY_COUNT_OFFSET = 28,
    PROLOGUE_SIZE = 32,
    ENTRY_SIZE = 20,
    MAX_BYTES = 1 << 20,
    PAGE = 4096,
};
static const uint32_t MAGIC = 0xc0c0feca; /* cafec0c0 as bytes, whatever the byte order */

struct entry {
    uint32_t length, name_offset, vector_length;
    uint8_t type, flags, unit, variability;
    uint32_t data_offset;
};
_Static_assert(sizeof(struct entry) == ENTRY_SIZE, "PerfDataEntry");

enum { COLLECTORS = 3, SPACES = 3 };

/* Where the numbers are; NULL for those that this VM and collector don't have. */
static struct {
    const int64_t *old_used, *old_limit, *old_size, *young_used[SPACES], *young_size, *metaspace;
    const int64_t *collections[COLLECTORS], *time[COLLECTORS], *frequency;
    const int64_t *threads, *loaded, *unloaded, *shared_loaded, *shared_unloaded;
} at;

static const struct {
    const char *name;
    const int64_t **to;
} wanted[] = {
    {"sun.gc.generation.1.space.0.used", &at.old_used},
    {"sun.gc.generation.1.space.0.maxCapacity", &at.old_limit},
    {"sun.gc.generation.1.capacity", &at.old_size},
    {"sun.gc.generation.0.capacity", &at.young_size},
    {"sun.gc.generation.0.space.0.used", &at.young_used[0]},
    {"sun.gc.generation.0.space.1.used", &at.young_used[1]},
    {"sun.gc.generation.0.space.2.used", &at.young_used[2]},
    {"sun.gc.metaspace.used", &at.metaspace},
    {"sun.gc.collector.0.invocations", &at.collections[0]},
    {"sun.gc.collector.1.invocations", &at.collections[1]},
    {"sun.gc.collector.2.invocations", &at.collections[2]},
    {"sun.gc.collector.0.time", &at.time[0]},
    {"sun.gc.collector.1.time", &at.time[1]},
    {"sun.gc.collector.2.time", &at.time[2]},
    {"sun.os.hrt.frequency", &at.frequency},
    {"java.threads.live", &at.threads},
    {"java.cls.loadedClasses", &at.loaded},
    {"java.cls.unloadedClasses", &at.unloaded},
    {"java.cls.sharedLoadedClasses", &at.shared_loaded},
    {"java.cls.sharedUnloadedClasses", &at.shared_unloaded},
};

static const unsigned char *block; /* NULL: not found yet, or none */
static uint32_t known_entries;

static uint32_t u32_at(size_t offset)
{
    uint32_t value;
    memcpy(&value, block + offset, sizeof value);
    return value;
}

static bool is_mapped(const unsigned char *start, size_t size)
{
    for (size_t offset = 0; offset < size; offset += PAGE)
        if (lr_prim_is_mapped(start + offset) != 1)
            return false;
    return true;
}

static bool find_block(void)
{
    static bool tried;
    if (tried)
        return block != NULL;
    tried = true;
    const unsigned char *const *start = lr_jvm_static("PerfMemory", "_start");
    if (!start || !*start || !is_mapped(*start, PROLOGUE_SIZE))
        return false;
    block = *start;
    if (u32_at(MAGIC_OFFSET) != MAGIC || u32_at(USED_OFFSET) > MAX_BYTES)
        block = NULL;
    return block != NULL;
}

static void look_at(const struct entry *entry, size_t offset)
{
    const char *name = (const char *)block + offset + entry->name_offset;
    const unsigned char *data = block + offset + entry->data_offset;
    if (entry->type != 'J' || entry->vector_length || (uintptr_t)data % sizeof(int64_t) ||
        entry->name_offset >= entry->data_offset ||
        entry->data_offset + sizeof(int64_t) > entry->length)
        return; /* text, for example */
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strncmp(name, wanted[i].name, entry->data_offset - entry->name_offset) == 0)
            *wanted[i].to = (const int64_t *)data;
}

/* The VM adds counters while it starts, and publishes each by the count of entries. */
static void find_counters(void)
{
    uint32_t used = u32_at(USED_OFFSET), count = u32_at(ENTRY_COUNT_OFFSET);
    if (count == known_entries || used > MAX_BYTES || !is_mapped(block, used))
        return;
    size_t offset = u32_at(FIRST_ENTRY_OFFSET);
    for (uint32_t i = 0; i < count && offset + ENTRY_SIZE <= used; i++) {
        struct entry entry;
        memcpy(&entry, block + offset, sizeof entry);
        if (entry.length < ENTRY_SIZE || entry.length > used - offset)
            break;
        look_at(&entry, offset);
        offset += entry.length;
    }
    known_entries = count;
}

static void store(uint64_t *value, const int64_t *from)
{
    if (from)
        *value = (uint64_t)__atomic_load_n(from, __ATOMIC_RELAXED);
}

static uint64_t sum(const int64_t *const *from, unsigned count)
{
    uint64_t total = 0, value = 0;
    for (unsigned i = 0; i < count; i++) {
        store(&value, from[i]);
        if (from[i])
            total += value;
    }
    return total;
}

static void store_collections(uint64_t *values)
{
    static const enum lr_series counts[] = {LR_SERIES_java_young_gcs, LR_SERIES_java_full_gcs,
                                            LR_SERIES_java_other_gcs};
    uint64_t frequency = 1000000000;
    store(&frequency, at.frequency);
    for (unsigned i = 0; i < COLLECTORS; i++) {
        uint64_t ticks = 0;
        if (!at.collections[i])
            continue;
        store(&values[counts[i]], at.collections[i]);
        store(&ticks, at.time[i]);
        values[counts[i] + 1] = frequency >= 1000000 ? ticks / (frequency / 1000000) : ticks;
    }
}
_Static_assert(LR_SERIES_java_young_gc_time == LR_SERIES_java_young_gcs + 1 &&
                   LR_SERIES_java_full_gc_time == LR_SERIES_java_full_gcs + 1 &&
                   LR_SERIES_java_other_gc_time == LR_SERIES_java_other_gcs + 1,
               "a time follows its count");

/* Serial, Parallel and Shenandoah count collections of the old generation as the second collector;
 * G1's and ZGC's concurrent cycles are the third. */
static void store_heap(uint64_t *values)
{
    static uint64_t seen;
    uint64_t collections = sum(&at.collections[1], COLLECTORS - 1);
    const int64_t *const size[] = {at.old_size, at.young_size};
    store(&values[LR_SERIES_java_old_used], at.old_used);
    store(&values[LR_SERIES_java_old_limit], at.old_limit);
    values[LR_SERIES_java_heap_size] = sum(size, 2);
    values[LR_SERIES_java_young_used] = sum((const int64_t *const *)at.young_used, SPACES);
    if (collections != seen)
        values[LR_SERIES_java_old_after_gc] = values[LR_SERIES_java_old_used];
    seen = collections;
}

bool lr_source_java(uint64_t *values)
{
    if (!lr_jvm_exists() || !find_block())
        return false;
    find_counters();
    if (!at.old_used)
        return false;
    store_heap(values);
    store_collections(values);
    store(&values[LR_SERIES_java_metaspace], at.metaspace);
    store(&values[LR_SERIES_java_threads], at.threads);
    const int64_t *const loaded[] = {at.loaded, at.shared_loaded};
    const int64_t *const unloaded[] = {at.unloaded, at.shared_unloaded};
    if (at.loaded)
        values[LR_SERIES_java_classes] = sum(loaded, 2) - sum(unloaded, 2);
    return true;
}
