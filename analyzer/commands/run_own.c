/* run_own.c -- run_own.h.
 *
 * Stage: command line (run).  Context: analyzer only.  A command may become another program by
 * exec, which may be one that nothing can be preloaded into; the kernel's name of the zombie says
 * which.
 */
#include "run_own.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "program_file.h"
#include "run_child.h"
#include "settings.h"
#include "words.h"

enum { KERNEL_NAME = 15 }; /* longer ones are cut there */

/* The file of a program of that name: the command's own, or one that PATH has. */
static bool find_program(const char *command, const char *name, struct lr_program *program)
{
    bool same = strncmp(lr_base_name(command), name, KERNEL_NAME) == 0;

    return lr_program_read(same ? command : name, program, NULL) == LR_OK;
}

/* As the tracer does: by the name of the file behind all links. */
static bool is_wanted(const char *path, const char *globs)
{
    char *real = realpath(path, NULL);
    bool wanted = lr_doctor_is_wanted(lr_base_name(real ? real : path), globs);

    free(real);
    return wanted;
}

static bool is_preloaded(const struct lr_program *program)
{
    return program->is_elf && program->interpreter[0] && !program->gains_rights;
}

bool lr_run_is_passed_over(const char *command, const char *name, const char *settings)
{
    char *globs = lr_settings_get(settings, "exe");
    struct lr_program *program = malloc(sizeof(*program));
    bool known = program && name[0] && !strchr(name, '/') && find_program(command, name, program);
    bool passed;

    if (!known)
        passed = name[0] && strlen(name) < KERNEL_NAME && !lr_doctor_is_wanted(name, globs);
    else if (program->is_script)
        passed = !is_wanted(program->interpreter, globs);
    else /* whoever says what is to be traced has left it out; by default, launchers are, but those
          * that the system drops the preload of don't pass it on either */
        passed = !is_wanted(program->path, globs) && (globs || is_preloaded(program));
    free(program);
    free(globs);
    return passed;
}
