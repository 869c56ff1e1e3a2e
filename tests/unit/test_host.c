/* test_host.c -- the machine's ledger, its thresholds, and the order of killing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_model.h"

static struct lr_host host;

/* A machine of 10,000,000 kB with `missing` kB in no counter. */
static void machine(int missing)
{
    char text[1024];
    lr_host_init(&host, -1, "/tmp");
    host.major = 6;
    snprintf(text, sizeof text,
             "MemTotal: 10000000 kB\nMemFree: 2000000 kB\nMemAvailable: 5000000 kB\n"
             "Active(anon): 1000000 kB\nInactive(anon): 1000000 kB\n"
             "Active(file): 1500000 kB\nInactive(file): %d kB\nUnevictable: 0 kB\n"
             "Slab: 400000 kB\nSUnreclaim: 100000 kB\nKernelStack: 20000 kB\nPageTables: 30000 kB\n"
             "Percpu: 50000 kB\nVmallocUsed: 70000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
             10000000 - 2000000 - 3500000 - 400000 - 20000 - 30000 - 50000 - 50000 - missing);
    lr_host_parse_meminfo(&host, text);
}

static unsigned wrong(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < host.finding_count; i++)
        count += host.findings[i].wrong;
    return count;
}

static void judge(void)
{
    lr_host_ledger(&host);
    lr_host_judge(&host);
}

static void test_fields(void **state)
{
    const char *text = "MemTotalX: 1\n MemTotal: 2\nMemTotal:       3 kB\nnr_x 4\nbad: x\nlast 5";
    assert_int_equal(lr_host_field(text, "MemTotal"), 3);
    assert_int_equal(lr_host_field(text, "nr_x"), 4);
    assert_int_equal(lr_host_field(text, "last"), 5);
    assert_true(lr_host_field(text, "bad") == LR_HOST_UNKNOWN);
    assert_true(lr_host_field(text, "none") == LR_HOST_UNKNOWN);
    assert_true(lr_host_field("", "none") == LR_HOST_UNKNOWN);
    assert_true(lr_host_field("n: 99999999999999999999", "n") == LR_HOST_UNKNOWN);
}

static void test_zoneinfo(void **state)
{
    static const char *const lines[] = {
        "Node 0, zone      DMA",  "        present  100",   "        managed  90",
        "              count: 7", "              count: 5", "        present  1000",
        "        managed  980",   "   present_pages 5",     "              high:  378"};
    lr_host_init(&host, -1, "/tmp");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        lr_host_parse_zoneinfo_line(&host, lines[i]);
    assert_int_equal(host.present, 1100 * 4096);
    assert_int_equal(host.managed, 1070 * 4096);
    assert_int_equal(host.pcp, 12 * 4096);
}

static void test_ledger(void **state)
{
    machine(123456);
    lr_host_ledger(&host);
    assert_true(host.ledger_known);
    assert_int_equal(host.residual, INT64_C(123456) * 1024);
    /* Per-CPU pages are not missing. */
    host.pcp = UINT64_C(100000) * 1024;
    lr_host_ledger(&host);
    assert_int_equal(host.residual, INT64_C(23456) * 1024);
    /* Before 5.2 VmallocUsed says nothing; its 50,000 kB besides stacks stay unaccounted. */
    host.major = 4;
    lr_host_ledger(&host);
    assert_int_equal(host.residual, INT64_C(73456) * 1024);
}

static void test_residual_threshold(void **state)
{
    machine(999000); /* 9.99 % */
    judge();
    assert_int_equal(wrong(), 0);
    machine(1001000); /* 10.01 % */
    judge();
    assert_int_equal(wrong(), 1);
    assert_string_equal(host.findings[0].kind, "unaccounted");
    machine(-5000);
    judge();
    assert_int_equal(wrong(), 0);
    assert_true(host.residual < 0);
}

static void test_balloon_is_subtracted_once(void **state)
{
    machine(3000000); /* its pages are still in MemTotal … */
    host.virt.balloon = UINT64_C(2900000) * 1024;
    judge();
    assert_int_equal(host.residual, INT64_C(100000) * 1024);
    assert_int_equal(wrong(), 1);
    machine(100000); /* … and here they have left it */
    host.virt.balloon = UINT64_C(2900000) * 1024;
    judge();
    assert_int_equal(host.residual, INT64_C(100000) * 1024);
    assert_int_equal(wrong(), 1);
    assert_string_equal(host.findings[0].kind, "balloon");
}

static void test_memory_held_back(void **state)
{
    machine(0); /* 4 % kept at boot: usual */
    host.present = UINT64_C(10400000) * 1024;
    judge();
    assert_int_equal(wrong(), 0);
    machine(0); /* a fifth on bare metal: told, not wrong */
    host.present = UINT64_C(12500000) * 1024;
    judge();
    assert_int_equal(wrong(), 0);
    assert_string_equal(host.findings[0].kind, "reserved");
    machine(0); /* but that is what the crash kernel has */
    host.present = UINT64_C(12500000) * 1024;
    host.crash_kernel = UINT64_C(2300000) * 1024;
    judge();
    assert_int_equal(host.finding_count, 0);
    machine(0); /* on Xen it has been taken */
    host.present = UINT64_C(12500000) * 1024;
    strcpy(host.virt.hypervisor, "Xen");
    judge();
    assert_int_equal(wrong(), 1);
}

static void test_shortage(void **state)
{
    machine(0);
    host.available = 0;
    host.meminfo[LR_MI_available] = UINT64_C(900000) * 1024; /* 9 %, no swap */
    judge();
    assert_true(host.squeezed);
    machine(0);
    host.meminfo[LR_MI_available] = UINT64_C(900000) * 1024;
    host.meminfo[LR_MI_swap_total] = host.meminfo[LR_MI_swap_free] = UINT64_C(1) << 30;
    judge();
    assert_false(host.squeezed);
    host.finding_count = 0;
    host.meminfo[LR_MI_swap_free] = 1 << 20; /* and now swap is full too */
    judge();
    assert_true(host.squeezed);
}

static struct lr_host_process *process(int64_t pid, const char *name, uint64_t score, int64_t adj)
{
    host.processes = realloc(host.processes, (host.process_count + 1) * sizeof *host.processes);
    struct lr_host_process *new = &host.processes[host.process_count++];
    memset(new, 0, sizeof *new);
    new->pid = pid;
    new->ppid = 1;
    new->score = score;
    new->adj = adj;
    new->adj_known = true;
    new->pss = new->pss_anon = new->swap_pss = LR_HOST_UNKNOWN;
    snprintf(new->name, sizeof new->name, "%s", name);
    return new;
}

static void test_kill_order(void **state)
{
    static const int64_t wanted[] = {30, 20, 22, 21, 40, 1, 10};
    machine(0);
    process(1, "init", 900, 0);
    process(10, "sshd", 0, -1000);
    process(20, "a", 5, 0)->rss = 9 << 20;
    process(21, "b", 5, 0)->rss = 1 << 20;
    process(22, "c", 5, 0)->rss = 2 << 20; /* the same score, but larger */
    process(30, "d", 70, 0);
    process(40, "cron", 1, 0);
    host.critical[host.critical_count++] = "b";
    judge();
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(host.processes[i].pid, wanted[i]);
    assert_int_equal(wrong(), 1); /* b, whom the user named; cron is only told */
    assert_non_null(strstr(host.findings[0].text, "b (21)"));
    assert_non_null(strstr(host.findings[0].text, "number 4"));
    assert_non_null(strstr(host.findings[1].text, "cron (40)"));
    lr_host_free(&host);
}

static void test_cannot_tell(void **state)
{
    lr_host_init(&host, -1, "/tmp");
    lr_host_parse_meminfo(&host, "MemTotal: 1000000 kB\nMemFree: 900000 kB\n");
    judge();
    assert_false(host.ledger_known);
    assert_non_null(strstr(host.verdict, "cannot tell"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_zoneinfo),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_residual_threshold),
        cmocka_unit_test(test_balloon_is_subtracted_once),
        cmocka_unit_test(test_memory_held_back),
        cmocka_unit_test(test_shortage),
        cmocka_unit_test(test_kill_order),
        cmocka_unit_test(test_cannot_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
