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

#include "output_file.h"
#include "symbolize.h"

enum { LR_OPT_DEBUG_DIR = 512, LR_OPT_SYSROOT, LR_OPT_NO_SYMBOLS };

#define LR_TRACE_OPTION_ROWS                                                                      \
    {"output", required_argument, NULL, 'o'}, {"force", no_argument, NULL, 'f'},                  \
        {"debug-dir", required_argument, NULL, LR_OPT_DEBUG_DIR},                                 \
        {"sysroot", required_argument, NULL, LR_OPT_SYSROOT},                                     \
        {"no-symbols", no_argument, NULL, LR_OPT_NO_SYMBOLS}

#define LR_OUTPUT_HELP                                                                            \
    "  -o, --output=FILE       write there instead of stdout; - is stdout\n"                      \
    "  -f, --force             overwrite that file\n"
#define LR_SYMBOLS_HELP                                                                           \
    "      --debug-dir=DIR     where separate debug files are, before /usr/lib/debug\n"           \
    "      --sysroot=DIR       where the traced machine's root directory is here\n"               \
    "      --no-symbols        don't read the traced program's files\n"

/* False: getopt's `c` is none of them. */
bool lr_trace_option(int c, const char *argument, struct lr_output_file *output,
                     struct lr_symbolizer_options *symbols);

#endif
