/* model_complete.c -- what is missing from the recording, and what a reader should know of it.
 *
 * Stage: MODEL.  Context: analyzer only.  A loss makes the recording incomplete; a note doesn't.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model_build.h"

enum { PERCENT_THAT_MATTERS = 5 };

static enum lr_status add_losses(struct lr_build *build, struct lr_error *error)
{
    struct lr_model_completeness *complete = &build->model->completeness;

    complete->losses = calloc(LR_COUNTER_COUNT, sizeof(*complete->losses));
    if (!complete->losses)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (int i = 0; i < LR_COUNTER_COUNT; i++) {
        uint64_t value = lr_trace_counter(build->trace, (enum lr_counter)i);

        if (value == 0 || !lr_counter_is_loss((enum lr_counter)i))
            continue;
        complete->losses[complete->loss_count++] = (struct lr_model_loss){
            lr_counter_name((enum lr_counter)i), lr_counter_text((enum lr_counter)i), value};
    }
    return LR_OK;
}

#define NOTE(...)                                                                                  \
    do {                                                                                           \
        enum lr_status note_status =                                                               \
            lr_texts_add(&build->model->completeness.notes, error, __VA_ARGS__);                   \
        if (note_status != LR_OK)                                                                  \
            return note_status;                                                                    \
    } while (0)

static enum lr_status note_window(struct lr_build *build, struct lr_error *error)
{
    const struct lr_trace_info *info = lr_trace_info(build->trace);

    if (!(info->compat & LR_COMPAT_YOUNG) || info->young_ms == 0)
        return LR_OK;
    if (info->ended == LR_ENDED_KILLED)
        NOTE("the process was killed: blocks allocated in its last %" PRIu32 " ms may be missing "
             "(streams are not affected)",
             info->young_ms);
    if (info->ended == LR_ENDED_RUNNING)
        NOTE("the process still runs: records younger than %" PRIu32 " ms may be missing "
             "(streams are not affected)",
             info->young_ms);
    return LR_OK;
}

static enum lr_status note_damage(struct lr_build *build, struct lr_error *error)
{
    const struct lr_damage *damaged = &lr_trace_info(build->trace)->damaged;

    if (damaged->sections)
        NOTE("%" PRIu64 " sections of the file are damaged or missing", damaged->sections);
    if (damaged->references)
        NOTE("%" PRIu64 " damaged references in the file were read as unknown",
             damaged->references);
    if (damaged->values)
        NOTE("%" PRIu64 " impossible values in the file were replaced", damaged->values);
    if (damaged->torn)
        NOTE("%" PRIu64 " records were being written as the recording ended, and are left out",
             damaged->torn);
    return LR_OK;
}

static enum lr_status note_java(struct lr_build *build, struct lr_error *error)
{
    uint64_t lost = lr_trace_counter(build->trace, LR_CNT_java_lost);
    uint64_t cut = lr_trace_counter(build->trace, LR_CNT_java_cut);

    if (lr_trace_info(build->trace)->compat & LR_COMPAT_NO_JNAMES)
        NOTE("the names of Java methods could not be read from this JVM");
    if (lost)
        NOTE("Java frames could not be had for %" PRIu64 " events (they count at their native "
             "frames)",
             lost);
    if (lr_trace_counter(build->trace, LR_CNT_java_walker_off))
        NOTE("our own walk over Java frames differed from the JVM's too often; the JVM was asked "
             "instead, which is slower");
    if (cut)
        NOTE("the outermost Java frames are missing from %" PRIu64 " events", cut);
    return LR_OK;
}

static enum lr_status note_folded(struct lr_build *build, struct lr_error *error)
{
    uint64_t stacks = lr_trace_counter(build->trace, LR_CNT_stacks_folded);
    uint64_t allocs = lr_trace_counter(build->trace, LR_CNT_folded_allocs);

    if (allocs)
        NOTE("%" PRIu64 " stacks without live memory were forgotten to make room: %" PRIu64
             " past allocations of theirs (%" PRIu64 " bytes) are in no site's totals",
             stacks, allocs, lr_trace_counter(build->trace, LR_CNT_folded_bytes));
    return LR_OK;
}

static enum lr_status note_pairs(struct lr_build *build, struct lr_error *error)
{
    const struct lr_model *model = build->model;
    uint64_t unknown = 0, lost = 0;

    for (size_t i = 0; i < model->pair_count; i++) {
        unknown += model->pairs[i].released_unknown;
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            lost += model->pairs[i].sites[s].lost;
    }
    if (unknown)
        NOTE("%" PRIu64 " pairs were released by an unknown caller: whether explicitly or by the "
             "Cleaner can't be told, they count as released",
             unknown);
    if (lost)
        NOTE("%" PRIu64 " acquisitions found no room in the file: live counts are too low", lost);
    if (build->orphan_pairs)
        NOTE("%" PRIu64 " live pairs have no call site in the file: their releases are not known",
             build->orphan_pairs);
    if (build->cut_paths)
        NOTE("%" PRIu64 " stacks are shown without their outer frames, for there are too many",
             build->cut_paths);
    if (build->shared_stacks)
        NOTE("%" PRIu64 " call stacks acquired two kinds of pairs: their bytes are counted at "
             "the first",
             build->shared_stacks);
    return LR_OK;
}

static bool is_nameless(const struct lr_model_path *path, const char *module)
{
    const struct lr_model_frame *culprit = path->count ? path->frames + path->culprit : NULL;

    return culprit && !culprit->java && !culprit->named && strcmp(culprit->module, module) == 0;
}

/* Bytes from which on a place matters: of live memory, and of what is mapped. */
struct large {
    double live, mapped;
};

static struct large what_is_large(const struct lr_model *model)
{
    struct large large = {0, 0};

    for (size_t i = 0; i < model->site_count; i++) {
        bool mapped = model->sites[i].kind == LR_MEMORY_MMAP;

        *(mapped ? &large.mapped : &large.live) +=
            model->sites[i].live_bytes.value * PERCENT_THAT_MATTERS / 100;
    }
    return large;
}

static bool is_large(const struct lr_model_memory_site *site, const struct large *large)
{
    double least = site->kind == LR_MEMORY_MMAP ? large->mapped : large->live;

    return site->live_bytes.value >= least;
}

/* Does a finding, or a large place of other memory, show a frame of that module by its offset
 * only?  A few kilobytes of a stripped program's start are no reason for a note. */
static bool module_matters(const struct lr_model *model, const struct large *large,
                           const char *module)
{
    for (size_t i = 0; i < model->site_count; i++)
        if (is_large(&model->sites[i], large) && is_nameless(&model->sites[i].path, module))
            return true;
    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK && is_nameless(&site->path, module))
                return true;
        }
    }
    return false;
}

static enum lr_status note_modules(struct lr_build *build, struct lr_error *error)
{
    uint32_t entries = lr_trace_module_entries(build->trace);
    struct large large = what_is_large(build->model);

    for (uint32_t i = 1; i < entries; i++) {
        struct lr_module_view module;
        const char *problem;

        lr_trace_module_at(build->trace, i, &module);
        if (!module_matters(build->model, &large, module.path))
            continue;
        problem = lr_symbolizer_module_problem(build->symbolizer, i);
        if (problem)
            NOTE("%s: functions have no names: %s", module.path, problem);
    }
    return LR_OK;
}

/* A server's workers are forks of the process that was started. */
static enum lr_status note_forks(struct lr_build *build, struct lr_error *error)
{
    uint64_t forks = build->model->run.forks;

    if (forks)
        NOTE("it forked %" PRIu64 " %s: what %s is not in this recording", forks,
             forks == 1 ? "child" : "children", forks == 1 ? "that one does" : "those do");
    return LR_OK;
}

static enum lr_status note_remarks(struct lr_build *build, struct lr_error *error)
{
    uint64_t cursor = 0;
    const char *text;
    uint32_t key;

    if (lr_trace_info(build->trace)->compat & LR_COMPAT_BLIND) {
        const char *ahead = lr_trace_meta(build->trace, LR_META_AHEAD);

        if (!*ahead)
            NOTE("calls to malloc do not reach the tracer: another allocator is ahead of it in "
                 "LD_PRELOAD, or linked into the program; put libleakring.so first");
        else if (strcmp(ahead, lr_trace_meta(build->trace, LR_META_EXE)) == 0)
            NOTE("calls to malloc do not reach the tracer: the program has a malloc of its own "
                 "linked in; only what it maps is recorded");
        else
            NOTE("calls to malloc do not reach the tracer: those of %s, which comes before it in "
                 "LD_PRELOAD, answer; put libleakring.so first",
                 ahead);
    }
    while (lr_trace_each_meta(build->trace, &cursor, &key, &text))
        if (key == LR_META_NOTE)
            NOTE("%s", text);
    return LR_OK;
}

/* A gap of seconds is a machine that had no time. */
static enum lr_status note_unread(struct lr_build *build, struct lr_error *error)
{
    enum { LEAST_POINTS = 3, GAP_MS = 10000 };
    const struct lr_model_series *series = &build->model->series;
    const struct lr_model_column *rss = lr_model_column(series, "rss");
    size_t last = rss ? lr_model_last_known(series, rss) : series->points;

    if (series->points < LEAST_POINTS)
        return LR_OK;
    if (last == series->points)
        NOTE("the process's own figures, such as its resident memory, could not be read: no /proc, "
             "no file descriptors of the tracer's own, or not allowed");
    else if (series->time_ms[series->points - 1] - series->time_ms[last] >= GAP_MS)
        NOTE("the process's own figures, such as its resident memory, could not be read from "
             "second %" PRIu64 " on",
             series->time_ms[last] / 1000 + 1);
    return LR_OK;
}

static bool is_damaged(const struct lr_damage *damaged)
{
    return damaged->sections || damaged->references || damaged->values;
}

enum lr_status lr_build_completeness(struct lr_build *build, struct lr_error *error)
{
    enum lr_status (*const steps[])(struct lr_build *, struct lr_error *) = {
        add_losses,  lr_note_phase, note_remarks, note_forks, lr_build_sampling, note_window,
        note_damage, note_folded,   note_pairs,   note_java,  note_modules,
        note_unread};
    const struct lr_trace_info *info = lr_trace_info(build->trace);
    struct lr_model_completeness *complete = &build->model->completeness;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum lr_status status = steps[i](build, error);

        if (status != LR_OK)
            return status;
    }
    if (info->compat & LR_COMPAT_BLIND)
        complete->verdict = LR_BLIND;
    else if (complete->loss_count > 0 || is_damaged(&info->damaged) || build->orphan_pairs)
        complete->verdict = LR_INCOMPLETE;
    else
        complete->verdict = LR_COMPLETE;
    return LR_OK;
}
