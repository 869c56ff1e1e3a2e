/* stack_fold.c -- stack_fold.h.
 *
 * Stage: RECORD -> FILE.  Context: the helper thread, with the intern lock held in short batches.
 *
 * A thread may hold a stack's id for a while before it stands in a table: between lr_stack_take and
 * the insertion of the record.  So a stack goes in three looks, each GRACE_MS and GRACE_STEPS of
 * this thread after the one before (a suspended process ages neither):
 *   watch   notes how often each stack was used;
 *   retire  those not used since and not referred to can't be found any more, neither in the index
 *           nor in any memo; notes their use again;
 *   fold    those still not used and not referred to are freed, the others can be found again.
 * Only a thread that was kept from running all that time, in the middle of a malloc, could bring a
 * freed id into a table.
 */
#include "stack_fold.h"

#include <string.h>

#include "file.h"
#include "marks.h"
#include "pairs.h"
#include "prim.h"
#include "record.h"
#include "regions.h"
#include "stack_totals.h"
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

static enum { IDLE, WATCHED, RETIRED } stage;
static uint32_t stage_ms, stage_steps, wait_ms;

/* While stage isn't IDLE. */
static uint32_t *uses; /* by stack: lr_stack_adds at the last look */
static struct lr_marks referred, retired;
static uint32_t position, folded;

static size_t bits_size(uint32_t count)
{
    return (size_t)count / 8 + 1;
}

static void enter(int next, uint32_t now_ms)
{
    stage = next;
    stage_ms = now_ms;
    stage_steps = 0;
}

static void watch(uint32_t now_ms)
{
    uint32_t count =
        (uint32_t)__atomic_load_n(&lr_file.section[LR_SEC_STACKS]->used, __ATOMIC_ACQUIRE);
    uses = lr_prim_map(count * sizeof *uses + 2 * bits_size(count));
    if (!uses)
        return;
    referred = (struct lr_marks){(uint8_t *)(uses + count), count};
    retired = (struct lr_marks){referred.bits + bits_size(count), count};
    for (uint32_t id = 1; id < count; id++)
        uses[id] = lr_stack_adds(id);
    enter(WATCHED, now_ms);
}

static bool mark_referred(void)
{
    memset(referred.bits, 0, bits_size(referred.count));
    lr_record_mark(&referred);
    lr_pairs_mark(&referred);
    return lr_regions_mark(&referred);
}

static bool is_unused(uint32_t id)
{
    return lr_stack_adds(id) == uses[id] && !lr_is_marked(&referred, id);
}

static void rest(uint32_t now_ms)
{
    bool was_little = folded < retired.count / 16;
    wait_ms = !was_little ? 0 : wait_ms ? wait_ms * 2 : FIRST_WAIT_MS;
    if (wait_ms > LAST_WAIT_MS)
        wait_ms = LAST_WAIT_MS;
    lr_prim_unmap(uses, retired.count * sizeof *uses + 2 * bits_size(retired.count));
    enter(IDLE, now_ms);
}

/* A batch of stacks from `id` on, one after the other; returns where it stopped, which is `id`
 * when the lock isn't to be had. */
static uint32_t batch(uint32_t id, bool (*one)(uint32_t id))
{
    if (!lr_intern_lock())
        return id;
    for (unsigned done = 0; id < retired.count && done < BATCH; id++)
        done += one(id);
    lr_intern_unlock();
    lr_prim_yield();
    return id;
}

static bool retire_one(uint32_t id)
{
    bool goes = lr_stack_is_foldable(id) && is_unused(id);
    if (goes) {
        lr_stack_retire(id);
        lr_mark(&retired, id);
    }
    return goes;
}

/* Uses are noted after nobody can find the retired any more: a later one is a straggler's. */
static void retire(uint32_t now_ms)
{
    if (!mark_referred())
        return; /* at the next step */
    for (uint32_t id = 1, next; id < retired.count; id = next)
        if ((next = batch(id, retire_one)) == id)
            break;
    lr_stacks_forget();
    for (uint32_t id = 1; id < retired.count; id++)
        uses[id] = lr_stack_adds(id);
    position = 1;
    folded = 0;
    enter(RETIRED, now_ms);
}

static bool fold_one(uint32_t id)
{
    if (!lr_is_marked(&retired, id))
        return false;
    bool goes = is_unused(id);
    if (goes)
        lr_stack_fold(id);
    else
        lr_stack_restore(id);
    folded += goes;
    return true;
}

static void fold(uint32_t now_ms)
{
    if (!mark_referred())
        return;
    for (uint32_t next; position < retired.count; position = next)
        if ((next = batch(position, fold_one)) == position)
            return; /* the rest at the next step */
    rest(now_ms);
}

void lr_stacks_make_room(uint32_t now_ms)
{
    bool waited = ++stage_steps >= GRACE_STEPS && now_ms - stage_ms >= GRACE_MS;
    if (stage == IDLE && lr_stacks_fullness() >= FOLD_AT && now_ms - stage_ms >= wait_ms)
        watch(now_ms);
    else if (stage == WATCHED && waited)
        retire(now_ms);
    else if (stage == RETIRED && waited)
        fold(now_ms);
}
