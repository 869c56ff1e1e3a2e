/* program_file.h -- what kind of program a file is, as far as preloading goes.
 *
 * Stage: command line (doctor).  Context: analyzer only.  Reads ELF headers by hand: it must work
 * for programs of any machine, and needs no names.
 */
#ifndef LEAKRING_PROGRAM_FILE_H
#define LEAKRING_PROGRAM_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

struct lr_program {
    char path[4096]; /* found in PATH */
    bool is_script;
    char interpreter[4096]; /* of a script: the program of its #! line; of ELF: PT_INTERP, or "" */
    bool is_elf;
    bool is_64bit;
    uint16_t machine;    /* ELF e_machine */
    bool has_own_malloc; /* it defines malloc: calls may never leave it */
    bool is_sanitized;   /* needs libasan, or brings AddressSanitizer along */
    bool gains_rights;   /* set-user-id, set-group-id or file capabilities that count for us */
};

/* Looks for `name` as execvp would. */
enum lr_status lr_program_read(const char *name, struct lr_program *program,
                               struct lr_error *error);

/* The same of one file, which needn't be executable: a library, or /proc/PID/exe. */
enum lr_status lr_program_read_file(const char *path, struct lr_program *program,
                                    struct lr_error *error);

/* x86-64, aarch64, …; "machine N" in a static buffer for others. */
const char *lr_machine_name(uint16_t machine);

#endif
