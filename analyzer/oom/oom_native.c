/* oom_native.c -- does the killed process look like one that leaks native memory?
 *
 * Stage: JUDGE, after the verdict.  Context: analyzer only.
 * A kernel's report knows a process's size, not what is in it.  So what can be said is whether its
 * memory was needed to run out at all; how much of it is native, if its heap is known (--heap);
 * and, beside a trace, how much of it was acquired and not released (oom_join.c).
 */
#include "oom_judge.h"
#include "oom_units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NATIVE_SHARE 4           /* native memory up to a quarter of the heap is usual for a JVM */
#define NATIVE_BASE (512u << 20) /* … and so much besides, whatever the heap */
#define LARGE_PERCENT 40.0       /* of RAM + swap, or of the group's limit */

static bool is_java(const char *name)
{
    return strcmp(name, "java") == 0 || strcmp(name, "jsvc") == 0;
}

static uint64_t page_bytes(const struct lr_oom_finding *finding, uint64_t pages)
{
    return lr_oom_scale(pages, finding->event.page_size);
}

void lr_oom_set_native(struct lr_oom_native *native, enum lr_oom_leak kind, const char *format, ...)
{
    va_list arguments;
    native->kind = kind;
    va_start(arguments, format);
    vsnprintf(native->text, sizeof native->text, format, arguments);
    va_end(arguments);
}

static void judge_with_heap(struct lr_oom_native *native, uint64_t size)
{
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE], c[LR_UNIT_SIZE];
    uint64_t usual = native->heap / NATIVE_SHARE + NATIVE_BASE;
    uint64_t rest = size > native->heap ? size - native->heap : 0;
    lr_unit_binary(a, size);
    lr_unit_binary(b, native->heap);
    lr_unit_binary(c, rest);
    if (rest <= usual)
        lr_oom_set_native(
            native, LR_LEAK_NONE,
            "no native-leak signature: %s of rss and swap for a heap of %s leave %s of "
            "native memory, usual for a JVM",
            a, b, c);
    else
        lr_oom_set_native(
            native, rest > 2 * usual ? LR_LEAK_LIKELY : LR_LEAK_POSSIBLE,
            "native-leak signature: %s of rss and swap are %s more than a heap of %s; usual "
            "would be a quarter of it",
            a, c, b);
}

/* Does the process, by its size, look like one that leaks native memory?  What the log can show is
 * only that it was needed, or not needed, to run out. */
void lr_oom_judge_native(struct lr_oom_finding *finding, const struct lr_oom_judging *judging)
{
    struct lr_oom_native *native = &finding->native;
    const struct lr_oom_score *score = &finding->score;
    uint64_t whole = page_bytes(finding, score->total);
    native->heap = judging->heap;
    if (!score->known) {
        lr_oom_set_native(native, LR_LEAK_CANNOT_TELL,
                          "cannot tell whether the killed process leaks: its row isn't in the log");
        return;
    }
    bool swap_known = finding->event.columns & LR_OOM_HAS_SWAP;
    native->bytes = page_bytes(finding, score->task.rss);
    native->swap_bytes = swap_known ? page_bytes(finding, score->task.swap) : LR_OOM_UNKNOWN;
    uint64_t both[] = {native->bytes, native->swap_bytes};
    uint64_t size = lr_oom_sum(both, 2);
    double share = lr_percent(size, whole);
    uint64_t taken = finding->suspect_count ? finding->suspects[0].bytes : LR_OOM_UNKNOWN;
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];
    lr_unit_binary(a, size);
    if (native->heap != LR_OOM_UNKNOWN)
        judge_with_heap(native, size);
    else if (strcmp(finding->verdict, "outside") == 0 && taken != LR_OOM_UNKNOWN)
        lr_oom_set_native(
            native, LR_LEAK_NONE,
            "no native-leak signature: %s (%" PRId64 ") holds %s of rss and swap, %.0f %% of "
            "all memory; with the %s that is missing it would have fitted%s",
            score->task.name, score->task.pid, a, share, lr_unit_binary(b, taken),
            is_java(score->task.name) ? " (--heap SIZE compares it with its heap)" : "");
    else if (share >= LARGE_PERCENT)
        lr_oom_set_native(
            native, LR_LEAK_POSSIBLE,
            "%s (%" PRId64 ") holds %s of rss and swap, %.0f %% of all it could have: a leak "
            "is possible, or it was given too little%s",
            score->task.name, score->task.pid, a, share,
            is_java(score->task.name) ? "; --heap SIZE tells its heap from native memory" : "");
    else
        lr_oom_set_native(native, LR_LEAK_NONE,
                          "no native-leak signature: %s (%" PRId64
                          ") holds %s of rss and swap, only "
                          "%.0f %% of all memory",
                          score->task.name, score->task.pid, a, share);
}
