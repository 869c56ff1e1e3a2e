/* emit_csv.c -- --format=csv: one row per place, as RFC 4180 has it.
 *
 * Stage: EMIT.  Context: analyzer only.  A header, lines ending in CR LF, text in quotes.  A text
 * that a spreadsheet would take for a formula gets an apostrophe in front.  What isn't known is an
 * empty field.
 */
#include "emit_stacks.h"

#include <inttypes.h>
#include <string.h>

static void begin_text(FILE *out, const char *text)
{
    fputs(*text && strchr("=+-@", *text) ? "\"'" : "\"", out);
}

static void put_text(FILE *out, const char *text)
{
    begin_text(out, text);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputs("\",", out);
}

static void put_number(FILE *out, uint64_t value)
{
    fprintf(out, "%" PRIu64 ",", value);
}

static void put_estimate(FILE *out, const struct lr_estimate *estimate)
{
    put_number(out, lr_model_round(estimate->value));
    put_number(out, lr_model_round(estimate->low));
    put_number(out, lr_model_round(estimate->high));
}

static void put_exact(FILE *out, uint64_t value)
{
    for (int i = 0; i < 3; i++)
        put_number(out, value);
}

static void put_place(FILE *out, const struct lr_model_path *path)
{
    const struct lr_model_frame *frame = path->count ? &path->frames[path->culprit] : NULL;

    put_text(out, frame ? frame->function : "");
    put_text(out, frame ? frame->file : "");
    if (frame && frame->line)
        fprintf(out, "%" PRIu32, frame->line);
    fputc(',', out);
}

static void put_rate(FILE *out, const struct lr_trend *trend)
{
    bool known = trend->kind == LR_TREND_GROWING;

    if (known)
        fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", lr_model_round(trend->slope),
                lr_model_round(trend->low), lr_model_round(trend->high));
    else
        fputs(",,,", out);
}

/* Outermost first, as folded. */
static void put_stack(FILE *out, const struct lr_model_path *path)
{
    begin_text(out, path->count ? path->frames[path->count - 1].function : "");
    for (size_t i = path->count; i-- > 0;) {
        for (const char *c = path->frames[i].function; *c; c++)
            fputs(*c == '"' ? "\"\"" : *c == ';' ? "%3B" : (char[]){*c, '\0'}, out);
        if (i > 0)
            fputc(';', out);
    }
    fputs("\"\r\n", out);
}

static void put_pair_site(FILE *out, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site)
{
    put_text(out, pair->name);
    put_text(out, lr_site_class_name(site->class));
    put_place(out, &site->path);
    put_exact(out, site->live);
    put_exact(out, site->bytes_at_creation + site->bytes_later);
    put_number(out, site->acquired);
    fputc(',', out); /* bytes ever allocated: of blocks, not of streams */
    put_number(out, site->released);
    put_number(out, site->released_by_cleaner);
    put_number(out, lr_pair_site_never_ended(site));
    put_rate(out, &site->bytes_trend);
    put_text(out, site->expected ? site->expected : "");
    put_stack(out, &site->path);
}

static void put_memory_site(FILE *out, const struct lr_model_memory_site *site)
{
    bool mapped = site->kind == LR_MEMORY_MMAP;

    put_text(out, lr_memory_kind_name(site->kind));
    put_text(out, site->leaks      ? "leak"
                  : site->expected ? "expected"
                                   : lr_trend_name(site->trend.kind));
    put_place(out, &site->path);
    put_estimate(out, &site->live_count);
    put_estimate(out, &site->live_bytes);
    if (mapped)
        fputs(",,", out);
    else
        fprintf(out, "%" PRIu64 ",%" PRIu64 ",", lr_model_round(site->total_count.value),
                lr_model_round(site->total_bytes.value));
    fputs(",,,", out); /* released, by the Cleaner, never ended */
    put_rate(out, &site->trend);
    put_text(out, site->expected ? site->expected : "");
    put_stack(out, &site->path);
}

enum lr_status lr_emit_csv(FILE *out, const struct lr_model *model,
                           const struct lr_stacks_options *options, struct lr_error *error)
{
    fputs("resource,class,function,file,line,live_count,live_count_low,live_count_high,live_bytes,"
          "live_bytes_low,live_bytes_high,acquired,acquired_bytes,released,released_by_cleaner,"
          "never_ended,bytes_per_hour,bytes_per_hour_low,bytes_per_hour_high,expected_reason,"
          "stack\r\n",
          out);
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            put_pair_site(out, &model->pairs[i], &model->pairs[i].sites[s]);
    for (size_t i = 0; i < model->site_count; i++)
        put_memory_site(out, &model->sites[i]);
    return LR_OK;
}
