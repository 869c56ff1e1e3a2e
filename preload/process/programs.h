/* programs.h -- which programs are worth a trace.  Stage: start-up. */
#ifndef LEAKRING_PROGRAMS_H
#define LEAKRING_PROGRAMS_H

#include <stdbool.h>

/* Does a program of this file name get a file?  `globs`: separated by ':', empty for "all but
 * shells, launchers and the small tools that start scripts call". */
bool lr_program_is_wanted(const char *name, const char *globs);

/* Is our parent process a traced one (it has our library mapped, and is_wanted)?  Reads
 * /proc/PPID/exe and maps; false when they can't be read. */
bool lr_program_parent_is_traced(const char *globs);

#endif
