/* modules_maps.h -- modules from /proc/self/maps, for C libraries without _dl_find_object.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.  Internal to modules*.c.
 */
#ifndef LEAKRING_MODULES_MAPS_H
#define LEAKRING_MODULES_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_mapped_module {
    uintptr_t start, end;
    const char *path; /* kept for the life of the process */
};

/* The module that holds `pc`.  Reads the file again for an unknown pc, every few milliseconds while
 * modules are being loaded, else every second, so that generated code costs nothing. */
bool lr_maps_find(uintptr_t pc, struct lr_mapped_module *module);

/* Reads it now, dropping modules that are gone.  False, and none is dropped: another thread is
 * reading it, or it can't be read to its end (no file to be had, silence). */
bool lr_maps_refresh(void);
/* The same, but not more often than that; false when it wasn't read. */
bool lr_maps_refresh_if_old(void);

/* Path of the file mapped at `start`, as the kernel knows it; false when there is none. */
bool lr_maps_path(uintptr_t start, char *path, size_t size);

#endif
