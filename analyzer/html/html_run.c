/* html_run.c -- html_run.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_run.h"

#include <inttypes.h>

#include "emit_ledger.h"
#include "html.h"
#include "units.h"

static void put_ledger_row(FILE *out, const struct lr_model_ledger *ledger, int entry)
{
    double share = 100.0 * (double)ledger->bytes[entry] / (double)ledger->resident;

    fprintf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
            lr_ledger_name((enum lr_ledger_entry)entry));
    lr_html_bytes(out, ledger->bytes[entry]);
    fprintf(out,
            "</td><td class=\"n\">%.1f %%</td><td class=\"bar\"><svg width=\"200\" height=\"10\" "
            "viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            "<rect fill=\"#1668c4\" width=\"%.1f\" height=\"8\"/></svg></td></tr>\n",
            share, share);
}

void lr_html_ledger(FILE *out, const struct lr_model *model)
{
    const struct lr_model_ledger *ledger = &model->ledger;
    char when[LR_UNIT_SIZE], account[LR_ALLOCATOR_SIZE];

    lr_html_heading(out, "ledger", "What resident memory is for");
    if (!ledger->known || ledger->resident == 0) {
        fputs("<p>Not known: the recording ended before the first look at it.</p></section>\n",
              out);
        return;
    }
    fputs("<table cellpadding=\"4\"><caption>", out);
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
    fputs("</tbody></table>", out);
    if (*lr_allocator_text(account, &model->allocator, false))
        fprintf(out, "<p>%s</p>", account);
    fputs("</section>\n", out);
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

static void put_sampling(FILE *out, const struct lr_model *model)
{
    enum { MOST = 50 };
    const struct lr_model_completeness *complete = &model->completeness;
    size_t skipped = complete->interval_count > MOST ? complete->interval_count - MOST : 0;

    if (complete->interval_count == 0)
        return;
    fputs("<table cellpadding=\"4\"><caption>Changes of the sampling interval", out);
    if (skipped)
        fprintf(out, " (the last %d of %zu)", MOST, complete->interval_count);
    fputs("</caption><thead><tr><th>after</th><th>interval</th><th>why</th><th>cost of recording"
          "</th></tr></thead><tbody>\n",
          out);
    for (size_t i = skipped; i < complete->interval_count; i++)
        put_interval(out, &complete->intervals[i]);
    fputs("</tbody></table>\n", out);
}

void lr_html_completeness(FILE *out, const struct lr_model *model)
{
    const struct lr_model_completeness *complete = &model->completeness;

    lr_html_heading(out, "completeness", "How well it was recorded");
    fprintf(out, "<p><strong>%s</strong>, %s.</p>\n", lr_completeness_name(complete->verdict),
            complete->verdict == LR_BLIND ? "nothing of this program's allocations was seen"
            : complete->exact             ? "exact: every block was recorded, none sampled"
                                          : "sampled: figures are estimates with 95 % intervals");
    if (complete->loss_count)
        fputs("<table cellpadding=\"4\"><caption>Lost</caption><tbody>\n", out);
    for (size_t i = 0; i < complete->loss_count; i++) {
        fputs("<tr><td class=\"n\">", out);
        lr_html_count(out, complete->losses[i].value);
        fputs("</td><td>", out);
        lr_html_text(out, complete->losses[i].text);
        fprintf(out, " <code>%s</code></td></tr>\n", complete->losses[i].name);
    }
    if (complete->loss_count)
        fputs("</tbody></table>\n", out);
    lr_html_texts(out, "notes", &complete->notes);
    put_sampling(out, model);
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

void lr_html_run(FILE *out, const struct lr_model *model)
{
    const struct lr_model_run *run = &model->run;
    char text[LR_UNIT_SIZE];

    lr_html_heading(out, "run", "The run");
    fputs("<dl>\n", out);
    put_fact(out, "command", lr_html_command(run));
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
