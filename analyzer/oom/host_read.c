/* host_read.c -- the machine's own counters: meminfo, vmstat, zoneinfo, pressure.
 *
 * Stage: `leakring host`, reading.  Context: analyzer only, one thread.
 */
#include "host_model.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oom_line.h"

static const struct {
    const char *name;
    bool plain; /* a count, not kB */
} meminfo_lines[] = {
#define X(id, text) {text, LR_MI_##id == LR_MI_huge_total || LR_MI_##id == LR_MI_huge_free},
    LR_MEMINFO(X)
#undef X
};

static const char *const vmstat_lines[] = {
#define X(text) #text,
    LR_VMSTAT(X)
#undef X
};

uint64_t lr_host_add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    if (a == LR_HOST_UNKNOWN || b == LR_HOST_UNKNOWN)
        return a == LR_HOST_UNKNOWN ? b : a;
    return __builtin_add_overflow(a, b, &sum) ? LR_HOST_UNKNOWN - 1 : sum;
}

static uint64_t scale(uint64_t value, uint64_t factor)
{
    uint64_t product;
    if (value == LR_HOST_UNKNOWN)
        return value;
    return __builtin_mul_overflow(value, factor, &product) ? LR_HOST_UNKNOWN - 1 : product;
}

void lr_host_note(struct lr_host *host, const char *format, ...)
{
    if (host->note_count == LR_HOST_NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(host->notes[host->note_count++], LR_HOST_TEXT_SIZE, format, arguments);
    va_end(arguments);
}

void lr_host_init(struct lr_host *host, int root, const char *root_path)
{
    memset(host, 0, sizeof *host);
    host->root = root;
    host->root_path = root_path;
    host->page_size = 4096;
    for (int i = 0; i < LR_MI_COUNT; i++)
        host->meminfo[i] = LR_HOST_UNKNOWN;
    for (int i = 0; i < LR_VS_COUNT; i++)
        host->vmstat[i] = LR_HOST_UNKNOWN;
    host->present = host->managed = host->pcp = host->crash_kernel = LR_HOST_UNKNOWN;
    host->pressure_some = host->pressure_full = -1;
    host->virt.balloon = host->virt.target = LR_HOST_UNKNOWN;
    host->virt.xen_current = host->virt.xen_target = LR_HOST_UNKNOWN;
    host->available = host->reserved = LR_HOST_UNKNOWN;
}

void lr_host_free(struct lr_host *host)
{
    free(host->processes);
    host->processes = NULL;
    host->process_count = host->process_capacity = 0;
}

int64_t lr_host_file_at(int directory, const char *path, char *buffer, size_t size)
{
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 1;
    while (used < size - 1 && got > 0) {
        got = read(fd, buffer + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used += (size_t)got;
    }
    int problem = errno;
    close(fd);
    errno = problem;
    if (got < 0)
        return -1;
    buffer[used] = '\0';
    return (int64_t)used;
}

int64_t lr_host_file(const struct lr_host *host, const char *path, char *buffer, size_t size)
{
    return lr_host_file_at(host->root, path, buffer, size);
}

static uint64_t parse_number(const char *text)
{
    char *end;
    text += strspn(text, " \t");
    if (!isdigit((unsigned char)*text))
        return LR_HOST_UNKNOWN;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    return errno || end == text ? LR_HOST_UNKNOWN : value;
}

uint64_t lr_host_number(const struct lr_host *host, const char *path)
{
    char text[64];
    return lr_host_file(host, path, text, sizeof text) > 0 ? parse_number(text) : LR_HOST_UNKNOWN;
}

uint64_t lr_host_field(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && (line[length] == ':' || line[length] == ' '))
            return parse_number(line + length + 1);
    }
    return LR_HOST_UNKNOWN;
}

void lr_host_parse_meminfo(struct lr_host *host, const char *text)
{
    for (int i = 0; i < LR_MI_COUNT; i++) {
        uint64_t value = lr_host_field(text, meminfo_lines[i].name);
        host->meminfo[i] = meminfo_lines[i].plain ? value : scale(value, 1024);
    }
}

void lr_host_parse_vmstat(struct lr_host *host, const char *text)
{
    for (int i = 0; i < LR_VS_COUNT; i++)
        host->vmstat[i] = lr_host_field(text, vmstat_lines[i]);
}

/* Zones: "        present  3976", "        managed  3840"; CPUs' lists: "              count: 25".
 * Before 3.10 there is no managed. */
void lr_host_parse_zoneinfo_line(struct lr_host *host, const char *line)
{
    static const char *const keys[] = {"present ", "managed ", "count: "};
    uint64_t *const sums[] = {&host->present, &host->managed, &host->pcp};
    line += strspn(line, " \t");
    for (size_t i = 0; i < 3; i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
            uint64_t pages = parse_number(line + strlen(keys[i]));
            *sums[i] = lr_host_add(*sums[i], scale(pages, host->page_size));
        }
}

static void read_zoneinfo(struct lr_host *host)
{
    struct lr_lines lines;
    struct lr_error error;
    int fd = openat(host->root, "proc/zoneinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        lr_host_note(host,
                     "/proc/zoneinfo (%s): whether RAM is held back from the kernel, and the "
                     "per-CPU page lists",
                     strerror(errno));
        return;
    }
    if (lr_lines_open(&lines, fd, &error) == LR_OK) {
        char *text;
        size_t length;
        while (lr_lines_next(&lines, &text, &length, &error) == LR_OK)
            lr_host_parse_zoneinfo_line(host, text);
        lr_lines_close(&lines);
    }
    close(fd);
}

static double average(const char *text, const char *kind)
{
    const char *line = strstr(text, kind);
    const char *value = line ? strstr(line, "avg60=") : NULL;
    return value ? strtod(value + strlen("avg60="), NULL) : -1;
}

static void read_release(struct lr_host *host)
{
    char text[256];
    if (lr_host_file(host, "proc/sys/kernel/osrelease", text, sizeof text) <= 0) {
        if (lr_host_file(host, "proc/version", text, sizeof text) <= 0)
            return;
        static const char words[] = "Linux version ";
        if (strncmp(text, words, sizeof words - 1) == 0)
            memmove(text, text + sizeof words - 1, strlen(text + sizeof words - 1) + 1);
    }
    lr_copy_text(host->release, sizeof host->release, text, strcspn(text, " \n"));
    if (sscanf(host->release, "%3u.%3u", &host->major, &host->minor) != 2)
        host->major = host->minor = 0;
}

/* A recorded tree may be another machine's: its page size is in a process's smaps, if that was
 * recorded; else 4 KiB. */
static void read_page_size(struct lr_host *host)
{
    char text[4096];
    if (strcmp(host->root_path, "/") == 0) {
        host->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
        return;
    }
    if (lr_host_file(host, "proc/1/smaps", text, sizeof text) <= 0 &&
        lr_host_file(host, "proc/self/smaps", text, sizeof text) <= 0)
        return;
    uint64_t kb = lr_host_field(text, "KernelPageSize");
    if (kb >= 4 && kb <= 1024 && (kb & (kb - 1)) == 0)
        host->page_size = kb * 1024;
}

enum lr_status lr_host_read(struct lr_host *host, struct lr_error *error)
{
    static char text[256 * 1024];
    if (lr_host_file(host, "proc/meminfo", text, sizeof text) < 0) {
        lr_fail(error, LR_UNREADABLE, "no proc/meminfo: %s", strerror(errno));
        lr_hint(error, "a recorded tree holds proc/ and sys/ as they are under /");
        return LR_UNREADABLE;
    }
    lr_host_parse_meminfo(host, text);
    if (host->meminfo[LR_MI_total] == LR_HOST_UNKNOWN || host->meminfo[LR_MI_total] == 0)
        return lr_fail(error, LR_UNREADABLE, "proc/meminfo has no MemTotal");
    read_release(host);
    read_page_size(host);
    if (lr_host_file(host, "proc/vmstat", text, sizeof text) > 0)
        lr_host_parse_vmstat(host, text);
    else
        lr_host_note(host, "/proc/vmstat: balloon and OOM counters");
    read_zoneinfo(host);
    if (lr_host_file(host, "proc/pressure/memory", text, sizeof text) > 0) {
        host->pressure_some = average(text, "some");
        host->pressure_full = average(text, "full");
    }
    if (lr_host_file(host, "proc/sys/kernel/hostname", text, sizeof text) > 0)
        lr_copy_text(host->hostname, sizeof host->hostname, text, strcspn(text, "\n"));
    host->crash_kernel = lr_host_number(host, "sys/kernel/kexec_crash_size");
    return LR_OK;
}
