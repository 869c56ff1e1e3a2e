/* unwind_stack.h -- which part of the stack may be read.
 *
 * Stage: STACK.  Context: any thread, inside malloc.  Internal to unwind_*.c.
 *
 * A range holds pages that were found readable, contiguous, around the frames seen so far.  It
 * grows page by page, one system call each, once: afterwards walks stay inside it.  That needs no
 * knowledge of where a stack ends, so it serves thread stacks, alternate signal stacks and
 * coroutines alike.  Switching stacks starts a new range.
 *
 * Where no system call may be made (lr_prim_hush), only such stacks are known as the C library made
 * or the kernel: a thread's from its control block downwards, the main thread's from its arguments.
 */
#ifndef LEAKRING_UNWIND_STACK_H
#define LEAKRING_UNWIND_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_stack_range {
    uintptr_t low, high; /* [low, high) may be read */
    uint32_t budget;     /* pages that this walk may still ask about */
};
#define LR_STACK_BUDGET 256u /* then the walk is lost, but the next one goes on from there */

/* Make the range hold the word at `sp`, keeping what is known when it is the same stack. */
bool lr_stack_begin(struct lr_stack_range *range, uintptr_t sp);
/* Make it reach up to `end`. */
bool lr_stack_reach(struct lr_stack_range *range, uintptr_t end);

/* May the page at `address` be read, which lies above the caller's own frame? */
bool lr_stack_is_mapped(uintptr_t address);

/* The main thread's stack reaches up to `top` at least; another one is to have so many bytes. */
void lr_stack_note_main(const void *top);
void lr_stack_note_thread(size_t bytes);

/* The word at an address that the range holds.  Every read of the stack is made here; a test may
 * look at each (tests/oracle/unwind_everywhere.c). */
static inline uintptr_t lr_stack_word(const struct lr_stack_range *range, uintptr_t address)
{
#ifdef LR_STACK_WORD_HOOK
    LR_STACK_WORD_HOOK(range, address);
#endif
    return *(const uintptr_t *)address;
}

static inline bool lr_stack_holds(struct lr_stack_range *range, uintptr_t address)
{
    return address % sizeof(uint64_t) == 0 && address >= range->low &&
           (address < range->high || lr_stack_reach(range, address + sizeof(uint64_t)));
}

#endif
