/* html.c -- html.h.  Stage: EMIT.  Context: analyzer only. */
#include "html.h"

#include <inttypes.h>
#include <string.h>

#include "units.h"

enum { FRAMES_SHOWN = 100 };

void lr_html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("&<>\"'", *text))
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    }
}

static void put_at(FILE *out, const struct lr_model_frame *frame)
{
    if (frame->file[0] == '\0')
        return;
    fputs(" <span class=\"at\">(", out);
    lr_html_text(out, frame->file);
    if (frame->line)
        fprintf(out, ":%" PRIu32, frame->line);
    fputs(")</span>", out);
}

void lr_html_frame(FILE *out, const struct lr_model_frame *frame)
{
    fprintf(out, "<bdi><code class=\"%s\">", frame->java ? "java" : "native");
    lr_html_text(out, frame->function);
    fputs("</code>", out);
    put_at(out, frame);
    if (!frame->java && frame->file[0] == '\0' && frame->module && *frame->module) {
        const char *base = strrchr(frame->module, '/');

        fputs(" <span class=\"at\">(", out);
        lr_html_text(out, base ? base + 1 : frame->module);
        fputs(")</span>", out);
    }
    fputs("</bdi>", out);
}

void lr_html_bytes(FILE *out, uint64_t bytes)
{
    char text[LR_UNIT_SIZE];

    fprintf(out, "<data value=\"%" PRIu64 "\">%s</data>", bytes, lr_unit_bytes(text, bytes, false));
}

void lr_html_count(FILE *out, uint64_t count)
{
    char text[LR_UNIT_SIZE];

    fprintf(out, "<data value=\"%" PRIu64 "\">%s</data>", count, lr_unit_count(text, count));
}

static const char *amount(char *out, double value, bool bytes)
{
    return bytes ? lr_unit_bytes(out, lr_model_round(value), false)
                 : lr_unit_count(out, lr_model_round(value));
}

void lr_html_trend(FILE *out, const struct lr_trend *trend, bool bytes)
{
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    if (trend->kind != LR_TREND_GROWING) {
        fputs(lr_trend_name(trend->kind), out);
        return;
    }
    fprintf(out,
            "<strong>growing</strong> <span class=\"rate\">%s/h <span class=\"range\">(%s to %s)"
            "</span></span>",
            amount(value, trend->slope, bytes), amount(low, trend->low, bytes),
            amount(high, trend->high, bytes));
}

void lr_html_stack(FILE *out, const struct lr_model_path *path)
{
    if (path->count == 0)
        return;
    fprintf(out, "<details><summary>stack, %zu frames%s</summary><ol class=\"stack\">", path->count,
            path->cut ? ", its outer end is missing" : "");
    for (size_t i = 0; i < path->count && i < FRAMES_SHOWN; i++) {
        const char *inlined = path->frames[i].inlined ? " <span class=\"tag\">inlined</span>" : "";

        fprintf(out, "<li%s>", i == path->culprit ? " class=\"culprit\"" : "");
        lr_html_frame(out, &path->frames[i]);
        fprintf(out, "%s</li>", inlined);
    }
    if (path->count > FRAMES_SHOWN)
        fprintf(out, "<li>and %zu more</li>", path->count - FRAMES_SHOWN);
    fputs("</ol></details>", out);
}

void lr_html_culprit(FILE *out, const struct lr_model_path *path, size_t most)
{
    size_t shown = 0;

    if (path->count == 0) {
        fputs("<span class=\"line\">an unknown place: its stack was not recorded</span>", out);
        return;
    }
    fputs("<span class=\"line\">", out);
    lr_html_frame(out, &path->frames[path->culprit]);
    fputs("</span>", out);
    for (size_t i = path->culprit + 1; i < path->key_end && shown < most; i++) {
        if (!path->frames[i].user)
            continue;
        fputs("<span class=\"caller\">called by ", out);
        lr_html_frame(out, &path->frames[i]);
        fputs("</span>", out);
        shown++;
    }
}
