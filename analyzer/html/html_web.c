/* html_web.c -- html_web.h.
 *
 * Stage: EMIT.  Context: analyzer only.  The files are what `make` has put below its build
 * directory (LR_WEB); they are empty in a build without Node.js.
 */
#include "html_web.h"

#define EMBED(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global lr_" #name "_begin\nlr_" #name "_begin: .incbin \"" LR_WEB "/" file "\"\n"    \
            ".global lr_" #name "_end\nlr_" #name "_end: .byte 0\n"                                \
            ".popsection\n");                                                                      \
    extern const char lr_##name##_begin[], lr_##name##_end[];                                      \
    const struct lr_web_file lr_##name = {lr_##name##_begin, lr_##name##_end}

EMBED(web_style, "report.css");
EMBED(web_script, "report.js");

bool lr_web_is_there(void)
{
    return lr_web_script.end > lr_web_script.begin;
}

void lr_web_write(FILE *out, const struct lr_web_file *file)
{
    fwrite(file->begin, 1, (size_t)(file->end - file->begin), out);
}
