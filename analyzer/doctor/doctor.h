/* doctor.h -- can tracing work, and why didn't it: checks, each one line and what to do.
 *
 * Stage: command line (doctor, run).  Context: analyzer only.
 */
#ifndef LEAKRING_DOCTOR_H
#define LEAKRING_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct lr_program;
struct lr_trace;

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
/* The items of LD_PRELOAD, opened below `root` ("", or "/proc/PID/root": as that process does) for
 * a program of that ELF machine (0: of this machine); true: libleakring.so is there, can be loaded,
 * and nothing shadows it. */
bool lr_doctor_preload(struct lr_doctor *doctor, const char *preload, const char *root,
                       uint16_t machine);
/* Is our library named in it (NULL: no)? */
bool lr_doctor_names_library(const char *preload);
/* Would `library` be loaded into that program, and record?  Searched in PATH. */
void lr_doctor_program(struct lr_doctor *doctor, const char *program, const char *library,
                       const char *settings);
/* Can a trace of a program of that name (NULL: not known) be written where `settings` (the value
 * of LEAKRING) puts it?  Tries to reserve the room, for a moment. */
void lr_doctor_place(struct lr_doctor *doctor, const char *program, const char *settings);
void lr_doctor_process(struct lr_doctor *doctor, pid_t pid);
/* Why that process, which runs `exe`, has no trace; has_library: libleakring.so is loaded. */
void lr_doctor_untraced(struct lr_doctor *doctor, pid_t pid, const char *exe, bool has_library);
void lr_doctor_trace(struct lr_doctor *doctor, const char *path);

/* Whether its malloc reached the recorder at all, and who came before; false: it didn't. */
bool lr_doctor_sees(struct lr_doctor *doctor, const struct lr_trace *trace);
/* What a file itself rules out: another machine, no dynamic linker, musl, rights, AddressSanitizer.
 * False: that was said. */
bool lr_doctor_kind(struct lr_doctor *doctor, const struct lr_program *program,
                    const struct lr_program *library);

/* Is a program of that name to be traced?  `globs` (NULL: all but launchers) are LEAKRING's exe. */
bool lr_doctor_is_wanted(const char *name, const char *globs);
/* Does a program of that name pass the tracer on without being traced itself? */
bool lr_doctor_passes_through(const char *name);

/* After a run without a trace: says on stderr what is known about why. */
void lr_doctor_explain(const char *program, const char *settings);

#endif
