/* regions.c -- regions.h: slots in the file, ordered by an index outside it.
 *
 * Stage: RECORD -> FILE.  Context: any thread, under the guard and the region lock.
 * A slot is valid if and only if its length isn't 0, so every change is one aligned store or is
 * made while the length is 0: death between two stores loses at most the event under way.
 */
#include "regions.h"

#include <string.h>

#include "file.h"
#include "lock.h"
#include "marks.h"
#include "prim.h"
#include "record.h"
#include "stack_totals.h"
#include "threads.h"
#include "trace.h"

/* Valid slots ordered by start address; no two overlap. */
static uint32_t *order;
static uint32_t order_count;
static uint32_t *free_slots; /* slots that were used before */
static uint32_t free_count, fresh; /* slots from `fresh` on were never used */
static struct lr_lock lock;

bool lr_regions_start(void)
{
    uint64_t size = lr_file_capacity(LR_SEC_REGIONS) * sizeof *order;
    order = lr_prim_map(size);
    free_slots = lr_prim_map(size);
    return order && free_slots;
}

static struct lr_region *at(uint32_t position)
{
    return &lr_file.regions[order[position]];
}

/* Position of the first region that ends behind `address`. */
static uint32_t position_of(uintptr_t address)
{
    uint32_t low = 0, high = order_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (at(middle)->start + at(middle)->length <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void put_in_order(uint32_t position, uint32_t slot)
{
    memmove(order + position + 1, order + position, (order_count - position) * sizeof *order);
    order[position] = slot;
    order_count++;
}

/* By start address; Shell's way. */
static void sort_order(void)
{
    for (uint32_t gap = order_count; gap > 1;) {
        gap = gap < 3 ? 1 : gap * UINT64_C(5) / 11;
        for (uint32_t next = gap; next < order_count; next++) {
            uint32_t slot = order[next], to = next;
            for (; to >= gap && at(to - gap)->start > lr_file.regions[slot].start; to -= gap)
                order[to] = order[to - gap];
            order[to] = slot;
        }
    }
}

/* Somebody left while he changed the order, which the slots tell anew. */
static void mend(void)
{
    order_count = free_count = 0;
    for (uint32_t slot = 0; slot < fresh; slot++)
        if (lr_file.regions[slot].length)
            order[order_count++] = slot;
        else
            free_slots[free_count++] = slot;
    sort_order();
}

static bool try_lock(void)
{
    if (!lr_lock_take(&lock))
        return false;
    if (lr_lock_was_forsaken(&lock)) {
        lr_count(LR_CNT_regions_busy);
        mend();
    }
    return true;
}

static bool take_lock(void)
{
    bool taken = try_lock();
    if (!taken)
        lr_count(LR_CNT_regions_busy);
    return taken;
}

static void insert(uint32_t position, const struct lr_region *region)
{
    uint32_t slot;
    if (free_count)
        slot = free_slots[--free_count];
    else if (fresh < lr_file_capacity(LR_SEC_REGIONS))
        slot = fresh++;
    else {
        lr_count(LR_CNT_regions_full);
        lr_stack_lost(region->stack, region->length);
        return;
    }
    struct lr_region *to = &lr_file.regions[slot];
    to->start = region->start;
    to->stack = region->stack;
    to->birth_ms = region->birth_ms;
    to->prot_flags = region->prot_flags;
    to->thread = region->thread;
    to->gen++;
    __atomic_store_n(&to->length, region->length, __ATOMIC_RELEASE);
    put_in_order(position, slot);
}

static void erase(uint32_t position)
{
    __atomic_store_n(&at(position)->length, 0, __ATOMIC_RELEASE);
    free_slots[free_count++] = order[position];
    order_count--;
    memmove(order + position, order + position + 1, (order_count - position) * sizeof *order);
}

/* Cuts [start, end) out of the region at `position`, which overlaps it; returns the position
 * behind whatever is left below `start`. */
static uint32_t cut(uint32_t position, uintptr_t start, uintptr_t end)
{
    struct lr_region *region = at(position), tail = *region;
    uintptr_t region_end = region->start + region->length;
    bool keeps_head = region->start < start;
    if (keeps_head)
        __atomic_store_n(&region->length, start - region->start, __ATOMIC_RELEASE);
    else
        erase(position);
    if (keeps_head)
        position++;
    if (region_end > end) {
        tail.start = end;
        tail.length = region_end - end;
        insert(position, &tail);
    }
    return position;
}

static void unmap_locked(uintptr_t start, uintptr_t end)
{
    uint32_t position = position_of(start);
    while (position < order_count && at(position)->start < end) {
        bool last = at(position)->start + at(position)->length >= end;
        position = cut(position, start, end);
        if (last)
            break;
    }
}

static size_t round_to_page(size_t length)
{
    size_t page = lr_prim_page_size();
    return (length + page - 1) & ~(page - 1);
}

void lr_regions_map(uintptr_t start, size_t length, uint32_t prot_flags, uint32_t stack)
{
    length = round_to_page(length);
    if (!length || !take_lock())
        return;
    unmap_locked(start, start + length);
    struct lr_region region = {
        .start = start,
        .length = length,
        .stack = stack,
        .birth_ms = lr_trace_ms(),
        .prot_flags = prot_flags,
        .thread = lr_thread_label(),
    };
    insert(position_of(start), &region);
    lr_lock_drop(&lock);
    lr_record_note_time(region.birth_ms);
}

void lr_regions_unmap(uintptr_t start, size_t length)
{
    length = round_to_page(length);
    if (!length || start + length < start || !take_lock())
        return;
    unmap_locked(start, start + length);
    lr_lock_drop(&lock);
}

bool lr_regions_find(uintptr_t address, struct lr_region *region)
{
    if (!take_lock())
        return false;
    uint32_t position = position_of(address);
    bool found = position < order_count && at(position)->start <= address;
    if (found)
        *region = *at(position);
    lr_lock_drop(&lock);
    return found;
}

bool lr_regions_mark(struct lr_marks *stacks)
{
    if (!try_lock())
        return false;
    for (uint32_t position = 0; position < order_count; position++)
        lr_mark(stacks, at(position)->stack);
    lr_lock_drop(&lock);
    return true;
}
