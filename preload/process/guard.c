/* guard.c -- the state that guard.h declares; start.c arms it. */
#include "guard.h"

#include "prim.h"

__thread struct lr_thread lr_self;

static struct lr_armed never;
struct lr_armed *lr_armed = &never;

/* A raw clone's child has the flag of its parent, but not the file.  In silence nobody may ask. */
__attribute__((noinline, cold)) bool lr_is_armed_here(uint32_t on)
{
    return on == LR_ARMED_IN_ONE && (lr_prim_is_silent() || lr_prim_pid() == lr_armed->pid);
}
