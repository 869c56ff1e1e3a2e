/* intercept_api.c -- what programs call by include/leakring/leakring.h.
 *
 * Stage: INTERCEPT.  Context: any thread, in a call of the program's, not inside malloc.
 */
#include "intercept.h"

#include <string.h>

#include "pairs.h"
#include "phase_mark.h"

LR_EXPORT void leakring_mark(const char *name);
LR_EXPORT void leakring_acquire(const char *kind, const void *handle);
LR_EXPORT void leakring_release(const char *kind, const void *handle);

void leakring_mark(const char *name)
{
    if (name)
        lr_phase_mark_now(name, strnlen(name, LR_MARK_NAME_MAX), LR_MARK_CALLED);
}

void leakring_acquire(const char *kind, const void *handle)
{
    struct lr_regs caller = LR_CALLER_REGS;
    lr_pair_named_acquired(kind, &caller, (uintptr_t)handle);
}

void leakring_release(const char *kind, const void *handle)
{
    struct lr_regs caller = LR_CALLER_REGS;
    lr_pair_named_released(kind, &caller, (uintptr_t)handle);
}
