/* walk_trace.c -- asks a trace for everything it holds, and checks what load.h promises.
 *
 * Stage: tests and fuzzing.
 */
#include "walk_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <math.h>

static void promise(bool kept, const char *which)
{
    if (!kept) {
        fprintf(stderr, "walk_trace: broken promise: %s\n", which);
        abort();
    }
}

/* A check of UTF-8 unlike the loader's: by the table of well-formed byte sequences. */
static void check_text(const char *text)
{
    promise(text != NULL, "no NULL text");
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        unsigned char low = 0x80, high = 0xbf;
        int more = 0;
        if (*at < 0x80) {
            promise(*at >= 0x20 && *at != 0x7f, "no control characters");
        } else if (*at >= 0xc2 && *at <= 0xdf) {
            more = 1;
            low = *at == 0xc2 ? 0xa0 : 0x80;
        } else if (*at >= 0xe0 && *at <= 0xef) {
            more = 2;
            low = *at == 0xe0 ? 0xa0 : 0x80;
            high = *at == 0xed ? 0x9f : 0xbf;
        } else {
            promise(*at >= 0xf0 && *at <= 0xf4, "valid UTF-8");
            more = 3;
            low = *at == 0xf0 ? 0x90 : 0x80;
            high = *at == 0xf4 ? 0x8f : 0xbf;
        }
        for (at++; more > 0; more--, at++, low = 0x80, high = 0xbf)
            promise(*at >= low && *at <= high, "valid UTF-8");
    }
}

static void walk_names(const struct lr_trace *trace, struct lr_walk *walk)
{
    uint64_t cursor = 0;
    const char *text;
    for (uint32_t key; lr_trace_each_meta(trace, &cursor, &key, &text); walk->metas++)
        check_text(text);
    for (uint32_t key = 0; key < 32; key++)
        check_text(lr_trace_meta(trace, key));
    for (unsigned i = 0; i < LR_COUNTER_COUNT + 2; i++) {
        lr_trace_counter(trace, i);
        check_text(lr_counter_name(i));
        check_text(lr_counter_text(i));
    }
    for (uint32_t i = 0; i < lr_trace_module_entries(trace) + 2; i++) {
        struct lr_module_view module;
        lr_trace_module_at(trace, i, &module);
        check_text(module.path);
        promise(module.build_id != NULL && module.build_id_size <= LR_BUILD_ID_MAX, "build-id");
        volatile uint8_t sum = 0;
        for (uint32_t b = 0; b < module.build_id_size; b++)
            sum = (uint8_t)(sum + module.build_id[b]);
    }
    for (uint32_t i = 0; i < lr_trace_section_count(trace) + 2; i++)
        check_text(lr_section_name(lr_trace_section_at(trace, i)->id));
}

static void walk_stacks(const struct lr_trace *trace, struct lr_walk *walk)
{
    for (uint32_t i = 0; i < lr_trace_stack_entries(trace) + 2; i++) {
        struct lr_stack_view stack;
        lr_trace_stack_at(trace, i, &stack);
        /* A damaged file may claim 65535 frames for each stack; a bounded look is enough. */
        uint32_t count = stack.frame_count < 64 ? stack.frame_count : 64;
        for (uint32_t f = 0; f < count + 1; f++) {
            struct lr_frame_view frame;
            lr_trace_frame_at(trace, i, f, &frame);
            check_text(frame.class_name);
            check_text(frame.method);
            check_text(frame.source_file);
            promise(frame.line >= LR_LINE_NATIVE && frame.line != 0, "line");
            promise(frame.module == 0 || frame.module < lr_trace_module_entries(trace), "module");
            walk->frames++;
        }
    }
}

static void check_stack(const struct lr_trace *trace, uint32_t stack)
{
    promise(stack == 0 || stack < lr_trace_stack_entries(trace), "stack index");
}

static void walk_tables(const struct lr_trace *trace, struct lr_walk *walk)
{
    struct lr_live_view live;
    for (uint64_t cursor = 0; lr_trace_each_live(trace, &cursor, &live); walk->live++) {
        check_stack(trace, live.stack);
        promise(live.weight > 0 && live.weight < 1e39, "weight");
        promise((live.address & LR_KEY_STATE) == 0, "address");
        check_text(live.thread);
    }
    struct lr_region_view region;
    for (uint64_t cursor = 0; lr_trace_each_region(trace, &cursor, &region); walk->regions++) {
        check_stack(trace, region.stack);
        promise(region.length > 0 || region.start == UINT64_MAX, "region length");
        promise(region.start <= UINT64_MAX - region.length, "region end");
        check_text(region.thread);
    }
    struct lr_pair_view pair;
    for (uint64_t cursor = 0; lr_trace_each_pair(trace, &cursor, &pair); walk->pairs++) {
        check_stack(trace, pair.stack);
        promise(pair.pair == LR_PAIR_NONE || pair.pair < lr_trace_pairdef_entries(trace), "pair");
        check_text(pair.thread);
        promise(pair.site == LR_PAIR_NONE || pair.site < lr_trace_pairsite_entries(trace), "site");
    }
}

static void walk_series(const struct lr_trace *trace, struct lr_walk *walk)
{
    struct lr_point_view point;
    struct lr_followed_point_view followed;
    struct lr_followed_view slot;
    for (unsigned i = 0; i < LR_SERIES_COUNT + 2; i++) {
        check_text(lr_series_name(i));
        check_text(lr_series_text(i));
        lr_series_unit(i);
    }
    for (unsigned r = 0; r < LR_RESOLUTIONS; r++) {
        for (uint64_t cursor = 0; lr_trace_each_point(trace, r, &cursor, &point); walk->points++)
            continue;
        for (uint64_t cursor = 0; lr_trace_each_followed_point(trace, r, &cursor, &followed);
             walk->followed_points++)
            for (unsigned i = 0; i < LR_FOLLOWED_SLOTS; i++)
                promise((followed.values[i].bytes >= 0) == (followed.values[i].count >= 0) &&
                            isfinite(followed.values[i].bytes),
                        "followed value");
    }
    for (uint32_t i = 0; i < LR_FOLLOWED_SLOTS + 2; i++) {
        if (!lr_trace_followed_at(trace, i, &slot))
            continue;
        walk->followed++;
        promise(slot.id < (slot.kind == LR_FOLLOWED_STACK ? lr_trace_stack_entries(trace)
                                                          : lr_trace_pairsite_entries(trace)),
                "followed id");
    }
}

void lr_walk_trace(const struct lr_trace *trace, struct lr_walk *walk)
{
    memset(walk, 0, sizeof(*walk));
    walk_names(trace, walk);
    walk_stacks(trace, walk);
    walk_tables(trace, walk);
    walk_series(trace, walk);
    for (uint32_t i = 0; i < lr_trace_pairdef_entries(trace) + 2; i++) {
        check_text(lr_trace_pair_name(trace, i));
        lr_trace_pair_flags(trace, i);
    }
    for (uint32_t i = 0; i < lr_trace_pairsite_entries(trace) + 2; i++) {
        struct lr_pairsite_view site;
        lr_trace_pairsite_at(trace, i, &site);
        check_stack(trace, site.stack);
        promise(site.pair == LR_PAIR_NONE || site.pair < lr_trace_pairdef_entries(trace), "pair");
    }
    struct lr_event_view event;
    for (uint64_t cursor = 0; lr_trace_each_event(trace, &cursor, &event); walk->events++)
        continue;
}
