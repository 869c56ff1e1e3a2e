/* pairs_named.c -- pairs that the program names itself, by leakring.h (pairs.h).
 *
 * Stage: intercept -> RECORD -> FILE.  Context: any thread, in a call of the program's, not inside
 * malloc.
 */
#include <errno.h>
#include <string.h>

#include "file.h"
#include "guard.h"
#include "pairs.h"
#include "trace.h"

/* pair_sites.c keeps a pair's index in eight bits; some are left for more pairs of our own. */
enum { NAMED_MAX = 200, NAME_MAX = 191 };

/* Strings are interned: equal names have one id. */
static uint32_t names[NAMED_MAX]; /* string ids, in the order of pairdefs behind our own */
static uint32_t count;

static bool is_name(uint32_t id, const char *name, size_t length)
{
    uint32_t stored;
    memcpy(&stored, lr_file.strings + id, sizeof stored);
    return stored == length && memcmp(lr_file.strings + id + sizeof stored, name, length) == 0;
}

/* Kind of that name among the first `known`, 0: none. */
static uint32_t find(const char *name, size_t length, uint32_t known)
{
    for (uint32_t i = 0; i < known; i++)
        if (is_name(names[i], name, length))
            return LR_PAIR_ID_COUNT + i;
    return 0;
}

/* Needs the intern lock.  0: no room. */
static uint32_t define(const char *name, size_t length)
{
    struct lr_section *section = lr_file.section[LR_SEC_PAIRDEFS];
    uint32_t found = find(name, length, count), id = LR_PAIR_ID_COUNT + count;
    if (found)
        return found;
    uint32_t string =
        count < NAMED_MAX && id < section->capacity ? lr_intern_string(name, length) : 0;
    if (!string)
        return 0;
    names[count] = string;
    lr_file.pairdefs[id] = (struct lr_pairdef){string, 0};
    __atomic_store_n(&section->used, id + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
    return id;
}

/* With all kinds taken no other comes, and nobody needs to wait for the lock to learn that. */
uint32_t lr_pair_named(const char *name, size_t length)
{
    uint32_t known = __atomic_load_n(&count, __ATOMIC_ACQUIRE);
    uint32_t found = find(name, length, known);
    if (found)
        return found;
    if (known < NAMED_MAX && lr_intern_lock()) {
        found = define(name, length);
        lr_intern_unlock();
    }
    if (!found)
        lr_count(LR_CNT_pairs_full);
    return found;
}

/* A key has its state in the low bits, and must be no other kind's nor a stream's address. */
static uintptr_t key_of(uint32_t pair, uintptr_t handle)
{
    enum { HANDLE_BITS = 48, PAIR_SHIFT = 52 };
    uint64_t most = UINT64_C(1) << HANDLE_BITS, short_handle = handle;
    if (short_handle >= most)
        short_handle = (handle * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - HANDLE_BITS);
    return UINT64_C(1) << 63 | (uint64_t)pair << PAIR_SHIFT | short_handle << 3;
}

/* What nobody acquired, or found no room then, which was counted. */
static uint32_t kind_released(const char *name, size_t length)
{
    uint32_t found = find(name, length, __atomic_load_n(&count, __ATOMIC_ACQUIRE));
    if (!found)
        lr_count(LR_CNT_pair_unknown_release);
    return found;
}

static uint32_t kind_of(const char *name, uint32_t (*look)(const char *name, size_t length))
{
    size_t length = name ? strnlen(name, NAME_MAX) : 0;
    uint32_t pair = 0;
    if (length > 0 && lr_enter()) {
        pair = look(name, length);
        lr_leave();
    }
    return pair;
}

void lr_pair_named_acquired(const char *name, const struct lr_regs *caller, uintptr_t handle)
{
    int error = errno;
    uint32_t pair = handle ? kind_of(name, lr_pair_named) : 0;
    if (pair) {
        struct lr_pair_scope scope;
        lr_pair_acquire_begin(&scope, caller, NULL);
        lr_pair_acquire_end(&scope, pair, key_of(pair, handle));
    }
    errno = error;
}

void lr_pair_named_released(const char *name, const struct lr_regs *caller, uintptr_t handle)
{
    int error = errno;
    uint32_t pair = handle ? kind_of(name, kind_released) : 0;
    if (pair) {
        struct lr_pair_scope scope;
        lr_pair_release_begin(&scope, caller, pair, key_of(pair, handle), LR_RELEASER_EXPLICIT);
        lr_pair_release_end(&scope);
    }
    errno = error;
}
