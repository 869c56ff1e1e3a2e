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
    if (bundle)
        slot->bundle = bundle;
    return bundle;
}

/* Only where the helper thread comes by to move what waits: it defers the totals, too. */
struct lr_bundle *lr_pair_bundle_open(uint32_t stack)
{
    struct lr_thread_slot *slot = lr_thread_slot();
    if (slot == &lr_thread_nobody || !stack || !lr_totals_are_deferred())
        return NULL;
    return attach(slot, lr_bundle_open(&slot->bundle_hint, stack, lr_trace_ms(),
                                       lr_thread_label()));
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

uint32_t lr_pair_bundle_close(struct lr_bundle *bundle, bool keep)
{
    if (!bundle || !lr_is_armed()) /* a fork's child leaves the file alone */
        return 0;
    lr_record_bundled(bundle);
    uint32_t number = keep ? lr_bundle_keep(bundle) : 0;
    if (!keep)
        lr_record_leave_bundle(bundle);
    if (!number)
        lr_self.slot->bundle_hint = lr_bundle_index(bundle);
    return number;
}
