/* thin.c -- thin.h.
 *
 * Stage: RECORD.  Context: the helper thread.
 * A slot is marked LR_KEY_CLAIMED while it is decided, as the helper does when it moves a young
 * record: should the block's owner release it meanwhile, he says so in the key and the slot is
 * freed here.  A record that went is a block that nobody knows; its release finds nothing.
 */
#include "thin.h"

#include "sampler.h"

/* The weight that the record is to have; 0: it goes. */
static float decide(uint64_t info, float weight, uint64_t interval)
{
    if (info & LR_LIVE_OWNED)
        return weight;
    double p = lr_sampler_probability(info & LR_LIVE_SIZE_MASK, interval);
    if (p * weight >= 1) /* it was as unlikely to be there before */
        return weight;
    return lr_sampler_random() < p * weight ? (float)(1 / p) : 0;
}

/* True: the record is gone. */
static bool thin_slot(struct lr_live *slot, uint64_t interval)
{
    uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
    if (!lr_table_claim(slot, &key))
        return false;
    float weight, now;
    __atomic_load(&slot->weight, &weight, __ATOMIC_RELAXED);
    now = decide(__atomic_load_n(&slot->info, __ATOMIC_RELAXED), weight, interval);
    if (now != 0)
        __atomic_store(&slot->weight, &now, __ATOMIC_RELAXED);
    lr_table_unclaim(slot, key, now != 0);
    return now == 0;
}

uint64_t lr_thin(struct lr_table *table, uint64_t interval)
{
    uint64_t gone = 0;
    for (uint64_t at = 0; (at = lr_table_next(table, at)) < table->slot_count; at++)
        gone += thin_slot(&table->slots[at], interval);
    return gone;
}

uint64_t lr_thin_count(const struct lr_table *table)
{
    uint64_t count = 0;
    for (uint64_t at = 0; (at = lr_table_next(table, at)) < table->slot_count; at++)
        count++;
    return count;
}
