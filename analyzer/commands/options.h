/* options.h -- what every command's option parsing shares.
 *
 * Stage: command line.  Context: analyzer only.
 * Each command uses getopt_long with an option string that starts with ":", so that the
 * message is ours:
 *
 *     optind = 1;
 *     while ((c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1)
 *         switch (c) {
 *         case 'h': return lr_help(stdout, &help);
 *         default:  return lr_bad_option(&help, argv, c);
 *         }
 */
#ifndef LEAKRING_OPTIONS_H
#define LEAKRING_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

/* A command's help: examples come first, because they are what people look for. */
struct lr_help {
    const char *name;     /* dump */
    const char *synopsis; /* dump [options] FILE */
    const char *examples; /* lines, each indented by two blanks */
    const char *options;  /* lines, each indented by two blanks */
    const char *notes;    /* more text, or NULL */
};

int lr_help(FILE *out, const struct lr_help *help); /* prints; LR_EXIT_OK */

/* Print one line, a hint at --help, and return LR_EXIT_BAD_INPUT. */
int lr_bad_option(const struct lr_help *help, char **argv, int getopt_result);
int lr_bad_usage(const struct lr_help *help, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum lr_output { LR_OUTPUT_TEXT, LR_OUTPUT_JSON, LR_OUTPUT_HTML, LR_OUTPUT_SHORT };
/* 0, or -1 for a word that is neither `text` nor `json`. */
int lr_parse_output(const char *word, enum lr_output *output);

/* 0 and the number, or -1 for a word that isn't a number from 1 to `most`. */
int lr_parse_number(const char *word, unsigned long most, unsigned long *number);

#endif
