/* main.c -- leakring: finds the command and passes its exit code on.
 *
 * Stage: outermost.  Context: analyzer only.  Nothing but the way to commands lives here; the
 * commands themselves are in commands.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "status.h"
#include "words.h"

static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
#define LR_COMMAND(name, summary) {#name, summary, lr_cmd_##name},
    LR_COMMANDS(LR_COMMAND)
#undef LR_COMMAND
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    struct lr_error error;
    lr_fail(&error, LR_USAGE, "no such command");
    const char *meant = lr_closest(name, names, COMMAND_COUNT);
    if (meant != NULL)
        lr_hint(&error, "did you mean `leakring %s`?", meant);
    else
        lr_hint(&error, "`leakring --help` lists the commands");
    return lr_finish(LR_USAGE, name, &error);
}

static int overview(FILE *out, int exit_code)
{
    fputs("Examples:\n"
          "  leakring run -- java -jar app.jar     trace a program from its start\n"
          "  leakring report                       what did the newest trace here find?\n"
          "  leakring dump app.lkr                 everything the file holds\n"
          "\n"
          "Usage: leakring COMMAND [options] [FILE]\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "  leakring help COMMAND   options and examples of a command\n"
          "  leakring --version      the version\n"
          "\n"
          "Exit codes: 0 fine, 1 a leak or regression found (only where that is asked for),\n"
          "2 wrong usage or unreadable input, 3 cannot tell.\n",
          out);
    return exit_code;
}

static int help_command(int argc, char **argv)
{
    if (argc < 2)
        return overview(stdout, LR_EXIT_OK);
    const struct command *command = command_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    char help[] = "--help";
    char *arguments[] = {argv[1], help, NULL};
    return command->run(2, arguments);
}

/* Output that could not be written must not look like success (a full disk, a closed pipe). */
static int close_stdout(int exit_code)
{
    bool bad = ferror(stdout) != 0;
    if ((fclose(stdout) != 0 || bad) && exit_code == LR_EXIT_OK) {
        fputs("leakring: cannot write the output\n", stderr);
        return LR_EXIT_BAD_INPUT;
    }
    return exit_code;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return overview(stderr, LR_EXIT_BAD_INPUT);
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return overview(stdout, LR_EXIT_OK);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("leakring " LEAKRING_VERSION);
        return LR_EXIT_OK;
    }
    if (strcmp(name, "help") == 0)
        return help_command(argc - 1, argv + 1);
    const struct command *command = command_find(name);
    if (command == NULL)
        return unknown_command(name);
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    return close_stdout(dispatch(argc, argv));
}
