/* stack_totals.c -- stack_totals.h.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc: atomics only.
 * While the helper thread runs the totals are kept in memory of our own, so that an allocation
 * dirties no page of the file.
 */
#include "stack_totals.h"

#include "file.h"
#include "prim.h"
#include "sampler.h"
#include "trace.h"

struct totals {
    uint64_t count, bytes;
};
struct variances {
    double count, bytes;
};

static struct totals *totals;
static struct variances *variances; /* of what was sampled; untouched while all was recorded */
static bool ever_sampled;
static bool deferred;

bool lr_totals_start(void)
{
    totals = lr_prim_map(lr_file_capacity(LR_SEC_STACKS) * sizeof *totals);
    variances = lr_prim_map(lr_file_capacity(LR_SEC_STACKS) * sizeof *variances);
    return totals && variances;
}

static void store_variance(uint32_t stack)
{
    double of_count, of_bytes;
    if (!__atomic_load_n(&ever_sampled, __ATOMIC_RELAXED))
        return;
    __atomic_load(&variances[stack].count, &of_count, __ATOMIC_RELAXED);
    __atomic_load(&variances[stack].bytes, &of_bytes, __ATOMIC_RELAXED);
    lr_file.stacks[stack].count_variance = (float)of_count;
    lr_file.stacks[stack].bytes_variance = (float)of_bytes;
}

static void add_to_totals(uint32_t stack, uint64_t blocks, uint64_t bytes)
{
    struct totals *total = &totals[stack];
    uint64_t count = __atomic_add_fetch(&total->count, blocks, __ATOMIC_RELAXED);
    uint64_t sum = __atomic_add_fetch(&total->bytes, bytes, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&deferred, __ATOMIC_RELAXED)) {
        lr_file.stacks[stack].alloc_count = count;
        lr_file.stacks[stack].alloc_bytes = sum;
        store_variance(stack);
    }
}

void lr_stack_add(uint32_t stack, uint64_t bytes)
{
    add_to_totals(stack, 1, bytes);
}

static void add_double(double *sum, double more)
{
    double old, now;
    __atomic_load(sum, &old, __ATOMIC_RELAXED);
    do
        now = old + more;
    while (!__atomic_compare_exchange(sum, &old, &now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* A weight is no whole number; it is rounded up or down by chance, so that no error adds up. */
void lr_stack_add_sampled(uint32_t stack, uint64_t bytes, float weight)
{
    double variance = (double)weight * ((double)weight - 1), size = (double)bytes;
    __atomic_store_n(&ever_sampled, true, __ATOMIC_RELAXED);
    add_double(&variances[stack].count, variance);
    add_double(&variances[stack].bytes, variance * size * size);
    add_to_totals(stack, (uint64_t)(weight + lr_sampler_random()),
                  (uint64_t)(size * weight + lr_sampler_random()));
}

void lr_stack_lost(uint32_t stack, uint64_t bytes)
{
    __atomic_fetch_add(&lr_file.stacks[stack].lost_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&lr_file.stacks[stack].lost_bytes, bytes, __ATOMIC_RELAXED);
}

void lr_totals_flush(void)
{
    uint64_t used = __atomic_load_n(&lr_file.section[LR_SEC_STACKS]->used, __ATOMIC_ACQUIRE);
    for (uint64_t id = 0; id < used; id++) {
        uint64_t count = __atomic_load_n(&totals[id].count, __ATOMIC_RELAXED);
        if (lr_file.stacks[id].alloc_count == count)
            continue; /* don't dirty the page */
        lr_file.stacks[id].alloc_count = count;
        lr_file.stacks[id].alloc_bytes = __atomic_load_n(&totals[id].bytes, __ATOMIC_RELAXED);
        store_variance((uint32_t)id);
    }
}

void lr_totals_defer(bool on)
{
    __atomic_store_n(&deferred, on, __ATOMIC_RELAXED);
}

uint32_t lr_stack_adds(uint32_t id)
{
    return (uint32_t)__atomic_load_n(&totals[id].count, __ATOMIC_RELAXED);
}

static void move_double(double *from, double *to)
{
    double zero = 0, was;
    __atomic_exchange(from, &zero, &was, __ATOMIC_RELAXED);
    if (to && was != 0)
        add_double(to, was);
}

static void move_variances(uint32_t from, uint32_t to)
{
    if (!__atomic_load_n(&ever_sampled, __ATOMIC_RELAXED))
        return;
    move_double(&variances[from].count, to ? &variances[to].count : NULL);
    move_double(&variances[from].bytes, to ? &variances[to].bytes : NULL);
}

/* What was lost at a stack counts at no stack (0) from now on. */
void lr_totals_move(uint32_t from, uint32_t to)
{
    struct totals *moved = &totals[from];
    struct lr_stack *entry = &lr_file.stacks[from];
    uint64_t count = __atomic_exchange_n(&moved->count, 0, __ATOMIC_RELAXED);
    uint64_t bytes = __atomic_exchange_n(&moved->bytes, 0, __ATOMIC_RELAXED);
    move_variances(from, to);
    if (to) {
        __atomic_fetch_add(&totals[to].count, count, __ATOMIC_RELAXED);
        __atomic_fetch_add(&totals[to].bytes, bytes, __ATOMIC_RELAXED);
    } else {
        lr_count_add(LR_CNT_folded_allocs, count);
        lr_count_add(LR_CNT_folded_bytes, bytes);
    }
    lr_file.stacks[to].lost_count += entry->lost_count;
    lr_file.stacks[to].lost_bytes += entry->lost_bytes;
    entry->alloc_count = entry->alloc_bytes = entry->lost_count = entry->lost_bytes = 0;
    entry->count_variance = entry->bytes_variance = 0;
}
