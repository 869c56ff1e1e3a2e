/* fold.c -- fold.h.
 *
 * Stage: RECORD -> FILE.  Context: the helper thread, with the intern lock held in short batches.
 *
 * A thread may hold a stack's id for a while before it stands in a table: between lr_stack_take and
 * the insertion of the record.  So an entry goes in three looks, each GRACE_MS and GRACE_STEPS of
 * this thread after the one before (a suspended process ages neither):
 *   watch   notes how often each was used;
 *   retire  those not used since and not referred to can't be found any more, neither in an index
 *           nor in any memo; notes their use again;
 *   fold    those still not used and not referred to are freed, the others can be found again.
 * Only a thread that was kept from running all that time, in the middle of a malloc, could bring a
 * freed id into a table.
 */
#include "fold.h"

#include <string.h>

#include "pair_sites.h"
#include "prim.h"
#include "stacks.h"
#include "trace.h"

enum {
    GRACE_MS = 5000,
    GRACE_STEPS = 5,
    FOLD_AT = 6, /* sixteenths */
    BATCH = 64,
    FIRST_WAIT_MS = 60000,
    LAST_WAIT_MS = 600000,
};

struct folding {
    const struct lr_foldable *kind;
    enum { IDLE, WATCHED, RETIRED } stage;
    uint32_t since_ms, steps, wait_ms;
    /* While stage isn't IDLE, in one mapping: */
    uint32_t *uses; /* by id, at the last look */
    struct lr_marks referred, retired;
    uint32_t position, folded;
};

static size_t bits_size(uint32_t count)
{
    return (size_t)count / 8 + 1;
}

static size_t memory_size(uint32_t count)
{
    return count * sizeof(uint32_t) + 2 * bits_size(count);
}

static void enter(struct folding *of, int stage, uint32_t now_ms)
{
    of->stage = stage;
    of->since_ms = now_ms;
    of->steps = 0;
}

static void note_uses(struct folding *of)
{
    for (uint32_t id = 0; id < of->retired.count; id++)
        of->uses[id] = of->kind->uses(id);
}

static void watch(struct folding *of, uint32_t now_ms)
{
    uint32_t count = of->kind->count();
    of->uses = lr_prim_map(memory_size(count));
    if (!of->uses)
        return;
    of->referred = (struct lr_marks){(uint8_t *)(of->uses + count), count};
    of->retired = (struct lr_marks){of->referred.bits + bits_size(count), count};
    note_uses(of);
    enter(of, WATCHED, now_ms);
}

static bool mark_referred(struct folding *of)
{
    memset(of->referred.bits, 0, bits_size(of->referred.count));
    return of->kind->mark(&of->referred);
}

static bool may_go(const struct folding *of, uint32_t id)
{
    return of->kind->uses(id) == of->uses[id] && !lr_is_marked(&of->referred, id) &&
           of->kind->may_go(id);
}

/* Where there was little to fold, it won't be more soon. */
static void rest(struct folding *of, uint32_t now_ms)
{
    uint32_t longer = of->wait_ms ? of->wait_ms * 2 : FIRST_WAIT_MS;
    bool was_little = of->folded < of->retired.count / 16;
    of->wait_ms = !was_little ? 0 : longer < LAST_WAIT_MS ? longer : LAST_WAIT_MS;
    lr_prim_unmap(of->uses, memory_size(of->retired.count));
    enter(of, IDLE, now_ms);
}

/* Some entries from of->position on, one after the other.  False: the lock isn't to be had. */
static bool batch(struct folding *of, bool (*one)(struct folding *of, uint32_t id))
{
    if (!lr_intern_lock())
        return false;
    for (unsigned done = 0; of->position < of->retired.count && done < BATCH; of->position++)
        done += one(of, of->position);
    lr_intern_unlock();
    lr_prim_yield();
    return true;
}

static bool retire_one(struct folding *of, uint32_t id)
{
    if (!may_go(of, id))
        return false;
    of->kind->retire(id);
    lr_mark(&of->retired, id);
    return true;
}

/* Uses are noted after nobody can find the retired any more: a later one is a straggler's. */
static void retire(struct folding *of, uint32_t now_ms)
{
    if (!mark_referred(of))
        return; /* at the next step */
    of->position = 0;
    while (of->position < of->retired.count && batch(of, retire_one))
        ;
    of->kind->retired();
    note_uses(of);
    of->position = of->folded = 0;
    enter(of, RETIRED, now_ms);
}

static bool fold_one(struct folding *of, uint32_t id)
{
    if (!lr_is_marked(&of->retired, id))
        return false;
    bool goes = may_go(of, id);
    if (goes)
        of->kind->fold(id);
    else
        of->kind->restore(id);
    of->folded += goes;
    return true;
}

static void fold(struct folding *of, uint32_t now_ms)
{
    if (!mark_referred(of))
        return;
    while (of->position < of->retired.count)
        if (!batch(of, fold_one))
            return; /* the rest at the next step */
    rest(of, now_ms);
}

static void step(struct folding *of, uint32_t now_ms)
{
    bool waited = ++of->steps >= GRACE_STEPS && now_ms - of->since_ms >= GRACE_MS;
    if (of->stage == IDLE && of->kind->fullness() >= FOLD_AT &&
        now_ms - of->since_ms >= of->wait_ms)
        watch(of, now_ms);
    else if (of->stage == WATCHED && waited)
        retire(of, now_ms);
    else if (of->stage == RETIRED && waited)
        fold(of, now_ms);
}

/* Pair sites refer to stacks, so they go first. */
void lr_make_room(uint32_t now_ms)
{
    static struct folding sites = {.kind = &lr_foldable_sites};
    static struct folding stacks = {.kind = &lr_foldable_stacks};
    step(&sites, now_ms);
    step(&stacks, now_ms);
}
