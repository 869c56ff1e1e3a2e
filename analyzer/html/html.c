/* html.c -- html.h.  Stage: EMIT.  Context: analyzer only. */
#include "html.h"

#include <inttypes.h>
#include <string.h>

#include "emit_sampling.h"
#include "units.h"
#include "words.h"

void lr_html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("&<>\"'", *text))
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    }
}

/* Whether a byte of UTF-8 continues a letter. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t lr_html_letters(const char *text, size_t most)
{
    size_t letters = 0;

    for (; *text && letters < most; text++)
        letters += !continues(*text);
    return letters;
}

void lr_html_start(FILE *out, const char *text, size_t most)
{
    size_t letters = 0;
    char one[2] = "";

    for (; *text; text++) {
        letters += !continues(*text);
        if (letters > most) {
            fputs("\xe2\x80\xa6", out);
            return;
        }
        one[0] = *text;
        lr_html_text(out, one);
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
        fputs(" <span class=\"at\">(", out);
        lr_html_text(out, lr_base_name(frame->module));
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

void lr_html_cell(FILE *out, uint64_t count)
{
    fputs("<td class=\"n\">", out);
    lr_html_count(out, count);
    fputs("</td>", out);
}

void lr_html_estimate(FILE *out, const struct lr_estimate *estimate)
{
    char range[LR_RANGE_SIZE];

    lr_html_bytes(out, lr_model_round(estimate->value));
    if (*lr_emit_range(range, estimate, false))
        fprintf(out, " <span class=\"range\">(%s)</span>", range);
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

void lr_html_stack(FILE *out, const struct lr_model_path *path, size_t most)
{
    if (path->count == 0 || most == 0)
        return;
    fprintf(out, "<details><summary>stack, %zu frames%s</summary><ol class=\"stack\">", path->count,
            path->cut ? ", its outer end is missing" : "");
    for (size_t i = 0; i < path->count && i < most; i++) {
        const char *inlined = path->frames[i].inlined ? " <span class=\"tag\">inlined</span>" : "";

        fprintf(out, "<li%s>", i == path->culprit ? " class=\"culprit\"" : "");
        lr_html_frame(out, &path->frames[i]);
        fprintf(out, "%s</li>", inlined);
    }
    if (path->count > most)
        fprintf(out, "<li>and %zu more</li>", path->count - most);
    fputs("</ol></details>", out);
}

void lr_html_culprit(FILE *out, const struct lr_model_path *path, size_t most)
{
    size_t shown = 0;

    if (path->count == 0) {
        fputs("<div class=\"line\">an unknown place: its stack was not recorded</div>", out);
        return;
    }
    fputs("<div class=\"line\">", out);
    lr_html_frame(out, &path->frames[path->culprit]);
    fputs("</div>", out);
    for (size_t i = path->culprit + 1; i < path->key_end && shown < most; i++) {
        if (!path->frames[i].user)
            continue;
        fputs("<div class=\"caller\">called by ", out);
        lr_html_frame(out, &path->frames[i]);
        fputs("</div>", out);
        shown++;
    }
}

void lr_html_link(FILE *out, const char *id, const char *label)
{
    fprintf(out, " <a class=\"link\" href=\"#%s\" aria-label=\"Link to %s\">#</a>", id, label);
}

void lr_html_site_link(FILE *out, const char *id)
{
    fprintf(out, "<a class=\"link\" href=\"#site-%s\" aria-label=\"Link to place %s\">%s</a> ", id,
            id, id);
}

void lr_html_heading(FILE *out, const char *id, const char *title)
{
    fprintf(out, "<section id=\"%s\"><h2>%s", id, title);
    lr_html_link(out, id, title);
    fputs("</h2>\n", out);
}

void lr_html_texts(FILE *out, const char *class, const struct lr_model_texts *texts)
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

const char *lr_html_command(const struct lr_model_run *run)
{
    return run->cmdline[0] ? run->cmdline : run->exe;
}
