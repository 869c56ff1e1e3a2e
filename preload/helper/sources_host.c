/* sources_host.c -- figures of the machine: memory, swap, balloon.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.  In a container these are still
 * the machine's, which is what they are wanted for: a guest whose balloon is inflated loses
 * memory that no process has.
 */
#include "sources.h"

#include "proc_lines.h"
#include "prim.h"
#include "text.h"

const char *lr_sources_root = "";
static bool kernel_counts_balloon; /* in meminfo, since 6.16; vmstat has to do before */

static bool open_under_root(struct lr_proc_lines *lines, const char *path)
{
    char whole[256];
    struct lr_text text = lr_text_in(whole, sizeof whole);
    lr_text_add(&text, lr_sources_root);
    lr_text_add(&text, path);
    return !text.cut && lr_proc_open(lines, whole);
}

bool lr_source_meminfo(uint64_t *values)
{
    struct lr_proc_lines lines;
    bool any = false;
    if (!open_under_root(&lines, "/proc/meminfo"))
        return false;
    for (const char *line; (line = lr_proc_next(&lines));) {
        any |= lr_proc_value(line, "MemTotal", 1024, &values[LR_SERIES_host_total]);
        lr_proc_value(line, "MemAvailable", 1024, &values[LR_SERIES_host_available]);
        lr_proc_value(line, "SwapFree", 1024, &values[LR_SERIES_host_swap_free]);
        if (lr_proc_value(line, "Balloon", 1024, &values[LR_SERIES_host_balloon]))
            kernel_counts_balloon = true;
    }
    return any;
}

bool lr_source_vmstat(uint64_t *values)
{
    struct lr_proc_lines lines;
    uint64_t inflated = 0, deflated = 0, page = lr_prim_page_size();
    bool any = false, balloon = false;
    if (!open_under_root(&lines, "/proc/vmstat"))
        return false;
    for (const char *line; (line = lr_proc_next(&lines));) {
        any |= lr_proc_value(line, "pswpout", page, &values[LR_SERIES_host_swapped_out]);
        lr_proc_value(line, "oom_kill", 1, &values[LR_SERIES_host_oom_kill]);
        balloon |= lr_proc_value(line, "balloon_inflate", page, &inflated);
        lr_proc_value(line, "balloon_deflate", page, &deflated);
    }
    if (balloon && !kernel_counts_balloon)
        values[LR_SERIES_host_balloon] = inflated > deflated ? inflated - deflated : 0;
    return any;
}

static const char *after_blanks(const char *line)
{
    while (*line == ' ')
        line++;
    return line;
}

bool lr_source_zoneinfo(uint64_t *values)
{
    struct lr_proc_lines lines;
    uint64_t present = 0, managed = 0, pages;
    if (!open_under_root(&lines, "/proc/zoneinfo"))
        return false;
    for (const char *line; (line = lr_proc_next(&lines));) {
        line = after_blanks(line);
        if (lr_proc_value(line, "present", 1, &pages))
            present += pages;
        else if (lr_proc_value(line, "managed", 1, &pages))
            managed += pages;
    }
    if (!managed || present < managed)
        return false;
    values[LR_SERIES_host_withheld] = (present - managed) * lr_prim_page_size();
    return true;
}
