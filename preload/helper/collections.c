/* collections.c -- collections.h.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread, but for the counting of releases.
 *
 * The JVM counts a collection when it begins and says all the while that one is under way.  So if
 * it was at rest at two looks, and the count rose between, then a whole collection lies between;
 * what was born before the first look was there when it began.
 */
#include "collections.h"

#include "file.h"
#include "jvm.h"
#include "trace.h"

enum { HOUR_MS = 3600000, QUIET_MS = 1000 }; /* without a release by the Cleaner: it has finished */

static uint32_t bound; /* of the newest collection */
static uint64_t cleaned;
static struct lr_collection *open_record; /* the Cleaner hasn't finished after it; NULL: none */

void lr_collections_note_cleaned(uint32_t birth_ms)
{
    /* Times begin anew after 49.7 days; what was born an hour from now is later, too. */
    uint32_t later_ms = lr_trace_ms() + HOUR_MS;
    if (later_ms - birth_ms > later_ms - __atomic_load_n(&bound, __ATOMIC_RELAXED))
        __atomic_fetch_add(&cleaned, 1, __ATOMIC_RELAXED);
}

void lr_collections_expect(uint32_t bound_ms)
{
    __atomic_store_n(&cleaned, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&bound, bound_ms, __ATOMIC_RELEASE);
    open_record = NULL;
}

uint64_t lr_collections_cleaned(void)
{
    return __atomic_load_n(&cleaned, __ATOMIC_RELAXED);
}

static struct lr_collection *append(const struct lr_collection *record)
{
    struct lr_section *ring = lr_file.section[LR_SEC_COLLECTIONS];
    struct lr_collection *slot = &lr_file.collections[ring->used % ring->capacity];
    __atomic_store_n(&slot->sequence, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    struct lr_collection whole = *record;
    whole.sequence = 0;
    *slot = whole;
    __atomic_store_n(&slot->sequence, (uint32_t)(ring->used + 1), __ATOMIC_RELEASE);
    __atomic_store_n(&ring->used, ring->used + 1, __ATOMIC_RELEASE);
    return slot;
}

void lr_collections_write(const struct lr_collection *record)
{
    append(record);
}

static void note_whole(uint32_t bound_ms, uint32_t now_ms, uint64_t count)
{
    struct lr_collection record = {
        .why = LR_COLLECTION_SEEN,
        .result = LR_COLLECT_DONE,
        .bound_ms = bound_ms,
        .end_ms = now_ms,
        .collections = (uint32_t)count,
    };
    lr_collections_expect(bound_ms);
    lr_trace_event(LR_EVENT_WHOLE_GC, bound_ms, 0);
    open_record = append(&record);
}

static void look_for_end(uint32_t now_ms)
{
    static uint64_t seen;
    static uint32_t since_ms;
    static const struct lr_collection *of;
    uint64_t now = lr_collections_cleaned();
    if (of != open_record || now != seen) {
        of = open_record;
        seen = now;
        since_ms = now_ms;
    }
    if (!open_record)
        return;
    __atomic_store_n(&open_record->cleaned, now, __ATOMIC_RELAXED);
    if (now_ms - since_ms < QUIET_MS)
        return;
    __atomic_store_n(&open_record->drained_ms, now_ms, __ATOMIC_RELEASE);
    open_record = NULL;
}

void lr_collections_watch(uint32_t now_ms, bool asked)
{
    static struct lr_jvm_collections last;
    static uint32_t last_ms; /* 0: not looked yet */
    struct lr_jvm_collections now;
    if (!lr_jvm_at_rest(&now))
        return;
    if (asked)
        last_ms = 0;
    else if (last_ms && now.whole > last.whole && now.other == last.other)
        note_whole(last_ms, now_ms, now.whole - last.whole);
    if (!asked)
        look_for_end(now_ms);
    last = now;
    last_ms = asked ? 0 : now_ms;
}
