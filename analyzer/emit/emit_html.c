/* emit_html.c -- the report as one page of HTML: verdict first, everything readable without
 * scripts.
 *
 * Stage: EMIT.  Context: analyzer only.  Top to bottom: verdict, lines to fix, memory over time,
 * pairs, ledger, flame graph (scripts only), sites, completeness, run; before them, with a
 * baseline, the difference.  What would make the page too large is left out, and the page says how
 * much.
 */
#include "emit.h"

#include <stdlib.h>

#include "emit_diff_words.h"
#include "emit_history.h"
#include "emit_phase.h"
#include "html.h"
#include "html_chart.h"
#include "html_curves.h"
#include "html_data.h"
#include "html_diff.h"
#include "html_places.h"
#include "html_run.h"
#include "html_sites.h"
#include "html_web.h"

struct html {
    FILE *out;
    const struct lr_model *model;
    const struct lr_diff *diff; /* NULL: no baseline */
    bool first;                 /* the difference is what was asked for */
};

/* The page without the script and its data; from generous to what always fits. */
static const struct lr_html_limits levels[] = {
    {60, 300, 5000, 60, 100, 500}, {60, 200, 1500, 60, 100, 300}, {60, 100, 500, 40, 60, 150},
    {40, 60, 200, 20, 40, 80},     {20, 20, 60, 10, 20, 20},      {5, 5, 5, 0, 0, 5},
};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]), BODY_MOST = 448 << 10, PAGE_MOST = 3 << 20 };

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
    if (html->first)
        fputs(lr_diff_heading(html->diff->verdict), out);
    else
        fputs(lr_verdict_heading(html->model->verdict.kind), out);
    fputs(" \xe2\x80\x93 ", out);
    lr_html_text(out, html->model->run.exe);
    fputs(" \xe2\x80\x93 leakring</title>\n<style>\n", out);
    lr_html_curves_style(out);
    lr_web_write(out, &lr_web_style);
    fputs("</style></head>\n<body>\n", out);
}

static void put_sentence(FILE *out, const struct lr_model_verdict *verdict, const char *element)
{
    fprintf(
        out,
        "<%s class=\"sentence %s\"><span class=\"word\">%s</span><span class=\"colon\">: </span>",
        element, lr_verdict_name(verdict->kind), lr_verdict_heading(verdict->kind));
    lr_html_text(out, verdict->summary);
    fprintf(out, "</%s>\n", element);
}

/* The lines to fix follow, each with its place: they aren't said twice. */
static void put_evidence(FILE *out, const struct lr_model_verdict *verdict)
{
    struct lr_model_texts rest = verdict->evidence;
    size_t said = verdict->sites < rest.count ? verdict->sites : rest.count;

    rest.items += said;
    rest.count -= said;
    lr_html_texts(out, "evidence", &rest);
}

static void put_verdict(struct html *html)
{
    const struct lr_model *model = html->model;
    const struct lr_model_verdict *verdict = &model->verdict;
    char projection[LR_PROJECTION_SIZE], phase[LR_PHASE_SIZE];
    FILE *out = html->out;

    fprintf(out, "<header class=\"verdict %s\" id=\"verdict\">\n<p class=\"command\"><code>",
            html->first ? lr_diff_verdict_name(html->diff->verdict)
                        : lr_verdict_name(verdict->kind));
    lr_html_text(out, lr_html_command(&model->run));
    fputs("</code></p>\n", out);
    if (html->first)
        lr_html_diff_verdict(out, html->diff, "h1");
    put_sentence(out, verdict, html->first ? "p" : "h1");
    if (html->diff && !html->first)
        lr_html_diff_verdict(out, html->diff, "p");
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
    put_evidence(out, verdict);
    fputs("</header>\n", out);
}

static void put_navigation(struct html *html)
{
    fputs("<nav aria-label=\"Parts of this report\">", html->out);
    if (html->diff)
        fputs("<a href=\"#difference\">Difference</a> ", html->out);
    fputs("<a href=\"#culprits\">Lines to fix</a> "
          "<a href=\"#time\">Over time</a> <a href=\"#pairs\">Pairs</a> "
          "<a href=\"#ledger\">Ledger</a> <a href=\"#flame\">Flame graph</a> "
          "<a href=\"#sites\">Sites</a> <a href=\"#completeness\">Recording</a> "
          "<a href=\"#run\">Run</a></nav>\n<main>\n",
          html->out);
}

static void put_time(struct html *html)
{
    lr_html_heading(html->out, "time", "Memory over time");
    if (!lr_html_chart(html->out, html->model))
        fputs("<p>No time series was recorded: the program ended before the second sample.</p>",
              html->out);
    fputs("</section>\n", html->out);
}

static void put_flame(struct html *html)
{
    lr_html_heading(html->out, "flame", "Memory by stack");
    fputs("<p class=\"noscript\">The flame graph needs scripts. The tables have the same "
          "figures, and <code>leakring export --format=folded</code> writes them for other flame "
          "graphs.</p></section>\n",
          html->out);
}

static void put_body(struct html *html, const struct lr_html_limits *limits)
{
    put_head(html);
    put_verdict(html);
    put_navigation(html);
    if (html->diff)
        lr_html_diff(html->out, html->diff, limits);
    lr_html_findings(html->out, html->model, limits);
    put_time(html);
    lr_html_pairs(html->out, html->model, limits);
    lr_html_ledger(html->out, html->model);
    put_flame(html);
    lr_html_memory(html->out, html->model, limits);
    lr_html_completeness(html->out, html->model);
    lr_html_run(html->out, html->model);
    fputs("</main>\n", html->out);
}

/* The most generous level that isn't too large; *text is to be freed. */
static enum lr_status make_body(struct html *html, char **text, size_t *size,
                                struct lr_error *error)
{
    size_t most = BODY_MOST + (size_t)(lr_web_style.end - lr_web_style.begin);

    for (int level = 0; level < LEVELS; level++) {
        *text = NULL;
        html->out = open_memstream(text, size);
        if (!html->out)
            return lr_fail(error, LR_FAILED, "out of memory");
        put_body(html, &levels[level]);
        if (fclose(html->out) != 0)
            return lr_fail(error, LR_FAILED, "out of memory");
        if (*size <= most || level == LEVELS - 1)
            break;
        free(*text);
    }
    return LR_OK;
}

enum lr_status lr_emit_html(FILE *out, const struct lr_model *model,
                            const struct lr_html_options *options, struct lr_error *error)
{
    struct html html = {.model = model, .diff = options->diff, .first = options->diff_first};
    size_t script = (size_t)(lr_web_script.end - lr_web_script.begin), size = 0, most;
    enum lr_status status;
    char *body = NULL;

    if (!lr_web_is_there())
        return lr_fail(error, LR_USAGE, "this leakring was built without Node.js, so without HTML");
    status = make_body(&html, &body, &size, error);
    if (status == LR_OK) {
        most = size + script + 1024 < PAGE_MOST ? PAGE_MOST - size - script - 1024 : 0;
        fwrite(body, 1, size, out);
        status = lr_html_data(out, model, options->diff, most, error);
        fputs("<script>\n", out);
        lr_web_write(out, &lr_web_script);
        fputs("</script>\n</body></html>\n", out);
    }
    free(body);
    return status;
}
