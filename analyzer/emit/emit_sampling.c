/* emit_sampling.c -- emit_sampling.h.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_sampling.h"

#include <math.h>
#include <string.h>

#include "units.h"

enum { CHANGES_SHOWN = 6 };

static const char *interval_text(char *out, uint64_t interval)
{
    if (interval == 0)
        return "exact";
    if (interval >= 1 << 20 && interval % (1 << 20) == 0)
        snprintf(out, LR_UNIT_SIZE, "1 in %u MiB", (unsigned)(interval >> 20));
    else if (interval % (1 << 10) == 0)
        snprintf(out, LR_UNIT_SIZE, "1 in %u KiB", (unsigned)(interval >> 10));
    else
        snprintf(out, LR_UNIT_SIZE, "1 in %u B", (unsigned)interval);
    return out;
}

static const char *reason(const struct lr_model_interval *change)
{
    static const struct {
        const char *why, *text;
    } reasons[] = {
        {"asked", "as interval= asks"},
        {"budget", "recording cost more than its budget"},
        {"calm", "the load fell"},
        {"table", "the live table was filling up, its records were thinned"},
        {"room", "there is room in the live table again"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].why, change->why) == 0)
            return reasons[i].text;
    return "for an unknown reason";
}

static void put_change(struct lr_page *page, const struct lr_model_interval *change)
{
    char when[LR_UNIT_SIZE], from[LR_UNIT_SIZE], to[LR_UNIT_SIZE], cost[40] = "";

    if (change->cost_percent > 0)
        snprintf(cost, sizeof(cost), " (%.1f%% of its CPU time)", change->cost_percent);
    lr_page_text(page, 4, 6, LR_INK_PLAIN, "after %s: %s -> %s, %s%s",
                 lr_unit_duration(when, change->time_ms), interval_text(from, change->from),
                 interval_text(to, change->to), reason(change), cost);
}

void lr_emit_sampling(struct lr_page *page, const struct lr_model_completeness *complete)
{
    size_t count = complete->interval_count;
    size_t first = count > CHANGES_SHOWN ? count - CHANGES_SHOWN : 0;
    char now[LR_UNIT_SIZE];

    if (complete->exact)
        return;
    lr_page_text(page, 2, 4, LR_INK_PLAIN,
                 "- sampling of blocks, one record for so many bytes; at the end %s:",
                 interval_text(now, complete->interval));
    if (first > 0)
        lr_page_text(page, 4, 6, LR_INK_DIM, "... %zu changes before these ...", first);
    for (size_t i = first; i < count; i++)
        put_change(page, &complete->intervals[i]);
}

const char *lr_emit_range(char *out, const struct lr_estimate *estimate, bool raw_bytes)
{
    char low[LR_UNIT_SIZE], high[LR_UNIT_SIZE], *unit;

    out[0] = '\0';
    if (estimate->low >= estimate->high)
        return out;
    lr_unit_bytes(low, lr_model_round(floor(estimate->low)), raw_bytes);
    lr_unit_bytes(high, lr_model_round(ceil(estimate->high)), raw_bytes);
    unit = strchr(low, ' ');
    if (unit && strchr(high, ' ') && strcmp(unit, strchr(high, ' ')) == 0)
        *unit = '\0';
    snprintf(out, LR_RANGE_SIZE, "%s to %s", low, high);
    return out;
}
