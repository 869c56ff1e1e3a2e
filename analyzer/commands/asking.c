/* asking.c -- asking.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "asking.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "units.h"

enum { POLL_MS = 50 };

bool lr_ask_timeout(struct lr_asking *asking, const char *seconds)
{
    unsigned long number;

    if (lr_parse_number(seconds, LR_ASK_SECONDS_MAX, &number) != 0)
        return false;
    asking->timeout_ms = (uint64_t)number * 1000;
    return true;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}

/* State letter of /proc/PID/stat; 0: unknown. */
static char process_state(uint32_t pid)
{
    char path[32], text[512], state = 0;
    snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    const char *at = strrchr(text, ')');
    if (at && at[1] == ' ')
        state = at[2];
    return state;
}

/* Why nobody answered. */
static enum lr_status no_answer(const struct lr_asking *asking, uint32_t heartbeat,
                                struct lr_error *error)
{
    struct lr_control control;
    char waited[LR_UNIT_SIZE];
    lr_unit_duration(waited, asking->timeout_ms);
    if (!lr_control_is_alive(&asking->link))
        return lr_fail(error, LR_CANNOT_TELL, "the process ended before it answered");
    if (!lr_control_read(&asking->link, &control))
        return lr_fail(error, LR_UNREADABLE, "cannot read any more: the file was cut");
    char state = process_state(asking->link.pid_here);
    if (state == 'T' || state == 't')
        return lr_fail(error, LR_CANNOT_TELL, "no answer within %s: the process is stopped",
                       waited);
    if (asking->asked && control.taken == asking->asked) {
        bool draining = control.stage == LR_STAGE_DRAINING;
        lr_fail(error, LR_CANNOT_TELL, "the JVM hasn't %s within %s",
                draining ? "released what it found" : "collected", waited);
        lr_hint(error, "it goes on; its trace will tell when it is done.  --timeout waits longer");
        return LR_CANNOT_TELL;
    }
    if (control.taken != control.done) {
        lr_fail(error, LR_CANNOT_TELL, "an earlier request is still under way after %s", waited);
        return LR_CANNOT_TELL;
    }
    if (!asking->asked && asking->link.held_back) {
        lr_fail(error, LR_CANNOT_TELL, "can't be asked: another process has held the trace's lock "
                                       "for %s", waited);
        lr_hint(error, "another leakring gc, perhaps one that was stopped");
        return LR_CANNOT_TELL;
    }
    lr_fail(error, LR_CANNOT_TELL, "no answer within %s", waited);
    lr_hint(error, lr_control_heartbeat(&asking->link) == heartbeat
                       ? "leakring's own thread doesn't run in that process: it starts when the "
                         "program allocates; with young=0, or in a sandbox, never"
                       : "the process is very busy (--timeout waits longer), or leakring's own "
                         "thread doesn't run in it (young=0, a sandbox)");
    return LR_CANNOT_TELL;
}

enum lr_status lr_ask(struct lr_asking *asking, struct lr_error *error)
{
    uint64_t begun = now_ms();
    uint32_t heartbeat = lr_control_heartbeat(&asking->link);
    for (bool first = true; first || now_ms() - begun < asking->timeout_ms; first = false) {
        struct lr_control control;
        if (!first)
            doze();
        if (!lr_control_is_alive(&asking->link) || !lr_control_read(&asking->link, &control))
            break;
        if (!asking->asked)
            lr_control_ask_about(&asking->link, asking->what, asking->text ? asking->text : "",
                                 &asking->asked);
        else if (control.done == asking->asked)
            return LR_OK;
    }
    return no_answer(asking, heartbeat, error);
}
