/* test_site_id.c -- the IDs of places: the same for the same place, others for others.
 */
#include "judged.h"

#include <string.h>

#include "births.h"
#include "site_id.h"

static struct lr_model_frame frame(const char *function, uint32_t line)
{
    return (struct lr_model_frame){.java = true, .named = true, .user = true,
                                   .function = function, .file = "Codec.java", .line = line,
                                   .module = ""};
}

static void id_of(char *out, const char *kind, struct lr_model_frame *frames, size_t count)
{
    struct lr_model_pair pair = {.name = kind};
    struct lr_model_pair_site site = {.path = {.frames = frames, .count = count, .key_end = count}};

    lr_pair_site_id(out, &pair, &site);
    assert_int_equal(strlen(out), 8);
    assert_int_equal(strspn(out, "0123456789abcdef"), 8);
}

static void assert_same(bool same, struct lr_model_frame a, struct lr_model_frame b)
{
    char left[LR_SITE_ID_SIZE], right[LR_SITE_ID_SIZE];

    id_of(left, "Inflater", &a, 1);
    id_of(right, "Inflater", &b, 1);
    assert_int_equal(strcmp(left, right) == 0, same);
}

static void test_the_jvms_numbers_make_no_difference(void **state)
{
    assert_same(true, frame("Codec.read", 3), frame("Codec.read", 3));
    assert_same(true, frame("Codec$$Lambda$14/0x00007f31.run", 3),
                frame("Codec$$Lambda$9/0x00007faa.run", 3));
}

static void test_names_lines_and_kinds_do(void **state)
{
    struct lr_model_frame frames[] = {frame("Codec.read", 3), frame("Main.main", 9)};
    char one[LR_SITE_ID_SIZE], other[LR_SITE_ID_SIZE];

    assert_same(false, frame("Codec.read", 3), frame("Codec.read", 4));
    assert_same(false, frame("Codec.read", 3), frame("Codec.write", 3));
    id_of(one, "Inflater", frames, 2);
    id_of(other, "Deflater", frames, 2);
    assert_string_not_equal(one, other);
    id_of(other, "Inflater", frames, 1);
    assert_string_not_equal(one, other);
}

/* Frames of the platform between those that tell places apart aren't part of the key. */
static void test_a_caller_that_tells_nothing_makes_no_difference(void **state)
{
    struct lr_model_frame frames[] = {frame("Codec.read", 3), frame("java.util.List.forEach", 1),
                                      frame("Main.main", 9)};
    struct lr_model_frame others[] = {frame("Codec.read", 3), frame("java.util.Map.forEach", 2),
                                      frame("Main.main", 9)};
    char one[LR_SITE_ID_SIZE], other[LR_SITE_ID_SIZE];

    frames[1].user = others[1].user = false;
    id_of(one, "Inflater", frames, 3);
    id_of(other, "Inflater", others, 3);
    assert_string_equal(one, other);
}

static void test_births_are_in_tenths_of_the_run(void **state)
{
    struct lr_births births = {0}, more = {0};

    lr_births_merge(&births, &more);
    assert_false(births.any);
    lr_births_add(&births, 0, 1, 1000);
    lr_births_add(&births, 99, 2, 1000);
    lr_births_add(&births, 1000, 4, 1000); /* at its very end, or a moment behind */
    lr_births_add(&births, 5000, 8, 1000);
    lr_births_add(&births, 500, -1, 1000); /* a hostile file's weight */
    lr_births_add(&more, 50, 16, 1000);
    lr_births_add(&more, 7000, 32, 0);
    lr_births_merge(&births, &more);
    assert_true(births.oldest_ms == 0 && births.newest_ms == 7000);
    assert_true(births.live[0] == 51 && births.live[9] == 12);
    for (int i = 1; i < 9; i++)
        assert_true(births.live[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_jvms_numbers_make_no_difference),
        cmocka_unit_test(test_names_lines_and_kinds_do),
        cmocka_unit_test(test_a_caller_that_tells_nothing_makes_no_difference),
        cmocka_unit_test(test_births_are_in_tenths_of_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
