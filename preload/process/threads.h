/* threads.h -- memory that belongs to a thread but isn't TLS: a slot, claimed once, and a room.
 *
 * Stage: STACK and RECORD.  Context: any thread, inside malloc, under the guard.
 *
 * A thread's first recorded event claims a slot for it (about 1 us: gettid, its name, perhaps a
 * look whether an older owner is dead); afterwards lr_thread_slot() is one load.  Nothing runs when
 * a thread ends: a slot whose owner is dead (and whose tid nobody has now) is claimed by the next
 * new thread, so a program that starts a hundred thousand short threads needs no more slots than
 * live at one time, and a few.
 * A thread that found none left gets lr_thread_nobody for the rest of its life.
 *
 * Only the owner touches a slot, but for what lr_threads_refresh may change: `label`, `looks` and
 * `tid`.  All but these is zero after a claim, whatever an earlier owner left.
 */
#ifndef LEAKRING_THREADS_H
#define LEAKRING_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"

enum {
    LR_THREAD_SLOTS = 16384,
    LR_THREAD_ROOMS = 1024, /* the first slots have a room */
    LR_THREAD_ROOM_BYTES = 4096,
};

/* What the pair's call under way has recorded and not yet added to the totals (record.h). */
struct lr_thread_sum {
    uint32_t stack, blocks; /* blocks 0: nothing */
    uint64_t bytes;
    int64_t live; /* records that went into the live table less those that came out */
};

struct lr_thread_slot {
    uint32_t tid;   /* owner; 0: free */
    uint16_t label; /* what records of this thread carry: its name (thread_names.h); 0: unknown */
    uint16_t looks; /* of lr_threads_refresh at this owner; stops at a few */
    void *room;         /* LR_THREAD_ROOM_BYTES for the unwinder (unwind_memory.h), or NULL */
    uintptr_t place;    /* of something in the owner's stack mapping: its TLS; 0: none */
    struct lr_thread_sum sum;
    uintptr_t pair_caller; /* where the pair's call under way returns to (pair_call.h) */
    uint8_t unused[8];     /* a cache line in all */
};
_Static_assert(sizeof(struct lr_thread_slot) == 64, "one cache line");

extern struct lr_thread_slot lr_thread_nobody; /* label 0, no room; shared and never written */

bool lr_threads_start(void); /* false: not enough memory */

struct lr_thread_slot *lr_thread_claim(void);

/* The calling thread's id, asked for once (in a vfork's child, which has no slot, each time); where
 * it can't be asked for, another number with LR_THREAD_NAMELESS set. */
#define LR_THREAD_NAMELESS 0x80000000u
uint32_t lr_thread_id(void);

/* The calling thread's slot; never NULL.  Cost: one load once it is claimed. */
static inline struct lr_thread_slot *lr_thread_slot(void)
{
    struct lr_thread_slot *slot = lr_self.slot;
    return __builtin_expect(slot != NULL, 1) ? slot : lr_thread_claim();
}

/* The label for a record that this thread makes now. */
static inline uint16_t lr_thread_label(void)
{
    return __atomic_load_n(&lr_thread_slot()->label, __ATOMIC_RELAXED);
}

/* The calling thread may have another name now: its records get it from here on. */
void lr_thread_renamed(void);

/* Helper thread: whether it may open files to read names. */
void lr_threads_use_files(bool may);

/* For the helper thread, now and then: frees the slots of dead threads and reads the names of the
 * living again, since most threads are named after their first allocation.  A thread is looked at
 * in the first few passes of its life, and then in one of 64; at 64 in a pass.  Takes the intern
 * lock for a new name.  Cost: about 5 us a thread looked at. */
void lr_threads_refresh(void);

/* For the helper thread: addresses in the stacks of threads that have a slot, at most `most`;
 * returns how many.  Some may have ended.  Cost: 1 ns a slot. */
size_t lr_threads_places(uintptr_t *places, size_t most);

#endif
