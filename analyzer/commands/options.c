/* options.c -- help texts and the messages for wrong command lines.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

int lr_help(FILE *out, const struct lr_help *help)
{
    fprintf(out, "Examples:\n%s\nUsage: leakring %s\n\n%s", help->examples, help->synopsis,
            help->options);
    if (help->notes != NULL)
        fprintf(out, "\n%s", help->notes);
    return LR_EXIT_OK;
}

static int finish_usage(const struct lr_help *help, struct lr_error *error)
{
    lr_hint(error, "leakring %s --help", help->name);
    return lr_finish(LR_USAGE, help->name, error);
}

int lr_bad_usage(const struct lr_help *help, const char *format, ...)
{
    struct lr_error error = {{0}, {0}};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof(error.text), format, arguments);
    va_end(arguments);
    return finish_usage(help, &error);
}

int lr_bad_option(const struct lr_help *help, char **argv, int getopt_result)
{
    /* The word that getopt has just left behind.  In a group like -xyz it is still at optind
     * until its last letter, so the letter is named rather than the word. */
    const char *word = argv[optind - 1] != NULL ? argv[optind - 1] : "";
    struct lr_error error;
    if (getopt_result == ':')
        lr_fail(&error, LR_USAGE, "option %s needs a value", word);
    else if (optopt != 0 && strncmp(word, "--", 2) != 0)
        lr_fail(&error, LR_USAGE, "unknown option -%c", optopt);
    else if (optopt != 0)
        lr_fail(&error, LR_USAGE, "option %s takes no value", word);
    else
        lr_fail(&error, LR_USAGE, "unknown option %s", word);
    return finish_usage(help, &error);
}

int lr_parse_number(const char *word, unsigned long most, unsigned long *number)
{
    char *end;
    unsigned long value = strtoul(word, &end, 10);

    if (*word < '0' || *word > '9' || *end || value == 0 || value > most)
        return -1;
    *number = value;
    return 0;
}

int lr_parse_output(const char *word, enum lr_output *output)
{
    if (strcmp(word, "text") == 0)
        *output = LR_OUTPUT_TEXT;
    else if (strcmp(word, "json") == 0)
        *output = LR_OUTPUT_JSON;
    else
        return -1;
    return 0;
}
