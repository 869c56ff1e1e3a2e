/* emit_folded.c -- paragraphs behind a word in the margin (emit_folded.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_folded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emit_page.h"

/* COLUMNS if set, the terminal's own, else 80; 0 (don't fold) when stdout is no terminal. */
static unsigned terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    if (columns && atoi(columns) >= 40)
        return (unsigned)atoi(columns);
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

void lr_print_folded(const char *lead, unsigned indent, const char *text)
{
    struct lr_page page = {.out = stdout, .width = terminal_width()};
    unsigned blanks = *lead ? (unsigned)strspn(lead, " ") : indent;
    lr_page_text(&page, blanks, indent, LR_INK_PLAIN, "%s%s", *lead ? lead + blanks : "", text);
}
