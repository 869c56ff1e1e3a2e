/* doctor.h -- can tracing work, and why didn't it: checks, each one line and what to do.
 *
 * Stage: command line (doctor, run).  Context: analyzer only.
 */
#ifndef LEAKRING_DOCTOR_H
#define LEAKRING_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct lr_doctor {
    FILE *out;
    bool only_trouble; /* leave out what is fine */
    unsigned warnings, problems;
};

/* One finding; `remedy` says what to do, NULL for nothing. */
void lr_doctor_ok(struct lr_doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void lr_doctor_warn(struct lr_doctor *doctor, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lr_doctor_problem(struct lr_doctor *doctor, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The library; its path (malloc()ed), or NULL after a problem. */
char *lr_doctor_library(struct lr_doctor *doctor);
/* LEAKRING and LD_PRELOAD as they are set now. */
void lr_doctor_settings(struct lr_doctor *doctor, const char *settings);
/* Would `library` be loaded into that program, and record?  Searched in PATH. */
void lr_doctor_program(struct lr_doctor *doctor, const char *program, const char *library,
                       const char *settings);
/* Can a trace be written where `settings` (the value of LEAKRING) puts it? */
void lr_doctor_place(struct lr_doctor *doctor, const char *settings);
void lr_doctor_process(struct lr_doctor *doctor, pid_t pid);
void lr_doctor_trace(struct lr_doctor *doctor, const char *path);

/* Is a program of that name to be traced?  `globs` (NULL: all but launchers) are LEAKRING's exe. */
bool lr_doctor_is_wanted(const char *name, const char *globs);
/* Does a program of that name pass the tracer on without being traced itself? */
bool lr_doctor_passes_through(const char *name);

/* After a run without a trace: says on stderr what is known about why. */
void lr_doctor_explain(const char *program, const char *settings);

#endif
