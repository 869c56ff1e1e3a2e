/* unwind_hash.h -- the hash of a native stack: each return address times the number of its place.
 *
 * Stage: STACK.  Context: any.
 *
 * hash = sum of pc[i] * lr_unwind_place[i] modulo 2^64, with odd random-looking constants
 * (multilinear hashing: Carter and Wegman 1979, Thorup 2015).  Two stacks collide when the weighted
 * sum of their differences is 0, one in 2^64, or in 2^(64 - v) if all differences are multiples of
 * 2^v; return addresses seldom share more than 4 such bits.  Unlike a chain of mixing steps its
 * terms don't wait for each other, and a frame costs one multiplication.  Users mix the result.
 */
#ifndef LEAKRING_UNWIND_HASH_H
#define LEAKRING_UNWIND_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

extern const uint64_t lr_unwind_place[LR_UNWIND_MAX];

static inline uint64_t lr_unwind_term(uintptr_t pc, size_t place)
{
    return pc * lr_unwind_place[place];
}

static inline uint64_t lr_unwind_hash(const uintptr_t *pcs, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++)
        hash += lr_unwind_term(pcs[i], i);
    return hash;
}

#endif
