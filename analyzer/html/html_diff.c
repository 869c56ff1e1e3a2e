/* html_diff.c -- html_diff.h.  Stage: EMIT.  Context: analyzer only.
 *
 * A figure is the new run's, and behind it what is more or less, with its interval unless both are
 * exact.
 */
#include "html_diff.h"

#include <math.h>
#include <string.h>

#include "emit_diff_words.h"
#include "emit_phase.h"
#include "units.h"

enum { CALLERS_IN_ROW = 2 };

void lr_html_diff_verdict(FILE *out, const struct lr_diff *diff, const char *element)
{
    char sentence[LR_DIFF_WORDS_SIZE];

    fprintf(out,
            "<%s class=\"sentence %s\"><span class=\"word\">%s</span><span class=\"colon\">: "
            "</span>%s%s</%s>\n",
            element, lr_diff_verdict_name(diff->verdict), lr_diff_heading(diff->verdict),
            strcmp(element, "h1") == 0 ? "" : "compared with the baseline: ",
            lr_diff_sentence(sentence, diff), element);
}

static void put_run(FILE *out, const char *which, const struct lr_model *model)
{
    char duration[LR_UNIT_SIZE], phase[LR_PHASE_SIZE];

    fprintf(out, "<dt>%s</dt><dd><bdi>", which);
    lr_html_text(out, model->run.path);
    fprintf(out, "</bdi>: %s, %s", lr_unit_duration(duration, model->run.duration_ms),
            lr_completeness_name(model->completeness.verdict));
    if (*lr_phase_text(phase, model)) {
        fputs("; ", out);
        lr_html_text(out, phase);
    }
    fputs("</dd>\n", out);
}

static void put_amount(FILE *out, double value, bool bytes)
{
    char text[LR_UNIT_SIZE];
    double size = fabs(value);

    if (!bytes && size < 10 && size != floor(size))
        fprintf(out, "%.1f", size);
    else
        fputs(bytes ? lr_unit_bytes(text, lr_model_round(size), false)
                    : lr_unit_count(text, lr_model_round(size)),
              out);
}

/* A real minus, so that it isn't taken for a dash. */
static void put_signed(FILE *out, double value, bool bytes)
{
    fputs(value < 0 ? "\xe2\x88\x92" : "+", out);
    put_amount(out, value, bytes);
}

static void put_figure(FILE *out, const struct lr_diff_figure *figure, bool bytes)
{
    const struct lr_estimate *delta = &figure->delta;

    fputs("<td class=\"n\">", out);
    put_amount(out, figure->new.value, bytes);
    fputs("</td><td class=\"n\">", out);
    put_signed(out, delta->value, bytes);
    if (delta->low < delta->high) {
        fputs(" <span class=\"range\">(", out);
        put_signed(out, delta->low, bytes);
        fputs(" to ", out);
        put_signed(out, delta->high, bytes);
        fputs(")</span>", out);
    }
    fputs("</td>", out);
}

/* What decided, if it wasn't the total. */
static void put_rate(FILE *out, const struct lr_diff *diff, const struct lr_diff_site *site)
{
    const struct lr_diff_figure *rate = site->pair ? &site->count_rate : &site->bytes_rate;

    fputs("<td class=\"n\">", out);
    if (site->basis == LR_DIFF_BY_RATE || !diff->alike_long) {
        put_signed(out, rate->delta.value, !site->pair);
        fputs("/h", out);
        if (rate->delta.low < rate->delta.high) {
            fputs(" <span class=\"range\">(", out);
            put_signed(out, rate->delta.low, !site->pair);
            fputs(" to ", out);
            put_signed(out, rate->delta.high, !site->pair);
            fputs(")</span>", out);
        }
    }
    fputs("</td>", out);
}

static void put_site(FILE *out, const struct lr_diff *diff, size_t index, bool counted,
                     const struct lr_html_limits *limits)
{
    const struct lr_diff_site *site = &diff->items[index];
    char id[32];

    snprintf(id, sizeof(id), "change-%zu", index + 1);
    fprintf(out, "<tr id=\"%s\"><td><span class=\"state %s\">%s</span>%s</td><td>", id,
            lr_diff_state_name(site->state), lr_diff_state_name(site->state),
            counted ? "" : " <small>not counted</small>");
    lr_html_link(out, id, "this place");
    lr_html_culprit(out, site->path, CALLERS_IN_ROW);
    lr_html_stack(out, site->path, limits->frames);
    fputs("</td><td><bdi>", out);
    lr_html_text(out, site->resource);
    fprintf(out, "</bdi>%s</td>", site->pair ? " never ended" : "");
    put_figure(out, &site->count, false);
    put_figure(out, &site->bytes, true);
    put_rate(out, diff, site);
    fputs("</tr>\n", out);
}

/* The JVM's own memory changes by chance: a line says how much. */
static void put_jvm(FILE *out, const struct lr_diff *diff)
{
    double old, new;
    size_t places = lr_diff_jvm(diff, &old, &new);

    if (places == 0)
        return;
    fputs("<p>The JVM's own memory, not counted: ", out);
    put_amount(out, new, true);
    fputs(" (", out);
    put_signed(out, new - old, true);
    fprintf(out, ") at %zu places; how much its compilers use just then is chance.</p>\n", places);
}

static bool is_shown(const struct lr_diff *diff, size_t index)
{
    const struct lr_diff_site *site = &diff->items[index];

    return site->state != LR_DIFF_EQUAL && (index < diff->counted || !site->jvm);
}

static void put_table(FILE *out, const struct lr_diff *diff, const struct lr_html_limits *limits)
{
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < diff->count; i++) {
        if (!is_shown(diff, i))
            continue;
        if (shown == limits->changes) {
            more++;
            continue;
        }
        if (shown++ == 0)
            fputs("<div class=\"wide\"><table id=\"changes\" cellpadding=\"4\"><caption>What is "
                  "new, grown, gone or "
                  "shrunk, the worst first</caption><thead><tr><th>change</th><th>where</th>"
                  "<th>of</th><th class=\"n\">now</th><th class=\"n\">change</th>"
                  "<th class=\"n\">bytes now</th><th class=\"n\">change</th>"
                  "<th class=\"n\">growth</th></tr></thead><tbody>\n",
                  out);
        put_site(out, diff, i, i < diff->counted, limits);
    }
    fputs(shown ? "</tbody></table></div>\n" : "<p>Nothing changed.</p>\n", out);
    if (more)
        fprintf(out,
                "<p>%zu more are not shown here; <code>leakring diff --format=json</code> has "
                "them.</p>\n",
                more);
}

void lr_html_diff(FILE *out, const struct lr_diff *diff, const struct lr_html_limits *limits)
{
    char words[LR_DIFF_WORDS_SIZE];

    lr_html_heading(out, "difference", "What changed since the baseline");
    fputs("<dl>\n", out);
    put_run(out, "baseline", diff->old);
    put_run(out, "this run", diff->new);
    fprintf(out, "<dt>compared</dt><dd>%s</dd></dl>\n", lr_diff_basis_text(words, diff, false));
    put_table(out, diff, limits);
    put_jvm(out, diff);
    fputs("</section>\n", out);
}
