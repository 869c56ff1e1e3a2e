/* test_units.c -- numbers as people read them, and LEAKRING as the commands write it.
 *
 * Stage: unit tests of EMIT and of the command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "library.h"
#include "settings.h"
#include "units.h"

static char out[LR_UNIT_SIZE];

static void bytes_have_three_digits(void **state)
{
    assert_string_equal(lr_unit_bytes(out, 0, false), "0 B");
    assert_string_equal(lr_unit_bytes(out, 999, false), "999 B");
    assert_string_equal(lr_unit_bytes(out, 1000, false), "1.00 kB");
    assert_string_equal(lr_unit_bytes(out, 9994, false), "9.99 kB");
    assert_string_equal(lr_unit_bytes(out, 9996, false), "10.0 kB");
    assert_string_equal(lr_unit_bytes(out, 99960, false), "100 kB");
    assert_string_equal(lr_unit_bytes(out, 999499, false), "999 kB");
    assert_string_equal(lr_unit_bytes(out, 999500, false), "1.00 MB");
    assert_string_equal(lr_unit_bytes(out, 80462112, false), "80.5 MB");
    assert_string_equal(lr_unit_bytes(out, 80462112, true), "80462112 B");
    assert_string_equal(lr_unit_bytes(out, UINT64_MAX, false), "18.4 EB");
}

static void counts_have_commas(void **state)
{
    assert_string_equal(lr_unit_count(out, 0), "0");
    assert_string_equal(lr_unit_count(out, 999), "999");
    assert_string_equal(lr_unit_count(out, 1000), "1,000");
    assert_string_equal(lr_unit_count(out, 1234567), "1,234,567");
    assert_string_equal(lr_unit_count(out, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void durations_fit_their_length(void **state)
{
    assert_string_equal(lr_unit_duration(out, 999), "999 ms");
    assert_string_equal(lr_unit_duration(out, 12550), "12.5 s");
    assert_string_equal(lr_unit_duration(out, 200000), "3 min 20 s");
    assert_string_equal(lr_unit_duration(out, 14700000), "4 h 05 min");
    assert_string_equal(lr_unit_duration(out, 183600000), "2 d 3 h");
    assert_string_equal(lr_unit_time(out, 0), "unknown");
    assert_string_equal(lr_unit_time(out, UINT64_C(1767323045000000000)),
                        "2026-01-02 03:04:05 UTC");
}

static void sizes_are_parsed_or_refused(void **state)
{
    static const char *const wrong[] = {
        "", "-1", "x", "1x", "1mm", "99999999999999999999", "18446744073709551615k"};
    uint64_t size;

    assert_true(lr_unit_parse_size("4096", &size) && size == 4096);
    assert_true(lr_unit_parse_size("64m", &size) && size == 64 << 20);
    assert_true(lr_unit_parse_size("2G", &size) && size == UINT64_C(2) << 30);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(lr_unit_parse_size(wrong[i], &size));
}

static void settings_are_read_back(void **state)
{
    char *text = NULL, *value;

    assert_int_equal(lr_settings_add(&text, "file", "a,b.lkr", NULL), LR_OK);
    assert_int_equal(lr_settings_add(&text, "size", "8M", NULL), LR_OK);
    assert_int_equal(lr_settings_add(&text, "size", "9M", NULL), LR_OK);
    assert_string_equal(text, "file=\"a,b.lkr\",size=8M,size=9M");
    assert_int_equal(lr_settings_check(text, NULL), LR_OK);
    value = lr_settings_get(text, "file");
    assert_string_equal(value, "a,b.lkr");
    free(value);
    value = lr_settings_get(text, "size");
    assert_string_equal(value, "9M"); /* the last one wins */
    free(value);
    assert_null(lr_settings_get(text, "exe"));
    assert_null(lr_settings_get(text, "fil"));
    assert_int_equal(lr_settings_add(&text, "file", "a\"b", NULL), LR_USAGE);
    assert_int_equal(lr_settings_add(&text, "file", "", NULL), LR_USAGE);
    free(text);
}

static void wrong_settings_are_told(void **state)
{
    static const char *const wrong[] = {
        "file",      "fiel=x",       "=x",     "file=\"x",       "file=\"x\"y", ",",
        "size=8M,,", "size=abc",     "size=1", "size=-5",        "depth=0",     "depth=129",
        "young=x",   "children=yes", "file=",  "unwinder=magic", "size=8Mx",    "size=8",
        "interval=1K", "interval=2G", "interval=", "budget=0", "budget=3.123", "budget=x", "budget=101",
        "seed=x"};
    static const char *const right[] = {
        "size=8M",     "size=8MiB", "size=4194304", "size=1GB",       "young=0",
        "young=100ms", "depth=128", "children=0",   "exe=java:node*", "unwinder=libunwind",
        "interval=exact", "interval=0", "interval=512K", "budget=off", "budget=2.5%", "budget=100",
        "seed=7"};
    struct lr_error error;

    assert_int_equal(lr_settings_check("", NULL), LR_OK);
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        if (lr_settings_check(right[i], &error) != LR_OK)
            fail_msg("%s: %s", right[i], error.text);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(lr_settings_check(wrong[i], &error), LR_USAGE);
        assert_true(error.text[0] != '\0');
    }
}

static void expect_preload(const char *before, const char *after)
{
    char *value = lr_library_prepend("/opt/libleakring.so", before);

    assert_string_equal(value, after);
    free(value);
}

static void the_library_goes_first_once(void **state)
{
    expect_preload(NULL, "/opt/libleakring.so");
    expect_preload("", "/opt/libleakring.so");
    expect_preload("libjemalloc.so.2", "/opt/libleakring.so:libjemalloc.so.2");
    expect_preload("a.so b.so::c.so ", "/opt/libleakring.so:a.so:b.so:c.so");
    expect_preload("a.so:/old/libleakring.so", "/opt/libleakring.so:a.so");
    expect_preload("libleakring.so", "/opt/libleakring.so");
    expect_preload("/x/notlibleakring.so", "/opt/libleakring.so:/x/notlibleakring.so");
    assert_false(lr_library_can_preload("/a b/libleakring.so"));
    assert_false(lr_library_can_preload("/a:b/libleakring.so"));
    assert_true(lr_library_can_preload("/ab/libleakring.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_three_digits),
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(durations_fit_their_length),
        cmocka_unit_test(sizes_are_parsed_or_refused),
        cmocka_unit_test(settings_are_read_back),
        cmocka_unit_test(wrong_settings_are_told),
        cmocka_unit_test(the_library_goes_first_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
