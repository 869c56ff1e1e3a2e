/* judge_jvm.c -- what of the JVM's own grows, and what to do about it (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * One cause explains the others: a thread brings its stack's guard pages, handles and events along;
 * class loaders bring metadata, symbols and code.  So threads come first, then classes, then what
 * nothing explains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge_internal.h"
#include "jvm_memory.h"
#include "model_build.h"
#include "units.h"

/* Of mappings only those that nothing else tells of: the heap is bounded by -Xmx and committed as
 * it is needed, the code cache by its size, and stacks are threads. */
bool lr_jvm_site_counts(const struct lr_model_memory_site *site)
{
    if (site->kind != LR_MEMORY_MMAP)
        return true;
    switch (lr_jvm_area_of(&site->path)) {
    case LR_JVM_AREA_METASPACE:
    case LR_JVM_AREA_OTHER:
        return true;
    default:
        return false;
    }
}

static bool is_metadata(const struct lr_model_memory_site *site)
{
    return site && site->kind == LR_MEMORY_MMAP &&
           lr_jvm_area_of(&site->path) == LR_JVM_AREA_METASPACE;
}

static bool threads_grow(const struct lr_facts *facts)
{
    return facts->threads.kind == LR_TREND_GROWING && facts->threads.slope >= 1;
}

static bool classes_grow(const struct lr_facts *facts)
{
    return lr_growth_matters(&facts->metaspace) || is_metadata(facts->jvm_grows);
}

bool lr_jvm_grows(const struct lr_facts *facts)
{
    return facts->jvm_grows || classes_grow(facts) || threads_grow(facts);
}

static int say_memory(char **out, const struct lr_model_memory_site *site, const char *rest)
{
    char rate[LR_UNIT_SIZE], place[600];

    return asprintf(out, "the JVM's own %s grows by %s an hour in %s; %s.", lr_resource_name(site),
                    lr_unit_bytes(rate, lr_model_round(site->trend.slope), false),
                    lr_model_place_text(place, sizeof(place), &site->path), rest);
}

int lr_jvm_say(char **out, const struct lr_model *model, const struct lr_facts *facts)
{
    const char *rest = lr_nothing_leaks(model, true);
    char rate[LR_UNIT_SIZE];
    double metadata = facts->jvm_grows ? facts->jvm_grows->trend.slope : 0;

    if (lr_growth_matters(&facts->metaspace))
        metadata = facts->metaspace.slope;
    if (threads_grow(facts))
        return asprintf(out, "the number of Java threads grows by %s an hour; %s.",
                        lr_unit_count(rate, lr_model_round(facts->threads.slope)), rest);
    if (classes_grow(facts) || !facts->jvm_grows)
        return asprintf(out, "the JVM's class metadata grows by %s an hour; %s.",
                        lr_unit_bytes(rate, lr_model_round(metadata), false), rest);
    return say_memory(out, facts->jvm_grows, rest);
}

static bool starts_thread(const struct lr_model_path *path, size_t *at)
{
    static const char START[] = "java.lang.Thread.start";

    for (size_t i = 0; i < path->count; i++)
        if (path->frames[i].java &&
            strncmp(path->frames[i].function, START, sizeof(START) - 1) == 0)
            *at = i;
        else if (*at < path->count && path->frames[i].user)
            return *at = i, true;
    return false;
}

/* Who starts those threads: by what the JVM allocates for each; the fastest.  NULL: unknown. */
static const struct lr_model_frame *starter(const struct lr_model *model)
{
    const struct lr_model_frame *frame = NULL;
    double most = 0;

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];
        size_t at = SIZE_MAX;

        if (site->jvm && site->count_trend.kind == LR_TREND_GROWING &&
            site->trend.slope > most && starts_thread(&site->path, &at)) {
            frame = &site->path.frames[at];
            most = site->trend.slope;
        }
    }
    return frame;
}

int lr_jvm_advise(char **out, const struct lr_model *model, const struct lr_facts *facts)
{
    const struct lr_model_frame *frame = starter(model);
    char place[600] = "", started[640] = "";

    if (frame && lr_model_frame_text(place, sizeof(place), frame))
        snprintf(started, sizeof(started), " that %s starts", place);
    if (threads_grow(facts))
        return asprintf(out, "end the threads%s, or take them from a pool (jcmd %u Thread.print "
                             "shows what they wait for).",
                        started, model->run.pid);
    if (classes_grow(facts))
        return asprintf(out, "look for class loaders that are never released (jcmd %u "
                             "VM.classloader_stats); -XX:MaxMetaspaceSize bounds them.",
                        model->run.pid);
    return asprintf(out, "start it with -XX:NativeMemoryTracking=summary and compare (jcmd %u "
                         "VM.native_memory).",
                    model->run.pid);
}
