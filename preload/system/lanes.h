/* lanes.h -- which of the eight words of a cache line is it?
 *
 * Stage: STACK and RECORD.  Context: any thread, inside malloc, signal-safe.
 *
 * Other threads may write the words meanwhile.  A word that stays what it is, is seen as that; of
 * one that changes the answer is a guess, so the caller looks again at the one that it chose.  All
 * are compared without a branch, as which one it is can't be predicted.
 */
#ifndef LEAKRING_LANES_H
#define LEAKRING_LANES_H

#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LR_LANES_ONE_BY_ONE 1
#endif
#endif
#if !defined(__SSE2__) || defined(__SANITIZE_THREAD__) /* it wants to see atomics */
#define LR_LANES_ONE_BY_ONE 1
#endif

#ifndef LR_LANES_ONE_BY_ONE
#include <emmintrin.h>
#endif

/* The words of a line (aligned to 64 bytes) that, but for `ignored` bits, are `wanted`: bit 2 i for
 * word i.  Cost: 20 instructions with SSE2, one line. */
static inline __attribute__((always_inline)) uint32_t
lr_lanes_equal(const uint64_t *line, uint64_t ignored, uint64_t wanted)
{
#ifdef LR_LANES_ONE_BY_ONE
    uint32_t found = 0;
    for (unsigned i = 0; i < 8; i++)
        found |= (uint32_t)((__atomic_load_n(&line[i], __ATOMIC_RELAXED) & ~ignored) == wanted)
                 << 2 * i;
    return found;
#else
    const __m128i *at = (const __m128i *)(const void *)line;
    __m128i keep = _mm_set1_epi64x((int64_t)~ignored), all = _mm_set1_epi64x((int64_t)wanted);
#define LR_HALVES(i) _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(&at[i]), keep), all)
    __m128i low = _mm_packs_epi32(LR_HALVES(0), LR_HALVES(1));
    __m128i high = _mm_packs_epi32(LR_HALVES(2), LR_HALVES(3));
#undef LR_HALVES
    uint32_t halves = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
    return halves & halves >> 1 & 0x5555;
#endif
}

/* The first of them. */
static inline unsigned lr_lanes_first(uint32_t found)
{
    return (unsigned)__builtin_ctz(found) / 2;
}

#endif
