/* threads.c -- threads.h.
 *
 * Stage: STACK and RECORD, cold side.  Context: any thread, inside malloc, under the guard.
 */
#include "threads.h"

#include <string.h>

#include "prim.h"
#include "thread_names.h"

enum {
    LOOKS = 8, /* slots that a claim looks at before it takes a fresh one */
    FIRST_LOOKS = 5,
    LATER_LOOKS = 64, /* passes from one to the next */
};

struct lr_thread_slot lr_thread_nobody;

static struct lr_thread_slot *slots;
static char *rooms;
static uint32_t used; /* slots that ever had an owner; may run past LR_THREAD_SLOTS */
static uint32_t hand;

bool lr_threads_start(void)
{
    rooms = lr_prim_map((size_t)LR_THREAD_ROOMS * LR_THREAD_ROOM_BYTES);
    slots = lr_prim_map(LR_THREAD_SLOTS * sizeof *slots);
    return rooms && slots;
}

static uint32_t slots_in_use(void)
{
    uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
    return count < LR_THREAD_SLOTS ? count : LR_THREAD_SLOTS;
}

static bool take_over(struct lr_thread_slot *slot, uint32_t tid)
{
    uint32_t owner = __atomic_load_n(&slot->tid, __ATOMIC_RELAXED);
    bool is_free = owner == 0 || owner == tid || !lr_prim_is_task((int)owner);
    return is_free && __atomic_compare_exchange_n(&slot->tid, &owner, tid, false, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_RELAXED);
}

static struct lr_thread_slot *find(uint32_t tid)
{
    uint32_t in_use = slots_in_use();
    for (uint32_t look = 0; look < LOOKS && look < in_use; look++) {
        uint32_t at = __atomic_fetch_add(&hand, 1, __ATOMIC_RELAXED) % in_use;
        if (take_over(&slots[at], tid))
            return &slots[at];
    }
    if (in_use == LR_THREAD_SLOTS)
        return NULL;
    uint32_t fresh = __atomic_fetch_add(&used, 1, __ATOMIC_ACQ_REL);
    return fresh < LR_THREAD_SLOTS && take_over(&slots[fresh], tid) ? &slots[fresh] : NULL;
}

static void settle(struct lr_thread_slot *slot)
{
    char name[LR_THREAD_NAME_BYTES];
    size_t number = (size_t)(slot - slots);
    slot->room = number < LR_THREAD_ROOMS ? rooms + number * LR_THREAD_ROOM_BYTES : NULL;
    if (slot->room)
        memset(slot->room, 0, LR_THREAD_ROOM_BYTES);
    memset(slot->unused, 0, sizeof slot->unused);
    uint16_t label = lr_prim_thread_name(0, name) ? lr_thread_label_of(name) : 0;
    __atomic_store_n(&slot->label, label, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->looks, 0, __ATOMIC_RELAXED);
}

void lr_thread_renamed(void)
{
    struct lr_thread_slot *slot = lr_self.slot;
    char name[LR_THREAD_NAME_BYTES];
    if (!slot || slot == &lr_thread_nobody || !lr_prim_thread_name(0, name))
        return;
    uint16_t label = lr_thread_label_of(name);
    if (label)
        __atomic_store_n(&slot->label, label, __ATOMIC_RELEASE);
}

__attribute__((noinline, cold)) struct lr_thread_slot *lr_thread_claim(void)
{
    if (!slots)
        return &lr_thread_nobody;
    if (!lr_self.tid)
        lr_self.tid = (uint32_t)lr_prim_tid();
    struct lr_thread_slot *slot = find(lr_self.tid);
    if (slot)
        settle(slot);
    lr_self.slot = slot ? slot : &lr_thread_nobody;
    return lr_self.slot;
}

/* The slot may change hands meanwhile: then the new owner's name is read. */
static void refresh_label(struct lr_thread_slot *slot)
{
    char name[LR_THREAD_NAME_BYTES];
    for (unsigned tries = 0; tries < 3; tries++) {
        uint32_t tid = __atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE);
        if (!tid || !lr_prim_thread_name((int)tid, name))
            return;
        uint16_t label = lr_thread_label_of(name);
        if (label)
            __atomic_store_n(&slot->label, label, __ATOMIC_RELEASE);
        if (__atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE) == tid)
            return;
    }
}

/* Old slots take turns. */
static bool is_due(struct lr_thread_slot *slot, uint32_t turn)
{
    uint16_t looks = __atomic_load_n(&slot->looks, __ATOMIC_RELAXED);
    if (looks == FIRST_LOOKS)
        return turn % LATER_LOOKS == 0;
    __atomic_store_n(&slot->looks, looks + 1, __ATOMIC_RELAXED);
    return true;
}

void lr_threads_refresh(void)
{
    static uint32_t pass;
    uint32_t in_use = slots ? slots_in_use() : 0;
    pass++;
    for (uint32_t i = 0; i < in_use; i++) {
        uint32_t tid = __atomic_load_n(&slots[i].tid, __ATOMIC_RELAXED);
        if (!tid || !is_due(&slots[i], pass + i))
            continue;
        if (lr_prim_is_task((int)tid))
            refresh_label(&slots[i]);
        else
            __atomic_compare_exchange_n(&slots[i].tid, &tid, 0, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED);
    }
}
