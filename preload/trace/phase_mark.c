/* phase_mark.c -- phase_mark.h.
 *
 * Stage: RECORD -> FILE.  Context: as phase_mark.h says.
 */
#include "phase_mark.h"

#include <errno.h>

#include "clock.h"
#include "file.h"
#include "guard.h"
#include "threads.h"
#include "trace.h"

/* Needs the intern lock.  False: no room; then its name takes none from other names either. */
static bool append(struct lr_mark_entry *mark, const char *name, size_t length)
{
    struct lr_section *section = lr_file.section[LR_SEC_MARKS];
    if (section->used >= section->capacity)
        return false;
    mark->name = lr_intern_string(name, length);
    if (!mark->name)
        return false;
    lr_file.phase_marks[section->used] = *mark;
    lr_trace_event(LR_EVENT_MARK, (uint32_t)section->used, 0);
    __atomic_store_n(&section->used, section->used + 1, __ATOMIC_RELEASE);
    return true;
}

bool lr_phase_mark_at(const char *name, size_t length, enum lr_mark_source source, uint32_t time_ms)
{
    uint32_t tid = lr_thread_id();
    struct lr_mark_entry mark = {
        .time_ms = time_ms,
        .source = source,
        .tid = source == LR_MARK_ASKED || tid & LR_THREAD_NAMELESS ? 0 : tid,
    };
    if (length > LR_MARK_NAME_MAX)
        length = LR_MARK_NAME_MAX;
    bool done = lr_intern_lock();
    if (done) {
        done = append(&mark, name, length);
        lr_intern_unlock();
    }
    if (!done)
        lr_count(LR_CNT_marks_full);
    return done;
}

void lr_phase_mark_now(const char *name, size_t length, enum lr_mark_source source)
{
    int error = errno;
    if (length > 0 && lr_enter()) {
        uint32_t now = lr_clock_step();
        lr_phase_mark_at(name, length, source, now ? now : lr_trace_ms());
        lr_leave();
    }
    errno = error;
}
