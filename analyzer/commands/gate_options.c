/* gate_options.c -- the options that ask rules (gate_options.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "gate_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ASKED = sizeof(((struct lr_gate_options *)0)->asked) /
                 sizeof(((struct lr_gate_options *)0)->asked[0])
};

bool lr_gate_option(int c, const char *argument, struct lr_gate_options *options)
{
    if (c == LR_OPT_RULES) {
        options->file = argument;
    } else if (c == LR_OPT_BASELINE) {
        free(options->baseline);
        options->baseline = strdup(argument);
    } else if (c >= LR_OPT_RULE && c < LR_OPT_RULE + LR_GATE_KEYS) {
        if (options->count < MOST_ASKED) {
            options->asked[options->count].key = c - LR_OPT_RULE;
            options->asked[options->count].value = argument;
        }
        options->count++;
    } else {
        return lr_check_output_option(c, argument, &options->outputs);
    }
    return true;
}

static enum lr_status read_file(struct lr_gate_options *options, struct lr_error *error)
{
    char *baseline = NULL, text[sizeof(error->text)];
    enum lr_status status = lr_gate_rules_read(&options->rules, options->file, &baseline, error);

    if (status != LR_OK) {
        memcpy(text, error->text, sizeof(text));
        snprintf(error->text, sizeof(error->text), "%.200s: %.300s", options->file, text);
    } else if (baseline && !options->baseline) {
        options->baseline = baseline;
        baseline = NULL;
    }
    free(baseline);
    return status;
}

enum lr_status lr_gate_options_settle(struct lr_gate_options *options, struct lr_error *error)
{
    enum lr_status status = LR_OK;

    lr_gate_rules_default(&options->rules);
    if (options->count > MOST_ASKED)
        return lr_fail(error, LR_USAGE, "more than %d rules", (int)MOST_ASKED);
    if (options->file)
        status = read_file(options, error);
    for (unsigned i = 0; status == LR_OK && i < options->count; i++)
        status = lr_gate_rules_set(&options->rules, (enum lr_gate_key)options->asked[i].key,
                                   options->asked[i].value, error);
    return status;
}

void lr_gate_options_free(struct lr_gate_options *options)
{
    lr_gate_rules_free(&options->rules);
    free(options->baseline);
    options->baseline = NULL;
}
