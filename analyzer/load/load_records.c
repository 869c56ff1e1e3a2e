/* load_records.c -- the records of a snapshot, each checked where it is handed out.
 *
 * Stage: LOAD.  Context: analyzer only.  No accessor fails: what is out of range becomes stack 0,
 * module 0, an empty name or an empty record.  load_audit.c has counted those already.
 */
#include <math.h>
#include <string.h>

#include "load_internal.h"

bool lr_part_entry(const struct lr_trace *trace, enum lr_section_id id, uint64_t index, void *out,
                   size_t size)
{
    const struct lr_part *part = &trace->parts[id];
    memset(out, 0, size);
    if (index >= part->count)
        return false;
    memcpy(out, part->bytes + index * part->stride, size);
    return true;
}

uint32_t lr_part_count(const struct lr_trace *trace, enum lr_section_id id)
{
    uint64_t count = trace->parts[id].count;
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

uint32_t lr_part_checked(const struct lr_trace *trace, enum lr_section_id id, uint32_t index,
                         uint32_t otherwise)
{
    return index < trace->parts[id].count ? index : otherwise;
}

const struct lr_trace_info *lr_trace_info(const struct lr_trace *trace)
{
    return &trace->info;
}

const struct lr_header *lr_trace_header(const struct lr_trace *trace)
{
    return &trace->header;
}

uint32_t lr_trace_section_count(const struct lr_trace *trace)
{
    return trace->header.section_count;
}

const struct lr_section *lr_trace_section_at(const struct lr_trace *trace, uint32_t index)
{
    return &trace->header.sections[index < LR_MAX_SECTIONS ? index : 0];
}

bool lr_trace_each_meta(const struct lr_trace *trace, uint64_t *cursor, uint32_t *key,
                        const char **text)
{
    struct lr_meta meta;
    if (!lr_part_entry(trace, LR_SEC_META, *cursor, &meta, sizeof(meta)))
        return false;
    ++*cursor;
    *key = meta.key;
    *text = lr_trace_string(trace, meta.string);
    return true;
}

const char *lr_trace_meta(const struct lr_trace *trace, enum lr_meta_key key)
{
    const char *found = "", *text;
    uint64_t cursor = 0;
    for (uint32_t k; lr_trace_each_meta(trace, &cursor, &k, &text);)
        if (k == key)
            found = text;
    return found;
}

uint64_t lr_trace_counter(const struct lr_trace *trace, enum lr_counter counter)
{
    uint64_t value;
    lr_part_entry(trace, LR_SEC_COUNTERS, counter, &value, sizeof(value));
    return value;
}

enum counter_kind { info, loss };
static const struct {
    const char *name, *text;
    enum counter_kind kind;
} counters[LR_COUNTER_COUNT] = {
#define LR_COUNTER(name, kind, text) {#name, text, kind},
#include "leakring/counters.def"
#undef LR_COUNTER
};

const char *lr_counter_name(enum lr_counter counter)
{
    return counter < LR_COUNTER_COUNT ? counters[counter].name : "unknown";
}

const char *lr_counter_text(enum lr_counter counter)
{
    return counter < LR_COUNTER_COUNT ? counters[counter].text : "unknown to this leakring";
}

bool lr_counter_is_loss(enum lr_counter counter)
{
    return counter < LR_COUNTER_COUNT && counters[counter].kind == loss;
}

uint32_t lr_trace_module_entries(const struct lr_trace *trace)
{
    return lr_part_count(trace, LR_SEC_MODULES);
}

void lr_trace_module_at(const struct lr_trace *trace, uint32_t index, struct lr_module_view *out)
{
    static const uint8_t none[LR_BUILD_ID_MAX];
    struct lr_module module;
    *out = (struct lr_module_view){.path = "", .build_id = none};
    if (index == 0 || !lr_part_entry(trace, LR_SEC_MODULES, index, &module, sizeof(module)))
        return;
    const struct lr_part *part = &trace->parts[LR_SEC_MODULES];
    bool good_id = module.build_id_size <= LR_BUILD_ID_MAX;
    *out = (struct lr_module_view){
        .start = module.start,
        .end = module.end,
        .bias = module.bias,
        .path = lr_trace_string(trace, module.path),
        .flags = module.flags,
        .load_ms = module.load_ms,
        .unload_ms = module.unload_ms,
        .build_id = part->bytes + index * part->stride + offsetof(struct lr_module, build_id),
        .build_id_size = good_id ? module.build_id_size : 0,
    };
}

uint32_t lr_trace_thread_entries(const struct lr_trace *trace)
{
    return lr_part_count(trace, LR_SEC_THREADS);
}

const char *lr_trace_thread_name(const struct lr_trace *trace, uint32_t thread)
{
    struct lr_thread_name entry;
    if (thread == 0 || !lr_part_entry(trace, LR_SEC_THREADS, thread, &entry, sizeof(entry)))
        return "";
    return lr_trace_string(trace, entry.name);
}

bool lr_trace_each_live(const struct lr_trace *trace, uint64_t *cursor, struct lr_live_view *out)
{
    struct lr_live live;
    while (lr_part_entry(trace, LR_SEC_LIVE, (*cursor)++, &live, sizeof(live))) {
        if (lr_slot_state(LR_SEC_LIVE, (const unsigned char *)&live) <= 0 ||
            !lr_in_window(trace, lr_trace_time(trace, live.birth_ms)))
            continue;
        bool good_weight = isfinite(live.weight) && live.weight > 0;
        *out = (struct lr_live_view){
            .address = live.key & ~LR_KEY_STATE,
            .size = live.info & LR_LIVE_SIZE_MASK,
            .kind = (live.info >> LR_LIVE_KIND_SHIFT) & 0xff,
            .stack = lr_part_checked(trace, LR_SEC_STACKS, live.stack, 0),
            .birth_ms = lr_trace_time(trace, live.birth_ms),
            .weight = good_weight ? (double)live.weight : 1.0,
            .owned = (live.info & LR_LIVE_OWNED) != 0,
            .later = (live.info & LR_LIVE_OWNED) != 0 && (live.info & LR_LIVE_LATER) != 0,
            .claimed = (live.key & LR_KEY_CLAIMED) != 0,
            .thread = lr_trace_thread_name(trace, live.thread),
        };
        return true;
    }
    return false;
}

bool lr_trace_each_region(const struct lr_trace *trace, uint64_t *cursor,
                          struct lr_region_view *out)
{
    struct lr_region region;
    while (lr_part_entry(trace, LR_SEC_REGIONS, (*cursor)++, &region, sizeof(region))) {
        if (region.length == 0 || !lr_in_window(trace, lr_trace_time(trace, region.birth_ms)))
            continue;
        bool wraps = region.start > UINT64_MAX - region.length;
        *out = (struct lr_region_view){
            .start = region.start,
            .length = wraps ? UINT64_MAX - region.start : region.length,
            .stack = lr_part_checked(trace, LR_SEC_STACKS, region.stack, 0),
            .birth_ms = lr_trace_time(trace, region.birth_ms),
            .prot = region.prot_flags & 0xff,
            .flags = (region.prot_flags & ~LR_REGION_IN_MEMORY) >> 8,
            .in_memory = (region.prot_flags & LR_REGION_IN_MEMORY) != 0,
            .thread = lr_trace_thread_name(trace, region.thread),
        };
        return true;
    }
    return false;
}

uint32_t lr_trace_pairdef_entries(const struct lr_trace *trace)
{
    return lr_part_count(trace, LR_SEC_PAIRDEFS);
}

const char *lr_trace_pair_name(const struct lr_trace *trace, uint32_t pair)
{
    struct lr_pairdef definition;
    lr_part_entry(trace, LR_SEC_PAIRDEFS, pair, &definition, sizeof(definition));
    return lr_trace_string(trace, definition.name);
}

uint32_t lr_trace_pair_flags(const struct lr_trace *trace, uint32_t pair)
{
    struct lr_pairdef definition;
    lr_part_entry(trace, LR_SEC_PAIRDEFS, pair, &definition, sizeof(definition));
    return definition.flags;
}

uint32_t lr_trace_pairsite_entries(const struct lr_trace *trace)
{
    return lr_part_count(trace, LR_SEC_PAIRSITES);
}

void lr_trace_pairsite_at(const struct lr_trace *trace, uint32_t index,
                          struct lr_pairsite_view *out)
{
    struct lr_pairsite site;
    if (!lr_part_entry(trace, LR_SEC_PAIRSITES, index, &site, sizeof(site))) {
        *out = (struct lr_pairsite_view){.pair = LR_PAIR_NONE};
        return;
    }
    if (site.pair == LR_PAIRSITE_FREE) {
        *out = (struct lr_pairsite_view){.pair = LR_PAIR_NONE, .free = true};
        return;
    }
    *out = (struct lr_pairsite_view){
        .pair = lr_part_checked(trace, LR_SEC_PAIRDEFS, site.pair, LR_PAIR_NONE),
        .stack = lr_part_checked(trace, LR_SEC_STACKS, site.stack, 0),
        .acquired = site.acquired,
        .released = site.released,
        .released_by_cleaner = site.released_by_cleaner,
        .released_unknown = site.released_unknown,
        .lost = site.lost,
    };
}

bool lr_trace_each_pair(const struct lr_trace *trace, uint64_t *cursor, struct lr_pair_view *out)
{
    struct lr_pair pair;
    while (lr_part_entry(trace, LR_SEC_PAIRS, (*cursor)++, &pair, sizeof(pair))) {
        if (lr_slot_state(LR_SEC_PAIRS, (const unsigned char *)&pair) <= 0 ||
            !lr_in_window(trace, lr_trace_time(trace, pair.birth_ms)))
            continue;
        *out = (struct lr_pair_view){
            .handle = pair.key & ~LR_KEY_STATE,
            .pair = lr_part_checked(trace, LR_SEC_PAIRDEFS, pair.pair, LR_PAIR_NONE),
            .site = lr_part_checked(trace, LR_SEC_PAIRSITES, pair.site, LR_PAIR_NONE),
            .stack = lr_part_checked(trace, LR_SEC_STACKS, pair.stack, 0),
            .birth_ms = lr_trace_time(trace, pair.birth_ms),
            .reused = (pair.flags & LR_PAIR_REUSED) != 0,
            .claimed = (pair.key & LR_KEY_CLAIMED) != 0,
            .thread = lr_trace_thread_name(trace, pair.thread),
        };
        return true;
    }
    return false;
}

/* The cursor is the next record's number + 1; 0 begins at the oldest that the ring still has. */
bool lr_trace_each_event(const struct lr_trace *trace, uint64_t *cursor, struct lr_event_view *out)
{
    const struct lr_part *part = &trace->parts[LR_SEC_EVENTS];
    if (part->count == 0 || part->used == UINT64_MAX)
        return false;
    if (*cursor == 0)
        *cursor = (part->used > part->count ? part->used - part->count : 0) + 1;
    while (*cursor <= part->used) {
        uint64_t number = (*cursor)++ - 1;
        struct lr_event event;
        lr_part_entry(trace, LR_SEC_EVENTS, number % part->count, &event, sizeof(event));
        if (event.sequence != (uint32_t)(number + 1) || event.sequence == 0)
            continue;
        *out = (struct lr_event_view){.number = number,
                                      .type = event.type,
                                      .time_ms = lr_trace_time(trace, event.time_ms),
                                      .a = event.a,
                                      .tid = event.tid,
                                      .b = event.b};
        return true;
    }
    return false;
}

bool lr_trace_each_interval(const struct lr_trace *trace, uint64_t *cursor,
                            struct lr_interval_view *out)
{
    struct lr_interval change;
    if (!lr_part_entry(trace, LR_SEC_INTERVALS, *cursor, &change, sizeof(change)))
        return false;
    ++*cursor;
    *out = (struct lr_interval_view){.time_ms = lr_trace_time(trace, change.time_ms),
                                     .why = change.why,
                                     .from = change.from,
                                     .to = change.to,
                                     .cost = change.cost};
    return true;
}

const char *lr_interval_why_name(uint32_t why)
{
    static const char *const names[] = {
        [LR_INTERVAL_ASKED] = "asked",   [LR_INTERVAL_BUDGET] = "budget",
        [LR_INTERVAL_CALM] = "calm",     [LR_INTERVAL_TABLE] = "table",
        [LR_INTERVAL_ROOM] = "room",
    };
    bool known = why < sizeof(names) / sizeof(names[0]) && names[why] != NULL;
    return known ? names[why] : "unknown";
}
