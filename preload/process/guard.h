/* guard.h -- per-thread state, and the rule that the tracer never traces itself.
 *
 * Stage: first thing every interposed function touches.  Context: any thread, inside malloc.
 * The state is initial-exec TLS (no allocation, no destructor) of at most 64 bytes.
 *
 *     if (!lr_enter())            // inert process, or we are already inside the tracer
 *         return real(…);
 *     …record…
 *     lr_leave();
 */
#ifndef LEAKRING_GUARD_H
#define LEAKRING_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct lr_thread {
    uint16_t depth;      /* 1: in a hook; 2: in work of the tracer's own (LR_OWN_WORK) */
    uint16_t meter;      /* events until the next one that is timed (meter.h) */
    uint32_t tid;        /* kernel thread id, 0 until asked for */
    uint32_t pair_stack; /* stack that owns what is allocated now; 0: nobody */
    uint16_t pair_later; /* the pair was acquired earlier (LR_LIVE_LATER) */
    uint16_t in_pair;    /* inside a pair's call: inner pair hooks stand aside */
    int64_t countdown;   /* to the next sampled block (sampler.h); 0: not begun */
    uintptr_t stack_low; /* stack addresses that were found mapped: [low, high) */
    uintptr_t stack_high;
    uint32_t java_walks; /* of this thread: every so many is verified (jvm_check.h) */
    uint32_t is_silent_child; /* a vfork's child runs here that mustn't ask who it is (process.h) */
    uintptr_t target;    /* the library function that a wrapper called last (target.h) */
    struct lr_thread_slot *slot; /* more memory of this thread's (threads.h); NULL: not claimed */
};
_Static_assert(sizeof(struct lr_thread) <= 64, "initial-exec TLS surplus is small");

extern __thread struct lr_thread lr_self __attribute__((tls_model("initial-exec")));

/* Whether this process records.  Lives in a page of its own that a fork's child reads as 0, where
 * the kernel can do that (4.14); elsewhere it must be asked each time which process this is. */
enum { LR_ARMED = 1, LR_ARMED_IN_ONE = 2 };
struct lr_armed {
    uint32_t on;
    int pid; /* with LR_ARMED_IN_ONE: the process that records */
};
extern struct lr_armed *lr_armed; /* never NULL */

bool lr_is_armed_here(uint32_t on); /* `on` isn't LR_ARMED.  Cost: with LR_ARMED_IN_ONE, getpid */

static inline __attribute__((always_inline)) bool lr_is_armed(void)
{
    uint32_t on = __atomic_load_n(&lr_armed->on, __ATOMIC_RELAXED);
    return __builtin_expect(on == LR_ARMED, 1) || (on && lr_is_armed_here(on));
}

/* About 3 ns.  True: recording, and the caller must lr_leave(). */
static inline bool lr_enter(void)
{
    if (__builtin_expect(!lr_is_armed(), 0))
        return false;
    if (__builtin_expect(lr_self.depth != 0, 0))
        return false;
    lr_self.depth = 1;
    return true;
}

static inline void lr_leave(void)
{
    lr_self.depth = 0;
}

/* The same for work of the tracer's own: what it allocates isn't the target's, nor a loss. */
static inline bool lr_enter_own(void)
{
    bool entered = lr_enter();
    if (entered)
        lr_self.depth = 2;
    return entered;
}

/* Such work inside a hook (starting a thread, asking the JVM).  Returns what
 * lr_own_work_end() wants back. */
static inline uint32_t lr_own_work_begin(void)
{
    uint32_t depth = lr_self.depth;
    lr_self.depth = 2;
    return depth;
}

static inline void lr_own_work_end(uint32_t depth)
{
    lr_self.depth = (uint16_t)depth;
}

#endif
