/* html_sites.c -- html_sites.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_sites.h"

#include <inttypes.h>

#include "html.h"
#include "html_chart.h"
#include "site_id.h"
#include "units.h"

enum { CALLERS = 6, CALLERS_IN_ROW = 1 };

static uint64_t owned_bytes(const struct lr_model_pair_site *site)
{
    return site->bytes_at_creation + site->bytes_later;
}

static void put_threads(FILE *out, const struct lr_model_threads *threads)
{
    enum { MOST = 4 };
    bool known = threads->count > 1 || (threads->count == 1 && *threads->items[0].name);

    if (!known)
        return;
    fputs("<p class=\"threads\">threads: ", out);
    for (size_t i = 0; i < threads->count && i < MOST; i++) {
        fputs(i ? ", <bdi>" : "<bdi>", out);
        lr_html_text(out, *threads->items[i].name ? threads->items[i].name : "unknown");
        fputs("</bdi>", out);
        if (threads->items[i].alike > 1)
            fprintf(out, " (\xc3\x97%" PRIu64 ")", threads->items[i].alike);
    }
    if (threads->count > MOST)
        fprintf(out, ", and %zu more", threads->count - MOST);
    fputs("</p>", out);
}

static void put_pair_finding(FILE *out, const struct lr_model *model,
                             const struct lr_model_pair *pair,
                             const struct lr_model_pair_site *site, size_t frames)
{
    lr_html_culprit(out, &site->path, CALLERS);
    fputs("<p><strong>", out);
    lr_html_count(out, lr_pair_site_never_ended(site));
    fputs("</strong> of ", out);
    lr_html_count(out, site->acquired);
    fputs(" <bdi>", out);
    lr_html_text(out, pair->name);
    fputs("</bdi> never ended: ", out);
    lr_html_count(out, site->live);
    fputs(" live, ", out);
    lr_html_count(out, site->released_by_cleaner);
    fputs(" closed only by the Cleaner; ", out);
    lr_html_bytes(out, owned_bytes(site));
    fputs(" of native memory held</p>", out);
    if (site->trend.kind == LR_TREND_GROWING) {
        fputs("<p>", out);
        lr_html_trend(out, &site->trend, false);
        if (site->bytes_trend.kind == LR_TREND_GROWING) {
            fputs(", ", out);
            lr_html_trend(out, &site->bytes_trend, true);
        }
        fputs("</p>", out);
    }
    lr_html_spark(out, model, site->followed, false);
    put_threads(out, &site->path.threads);
    if (site->path.java_lost)
        fputs("<p class=\"warning\">Its Java frames could not be had: the native caller is "
              "shown.</p>",
              out);
    lr_html_stack(out, &site->path, frames);
}

static void put_memory_finding(FILE *out, const struct lr_model *model,
                               const struct lr_model_memory_site *site, size_t frames)
{
    lr_html_culprit(out, &site->path, CALLERS);
    fprintf(out, "<p>%s: ", lr_memory_kind_name(site->kind));
    lr_html_estimate(out, &site->live_bytes);
    fputs(" in ", out);
    lr_html_count(out, lr_model_round(site->live_count.value));
    fputs(" blocks live; ", out);
    lr_html_trend(out, &site->trend, true);
    fputs("</p>", out);
    lr_html_spark(out, model, site->followed, true);
    put_threads(out, &site->path.threads);
    lr_html_stack(out, &site->path, frames);
}

/* Whether number `n` (from 1) is shown; opens its list item. */
static bool begin_finding(FILE *out, size_t n, const struct lr_html_limits *limits)
{
    char id[32];

    if (n > limits->findings)
        return false;
    snprintf(id, sizeof(id), "culprit-%zu", n);
    fprintf(out, "<li id=\"%s\">", id);
    lr_html_link(out, id, "this line");
    return true;
}

void lr_html_findings(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits)
{
    size_t n = 0;

    lr_html_heading(out, "culprits", "Lines to fix");
    fputs("<ol class=\"findings\">\n", out);
    for (size_t i = 0; i < model->pair_count; i++) {
        const struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count; s++)
            if (pair->sites[s].class == LR_CLASS_LEAK && begin_finding(out, ++n, limits)) {
                put_pair_finding(out, model, pair, &pair->sites[s], limits->frames);
                fputs("</li>\n", out);
            }
    }
    for (size_t i = 0; i < model->site_count; i++)
        if (model->sites[i].leaks && begin_finding(out, ++n, limits)) {
            put_memory_finding(out, model, &model->sites[i], limits->frames);
            fputs("</li>\n", out);
        }
    fputs("</ol>\n", out);
    if (n == 0)
        fputs("<p>None.</p>", out);
    else if (n > limits->findings)
        fprintf(out, "<p>%zu more are not shown here; <code>--format=json</code> has them.</p>",
                n - limits->findings);
    fputs("</section>\n", out);
}

static void put_pair_figures(FILE *out, uint64_t acquired, uint64_t released, uint64_t cleaned,
                             uint64_t live, uint64_t bytes)
{
    lr_html_cell(out, acquired);
    lr_html_cell(out, released - cleaned);
    lr_html_cell(out, cleaned);
    lr_html_cell(out, live);
    fputs("<td class=\"n\">", out);
    lr_html_bytes(out, bytes);
    fputs("</td>", out);
}

static void put_pair_site(FILE *out, const struct lr_model *model,
                          const struct lr_model_pair_site *site, const char *id, size_t frames)
{
    fprintf(out, "<tr id=\"site-%s\"><td>", id);
    lr_html_site_link(out, id);
    lr_html_culprit(out, &site->path, CALLERS_IN_ROW);
    lr_html_stack(out, &site->path, frames);
    fprintf(out, "</td><td><span class=\"class %s\">%s</span>", lr_site_class_name(site->class),
            lr_site_class_name(site->class));
    if (site->expected) {
        fputs("<br><small>", out);
        lr_html_text(out, site->expected);
        fputs("</small>", out);
    }
    fputs("</td>", out);
    put_pair_figures(out, site->acquired, site->released, site->released_by_cleaner, site->live,
                     owned_bytes(site));
    fputs("<td>", out);
    lr_html_spark(out, model, site->followed, false);
    fputs("</td></tr>\n", out);
}

void lr_html_pairs(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits)
{
    size_t shown = 0, all = 0;
    char id[LR_SITE_ID_SIZE];

    lr_html_heading(out, "pairs", "Resource pairs");
    if (model->pair_count == 0) {
        fputs("<p>No stream was acquired.</p></section>\n", out);
        return;
    }
    fputs("<div class=\"wide\"><table cellpadding=\"4\"><caption>What one call acquires and "
          "another must release"
          "</caption><thead><tr><th>where</th><th>class</th><th class=\"n\">acquired</th>"
          "<th class=\"n\">ended</th><th class=\"n\">by Cleaner</th><th class=\"n\">live</th>"
          "<th class=\"n\">memory</th><th>live over time</th></tr></thead>\n",
          out);
    for (size_t i = 0; i < model->pair_count; i++) {
        const struct lr_model_pair *pair = &model->pairs[i];

        fputs("<tbody><tr class=\"sum\"><th scope=\"rowgroup\" colspan=\"2\"><bdi>", out);
        lr_html_text(out, pair->name);
        fputs("</bdi></th>", out);
        put_pair_figures(out, pair->acquired, pair->released, pair->released_by_cleaner, pair->live,
                         pair->live_bytes);
        fputs("<td></td></tr>\n", out);
        all += pair->site_count;
        for (size_t s = 0; s < pair->site_count && shown < limits->pair_sites; s++, shown++) {
            lr_pair_site_id(id, pair, &pair->sites[s]);
            put_pair_site(out, model, &pair->sites[s], id, limits->frames);
        }
        fputs("</tbody>", out);
    }
    fputs("</table></div>\n", out);
    if (shown < all)
        fprintf(out,
                "<p>%zu more places are not shown here; <code>--format=json</code> has them.</p>",
                all - shown);
    fputs("</section>\n", out);
}
