/* stack_totals.c -- stack_totals.h.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc: atomics only.
 * While the helper thread runs, what is new since it last looked waits in memory of our own, so
 * that an allocation dirties no page of the file.  It is small: a word for each stack, of which an
 * allocation adds to the count in its upper and the bytes in its lower bits, at once.
 */
#include "stack_totals.h"

#include "file.h"
#include "prim.h"
#include "sampler.h"
#include "trace.h"

/* What is added at once is far below what a word holds; whoever sees a word half full empties it.
 * Larger ones go straight to the file. */
#define BYTES_BITS 40
#define COUNT_ONE (UINT64_C(1) << BYTES_BITS)
#define HALF_FULL (UINT64_C(1) << 63 | UINT64_C(1) << (BYTES_BITS - 1))
enum { MANY = 1 << 14, LARGE = 1 << 30 };

/* Two of them are one word, in the file as well. */
struct variances {
    float count, bytes;
};
_Static_assert(offsetof(struct lr_stack, count_variance) % 8 == 0 &&
                   offsetof(struct lr_stack, bytes_variance) ==
                       offsetof(struct lr_stack, count_variance) + 4,
               "one word");

static uint64_t *waiting;           /* by stack */
static uint64_t *waiting_variances; /* of what was sampled; untouched while all was recorded */
static bool ever_sampled;
static bool deferred;

bool lr_totals_start(void)
{
    waiting = lr_prim_map(lr_file_capacity(LR_SEC_STACKS) * sizeof *waiting);
    waiting_variances = lr_prim_map(lr_file_capacity(LR_SEC_STACKS) * sizeof *waiting_variances);
    return waiting && waiting_variances;
}

static void add_to_file(uint32_t stack, uint64_t blocks, uint64_t bytes)
{
    __atomic_fetch_add(&lr_file.stacks[stack].alloc_count, blocks, __ATOMIC_RELAXED);
    __atomic_fetch_add(&lr_file.stacks[stack].alloc_bytes, bytes, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void empty(uint32_t stack)
{
    uint64_t word = __atomic_exchange_n(&waiting[stack], 0, __ATOMIC_RELAXED);
    if (word)
        add_to_file(stack, word >> BYTES_BITS, word & (COUNT_ONE - 1));
}

static inline void add(uint32_t stack, uint64_t blocks, uint64_t bytes)
{
    if (__builtin_expect(!__atomic_load_n(&deferred, __ATOMIC_RELAXED) || bytes >= LARGE, 0)) {
        add_to_file(stack, blocks, bytes);
        return;
    }
    uint64_t word = __atomic_add_fetch(&waiting[stack], blocks << BYTES_BITS | bytes,
                                       __ATOMIC_RELAXED);
    if (__builtin_expect((word & HALF_FULL) != 0, 0))
        empty(stack);
}

void lr_stack_add(uint32_t stack, uint64_t bytes)
{
    add(stack, 1, bytes);
}

void lr_stack_add_blocks(uint32_t stack, uint64_t blocks, uint64_t bytes)
{
    add(stack, blocks, bytes);
}

static uint64_t *file_variances(uint32_t stack)
{
    return (uint64_t *)(void *)&lr_file.stacks[stack].count_variance;
}

static void add_variances(uint64_t *word, struct variances more)
{
    uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED), now;
    do {
        struct variances sum;
        __builtin_memcpy(&sum, &old, sizeof sum);
        sum.count += more.count;
        sum.bytes += more.bytes;
        __builtin_memcpy(&now, &sum, sizeof now);
    } while (!__atomic_compare_exchange_n(word, &old, now, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

/* From one word, which is 0 then, to another one; NULL: nowhere. */
static void move_variances(uint64_t *from, uint64_t *to)
{
    struct variances moved;
    if (!__atomic_load_n(&ever_sampled, __ATOMIC_RELAXED) ||
        !__atomic_load_n(from, __ATOMIC_RELAXED))
        return; /* don't dirty the page */
    uint64_t word = __atomic_exchange_n(from, 0, __ATOMIC_RELAXED);
    __builtin_memcpy(&moved, &word, sizeof moved);
    if (to)
        add_variances(to, moved);
}

/* A weight is no whole number; it is rounded up or down by chance, so that no error adds up. */
void lr_stack_add_sampled(uint32_t stack, uint64_t bytes, float weight)
{
    double variance = (double)weight * ((double)weight - 1), size = (double)bytes;
    struct variances more = {(float)variance, (float)(variance * size * size)};
    uint64_t blocks = (uint64_t)(weight + lr_sampler_random());
    uint64_t sum = (uint64_t)(size * weight + lr_sampler_random());
    bool waits = __atomic_load_n(&deferred, __ATOMIC_RELAXED);
    __atomic_store_n(&ever_sampled, true, __ATOMIC_RELAXED);
    add_variances(waits ? &waiting_variances[stack] : file_variances(stack), more);
    if (blocks >= MANY)
        add_to_file(stack, blocks, sum);
    else
        add(stack, blocks, sum);
}

void lr_stack_lost(uint32_t stack, uint64_t bytes)
{
    __atomic_fetch_add(&lr_file.stacks[stack].lost_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&lr_file.stacks[stack].lost_bytes, bytes, __ATOMIC_RELAXED);
}

static void flush(uint32_t stack)
{
    if (__atomic_load_n(&waiting[stack], __ATOMIC_RELAXED))
        empty(stack);
    move_variances(&waiting_variances[stack], file_variances(stack));
}

void lr_totals_flush(void)
{
    uint64_t used = __atomic_load_n(&lr_file.section[LR_SEC_STACKS]->used, __ATOMIC_ACQUIRE);
    for (uint64_t id = 0; id < used; id++)
        flush((uint32_t)id);
}

void lr_totals_defer(bool on)
{
    __atomic_store_n(&deferred, on, __ATOMIC_RELAXED);
}

bool lr_totals_are_deferred(void)
{
    return __atomic_load_n(&deferred, __ATOMIC_RELAXED);
}

uint32_t lr_stack_adds(uint32_t id)
{
    uint64_t in_file = __atomic_load_n(&lr_file.stacks[id].alloc_count, __ATOMIC_RELAXED);
    return (uint32_t)(in_file + (__atomic_load_n(&waiting[id], __ATOMIC_RELAXED) >> BYTES_BITS));
}

/* Others add to both meanwhile: every thread does to stack 0 when the table of stacks is full. */
static void move_word(uint64_t *from, uint64_t *to)
{
    uint64_t moved = __atomic_exchange_n(from, 0, __ATOMIC_RELAXED);
    if (moved)
        __atomic_fetch_add(to, moved, __ATOMIC_RELAXED);
}

/* What was lost at a stack counts at no stack (0) from now on. */
void lr_totals_move(uint32_t from, uint32_t to)
{
    struct lr_stack *entry = &lr_file.stacks[from];
    empty(from);
    uint64_t count = __atomic_exchange_n(&entry->alloc_count, 0, __ATOMIC_RELAXED);
    uint64_t bytes = __atomic_exchange_n(&entry->alloc_bytes, 0, __ATOMIC_RELAXED);
    move_variances(&waiting_variances[from], file_variances(from));
    move_variances(file_variances(from), to ? file_variances(to) : NULL);
    if (to) {
        add_to_file(to, count, bytes);
    } else {
        lr_count_add(LR_CNT_folded_allocs, count);
        lr_count_add(LR_CNT_folded_bytes, bytes);
    }
    move_word(&entry->lost_count, &lr_file.stacks[to].lost_count);
    move_word(&entry->lost_bytes, &lr_file.stacks[to].lost_bytes);
}
