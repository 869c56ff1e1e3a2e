/* emit_text.c -- the report for people: the line to fix first.
 *
 * Stage: EMIT.  Context: analyzer only.  Order: verdict, findings, completeness, what is expected
 * or was in use, totals, unjudged memory, facts of the run.  A section without content is left
 * out, so that a clean program gets a clean page.
 */
#include <inttypes.h>
#include <string.h>

#include "emit.h"
#include "emit_findings.h"
#include "emit_history.h"
#include "emit_ledger.h"
#include "emit_page.h"
#include "emit_path.h"
#include "emit_phase.h"
#include "emit_places.h"
#include "emit_sampling.h"
#include "emit_site.h"
#include "emit_suppressions.h"
#include "site_id.h"
#include "units.h"

enum { DEFAULT_TOP = 10, DEFAULT_MAPPINGS = 5, EVIDENCE_SHOWN = 6 };

struct text {
    struct lr_page page;
    const struct lr_model *model;
    const struct lr_emit_options *options;
};

static void put_heading(struct text *text, const char *heading)
{
    lr_page_blank(&text->page);
    lr_page_text(&text->page, 0, 2, LR_INK_BOLD, "%s", heading);
}

static void put_verdict(struct text *text)
{
    const struct lr_model_verdict *verdict = &text->model->verdict;
    enum lr_ink ink = verdict->kind == LR_VERDICT_NONE   ? LR_INK_GREEN
                      : verdict->kind == LR_VERDICT_LEAK ? LR_INK_RED
                                                         : LR_INK_YELLOW;
    char projection[LR_PROJECTION_SIZE];

    lr_page_text(&text->page, 0, 2, ink, "%s: %s", lr_verdict_heading(verdict->kind),
                 verdict->summary);
    if (*lr_projection_text(projection, &text->model->projection, text->options->raw_bytes))
        lr_page_text(&text->page, 0, 2, LR_INK_PLAIN, "%s", projection);
    if (verdict->next)
        lr_page_text(&text->page, 0, 2, LR_INK_PLAIN, "Next: %s", verdict->next);
}

/* What the verdict says, or the places below, isn't said twice. */
static bool is_said_elsewhere(const struct lr_model_verdict *verdict, size_t line)
{
    const char *text = verdict->evidence.items[line];

    return strncmp(verdict->summary, text, strlen(text)) == 0 || line < verdict->sites ||
           (line >= verdict->growing_at && line - verdict->growing_at < verdict->growing);
}

static void put_evidence(struct text *text)
{
    const struct lr_model_verdict *verdict = &text->model->verdict;
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < verdict->evidence.count; i++) {
        if (is_said_elsewhere(verdict, i))
            continue;
        if (shown < EVIDENCE_SHOWN)
            lr_page_text(&text->page, 0, 2, LR_INK_PLAIN, "- %s", verdict->evidence.items[i]);
        *(shown < EVIDENCE_SHOWN ? &shown : &more) += 1;
    }
    if (more)
        lr_page_text(&text->page, 0, 2, LR_INK_DIM, "- %zu more (--format=json has them)", more);
}

static void put_completeness(struct text *text)
{
    static const char *const sentences[] = {
        [LR_COMPLETE] = "complete: nothing was lost",
        [LR_INCOMPLETE] = "INCOMPLETE: what is missing is not in the figures above",
        [LR_BLIND] = "BLIND: the tracer saw none of this program's allocations",
    };
    const struct lr_model_completeness *complete = &text->model->completeness;
    char count[LR_UNIT_SIZE];

    put_heading(text, "Recording");
    lr_page_text(&text->page, 2, 4, complete->verdict == LR_COMPLETE ? LR_INK_PLAIN : LR_INK_YELLOW,
                 "%s%s", sentences[complete->verdict],
                 complete->verdict == LR_BLIND ? ""
                 : complete->exact             ? "; exact (every event counted)"
                                               : "; sampled (figures are estimates)");
    for (size_t i = 0; i < complete->loss_count; i++)
        lr_page_text(&text->page, 2, 4, LR_INK_YELLOW, "- lost: %s %s (%s)",
                     lr_unit_count(count, complete->losses[i].value), complete->losses[i].text,
                     complete->losses[i].name);
    for (size_t i = 0; i < complete->notes.count; i++)
        lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "- %s", complete->notes.items[i]);
    lr_emit_sampling(&text->page, complete);
}

static void put_harmless(struct text *text, const struct lr_model_pair *pair,
                         const struct lr_model_pair_site *site)
{
    char live[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE], id[LR_SITE_ID_SIZE];

    lr_emit_culprit(&text->page, 2, LR_INK_PLAIN, "", &site->path);
    lr_page_text(&text->page, 4, 6, LR_INK_PLAIN, "%s %s live, %s; site %s%s%s",
                 lr_unit_count(live, site->live), pair->name,
                 lr_unit_bytes(bytes, site->bytes_at_creation + site->bytes_later,
                               text->options->raw_bytes),
                 lr_pair_site_id(id, pair, site), site->expected ? "; " : "",
                 site->expected ? site->expected : "");
}

static void put_class(struct text *text, enum lr_site_class class, const char *heading)
{
    const struct lr_model *model = text->model;
    unsigned most = text->options->top ? text->options->top : DEFAULT_TOP, number = 0;

    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class != class || lr_pair_site_never_ended(site) == 0 ||
                !lr_choice_has_pair_site(&text->options->choice, &model->pairs[i], site))
                continue;
            if (number++ == 0)
                put_heading(text, heading);
            if (number <= most)
                put_harmless(text, &model->pairs[i], site);
        }
    }
    if (number > most)
        lr_page_line(&text->page, 2, LR_INK_DIM, "and %u more places (--top=%u lists them)",
                     number - most, number);
}

static void put_totals(struct text *text)
{
    const struct lr_model *model = text->model;
    char cells[5][LR_UNIT_SIZE];

    if (model->pair_count == 0)
        return;
    lr_page_blank(&text->page);
    lr_page_line(&text->page, 0, LR_INK_BOLD, "%-26s %9s %9s %10s %8s %9s", "Pairs", "acquired",
                 "ended", "by Cleaner", "live", "memory");
    for (size_t i = 0; i < model->pair_count; i++) {
        const struct lr_model_pair *pair = &model->pairs[i];
        uint64_t explicitly = pair->released - pair->released_by_cleaner;

        if (!lr_choice_has_pair(&text->options->choice, pair))
            continue;
        lr_page_line(&text->page, 2, LR_INK_PLAIN, "%-24s %9s %9s %10s %8s %9s", pair->name,
                     lr_unit_count(cells[0], pair->acquired), lr_unit_count(cells[1], explicitly),
                     lr_unit_count(cells[2], pair->released_by_cleaner),
                     lr_unit_count(cells[3], pair->live),
                     lr_unit_bytes(cells[4], pair->live_bytes, text->options->raw_bytes));
    }
}

static void put_java(struct text *text)
{
    const struct lr_model_run *run = &text->model->run;
    char count[LR_UNIT_SIZE];

    if (run->java)
        lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "%s %s, %s, %s GC, %s collection%s seen",
                     run->java_vm[0] ? run->java_vm : "Java", run->java_version,
                     run->java_vendor[0] ? run->java_vendor : "vendor unknown",
                     run->java_gc[0] ? run->java_gc : "unknown",
                     lr_unit_count(count, run->collections), run->collections == 1 ? "" : "s");
}

static void put_run(struct text *text)
{
    static const char *const endings[] = {
        [LR_RUN_EXIT] = "then exited",
        [LR_RUN_EXEC] = "then became another program by exec",
        [LR_RUN_KILLED] = "then was killed",
        [LR_RUN_RUNNING] = "and still runs",
    };
    const struct lr_model_run *run = &text->model->run;
    char start[LR_UNIT_SIZE], duration[LR_UNIT_SIZE];

    put_heading(text, "Run");
    lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "%s", run->cmdline[0] ? run->cmdline : run->exe);
    lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "pid %" PRIu32 " on %s, from %s for %s, %s",
                 run->pid, run->host[0] ? run->host : "an unknown host",
                 lr_unit_time(start, run->start_unix_ns),
                 lr_unit_duration(duration, run->duration_ms), endings[run->ended]);
    put_java(text);
    lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "trace %s", run->path);
}

static void put_memory(struct text *text)
{
    unsigned top = text->options->top;

    lr_emit_places(&text->page, text->model, false, top ? top : DEFAULT_TOP, text->options);
    lr_emit_places(&text->page, text->model, true, top ? top : DEFAULT_MAPPINGS, text->options);
}

static void put_report(struct text *text)
{
    const struct lr_model *model = text->model;
    bool raw_bytes = text->options->raw_bytes;

    put_verdict(text);
    lr_emit_phase(&text->page, 0, "Counted: ", model);
    put_evidence(text);
    lr_emit_choice(&text->page, model, &text->options->choice, raw_bytes);
    lr_emit_findings(&text->page, model, text->options);
    put_completeness(text);
    put_class(text, LR_CLASS_EXPECTED, "Expected, not a leak");
    put_class(text, LR_CLASS_TRANSIENT, "In use when the recording ended");
    lr_emit_suppressions(&text->page, model, raw_bytes);
    put_totals(text);
    put_memory(text);
    lr_emit_ledger(&text->page, model, raw_bytes);
    lr_emit_marks(&text->page, model);
    lr_emit_history(&text->page, model, raw_bytes);
    put_run(text);
}

enum lr_status lr_emit_text(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error)
{
    struct text text = {.page = {.out = out, .width = options->width, .color = options->color},
                        .model = model,
                        .options = options};
    enum lr_status status = lr_choice_check(&options->choice, model, error);

    if (status != LR_OK)
        return status;
    if (options->choice.site)
        return lr_emit_site(&text.page, model, options, error);
    put_report(&text);
    return text.page.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
