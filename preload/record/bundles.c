/* bundles.c -- bundles.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.
 * Memory order: who holds a bundle publishes it with release (keep, free) and takes it with acquire
 * (open, claim).  That a block's owner finds its address needs no more than what handed the block
 * to him.
 */
#include "bundles.h"

#include "clock.h"
#include "marks.h"
#include "sampler.h"

#define STORE(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)
#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* Of an address, as in young.c: it is being moved (LR_KEY_CLAIMED), and was released meanwhile. */
#define DEAD UINT64_C(4)

enum { FREE, HELD, WAITING, MOVING, STATE_BITS = 2, STATE_MASK = (1 << STATE_BITS) - 1 };
enum { TRIES = 4, INDEX_BITS = 8 };
_Static_assert(LR_BUNDLES <= 1 << INDEX_BITS, "a number tells which");

static struct lr_bundle bundles[LR_BUNDLES];
uint32_t lr_bundles_top;

static uint32_t acquire_state(const struct lr_bundle *bundle)
{
    return __atomic_load_n(&bundle->state, __ATOMIC_ACQUIRE);
}

/* Sequentially consistent: address_filter.h.  Without a change between the look and this. */
static bool change_state(struct lr_bundle *bundle, uint32_t state, uint32_t to)
{
    return __atomic_compare_exchange_n(&bundle->state, &state, (state & ~STATE_MASK) | to, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Of a bundle that is our own. */
static void release_state(struct lr_bundle *bundle, uint32_t state)
{
    __atomic_store_n(&bundle->state, state, __ATOMIC_RELEASE);
}

/* What tells one use of a bundle from others, above its index. */
static uint32_t number_of(uint32_t state)
{
    return state << (INDEX_BITS - STATE_BITS) & ~((1u << INDEX_BITS) - 1);
}

static void set_free(struct lr_bundle *bundle)
{
    release_state(bundle, ((LOAD(bundle->state) >> STATE_BITS) + 1) << STATE_BITS | FREE);
}

/* The one that is being built first: it becomes the other. */
static bool is_sampling(void)
{
    return __atomic_load_n(&lr_sampling.filter_next, __ATOMIC_SEQ_CST) ||
           __atomic_load_n(&lr_sampling.filter, __ATOMIC_SEQ_CST);
}

static __attribute__((noinline, cold)) void raise_top(uint32_t top)
{
    uint32_t was = LOAD(lr_bundles_top);
    while (was < top && !__atomic_compare_exchange_n(&lr_bundles_top, &was, top, false,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* No use has the number 0, which means that there is nothing in it. */
static bool hold_free(struct lr_bundle *bundle)
{
    uint32_t state = LOAD(bundle->state), held = state + HELD;
    held += number_of(state) ? 0 : 1 << STATE_BITS;
    if ((state & STATE_MASK) != FREE ||
        !__atomic_compare_exchange_n(&bundle->state, &state, held, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED))
        return false;
    if (!is_sampling())
        return true;
    release_state(bundle, state);
    return false;
}

/* What was freed last is opened next, as it is in the cache. */
struct lr_bundle *lr_bundle_open(uint16_t *hint, uint32_t stack, uint32_t birth_ms, uint16_t thread)
{
    for (unsigned i = 0; i < TRIES && !is_sampling(); i++) {
        uint32_t at = (*hint)++ % LR_BUNDLES;
        struct lr_bundle *bundle = &bundles[at];
        if (!hold_free(bundle))
            continue;
        if (__builtin_expect(at >= LOAD(lr_bundles_top), 0))
            raise_top(at + 1);
        STORE(bundle->stack, stack);
        STORE(bundle->birth_ms, birth_ms);
        STORE(bundle->thread, thread);
        bundle->used = 0;
        return bundle;
    }
    return NULL;
}

uint16_t lr_bundle_index(const struct lr_bundle *bundle)
{
    return (uint16_t)(bundle - bundles);
}

static bool is_empty(const struct lr_bundle *bundle)
{
    uint64_t any = 0;
    for (unsigned at = 0; at < LR_BUNDLE_BLOCKS; at++)
        any |= LOAD(bundle->addresses[at]);
    return any == 0;
}

uint32_t lr_bundle_keep(struct lr_bundle *bundle)
{
    if (is_empty(bundle)) {
        set_free(bundle);
        return 0;
    }
    uint32_t state = (LOAD(bundle->state) & ~(uint32_t)STATE_MASK) | WAITING;
    release_state(bundle, state);
    return number_of(state) | lr_bundle_index(bundle);
}

/* A number may come back after 16 million uses of that bundle.  Whoever claims another's moves its
 * blocks to the file in the end, where they are found. */
struct lr_bundle *lr_bundle_claim(uint32_t number)
{
    struct lr_bundle *bundle = &bundles[number % LR_BUNDLES];
    uint32_t state = LOAD(bundle->state);
    bool same = number_of(state) == (number & ~((1u << INDEX_BITS) - 1));
    return number && same && (state & STATE_MASK) == WAITING && change_state(bundle, state, HELD)
               ? bundle
               : NULL;
}

void lr_bundle_copy(const struct lr_bundle *bundle, unsigned at, uintptr_t address,
                    struct lr_live *record)
{
    *record = (struct lr_live){.key = address,
                               .info = LOAD(bundle->infos[at]),
                               .stack = LOAD(bundle->stack),
                               .birth_ms = LOAD(bundle->birth_ms),
                               .weight = 1,
                               .thread = LOAD(bundle->thread)};
}

static bool change(uint64_t *word, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* An older record of the address is dead, as for young.c's tenure_one. */
static bool move_one(struct lr_bundle *bundle, unsigned at, struct lr_table *file,
                     void (*lost)(const struct lr_live *record))
{
    uint64_t *word = &bundle->addresses[at];
    uint64_t address = __atomic_load_n(word, __ATOMIC_ACQUIRE), claimed = address | LR_KEY_CLAIMED;
    if (!address || !change(word, address, claimed))
        return false;
    struct lr_live record;
    struct lr_copied copied;
    lr_bundle_copy(bundle, at, address, &record);
    lr_table_drop_while(file, address, word, claimed);
    bool has_room = lr_table_copy_in(file, &record, &copied);
    if (change(word, claimed, 0)) {
        if (!has_room)
            lost(&record);
        return has_room;
    }
    if (has_room)
        lr_table_undo(file, &copied);
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    return false;
}

uint64_t lr_bundle_free(struct lr_bundle *bundle, struct lr_table *file,
                        void (*lost)(const struct lr_live *record))
{
    uint64_t moved = 0;
    if (__builtin_expect(!is_empty(bundle), 0))
        for (unsigned at = 0; at < LR_BUNDLE_BLOCKS; at++)
            moved += move_one(bundle, at, file, lost);
    set_free(bundle);
    return moved;
}

static struct lr_bundle *find(uint64_t word, unsigned *at)
{
    uint32_t top = LOAD(lr_bundles_top);
    for (struct lr_bundle *bundle = bundles; bundle < bundles + top; bundle++)
        for (*at = 0; *at < LR_BUNDLE_BLOCKS; ++*at)
            if (LOAD(bundle->addresses[*at]) == word)
                return bundle;
    return NULL;
}

static bool strike_if(uint64_t word, uint64_t to, struct lr_live *record)
{
    unsigned at;
    struct lr_bundle *bundle = find(word, &at);
    if (bundle && record)
        lr_bundle_copy(bundle, at, word & ~LR_KEY_STATE, record);
    return bundle && change(&bundle->addresses[at], word, to);
}

/* One that is being moved may be of an earlier block at this address, whose owner found the copy;
 * so it comes second.  The mover does the rest. */
bool lr_bundles_strike(uintptr_t address, struct lr_live *record)
{
    uint64_t claimed = address | LR_KEY_CLAIMED;
    return strike_if(address, 0, record) || strike_if(claimed, claimed | DEAD, record);
}

static bool is_ripe(const struct lr_bundle *bundle, uint32_t state, uint32_t before_ms)
{
    return (state & STATE_MASK) == WAITING &&
           (before_ms == UINT32_MAX || !lr_is_later(LOAD(bundle->birth_ms), before_ms));
}

uint64_t lr_bundles_tenure(struct lr_table *file, uint32_t before_ms,
                           void (*lost)(const struct lr_live *record))
{
    uint64_t moved = 0;
    for (uint32_t i = 0; i < LOAD(lr_bundles_top); i++) {
        uint32_t state = acquire_state(&bundles[i]);
        if (is_ripe(&bundles[i], state, before_ms) && change_state(&bundles[i], state, MOVING))
            moved += lr_bundle_free(&bundles[i], file, lost);
    }
    return moved;
}

static bool any_is(unsigned state)
{
    for (unsigned i = 0; i < LR_BUNDLES; i++)
        if ((__atomic_load_n(&bundles[i].state, __ATOMIC_SEQ_CST) & STATE_MASK) == state)
            return true;
    return false;
}

bool lr_bundles_are_moving(void)
{
    return any_is(MOVING);
}

bool lr_bundles_are_held(void)
{
    return any_is(HELD);
}

/* Each that is found free stays so. */
void lr_bundles_rest(void)
{
    for (uint32_t i = 0; i < LOAD(lr_bundles_top); i++)
        if ((acquire_state(&bundles[i]) & STATE_MASK) != FREE)
            return;
    STORE(lr_bundles_top, 0);
}

uintptr_t lr_bundles_address(unsigned at)
{
    uint64_t *word = &bundles[at / LR_BUNDLE_BLOCKS].addresses[at % LR_BUNDLE_BLOCKS];
    return __atomic_load_n(word, __ATOMIC_ACQUIRE) & ~LR_KEY_STATE; /* 0: it is in the file */
}

void lr_bundles_mark(struct lr_marks *stacks)
{
    for (unsigned i = 0; i < LR_BUNDLES; i++)
        if ((acquire_state(&bundles[i]) & STATE_MASK) != FREE)
            lr_mark(stacks, LOAD(bundles[i].stack));
}
