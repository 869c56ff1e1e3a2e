/* test_gate_words.c -- rules as users write them: what is taken, and what is refused.
 *
 * Stage: unit tests of GATE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gate_rules.h"

static void set(struct lr_gate_rules *rules, const char *name, const char *value)
{
    struct lr_error error;

    if (lr_gate_rules_set_named(rules, name, value, &error) != LR_OK)
        fail_msg("%s", error.text);
}

static void words_of_rules(void **state)
{
    static const char *const wrong[][2] = {{"growth", "yes"},
                                           {"limit-leaks", "-1"},
                                           {"limit-leaks", "1Q"},
                                           {"limit-leaks", ""},
                                           {"limit-unended", "1.5"},
                                           {"limit-unended", "1k"},
                                           {"limit-live", "Inflater"},
                                           {"limit-live", "=5"},
                                           {"limit-live", "Inflater="},
                                           {"min-duration", "5 y"},
                                           {"limit-unexplained", "101%"},
                                           {"fail-on-increase", "10"},
                                           {"min-completeness", "most"},
                                           {"no-such-rule", "1"},
                                           {"limit-leak", "1"},
                                           {"limit-leaks", "99999999999999999999"},
                                           {"limit-leaks", "99999999999T"}};
    struct lr_gate_rules rules;
    struct lr_error error;

    (void)state;
    lr_gate_rules_default(&rules);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (lr_gate_rules_set_named(&rules, wrong[i][0], wrong[i][1], &error) != LR_USAGE)
            fail_msg("%s=%s is taken", wrong[i][0], wrong[i][1]);
    lr_gate_rules_set_named(&rules, "limit-leak", "1", &error);
    assert_non_null(strstr(error.hint, "limit-leaks"));
    set(&rules, "limit-leaks", "1MiB");
    assert_true(rules.limit_leaks == 1048576);
    set(&rules, "limit-leaks", "100kB");
    assert_true(rules.limit_leaks == 102400);
    set(&rules, "limit-unexplained", "10%");
    assert_true(rules.limit_unexplained_percent == 10 && rules.limit_unexplained < 0);
    set(&rules, "limit-unexplained", "64MiB"); /* no share of 64 % as well */
    assert_true(rules.limit_unexplained == 67108864 && rules.limit_unexplained_percent < 0);
    set(&rules, "min-duration", "10m");
    assert_true(rules.min_duration_s == 600);
    for (int i = 0; i < LR_GATE_PAIR_LIMITS + 1; i++) {
        char limit[32];
        snprintf(limit, sizeof(limit), "P%d=1", i % LR_GATE_PAIR_LIMITS);
        set(&rules, "limit-live", limit);
    }
    assert_int_equal(lr_gate_rules_set_named(&rules, "limit-live", "More=1", &error), LR_USAGE);
    lr_gate_rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
