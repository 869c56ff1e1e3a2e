/* load_audit.c -- how much of a trace is damaged, counted once.
 *
 * Stage: LOAD.  Context: analyzer only.  Looks at every index, string id and value, and counts
 * what the accessors of load_records.c will replace by something harmless.  Counting here rather
 * than at each access keeps the accessors free of side effects and the figures the same whoever
 * asks, in whatever order.
 */
#include <math.h>
#include <string.h>

#include "load_internal.h"

static void check_string(struct lr_trace *trace, uint32_t id)
{
    trace->info.damaged.references += !lr_string_valid(trace, id);
}

static void check_index(struct lr_trace *trace, enum lr_section_id id, uint64_t index)
{
    trace->info.damaged.references += index >= trace->parts[id].count;
}

/* Stack 0 and module 0 mean "none" and are right even where the section is empty. */
static void check_index_or_none(struct lr_trace *trace, enum lr_section_id id, uint64_t index)
{
    trace->info.damaged.references += index != 0 && index >= trace->parts[id].count;
}

static void check_names(struct lr_trace *trace)
{
    struct lr_meta meta;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_META, i, &meta, sizeof(meta)); i++)
        check_string(trace, meta.string);
    struct lr_module module;
    for (uint64_t i = 1; lr_part_entry(trace, LR_SEC_MODULES, i, &module, sizeof(module)); i++) {
        check_string(trace, module.path);
        trace->info.damaged.values +=
            module.build_id_size > LR_BUILD_ID_MAX || module.start > module.end;
    }
    struct lr_method method;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_METHODS, i, &method, sizeof(method)); i++) {
        check_string(trace, method.class_name);
        check_string(trace, method.name);
        check_string(trace, method.source_file);
    }
    struct lr_pairdef pair;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_PAIRDEFS, i, &pair, sizeof(pair)); i++)
        check_string(trace, pair.name);
    struct lr_thread_name thread;
    for (uint64_t i = 1; lr_part_entry(trace, LR_SEC_THREADS, i, &thread, sizeof(thread)); i++)
        check_string(trace, thread.name);
    struct lr_mark_entry mark;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_MARKS, i, &mark, sizeof(mark)); i++)
        check_string(trace, mark.name);
}

static void check_stacks(struct lr_trace *trace)
{
    struct lr_jframe jframe;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_JFRAMES, i, &jframe, sizeof(jframe)); i++)
        check_index(trace, LR_SEC_METHODS, jframe.method);
    struct lr_node node;
    for (uint64_t i = 1; lr_part_entry(trace, LR_SEC_NODES, i, &node, sizeof(node)); i++) {
        check_index_or_none(trace, LR_SEC_NODES, node.parent);
        if ((node.frame & LR_FRAME_JAVA) != 0)
            check_index(trace, LR_SEC_JFRAMES, node.frame & UINT32_MAX);
        else
            check_index_or_none(trace, LR_SEC_MODULES, node.frame >> LR_FRAME_MODULE_SHIFT);
    }
    struct lr_stack stack;
    for (uint64_t i = 1; lr_part_entry(trace, LR_SEC_STACKS, i, &stack, sizeof(stack)); i++)
        trace->info.damaged.values += !lr_stack_frames_good(trace, &stack);
}

static void check_live(struct lr_trace *trace)
{
    const struct lr_part *part = &trace->parts[LR_SEC_LIVE];
    for (uint64_t i = 0; i < part->count; i++) {
        const unsigned char *slot = part->bytes + i * part->stride;
        int state = lr_slot_state(LR_SEC_LIVE, slot);
        trace->info.damaged.torn += state < 0;
        if (state <= 0)
            continue;
        struct lr_live live;
        memcpy(&live, slot, sizeof(live));
        check_index_or_none(trace, LR_SEC_STACKS, live.stack);
        check_index_or_none(trace, LR_SEC_THREADS, live.thread);
        uint32_t kind = (live.info >> LR_LIVE_KIND_SHIFT) & 0xff;
        trace->info.damaged.values += !(isfinite(live.weight) && live.weight > 0) ||
                                      kind < LR_KIND_MALLOC || kind > LR_KIND_MMAP;
    }
}

static void check_regions(struct lr_trace *trace)
{
    struct lr_region region;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_REGIONS, i, &region, sizeof(region)); i++) {
        if (region.length == 0)
            continue;
        check_index_or_none(trace, LR_SEC_STACKS, region.stack);
        check_index_or_none(trace, LR_SEC_THREADS, region.thread);
        trace->info.damaged.values += region.start > UINT64_MAX - region.length;
    }
}

static void check_pairs(struct lr_trace *trace)
{
    const struct lr_part *part = &trace->parts[LR_SEC_PAIRS];
    for (uint64_t i = 0; i < part->count; i++) {
        const unsigned char *slot = part->bytes + i * part->stride;
        int state = lr_slot_state(LR_SEC_PAIRS, slot);
        trace->info.damaged.torn += state < 0;
        if (state <= 0)
            continue;
        struct lr_pair pair;
        memcpy(&pair, slot, sizeof(pair));
        check_index_or_none(trace, LR_SEC_STACKS, pair.stack);
        check_index_or_none(trace, LR_SEC_THREADS, pair.thread);
        check_index(trace, LR_SEC_PAIRSITES, pair.site);
        check_index(trace, LR_SEC_PAIRDEFS, pair.pair);
    }
    struct lr_pairsite site;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_PAIRSITES, i, &site, sizeof(site)); i++) {
        if (site.pair == LR_PAIRSITE_FREE)
            continue;
        check_index(trace, LR_SEC_PAIRDEFS, site.pair);
        check_index_or_none(trace, LR_SEC_STACKS, site.stack);
    }
}

static void check_followed(struct lr_trace *trace)
{
    struct lr_followed followed;
    for (uint64_t i = 0; lr_part_entry(trace, LR_SEC_FOLLOWED, i, &followed, sizeof(followed)); i++)
        if (followed.kind == LR_FOLLOWED_STACK)
            check_index_or_none(trace, LR_SEC_STACKS, followed.id);
        else if (followed.kind == LR_FOLLOWED_PAIR)
            check_index(trace, LR_SEC_PAIRSITES, followed.id);
        else
            trace->info.damaged.values += followed.kind != 0;
}

void lr_check_records(struct lr_trace *trace)
{
    check_names(trace);
    check_stacks(trace);
    check_live(trace);
    check_regions(trace);
    check_pairs(trace);
    check_followed(trace);
}
