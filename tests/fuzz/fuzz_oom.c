/* fuzz_oom.c -- libFuzzer target for everything that `leakring oom` and `host` parse.
 *
 * Byte 0 chooses: even, a kernel log; odd, a machine's meminfo, vmstat and zoneinfo, separated by
 * NUL bytes.  Beside the sanitizers it asserts what must hold of any input: sums add up, texts
 * are terminated, percentages are finite.  Corpus: the logs of tests/fixtures/oom, each
 * behind a 0.
 *
 * `make fuzz-oom` builds and runs it.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_model.h"
#include "emit_oom.h"
#include "oom_line.h"
#include "oom_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    MUST(freopen("/dev/null", "w", stdout) != NULL);
    return 0;
}

static void check_ledger(const struct lr_oom_ledger *ledger)
{
    __int128 sum = 0;
    for (unsigned i = 0; i < ledger->count; i++)
        sum += ledger->items[i].known ? ledger->items[i].bytes : 0;
    if (ledger->total && sum < (__int128)1 << 62 && ledger->total < UINT64_C(1) << 62)
        MUST(sum + ledger->residual == ledger->total);
}

static enum lr_status check(struct lr_oom_event *event, void *context, struct lr_error *error)
{
    static struct lr_oom_finding finding;
    struct lr_oom_finding *list[] = {&finding};
    struct lr_oom_report report = {.path = "x", .events = 1, .findings = list, .finding_count = 1};
    (void)error;
    lr_oom_judge(event, context, &finding);
    check_ledger(&finding.ledger);
    MUST(finding.verdict[0] && finding.summary[0] && finding.native.text[0]);
    MUST(memchr(finding.summary, 0, sizeof finding.summary) != NULL);
    for (unsigned i = 0; i < finding.suspect_count; i++)
        MUST(isfinite(finding.suspects[i].percent) && finding.suspects[i].percent >= 0);
    MUST(!finding.score.known || finding.score.rank >= 1);
    MUST(finding.event.victim_count <= LR_OOM_VICTIMS_MAX);
    lr_oom_print_text(&report);
    lr_oom_print_json(&report);
    return LR_OK;
}

static void fuzz_log(const uint8_t *data, size_t size)
{
    struct lr_oom_judging judging = {.heap = size % 3 ? LR_OOM_UNKNOWN : UINT64_C(1) << 30};
    struct lr_oom_parser *parser = lr_oom_parser_new(check, &judging);
    struct lr_lines lines;
    struct lr_error error;
    char *text;
    size_t length;
    int fd = memfd_create("log", 0);
    MUST(parser && fd >= 0 && write(fd, data, size) == (ssize_t)size &&
         lseek(fd, 0, SEEK_SET) == 0);
    MUST(lr_lines_open(&lines, fd, &error) == LR_OK);
    while (lr_lines_next(&lines, &text, &length, &error) == LR_OK) {
        MUST(length < LR_LINE_MAX && text[length] == '\0');
        MUST(lr_oom_feed(parser, text, length, lines.number, &error) == LR_OK);
    }
    MUST(lr_oom_finish(parser, &error) == LR_OK && lines.bytes == size);
    lr_lines_close(&lines);
    lr_oom_parser_free(parser);
    close(fd);
}

static void fuzz_host(const uint8_t *data, size_t size)
{
    static struct lr_host host;
    char *text = malloc(size + 3);
    MUST(text != NULL);
    memcpy(text, data, size);
    memset(text + size, 0, 3);
    lr_host_init(&host, -1, "/fuzz");
    host.major = 6;
    lr_host_parse_meminfo(&host, text);
    char *vmstat = text + strnlen(text, size) + 1;
    if (vmstat < text + size)
        lr_host_parse_vmstat(&host, vmstat);
    char *zoneinfo = vmstat < text + size ? vmstat + strlen(vmstat) + 1 : text + size;
    for (char *line = zoneinfo; line < text + size && *line;) {
        char *end = strchrnul(line, '\n');
        bool last = *end == '\0';
        *end = '\0';
        lr_host_parse_zoneinfo_line(&host, line);
        line = last ? text + size : end + 1;
    }
    if (host.meminfo[LR_MI_total] == LR_HOST_UNKNOWN)
        host.meminfo[LR_MI_total] = 1 << 30;
    lr_host_ledger(&host);
    lr_host_judge(&host);
    MUST(host.verdict[0] && host.item_count <= LR_HOST_ITEMS_MAX);
    lr_host_print_text(&host, 3);
    lr_host_print_json(&host, 3);
    lr_host_free(&host);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        fuzz_log(data + 1, size - 1);
    else
        fuzz_host(data + 1, size - 1);
    return 0;
}
