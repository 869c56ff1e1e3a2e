/* status.c -- errors as values, and the one place that prints them.
 *
 * Stage: all.  Context: analyzer only.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"

enum lr_status lr_fail(struct lr_error *error, enum lr_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        error->hint[0] = '\0';
    }
    return status;
}

void lr_hint(struct lr_error *error, const char *format, ...)
{
    if (error == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->hint, sizeof(error->hint), format, arguments);
    va_end(arguments);
}

int lr_exit_code(enum lr_status status)
{
    switch (status) {
    case LR_OK:
        return LR_EXIT_OK;
    case LR_FOUND:
        return LR_EXIT_FOUND;
    case LR_CANNOT_TELL:
        return LR_EXIT_CANNOT_TELL;
    case LR_USAGE:
    case LR_UNREADABLE:
    case LR_TRUNCATED:
    case LR_FAILED:
        break;
    }
    return LR_EXIT_BAD_INPUT;
}

/* "what: text", a line. */
static void tell(const char *what, const char *text)
{
    char *clean = lr_text_clean((const unsigned char *)text, strlen(text));

    fprintf(stderr, "%s: %s\n", what, clean != NULL ? clean : "out of memory");
    free(clean);
}

void lr_tell(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    tell("leakring", length < 0 ? "out of memory" : text);
    if (length >= 0)
        free(text);
}

int lr_finish(enum lr_status status, const char *file, const struct lr_error *error)
{
    if (status != LR_OK && error != NULL && error->text[0] != '\0') {
        fflush(stdout); /* so that both streams read in order where they end up together */
        if (file != NULL)
            lr_tell("%s: %s", file, error->text);
        else
            tell("leakring", error->text);
        if (error->hint[0] != '\0')
            tell("hint", error->hint);
    }
    return lr_exit_code(status);
}
