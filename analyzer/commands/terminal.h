/* terminal.h -- is it a terminal that is written to: how wide is it, and may it be coloured?
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_TERMINAL_H
#define LEAKRING_TERMINAL_H

#include <stdbool.h>

#include "output_file.h"

#define LR_COLOR_HELP                                                                             \
    "      --color=auto|always|never\n"                                                            \
    "                          auto (default): on a terminal, unless NO_COLOR is set\n"
#define LR_PAGER_HELP "      --no-pager          what is longer than the terminal isn't paged\n"

enum { LR_COLOR_NEVER, LR_COLOR_ALWAYS, LR_COLOR_AUTO };
/* 0, or -1 for a word that is none of the three. */
int lr_parse_color(const char *word, int *color);
bool lr_use_color(int color, const struct lr_output_file *output);

/* Columns: COLUMNS, the terminal's own, else 80; 0 (no limit) when it is no terminal. */
unsigned lr_output_width(const struct lr_output_file *output);

#endif
