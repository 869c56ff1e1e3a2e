/* gate_options.h -- the options that ask rules, shared by check and run --check.
 *
 * Stage: command line.  Context: analyzer only.
 * A command puts the rows among its own, asks lr_gate_option() about what it doesn't know itself,
 * and settles them when the command line is read.
 */
#ifndef LEAKRING_GATE_OPTIONS_H
#define LEAKRING_GATE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "check_outputs.h"
#include "gate.h"
#include "gate_rules.h"

enum { LR_OPT_RULES = 640, LR_OPT_BASELINE, LR_OPT_RULE };

#define LR_GATE_OPTION(id, name)                                                                   \
    {                                                                                              \
        name, required_argument, NULL, LR_OPT_RULE + LR_GATE_KEY_##id                              \
    }
#define LR_GATE_OPTION_ROWS                                                                        \
    LR_CHECK_OUTPUT_ROWS, {"rules", required_argument, NULL, LR_OPT_RULES},                        \
        {"baseline", required_argument, NULL, LR_OPT_BASELINE}, LR_GATE_OPTION(GROWTH, "growth"),  \
        LR_GATE_OPTION(HIDDEN, "limit-hidden"), LR_GATE_OPTION(FORKED, "limit-forked"),            \
        LR_GATE_OPTION(UNENDED, "limit-unended"), LR_GATE_OPTION(CLEANER, "limit-cleaner"),        \
        LR_GATE_OPTION(LEAKS, "limit-leaks"), LR_GATE_OPTION(LIVE, "limit-live"),                  \
        LR_GATE_OPTION(RATE, "limit-growth"), LR_GATE_OPTION(TOTAL, "limit-total-growth"),         \
        LR_GATE_OPTION(RSS, "limit-rss"), LR_GATE_OPTION(UNEXPLAINED, "limit-unexplained"),        \
        LR_GATE_OPTION(COMPLETENESS, "min-completeness"),                                          \
        LR_GATE_OPTION(DURATION, "min-duration"), LR_GATE_OPTION(INCREASE, "fail-on-increase")

#define LR_GATE_HELP                                                                               \
    "      --rules=FILE        rules from an INI file; options win over it\n"                      \
    "      --baseline=FILE     fail on what leaks more than in that recording,\n"                  \
    "      --fail-on-increase=N%|off\n                          by more than that (25%)\n"         \
    "      --growth=on|off     fail on memory that surely grows (on)\n"                            \
    "      --limit-hidden=SIZE\n                          growth of a place that the recording "  \
    "may not tell\n                          of (512k; 4M where blocks were sampled)\n"            \
    "      --limit-forked=N|off\n                          forked children that did something "   \
    "unrecorded (0)\n"                                                                             \
    "      --limit-unended=N|off\n                          streams that a place may forget to "   \
    "end (0)\n"                                                                                    \
    "      --limit-cleaner=N|off\n                          streams that it may leave to the "     \
    "Cleaner (off)\n"                                                                              \
    "      --limit-live=PAIR=N|SIZE\n                          live streams of a kind, or their "  \
    "memory (repeat)\n"                                                                            \
    "      --limit-leaks=SIZE  live memory of a place\n"                                           \
    "      --limit-growth=SIZE\n                          growth of a place, an hour\n"            \
    "      --limit-total-growth=SIZE\n                          growth of all live memory, an "    \
    "hour\n"                                                                                       \
    "      --limit-rss=SIZE    peak of resident memory\n"                                          \
    "      --limit-unexplained=SIZE|N%\n                          resident memory that nobody "    \
    "can explain\n"                                                                                \
    "      --min-completeness=exact|SIZE\n                          no block left out; or one in " \
    "SIZE bytes recorded\n"                                                                        \
    "      --min-duration=TIME\n                          shorter recordings can't be judged: "    \
    "90s, 10m, 8h\n" LR_CHECK_OUTPUT_HELP

struct lr_gate_options {
    struct lr_gate_rules rules; /* settled */
    char *baseline;             /* path; NULL: none */
    const char *file;           /* of rules; NULL: none */
    struct lr_check_outputs outputs;
    struct {
        int key;
        const char *value;
    } asked[256]; /* options, in their order */
    unsigned count;
};

/* False: getopt's `c` is none of them. */
bool lr_gate_option(int c, const char *argument, struct lr_gate_options *options);
/* Defaults, then the file, then the options.  Messages that concern the file name it. */
enum lr_status lr_gate_options_settle(struct lr_gate_options *options, struct lr_error *error);
void lr_gate_options_free(struct lr_gate_options *options);

#endif
