/* test_oom_line.c -- log lines: prefixes of every kind, long lines, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oom_line.h"

static const struct {
    const char *line, *text, *stamp, *host;
} lines[] = {
    {"Mem-Info:", "Mem-Info:", "", ""},
    {"[ 3164]     0  3164    47420", "[ 3164]     0  3164    47420", "", ""},
    {"[12345.678901] Mem-Info:", "Mem-Info:", "12345.678901", ""},
    {"[    1.000002] [ 3164]     0", "[ 3164]     0", "1.000002", ""},
    {"[  +0.000003] Mem-Info:", "Mem-Info:", "+0.000003", ""},
    {"[   99.000001][ T4711] Mem-Info:", "Mem-Info:", "99.000001", ""},
    {"[   99.000001][    C0] Mem-Info:", "Mem-Info:", "99.000001", ""},
    {"[Fri Apr 26 04:18:15 2019] Mem-Info:", "Mem-Info:", "Fri Apr 26 04:18:15 2019", ""},
    {"[Apr26 04:18] Mem-Info:", "Mem-Info:", "Apr26 04:18", ""},
    {"kern  :warn  : [    1.5] Mem-Info:", "Mem-Info:", "1.5", ""},
    {"<4>Mem-Info:", "Mem-Info:", "", ""},
    {"<4>[  5.000001] Mem-Info:", "Mem-Info:", "5.000001", ""},
    {"6,339,5140900,-;Mem-Info:", "Mem-Info:", "5140900", ""},
    {"Apr  6 04:18:15 box kernel: Mem-Info:", "Mem-Info:", "Apr  6 04:18:15", "box"},
    {"Apr 26 04:18:15 box kernel: [7.25] Mem-Info:", "Mem-Info:", "Apr 26 04:18:15", "box"},
    {"Apr 26 2019 04:18:15 box kernel: x", "x", "Apr 26 2019 04:18:15", "box"},
    {"2019-04-26T04:18:15+0200 box kernel: x", "x", "2019-04-26T04:18:15+0200", "box"},
    {"2019-04-26T04:18:15,123456+02:00 x", "x", "2019-04-26T04:18:15,123456+02:00", ""},
    {"Fri 2019-04-26 04:18:15 CEST box kernel: x", "x", "Fri 2019-04-26 04:18:15 CEST", "box"},
    {"<4>1 2019-04-26T04:18:15.1Z box kernel - - - x", "x", "2019-04-26T04:18:15.1Z", "box"},
    {"<4>1 2019-04-26T04:18:15Z box kernel - - [a b=\"c\"] x", "x", "2019-04-26T04:18:15Z", "box"},
    {"2016-10-06T00:17:09.6Z stdout F [1.5] x", "x", "2016-10-06T00:17:09.6Z", ""},
    {"{\"log\":\"x y\\n\",\"stream\":\"stdout\",\"time\":\"2022Z\"}", "x y", "2022Z", ""},
    {"{\"MESSAGE\":\"say \\\"x\\\"\",\"_HOSTNAME\":\"box\"}", "say \"x\"", "", "box"},
    {"Apr 26 04:18:15 box kern.warn kernel: [7.25] x", "x", "Apr 26 04:18:15", "box"},
    {"[    7.250000] box kernel: x", "x", "7.250000", "box"},
    {"    MESSAGE=x", "x", "", ""},
    {"/var/log/messages:12:Apr 26 04:18:15 box kernel: x", "x", "Apr 26 04:18:15", "box"},
    {"12:Apr 26 04:18:15 box kernel: x", "x", "Apr 26 04:18:15", "box"},
    /* not prefixes */
    {"kworker/7:1 invoked oom-killer: x", "kworker/7:1 invoked oom-killer: x", "", ""},
    {"oom-kill:constraint=CONSTRAINT_NONE", "oom-kill:constraint=CONSTRAINT_NONE", "", ""},
    {"[<ffffffffa2961e41>] dump_stack+0x19/0x1b", "[<ffffffffa2961e41>] dump_stack+0x19/0x1b", "",
     ""},
    {" active_anon:3649243 x", "active_anon:3649243 x", "", ""},
    {"lowmem_reserve[]: 0 1", "lowmem_reserve[]: 0 1", "", ""},
    {"{\"log\":", "{\"log\":", "", ""},
    {"", "", "", ""},
};

static void test_prefixes(void **state)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *line = strdup(lines[i].line);
        struct lr_message message;
        lr_message_split(line, strlen(line), &message);
        char *rest = message.text;
        assert_string_equal(lr_message_next(&rest), lines[i].text);
        assert_string_equal(message.stamp, lines[i].stamp);
        assert_string_equal(message.host, lines[i].host);
        free(line);
    }
}

static void test_newlines_inside_a_message(void **state)
{
    char line[] = "Apr 26 04:18:15 box kernel: one#012 two#012three";
    struct lr_message message;
    lr_message_split(line, strlen(line), &message);
    char *rest = message.text;
    assert_string_equal(lr_message_next(&rest), "one");
    assert_string_equal(lr_message_next(&rest), "two");
    assert_string_equal(lr_message_next(&rest), "three");
    assert_null(lr_message_next(&rest));
}

static void test_escapes(void **state)
{
    char line[] = "{\"MESSAGE\":\"a\\u0041\\u20ac\\t\\\\b\\nc\"}";
    struct lr_message message;
    lr_message_split(line, strlen(line), &message);
    char *rest = message.text;
    assert_string_equal(lr_message_next(&rest), "aA? \\b");
    assert_string_equal(lr_message_next(&rest), "c");
    assert_null(lr_message_next(&rest));
}

static void test_copies_are_clean(void **state)
{
    char out[8];
    lr_copy_text(out, sizeof out, "a\x1b[1m\xff", 6);
    assert_string_equal(out, "a?[1m?");
    lr_copy_text(out, sizeof out, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 8); /* cut between, not in */
    assert_string_equal(out, "\xc3\xa9\xc3\xa9\xc3\xa9");
    lr_copy_text(out, sizeof out, "\xc0\x80\xed\xa0\x80\xc2", 6); /* overlong, surrogate, cut */
    assert_string_equal(out, "??????");
    lr_copy_text(out, sizeof out,
                 "\xc2\x9b"
                 "1",
                 3); /* the one-byte escape sequence introducer */
    assert_string_equal(out, "??1");
    lr_copy_text(out, 1, "abc", 3);
    assert_string_equal(out, "");
}

/* A file with these bytes, open at its beginning. */
static int file_of(const char *bytes, size_t size)
{
    char path[] = "/tmp/leakring-test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void test_lines(void **state)
{
    size_t size = 5 * LR_LINE_MAX;
    char *bytes = malloc(size);
    memset(bytes, 'x', size);
    memcpy(bytes, "one\n\ntwo\n", 9);
    bytes[3 * LR_LINE_MAX] = '\n'; /* the long line ends here */
    memcpy(bytes + size - 4, "\nend", 4);
    int fd = file_of(bytes, size);
    struct lr_lines reader;
    struct lr_error error;
    char *text;
    size_t length;
    assert_int_equal(lr_lines_open(&reader, fd, &error), LR_OK);
    static const struct {
        const char *text;
        size_t length;
    } wanted[] = {{"one", 3}, {"", 0}, {"two", 3}, {NULL, LR_LINE_MAX - 1}, {NULL, LR_LINE_MAX - 1},
                  {"end", 3}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_int_equal(lr_lines_next(&reader, &text, &length, &error), LR_OK);
        assert_int_equal(length, wanted[i].length);
        assert_int_equal(strlen(text), length);
        assert_int_equal(reader.number, i + 1);
        if (wanted[i].text)
            assert_string_equal(text, wanted[i].text);
    }
    assert_int_equal(lr_lines_next(&reader, &text, &length, &error), LR_CANNOT_TELL);
    assert_int_equal(reader.cut, 2);
    assert_int_equal(reader.bytes, size);
    lr_lines_close(&reader);
    close(fd);
    free(bytes);
}

static void test_unreadable(void **state)
{
    struct lr_lines reader;
    struct lr_error error;
    char *text;
    size_t length;
    assert_int_equal(lr_lines_open(&reader, -1, &error), LR_OK);
    assert_int_equal(lr_lines_next(&reader, &text, &length, &error), LR_UNREADABLE);
    lr_lines_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_newlines_inside_a_message),
        cmocka_unit_test(test_escapes),  cmocka_unit_test(test_copies_are_clean),
        cmocka_unit_test(test_lines),    cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
