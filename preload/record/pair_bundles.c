/* pair_bundles.c -- pair_bundles.h.
 *
 * Stage: RECORD.  Context: any thread, in the interposed call, not inside malloc.
 */
#include "pair_bundles.h"

#include "guard.h"
#include "record.h"
#include "stack_totals.h"
#include "threads.h"
#include "trace.h"

static struct lr_bundle *attach(struct lr_thread_slot *slot, struct lr_bundle *bundle)
{
    slot->bundle = bundle; /* NULL, too: an earlier call may never have returned */
    return bundle;
}

/* Only where the helper thread comes by to move what waits: it defers the totals, too. */
struct lr_bundle *lr_pair_bundle_open(uint32_t stack)
{
    struct lr_thread_slot *slot = lr_thread_slot();
    if (slot == &lr_thread_nobody || !stack || !lr_totals_are_deferred())
        return NULL;
    return attach(slot,
                  lr_bundle_open(&slot->bundle_hint, stack, lr_trace_ms(), lr_thread_label()));
}

struct lr_bundle *lr_pair_bundle_claim(uint32_t number)
{
    struct lr_thread_slot *slot = number ? lr_thread_slot() : &lr_thread_nobody;
    return slot == &lr_thread_nobody ? NULL : attach(slot, lr_bundle_claim(number));
}

void lr_pair_bundle_detach(void)
{
    lr_self.slot->bundle = NULL;
}

/* Lets the bundle wait where the helper thread moves it in time; 0: it went to the file instead. */
static uint32_t keep_waiting(struct lr_bundle *bundle)
{
    lr_record_bundled(bundle);
    uint32_t number = lr_bundle_keep(bundle);
    if (!number)
        return 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (lr_totals_are_deferred())
        return number;
    if (lr_bundle_claim(number)) /* the helper thread ended meanwhile, perhaps for good */
        lr_record_leave_bundle(bundle);
    return 0;
}

uint32_t lr_pair_bundle_close(struct lr_bundle *bundle, bool keep)
{
    if (!bundle || !lr_is_armed()) /* a fork's child leaves the file alone */
        return 0;
    uint32_t number = 0;
    if (keep && lr_totals_are_deferred())
        number = keep_waiting(bundle);
    else
        lr_record_leave_bundle(bundle);
    if (!number)
        lr_self.slot->bundle_hint = lr_bundle_index(bundle);
    return number;
}
