/* html_places.c -- html_places.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_places.h"

#include "html_chart.h"
#include "site_id.h"
#include "units.h"

enum { CALLERS_IN_ROW = 1 };

static void put_place(FILE *out, const struct lr_model *model, size_t index,
                      const struct lr_html_limits *limits)
{
    const struct lr_model_memory_site *site = &model->sites[index];
    char id[LR_SITE_ID_SIZE];

    fprintf(out, "<tr id=\"site-%s\"><td class=\"n\">", lr_memory_site_id(id, site));
    lr_html_estimate(out, &site->live_bytes);
    fputs("</td>", out);
    lr_html_cell(out, lr_model_round(site->live_count.value));
    fprintf(out, "<td>%s</td><td>", site->jvm ? "JVM" : lr_memory_kind_name(site->kind));
    lr_html_site_link(out, id);
    lr_html_culprit(out, &site->path, CALLERS_IN_ROW);
    lr_html_stack(out, &site->path, index < limits->stacked ? limits->frames : 0);
    fputs("</td><td>", out);
    lr_html_trend(out, &site->trend, true);
    fputs("</td><td>", out);
    lr_html_spark(out, model, site->followed, true);
    fputs("</td></tr>\n", out);
}

/* Which places have a curve, and why the others haven't. */
static void put_caption(FILE *out, const struct lr_model *model)
{
    size_t followed = 0;

    for (size_t i = 0; i < model->site_count; i++)
        followed += model->sites[i].followed != 0;
    fprintf(
        out,
        "<caption>%zu places: memory, the largest first, then mapped address space. %zu of them "
        "were followed over time, as large or growing ones; the others have no curve."
        "</caption>",
        model->site_count, followed);
}

static void put_rest(FILE *out, const struct lr_model *model, size_t shown)
{
    double rest = 0;
    char bytes[LR_UNIT_SIZE], count[LR_UNIT_SIZE];

    for (size_t i = shown; i < model->site_count; i++)
        rest += model->sites[i].kind == LR_MEMORY_MMAP ? 0 : model->sites[i].live_bytes.value;
    if (shown < model->site_count)
        fprintf(out,
                "<p class=\"rest\">%s more places with %s of memory are not in this table, to "
                "keep the page small; <code>--format=json</code> has them.</p>\n",
                lr_unit_count(count, model->site_count - shown),
                lr_unit_bytes(bytes, lr_model_round(rest), false));
}

void lr_html_memory(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits)
{
    size_t shown = model->site_count < limits->places ? model->site_count : limits->places;

    lr_html_heading(out, "sites", "Plain memory, place by place");
    if (shown == 0) {
        fputs("<p>None is live.</p></section>\n", out);
        return;
    }
    fputs("<div class=\"wide\"><table id=\"places\" cellpadding=\"4\">", out);
    put_caption(out, model);
    fputs("<thead><tr><th class=\"n\">live</th><th class=\"n\">blocks</th><th>kind</th>"
          "<th>where</th><th>trend</th><th>over time</th></tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < shown; i++)
        put_place(out, model, i, limits);
    fputs("</tbody></table></div>\n", out);
    put_rest(out, model, shown);
    fputs("</section>\n", out);
}
