/* html_web.h -- the page's style and script, as esbuild bundled them.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_WEB_H
#define LEAKRING_HTML_WEB_H

#include <stdbool.h>
#include <stdio.h>

struct lr_web_file {
    const char *begin, *end;
};
extern const struct lr_web_file lr_web_style, lr_web_script;

/* False in a build without Node.js. */
bool lr_web_is_there(void);
void lr_web_write(FILE *out, const struct lr_web_file *file);

#endif
