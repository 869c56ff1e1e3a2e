/* trace_options.h -- the options that commands share which read traces with their symbols and write
 * a file.
 *
 * Stage: command line.  Context: analyzer only.
 * A command puts the rows among its own, -o and -f into its option string, and asks
 * lr_trace_option() about what it doesn't know itself.
 */
#ifndef LEAKRING_TRACE_OPTIONS_H
#define LEAKRING_TRACE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "open_model.h"
#include "output_file.h"

enum {
    LR_OPT_DEBUG_DIR = 512,
    LR_OPT_SYSROOT,
    LR_OPT_NO_SYMBOLS,
    LR_OPT_SUPPRESSIONS,
    LR_OPT_NO_BUILT_IN,
    LR_OPT_PLAIN_REASON,
    LR_OPT_FROM,
    LR_OPT_TO,
};

/* For commands that write to stdout only; the same function takes them. */
#define LR_SYMBOLS_OPTION_ROWS                                                                    \
    {"debug-dir", required_argument, NULL, LR_OPT_DEBUG_DIR},                                     \
        {"sysroot", required_argument, NULL, LR_OPT_SYSROOT},                                     \
        {"no-symbols", no_argument, NULL, LR_OPT_NO_SYMBOLS}
#define LR_TRACE_OPTION_ROWS                                                                      \
    {"output", required_argument, NULL, 'o'}, {"force", no_argument, NULL, 'f'},                  \
        LR_SYMBOLS_OPTION_ROWS

#define LR_OUTPUT_HELP                                                                            \
    "  -o, --output=FILE       write there instead of stdout; - is stdout\n"                      \
    "  -f, --force             overwrite that file\n"
#define LR_SYMBOLS_HELP                                                                           \
    "      --debug-dir=DIR     where separate debug files are, before /usr/lib/debug\n"           \
    "      --sysroot=DIR       where the traced machine's root directory is here\n"               \
    "      --no-symbols        don't read the traced program's files\n"

/* For commands that judge; the same function takes them. */
#define LR_SUPPRESS_OPTION_ROWS                                                                   \
    {"suppressions", required_argument, NULL, LR_OPT_SUPPRESSIONS},                               \
        {"no-default-suppressions", no_argument, NULL, LR_OPT_NO_BUILT_IN},                       \
        {"suppressions-reason", required_argument, NULL, LR_OPT_PLAIN_REASON}
#define LR_SUPPRESS_HELP                                                                          \
    "      --suppressions=FILE what is expected, and why: leakring-suppressions(5)\n"             \
    "      --suppressions-reason=TEXT  the reason of all rules of plain LeakSanitizer files\n"    \
    "      --no-default-suppressions  without what a JVM holds by design\n"

/* For commands that judge a phase of the run; the same function takes them. */
#define LR_PHASE_OPTION_ROWS                                                                      \
    {"from", required_argument, NULL, LR_OPT_FROM}, {"to", required_argument, NULL, LR_OPT_TO}
#define LR_PHASE_HELP                                                                             \
    "      --from=MARK         only what was acquired behind that mark: leakring-mark(1)\n"      \
    "      --to=MARK           only what was acquired before it\n"

/* False: getopt's `c` is none of them. */
bool lr_trace_option(int c, const char *argument, struct lr_output_file *output,
                     struct lr_open_options *open);

#endif
