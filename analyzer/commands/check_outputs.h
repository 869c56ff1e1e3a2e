/* check_outputs.h -- files for continuous integration, beside what check says: JUnit XML, Markdown,
 * SARIF, annotations.
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_CHECK_OUTPUTS_H
#define LEAKRING_CHECK_OUTPUTS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "gate.h"

enum { LR_OPT_JUNIT = 608, LR_OPT_MARKDOWN, LR_OPT_SARIF, LR_OPT_ANNOTATIONS };

#define LR_CHECK_OUTPUT_ROWS                                                                       \
    {"junit", required_argument, NULL, LR_OPT_JUNIT},                                              \
        {"markdown", required_argument, NULL, LR_OPT_MARKDOWN},                                    \
        {"sarif", required_argument, NULL, LR_OPT_SARIF},                                          \
    {                                                                                              \
        "annotations", no_argument, NULL, LR_OPT_ANNOTATIONS                                       \
    }
#define LR_CHECK_OUTPUT_HELP                                                                       \
    "      --junit=FILE        also write JUnit XML, for Jenkins, GitLab and others\n"             \
    "      --markdown=FILE     also write a summary; GITHUB_STEP_SUMMARY is appended to\n"         \
    "      --sarif=FILE        also write SARIF 2.1.0, for code scanning\n"                        \
    "      --annotations       also print GitHub's workflow commands, ten at most\n"

struct lr_check_outputs {
    const char *junit, *markdown, *sarif; /* NULL: not wanted */
    bool annotations;
};

/* False: getopt's `c` is none of them. */
bool lr_check_output_option(int c, const char *argument, struct lr_check_outputs *outputs);

/* Writes what is asked for; old files are replaced, as build directories have them.  `rules` is the
 * file of rules, or NULL.  The message names the file. */
enum lr_status lr_check_outputs_write(const struct lr_check_outputs *outputs, const char *rules,
                                      const struct lr_gate_report *const *reports, size_t count,
                                      struct lr_error *error);

#endif
