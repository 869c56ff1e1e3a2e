/* trace_options.c -- trace_options.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "trace_options.h"

bool lr_trace_option(int c, const char *argument, struct lr_output_file *output,
                     struct lr_open_options *open)
{
    struct lr_suppress_options *suppress = &open->suppress;

    switch (c) {
    case 'o':
        output->path = argument;
        return true;
    case 'f':
        output->force = true;
        return true;
    case LR_OPT_DEBUG_DIR:
        open->symbols.debug_dir = argument;
        return true;
    case LR_OPT_SYSROOT:
        open->symbols.sysroot = argument;
        return true;
    case LR_OPT_NO_SYMBOLS:
        open->symbols.no_files = true;
        return true;
    case LR_OPT_SUPPRESSIONS: /* what is beyond the array is refused when they are loaded */
        if (suppress->count < LR_SUPPRESS_FILES)
            suppress->files[suppress->count] = argument;
        suppress->count++;
        return true;
    case LR_OPT_NO_BUILT_IN:
        suppress->no_built_in = true;
        return true;
    case LR_OPT_PLAIN_REASON:
        suppress->plain_reason = argument;
        return true;
    case LR_OPT_FROM:
        open->from = argument;
        return true;
    case LR_OPT_TO:
        open->to = argument;
        return true;
    default:
        return false;
    }
}
