/* test_load_collections.c -- collections of a trace, and the control words of a running process's.
 *
 * Stage: unit tests of load_collections.c and load_control.c, on files made by make_trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "load.h"
#include "make_trace.h"

static struct lr_trace *open_made(struct lr_make *make)
{
    struct lr_trace *trace = NULL;
    struct lr_error error;
    size_t size;
    const void *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "made", &trace, &error), LR_OK);
    lr_make_free(make);
    return trace;
}

static void records_come_as_they_were_written(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_collection(make, LR_COLLECTION_SEEN, 500, 0);
    struct lr_collection *asked = lr_make_collection(make, LR_COLLECTION_ASKED, 900, 1200);
    asked->number = 7;
    asked->cleaned = 12;
    asked->rss = (struct lr_before_after){1000, LR_NO_VALUE};
    asked->pairs[1].before = 40;
    asked->pairs[1].after = UINT32_MAX;
    struct lr_trace *trace = open_made(make);
    struct lr_collection_view view;
    uint64_t cursor = 0;
    assert_true(lr_trace_each_collection(trace, &cursor, &view));
    assert_false(view.asked);
    assert_int_equal(view.bound_ms, 500);
    assert_int_equal(view.drained_ms, 0);
    assert_true(lr_trace_each_collection(trace, &cursor, &view));
    assert_true(view.asked);
    assert_int_equal(view.request, 7);
    assert_int_equal(view.cleaned, 12);
    assert_int_equal(view.rss.before, 1000);
    assert_int_equal(view.rss.after, LR_NO_VALUE);
    assert_int_equal(view.pairs_before[1], 40);
    assert_int_equal(view.pairs_after[1], LR_NO_VALUE);
    assert_false(lr_trace_each_collection(trace, &cursor, &view));
    lr_trace_close(trace);
}

static void a_torn_record_is_left_out(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_collection(make, LR_COLLECTION_SEEN, 500, 600)->sequence = 0;
    lr_make_collection(make, LR_COLLECTION_SEEN, 700, 800);
    struct lr_trace *trace = open_made(make);
    struct lr_collection_view view;
    uint64_t cursor = 0;
    assert_true(lr_trace_each_collection(trace, &cursor, &view));
    assert_int_equal(view.bound_ms, 700);
    assert_false(lr_trace_each_collection(trace, &cursor, &view));
    lr_trace_close(trace);
}

static void results_have_names(void **state)
{
    (void)state;
    assert_string_equal(lr_collect_result_name(LR_COLLECT_IGNORED), "ignored");
    assert_string_equal(lr_collect_result_name(4711), "unknown");
}

/* Start time of this very process: field 22 of its stat. */
static uint64_t own_start(void)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    char *at = strrchr(text, ')');
    for (int field = 2; field < 22; field++)
        at = strchr(at, ' ') + 1;
    return strtoull(at, NULL, 10);
}

static char path[64];

/* A trace that says that it is this process's, in a file. */
static struct lr_make *make_own(void)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->pid = (uint32_t)getpid();
    header->proc_start = own_start();
    header->state = LR_STATE_OPEN;
    memset(header->boot_id, 0, sizeof(header->boot_id));
    lr_make_seal(make);
    return make;
}

static void write_out(struct lr_make *make)
{
    snprintf(path, sizeof(path), "control.%d.lkr", getpid());
    lr_make_write(make, path);
    lr_make_free(make);
}

/* The same, and the way to ask its process. */
static struct lr_control_link open_own(struct lr_make *make)
{
    struct lr_control_link link;
    struct lr_error error;
    write_out(make);
    assert_int_equal(lr_control_open(path, &link, &error), LR_OK);
    return link;
}

static void close_own(struct lr_control_link *link)
{
    lr_control_close(link);
    unlink(path);
}

static void a_request_is_one_word_of_the_file(void **state)
{
    (void)state;
    struct lr_control control;
    uint32_t asked = 0, again = 0;
    struct lr_control_link link = open_own(make_own());
    assert_int_equal(link.pid_here, getpid());
    assert_true(lr_control_ask(&link, LR_CONTROL_COLLECT, &asked));
    assert_true(lr_control_read(&link, &control));
    assert_int_equal(control.asked, asked);
    assert_int_equal(asked & LR_CONTROL_NUMBER_MASK, 1);
    assert_int_equal(asked >> LR_CONTROL_WHAT_SHIFT, LR_CONTROL_COLLECT);
    assert_int_equal(control.taken, 0);
    /* One is under way: no second one. */
    assert_false(lr_control_ask(&link, LR_CONTROL_COLLECT, &again));
    assert_int_equal(again, 0);
    close_own(&link);
}

/* Numbers go on after the answer, and around. */
static void the_next_request_has_another_number(void **state)
{
    (void)state;
    uint32_t asked = 0;
    struct lr_make *make = make_own();
    struct lr_control *control = lr_make_entry(make, LR_SEC_CONTROL, 0);
    control->asked = control->taken = control->done = LR_CONTROL_NUMBER_MASK | 1u << 24;
    struct lr_control_link link = open_own(make);
    assert_true(lr_control_ask(&link, LR_CONTROL_COLLECT, &asked));
    assert_int_equal(asked & LR_CONTROL_NUMBER_MASK, 1);
    close_own(&link);
}

static void another_asker_is_waited_for(void **state)
{
    (void)state;
    uint32_t asked = 0;
    struct lr_control_link link = open_own(make_own());
    int other = open(path, O_RDWR);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_false(lr_control_ask(&link, LR_CONTROL_COLLECT, &asked));
    assert_true(link.held_back);
    close(other);
    assert_true(lr_control_ask(&link, LR_CONTROL_COLLECT, &asked));
    assert_false(link.held_back);
    close_own(&link);
}

/* A file that was cut meanwhile isn't made longer by asking. */
static void a_cut_file_is_left_alone(void **state)
{
    (void)state;
    uint32_t asked = 0;
    struct lr_control_link link = open_own(make_own());
    assert_int_equal(truncate(path, 4096), 0);
    assert_false(lr_control_ask(&link, LR_CONTROL_COLLECT, &asked));
    assert_int_equal(lseek(link.fd, 0, SEEK_END), 4096);
    close_own(&link);
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    struct lr_control_link link;
    struct lr_error error;
    /* Its process is another by now. */
    struct lr_make *make = make_own();
    lr_make_header(make)->proc_start++;
    write_out(make);
    assert_int_equal(lr_control_open(path, &link, &error), LR_CANNOT_TELL);
    assert_non_null(strstr(error.text, "gone"));
    assert_int_equal(link.fd, -1);
    /* It has no control words. */
    make = make_own();
    lr_make_section(make, LR_SEC_CONTROL)->id = 4000;
    lr_make_seal(make);
    write_out(make);
    assert_int_equal(lr_control_open(path, &link, &error), LR_UNREADABLE);
    assert_non_null(strstr(error.text, "older"));
    /* It isn't a trace. */
    make = make_own();
    lr_make_header(make)->magic[0] = 'X';
    write_out(make);
    assert_int_equal(lr_control_open(path, &link, &error), LR_UNREADABLE);
    /* It isn't a file. */
    assert_int_equal(lr_control_open(".", &link, &error), LR_UNREADABLE);
    unlink(path);
    assert_int_equal(lr_control_open(path, &link, &error), LR_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_as_they_were_written),
        cmocka_unit_test(a_torn_record_is_left_out),
        cmocka_unit_test(results_have_names),
        cmocka_unit_test(a_request_is_one_word_of_the_file),
        cmocka_unit_test(the_next_request_has_another_number),
        cmocka_unit_test(another_asker_is_waited_for),
        cmocka_unit_test(a_cut_file_is_left_alone),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
