/* guard.c -- the state that guard.h declares; start.c arms it. */
#include "guard.h"

__thread struct lr_thread lr_self;

static struct lr_armed never;
struct lr_armed *lr_armed = &never;
