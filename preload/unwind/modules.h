/* modules.h -- which loaded module an address belongs to.
 *
 * Stage: STACK (unwind tables) and RECORD (frames are stored relative to their module).
 * Context: cold paths only, any thread, inside malloc: no allocation, no waiting lock, never
 * dl_iterate_phdr (its lock may be held by a thread that waits for a lock of ours' caller).
 * _dl_find_object where the C library has it (2.35), else /proc/self/maps.
 */
#ifndef LEAKRING_MODULES_H
#define LEAKRING_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_module_info {
    uintptr_t start, end;        /* mapped range [start, end) */
    uintptr_t bias;              /* memory address minus ELF address */
    uintptr_t eh_frame_hdr;      /* PT_GNU_EH_FRAME in memory; 0 when it has none */
    const char *path;            /* "" for none; valid until the module is unloaded */
    const uint8_t *build_id;     /* in the module's memory; NULL when it has none */
    uint32_t build_id_size;
    bool is_main, is_vdso;
};

/* Fills *info for the module that holds `pc`; false when no module does (generated code).
 * Re-reads nothing when the answer is known. */
bool lr_module_find(uintptr_t pc, struct lr_module_info *info);

/* Index of that module in the trace's module section (registering it at first sight), and its
 * bias; 0 when no module holds `pc` or none is left.  Caller holds the intern lock. */
uint32_t lr_module_index(uintptr_t pc, uintptr_t *bias);

/* To be called when modules may have come or gone: after dlclose and from the helper thread.
 * Marks unloaded ones in the trace and calls lr_unwind_forget() if any went.  False: it couldn't
 * look now, the next call will. */
bool lr_modules_changed(void);

#endif
