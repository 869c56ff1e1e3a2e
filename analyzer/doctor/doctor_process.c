/* doctor_process.c -- is that process traced, and how well?
 *
 * Stage: command line.  Context: analyzer only; reads /proc/PID.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "doctor_proc.h"
#include "load.h"
#include "program_file.h"
#include "settings.h"

/* Who came before us: an item of LD_PRELOAD, or the program itself. */
static void check_ahead(struct lr_doctor *doctor, pid_t pid)
{
    struct lr_error error;
    struct lr_program program;
    size_t length;
    char path[64], *block = lr_proc_slurp(pid, "environ", &length);
    const char *preload = block ? lr_proc_variable(block, length, "LD_PRELOAD") : NULL;

    snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    if (preload)
        lr_doctor_preload(doctor, preload, path, 0);
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (lr_program_read_file(path, &program, &error) == LR_OK && program.has_own_malloc)
        lr_doctor_problem(doctor, "link the allocator as a shared library, or leave it out",
                          "its program has a malloc of its own linked in");
    free(block);
}

/* A slip in its settings leaves the defaults: another name, another size. */
static void check_settings(struct lr_doctor *doctor, pid_t pid)
{
    struct lr_error error = {{0}, {0}};
    size_t length;
    char *block = lr_proc_slurp(pid, "environ", &length);
    const char *settings = block ? lr_proc_variable(block, length, "LEAKRING") : NULL;

    if (settings && lr_settings_check(settings, &error) != LR_OK)
        lr_doctor_warn(doctor, error.hint[0] ? error.hint : NULL,
                       "%s; all of its LEAKRING is ignored", error.text);
    free(block);
}

static void check_traced(struct lr_doctor *doctor, pid_t pid, const struct lr_proc_traced *traced)
{
    struct lr_trace *trace;

    if (traced->deleted)
        lr_doctor_problem(doctor,
                          "restart it, or read what it has now (as root): leakring report "
                          "/proc/PID/map_files/RANGE",
                          "it is traced into %s, which was deleted", traced->trace);
    else if (!traced->readable)
        lr_doctor_warn(doctor, "run doctor as that user, or as root",
                       "it is traced into %s, which can't be read from here", traced->trace);
    else if (strcmp(traced->readable, traced->trace) == 0)
        lr_doctor_ok(doctor, "it is traced into %s", traced->trace);
    else
        lr_doctor_ok(doctor, "it is traced into %s, which is %s here", traced->trace,
                     traced->readable);
    check_settings(doctor, pid);
    if (!traced->readable || lr_trace_open(traced->readable, &trace, NULL) != LR_OK)
        return;
    if (!lr_doctor_sees(doctor, trace))
        check_ahead(doctor, pid);
    lr_trace_close(trace);
}

/* Hidden by the mount option hidepid, not gone. */
static bool is_hidden(pid_t pid)
{
    return errno == ENOENT && (kill(pid, 0) == 0 || errno == EPERM);
}

static void say_unreadable(struct lr_doctor *doctor, pid_t pid)
{
    int reason = errno;

    if (is_hidden(pid))
        lr_doctor_problem(doctor, "run doctor as that user, or as root",
                          "pid %d is there, but /proc hides it (hidepid)", (int)pid);
    else if (reason == ENOENT)
        lr_doctor_problem(doctor, NULL, "pid %d: no such process", (int)pid);
    else
        lr_doctor_problem(doctor, "run doctor as that user, or as root", "pid %d: %s", (int)pid,
                          strerror(reason));
}

void lr_doctor_process(struct lr_doctor *doctor, pid_t pid)
{
    struct lr_proc_traced traced;
    char exe[4096];

    errno = 0;
    if (!lr_proc_traced(pid, &traced)) {
        say_unreadable(doctor, pid);
        return;
    }
    lr_proc_exe(pid, exe, sizeof(exe));
    lr_doctor_ok(doctor, "pid %d runs %s", (int)pid, exe);
    if (traced.trace)
        check_traced(doctor, pid, &traced);
    else
        lr_doctor_untraced(doctor, pid, exe, traced.has_library);
    lr_proc_traced_free(&traced);
}
