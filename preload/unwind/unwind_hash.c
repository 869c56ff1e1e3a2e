/* unwind_hash.c -- unwind_hash.h: the constants, made by the SplitMix64 generator (Steele, Lea,
 * Flood 2014) at compile time.
 *
 * Stage: STACK.  Context: any.
 */
#include "unwind_hash.h"

#define SEED(i) (UINT64_C(0x9e3779b97f4a7c15) * ((i) + 1))
#define MIX_1(z) (((z) ^ (z) >> 30) * UINT64_C(0xbf58476d1ce4e5b9))
#define MIX_2(z) (((z) ^ (z) >> 27) * UINT64_C(0x94d049bb133111eb))
#define MIX_3(z) (((z) ^ (z) >> 31) | 1)
#define ONE(i) MIX_3(MIX_2(MIX_1(SEED((uint64_t)(i)))))
#define FOUR(i) ONE(i), ONE((i) + 1), ONE((i) + 2), ONE((i) + 3)
#define SIXTEEN(i) FOUR(i), FOUR((i) + 4), FOUR((i) + 8), FOUR((i) + 12)

const uint64_t lr_unwind_place[LR_UNWIND_MAX] = {
    SIXTEEN(0),  SIXTEEN(16), SIXTEEN(32), SIXTEEN(48),
    SIXTEEN(64), SIXTEEN(80), SIXTEEN(96), SIXTEEN(112),
};
