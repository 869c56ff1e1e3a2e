/* oom_join.c -- a trace of the killed process beside the kernel's report (oom_join.h).
 *
 * Stage: JUDGE, after oom_judge.c.  Context: analyzer only, one thread.
 * The kernel knows how much memory the process had, the trace how much of it is native and live.
 * Where both speak of one process, the native-leak question has a better answer than the kernel's
 * figures alone can give.
 */
#include "oom_join.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "oom_line.h"
#include "oom_units.h"

#define LIVE_PERCENT 25.0 /* of rss + swap: live native memory that is worth a look */

static void read_blocks(const struct lr_trace *trace, struct lr_oom_trace *out)
{
    struct lr_live_view live;
    struct lr_region_view region;
    double bytes = 0, blocks = 0;
    for (uint64_t cursor = 0; lr_trace_each_live(trace, &cursor, &live);) {
        bytes += (double)live.size * live.weight;
        blocks += live.weight;
    }
    out->live_bytes = bytes < 9e18 ? (uint64_t)bytes : INT64_MAX;
    out->live_blocks = blocks < 9e18 ? (uint64_t)blocks : INT64_MAX;
    for (uint64_t cursor = 0; lr_trace_each_region(trace, &cursor, &region);)
        if (__builtin_add_overflow(out->mapped_bytes, region.length, &out->mapped_bytes))
            out->mapped_bytes = INT64_MAX;
}

static void read_pairs(const struct lr_trace *trace, struct lr_oom_trace *out)
{
    uint32_t defs = lr_trace_pairdef_entries(trace);
    for (uint32_t pair = 0; pair < defs; pair++) {
        struct lr_pair_view view;
        uint64_t live = 0;
        for (uint64_t cursor = 0; lr_trace_each_pair(trace, &cursor, &view);)
            live += view.pair == pair;
        out->pairs_live += live;
        if (live > out->pair_live) {
            const char *name = lr_trace_pair_name(trace, pair);
            out->pair_live = live;
            lr_copy_text(out->pair_name, sizeof out->pair_name, name, strlen(name));
        }
    }
}

static bool lost_anything(const struct lr_trace *trace)
{
    for (int i = 0; i < LR_COUNTER_COUNT; i++)
        if (lr_counter_is_loss((enum lr_counter)i) &&
            lr_trace_counter(trace, (enum lr_counter)i) > 0)
            return true;
    return (lr_trace_info(trace)->compat & LR_COMPAT_BLIND) != 0;
}

enum lr_status lr_oom_trace_read(const char *path, struct lr_oom_trace *out, struct lr_error *error)
{
    struct lr_trace *trace = NULL;
    memset(out, 0, sizeof *out);
    enum lr_status status = lr_trace_open(path, &trace, error);
    if (status != LR_OK)
        return status;
    const struct lr_trace_info *info = lr_trace_info(trace);
    const char *exe = lr_trace_meta(trace, LR_META_EXE);
    lr_copy_text(out->path, sizeof out->path, path, strlen(path));
    lr_copy_text(out->exe, sizeof out->exe, exe, strlen(exe));
    out->pid = info->pid;
    out->killed = info->ended == LR_ENDED_KILLED;
    out->start_unix_ns = info->start_unix_ns;
    out->end_unix_ns = info->end_unix_ns;
    out->incomplete = lost_anything(trace);
    read_blocks(trace, out);
    read_pairs(trace, out);
    lr_trace_close(trace);
    return LR_OK;
}

bool lr_oom_trace_matches(const struct lr_oom_trace *trace, const struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    int64_t pid = trace->pid;
    if (pid == 0)
        return false;
    if (finding->score.known && (finding->score.task.pid == pid || finding->score.task.tgid == pid))
        return true;
    for (unsigned i = 0; i < event->victim_count; i++)
        if (event->victims[i].pid == pid)
            return true;
    return event->chosen_pid == pid;
}

void lr_oom_trace_apply(const struct lr_oom_trace *trace, struct lr_oom_finding *finding)
{
    struct lr_oom_native *native = &finding->native;
    char live[LR_UNIT_SIZE], all[LR_UNIT_SIZE], count[LR_UNIT_SIZE], pairs[160] = "";
    if (!finding->score.known || !lr_oom_trace_matches(trace, finding))
        return;
    uint64_t both[] = {native->bytes, native->swap_bytes};
    uint64_t size = lr_oom_sum(both, 2);
    if (trace->pair_live)
        snprintf(pairs, sizeof pairs, "; %s %s acquired and not ended",
                 lr_unit_count(count, trace->pair_live), trace->pair_name);
    lr_unit_binary(live, trace->live_bytes);
    lr_unit_binary(all, size);
    bool large = lr_percent(trace->live_bytes, size) >= LIVE_PERCENT;
    if (!large && trace->incomplete)
        lr_oom_set_native(
            native, LR_LEAK_CANNOT_TELL,
            "cannot tell: the trace is incomplete, it saw %s of live native memory of "
            "%s",
            live, all);
    else
        lr_oom_set_native(
            native, large ? LR_LEAK_LIKELY : LR_LEAK_NONE,
            "%snative-leak signature: the trace has %s of live native memory, %.0f %% "
            "of the process's %s%s",
            large ? "" : "no ", live, lr_percent(trace->live_bytes, size), all, pairs);
    lr_oom_add_text(&finding->next, "`leakring report %s` names the lines that acquired it",
                    trace->path);
}
