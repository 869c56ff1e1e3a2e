/* test_load_damage.c -- damaged traces are refused with one clear line, or survived and counted.
 *
 * Stage: unit tests of LOAD.  "Survived" means: opened, walked whole by lr_walk_trace (which
 * aborts on any broken promise), with the damage counted.
 */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"
#include "walk_trace.h"

static enum lr_status try_bytes(const unsigned char *bytes, size_t size, struct lr_damage *damage,
                                struct lr_walk *walk, struct lr_error *error)
{
    struct lr_trace *trace;
    enum lr_status status = lr_trace_open_bytes(bytes, size, "x.lkr", &trace, error);
    if (status == LR_OK) {
        lr_walk_trace(trace, walk);
        *damage = lr_trace_info(trace)->damaged;
        lr_trace_close(trace);
    } else {
        assert_null(trace);
        assert_true(error->text[0] != '\0' && strchr(error->text, '\n') == NULL);
    }
    return status;
}

static enum lr_status try_make(struct lr_make *make, struct lr_damage *damage, struct lr_walk *walk,
                               struct lr_error *error)
{
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    return try_bytes(bytes, size, damage, walk, error);
}

static void assert_refused(struct lr_make *make, const char *words)
{
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    assert_int_equal(try_make(make, &damage, &walk, &error), LR_UNREADABLE);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    lr_make_free(make);
}

static void assert_survived(struct lr_make *make, uint64_t sections, uint64_t references,
                            uint64_t values, uint64_t torn, struct lr_walk *walk)
{
    struct lr_damage damage;
    struct lr_error error;
    if (try_make(make, &damage, walk, &error) != LR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(damage.sections, sections);
    assert_int_equal(damage.references, references);
    assert_int_equal(damage.values, values);
    assert_int_equal(damage.torn, torn);
    lr_make_free(make);
}

static void truncated_at_any_size(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(try_bytes(bytes, 0, &damage, &walk, &error), LR_TRUNCATED);
    assert_non_null(strstr(error.text, "empty"));
    for (size_t cut = 1; cut < size; cut += cut < 1300 ? 1 : 509) {
        assert_int_equal(try_bytes(bytes, cut, &damage, &walk, &error),
                         cut < 8 ? LR_UNREADABLE : LR_TRUNCATED);
        assert_non_null(strstr(error.text, cut < 8 ? "not a leakring trace" : "truncated"));
    }
    assert_int_equal(try_bytes(bytes, size - 1, &damage, &walk, &error), LR_TRUNCATED);
    char sizes[64];
    snprintf(sizes, sizeof(sizes), "%zu of %zu bytes", size - 1, size);
    assert_non_null(strstr(error.text, sizes));
    assert_int_equal(try_bytes(bytes, size, &damage, &walk, &error), LR_OK);
    lr_make_free(make);
}

/* Is the header's byte `at` one that must be right? */
static bool is_vital(size_t at, uint32_t sections)
{
    size_t directory = offsetof(struct lr_header, sections);
    if (at < offsetof(struct lr_header, compat))
        return true;
    return at >= directory && (at - directory) / sizeof(struct lr_section) < sections &&
           (at - directory) % sizeof(struct lr_section) < offsetof(struct lr_section, used);
}

static void every_bit_of_the_header(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    size_t size, refused = 0, survived = 0;
    unsigned char *bytes = lr_make_bytes(make, &size);
    uint32_t sections = lr_make_header(make)->section_count;
    for (size_t bit = 0; bit < 8 * sizeof(struct lr_header); bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        enum lr_status status = try_bytes(bytes, size, &damage, &walk, &error);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (is_vital(bit / 8, sections))
            assert_true(status == LR_UNREADABLE || status == LR_TRUNCATED);
        else
            assert_int_equal(status, LR_OK);
        refused += status != LR_OK;
        survived += status == LR_OK;
    }
    assert_true(refused > 0 && survived > 0);
    lr_make_free(make);
}

static uint64_t random_state = 0x243f6a8885a308d3;
static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void random_bytes(void **state)
{
    (void)state;
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    unsigned char noise[8192];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (unsigned char)random_next();
    assert_int_equal(try_bytes(noise, sizeof(noise), &damage, &walk, &error), LR_UNREADABLE);

    /* A good header over noise: everything behind it is garbage, and `used` is the largest. */
    struct lr_make *make = lr_make_sample();
    size_t size;
    unsigned char *bytes = lr_make_bytes(make, &size);
    for (int round = 0; round < 20; round++) {
        for (size_t i = LR_PAGE; i < size; i++)
            bytes[i] = (unsigned char)random_next();
        for (uint32_t s = 0; s < lr_make_header(make)->section_count; s++)
            lr_make_header(make)->sections[s].used =
                round % 2 ? random_next() : lr_make_header(make)->sections[s].capacity;
        assert_int_equal(try_bytes(bytes, size, &damage, &walk, &error), LR_OK);
        assert_true(damage.references > 0 && damage.values > 0);
    }
    lr_make_free(make);
}

/* Noise in the body, a bit at a time: what real damage looks like. */
static void flipped_bits_in_the_body(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    size_t size;
    unsigned char *bytes = lr_make_bytes(make, &size);
    for (uint32_t s = 0; s < lr_make_header(make)->section_count; s++) {
        size_t offset = (size_t)lr_make_header(make)->sections[s].offset;
        for (size_t bit = 0; bit < 8 * 176; bit += 7) {
            bytes[offset + bit / 8] ^= (unsigned char)(1u << bit % 8);
            assert_int_equal(try_bytes(bytes, size, &damage, &walk, &error), LR_OK);
            bytes[offset + bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
    lr_make_free(make);
}

/* One bit anywhere, records and unused room alike; 10,000 times. */
static void random_bits(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    struct lr_damage damage;
    struct lr_walk walk;
    struct lr_error error;
    size_t size, survived = 0;
    unsigned char *bytes = lr_make_bytes(make, &size);
    for (unsigned round = 0; round < 10000; round++) {
        size_t bit = random_next() % (size * 8);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        enum lr_status status = try_bytes(bytes, size, &damage, &walk, &error);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        survived += status == LR_OK;
        assert_true(status == LR_OK || bit / 8 < sizeof(struct lr_header));
    }
    assert_true(survived > 9000);
    lr_make_free(make);
}

static void foreign_and_newer(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    lr_make_header(make)->endian = 0x04030201;
    assert_refused(make, "other byte order");
    make = lr_make_sample();
    lr_make_header(make)->version = 7;
    assert_refused(make, "written by a newer leakring (format 7); this one reads up to 1");
    make = lr_make_sample();
    lr_make_header(make)->version = 0;
    assert_refused(make, "damaged header");
    make = lr_make_sample();
    lr_make_header(make)->incompat = 0x80;
    lr_make_seal(make);
    assert_refused(make, "features that this leakring doesn't know (0x80)");
    make = lr_make_sample();
    memset(lr_make_header(make), 0, 8); /* the magic is written last */
    assert_refused(make, "never begun");
    make = lr_make_sample();
    lr_make_header(make)->compat |= 0x80000000; /* may be ignored */
    struct lr_walk walk;
    assert_survived(make, 0, 0, 0, 0, &walk);
}

static struct lr_make *damaged_section(enum lr_section_id id, struct lr_section change)
{
    struct lr_make *make = lr_make_sample();
    struct lr_section *section = lr_make_section(make, id);
    if (change.offset != 0)
        section->offset = change.offset;
    if (change.capacity != 0)
        section->capacity = change.capacity;
    if (change.entry_size != 0)
        section->entry_size = change.entry_size;
    if (change.id != 0)
        section->id = change.id;
    lr_make_seal(make);
    return make;
}

static void bad_directories(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    uint64_t strings = lr_make_section(make, LR_SEC_STRINGS)->offset;
    uint64_t size = lr_make_header(make)->file_size;
    lr_make_free(make);
#define DAMAGED(...) damaged_section(LR_SEC_LIVE, (struct lr_section){__VA_ARGS__})
    assert_refused(DAMAGED(.offset = strings), "overlap");
    assert_refused(DAMAGED(.offset = strings - LR_PAGE), "overlap");
    assert_refused(DAMAGED(.offset = strings + 1), "outside");
    assert_refused(DAMAGED(.offset = size), "outside");
    assert_refused(DAMAGED(.offset = UINT64_MAX - LR_PAGE + 1), "outside");
    assert_refused(DAMAGED(.capacity = UINT64_MAX / 32 + 2), "outside");
    assert_refused(DAMAGED(.capacity = UINT64_MAX), "outside");
    assert_refused(DAMAGED(.entry_size = 31), "entries of 31 bytes");
    assert_refused(DAMAGED(.entry_size = UINT32_MAX), "outside");
    assert_refused(DAMAGED(.id = LR_SEC_PAIRS), "two sections pairs");
#undef DAMAGED
    make = lr_make_sample();
    lr_make_section(make, LR_SEC_LIVE)->entry_size = 0;
    lr_make_seal(make);
    assert_refused(make, "outside");
    make = lr_make_sample();
    lr_make_section(make, LR_SEC_LIVE)->offset = 0; /* over the header */
    lr_make_seal(make);
    assert_refused(make, "outside");
    make = lr_make_sample();
    lr_make_header(make)->section_count = LR_MAX_SECTIONS + 1;
    assert_refused(make, "damaged header");
    make = lr_make_sample();
    lr_make_header(make)->header_size = 150;
    lr_make_seal(make);
    assert_refused(make, "damaged header");
}

static void sections_missing_unknown_or_grown(void **state)
{
    (void)state;
    struct lr_walk walk;
    struct lr_make *make = lr_make_sample(); /* without the events, which are last */
    lr_make_header(make)->section_count--;
    lr_make_seal(make);
    assert_survived(make, 1, 0, 0, 0, &walk);
    assert_int_equal(walk.events, 0);

    make = damaged_section(LR_SEC_EVENTS, (struct lr_section){.id = 900}); /* a later format's */
    assert_survived(make, 1, 0, 0, 0, &walk);

    /* A later writer's entries are longer; what we know of comes first in each. */
    make = lr_make_sample();
    struct lr_section *section = lr_make_section(make, LR_SEC_LIVE);
    unsigned char *live = lr_make_entry(make, LR_SEC_LIVE, 0);
    memmove(live + 48, live + 32, 32);
    memset(live + 32, 0xff, 16);
    section->entry_size = 48;
    section->capacity = 1024;
    lr_make_seal(make);
    assert_survived(make, 0, 0, 0, 0, &walk);
    assert_int_equal(walk.live, 2);
}

static void used_beyond_capacity(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_sample();
    struct lr_walk walk;
    lr_make_section(make, LR_SEC_META)->used = UINT64_MAX;
    assert_survived(make, 1, 0, 0, 0, &walk);
    assert_int_equal(walk.metas, 512); /* all of the section's: the rest are zeros */
    make = lr_make_sample();
    lr_make_section(make, LR_SEC_EVENTS)->used = UINT64_MAX;
    assert_survived(make, 0, 0, 0, 0, &walk);
    make = lr_make_sample();
    lr_make_section(make, LR_SEC_LIVE)->used = UINT64_MAX; /* a hint only */
    assert_survived(make, 0, 0, 0, 0, &walk);
    assert_int_equal(walk.live, 2);
}

static void bad_references(void **state)
{
    (void)state;
    struct lr_walk walk;
#define ENTRY(type, section, index) ((type *)lr_make_entry(make, section, index))
#define REFERENCE(type, section, index, field, value, references)                                  \
    do {                                                                                           \
        struct lr_make *make = lr_make_sample();                                                           \
        ENTRY(type, section, index)->field = (value);                                              \
        assert_survived(make, 0, references, 0, 0, &walk);                                         \
    } while (0)
    REFERENCE(struct lr_meta, LR_SEC_META, 0, string, 2, 1); /* not a multiple of 4 */
    REFERENCE(struct lr_meta, LR_SEC_META, 0, string, UINT32_MAX - 3, 1);
    REFERENCE(struct lr_module, LR_SEC_MODULES, 1, path, 0x10000000, 1);
    REFERENCE(struct lr_method, LR_SEC_METHODS, 0, class_name, 0x10000000, 1);
    REFERENCE(struct lr_method, LR_SEC_METHODS, 0, name, 0x10000000, 1);
    REFERENCE(struct lr_method, LR_SEC_METHODS, 0, source_file, 0x10000000, 1);
    REFERENCE(struct lr_jframe, LR_SEC_JFRAMES, 0, method, 1, 1);
    REFERENCE(struct lr_node, LR_SEC_NODES, 2, frame, lr_make_native_frame(2, 1), 1);
    REFERENCE(struct lr_node, LR_SEC_NODES, 1, frame, LR_FRAME_JAVA | 1, 1);
    REFERENCE(struct lr_live, LR_SEC_LIVE, 0, stack, 2, 1);
    REFERENCE(struct lr_live, LR_SEC_LIVE, 0, thread, 7, 1);
    REFERENCE(struct lr_pair, LR_SEC_PAIRS, 0, thread, UINT16_MAX, 1);
    REFERENCE(struct lr_region, LR_SEC_REGIONS, 0, stack, UINT32_MAX, 1);
    REFERENCE(struct lr_pair, LR_SEC_PAIRS, 0, stack, 2, 1);
    REFERENCE(struct lr_pair, LR_SEC_PAIRS, 0, site, 1, 1);
    REFERENCE(struct lr_pair, LR_SEC_PAIRS, 0, pair, 1, 1);
    REFERENCE(struct lr_pairsite, LR_SEC_PAIRSITES, 0, pair, 1, 1);
    REFERENCE(struct lr_pairsite, LR_SEC_PAIRSITES, 0, stack, 2, 1);
    REFERENCE(struct lr_pairdef, LR_SEC_PAIRDEFS, 0, name, 0x10000000, 1);
#undef REFERENCE
    struct lr_make *make = lr_make_sample(); /* a string longer than what is left of the section */
    uint32_t *length =
        lr_make_entry(make, LR_SEC_STRINGS, ENTRY(struct lr_meta, LR_SEC_META, 0)->string);
    *length = 4000;
    assert_survived(make, 0, 1, 0, 0, &walk);
#undef ENTRY
}

static void bad_values(void **state)
{
    (void)state;
    static const float weights[] = {0, -1, NAN, INFINITY};
    struct lr_walk walk;
    for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
        struct lr_make *make = lr_make_sample();
        ((struct lr_live *)lr_make_entry(make, LR_SEC_LIVE, 1))->weight = weights[i];
        assert_survived(make, 0, 0, 1, 0, &walk);
        assert_int_equal(walk.live, 2);
    }
    struct lr_make *make = lr_make_sample();
    ((struct lr_stack *)lr_make_entry(make, LR_SEC_STACKS, 1))->frame_count = 3;
    assert_survived(make, 0, 0, 1, 0, &walk);
    make = lr_make_sample();
    ((struct lr_stack *)lr_make_entry(make, LR_SEC_STACKS, 1))->node = UINT32_MAX;
    assert_survived(make, 0, 0, 1, 0, &walk);
    make = lr_make_sample(); /* the way to the outermost frame is lost */
    ((struct lr_node *)lr_make_entry(make, LR_SEC_NODES, 2))->parent = UINT32_MAX;
    assert_survived(make, 0, 1, 1, 0, &walk);
    make = lr_make_sample(); /* it leads in a circle */
    ((struct lr_node *)lr_make_entry(make, LR_SEC_NODES, 1))->parent = 2;
    assert_survived(make, 0, 0, 1, 0, &walk);
    make = lr_make_sample();
    ((struct lr_node *)lr_make_entry(make, LR_SEC_NODES, 1))->parent = 1;
    assert_survived(make, 0, 0, 1, 0, &walk);
    make = lr_make_sample();
    ((struct lr_module *)lr_make_entry(make, LR_SEC_MODULES, 1))->build_id_size = 33;
    assert_survived(make, 0, 0, 1, 0, &walk);
    make = lr_make_sample();
    ((struct lr_region *)lr_make_entry(make, LR_SEC_REGIONS, 0))->start = UINT64_MAX - 1;
    assert_survived(make, 0, 0, 1, 0, &walk);
    assert_int_equal(walk.regions, 1);
    make = lr_make_sample();
    lr_make_header(make)->state = 77;
    assert_survived(make, 0, 0, 1, 0, &walk);
}

/* Nodes are shared: a few of them give every stack of a hostile file any number of frames. */
static void a_chain_longer_than_any_writers(void **state)
{
    (void)state;
    enum { LONG = 600 };
    for (uint16_t frames = 256; frames <= LONG; frames += LONG - 256) {
        struct lr_make *make = lr_make_sample();
        struct lr_section *nodes = lr_make_section(make, LR_SEC_NODES);
        uint32_t first = (uint32_t)nodes->used;
        nodes->used += LONG;
        for (uint32_t i = 0; i < LONG; i++)
            *(struct lr_node *)lr_make_entry(make, LR_SEC_NODES, first + i) =
                (struct lr_node){.frame = 0x1000 + i, .parent = i ? first + i - 1 : 0};
        struct lr_stack *stack = lr_make_entry(make, LR_SEC_STACKS, 1);
        stack->node = first + LONG - 1;
        stack->frame_count = frames;
        struct lr_walk walk;
        assert_survived(make, 0, 0, frames == LONG, 0, &walk);
    }
}

static void torn_and_claimed_records(void **state)
{
    (void)state;
    struct lr_walk walk;
    struct lr_make *make = lr_make_sample();
    ((struct lr_live *)lr_make_entry(make, LR_SEC_LIVE, 0))->key |= LR_KEY_BUSY;
    assert_survived(make, 0, 0, 0, 1, &walk);
    assert_int_equal(walk.live, 1);

    make = lr_make_sample(); /* a release was under way: still live, and its address is clean */
    ((struct lr_live *)lr_make_entry(make, LR_SEC_LIVE, 0))->key |= LR_KEY_CLAIMED;
    ((struct lr_pair *)lr_make_entry(make, LR_SEC_PAIRS, 0))->key |= LR_KEY_CLAIMED;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    struct lr_trace *trace;
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x", &trace, NULL), LR_OK);
    struct lr_live_view live;
    struct lr_pair_view pair;
    uint64_t cursor = 0;
    assert_true(lr_trace_each_live(trace, &cursor, &live));
    assert_true(live.claimed);
    assert_int_equal(live.address, 0x8000);
    cursor = 0;
    assert_true(lr_trace_each_pair(trace, &cursor, &pair));
    assert_true(pair.claimed);
    assert_int_equal(pair.handle, 0x7000);
    lr_trace_close(trace);
    lr_make_free(make);

    make = lr_make_sample();
    ((struct lr_pair *)lr_make_entry(make, LR_SEC_PAIRS, 0))->key |= LR_KEY_BUSY;
    assert_survived(make, 0, 0, 0, 1, &walk);
    assert_int_equal(walk.pairs, 0);
    make = lr_make_sample();
    ((struct lr_region *)lr_make_entry(make, LR_SEC_REGIONS, 0))->length = 0;
    assert_survived(make, 0, 0, 0, 0, &walk);
    assert_int_equal(walk.regions, 0);
    make = lr_make_sample();
    ((struct lr_event *)lr_make_entry(make, LR_SEC_EVENTS, 0))->sequence = 0;
    assert_survived(make, 0, 0, 0, 0, &walk);
    assert_int_equal(walk.events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_at_any_size),
        cmocka_unit_test(every_bit_of_the_header),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(flipped_bits_in_the_body),
        cmocka_unit_test(random_bits),
        cmocka_unit_test(foreign_and_newer),
        cmocka_unit_test(bad_directories),
        cmocka_unit_test(sections_missing_unknown_or_grown),
        cmocka_unit_test(used_beyond_capacity),
        cmocka_unit_test(bad_references),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(a_chain_longer_than_any_writers),
        cmocka_unit_test(torn_and_claimed_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
