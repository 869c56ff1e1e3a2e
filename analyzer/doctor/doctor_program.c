/* doctor_program.c -- would the library be loaded into a program, and record there?
 *
 * Stage: command line.  Context: analyzer only.  The last check asks the program's own dynamic
 * linker to list (not to run) the program with the library in front of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "program_file.h"
#include "settings.h"
#include "words.h"

/* What the dynamic linker prints for `--list PROGRAM`; malloc()ed, NULL when it can't be asked. */
static char *ask_linker(const struct lr_program *program, const char *library)
{
    /* Its real path: libraries may be found relative to it. */
    char *preload = NULL, *text = calloc(1, 65536), *path = realpath(program->path, NULL);
    const char *arguments[] = {program->interpreter, "--list", path ? path : program->path, NULL};
    posix_spawn_file_actions_t actions;
    size_t length = 0;
    ssize_t got;
    pid_t pid;
    int ends[2], failed;

    if (!text || asprintf(&preload, "LD_PRELOAD=%s", library) < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        free(text);
        free(preload);
        free(path);
        return NULL;
    }
    char *environment[] = {preload, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    failed =
        posix_spawn(&pid, program->interpreter, &actions, NULL, (char **)arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (!failed && length < 65535 && (got = read(ends[0], text + length, 65535 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    if (!failed)
        waitpid(pid, NULL, 0);
    free(preload);
    free(path);
    return text;
}

/* Lines that tell of the library: that it is loaded, or why it can't be. */
static void check_linker(struct lr_doctor *doctor, const struct lr_program *program,
                         const char *library)
{
    char *text = ask_linker(program, library), *rest = text, *line;
    bool listed = false, trouble = false;

    while (text && (line = strsep(&rest, "\n"))) {
        if (!strstr(line, "libleakring.so"))
            continue;
        if (strstr(line, "cannot be preloaded") || strstr(line, "not found")) {
            trouble = true;
            lr_doctor_problem(doctor,
                              "build leakring for this system, or trace a program that "
                              "runs on its C library",
                              "its dynamic linker says: %s", line + strspn(line, " \t"));
        } else {
            listed = true;
        }
    }
    if (listed && !trouble)
        lr_doctor_ok(doctor, "the library loads into it");
    else if (!trouble)
        lr_doctor_warn(doctor, NULL, "its dynamic linker %s doesn't list the library",
                       program->interpreter);
    free(text);
}

/* What LD_PRELOAD is for it: as it is set, where only the linker knows what that means. */
static const char *preload_of(const char *library)
{
    const char *preload = getenv("LD_PRELOAD");
    bool searched =
        lr_doctor_names_library(preload) && (strchr(preload, '$') || !strchr(preload, '/'));

    return searched ? preload : library;
}

static bool is_glibc_linker(const char *interpreter)
{
    const char *name = lr_base_name(interpreter);

    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so", 7) == 0 ||
           strncmp(name, "ld-2.", 5) == 0 || strncmp(name, "ld.so", 5) == 0;
}

bool lr_doctor_kind(struct lr_doctor *doctor, const struct lr_program *program,
                    const struct lr_program *library)
{
    const char *path = program->path;

    if (program->machine != library->machine || program->is_64bit != library->is_64bit)
        lr_doctor_problem(doctor, "use a libleakring.so built for that machine",
                          "%s is a program for %s%s, the library is for %s", path,
                          lr_machine_name(program->machine), program->is_64bit ? "" : " (32 bits)",
                          lr_machine_name(library->machine));
    else if (program->interpreter[0] == '\0')
        lr_doctor_problem(doctor, "link it dynamically",
                          "%s is statically linked: nothing can be preloaded into it", path);
    else if (strstr(program->interpreter, "ld-musl"))
        lr_doctor_problem(doctor, "trace it on a distribution with glibc",
                          "%s uses musl (%s); the library needs glibc", path, program->interpreter);
    else if (program->gains_rights)
        lr_doctor_problem(doctor,
                          "run it as its owner, or a copy of it without those rights "
                          "(cp PROGRAM /tmp/)",
                          "%s is set-user-id or has file capabilities: the system drops "
                          "LD_PRELOAD, silently",
                          path);
    else if (program->is_sanitized)
        lr_doctor_problem(doctor, "trace a build without -fsanitize=address",
                          "%s was built with AddressSanitizer, which must be first itself", path);
    else
        return true;
    return false;
}

static void check_elf(struct lr_doctor *doctor, const struct lr_program *program,
                      const char *library_path)
{
    struct lr_error error = {{0}, {0}};
    struct lr_program library;

    if (!program->is_elf) {
        lr_doctor_problem(doctor, NULL, "%s is neither an ELF program nor a script", program->path);
        return;
    }
    if (lr_program_read_file(library_path, &library, &error) != LR_OK) {
        lr_doctor_problem(doctor, NULL, "%s", error.text);
        return;
    }
    if (!lr_doctor_kind(doctor, program, &library))
        return;
    if (program->has_own_malloc)
        lr_doctor_warn(doctor, "link the allocator as a shared library, or leave it out",
                       "%s has a malloc of its own: only calls from other libraries reach the "
                       "tracer",
                       program->path);
    if (is_glibc_linker(program->interpreter))
        check_linker(doctor, program, preload_of(library_path));
    else
        lr_doctor_warn(doctor, NULL, "%s uses an unknown dynamic linker, %s", program->path,
                       program->interpreter);
}

static void check_wanted(struct lr_doctor *doctor, const struct lr_program *program,
                         const char *settings)
{
    const char *name = lr_base_name(program->path);
    char resolved[4096], *exe = lr_settings_get(settings, "exe");
    ssize_t length = readlink(program->path, resolved, sizeof(resolved) - 1);

    if (length > 0) {
        resolved[length] = '\0';
        name = lr_base_name(resolved);
    }
    if (exe && !lr_doctor_is_wanted(name, exe))
        lr_doctor_problem(doctor, "add its name to exe=, with ':' between names, or leave exe= out",
                          "LEAKRING=exe=%s leaves %s out: it gets no trace", exe, name);
    else if (!exe && lr_doctor_passes_through(name))
        lr_doctor_warn(doctor, "LEAKRING=exe=NAME traces it nevertheless",
                       "%s is a shell, launcher or small tool: it passes the tracer on to what it "
                       "runs, and has no trace itself",
                       name);
    free(exe);
}

void lr_doctor_program(struct lr_doctor *doctor, const char *name, const char *library,
                       const char *settings)
{
    struct lr_error error = {{0}, {0}};
    struct lr_program program, interpreter;

    if (lr_program_read(name, &program, &error) != LR_OK) {
        lr_doctor_problem(doctor, NULL, "%s", error.text);
        return;
    }
    if (!program.is_script) {
        check_elf(doctor, &program, library);
        check_wanted(doctor, &program, settings);
        return;
    }
    lr_doctor_ok(doctor, "%s is a script for %s", program.path, program.interpreter);
    if (lr_program_read(program.interpreter, &interpreter, &error) != LR_OK) {
        lr_doctor_problem(doctor, NULL, "%s", error.text);
        return;
    }
    check_elf(doctor, &interpreter, library);
    check_wanted(doctor, &interpreter, settings);
}
