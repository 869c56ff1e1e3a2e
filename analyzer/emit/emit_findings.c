/* emit_findings.c -- emit_findings.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_findings.h"

#include <inttypes.h>

#include "culprit.h"
#include "emit_history.h"
#include "emit_path.h"
#include "emit_sampling.h"
#include "site_id.h"
#include "units.h"

enum { DEFAULT_FINDINGS = 20, THREADS_SHOWN = 4 };

struct findings {
    struct lr_page *page;
    const struct lr_emit_options *options;
    unsigned number, most;
    uint64_t never_ended, bytes; /* of those beyond `most` */
};

static void put_leaked_count(struct lr_page *page, const struct lr_model_pair *pair,
                             const struct lr_model_pair_site *site)
{
    char never[LR_UNIT_SIZE], acquired[LR_UNIT_SIZE], live[LR_UNIT_SIZE], cleaner[LR_UNIT_SIZE];
    uint64_t never_ended = lr_pair_site_never_ended(site);

    lr_unit_count(never, never_ended);
    lr_unit_count(acquired, site->acquired);
    lr_unit_count(live, site->live);
    lr_unit_count(cleaner, site->released_by_cleaner);
    if (site->released_by_cleaner)
        lr_page_text(page, 4, 6, LR_INK_BOLD,
                     "%s of %s %s never ended: %s live, %s closed only by the Cleaner", never,
                     acquired, pair->name, live, cleaner);
    else
        lr_page_text(page, 4, 6, LR_INK_BOLD, "%s of %s %s never ended", never, acquired,
                     pair->name);
}

static void put_leaked_bytes(struct lr_page *page, const struct lr_model_pair_site *site,
                             bool raw_bytes)
{
    char whole[LR_UNIT_SIZE], creation[LR_UNIT_SIZE], later[LR_UNIT_SIZE];

    lr_unit_bytes(whole, site->bytes_at_creation + site->bytes_later, raw_bytes);
    lr_unit_bytes(creation, site->bytes_at_creation, raw_bytes);
    lr_unit_bytes(later, site->bytes_later, raw_bytes);
    if (site->bytes_later)
        lr_page_text(page, 4, 6, LR_INK_PLAIN,
                     "%s of native memory held: %s taken at creation, %s later", whole, creation,
                     later);
    else if (site->bytes_at_creation)
        lr_page_text(page, 4, 6, LR_INK_PLAIN,
                     "%s of native memory held, all of it since creation", whole);
}

void lr_emit_pair_figures(struct lr_page *page, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site, bool raw_bytes)
{
    put_leaked_count(page, pair, site);
    put_leaked_bytes(page, site, raw_bytes);
    lr_emit_growth(page, site, raw_bytes);
}

void lr_emit_live(struct lr_page *page, const struct lr_model_memory_site *site, bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE], count[LR_UNIT_SIZE], range[LR_RANGE_SIZE];

    lr_emit_range(range, &site->live_bytes, raw_bytes);
    lr_page_text(page, 4, 6, LR_INK_PLAIN, "%s live in %s %s%s%s%s%s",
                 lr_unit_bytes(bytes, lr_model_round(site->live_bytes.value), raw_bytes),
                 lr_unit_count(count, lr_model_round(site->live_count.value)),
                 site->kind == LR_MEMORY_MMAP ? "mapping" : "block",
                 lr_model_round(site->live_count.value) == 1 ? "" : "s", *range ? " (" : "", range,
                 *range ? ")" : "");
}

void lr_emit_memory_figures(struct lr_page *page, const struct lr_model_memory_site *site,
                            bool raw_bytes)
{
    const struct lr_trend *trend = &site->trend;
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE], count[LR_UNIT_SIZE];
    bool more = site->count_trend.kind == LR_TREND_GROWING; /* or one block grows */
    bool files = site->file_bytes >= 0.9 * site->live_bytes.value;

    if (trend->kind == LR_TREND_GROWING)
        lr_page_text(page, 4, 6, LR_INK_BOLD, "%s: growing by %s%s%s%s an hour (%s to %s)%s",
                     site->what ? site->what : lr_memory_kind_name(site->kind),
                     lr_unit_bytes(value, lr_model_round(trend->slope), raw_bytes),
                     more ? " and " : "",
                     more ? lr_unit_count(count, lr_model_round(site->count_trend.slope)) : "",
                     more ? " blocks" : "",
                     lr_unit_bytes(low, lr_model_round(trend->low), raw_bytes),
                     lr_unit_bytes(high, lr_model_round(trend->high), raw_bytes),
                     site->part_followed ? ", as far as it was followed" : "");
    lr_emit_live(page, site, raw_bytes);
    if (site->kind == LR_MEMORY_MMAP)
        lr_page_text(page, 4, 6, LR_INK_PLAIN,
                     files ? "what of it is in memory, the kernel can drop again"
                           : "that is address space: how much of it is in memory is not known");
}

const char *lr_threads_text(char *out, size_t size, const struct lr_model_threads *threads,
                            size_t most)
{
    size_t length = 0, shown = 0;

    out[0] = '\0';
    if (threads->count == 0 || (threads->count == 1 && !*threads->items[0].name))
        return out;
    for (size_t i = 0; i < threads->count && i < most && length + 128 < size; i++) {
        const struct lr_model_thread *thread = &threads->items[i];
        const char *full = *thread->name ? thread->name : "unknown";
        char name[61];

        lr_text_end_whole(name, sizeof(name), snprintf(name, sizeof(name), "%s", full));
        length += (size_t)snprintf(out + length, size - length, "%s%s", shown++ ? ", " : "", name);
        if (thread->alike > 1)
            length += (size_t)snprintf(out + length, size - length, " (x%" PRIu64 ")",
                                       thread->alike);
    }
    if (threads->count > shown)
        snprintf(out + length, size - length, ", %zu more", threads->count - shown);
    return out;
}

/* The line to fix, and who called it. */
static void begin_finding(struct findings *findings, const struct lr_model_path *path, size_t end)
{
    char label[16];

    snprintf(label, sizeof(label), "%2u. ", findings->number);
    lr_page_blank(findings->page);
    lr_emit_culprit(findings->page, 0, LR_INK_RED, label, path);
    lr_emit_callers(findings->page, path, end);
}

/* The first one says what the number is good for. */
static void end_finding(struct findings *findings, const struct lr_model_path *path, const char *id)
{
    char threads[512];

    lr_threads_text(threads, sizeof(threads), &path->threads, THREADS_SHOWN);
    if (path->java_lost)
        lr_page_text(findings->page, 4, 6, LR_INK_YELLOW,
                     "its Java frames could not be had: the native caller is shown");
    lr_page_text(findings->page, 4, 6, LR_INK_PLAIN, "site %s%s%s%s", id,
                 findings->number == 1 ? " (--site=ID shows all that is known of one)" : "",
                 *threads ? "; threads: " : "", threads);
    if (findings->options->whole_stacks)
        lr_emit_whole_stack(findings->page, path);
}

static bool is_beyond(struct findings *findings, uint64_t never_ended, uint64_t bytes)
{
    if (++findings->number <= findings->most)
        return false;
    findings->never_ended += never_ended;
    findings->bytes += bytes;
    return true;
}

static void put_pair_site(struct findings *findings, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site)
{
    char id[LR_SITE_ID_SIZE];

    if (is_beyond(findings, lr_pair_site_never_ended(site),
                  site->bytes_at_creation + site->bytes_later))
        return;
    begin_finding(findings, &site->path, site->path.key_end);
    lr_emit_pair_figures(findings->page, pair, site, findings->options->raw_bytes);
    end_finding(findings, &site->path, lr_pair_site_id(id, pair, site));
}

static void put_memory_site(struct findings *findings, const struct lr_model_memory_site *site)
{
    char id[LR_SITE_ID_SIZE];

    if (is_beyond(findings, 0, lr_model_round(site->live_bytes.value)))
        return;
    begin_finding(findings, &site->path, lr_culprit_key_end(&site->path));
    lr_emit_memory_figures(findings->page, site, findings->options->raw_bytes);
    end_finding(findings, &site->path, lr_memory_site_id(id, site));
}

static void put_rest(struct findings *findings)
{
    unsigned rest = findings->number > findings->most ? findings->number - findings->most : 0;
    char count[LR_UNIT_SIZE], never[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE];

    if (rest == 0)
        return;
    lr_page_blank(findings->page);
    lr_page_text(findings->page, 0, 2, LR_INK_DIM,
                 "And %s more place%s: %s never ended, %s held (--top=%u lists them)",
                 lr_unit_count(count, rest), rest == 1 ? "" : "s",
                 lr_unit_count(never, findings->never_ended),
                 lr_unit_bytes(bytes, findings->bytes, findings->options->raw_bytes),
                 findings->number);
}

void lr_emit_findings(struct lr_page *page, const struct lr_model *model,
                      const struct lr_emit_options *options)
{
    struct findings findings = {.page = page, .options = options,
                                .most = options->top ? options->top : DEFAULT_FINDINGS};

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == LR_CLASS_LEAK &&
                lr_choice_has_pair_site(&options->choice, &model->pairs[i],
                                        &model->pairs[i].sites[s]))
                put_pair_site(&findings, &model->pairs[i], &model->pairs[i].sites[s]);
    for (size_t i = 0; i < model->site_count; i++)
        if (model->sites[i].leaks && lr_choice_has_memory(&options->choice, &model->sites[i]))
            put_memory_site(&findings, &model->sites[i]);
    put_rest(&findings);
}
