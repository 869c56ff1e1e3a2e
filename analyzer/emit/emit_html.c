/* emit_html.c -- the report as one page of HTML: verdict first, everything readable without
 * scripts.
 *
 * Stage: EMIT.  Context: analyzer only.  Top to bottom: verdict, lines to fix, memory over time,
 * pairs, ledger, flame graph (scripts only), sites, completeness, run.  What would make the page
 * too large is left out, and the page says how much.
 */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

#include "emit_history.h"
#include "emit_phase.h"
#include "emit_sampling.h"
#include "html.h"
#include "html_chart.h"
#include "html_data.h"
#include "html_sites.h"
#include "html_web.h"
#include "units.h"

struct html {
    FILE *out;
    const struct lr_model *model;
};

static void put_texts(FILE *out, const char *class, const struct lr_model_texts *texts)
{
    if (texts->count == 0)
        return;
    fprintf(out, "<ul class=\"%s\">", class);
    for (size_t i = 0; i < texts->count; i++) {
        fputs("<li>", out);
        lr_html_text(out, texts->items[i]);
        fputs("</li>", out);
    }
    fputs("</ul>", out);
}

static void put_paragraph(FILE *out, const char *class, const char *text)
{
    fprintf(out, "<p class=\"%s\">", class);
    lr_html_text(out, text);
    fputs("</p>\n", out);
}

/* The policy keeps the page from the network whatever a name in it might do. */
static void put_head(struct html *html)
{
    FILE *out = html->out;

    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
          "form-action 'none'\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
          out);
    fputs(lr_verdict_heading(html->model->verdict.kind), out);
    fputs(" \xe2\x80\x93 ", out);
    lr_html_text(out, html->model->run.exe);
    fputs(" \xe2\x80\x93 leakring</title>\n<style>\n", out);
    lr_web_write(out, &lr_web_style);
    fputs("</style></head>\n<body>\n", out);
}

static const char *bare_command(const struct lr_model_run *run)
{
    return run->cmdline[0] ? run->cmdline : run->exe;
}

static void put_verdict(struct html *html)
{
    const struct lr_model *model = html->model;
    const struct lr_model_verdict *verdict = &model->verdict;
    char projection[LR_PROJECTION_SIZE], phase[LR_PHASE_SIZE];
    FILE *out = html->out;

    fprintf(out, "<header class=\"verdict %s\" id=\"verdict\">\n<p class=\"command\"><code>",
            lr_verdict_name(verdict->kind));
    lr_html_text(out, bare_command(&model->run));
    fprintf(out, "</code></p>\n<h1><span class=\"word\">%s</span> ",
            lr_verdict_heading(verdict->kind));
    lr_html_text(out, verdict->summary);
    fputs("</h1>\n", out);
    if (*lr_projection_text(projection, &model->projection, false))
        put_paragraph(out, "projection", projection);
    if (*lr_phase_text(phase, model)) {
        fputs("<p class=\"phase\">Counted: ", out);
        lr_html_text(out, phase);
        fputs("</p>\n", out);
    }
    if (verdict->next) {
        fputs("<p class=\"next\"><strong>Next:</strong> ", out);
        lr_html_text(out, verdict->next);
        fputs("</p>\n", out);
    }
    if (model->completeness.verdict != LR_COMPLETE)
        fprintf(out,
                "<p class=\"warning\">The recording is <strong>%s</strong>: "
                "<a href=\"#completeness\">what is missing</a>.</p>\n",
                lr_completeness_name(model->completeness.verdict));
    put_texts(out, "evidence", &verdict->evidence);
    fputs("</header>\n", out);
}

static void put_navigation(struct html *html)
{
    fputs("<nav aria-label=\"Parts of this report\"><a href=\"#culprits\">Lines to fix</a> "
          "<a href=\"#time\">Over time</a> <a href=\"#pairs\">Pairs</a> "
          "<a href=\"#ledger\">Ledger</a> <a href=\"#flame\">Flame graph</a> "
          "<a href=\"#sites\">Sites</a> <a href=\"#completeness\">Recording</a> "
          "<a href=\"#run\">Run</a></nav>\n<main>\n",
          html->out);
}

static void put_time(struct html *html)
{
    fputs("<section id=\"time\"><h2>Memory over time</h2>\n", html->out);
    if (!lr_html_chart(html->out, html->model))
        fputs("<p>No time series was recorded: the program ended before the second sample.</p>",
              html->out);
    fputs("</section>\n", html->out);
}

static void put_ledger_row(FILE *out, const struct lr_model_ledger *ledger, int entry)
{
    double share = 100.0 * (double)ledger->bytes[entry] / (double)ledger->resident;

    fprintf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
            lr_ledger_name((enum lr_ledger_entry)entry));
    lr_html_bytes(out, ledger->bytes[entry]);
    fprintf(out,
            "</td><td class=\"n\">%.1f %%</td><td class=\"bar\"><svg viewBox=\"0 0 100 8\" "
            "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"%.1f\" height=\"8\"/>"
            "</svg></td></tr>\n",
            share, share);
}

static void put_ledger(struct html *html)
{
    const struct lr_model_ledger *ledger = &html->model->ledger;
    char when[LR_UNIT_SIZE];
    FILE *out = html->out;

    fputs("<section id=\"ledger\"><h2>What resident memory is for</h2>\n", out);
    if (!ledger->known || ledger->resident == 0) {
        fputs("<p>Not known: the recording ended before the first look at it.</p></section>\n",
              out);
        return;
    }
    fputs("<table><caption>", out);
    lr_html_bytes(out, ledger->resident);
    fprintf(out, " resident after %s", lr_unit_duration(when, ledger->time_ms));
    if (ledger->pss != LR_MODEL_UNKNOWN) {
        fputs(", ", out);
        lr_html_bytes(out, ledger->pss);
        fputs(" proportionally (Pss)", out);
    }
    if (ledger->swapped) {
        fputs(", swapped out: ", out);
        lr_html_bytes(out, ledger->swapped);
    }
    fputs("</caption><tbody>\n", out);
    for (int entry = 0; entry < LR_LEDGER_ENTRIES; entry++)
        if (ledger->bytes[entry])
            put_ledger_row(out, ledger, entry);
    fputs("</tbody></table></section>\n", out);
}

static void put_flame(struct html *html)
{
    fputs("<section id=\"flame\"><h2>Live memory by stack</h2>\n"
          "<p class=\"noscript\">The flame graph needs scripts. The tables below have the same "
          "figures, and <code>leakring export --format=folded</code> writes them for other flame "
          "graphs.</p></section>\n",
          html->out);
}

static void put_interval(FILE *out, const struct lr_model_interval *change)
{
    char when[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE];

    fprintf(out, "<tr><td class=\"n\">%s</td><td class=\"n\">%s</td><td>",
            lr_unit_duration(when, change->time_ms),
            change->to ? lr_unit_bytes(bytes, change->to, false) : "exact");
    lr_html_text(out, change->why);
    fprintf(out, "</td><td class=\"n\">%.2f %%</td></tr>\n", change->cost_percent);
}

static void put_sampling(struct html *html)
{
    enum { MOST = 50 };
    const struct lr_model_completeness *complete = &html->model->completeness;
    size_t skipped = complete->interval_count > MOST ? complete->interval_count - MOST : 0;

    if (complete->interval_count == 0)
        return;
    fputs("<table><caption>Changes of the sampling interval", html->out);
    if (skipped)
        fprintf(html->out, " (the last %d of %zu)", MOST, complete->interval_count);
    fputs("</caption><thead><tr><th>after</th><th>interval</th><th>why</th><th>cost of recording"
          "</th></tr></thead><tbody>\n",
          html->out);
    for (size_t i = skipped; i < complete->interval_count; i++)
        put_interval(html->out, &complete->intervals[i]);
    fputs("</tbody></table>\n", html->out);
}

static void put_completeness(struct html *html)
{
    const struct lr_model_completeness *complete = &html->model->completeness;
    FILE *out = html->out;

    fprintf(out,
            "<section id=\"completeness\"><h2>How well it was recorded</h2>\n<p><strong>%s</strong>"
            ", %s.</p>\n",
            lr_completeness_name(complete->verdict),
            complete->verdict == LR_BLIND ? "nothing of this program's allocations was seen"
            : complete->exact             ? "exact: every block was recorded, none sampled"
                                          : "sampled: figures are estimates with 95 % intervals");
    if (complete->loss_count)
        fputs("<table><caption>Lost</caption><tbody>\n", out);
    for (size_t i = 0; i < complete->loss_count; i++) {
        fputs("<tr><td class=\"n\">", out);
        lr_html_count(out, complete->losses[i].value);
        fputs("</td><td>", out);
        lr_html_text(out, complete->losses[i].text);
        fprintf(out, " <code>%s</code></td></tr>\n", complete->losses[i].name);
    }
    if (complete->loss_count)
        fputs("</tbody></table>\n", out);
    put_texts(out, "notes", &complete->notes);
    put_sampling(html);
    fputs("</section>\n", out);
}

static void put_fact(FILE *out, const char *name, const char *value)
{
    if (!*value)
        return;
    fprintf(out, "<dt>%s</dt><dd><bdi>", name);
    lr_html_text(out, value);
    fputs("</bdi></dd>\n", out);
}

static void put_run(struct html *html)
{
    const struct lr_model_run *run = &html->model->run;
    char text[LR_UNIT_SIZE];
    FILE *out = html->out;

    fputs("<section id=\"run\"><h2>The run</h2>\n<dl>\n", out);
    put_fact(out, "command", bare_command(run));
    fprintf(out, "<dt>process</dt><dd>%" PRIu32 "</dd>\n", run->pid);
    put_fact(out, "host", run->host);
    put_fact(out, "started", lr_unit_time(text, run->start_unix_ns));
    put_fact(out, "recorded for", lr_unit_duration(text, run->duration_ms));
    put_fact(out, "ended", lr_model_ended_name(run->ended));
    if (run->java) {
        put_fact(out, "Java", run->java_version);
        put_fact(out, "virtual machine", run->java_vm);
        put_fact(out, "collector", run->java_gc);
    }
    put_fact(out, "allocator", run->allocator);
    put_fact(out, "trace", run->path);
    put_fact(out, "leakring", run->tracer);
    fputs("</dl></section>\n", out);
}

enum lr_status lr_emit_html(FILE *out, const struct lr_model *model, struct lr_error *error)
{
    struct html html = {.out = out, .model = model};
    enum lr_status status;

    if (!lr_web_is_there())
        return lr_fail(error, LR_USAGE, "this leakring was built without Node.js, so without HTML");
    put_head(&html);
    put_verdict(&html);
    put_navigation(&html);
    lr_html_findings(out, model);
    put_time(&html);
    lr_html_pairs(out, model);
    put_ledger(&html);
    put_flame(&html);
    lr_html_memory(out, model);
    put_completeness(&html);
    put_run(&html);
    fputs("</main>\n", out);
    status = lr_html_data(out, model, error);
    fputs("<script>\n", out);
    lr_web_write(out, &lr_web_script);
    fputs("</script>\n</body></html>\n", out);
    return status;
}
