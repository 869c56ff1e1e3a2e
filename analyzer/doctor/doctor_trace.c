/* doctor_trace.c -- what a trace says about how well it was recorded.
 *
 * Stage: command line, load.  Context: analyzer only.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"
#include "load.h"

static void check_losses(struct lr_doctor *doctor, const struct lr_trace *trace)
{
    unsigned losses = 0;

    for (int i = 0; i < LR_COUNTER_COUNT; i++) {
        uint64_t value = lr_trace_counter(trace, (enum lr_counter)i);

        if (value == 0 || !lr_counter_is_loss((enum lr_counter)i))
            continue;
        losses++;
        lr_doctor_warn(doctor, "record again with a larger LEAKRING=size=", "lost: %" PRIu64 " %s",
                       value, lr_counter_text((enum lr_counter)i));
    }
    if (losses == 0)
        lr_doctor_ok(doctor, "nothing was lost");
}

static void check_java(struct lr_doctor *doctor, const struct lr_trace *trace)
{
    uint32_t compat = lr_trace_info(trace)->compat;

    if (!(compat & LR_COMPAT_JAVA))
        lr_doctor_ok(doctor, "no JVM was created in this process (%s)",
                     lr_trace_meta(trace, LR_META_EXE));
    else if (compat & LR_COMPAT_NO_JNAMES)
        lr_doctor_warn(doctor, "use a HotSpot JVM from 8 on, with its libjvm.so unstripped",
                       "the names of Java methods could not be read from this JVM (%s %s)",
                       lr_trace_meta(trace, LR_META_JAVA_VM),
                       lr_trace_meta(trace, LR_META_JAVA_VERSION));
    else
        lr_doctor_ok(doctor, "Java methods have names (%s %s)",
                     lr_trace_meta(trace, LR_META_JAVA_VM),
                     lr_trace_meta(trace, LR_META_JAVA_VERSION));
}

bool lr_doctor_sees(struct lr_doctor *doctor, const struct lr_trace *trace)
{
    const char *ahead = lr_trace_meta(trace, LR_META_AHEAD);
    bool itself = strcmp(ahead, lr_trace_meta(trace, LR_META_EXE)) == 0;

    if (!(lr_trace_info(trace)->compat & LR_COMPAT_BLIND))
        return true;
    lr_doctor_problem(doctor,
                      itself ? "link the allocator as a shared library, or leave it out"
                             : "put libleakring.so first in LD_PRELOAD",
                      "BLIND: the program's calls to malloc didn't reach the tracer; %s came first",
                      !*ahead  ? "another allocator"
                      : itself ? "its own malloc"
                               : ahead);
    return false;
}

/* What to do about a file that isn't there, or was never begun. */
static const char *remedy(const char *path, const struct lr_error *error)
{
    struct stat status;
    char first[8] = "";
    FILE *file;

    if (stat(path, &status) != 0)
        return errno == ENOENT
                   ? "while the program runs, `leakring doctor PID` tells where its trace is; "
                     "`leakring doctor -- PROGRAM`, whether there would be one"
                   : "read it as its owner, or as root: traces are private to who ran the program";
    if (!S_ISREG(status.st_mode))
        return NULL;
    file = fopen(path, "r");
    if (!file)
        return "read it as its owner, or as root: traces are private to who ran the program";
    if (fread(first, 1, sizeof(first), file) < sizeof(first) ||
        memcmp(first, (const char[8]){0}, sizeof(first)) == 0) {
        fclose(file);
        return "the program ended while it started, or couldn't reserve the file; `leakring "
               "doctor -- PROGRAM` checks the place";
    }
    fclose(file);
    return error->hint[0] ? error->hint : NULL;
}

void lr_doctor_trace(struct lr_doctor *doctor, const char *path)
{
    struct lr_error error = {{0}, {0}};
    const struct lr_trace_info *info;
    struct lr_trace *trace;

    if (lr_trace_open(path, &trace, &error) != LR_OK) {
        lr_doctor_problem(doctor, remedy(path, &error), "%s: %s", path, error.text);
        return;
    }
    info = lr_trace_info(trace);
    lr_doctor_ok(doctor, "%s: a readable trace of pid %" PRIu32, path, info->pid);
    if (info->damaged.sections + info->damaged.references + info->damaged.values)
        lr_doctor_problem(doctor, "copy it again from where it was written",
                          "%" PRIu64 " of its records are damaged",
                          info->damaged.sections + info->damaged.references + info->damaged.values);
    lr_doctor_sees(doctor, trace);
    check_losses(doctor, trace);
    check_java(doctor, trace);
    lr_trace_close(trace);
}
