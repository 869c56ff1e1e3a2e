/* unwind_select.c -- which unwinder walks.
 *
 * Stage: start-up; afterwards lr_unwinder only ever points at an initialised backend.
 */
#include <string.h>

#include "unwind.h"

const struct lr_unwinder *lr_unwinder = &lr_unwinder_ehframe;

bool lr_unwind_select(const char *name)
{
    static const struct lr_unwinder *const backends[] = {&lr_unwinder_ehframe,
                                                         &lr_unwinder_libunwind};
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(backends[i]->name, name) != 0)
            continue;
        if (!backends[i]->init())
            return false;
        __atomic_store_n(&lr_unwinder, backends[i], __ATOMIC_RELEASE);
        return true;
    }
    return false;
}
