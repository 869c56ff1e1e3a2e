/* memory_limits.h -- how much memory this process may use.  Stage: start-up only. */
#ifndef LEAKRING_MEMORY_LIMITS_H
#define LEAKRING_MEMORY_LIMITS_H

#include <stdint.h>

/* The smallest of the host's memory and the memory cgroup's limit (v1 or v2), bytes;
 * UINT64_MAX when nothing can be read. */
uint64_t lr_memory_limit(void);

#endif
