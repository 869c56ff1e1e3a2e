/* jvm_counter.c -- jvm_counter.h: walks the entries of HotSpot's PerfMemory.
 *
 * Stage: STACK, start-up.  Context: once, under the guard; no allocation.  The memory is mapped
 * before VMInit and never unmapped; entries are only ever appended.
 */
#include "jvm_internal.h"
#include "jvm_counter.h"

#include <string.h>

#include "leakring/format.h"
#include "trace.h"

enum { TYPE_LONG = 'J', TYPE_TEXT = 'B', ENTRIES_MAX = 65536, VALUE_BYTES = 8 };

struct perf_entry {
    uint32_t length, name, type, data; /* offsets in an entry */
};

/* Young and full collections; the third collector's pauses belong to concurrent cycles.  ZGC has
 * nothing but those: its whole collections are the third's, and its young ones run beside them. */
enum { COLLECTORS = 2 };
static const volatile int64_t *unloaded, *collections[COLLECTORS], *time[COLLECTORS], *frequency;
static const volatile int64_t *whole, *beside;
static const char *cause; /* of the collection under way */

static bool read_entry_layout(struct perf_entry *entry)
{
    entry->length = lr_jvm_field("PerfDataEntry", "entry_length");
    entry->name = lr_jvm_field("PerfDataEntry", "name_offset");
    entry->type = lr_jvm_field("PerfDataEntry", "data_type");
    entry->data = lr_jvm_field("PerfDataEntry", "data_offset");
    return entry->length != LR_NOWHERE && entry->name != LR_NOWHERE && entry->type != LR_NOWHERE &&
           entry->data != LR_NOWHERE;
}

static const void *find(uintptr_t at, uintptr_t end, uint32_t count, const char *name, uint8_t type)
{
    struct perf_entry entry;
    if (!read_entry_layout(&entry))
        return NULL;
    size_t size = strlen(name) + 1;
    for (; count > 0 && at + 32 < end; count--) {
        uint32_t length = lr_vm_u32(at, entry.length), name_at = lr_vm_u32(at, entry.name);
        uint32_t data_at = lr_vm_u32(at, entry.data);
        if (length == 0 || length > end - at || name_at >= length || data_at > length)
            return NULL;
        if (length - name_at >= size && memcmp((const char *)at + name_at, name, size) == 0)
            return *(const uint8_t *)(at + entry.type) == type && length - data_at >= VALUE_BYTES
                       ? (const void *)(at + data_at)
                       : NULL;
        at += length;
    }
    return NULL;
}

static const void *find_entry(const char *name, uint8_t type)
{
    const uintptr_t *start = lr_jvm_static("PerfMemory", "_start");
    const uintptr_t *top = lr_jvm_static("PerfMemory", "_top");
    uint32_t first = lr_jvm_field("PerfDataPrologue", "entry_offset");
    uint32_t number = lr_jvm_field("PerfDataPrologue", "num_entries");
    if (!start || !*start || !top || *top <= *start || first == LR_NOWHERE || number == LR_NOWHERE)
        return NULL;
    uint32_t count = lr_vm_u32(*start, number);
    return find(*start + lr_vm_u32(*start, first), *top, count < ENTRIES_MAX ? count : ENTRIES_MAX,
                name, type);
}

const volatile int64_t *lr_jvm_counter(const char *name)
{
    return find_entry(name, TYPE_LONG);
}

void lr_jvm_counters_start(void)
{
    unloaded = lr_jvm_counter("java.cls.unloadedClasses");
    collections[0] = lr_jvm_counter("sun.gc.collector.0.invocations");
    collections[1] = lr_jvm_counter("sun.gc.collector.1.invocations");
    time[0] = lr_jvm_counter("sun.gc.collector.0.time");
    time[1] = lr_jvm_counter("sun.gc.collector.1.time");
    frequency = lr_jvm_counter("sun.os.hrt.frequency");
    cause = find_entry("sun.gc.cause", TYPE_TEXT);
    whole = collections[1] ? collections[1] : lr_jvm_counter("sun.gc.collector.2.invocations");
    beside = collections[1] ? NULL : collections[0];
}

uint64_t lr_jvm_unloaded(void)
{
    return unloaded ? (uint64_t)*unloaded : 0;
}

bool lr_jvm_counts_unloaded(void)
{
    return unloaded != NULL;
}

bool lr_jvm_counts_collections(void)
{
    return collections[0] != NULL;
}

bool lr_jvm_keeps_counters(void)
{
    return cause != NULL;
}

bool lr_jvm_whole_collections(uint64_t *count)
{
    if (!whole)
        return false;
    *count = (uint64_t)*whole;
    return true;
}

static bool is_at_rest(void)
{
    char text[sizeof "No GC"];
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = ((const volatile char *)cause)[i];
    return memcmp(text, "No GC", sizeof text) == 0;
}

bool lr_jvm_at_rest(struct lr_jvm_collections *now)
{
    if (!cause || !whole || !lr_jvm_exists() || !is_at_rest())
        return false;
    now->whole = (uint64_t)*whole;
    now->other = beside ? (uint64_t)*beside : 0;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return is_at_rest();
}

static uint64_t sum(const volatile int64_t *const *from)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < COLLECTORS; i++)
        if (from[i])
            total += (uint64_t)*from[i];
    return total;
}

uint64_t lr_jvm_collections(void)
{
    return sum(collections);
}

/* Two threads may come here at the VM's end; each collection is counted by one of them.  Of
 * several since the last tick, the event tells the last one's number and the time of all. */
void lr_jvm_tick(void)
{
    static uint64_t seen, seen_time;
    uint64_t before = __atomic_load_n(&seen, __ATOMIC_RELAXED), now = sum(collections);
    if (now <= before || !__atomic_compare_exchange_n(&seen, &before, now, false, __ATOMIC_ACQ_REL,
                                                      __ATOMIC_RELAXED))
        return;
    uint64_t ticks = sum(time), rate = frequency && *frequency > 0 ? (uint64_t)*frequency : 1;
    uint64_t spent = ticks - __atomic_exchange_n(&seen_time, ticks, __ATOMIC_RELAXED);
    lr_count_add(LR_CNT_gc_count, now - before);
    lr_trace_event(LR_EVENT_GC, (uint32_t)now,
                   (uint64_t)((unsigned __int128)spent * 1000000000u / rate));
}
