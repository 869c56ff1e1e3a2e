/* status.c -- errors as values, and the one place that prints them.
 *
 * Stage: all.  Context: analyzer only.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

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

int lr_finish(enum lr_status status, const char *file, const struct lr_error *error)
{
    if (status != LR_OK && error != NULL && error->text[0] != '\0') {
        fflush(stdout); /* so that both streams read in order where they end up together */
        if (file != NULL)
            fprintf(stderr, "leakring: %s: %s\n", file, error->text);
        else
            fprintf(stderr, "leakring: %s\n", error->text);
        if (error->hint[0] != '\0')
            fprintf(stderr, "hint: %s\n", error->hint);
    }
    return lr_exit_code(status);
}
