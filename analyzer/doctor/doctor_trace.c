/* doctor_trace.c -- what a trace says about how well it was recorded.
 *
 * Stage: command line, load.  Context: analyzer only.
 */
#include <inttypes.h>

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

void lr_doctor_trace(struct lr_doctor *doctor, const char *path)
{
    struct lr_error error = {{0}, {0}};
    const struct lr_trace_info *info;
    struct lr_trace *trace;

    if (lr_trace_open(path, &trace, &error) != LR_OK) {
        lr_doctor_problem(doctor, error.hint[0] ? error.hint : NULL, "%s: %s", path, error.text);
        return;
    }
    info = lr_trace_info(trace);
    lr_doctor_ok(doctor, "%s: a readable trace of pid %" PRIu32, path, info->pid);
    if (info->damaged.sections + info->damaged.references + info->damaged.values)
        lr_doctor_problem(doctor, "copy it again from where it was written",
                          "%" PRIu64 " of its records are damaged",
                          info->damaged.sections + info->damaged.references + info->damaged.values);
    if (info->compat & LR_COMPAT_BLIND)
        lr_doctor_problem(doctor,
                          "put libleakring.so first in LD_PRELOAD; a program with a malloc of its "
                          "own linked in can't be traced",
                          "the tracer was blind: the program's calls to malloc didn't reach it");
    check_losses(doctor, trace);
    check_java(doctor, trace);
    lr_trace_close(trace);
}
