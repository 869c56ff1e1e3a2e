/* emit_text.c -- the report for people: the line to fix first.
 *
 * Stage: EMIT.  Context: analyzer only.  Order: verdict, findings, completeness, what is expected
 * or was in use, totals, unjudged memory, facts of the run.  A section without content is left
 * out, so that a clean program gets a clean page.
 */
#include <inttypes.h>

#include "emit.h"
#include "emit_history.h"
#include "emit_ledger.h"
#include "emit_page.h"
#include "emit_path.h"
#include "emit_phase.h"
#include "emit_places.h"
#include "emit_sampling.h"
#include "emit_suppressions.h"
#include "units.h"

enum { DEFAULT_TOP = 10, DEFAULT_MAPPINGS = 5, THREADS_SHOWN = 4,
       EVIDENCE_SHOWN = 6 };

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

/* What is said below about pair sites, place by place, isn't said twice. */
static void put_evidence(struct text *text)
{
    const struct lr_model_texts *evidence = &text->model->verdict.evidence;
    size_t shown = 0, first = text->model->verdict.sites;

    for (size_t i = first; i < evidence->count && shown < EVIDENCE_SHOWN; i++, shown++)
        lr_page_text(&text->page, 0, 2, LR_INK_PLAIN, "- %s", evidence->items[i]);
    if (evidence->count > first + shown)
        lr_page_text(&text->page, 0, 2, LR_INK_DIM, "- %zu more (--format=json has them)",
                     evidence->count - first - shown);
}

static void put_leaked_bytes(struct text *text, const struct lr_model_pair_site *site)
{
    char whole[LR_UNIT_SIZE], creation[LR_UNIT_SIZE], later[LR_UNIT_SIZE];
    bool raw = text->options->raw_bytes;

    lr_unit_bytes(whole, site->bytes_at_creation + site->bytes_later, raw);
    lr_unit_bytes(creation, site->bytes_at_creation, raw);
    lr_unit_bytes(later, site->bytes_later, raw);
    if (site->bytes_later)
        lr_page_text(&text->page, 4, 6, LR_INK_PLAIN,
                     "%s of native memory held: %s taken at creation, %s later", whole, creation,
                     later);
    else if (site->bytes_at_creation)
        lr_page_text(&text->page, 4, 6, LR_INK_PLAIN,
                     "%s of native memory held, all of it since creation", whole);
}

static void put_leaked_count(struct text *text, const struct lr_model_pair *pair,
                             const struct lr_model_pair_site *site)
{
    char never[LR_UNIT_SIZE], acquired[LR_UNIT_SIZE], live[LR_UNIT_SIZE], cleaner[LR_UNIT_SIZE];
    uint64_t never_ended = lr_pair_site_never_ended(site);

    lr_unit_count(never, never_ended);
    lr_unit_count(acquired, site->acquired);
    lr_unit_count(live, site->live);
    lr_unit_count(cleaner, site->released_by_cleaner);
    if (site->released_by_cleaner)
        lr_page_text(&text->page, 4, 6, LR_INK_BOLD,
                     "%s of %s %s never ended: %s live, %s closed only by the Cleaner", never,
                     acquired, pair->name, live, cleaner);
    else
        lr_page_text(&text->page, 4, 6, LR_INK_BOLD, "%s of %s %s never ended", never, acquired,
                     pair->name);
}

/* "threads: main, pool-1-thread-1 (x12)": the names of one group differ only in digits. */
static void put_threads(struct text *text, const struct lr_model_threads *threads)
{
    char line[512];
    size_t length = 0, shown = 0;

    for (size_t i = 0; i < threads->count && i < THREADS_SHOWN; i++) {
        const struct lr_model_thread *thread = &threads->items[i];
        const char *full = *thread->name ? thread->name : "unknown";
        char name[61];

        lr_text_end_whole(name, sizeof(name), snprintf(name, sizeof(name), "%s", full));
        length += (size_t)snprintf(line + length, sizeof(line) - length, "%s%s",
                                   shown++ ? ", " : "", name);
        if (thread->alike > 1)
            length += (size_t)snprintf(line + length, sizeof(line) - length, " (x%" PRIu64 ")",
                                       thread->alike);
    }
    if (threads->count > shown)
        snprintf(line + length, sizeof(line) - length, ", %zu more", threads->count - shown);
    if (shown > 1 || (shown == 1 && *threads->items[0].name))
        lr_page_text(&text->page, 4, 6, LR_INK_PLAIN, "threads: %s", line);
}

static void put_finding(struct text *text, unsigned number, const struct lr_model_pair *pair,
                        const struct lr_model_pair_site *site)
{
    char label[16];

    snprintf(label, sizeof(label), "%2u. ", number);
    lr_page_blank(&text->page);
    lr_emit_culprit(&text->page, 0, LR_INK_RED, label, &site->path);
    lr_emit_callers(&text->page, &site->path, site->path.key_end);
    put_leaked_count(text, pair, site);
    put_leaked_bytes(text, site);
    lr_emit_growth(&text->page, site, text->options->raw_bytes);
    put_threads(text, &site->path.threads);
    if (site->path.java_lost)
        lr_page_text(&text->page, 4, 6, LR_INK_YELLOW,
                     "its Java frames could not be had: the native caller is shown");
    if (text->options->whole_stacks)
        lr_emit_whole_stack(&text->page, &site->path);
}

static void put_findings(struct text *text)
{
    const struct lr_model *model = text->model;
    unsigned number = 0;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == LR_CLASS_LEAK)
                put_finding(text, ++number, &model->pairs[i], &model->pairs[i].sites[s]);
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
    char live[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE];

    lr_emit_culprit(&text->page, 2, LR_INK_PLAIN, "", &site->path);
    lr_page_text(
        &text->page, 4, 6, LR_INK_PLAIN, "%s %s live, %s%s%s", lr_unit_count(live, site->live),
        pair->name,
        lr_unit_bytes(bytes, site->bytes_at_creation + site->bytes_later, text->options->raw_bytes),
        site->expected ? "; " : "", site->expected ? site->expected : "");
}

static void put_class(struct text *text, enum lr_site_class class, const char *heading)
{
    const struct lr_model *model = text->model;
    bool first = true;

    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class != class || lr_pair_site_never_ended(site) == 0)
                continue;
            if (first)
                put_heading(text, heading);
            first = false;
            put_harmless(text, &model->pairs[i], site);
        }
    }
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

enum lr_status lr_emit_text(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error)
{
    struct text text = {.page = {.out = out, .width = options->width, .color = options->color},
                        .model = model,
                        .options = options};
    unsigned top = options->top ? options->top : DEFAULT_TOP;
    unsigned mappings = options->top ? options->top : DEFAULT_MAPPINGS;

    put_verdict(&text);
    lr_emit_phase(&text.page, 0, "Counted: ", model);
    put_evidence(&text);
    put_findings(&text);
    put_completeness(&text);
    put_class(&text, LR_CLASS_EXPECTED, "Expected, not a leak");
    put_class(&text, LR_CLASS_TRANSIENT, "In use when the recording ended");
    lr_emit_suppressions(&text.page, model, options->raw_bytes);
    put_totals(&text);
    lr_emit_places(&text.page, model, false, top, options->raw_bytes);
    lr_emit_places(&text.page, model, true, mappings, options->raw_bytes);
    lr_emit_ledger(&text.page, model, options->raw_bytes);
    lr_emit_marks(&text.page, model);
    lr_emit_history(&text.page, model, options->raw_bytes);
    put_run(&text);
    return text.page.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
