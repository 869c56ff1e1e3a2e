/* sources_process.c -- figures of this process.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 */
#include "sources.h"

#include "proc_lines.h"
#include "prim.h"
#include "text.h"

bool lr_source_statm(uint64_t *values)
{
    char text[128];
    if (lr_prim_slurp("/proc/self/statm", text, sizeof text) <= 0)
        return false;
    uint64_t page = lr_prim_page_size(), pages[3];
    const char *at = text;
    for (unsigned i = 0; i < 3; i++) {
        pages[i] = lr_text_number(&at);
        if (*at != ' ')
            return false;
        at++;
    }
    values[LR_SERIES_virtual_size] = pages[0] * page;
    values[LR_SERIES_rss] = pages[1] * page;
    values[LR_SERIES_rss_shared] = pages[2] * page;
    return true;
}

bool lr_source_status(uint64_t *values)
{
    struct lr_proc_lines lines;
    if (!lr_proc_open(&lines, "/proc/self/status"))
        return false;
    for (const char *line; (line = lr_proc_next(&lines));) {
        lr_proc_value(line, "VmHWM", 1024, &values[LR_SERIES_rss_peak]);
        lr_proc_value(line, "VmSwap", 1024, &values[LR_SERIES_swapped]);
        lr_proc_value(line, "Threads", 1, &values[LR_SERIES_threads]);
    }
    values[LR_SERIES_address_limit] = lr_prim_address_limit();
    return true;
}
