/* trace_options.c -- trace_options.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "trace_options.h"

bool lr_trace_option(int c, const char *argument, struct lr_output_file *output,
                     struct lr_symbolizer_options *symbols)
{
    switch (c) {
    case 'o':
        output->path = argument;
        return true;
    case 'f':
        output->force = true;
        return true;
    case LR_OPT_DEBUG_DIR:
        symbols->debug_dir = argument;
        return true;
    case LR_OPT_SYSROOT:
        symbols->sysroot = argument;
        return true;
    case LR_OPT_NO_SYMBOLS:
        symbols->no_files = true;
        return true;
    default:
        return false;
    }
}
