/* test_oom.c -- OOM reports: tables by header, badness of every era, ledger, suspects, verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom_judge.h"
#include "oom_parse.h"
#include "oom_units.h"

#define EVENTS_MAX 8

static struct {
    struct lr_oom_event events[EVENTS_MAX];
    struct lr_oom_finding findings[EVENTS_MAX];
    unsigned count;
    struct lr_oom_task tasks[EVENTS_MAX][16];
} seen;

static enum lr_status keep(struct lr_oom_event *event, void *context, struct lr_error *error)
{
    struct lr_oom_judging *judging = context;
    assert_in_range(seen.count, 0, EVENTS_MAX - 1);
    seen.events[seen.count] = *event;
    for (size_t i = 0; i < event->task_count && i < 16; i++)
        seen.tasks[seen.count][i] = event->tasks[i];
    lr_oom_judge(event, judging, &seen.findings[seen.count]);
    seen.count++;
    return LR_OK;
}

/* Feeds the lines of `log`; the events are in `seen`. */
static void parse(const char *log)
{
    struct lr_oom_judging judging = {.heap = LR_OOM_UNKNOWN};
    struct lr_oom_parser *parser = lr_oom_parser_new(keep, &judging);
    struct lr_error error;
    uint64_t number = 0;
    seen.count = 0;
    while (*log) {
        size_t length = strcspn(log, "\n");
        char *line = strndup(log, length);
        assert_int_equal(lr_oom_feed(parser, line, length, ++number, &error), LR_OK);
        free(line);
        log += length + (log[length] == '\n');
    }
    assert_int_equal(lr_oom_finish(parser, &error), LR_OK);
    lr_oom_parser_free(parser);
}

static void test_columns_are_found_by_name(void **state)
{
    /* An order and a column that no kernel has. */
    parse("[ pid ]   tgid  new_column uid rss name_length total_vm swapents oom_score_adj name\n"
          "[   12]     12      777   5   100 3 4000 50   -17 a b c\n");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.events[0].task_count, 1);
    const struct lr_oom_task *task = &seen.tasks[0][0];
    assert_int_equal(task->pid, 12);
    assert_int_equal(task->tgid, 12);
    assert_int_equal(task->uid, 5);
    assert_int_equal(task->rss, 100);
    assert_int_equal(task->total_vm, 4000);
    assert_int_equal(task->swap, 50);
    assert_int_equal(task->adj, -17);
    assert_string_equal(task->name, "a b c");
    assert_int_equal(seen.events[0].columns, LR_OOM_HAS_SWAP);
}

static void test_page_tables_in_pages_and_bytes(void **state)
{
    parse("[ pid ] uid tgid total_vm rss nr_ptes nr_pmds nr_puds swapents oom_score_adj name\n"
          "[ 1] 0 1 9 8 10 3 1 0 0 a\n");
    assert_int_equal(seen.tasks[0][0].pgtables, 14 * 4096);
    parse("[ pid ] uid tgid total_vm rss pgtables_bytes swapents oom_score_adj name\n"
          "[ 1] 0 1 9 8 57344 0 0 a\n");
    assert_int_equal(seen.tasks[0][0].pgtables, 57344);
}

static void test_rows_that_are_none(void **state)
{
    parse("[ pid ] uid tgid total_vm rss swapents oom_score_adj name\n"
          "[ 1] 0 1 9\n"
          "[ 1] 0 1 9 8 7 6\n"
          "[<ffff>] 1 2 3 4 5 6 x\n"
          "[ x] 1 2 3 4 5 6 x\n"
          "foo[1]: 1 2 3\n"
          "[ 99999999999999999999] 1 2 3 4 5 6 x\n"
          "[ 2] 0 1 9 99999999999999999999 7 6 x\n");
    assert_int_equal(seen.events[0].task_count, 0);
    assert_int_equal(seen.events[0].rows_cut, 3);
}

static int64_t points(enum lr_oom_rule rule, bool bonus, int64_t adj)
{
    struct lr_oom_task task = {.rss = 100000, .swap = 20000, .pgtables = 500 * 4096, .adj = adj};
    return lr_oom_points(&task, rule, bonus, 1000999, 4096);
}

/* Worked by hand: used 120,500 pages of 1,000,999; a thousandth is 1000 pages. */
static void test_badness_of_every_era(void **state)
{
    assert_int_equal(points(LR_RULE_NO_BONUS, false, 0), 120500);
    assert_int_equal(points(LR_RULE_NO_BONUS, false, 300), 420500);
    assert_int_equal(points(LR_RULE_NO_BONUS, false, -300), -179500);
    assert_int_equal(points(LR_RULE_USAGE3, true, 0), 120500 - 3615);
    assert_int_equal(points(LR_RULE_USAGE3, false, -300), 1);
    assert_int_equal(points(LR_RULE_ADJ30, true, 10), 120500 - 30000 + 10000);
    assert_int_equal(points(LR_RULE_PERMILLE, false, 0), 120 * 1000999 / 1000);
    assert_int_equal(points(LR_RULE_PERMILLE, true, 0), 90 * 1000999 / 1000);
    assert_int_equal(points(LR_RULE_PERMILLE, false, 1000), 1000999);
    struct lr_oom_task huge = {.rss = UINT64_MAX - 1, .swap = UINT64_MAX - 1, .adj = INT64_MAX};
    assert_true(lr_oom_points(&huge, LR_RULE_NO_BONUS, false, UINT64_MAX - 1, 4096) > 0);
    assert_int_equal(lr_oom_points(&huge, LR_RULE_NO_BONUS, false, 0, 4096), 0);
}

#define MEMINFO(anon, slab, free)                                                                  \
    "Mem-Info:\n"                                                                                  \
    "active_anon:" anon " inactive_anon:0 isolated_anon:0\n"                                       \
    " active_file:0 inactive_file:0 isolated_file:0\n"                                             \
    " unevictable:0 dirty:0 writeback:0 unstable:0\n"                                              \
    " slab_reclaimable:0 slab_unreclaimable:" slab "\n"                                            \
    " mapped:0 shmem:0 pagetables:1000 bounce:0\n"                                                 \
    " free:" free " free_pcp:100 free_cma:0\n"                                                     \
    "Node 0 Normal free:4kB min:4kB kernel_stack:4000kB\n"                                         \
    "Free swap  = 0kB\nTotal swap = 0kB\n"                                                         \
    "1100000 pages RAM\n100000 pages reserved\n"
#define TABLE "[ pid ] uid tgid total_vm rss nr_ptes swapents oom_score_adj name\n"

static void test_ledger_and_residual(void **state)
{
    parse("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n" MEMINFO("600000", "9000",
                                                                                   "20000"));
    const struct lr_oom_ledger *ledger = &seen.findings[0].ledger;
    assert_true(ledger->known);
    assert_int_equal(ledger->total, UINT64_C(1000000) * 4096);
    /* 1,000,000 - 600,000 - 9,000 - 1,000 - 1,000 stacks - 20,000 - 100 */
    assert_int_equal(ledger->residual, INT64_C(368900) * 4096);
    assert_string_equal(seen.findings[0].verdict, "outside");
    /* More than there is: never negative memory, but said. */
    parse("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n" MEMINFO(
        "1600000", "9000", "20000"));
    assert_true(seen.findings[0].ledger.residual < 0);
    assert_string_not_equal(seen.findings[0].verdict, "outside");
}

static void test_residual_below_ten_percent_is_no_suspect(void **state)
{
    parse("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n" MEMINFO(
        "870000", "9000", "20000")); /* 98,900 left: 9.89 % */
    assert_int_equal(seen.findings[0].suspect_count, 0);
    parse("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n" MEMINFO(
        "868000", "9000", "20000")); /* 100,900: 10.09 % */
    assert_int_equal(seen.findings[0].suspect_count, 1);
    assert_string_equal(seen.findings[0].suspects[0].kind, "unaccounted");
    assert_string_not_equal(seen.findings[0].verdict, "outside"); /* from 20 % on */
}

static void test_a_process_that_is_alone_to_blame(void **state)
{
    parse("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n" MEMINFO("760000", "9000",
                                                                                   "20000") TABLE
          "[ 7] 5 7 9 750000 100 0 0 big\n[ 8] 5 8 9 10 1 0 0 small\n"
          "Out of memory: Kill process 7 (big) score 750 or sacrifice child\n"
          "Killed process 7 (big) total-vm:36kB, anon-rss:3000000kB, file-rss:0kB\n");
    const struct lr_oom_finding *finding = &seen.findings[0];
    assert_string_equal(finding->verdict, "process"); /* although 20.9 % are missing */
    assert_int_equal(finding->score.score, 750);
    assert_int_equal(finding->score.match, LR_MATCH_EQUAL);
    assert_int_equal(finding->native.kind, LR_LEAK_POSSIBLE);
    assert_int_equal(finding->score.relation, LR_KILL_SELF);
}

static void test_a_protected_process_is_named_all_the_same(void **state)
{
    parse(MEMINFO("900000", "9000", "20000") TABLE
          "[ 7] 5 7 9 800000 100 0 -1000 big\n[ 8] 5 8 9 9000 10 0 0 small\n"
          "Out of memory: Killed process 8 (small) total-vm:36kB, anon-rss:36000kB, "
          "file-rss:0kB, shmem-rss:0kB, UID:5 pgtables:40kB oom_score_adj:0\n");
    assert_string_equal(seen.findings[0].verdict, "process");
    assert_non_null(strstr(seen.findings[0].summary, "big (7)"));
    assert_non_null(strstr(seen.findings[0].summary, "choose small"));
    assert_int_equal(seen.findings[0].score.rank, 1);
}

static void test_where_one_event_ends(void **state)
{
    /* Two kills of one group are one event, two global ones are two; a child's line belongs to
     * the choice before it. */
    parse("Memory cgroup out of memory: Killed process 1 (a) total-vm:4kB, anon-rss:4kB\n"
          "Tasks in /g are going to be killed due to memory.oom.group set\n"
          "Memory cgroup out of memory: Killed process 2 (b) total-vm:4kB, anon-rss:4kB\n"
          "Out of memory: Kill process 3 (c) score 9 or sacrifice child\n"
          "Killed process 4 (d) total-vm:4kB, anon-rss:4kB\n"
          "Out of memory: Kill process 5 (e) score 9 or sacrifice child\n"
          "Killed process 5 (e) total-vm:4kB, anon-rss:4kB\n"
          "Killed process 6 (f) total-vm:4kB, anon-rss:4kB\n"); /* f shares e's memory */
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.events[0].victim_count, 2);
    assert_int_equal(seen.events[1].chosen_pid, 3);
    assert_int_equal(seen.events[1].victims[0].pid, 4);
    assert_int_equal(seen.events[2].victim_count, 2);
}

static void test_words_that_are_no_oom(void **state)
{
    parse("Out of memory\njava.lang.OutOfMemoryError: Out of memory: x\nKilled process\n"
          "Killed process (x)\noom-killer\n[ pid ] total_vm\n" MEMINFO("1", "1", "1"));
    assert_int_equal(seen.count, 0);
}

static void test_names_with_brackets(void **state)
{
    parse("Out of memory: Killed process 801 ((sd-pam)) total-vm:4kB, anon-rss:8kB\n");
    assert_string_equal(seen.events[0].victims[0].name, "(sd-pam)");
    assert_int_equal(seen.events[0].victims[0].anon_rss, 8192);
}

static void test_units(void **state)
{
    char out[LR_UNIT_SIZE];
    uint64_t bytes;
    assert_string_equal(lr_unit_binary(out, 0), "0 B");
    assert_string_equal(lr_unit_binary(out, 1024), "1 KiB");
    assert_string_equal(lr_unit_binary(out, UINT64_C(3948517) * 4096), "15.06 GiB");
    assert_string_equal(lr_unit_binary(out, UINT64_C(1048550) * 1024), "1.00 GiB");
    assert_true(lr_unit_parse_binary("1.5g", &bytes));
    assert_int_equal(bytes, 3 * (UINT64_C(1) << 29));
    assert_true(lr_unit_parse_binary("16GiB", &bytes));
    assert_int_equal(bytes, UINT64_C(16) << 30);
    assert_true(lr_unit_parse_binary("4096", &bytes));
    assert_int_equal(bytes, 4096);
    static const char *const bad[] = {"", "g", "-1g", "1gg", "1x", "1e30g", "nan", "0x10"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lr_unit_parse_binary(bad[i], &bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_found_by_name),
        cmocka_unit_test(test_page_tables_in_pages_and_bytes),
        cmocka_unit_test(test_rows_that_are_none),
        cmocka_unit_test(test_badness_of_every_era),
        cmocka_unit_test(test_ledger_and_residual),
        cmocka_unit_test(test_residual_below_ten_percent_is_no_suspect),
        cmocka_unit_test(test_a_process_that_is_alone_to_blame),
        cmocka_unit_test(test_a_protected_process_is_named_all_the_same),
        cmocka_unit_test(test_where_one_event_ends),
        cmocka_unit_test(test_words_that_are_no_oom),
        cmocka_unit_test(test_names_with_brackets),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
