/* test_lanes.c -- lr_lanes_equal finds the words that are equal, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lanes.h"

static uint64_t line[8] __attribute__((aligned(64)));

static uint32_t one_by_one(uint64_t ignored, uint64_t wanted)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((line[i] & ~ignored) == wanted)
            found |= 1u << 2 * i;
    return found;
}

/* Words of which both halves, one, or none are the wanted one's. */
static void finds_whole_words_only(void **state)
{
    static const uint64_t wanted = UINT64_C(0x7f12345600abcde0), none = ~(uint64_t)0;
    static const uint64_t words[4] = {UINT64_C(0x7f12345600abcde0), UINT64_C(0x7f123456ffffffff),
                                      UINT64_C(0xffffffff00abcde0), 0};
    (void)state;
    for (unsigned choice = 0; choice < 1u << 16; choice++) {
        for (unsigned i = 0; i < 8; i++)
            line[i] = words[choice >> 2 * i & 3];
        uint32_t expected = one_by_one(0, wanted);
        assert_int_equal(lr_lanes_equal(line, 0, wanted), expected);
        assert_int_equal(lr_lanes_equal(line, 0, 0), one_by_one(0, 0));
        assert_int_equal(lr_lanes_equal(line, none, 0), 0x5555);
        if (expected)
            assert_int_equal(line[lr_lanes_first(expected)], wanted);
    }
}

/* Each bit of each word counts, unless it is to be ignored. */
static void looks_at_every_bit(void **state)
{
    const uint64_t wanted = UINT64_C(0x0123456789abcdef);
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        for (unsigned bit = 0; bit < 64; bit++) {
            const uint64_t mask = UINT64_C(1) << bit;
            for (unsigned k = 0; k < 8; k++)
                line[k] = wanted;
            line[i] ^= mask;
            assert_int_equal(lr_lanes_equal(line, 0, wanted), 0x5555 & ~(1u << 2 * i));
            assert_int_equal(lr_lanes_equal(line, mask, wanted & ~mask), 0x5555);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_whole_words_only),
        cmocka_unit_test(looks_at_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
