/* test_config.c -- the one environment variable: every key, every kind of wrong text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config.h"
#include "text.h"

static struct lr_config config;
static char error[512];

static bool parse(const char *text)
{
    error[0] = '\0';
    return lr_config_parse(&config, text, error, sizeof error);
}

static void test_nothing_means_defaults(void **state)
{
    (void)state;
    assert_true(parse(NULL));
    assert_true(parse(""));
    assert_string_equal(config.file, "");
    assert_string_equal(config.unwinder, "ehframe");
    assert_int_equal(config.young_ms, 100);
    assert_int_equal(config.size, 0);
    assert_false(config.children);
    assert_false(config.interval_set);
    assert_int_equal(config.budget, 300);
}

static void test_every_key_is_read(void **state)
{
    (void)state;
    assert_true(parse("file=/tmp/%p.lkr,size=32M,exe=java:python*,children=1,depth=16,"
                      "java_depth=20,java_check=7,young=250ms,unwinder=libunwind"));
    assert_string_equal(config.file, "/tmp/%p.lkr");
    assert_int_equal(config.size, 32 << 20);
    assert_string_equal(config.exe, "java:python*");
    assert_true(config.children);
    assert_int_equal(config.depth, 16);
    assert_int_equal(config.java_depth, 20);
    assert_int_equal(config.java_check, 7);
    assert_int_equal(config.young_ms, 250);
    assert_string_equal(config.unwinder, "libunwind");
}

static void test_quotes_hold_commas(void **state)
{
    (void)state;
    assert_true(parse("file=\"/tmp/a,b.lkr\",children=1"));
    assert_string_equal(config.file, "/tmp/a,b.lkr");
    assert_true(config.children);
}

static void test_sizes(void **state)
{
    (void)state;
    assert_true(parse("size=67108864"));
    assert_int_equal(config.size, 64 << 20);
    assert_true(parse("size=8MiB"));
    assert_int_equal(config.size, 8 << 20);
    assert_true(parse("size=1G"));
    assert_int_equal(config.size, 1 << 30);
}

static void test_sampling(void **state)
{
    (void)state;
    assert_true(parse("series=on") && config.series);
    assert_true(parse("series=off"));
    assert_false(config.series);
    assert_true(parse("interval=512K,seed=7"));
    assert_true(config.series);
    assert_true(config.interval_set);
    assert_int_equal(config.interval, 512 << 10);
    assert_int_equal(config.seed, 7);
    assert_true(parse("interval=exact"));
    assert_true(config.interval_set);
    assert_int_equal(config.interval, 0);
    assert_true(parse("interval=0"));
    assert_true(config.interval_set);
    assert_true(parse("budget=off"));
    assert_int_equal(config.budget, 0);
    assert_true(parse("budget=2.5%"));
    assert_int_equal(config.budget, 250);
    assert_true(parse("budget=100"));
    assert_int_equal(config.budget, 10000);
}

static void test_wrong_text_gives_one_line_and_the_defaults(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "nonsense",       "file",         "file=",          "colour=red",    "size=1",
        "size=-5M",       "size=8Q",      "size=99999999T", "children=yes",  "depth=0",
        "depth=129",      "young=1 day",  "unwinder=magic", "file=\"open",   "file=\"a\"b",
        "interval=1K",    "interval=2G",  "interval=x",     "budget=0",       "budget=3.123",
        "budget=101",    "seed=x",       "series=1",       "children=1,bad", ",",            "=",              "size=64M,,",    "bad\nkey=1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(parse(wrong[i]));
        assert_true(lr_text_starts(error, "LEAKRING: "));
        assert_null(strchr(error, '\n'));
        assert_false(config.children);
        assert_int_equal(config.size, 0);
        assert_string_equal(config.file, "");
    }
    assert_false(parse("colour=red"));
    assert_non_null(strstr(error, "'colour'"));
    assert_non_null(strstr(error, "children"));
}

static void test_globs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool match;
    } cases[] = {
        {"java", "java", true},   {"java", "javac", false}, {"java*", "javac", true},
        {"*", "", true},          {"*a*b", "xxaxxb", true}, {"*a*b", "xxaxxc", false},
        {"?ava", "java", true},   {"?", "", false},         {"", "", true},
        {"", "x", false},         {"**x", "yyx", true},     {"a*b*c", "abbbcbc", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *pattern = cases[i].pattern;
        assert_int_equal(lr_text_glob(pattern, pattern + strlen(pattern), cases[i].name),
                         cases[i].match);
    }
}

static void test_text_is_bounded(void **state)
{
    (void)state;
    char small[8];
    struct lr_text text = lr_text_in(small, sizeof small);
    lr_text_add(&text, "abc");
    assert_false(text.cut);
    lr_text_add_number(&text, 1234567);
    assert_true(text.cut);
    assert_string_equal(small, "abc1234");
}

static void test_redaction(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint32_t redact;
    } cases[] = {
        {"redact=cmdline", true, LR_REDACT_CMDLINE},
        {"redact=host+cmdline", true, LR_REDACT_CMDLINE | LR_REDACT_HOST},
        {"redact=all", true, LR_REDACT_ALL},
        {"redact=config+config", true, LR_REDACT_CONFIG},
        {"depth=3", true, 0},
        {"redact=", false, LR_REDACT_ALL},
        {"redact=cmdline+", false, LR_REDACT_ALL},
        {"redact=+cmdline", false, LR_REDACT_ALL},
        {"redact=cmdlin", false, LR_REDACT_ALL},
        {"redact=host,depth=x", false, LR_REDACT_ALL},
        {"depth=x", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = parse(cases[i].text);
        if (ok != cases[i].ok || config.redact != cases[i].redact)
            fail_msg("%s: %d %u", cases[i].text, ok, config.redact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_means_defaults),
        cmocka_unit_test(test_every_key_is_read),
        cmocka_unit_test(test_quotes_hold_commas),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_sampling),
        cmocka_unit_test(test_wrong_text_gives_one_line_and_the_defaults),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_text_is_bounded),
        cmocka_unit_test(test_redaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
