/* cmd_doctor.c -- leakring doctor: can tracing work here, and why didn't it?
 *
 * Stage: command.  Context: analyzer only.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "load.h"
#include "options.h"
#include "status.h"
#include "words.h"

static const struct lr_help help = {
    .name = "doctor",
    .synopsis = "doctor [options] [PROGRAM | FILE.lkr | PID | -- PROGRAM...]",
    .examples = "  leakring doctor                 is the library there, would this directory do?\n"
                "  leakring doctor -- java         would java be traced?\n"
                "  leakring doctor 4242            is that process traced, and if not, why?\n"
                "  leakring doctor app.lkr         how well was that recorded?\n",
    .options = "  -h, --help  this text\n",
    .notes = "Exit code: 0 nothing stands in the way (there may be warnings), 1 a problem was\n"
             "found, 2 wrong usage.\n",
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *settings_now(void)
{
    const char *settings = getenv("LEAKRING");

    return settings ? settings : "";
}

static void check_environment(struct lr_doctor *doctor, const char *program)
{
    char *library = lr_doctor_library(doctor);

    lr_doctor_settings(doctor, settings_now());
    if (program && library)
        lr_doctor_program(doctor, program, library, settings_now());
    lr_doctor_place(doctor, program ? lr_base_name(program) : NULL, settings_now());
    free(library);
}

static bool is_number(const char *word)
{
    return *word && word[strspn(word, "0123456789")] == '\0' && strlen(word) < 10;
}

static bool is_trace(const char *word)
{
    size_t length = strlen(word);
    struct lr_trace *trace;

    if (length > 4 && strcmp(word + length - 4, ".lkr") == 0)
        return true;
    if (access(word, R_OK) != 0 || lr_trace_open(word, &trace, NULL) != LR_OK)
        return false;
    lr_trace_close(trace);
    return true;
}

static int finish(const struct lr_doctor *doctor)
{
    if (doctor->problems)
        printf("%u problem%s found\n", doctor->problems, doctor->problems == 1 ? "" : "s");
    else
        printf("nothing stands in the way%s\n", doctor->warnings ? ", but see the warnings" : "");
    return doctor->problems ? LR_EXIT_FOUND : LR_EXIT_OK;
}

int lr_cmd_doctor(int argc, char **argv)
{
    struct lr_doctor doctor = {.out = stdout};
    const char *word;
    bool after_dashes;
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        if (c == 'h')
            return lr_help(stdout, &help);
        return lr_bad_option(&help, argv, c);
    }
    after_dashes = strcmp(argv[optind - 1], "--") == 0;
    word = argv[optind];
    if (word && argv[optind + 1] && !after_dashes)
        return lr_bad_usage(&help, "one program, file or process at a time (not %s)",
                            argv[optind + 1]);
    if (!word || after_dashes)
        check_environment(&doctor, word);
    else if (is_number(word))
        lr_doctor_process(&doctor, (pid_t)atoi(word));
    else if (is_trace(word))
        lr_doctor_trace(&doctor, word);
    else
        check_environment(&doctor, word);
    return finish(&doctor);
}
