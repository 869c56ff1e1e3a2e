/* doctor_untraced.c -- why a running process has no trace.
 *
 * Stage: command line.  Context: analyzer only; reads /proc/PID.  What is certain is said in one
 * line; only where nothing was found the possible reasons are listed.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "doctor.h"
#include "doctor_proc.h"
#include "program_file.h"
#include "settings.h"
#include "words.h"

struct patient {
    struct lr_doctor *doctor;
    pid_t pid;
    const char *exe, *name; /* of its program: path and base name */
    char *environment;      /* NULL: it can't be read */
    size_t length;
};

static const char *variable(const struct patient *patient, const char *name)
{
    return patient->environment ? lr_proc_variable(patient->environment, patient->length, name)
                                : NULL;
}

static unsigned findings(const struct patient *patient)
{
    return patient->doctor->problems + patient->doctor->warnings;
}

/* The kernel's word that the start gave it rights, so that the linker ignores LD_PRELOAD. */
static bool is_secure(pid_t pid)
{
    size_t length;
    char *bytes = lr_proc_slurp(pid, "auxv", &length);
    bool secure = false;

    for (size_t at = 0; bytes && at + sizeof(Elf64_auxv_t) <= length; at += sizeof(Elf64_auxv_t)) {
        Elf64_auxv_t entry;

        memcpy(&entry, bytes + at, sizeof(entry));
        secure |= entry.a_type == AT_SECURE && entry.a_un.a_val != 0;
    }
    free(bytes);
    return secure;
}

/* The nearest process above it that is traced; 0 for none. */
static pid_t traced_ancestor(pid_t pid, char *exe, size_t size)
{
    for (unsigned steps = 0; steps < 32; steps++) {
        struct lr_proc_traced traced;
        bool found;

        pid = (pid_t)lr_proc_status(pid, "PPid:");
        if (pid <= 1 || !lr_proc_traced(pid, &traced))
            return 0;
        found = traced.trace != NULL;
        lr_proc_traced_free(&traced);
        if (found) {
            lr_proc_exe(pid, exe, size);
            return pid;
        }
    }
    return 0;
}

static bool traces_children(pid_t pid)
{
    size_t length;
    char *block = lr_proc_slurp(pid, "environ", &length);
    const char *settings = block ? lr_proc_variable(block, length, "LEAKRING") : NULL;
    bool traces = settings && strstr(settings, "children=1");

    free(block);
    return traces;
}

/* Started without us in its environment. */
static void explain_no_preload(const struct patient *patient, const char *preload)
{
    char exe[4096];
    pid_t above = traced_ancestor(patient->pid, exe, sizeof(exe));

    if (above && !traces_children(above))
        lr_doctor_problem(patient->doctor, "start that one with LEAKRING=children=1",
                          "it was started by pid %d (%s), which is traced: children of a traced "
                          "program aren't",
                          (int)above, exe);
    else
        lr_doctor_problem(patient->doctor,
                          "set LD_PRELOAD for the program itself (a service, sudo or cron "
                          "starts it with an environment of its own), or use leakring run",
                          "it was started without libleakring.so in LD_PRELOAD%s%s",
                          preload ? ": " : "", preload ? preload : "");
}

/* Its environment names us, and the library isn't in it: by its file, its rights, or the path. */
static void explain_not_loaded(const struct patient *patient, const char *preload)
{
    struct lr_error error = {{0}, {0}};
    struct lr_program program, library;
    unsigned before = findings(patient);
    char path[64], *our_path = lr_doctor_library(patient->doctor);
    bool known;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)patient->pid);
    known = lr_program_read_file(path, &program, &error) == LR_OK;
    if (is_secure(patient->pid)) {
        lr_doctor_problem(patient->doctor, "run it as its owner, or a copy without those rights",
                          "it was started with rights that its user lacks (set-user-id, file "
                          "capabilities): LD_PRELOAD is ignored then, silently");
    } else if (known && our_path && lr_program_read_file(our_path, &library, &error) == LR_OK) {
        program.gains_rights = false; /* the kernel has answered that */
        snprintf(program.path, sizeof(program.path), "%s", patient->exe);
        lr_doctor_kind(patient->doctor, &program, &library);
    }
    free(our_path);
    if (findings(patient) == before) {
        snprintf(path, sizeof(path), "/proc/%d/root", (int)patient->pid);
        lr_doctor_preload(patient->doctor, preload, path, known ? program.machine : 0);
    }
    if (findings(patient) == before)
        lr_doctor_problem(patient->doctor,
                          "look for a line `ERROR: ld.so` at the start of its "
                          "stderr",
                          "LD_PRELOAD=%s was set, but the library was not loaded", preload);
}

/* A fork of a traced process: the same program, and the library without a file. */
static bool explain_fork(const struct patient *patient)
{
    char exe[4096];
    pid_t above = traced_ancestor(patient->pid, exe, sizeof(exe));

    if (!above || strcmp(exe, patient->exe) != 0)
        return false;
    lr_doctor_problem(patient->doctor,
                      "start the program with one process (no daemon, no workers), or look at "
                      "the trace of that one",
                      "it was forked by pid %d, which is traced: what a process forks isn't "
                      "recorded",
                      (int)above);
    return true;
}

static void explain_settings(const struct patient *patient)
{
    const char *settings = variable(patient, "LEAKRING");
    struct lr_error error = {{0}, {0}};
    char *exe = settings ? lr_settings_get(settings, "exe") : NULL;

    if (settings && lr_settings_check(settings, &error) != LR_OK)
        lr_doctor_warn(patient->doctor, error.hint[0] ? error.hint : NULL,
                       "%s; all of LEAKRING is ignored", error.text);
    else if (exe && !lr_doctor_is_wanted(patient->name, exe))
        lr_doctor_problem(patient->doctor, "add its name to exe=, with ':' between names",
                          "LEAKRING=exe=%s leaves %s out", exe, patient->name);
    else if (!exe && lr_doctor_passes_through(patient->name))
        lr_doctor_ok(patient->doctor,
                     "%s is a shell, launcher or small tool: it passes the tracer on, and has no "
                     "trace",
                     patient->exe);
    free(exe);
}

/* What may have kept it from making a file, as far as that can be seen from outside. */
static void explain_limits(const struct patient *patient)
{
    static const struct {
        int resource;
        const char *name, *option;
    } limits[] = {{RLIMIT_FSIZE, "RLIMIT_FSIZE", "-f"}, {RLIMIT_AS, "RLIMIT_AS", "-v"}};
    struct rlimit limit;

    for (size_t i = 0; i < 2; i++)
        if (prlimit(patient->pid, limits[i].resource, NULL, &limit) == 0 &&
            limit.rlim_cur != RLIM_INFINITY)
            lr_doctor_warn(patient->doctor, "raise it, or ask for less with LEAKRING=size=",
                           "it has a limit (%s, ulimit %s) of %llu bytes", limits[i].name,
                           limits[i].option, (unsigned long long)limit.rlim_cur);
    if (lr_proc_status(patient->pid, "Seccomp:") == 2)
        lr_doctor_warn(patient->doctor,
                       "allow what docs/RELIABILITY.md lists under System call filters",
                       "a system call filter is on, which may have refused the library a file "
                       "when it started");
}

static void explain_not_recording(const struct patient *patient)
{
    unsigned before = findings(patient);

    if (!patient->environment) {
        lr_doctor_warn(patient->doctor, "run doctor as that user, or as root",
                       "its environment can't be read: %s", strerror(errno));
        return;
    }
    if (explain_fork(patient))
        return;
    explain_settings(patient);
    explain_limits(patient);
    if (findings(patient) == before && !lr_doctor_passes_through(patient->name))
        lr_doctor_problem(patient->doctor,
                          "look for a line `leakring: ...` at the start of its stderr (no room, no "
                          "permission); a program that puts itself into the background is started "
                          "in the foreground",
                          "the library is loaded, but it records into no file");
}

void lr_doctor_untraced(struct lr_doctor *doctor, pid_t pid, const char *exe, bool has_library)
{
    const char *preload;
    struct patient patient = {.doctor = doctor, .pid = pid, .exe = exe, .name = lr_base_name(exe)};

    patient.environment = lr_proc_slurp(pid, "environ", &patient.length);
    preload = variable(&patient, "LD_PRELOAD");
    if (has_library)
        explain_not_recording(&patient);
    else if (!patient.environment)
        lr_doctor_warn(doctor, "run doctor as that user, or as root",
                       "its environment can't be read: %s", strerror(errno));
    else if (!lr_doctor_names_library(preload))
        explain_no_preload(&patient, preload);
    else
        explain_not_loaded(&patient, preload);
    free(patient.environment);
}
