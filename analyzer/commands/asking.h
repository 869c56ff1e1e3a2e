/* asking.h -- asking a running target for something through its trace, and waiting for the answer.
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_ASKING_H
#define LEAKRING_ASKING_H

#include <stdbool.h>

#include "load.h"
#include "status.h"

enum { LR_ASK_SECONDS = 60, LR_ASK_SECONDS_MAX = 1000000 };

struct lr_asking {
    struct lr_control_link link; /* open */
    uint32_t what;               /* LR_CONTROL_* */
    const char *text;            /* what it is about; NULL: nothing */
    uint64_t timeout_ms;
    uint32_t asked; /* 0 before */
};

/* The value of --timeout into asking->timeout_ms; false: it is no number of seconds. */
bool lr_ask_timeout(struct lr_asking *asking, const char *seconds);

/* Asks, once no other request is under way, and waits for the answer: lr_control.result of the
 * link.  LR_CANNOT_TELL, and why, when there is none in time. */
enum lr_status lr_ask(struct lr_asking *asking, struct lr_error *error);

#endif
