/* jvm_counter.c -- jvm_counter.h: walks the entries of HotSpot's PerfMemory.
 *
 * Stage: STACK, start-up.  Context: once, under the guard; no allocation.  The memory is mapped
 * before VMInit and never unmapped; entries are only ever appended.
 */
#include "jvm_internal.h"
#include "jvm_counter.h"

#include <string.h>

enum { TYPE_LONG = 'J', ENTRIES_MAX = 65536 };

struct perf_entry {
    uint32_t length, name, type, data; /* offsets in an entry */
};

static const volatile int64_t *unloaded;

static bool read_entry_layout(struct perf_entry *entry)
{
    entry->length = lr_jvm_field("PerfDataEntry", "entry_length");
    entry->name = lr_jvm_field("PerfDataEntry", "name_offset");
    entry->type = lr_jvm_field("PerfDataEntry", "data_type");
    entry->data = lr_jvm_field("PerfDataEntry", "data_offset");
    return entry->length != LR_NOWHERE && entry->name != LR_NOWHERE && entry->type != LR_NOWHERE &&
           entry->data != LR_NOWHERE;
}

static const volatile int64_t *find(uintptr_t at, uintptr_t end, uint32_t count, const char *name)
{
    struct perf_entry entry;
    if (!read_entry_layout(&entry))
        return NULL;
    size_t size = strlen(name) + 1;
    for (; count > 0 && at + 32 < end; count--) {
        uint32_t length = lr_vm_u32(at, entry.length), name_at = lr_vm_u32(at, entry.name);
        uint32_t data_at = lr_vm_u32(at, entry.data);
        if (length == 0 || length > end - at || name_at >= length || data_at > length - 8)
            return NULL;
        if (length - name_at >= size && memcmp((const char *)at + name_at, name, size) == 0)
            return *(const uint8_t *)(at + entry.type) == TYPE_LONG
                       ? (const volatile int64_t *)(at + data_at)
                       : NULL;
        at += length;
    }
    return NULL;
}

const volatile int64_t *lr_jvm_counter(const char *name)
{
    const uintptr_t *start = lr_jvm_static("PerfMemory", "_start");
    const uintptr_t *top = lr_jvm_static("PerfMemory", "_top");
    uint32_t first = lr_jvm_field("PerfDataPrologue", "entry_offset");
    uint32_t number = lr_jvm_field("PerfDataPrologue", "num_entries");
    if (!start || !*start || !top || *top <= *start || first == LR_NOWHERE || number == LR_NOWHERE)
        return NULL;
    uint32_t count = lr_vm_u32(*start, number);
    return find(*start + lr_vm_u32(*start, first), *top, count < ENTRIES_MAX ? count : ENTRIES_MAX,
                name);
}

void lr_jvm_counters_start(void)
{
    unloaded = lr_jvm_counter("java.cls.unloadedClasses");
}

uint64_t lr_jvm_unloaded(void)
{
    return unloaded ? (uint64_t)*unloaded : 0;
}

bool lr_jvm_counts_unloaded(void)
{
    return unloaded != NULL;
}
