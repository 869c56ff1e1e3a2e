/* judge_unknown.c -- what a recording does not tell, why, and what would settle it
 * (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 *   blind          the tracer saw nothing
 *   incomplete     what is missing may leak; who filled the room up is named, with what is known
 *   undecided      much plain memory is live: too short a recording, too noisy, or not followed
 *   nothing judged a native program without streams and history
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge_internal.h"
#include "model_build.h"
#include "units.h"

bool lr_recording_is_short(const struct lr_model *model)
{
    return (double)model->run.duration_ms < LR_TREND_MIN_SECONDS * 1000;
}

const char *lr_nothing_leaks(const struct lr_model *model, bool native)
{
    if (model->completeness.verdict != LR_COMPLETE)
        return "whether something leaks, an incomplete recording does not tell";
    return native ? "no native leak was found" : "no leak was found";
}

const char *lr_least_known(char *out, size_t size, const struct lr_model_memory_site *site)
{
    char place[600], bytes[LR_UNIT_SIZE], blocks[LR_UNIT_SIZE], lost[LR_UNIT_SIZE];
    bool mapped = site->kind == LR_MEMORY_MMAP;

    snprintf(out, size,
             "%s holds at least %s in %s %s, and %s more that it %s found no room in the recording",
             lr_model_place_text(place, sizeof(place), &site->path),
             lr_unit_bytes(bytes, lr_model_round(site->live_bytes.value), false),
             lr_unit_count(blocks, lr_model_round(site->live_count.value)),
             mapped ? "mappings" : "blocks", lr_unit_count(lost, site->lost),
             mapped ? "mapped" : "allocated");
    return out;
}

static int say_incomplete(char **out, const struct lr_facts *facts)
{
    char known[900];

    if (facts->full)
        return asprintf(out, "%s; whether it leaks, what was recorded does not tell.",
                        lr_least_known(known, sizeof(known), facts->full));
    return asprintf(out, "the recording is incomplete, and what is missing may be a leak.");
}

static const char *why_open(char *out, size_t size, const struct lr_model *model,
                            const struct lr_model_memory_site *site)
{
    if (lr_recording_is_short(model))
        return "the recording is too short to tell";
    return site->followed ? lr_trend_say(out, size, &site->trend) : "it has no history of its own";
}

static int say_undecided(char **out, const struct lr_model *model, const struct lr_facts *facts)
{
    char bytes[LR_UNIT_SIZE], most[LR_UNIT_SIZE], place[600], why[160];

    return asprintf(out,
                    "no stream leaks, but %s of plain memory are live, and the recording does not "
                    "tell whether they grow; most of it (%s) in %s: %s.",
                    lr_unit_bytes(bytes, lr_model_round(facts->undecided), false),
                    lr_unit_bytes(most, lr_model_round(facts->open->live_bytes.value), false),
                    lr_model_place_text(place, sizeof(place), &facts->open->path),
                    why_open(why, sizeof(why), model, facts->open));
}

int lr_unknown_say(char **out, const struct lr_model *model, const struct lr_facts *facts)
{
    if (model->completeness.verdict == LR_BLIND)
        return asprintf(out, "the tracer did not see this program's allocations.");
    if (model->completeness.verdict != LR_COMPLETE)
        return say_incomplete(out, facts);
    if (facts->open && facts->undecided >= LR_MATTERS_UNDECIDED)
        return say_undecided(out, model, facts);
    return asprintf(out, "%s",
                    lr_recording_is_short(model)
                        ? "no stream was acquired, and the recording is too short to judge plain "
                          "memory."
                        : "no stream was acquired, and how plain memory went is not known.");
}

/* Four times as large, and 256 MiB at least. */
int lr_incomplete_advise(char **out, const struct lr_model *model)
{
    uint64_t mib = model->run.trace_bytes >> 18;

    return asprintf(out,
                    "record again, with a larger file (LEAKRING=size=%" PRIu64 "M)%s; what was "
                    "lost is listed below.",
                    mib > 256 ? mib : 256,
                    strstr(model->run.config, "budget=off")
                        ? ", or without budget=off, so that blocks are sampled when room is short"
                        : " if room was short");
}

/* The error of a slope shrinks with the recording's length to the power of 3/2. */
int lr_unknown_advise(char **out, const struct lr_model *model)
{
    const uint64_t ENOUGH_MS = 600000;
    char twice[LR_UNIT_SIZE];

    if (model->completeness.verdict == LR_BLIND && *model->run.ahead &&
        strcmp(model->run.ahead, model->run.exe) == 0)
        return asprintf(out, "record a build of it that links its allocator as a shared library, "
                             "or none: the one in it answers before the tracer.");
    if (model->completeness.verdict == LR_BLIND && *model->run.ahead)
        return asprintf(out, "put libleakring.so before %s in LD_PRELOAD.", model->run.ahead);
    if (model->completeness.verdict == LR_BLIND)
        return asprintf(out, "let no other library come before libleakring.so in LD_PRELOAD; "
                             "`leakring doctor PID` says which one does.");
    if (model->completeness.verdict != LR_COMPLETE)
        return lr_incomplete_advise(out, model);
    if (model->run.duration_ms < ENOUGH_MS)
        return asprintf(out, "record for 10 minutes at least, better for hours, under the usual "
                             "load.");
    return asprintf(out,
                    "record for longer, %s at least, under the usual load: twice as long tells "
                    "growth a third as fast.",
                    lr_unit_duration(twice, 2 * model->run.duration_ms));
}
