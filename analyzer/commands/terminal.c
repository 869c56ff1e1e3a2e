/* terminal.c -- terminal.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool to_terminal(const struct lr_output_file *output)
{
    return lr_output_is_stdout(output) && isatty(STDOUT_FILENO);
}

unsigned lr_output_width(const struct lr_output_file *output)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    unsigned long width = columns ? strtoul(columns, NULL, 10) : 0;

    if (!to_terminal(output))
        return 0;
    if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return width == 0 ? 80 : width < 40 ? 40 : width > 1000 ? 1000 : (unsigned)width;
}

int lr_parse_color(const char *word, int *color)
{
    static const char *const words[] = {
        [LR_COLOR_NEVER] = "never", [LR_COLOR_ALWAYS] = "always", [LR_COLOR_AUTO] = "auto"};

    for (int i = LR_COLOR_NEVER; i <= LR_COLOR_AUTO; i++) {
        if (strcmp(word, words[i]) == 0) {
            *color = i;
            return 0;
        }
    }
    return -1;
}

bool lr_use_color(int color, const struct lr_output_file *output)
{
    const char *no_color = getenv("NO_COLOR");

    if (color != LR_COLOR_AUTO)
        return color == LR_COLOR_ALWAYS;
    return to_terminal(output) && !(no_color && *no_color);
}
