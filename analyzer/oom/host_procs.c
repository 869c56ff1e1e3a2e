/* host_procs.c -- the machine's processes: their memory and their place before the OOM killer.
 *
 * Stage: `leakring host`, reading.  Context: analyzer only, one thread.
 * Pss comes from smaps_rollup (4.14), on older kernels from smaps added up.  A process that ends
 * while it is read is simply left out.
 */
#include "host_model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oom_line.h"

#define PROCESSES_MAX 1000000u

static uint64_t kb(const char *text, const char *key)
{
    uint64_t value = lr_host_field(text, key);
    return value == LR_HOST_UNKNOWN || value > UINT64_MAX / 2048 ? LR_HOST_UNKNOWN : value * 1024;
}

/* smaps of kernels without smaps_rollup: every mapping's Pss and SwapPss (or Swap). */
static bool add_smaps(int directory, struct lr_host_process *process)
{
    int fd = openat(directory, "smaps", O_RDONLY | O_CLOEXEC);
    struct lr_lines lines;
    struct lr_error error;
    if (fd < 0)
        return false;
    if (lr_lines_open(&lines, fd, &error) != LR_OK) {
        close(fd);
        return false;
    }
    char *text;
    size_t length;
    uint64_t swap = LR_HOST_UNKNOWN;
    enum lr_status status;
    while ((status = lr_lines_next(&lines, &text, &length, &error)) == LR_OK) {
        process->pss = lr_host_add(process->pss, kb(text, "Pss"));
        process->swap_pss = lr_host_add(process->swap_pss, kb(text, "SwapPss"));
        swap = lr_host_add(swap, kb(text, "Swap"));
    }
    if (process->swap_pss == LR_HOST_UNKNOWN)
        process->swap_pss = swap;
    lr_lines_close(&lines);
    close(fd);
    return status == LR_CANNOT_TELL && process->pss != LR_HOST_UNKNOWN;
}

static void read_pss(struct lr_host *host, int directory, struct lr_host_process *process)
{
    char text[4096];
    process->pss = process->pss_anon = process->swap_pss = LR_HOST_UNKNOWN;
    if (lr_host_file_at(directory, "smaps_rollup", text, sizeof text) > 0) {
        process->pss = kb(text, "Pss");
        process->pss_anon = kb(text, "Pss_Anon");
        process->swap_pss = kb(text, "SwapPss");
    } else if (errno == EACCES || errno == EPERM) {
        host->pss_denied++;
    } else if (!add_smaps(directory, process)) {
        if (errno == EACCES || errno == EPERM)
            host->pss_denied++;
        else
            host->pss_absent++;
    }
}

static void add_sums(struct lr_host *host, const struct lr_host_process *process)
{
    if (process->pss == LR_HOST_UNKNOWN) {
        host->rss_unknown_sum = lr_host_add(host->rss_unknown_sum, process->rss);
        return;
    }
    host->pss_sum = lr_host_add(host->pss_sum, process->pss);
    host->pss_anon_sum = lr_host_add(host->pss_anon_sum, process->pss_anon);
    host->swap_pss_sum = lr_host_add(host->swap_pss_sum, process->swap_pss);
}

static void read_name(const char *status, struct lr_host_process *process)
{
    static const char key[] = "Name:";
    if (strncmp(status, key, sizeof key - 1) != 0)
        return;
    const char *name = status + sizeof key - 1;
    name += strspn(name, " \t");
    lr_copy_text(process->name, sizeof process->name, name, strcspn(name, "\n"));
}

/* False when it is a kernel thread, or has ended. */
static bool read_process(struct lr_host *host, int directory, struct lr_host_process *process)
{
    char text[8192], number[32];
    if (lr_host_file_at(directory, "status", text, sizeof text) <= 0)
        return false;
    read_name(text, process);
    process->rss = kb(text, "VmRSS");
    if (process->rss == LR_HOST_UNKNOWN) {
        host->kernel_threads++;
        return false;
    }
    uint64_t ppid = lr_host_field(text, "PPid"), uid = lr_host_field(text, "Uid");
    process->ppid = ppid < INT32_MAX ? (int64_t)ppid : 0;
    process->uid = uid < UINT32_MAX ? (int64_t)uid : -1;
    process->swap = kb(text, "VmSwap");
    process->page_tables = kb(text, "VmPTE");
    process->score = LR_HOST_UNKNOWN;
    if (lr_host_file_at(directory, "oom_score", number, sizeof number) > 0)
        process->score = strtoull(number, NULL, 10);
    if (lr_host_file_at(directory, "oom_score_adj", number, sizeof number) > 0) {
        long adj = strtol(number, NULL, 10);
        process->adj_known = adj >= -1000 && adj <= 1000;
        process->adj = process->adj_known ? adj : 0;
    }
    read_pss(host, directory, process);
    return true;
}

static enum lr_status add_process(struct lr_host *host, const struct lr_host_process *process,
                                  struct lr_error *error)
{
    if (host->process_count == host->process_capacity) {
        size_t wanted = host->process_capacity ? 2 * host->process_capacity : 256;
        struct lr_host_process *more = NULL;
        if (wanted <= PROCESSES_MAX)
            more = realloc(host->processes, wanted * sizeof *more);
        if (!more)
            return lr_fail(error, LR_FAILED, "out of memory for the list of processes");
        host->processes = more;
        host->process_capacity = wanted;
    }
    host->processes[host->process_count++] = *process;
    return LR_OK;
}

static enum lr_status read_one(struct lr_host *host, int proc, const char *name,
                               struct lr_error *error)
{
    struct lr_host_process process = {.pid = strtoll(name, NULL, 10)};
    int directory = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum lr_status status = LR_OK;
    if (directory < 0)
        return LR_OK;
    if (read_process(host, directory, &process)) {
        host->init_seen |= process.pid == 1;
        add_sums(host, &process);
        status = add_process(host, &process, error);
    } else if (process.pid <= 2 && process.name[0]) {
        host->init_seen = true;
    }
    close(directory);
    return status;
}

static void note_gaps(struct lr_host *host)
{
    if (host->pss_denied)
        lr_host_note(host,
                     "smaps of %" PRIu64 " of %zu processes (not permitted; root may): their "
                     "rss stands in, which counts shared pages once for each",
                     host->pss_denied, host->process_count);
    if (host->pss_absent)
        lr_host_note(host,
                     "smaps_rollup and smaps of %" PRIu64 " of %zu processes (not there): "
                     "their rss stands in",
                     host->pss_absent, host->process_count);
    if (!host->init_seen)
        lr_host_note(host, "processes of others (/proc is mounted with hidepid, or this is a "
                           "container): the kill order shows only what is visible");
}

enum lr_status lr_host_read_processes(struct lr_host *host, struct lr_error *error)
{
    int proc = openat(host->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = proc >= 0 ? fdopendir(proc) : NULL;
    enum lr_status status = LR_OK;
    if (!list) {
        if (proc >= 0)
            close(proc);
        return lr_fail(error, LR_UNREADABLE, "can't read proc: %s", strerror(errno));
    }
    for (struct dirent *entry; status == LR_OK && (entry = readdir(list)) != NULL;) {
        size_t digits = strspn(entry->d_name, "0123456789");
        if (digits > 0 && digits < 10 && !entry->d_name[digits])
            status = read_one(host, proc, entry->d_name, error);
    }
    closedir(list);
    note_gaps(host);
    return status;
}
