/* emit_diff_text.c -- the difference for people: what got worse first, by the line to fix.
 *
 * Stage: EMIT.  Context: analyzer only.  Figures are written as jcmd's native memory tracking
 * does: the new run's, and behind it what is more or less; # before numbers.
 */
#include <math.h>

#include "culprit.h"
#include "emit_diff.h"
#include "emit_diff_words.h"
#include "emit_page.h"
#include "emit_path.h"
#include "emit_phase.h"
#include "units.h"

enum { DEFAULT_TOP = 10, CELL = LR_UNIT_SIZE + 4 };

struct text {
    struct lr_page page;
    const struct lr_diff *diff;
    const struct lr_emit_options *options;
};

static char sign_of(double value)
{
    return value < 0 ? '-' : '+';
}

static const char *signed_bytes(const struct text *text, char *cell, double value)
{
    char bytes[LR_UNIT_SIZE];

    lr_unit_bytes(bytes, lr_model_round(fabs(value)), text->options->raw_bytes);
    snprintf(cell, CELL, "%c%s", sign_of(value), bytes);
    return cell;
}

/* Rates are fractions when a run was long and lost little. */
static const char *signed_count(char *cell, double value)
{
    char count[LR_UNIT_SIZE];

    if (fabs(value) < 10 && value != floor(value))
        snprintf(count, sizeof(count), "%.1f", fabs(value));
    else
        lr_unit_count(count, lr_model_round(fabs(value)));
    snprintf(cell, CELL, "%c%s", sign_of(value), count);
    return cell;
}

static const char *new_bytes(const struct text *text, char *cell, double value)
{
    return lr_unit_bytes(cell, lr_model_round(value), text->options->raw_bytes);
}

static const char *new_count(char *cell, double value)
{
    char count[LR_UNIT_SIZE];

    snprintf(cell, CELL, "#%s", lr_unit_count(count, lr_model_round(value)));
    return cell;
}

static void put_verdict(struct text *text)
{
    static const enum lr_ink inks[] = {
        [LR_DIFF_SAME] = LR_INK_GREEN,
        [LR_DIFF_REGRESSION] = LR_INK_RED,
        [LR_DIFF_IMPROVEMENT] = LR_INK_GREEN,
        [LR_DIFF_CANNOT_TELL] = LR_INK_YELLOW,
    };
    enum lr_diff_verdict verdict = text->diff->verdict;
    char sentence[LR_DIFF_WORDS_SIZE];

    lr_page_text(&text->page, 0, 2, inks[verdict], "%s: %s", lr_diff_heading(verdict),
                 lr_diff_sentence(sentence, text->diff));
}

static void put_run(struct text *text, const char *label, const struct lr_model *model)
{
    static const char *const endings[] = {
        [LR_RUN_EXIT] = "exited",
        [LR_RUN_EXEC] = "became another program",
        [LR_RUN_KILLED] = "was killed",
        [LR_RUN_RUNNING] = "still runs",
    };
    const struct lr_model_completeness *complete = &model->completeness;
    bool whole = complete->verdict == LR_COMPLETE;
    char duration[LR_UNIT_SIZE];

    lr_page_text(&text->page, 2, 7, whole ? LR_INK_PLAIN : LR_INK_YELLOW,
                 "%s  %s: %s, then %s; %s%s", label, model->run.path,
                 lr_unit_duration(duration, model->run.duration_ms), endings[model->run.ended],
                 whole ? complete->exact ? "complete, exact" : "complete, sampled"
                       : lr_completeness_name(complete->verdict),
                 whole ? "" : " (leakring report says what is missing)");
    lr_emit_phase(&text->page, 7, "", model);
}

static void put_basis(struct text *text)
{
    char words[LR_DIFF_WORDS_SIZE];

    lr_page_text(&text->page, 2, 4, LR_INK_PLAIN, "compared: %s",
                 lr_diff_basis_text(words, text->diff, text->options->raw_bytes));
}

static void put_per_hour(struct text *text, const struct lr_diff_site *site)
{
    char cells[4][CELL];
    const struct lr_diff_figure *bytes = &site->bytes_rate, *count = &site->count_rate;

    if (site->basis == LR_DIFF_BY_TOTAL && text->diff->alike_long)
        return;
    lr_page_line(&text->page, 4, LR_INK_PLAIN, "%-8s %10s %10s %12s %12s  per hour%s", "",
                 new_count(cells[0], count->new.value), signed_count(cells[1], count->delta.value),
                 new_bytes(text, cells[2], fabs(bytes->new.value)),
                 signed_bytes(text, cells[3], bytes->delta.value),
                 site->state == LR_DIFF_UNCLEAR ? ": the other way round" : "");
}

static void put_range(struct text *text, const struct lr_diff_site *site)
{
    const struct lr_estimate *delta = &site->bytes.delta;
    char low[CELL], high[CELL];

    if (delta->low < delta->high)
        lr_page_line(&text->page, 13, LR_INK_PLAIN, "the change is %s to %s (95 %%)",
                     signed_bytes(text, low, delta->low), signed_bytes(text, high, delta->high));
}

static void put_row(struct text *text, const struct lr_diff_site *site)
{
    char cells[4][CELL];

    lr_page_line(&text->page, 4, LR_INK_BOLD, "%-8s %10s %10s %12s %12s  %s%s",
                 lr_diff_state_name(site->state), new_count(cells[0], site->count.new.value),
                 signed_count(cells[1], site->count.delta.value),
                 new_bytes(text, cells[2], site->bytes.new.value),
                 signed_bytes(text, cells[3], site->bytes.delta.value), site->resource,
                 site->pair ? " never ended" : "");
    put_range(text, site);
    put_per_hour(text, site);
}

static void put_place(struct text *text, unsigned number, const struct lr_diff_site *site,
                      enum lr_ink ink)
{
    char label[16];

    snprintf(label, sizeof(label), "%2u. ", number);
    lr_emit_culprit(&text->page, 0, ink, label, site->path);
    lr_emit_callers(&text->page, site->path, lr_culprit_key_end(site->path));
    put_row(text, site);
    if (text->options->whole_stacks)
        lr_emit_whole_stack(&text->page, site->path);
}

static bool is_in(const struct lr_diff_site *site, unsigned states)
{
    return (states >> site->state & 1) != 0;
}

/* The places before `end` (from `first` on) in one of these states (a bit each). */
static void put_part(struct text *text, const char *heading, size_t first, size_t end,
                     unsigned states, enum lr_ink ink)
{
    unsigned top = text->options->top ? text->options->top : DEFAULT_TOP, shown = 0, more = 0;

    for (size_t i = first; i < end; i++) {
        const struct lr_diff_site *site = &text->diff->items[i];

        if (!is_in(site, states))
            continue;
        if (shown == top) {
            more++;
            continue;
        }
        if (shown == 0) {
            lr_page_blank(&text->page);
            lr_page_text(&text->page, 0, 2, LR_INK_BOLD, "%s", heading);
        }
        put_place(text, ++shown, site, ink);
    }
    if (more > 0)
        lr_page_line(&text->page, 2, LR_INK_DIM, "%u more (--top %u lists them)", more,
                     shown + more);
}

/* What the JVM takes for itself, in one line. */
static void put_jvm(struct text *text)
{
    double old, new;
    size_t places = lr_diff_jvm(text->diff, &old, &new);
    char now[CELL], change[CELL], number[LR_UNIT_SIZE];

    if (places == 0)
        return;
    lr_page_blank(&text->page);
    lr_page_text(&text->page, 0, 2, LR_INK_PLAIN,
                 "The JVM's own memory, not counted: %s %s at %s places; how much its compilers "
                 "use just then is chance",
                 new_bytes(text, now, new), signed_bytes(text, change, new - old),
                 lr_unit_count(number, places));
}

/* Only what isn't the JVM's: its mappings are its heap. */
static void put_uncounted(struct text *text)
{
    const struct lr_diff *diff = text->diff;
    unsigned top = text->options->top ? text->options->top : DEFAULT_TOP, shown = 0;

    for (size_t i = diff->counted; i < diff->count && shown < top; i++) {
        const struct lr_diff_site *site = &diff->items[i];

        if (site->jvm || site->state == LR_DIFF_EQUAL)
            continue;
        if (shown == 0) {
            lr_page_blank(&text->page);
            lr_page_text(&text->page, 0, 2, LR_INK_BOLD,
                         "Changed, not counted: expected populations, mapped address space");
        }
        put_place(text, ++shown, site, LR_INK_PLAIN);
    }
}

enum lr_status lr_emit_diff_text(FILE *out, const struct lr_diff *diff,
                                 const struct lr_emit_options *options, struct lr_error *error)
{
    struct text text = {.page = {.out = out, .width = options->width, .color = options->color},
                        .diff = diff,
                        .options = options};
    unsigned more = 1u << LR_DIFF_NEW | 1u << LR_DIFF_GROWN;
    unsigned less = 1u << LR_DIFF_SHRUNK | 1u << LR_DIFF_GONE;

    put_verdict(&text);
    put_run(&text, "old", diff->old);
    put_run(&text, "new", diff->new);
    put_basis(&text);
    put_part(&text, "New and grown (now, change; bytes, change)", 0, diff->counted, more,
             LR_INK_RED);
    put_part(&text, "More or less, depending on how one counts", 0, diff->counted,
             1u << LR_DIFF_UNCLEAR, LR_INK_YELLOW);
    put_part(&text, "Gone and shrunk (now, change; bytes, change)", 0, diff->counted, less,
             LR_INK_GREEN);
    put_uncounted(&text);
    put_jvm(&text);
    return text.page.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
