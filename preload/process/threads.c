/* threads.c -- threads.h.
 *
 * Stage: STACK and RECORD, cold side.  Context: any thread, inside malloc, under the guard.
 */
#include "threads.h"

#include <string.h>

#include "file.h"
#include "prim.h"
#include "thread_names.h"

enum {
    MANY = 64,
    LOOKS = 8, /* slots that a claim looks at before it takes a fresh one */
    FIRST_LOOKS = 5,
    LATER_LOOKS = 64, /* passes from one to the next */
    LOOKS_A_PASS = 64,
};

struct lr_thread_slot lr_thread_nobody;

static struct lr_thread_slot *slots;
static char *rooms;
static uint32_t used; /* slots that ever had an owner; may run past LR_THREAD_SLOTS */
static uint32_t hand;
static bool may_read_files = true;

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

/* `ask`: may the owner be asked whether it is alive?  That is a system call which the program may
 * not be allowed to make; the helper thread asks all of them sooner or later. */
static bool take_over(struct lr_thread_slot *slot, uint32_t tid, bool ask)
{
    uint32_t owner = __atomic_load_n(&slot->tid, __ATOMIC_RELAXED);
    bool is_free = owner == 0 || owner == tid || (ask && !lr_prim_is_task((int)owner));
    return is_free && __atomic_compare_exchange_n(&slot->tid, &owner, tid, false, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_RELAXED);
}

static struct lr_thread_slot *find(uint32_t tid)
{
    uint32_t in_use = slots_in_use();
    for (uint32_t look = 0; look < LOOKS && look < in_use; look++) {
        uint32_t at = __atomic_fetch_add(&hand, 1, __ATOMIC_RELAXED) % in_use;
        if (take_over(&slots[at], tid, in_use >= MANY))
            return &slots[at];
    }
    if (in_use == LR_THREAD_SLOTS)
        return NULL;
    uint32_t fresh = __atomic_fetch_add(&used, 1, __ATOMIC_ACQ_REL);
    return fresh < LR_THREAD_SLOTS && take_over(&slots[fresh], tid, false) ? &slots[fresh] : NULL;
}

static void settle(struct lr_thread_slot *slot)
{
    char name[LR_THREAD_NAME_BYTES];
    size_t number = (size_t)(slot - slots);
    slot->room = number < LR_THREAD_ROOMS ? rooms + number * LR_THREAD_ROOM_BYTES : NULL;
    if (slot->room)
        memset(slot->room, 0, LR_THREAD_ROOM_BYTES);
    memset(&slot->sum, 0, sizeof slot->sum);
    slot->pair_caller = 0;
    memset(slot->unused, 0, sizeof slot->unused);
    /* The main thread's TLS isn't in its stack, which is known anyway. */
    slot->place = (int)lr_self.tid == lr_prim_pid() ? 0 : (uintptr_t)&lr_self;
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

/* A number of its own for a thread that can't ask for its id; no thread has it. */
static uint32_t nameless(void)
{
    static uint32_t last;
    return LR_THREAD_NAMELESS | __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* A vfork's child has the memory of its parent, TLS included, for its short life: what is found out
 * there isn't true of the thread that it belongs to. */
static bool is_guest(void)
{
    int pid = lr_prim_pid();
    return pid > 0 && lr_file.header && (uint32_t)pid != lr_file.header->pid;
}

uint32_t lr_thread_id(void)
{
    if (lr_self.tid)
        return lr_self.tid;
    int tid = lr_prim_tid();
    if (is_guest())
        return (uint32_t)tid;
    lr_self.tid = tid > 0 ? (uint32_t)tid : nameless();
    return lr_self.tid;
}

__attribute__((noinline, cold)) struct lr_thread_slot *lr_thread_claim(void)
{
    if (!slots)
        return &lr_thread_nobody;
    lr_thread_id();
    if (!lr_self.tid)
        return &lr_thread_nobody;
    struct lr_thread_slot *slot = find(lr_self.tid);
    if (slot)
        settle(slot);
    lr_self.slot = slot ? slot : &lr_thread_nobody;
    return lr_self.slot;
}

void lr_threads_use_files(bool may)
{
    may_read_files = may;
}

/* The slot may change hands meanwhile: then the new owner's name is read.  False: it has none, so
 * the owner may be dead. */
static bool refresh_label(struct lr_thread_slot *slot)
{
    char name[LR_THREAD_NAME_BYTES];
    for (unsigned tries = 0; tries < 3; tries++) {
        uint32_t tid = __atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE);
        if (!tid || !lr_prim_thread_name((int)tid, name))
            return false;
        uint16_t label = lr_thread_label_of(name);
        if (label)
            __atomic_store_n(&slot->label, label, __ATOMIC_RELEASE);
        if (__atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE) == tid)
            break;
    }
    return true;
}

/* Old slots take turns. */
static bool is_due(struct lr_thread_slot *slot, uint32_t turn)
{
    uint16_t looks = __atomic_load_n(&slot->looks, __ATOMIC_RELAXED);
    if (looks >= FIRST_LOOKS)
        return turn % LATER_LOOKS == 0;
    /* Not if a new owner begins to count meanwhile. */
    __atomic_compare_exchange_n(&slot->looks, &looks, (uint16_t)(looks + 1), false,
                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return true;
}

static void look_at(struct lr_thread_slot *slot, uint32_t tid)
{
    bool is_named = may_read_files && refresh_label(slot);
    if (!is_named && !lr_prim_is_task((int)tid))
        __atomic_compare_exchange_n(&slot->tid, &tid, 0, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED);
}

/* A pass goes on where the last one had looked at enough. */
void lr_threads_refresh(void)
{
    static uint32_t pass, at;
    uint32_t in_use = slots ? slots_in_use() : 0;
    pass++;
    for (uint32_t seen = 0, looks = 0; seen < in_use && looks < LOOKS_A_PASS; seen++) {
        at = at + 1 < in_use ? at + 1 : 0;
        uint32_t tid = __atomic_load_n(&slots[at].tid, __ATOMIC_RELAXED);
        if (!tid || !is_due(&slots[at], pass + at))
            continue;
        looks++;
        look_at(&slots[at], tid);
    }
}

size_t lr_threads_places(uintptr_t *places, size_t most)
{
    uint32_t in_use = slots ? slots_in_use() : 0;
    size_t count = 0;
    for (uint32_t i = 0; i < in_use && count < most; i++)
        if (__atomic_load_n(&slots[i].tid, __ATOMIC_RELAXED) && slots[i].place)
            places[count++] = slots[i].place;
    return count;
}
