/* emit_site.c -- emit_site.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_site.h"

#include <math.h>
#include <strings.h>

#include "emit_findings.h"
#include "emit_path.h"
#include "emit_sampling.h"
#include "site_id.h"
#include "units.h"

enum { DEFAULT_PLACES = 10, HISTORY_ROWS = 12, BAR = 30, ALL_THREADS = 40 };

struct view {
    struct lr_page *page;
    const struct lr_model *model;
    const char *wanted;
    bool raw_bytes;
    unsigned shown, most; /* places */
};

static bool is_wanted(const char *wanted, const char *id)
{
    return strcasecmp(wanted, id) == 0;
}

static void put_heading(struct view *view, const char *heading)
{
    lr_page_blank(view->page);
    lr_page_text(view->page, 2, 4, LR_INK_BOLD, "%s", heading);
}

static void begin_site(struct view *view, const struct lr_model_path *path, const char *id,
                       enum lr_ink ink)
{
    if (view->shown++ > 0)
        lr_page_blank(view->page);
    if (is_wanted(view->wanted, id))
        lr_page_text(view->page, 0, 2, LR_INK_DIM, "Site %s", id);
    else
        lr_page_text(view->page, 0, 2, LR_INK_DIM, "Site %s, one of those at %s", id, view->wanted);
    lr_emit_culprit(view->page, 2, ink, "", path);
}

static void put_trend(struct view *view, const struct lr_trend *trend, bool followed,
                      const char *what)
{
    char why[160];

    if (view->model->series.followed.points < 2)
        return;
    if (!followed)
        lr_page_text(view->page, 4, 6, LR_INK_PLAIN,
                     "%s over time: not followed, only the largest and fastest places are", what);
    else if (trend->kind != LR_TREND_GROWING)
        lr_page_text(view->page, 4, 6, LR_INK_PLAIN, "%s over time: %s%s%s", what,
                     lr_trend_name(trend->kind), trend->why ? "; " : "",
                     trend->why ? lr_trend_say(why, sizeof(why), trend) : "");
}

/* "12  ####" for each tenth of the recording. */
static void put_births(struct view *view, const struct lr_births *births)
{
    static const char bar[] = "##############################";
    uint64_t span = view->model->run.duration_ms;
    char oldest[LR_UNIT_SIZE], newest[LR_UNIT_SIZE], from[LR_UNIT_SIZE], to[LR_UNIT_SIZE];
    char count[LR_UNIT_SIZE];
    float most = 0;

    if (!births->any)
        return;
    put_heading(view, "When the live ones were acquired");
    for (int i = 0; i < LR_BIRTH_SLICES; i++)
        most = fmaxf(most, births->live[i]);
    lr_page_text(view->page, 4, 6, LR_INK_PLAIN,
                 "the oldest %s after the start, the newest %s after it; the recording is of %s",
                 lr_unit_duration(oldest, births->oldest_ms),
                 lr_unit_duration(newest, births->newest_ms), lr_unit_duration(from, span));
    for (int i = 0; i < LR_BIRTH_SLICES; i++)
        lr_page_line(view->page, 4, LR_INK_PLAIN, "%12s to %-12s %11s%s%.*s",
                     lr_unit_duration(from, span * (uint64_t)i / LR_BIRTH_SLICES),
                     lr_unit_duration(to, span * (uint64_t)(i + 1) / LR_BIRTH_SLICES),
                     lr_unit_count(count, lr_model_round(births->live[i])),
                     births->live[i] > 0 ? "  " : "",
                     (int)ceilf(BAR * births->live[i] / most), bar);
}

static void put_point(struct view *view, uint64_t mask, size_t point)
{
    const struct lr_model_followed *followed = &view->model->series.followed;
    double bytes = lr_followed_bytes(followed, mask, point);
    double count = lr_followed_count(followed, mask, point);
    char when[LR_UNIT_SIZE], size[LR_UNIT_SIZE], number[LR_UNIT_SIZE];

    if (!isnan(bytes) && !isnan(count))
        lr_page_line(view->page, 4, LR_INK_PLAIN, "%12s %14s %14s",
                     lr_unit_duration(when, followed->time_ms[point]),
                     lr_unit_bytes(size, lr_model_round(bytes), view->raw_bytes),
                     lr_unit_count(number, lr_model_round(count)));
}

/* Of many points, some at equal distances in time, and the last. */
static void put_history(struct view *view, uint64_t mask)
{
    const struct lr_model_followed *followed = &view->model->series.followed;
    uint64_t next = 0, step;

    if (mask == 0 || followed->points < 2)
        return;
    step = (followed->time_ms[followed->points - 1] - followed->time_ms[0]) / HISTORY_ROWS;
    put_heading(view, "Over time");
    lr_page_line(view->page, 4, LR_INK_DIM, "%12s %14s %14s", "after", "memory", "live");
    for (size_t i = 0; i < followed->points; i++) {
        if (followed->time_ms[i] < next && i + 1 < followed->points)
            continue;
        put_point(view, mask, i);
        next = followed->time_ms[i] + step;
    }
}

static void put_stack(struct view *view, const struct lr_model_path *path)
{
    char heading[96];

    if (path->stacks > 1)
        snprintf(heading, sizeof(heading), "Stack (one of %u that lead there)",
                 (unsigned)path->stacks);
    else
        snprintf(heading, sizeof(heading), "Stack");
    put_heading(view, heading);
    if (path->count == 0)
        lr_page_text(view->page, 4, 6, LR_INK_PLAIN, "none was recorded");
    lr_emit_marked_stack(view->page, path);
    if (path->cut)
        lr_page_text(view->page, 6, 8, LR_INK_PLAIN, "(frames are missing at its outer end)");
    if (path->java_lost)
        lr_page_text(view->page, 6, 8, LR_INK_YELLOW, "(its Java frames could not be had)");
}

static void put_ended(struct view *view, uint64_t count, const char *by)
{
    char number[LR_UNIT_SIZE];

    lr_page_line(view->page, 4, LR_INK_PLAIN, "%12s  %s", lr_unit_count(number, count), by);
}

static void put_releasers(struct view *view, const struct lr_model_pair_site *site)
{
    uint64_t program = site->released - site->released_by_cleaner - site->released_unknown;

    put_heading(view, "Who ended them");
    put_ended(view, program, "the program");
    put_ended(view, site->released_by_cleaner, "the Cleaner, after the program had dropped them");
    if (site->released_unknown)
        put_ended(view, site->released_unknown, "unknown: the caller could not be seen");
    put_ended(view, site->live, "nobody: live");
    if (site->survived)
        put_ended(view, site->survived, "of these were in use when the whole heap was collected");
    if (site->lost)
        put_ended(view, site->lost, "acquired, but found no room in the file");
}

static void put_total(struct view *view, const struct lr_estimate *bytes,
                      const struct lr_estimate *count)
{
    char size[LR_UNIT_SIZE], number[LR_UNIT_SIZE], range[LR_RANGE_SIZE];

    lr_emit_range(range, bytes, view->raw_bytes);
    lr_page_text(view->page, 4, 6, LR_INK_PLAIN, "%s in %s blocks ever allocated%s%s%s",
                 lr_unit_bytes(size, lr_model_round(bytes->value), view->raw_bytes),
                 lr_unit_count(number, lr_model_round(count->value)), *range ? " (" : "", range,
                 *range ? ")" : "");
}

static void put_reason(struct view *view, const char *class, const char *expected)
{
    lr_page_text(view->page, 4, 6, LR_INK_PLAIN, "class: %s%s%s", class, expected ? "; " : "",
                 expected ? expected : "");
}

static void put_threads(struct view *view, const struct lr_model_threads *threads)
{
    char text[2048];

    if (*lr_threads_text(text, sizeof(text), threads, ALL_THREADS))
        lr_page_text(view->page, 4, 6, LR_INK_PLAIN, "threads: %s", text);
}

static void put_pair_site(struct view *view, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site, const char *id)
{
    bool leak = site->class == LR_CLASS_LEAK;
    struct lr_estimate bytes = lr_sampled_estimate(&site->total_bytes_sum);
    struct lr_estimate count = lr_sampled_estimate(&site->total_count_sum);

    begin_site(view, &site->path, id, leak ? LR_INK_RED : LR_INK_BOLD);
    lr_emit_pair_figures(view->page, pair, site, view->raw_bytes);
    if (count.value > 0)
        put_total(view, &bytes, &count);
    put_reason(view, lr_site_class_name(site->class), site->expected);
    put_trend(view, &site->trend, site->followed != 0, "live ones");
    put_threads(view, &site->path.threads);
    put_releasers(view, site);
    put_births(view, &site->births);
    put_history(view, site->followed);
    put_stack(view, &site->path);
}

static void put_memory_site(struct view *view, const struct lr_model_memory_site *site,
                            const char *id)
{
    begin_site(view, &site->path, id, site->leaks ? LR_INK_RED : LR_INK_BOLD);
    lr_emit_memory_figures(view->page, site, view->raw_bytes);
    if (site->kind != LR_MEMORY_MMAP)
        put_total(view, &site->total_bytes, &site->total_count);
    put_reason(view, site->leaks ? "leak" : site->jvm ? "the JVM's own" : "not judged a leak",
               site->expected);
    put_trend(view, &site->trend, site->followed != 0, "live memory");
    put_threads(view, &site->path.threads);
    put_births(view, &site->births);
    put_history(view, site->followed);
    put_stack(view, &site->path);
}

static void put_pairs(struct view *view)
{
    const struct lr_model *model = view->model;
    char id[LR_SITE_ID_SIZE];

    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (is_wanted(view->wanted, lr_pair_site_id(id, &model->pairs[i], site)))
                put_pair_site(view, &model->pairs[i], site, id);
        }
    }
}

static void put_memory(struct view *view)
{
    for (size_t i = 0; i < view->model->site_count; i++) {
        const struct lr_model_memory_site *site = &view->model->sites[i];
        const struct lr_model_path *path = &site->path;
        char id[LR_SITE_ID_SIZE], place[LR_SITE_ID_SIZE];

        lr_memory_site_id(id, site);
        lr_culprit_id(place, path->count ? &path->frames[path->culprit] : NULL,
                      site->kind == LR_MEMORY_MMAP);
        if (!is_wanted(view->wanted, id) && !is_wanted(view->wanted, place))
            continue;
        if (view->shown < view->most)
            put_memory_site(view, site, id);
        else
            view->shown++;
    }
}

enum lr_status lr_emit_site(struct lr_page *page, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error)
{
    struct view view = {.page = page, .model = model, .wanted = options->choice.site,
                        .raw_bytes = options->raw_bytes,
                        .most = options->top ? options->top : DEFAULT_PLACES};

    put_pairs(&view);
    put_memory(&view);
    if (view.shown == 0) {
        lr_fail(error, LR_USAGE, "no place in it has the ID %s", options->choice.site);
        lr_hint(error, "the report shows the ID of each place");
        return LR_USAGE;
    }
    if (view.shown > view.most) {
        lr_page_blank(page);
        lr_page_text(page, 0, 2, LR_INK_DIM, "And %u more places there (--top=%u shows them)",
                     view.shown - view.most, view.shown);
    }
    return page->no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
