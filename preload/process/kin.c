/* kin.c -- kin.h.
 *
 * Stage: fork, exec, exit.  Context: any thread; a fork's child, which is inert; raw system calls
 * and atomics only.
 */
#include "kin.h"

#include <stddef.h>
#include <stdint.h>

#include "prim.h"
#include "trace.h"

/* Who has done that little in that time held nothing for long. */
static const uint64_t BRIEF_CPU_NS = 50 * UINT64_C(1000000), BRIEF_NS = 10 * UINT64_C(1000000000);

static uint32_t *replaced; /* in the shared page: children that nothing is missing of */
static int own_pid;        /* in a child of the traced process, until it is counted; else 0 */
static bool is_child;      /* or a child's child */
static uint64_t born_ns;
static uint32_t told;

void lr_kin_start(void)
{
    replaced = lr_prim_map_shared(lr_prim_page_size());
}

void lr_kin_forked(void)
{
    own_pid = replaced && !is_child ? lr_prim_pid() : 0;
    born_ns = lr_prim_mono_ns();
    is_child = true;
}

/* A vfork's child has its parent's memory, and another pid. */
static bool is_counted_here(void)
{
    return own_pid > 0 && lr_prim_pid() == own_pid;
}

bool lr_kin_becomes(void)
{
    if (!is_counted_here())
        return false;
    __atomic_fetch_add(replaced, 1, __ATOMIC_RELEASE);
    return true;
}

void lr_kin_stays(void)
{
    __atomic_fetch_sub(replaced, 1, __ATOMIC_RELEASE);
}

void lr_kin_ends(void)
{
    if (!is_counted_here())
        return;
    if (lr_prim_cpu_ns() < BRIEF_CPU_NS && lr_prim_mono_ns() - born_ns < BRIEF_NS)
        __atomic_fetch_add(replaced, 1, __ATOMIC_RELEASE);
    own_pid = 0;
}

void lr_kin_forget(void)
{
    own_pid = 0;
}

/* The helper and a thread that ends the process may meet here: differences add up all the same. */
void lr_kin_tell(void)
{
    uint32_t now = replaced ? __atomic_load_n(replaced, __ATOMIC_ACQUIRE) : 0;
    if (now == __atomic_load_n(&told, __ATOMIC_RELAXED))
        return;
    uint32_t before = __atomic_exchange_n(&told, now, __ATOMIC_RELAXED);
    lr_count_add(LR_CNT_forks_replaced, (uint64_t)(int64_t)(int32_t)(now - before));
}
