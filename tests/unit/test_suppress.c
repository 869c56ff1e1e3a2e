/* test_suppress.c -- suppressions: patterns, files good and bad, and what they do to a report.
 *
 * Stage: unit tests of suppress*.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "suppress.h"
#include "symbolize.h"

static void patterns(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"Codec", "com.acme.Codec.read", true},
        {"codec", "com.acme.Codec.read", false},
        {"com.acme.*.read", "com.acme.Codec.read", true},
        {"com.acme.*", "org.com.acme.X", true}, /* anywhere */
        {"^com.acme.*", "org.com.acme.X", false},
        {"read$", "com.acme.Codec.read", true},
        {"read$", "com.acme.Codec.reader", false},
        {"rea$", "com.acme.Codec.read", false},
        {"^com.acme.Codec.read$", "com.acme.Codec.read", true},
        {"^com.acme.Codec.read$", "com.acme.Codec.read2", false},
        {"^com*read$", "com.acme.read.read", true}, /* the last, not the first */
        {"a*ab$", "aab", true},
        {"ab*ba$", "aba", false}, /* no letter counts twice */
        {"^*x$", "yx", true},
        {"*", "", true},
        {"Zip$Inner", "java.Zip$Inner.get", true}, /* Java's letter */
        {"^Zip$Inner.get$", "Zip$Inner.get", true},
        {"libz.so", "/lib/libz.so.1", true},
        {"a*b*c", "xxaxbxcx", true},
        {"a*c*b", "xxaxbxcx", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (lr_pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

static struct lr_suppressions *set;
static struct lr_error error;

static enum lr_status parse(const char *text)
{
    memset(&error, 0, sizeof(error));
    lr_suppressions_free(set);
    set = calloc(1, sizeof(*set));
    return lr_suppressions_parse(set, "x.supp", false, text, strlen(text), &error);
}

static void a_rule_has_what_its_comments_say(void **state)
{
    const struct lr_suppression *rule;

    assert_int_equal(parse("\xef\xbb\xbf# hello\r\n"
                           "#: until=2026-03-31 max=8MiB owner=cache\r\n"
                           "\t#: reason=\"bounded \\\"warm\\\" cache\" match=culprit count=12\r\n"
                           "  leak:com.acme.*  \r\n"
                           "#: reason=because pair=mmap\nleak:^main$"),
                     LR_OK);
    assert_int_equal(set->count, 2);
    rule = &set->items[0];
    assert_string_equal(rule->pattern, "com.acme.*");
    assert_string_equal(rule->reason, "bounded \"warm\" cache");
    assert_string_equal(rule->owner, "cache");
    assert_string_equal(rule->until, "2026-03-31");
    assert_int_equal(rule->until_unix, 1775001600); /* 2026-04-01 00:00:00 UTC */
    assert_int_equal(rule->max_bytes, 8 << 20);
    assert_int_equal(rule->max_count, 12);
    assert_int_equal(rule->match, LR_MATCH_CULPRIT);
    assert_int_equal(rule->line, 4);
    assert_null(rule->pair);
    rule = &set->items[1];
    assert_string_equal(rule->pair, "mmap");
    assert_true(rule->max_bytes == UINT64_MAX && rule->until_unix == 0 && !rule->owner);
}

static void plain_files_need_no_reason(void **state)
{
    assert_int_equal(parse("# LeakSanitizer's\nleak:libfoo.so\n\nleak:main\n"), LR_OK);
    assert_int_equal(set->count, 2);
    assert_non_null(strstr(set->items[1].reason, "no reason given"));
}

static void wrong_files_are_refused_at_their_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"#: reason=x\nleak:a\nleak:b\n", "x.supp:3: leak:b has no reason"},
        {"#: reason=\"\"\nleak:a\n", "x.supp:2: leak:a has no reason"},
        {"race:foo\n", "x.supp:1: expected leak:PATTERN"},
        {"\nleak:\n", "x.supp:2: the pattern is empty"},
        {"leak:^$\n", "x.supp:1: the pattern is empty"},
        {"#: reson=x\nleak:a\n", "x.supp:1: unknown key reson"},
        {"#: reason=\"x\nleak:a\n", "x.supp:1: reason: its closing quote is missing"},
        {"#: reason=\"x\"y\nleak:a\n", "x.supp:1: reason: its closing quote"},
        {"#: reason\nleak:a\n", "x.supp:1: expected key=value"},
        {"#: until=2026-02-30 reason=x\nleak:a\n", "x.supp:1: until=2026-02-30"},
        {"#: until=2026-2-3 reason=x\nleak:a\n", "x.supp:1: until=2026-2-3"},
        {"#: until=soon reason=x\nleak:a\n", "x.supp:1: until=soon"},
        {"#: max=8XB reason=x\nleak:a\n", "x.supp:1: max=8XB"},
        {"#: max=99999999999999999999 reason=x\nleak:a\n", "x.supp:1: max="},
        {"#: count=-1 reason=x\nleak:a\n", "x.supp:1: count=-1"},
        {"#: match=some reason=x\nleak:a\n", "x.supp:1: match=some"},
        {"#: reason=x\n#: reason=y\nleak:a\n", "x.supp:2: reason=y"},
        {"leak:a\n#: reason=x\n", "x.supp:2: the last #: comment belongs to no rule"},
    };
    char *lots = malloc(1 << 20);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].text), LR_USAGE);
        if (!strstr(error.text, cases[i].message))
            fail_msg("%s, not %s", error.text, cases[i].message);
    }
    memset(lots, 'a', LR_SUPPRESS_LINE_MAX + 2);
    lots[LR_SUPPRESS_LINE_MAX + 2] = '\0';
    assert_int_equal(parse(lots), LR_USAGE);
    *lots = '\0';
    for (int i = 0; i <= LR_SUPPRESS_RULES_MAX; i++)
        memcpy(lots + 7 * i, "leak:a\n", 8);
    assert_int_equal(parse(lots), LR_USAGE);
    assert_non_null(strstr(error.text, "x.supp:1001: more than 1000 rules"));
    free(lots);
}

static void names_are_safe_to_print(void **state)
{
    assert_int_equal(parse("#: reason=\"\033[2J\xff\"\nleak:a\007b\n"), LR_OK);
    assert_string_equal(set->items[0].reason, "?[2J?");
    assert_string_equal(set->items[0].pattern, "a?b");
}

/* --- on a report ------------------------------------------------------------------------------ */

enum { LIVE = 5, SIZE = 1000 };

/* One site of streams that were never ended, and a block of plain memory. */
static struct lr_make *make(void)
{
    struct lr_make *made = lr_make_new();
    uint32_t inflater = lr_make_pairdef(made, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t stack =
        lr_make_java_stack(made, 3, "java.util.zip.Inflater.<init>:117",
                           "com.acme.Codec.open(Codec.java):20", "com.acme.Main.main(Main.java):5");
    uint32_t other = lr_make_java_stack(made, 2, "jdk.internal.misc.Unsafe.allocateMemory0:-2",
                                        "com.acme.Cache.fill(Cache.java):7");
    uint32_t site = lr_make_pairsite(made, inflater, stack, LIVE, 0, 0);

    lr_make_header(made)->compat |= LR_COMPAT_JAVA;
    for (uint64_t i = 1; i <= LIVE; i++) {
        lr_make_pair(made, i << 20, inflater, site, stack, 10);
        lr_make_live(made, i << 20, SIZE, LR_KIND_MALLOC, stack, 10, LR_LIVE_OWNED);
    }
    lr_make_live(made, 0x7000, 4096, LR_KIND_MALLOC, other, 10, 0);
    lr_make_seal(made);
    return made;
}

static struct lr_model *model;
static struct lr_trace *trace;
static struct lr_symbolizer *symbolizer;
static struct lr_make *made;

static void judge_by(const char *text)
{
    struct lr_model_options options = {0};
    size_t size;
    unsigned char *bytes;

    assert_int_equal(parse(text), LR_OK);
    options.suppressions = set;
    made = make();
    bytes = lr_make_bytes(made, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "test", &trace, &error), LR_OK);
    symbolizer = lr_symbolizer_open(trace, NULL);
    assert_int_equal(lr_model_build_with(trace, symbolizer, &options, &model, &error), LR_OK);
}

static void forget(void)
{
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(made);
}

static void expect(const char *text, enum lr_suppress_state wanted, enum lr_site_class class)
{
    judge_by(text);
    assert_int_equal(model->suppressions[0].state, wanted);
    assert_int_equal(model->pairs[0].sites[0].class, class);
    assert_int_equal(model->verdict.kind,
                     class == LR_CLASS_LEAK ? LR_VERDICT_LEAK : LR_VERDICT_NONE);
    forget();
}

static void a_rule_holds_until_it_expires_or_its_cap_is_met(void **state)
{
    /* The recording is of 2026-01-02, and has 5 streams with 5,000 bytes. */
    expect("#: reason=x\nleak:com.acme.Codec\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x\nleak:com.acme.Other\n", LR_SUPPRESS_UNUSED, LR_CLASS_LEAK);
    expect("#: reason=x until=2026-01-02\nleak:Codec\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x until=2026-01-01\nleak:Codec\n", LR_SUPPRESS_EXPIRED, LR_CLASS_LEAK);
    expect("#: reason=x until=2026-01-01\nleak:Other\n", LR_SUPPRESS_UNUSED, LR_CLASS_LEAK);
    expect("#: reason=x max=5000\nleak:Codec\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x max=4999\nleak:Codec\n", LR_SUPPRESS_OVER, LR_CLASS_LEAK);
    expect("#: reason=x count=5\nleak:Codec\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x count=4\nleak:Codec\n", LR_SUPPRESS_OVER, LR_CLASS_LEAK);
}

static void what_is_matched(void **state)
{
    expect("#: reason=x match=culprit\nleak:Codec.open\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x match=culprit\nleak:Main.main\n", LR_SUPPRESS_UNUSED, LR_CLASS_LEAK);
    expect("#: reason=x\nleak:Main.main\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x\nleak:Codec.java\n", LR_SUPPRESS_USED, LR_CLASS_EXPECTED);
    expect("#: reason=x pair=java.util.zip.Inflater\nleak:*\n", LR_SUPPRESS_USED,
           LR_CLASS_EXPECTED);
    expect("#: reason=x pair=java.util.zip.Deflater\nleak:*\n", LR_SUPPRESS_UNUSED, LR_CLASS_LEAK);
    expect("#: reason=x match=resource\nleak:Inflater.<init>\n", LR_SUPPRESS_USED,
           LR_CLASS_EXPECTED);
    expect("#: reason=x match=resource\nleak:Codec\n", LR_SUPPRESS_UNUSED, LR_CLASS_LEAK);
}

static void an_expired_rule_gives_way_to_another(void **state)
{
    judge_by("#: reason=old until=2026-01-01\nleak:Codec\n#: reason=new\nleak:Codec\n"
             "#: reason=late\nleak:Codec\n");
    assert_string_equal(model->pairs[0].sites[0].expected, "new");
    assert_int_equal(model->suppressions[0].state, LR_SUPPRESS_UNUSED);
    assert_int_equal(model->suppressions[1].count, LIVE);
    assert_int_equal(model->suppressions[1].bytes, LIVE * SIZE);
    assert_int_equal(model->suppressions[2].state, LR_SUPPRESS_UNUSED);
    forget();
}

static void plain_memory_is_covered_too(void **state)
{
    judge_by("#: reason=cache pair=malloc\nleak:com.acme.Cache\n");
    assert_int_equal(model->site_count, 1);
    assert_string_equal(model->sites[0].expected, "cache");
    assert_int_equal(model->suppressions[0].bytes, 4096);
    forget();
}

static void the_starter_set_is_in_order(void **state)
{
    struct lr_suppress_options options = {.count = 0};
    const struct lr_suppressions *built_in = lr_suppressions_built_in();
    struct lr_suppressions *loaded;

    assert_true(built_in->count >= 1 && built_in->items[0].built_in);
    assert_int_equal(lr_suppressions_load(&options, &loaded, &error), LR_OK);
    assert_int_equal(loaded->count, built_in->count);
    lr_suppressions_free(loaded);
    options.no_built_in = true;
    assert_int_equal(lr_suppressions_load(&options, &loaded, &error), LR_OK);
    assert_int_equal(loaded->count, 0);
    lr_suppressions_free(loaded);
    options.files[options.count++] = "/nonexistent/x.supp";
    assert_int_equal(lr_suppressions_load(&options, &loaded, &error), LR_USAGE);
    assert_null(loaded);
    lr_suppressions_free(set);
    set = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(a_rule_has_what_its_comments_say),
        cmocka_unit_test(plain_files_need_no_reason),
        cmocka_unit_test(wrong_files_are_refused_at_their_line),
        cmocka_unit_test(names_are_safe_to_print),
        cmocka_unit_test(a_rule_holds_until_it_expires_or_its_cap_is_met),
        cmocka_unit_test(what_is_matched),
        cmocka_unit_test(an_expired_rule_gives_way_to_another),
        cmocka_unit_test(plain_memory_is_covered_too),
        cmocka_unit_test(the_starter_set_is_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
