/* config.h -- what LEAKRING=key=value,… asks for.
 *
 * Stage: start-up.  Parsed once, before anything is recorded; read-only afterwards.
 */
#ifndef LEAKRING_CONFIG_H
#define LEAKRING_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LR_PATH_MAX = 1024, LR_DEPTH_MAX = 128 };

enum { LR_REDACT_CMDLINE = 1, LR_REDACT_HOST = 2, LR_REDACT_CONFIG = 4, LR_REDACT_ALL = 7 };

struct lr_config {
    char file[LR_PATH_MAX];      /* template; empty: the default name and place */
    char exe[LR_PATH_MAX];       /* globs separated by ':'; empty: all but shells and launchers */
    char unwinder[16];           /* "ehframe" or "libunwind" */
    uint64_t size;               /* bytes; 0: choose by memory limit */
    uint32_t depth;              /* native frames, 1..LR_DEPTH_MAX */
    uint32_t java_depth;         /* Java frames, 1..LR_DEPTH_MAX */
    uint32_t java_check;         /* every so many Java stacks are verified; 0: as is free */
    uint32_t young_ms;           /* how long records stay out of the file; 0: not at all */
    uint64_t interval;           /* bytes between samples, if interval_set; 0: exact */
    bool interval_set;           /* then the governor leaves it alone */
    uint32_t budget;             /* CPU that recording may cost, in 1/100 %; 0: whatever it costs */
    uint64_t seed;               /* of the sampler's random numbers, for tests; 0: by chance */
    bool children;               /* trace children too */
    uint32_t redact;             /* LR_REDACT_*: what the trace doesn't say */
    bool series;                 /* read the system's files for time series */
};
extern struct lr_config lr_config;

/* Fills *config from `text` (NULL: defaults).  On a wrong key or value returns false with one
 * line in `error`, and *config holds the defaults: nothing of a wrong text is used, but that all is
 * redacted where it speaks of that. */
bool lr_config_parse(struct lr_config *config, const char *text, char *error, size_t error_size);

#endif
