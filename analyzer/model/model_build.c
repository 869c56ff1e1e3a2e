/* model_build.c -- from a trace to the report's model.
 *
 * Stage: load -> symbolize -> JUDGE -> MODEL.  Context: analyzer only.
 */
#include "model_build.h"

#include <stdlib.h>
#include <string.h>

#include "gc_pressure.h"
#include "judge.h"

static enum lr_model_ended ended(enum lr_ending ending)
{
    switch (ending) {
    case LR_ENDED_EXEC:
        return LR_RUN_EXEC;
    case LR_ENDED_KILLED:
        return LR_RUN_KILLED;
    case LR_ENDED_RUNNING:
        return LR_RUN_RUNNING;
    case LR_ENDED_EXIT:
        break;
    }
    return LR_RUN_EXIT;
}

static uint64_t find_vm_death(const struct lr_trace *trace)
{
    struct lr_event_view event;

    for (uint64_t cursor = 0; lr_trace_each_event(trace, &cursor, &event);)
        if (event.type == LR_EVENT_VM_DEATH)
            return event.time_ms;
    return 0;
}

static enum lr_status fill_run(struct lr_build *build, struct lr_error *error)
{
    const struct lr_trace *trace = build->trace;
    const struct lr_trace_info *info = lr_trace_info(trace);
    struct lr_model_run *run = &build->model->run;

    run->path = lr_text_clean((const unsigned char *)info->path, strlen(info->path));
    if (!run->path)
        return lr_fail(error, LR_FAILED, "out of memory");
    run->trace_bytes = info->file_size;
    run->pid = info->pid;
    run->image = info->image;
    run->exe = lr_trace_meta(trace, LR_META_EXE);
    run->cmdline = lr_trace_meta(trace, LR_META_CMDLINE);
    run->host = lr_trace_meta(trace, LR_META_HOST);
    run->tracer = lr_trace_meta(trace, LR_META_TRACER);
    run->allocator = lr_trace_meta(trace, LR_META_ALLOCATOR);
    run->ahead = lr_trace_meta(trace, LR_META_AHEAD);
    run->config = lr_trace_meta(trace, LR_META_CONFIG);
    run->start_unix_ns = info->start_unix_ns;
    run->end_unix_ns = info->end_unix_ns;
    run->duration_ms = info->duration_ms;
    run->ended = ended(info->ended);
    run->java = (info->compat & LR_COMPAT_JAVA) != 0;
    run->java_version = lr_trace_meta(trace, LR_META_JAVA_VERSION);
    run->java_vendor = lr_trace_meta(trace, LR_META_JAVA_VENDOR);
    run->java_vm = lr_trace_meta(trace, LR_META_JAVA_VM);
    run->java_gc = lr_trace_meta(trace, LR_META_JAVA_GC);
    run->forks = lr_trace_counter(trace, LR_CNT_forks);
    run->forks_replaced = lr_trace_counter(trace, LR_CNT_forks_replaced);
    if (run->forks_replaced > run->forks)
        run->forks_replaced = run->forks;
    run->collections = lr_trace_counter(trace, LR_CNT_gc_count);
    run->vm_death_ms = find_vm_death(trace);
    return LR_OK;
}

static enum lr_status find_suppressed(struct lr_build *build, struct lr_error *error)
{
    return lr_suppress_sites(build->model, build->suppressions, error);
}

static enum lr_status judge_sites(struct lr_build *build, struct lr_error *error)
{
    lr_judge_sites(build->model);
    return LR_OK;
}

/* The series has seconds, or minutes: of a short run it would be chance what it says. */
static enum lr_status read_collections(struct lr_build *build, struct lr_error *error)
{
    const uint64_t LONG_MS = 300000;

    lr_gc_pressure(build->model);
    if (build->model->run.duration_ms >= LONG_MS)
        build->model->run.full_gc_ms = lr_gc_last_full(&build->model->series);
    lr_build_whole_gcs(build);
    return LR_OK;
}

static enum lr_status group_threads(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            lr_threads_group(&model->pairs[i].sites[s].path.threads);
    for (size_t i = 0; i < model->site_count; i++)
        lr_threads_group(&model->sites[i].path.threads);
    return LR_OK;
}

static enum lr_status judge_process(struct lr_build *build, struct lr_error *error)
{
    return lr_judge_process(build->model, error);
}

enum lr_status lr_model_build(const struct lr_trace *trace, struct lr_symbolizer *symbolizer,
                              struct lr_model **model, struct lr_error *error)
{
    const struct lr_model_options options = {.suppressions = NULL};

    return lr_model_build_with(trace, symbolizer, &options, model, error);
}

enum lr_status lr_model_build_with(const struct lr_trace *trace, struct lr_symbolizer *symbolizer,
                                   const struct lr_model_options *options, struct lr_model **model,
                                   struct lr_error *error)
{
    enum lr_status (*const steps[])(struct lr_build *, struct lr_error *) = {
        fill_run,         lr_build_phase,        lr_build_series, read_collections,
        lr_build_tallies, lr_build_pairs,        lr_build_memory, lr_build_gone,
        lr_build_past,    lr_build_ledger,  lr_build_allocator,    group_threads,   lr_build_trends,
        find_suppressed,  judge_sites,           lr_build_completeness, judge_process,
        lr_build_projection};
    struct lr_build build = {.trace = trace, .symbolizer = symbolizer};
    enum lr_status status = LR_OK;

    *model = NULL;
    build.suppressions = options->suppressions ? options->suppressions : lr_suppressions_built_in();
    build.past = options->past;
    build.model = calloc(1, sizeof(*build.model));
    if (!build.model)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == LR_OK; i++)
        status = steps[i](&build, error);
    lr_tallies_free(&build);
    free(build.cleaned);
    free(build.owners);
    lr_threads_free(build.threads);
    if (status != LR_OK) {
        lr_model_free(build.model);
        return status;
    }
    *model = build.model;
    return LR_OK;
}
