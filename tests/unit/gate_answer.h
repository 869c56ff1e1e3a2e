/* gate_answer.h -- asks the gate about the recording of judged.h: what the tests of its rules share.
 *
 * Stage: unit tests of GATE.
 */
#ifndef LEAKRING_GATE_ANSWER_H
#define LEAKRING_GATE_ANSWER_H

#include "judged.h"

#include <stdio.h>

#include "gate.h"
#include "gate_rules.h"

static struct lr_gate_report report;

/* The answer to `rule` of the recording that was judged last; `name` NULL: by the defaults only. */
static inline const struct lr_gate_result *answer(const struct lr_model *baseline,
                                                  const char *name, const char *value,
                                                  enum lr_gate_rule rule)
{
    struct lr_gate_rules rules;
    struct lr_error error;

    lr_gate_report_free(&report);
    lr_gate_rules_default(&rules);
    if (name)
        assert_int_equal(lr_gate_rules_set_named(&rules, name, value, &error), LR_OK);
    assert_int_equal(lr_gate_judge(&rules, model, baseline, &report, &error), LR_OK);
    lr_gate_rules_free(&rules);
    for (size_t i = 0; i < report.count; i++)
        if (report.items[i].rule == rule)
            return &report.items[i];
    fail_msg("no answer to %s", lr_gate_rule_name(rule));
    return NULL;
}

static inline void assert_outcome(const struct lr_gate_result *result, enum lr_gate_outcome outcome)
{
    if (result->outcome != outcome)
        fail_msg("%s: %s, not %s: %s", lr_gate_rule_name(result->rule),
                 lr_gate_outcome_name(result->outcome), lr_gate_outcome_name(outcome),
                 result->message);
}

static inline void finish(void)
{
    lr_gate_report_free(&report);
    end();
}

static inline uint32_t stack_at(struct lr_make *make, const char *frame)
{
    return lr_make_java_stack(make, 1, frame);
}

/* Blocks are sampled otherwise from then on; 0 is exact. */
static inline void change_interval(struct lr_make *make, uint32_t time_ms, uint64_t from,
                                   uint64_t to)
{
    struct lr_header *header = lr_make_header(make);
    struct lr_section *changes = lr_make_section(make, LR_SEC_INTERVALS);

    *(struct lr_interval *)lr_make_entry(make, LR_SEC_INTERVALS, changes->used++) =
        (struct lr_interval){time_ms, LR_INTERVAL_BUDGET, from, to, 0, 0};
    header->compat &= ~(uint32_t)LR_COMPAT_EXACT;
    header->interval = to;
    if (to > header->max_interval)
        header->max_interval = to;
}

#endif
