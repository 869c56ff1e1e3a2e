/* test_load_time.c -- a recording of sixty days: times of the file begin anew after 49.7 (2^32 ms).
 *
 * Stage: unit tests of LOAD and of what the model makes of it.
 */
#include "judged.h"

#include "phase.h"

enum { SECONDS = 60 * 86400, BEFORE = SECONDS - 8 };
static const uint64_t DAY = 86400000;

/* The file's own: 32 bits of it. */
static uint32_t written(uint64_t time_ms)
{
    return (uint32_t)time_ms;
}

/* Sixty days of a JVM, of which the last seconds' points are there; killed. */
static struct lr_make *make_sixty_days(void)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->compat |= LR_COMPAT_JAVA;
    header->state = LR_STATE_OPEN;
    header->end_unix_ns = 0;
    header->heartbeat_ms = written(60 * DAY);
    lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    for (unsigned i = 0; i < 8; i++)
        lr_make_point(make, LR_SEC_SERIES_1S, written((BEFORE + i) * UINT64_C(1000)));
    struct lr_section *ring = lr_make_section(make, LR_SEC_SERIES_1S);
    uint64_t first = BEFORE / ring->capacity * ring->capacity;
    for (uint64_t i = 0; i < ring->used; i++)
        *(uint32_t *)lr_make_entry(make, LR_SEC_SERIES_1S, i) = (uint32_t)(first + i + 1);
    ring->used += first;
    return make;
}

static uint32_t add_stream(struct lr_make *make, uint64_t birth_ms)
{
    static uint64_t handle = 0x7000;
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2",
                                        "com.acme.Codec.read(Codec.java):9");
    uint32_t site = lr_make_pairsite(make, 0, stack, 1, 0, 0);
    lr_make_pair(make, handle += 0x100, 0, site, stack, written(birth_ms));
    return site;
}

static void it_lasted_sixty_days(void **state)
{
    (void)state;
    judge(make_sixty_days());
    assert_int_equal(lr_trace_info(trace)->heartbeat_ms, 60 * DAY);
    assert_int_equal(model->run.duration_ms, 60 * DAY);
    end();
}

/* Born on the 49th and the 51st day, which in the file is the first: collected on the 50th, after
 * the times began anew, and on the 49th, before. */
static void what_was_born_before_a_collection_is_held(void **state)
{
    (void)state;
    const uint64_t collected[] = {50 * DAY, 49 * DAY + DAY / 2};
    for (int i = 0; i < 2; i++) {
        struct lr_make *make = make_sixty_days();
        add_stream(make, 49 * DAY);
        add_stream(make, 51 * DAY);
        lr_make_collection(make, LR_COLLECTION_SEEN, written(collected[i]),
                           written(collected[i] + 5000));
        judge(make);
        assert_int_equal(model->run.full_gc_ms, collected[i]);
        const struct lr_model_pair_site *site = &model->pairs[0].sites[0];
        assert_int_equal(site->live, 2);
        assert_int_equal(site->survived, 1);
        assert_int_equal(site->untested, 1);
        assert_int_equal(site->oldest_ms, 49 * DAY);
        assert_int_equal(site->newest_ms, 51 * DAY);
        end();
    }
}

/* The newest is the one that counts, although its time in the file is less. */
static void a_collection_after_the_wrap_is_newer(void **state)
{
    (void)state;
    struct lr_make *make = make_sixty_days();
    add_stream(make, 55 * DAY);
    lr_make_collection(make, LR_COLLECTION_SEEN, written(49 * DAY), written(49 * DAY + 9));
    lr_make_collection(make, LR_COLLECTION_SEEN, written(56 * DAY), written(56 * DAY + 9));
    judge(make);
    assert_int_equal(model->run.full_gc_ms, 56 * DAY);
    assert_int_equal(model->pairs[0].sites[0].survived, 1);
    end();
}

static void a_phase_across_the_wrap(void **state)
{
    (void)state;
    struct lr_make *make = make_sixty_days();
    struct lr_error error;
    struct lr_window window;
    size_t size;
    uint64_t cursor = 0, births = 0;
    struct lr_pair_view live;
    lr_make_mark(make, "begin", written(49 * DAY));
    lr_make_mark(make, "end", written(52 * DAY));
    add_stream(make, 48 * DAY);
    add_stream(make, 51 * DAY);
    add_stream(make, 53 * DAY);
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x.lkr", &trace, &error), LR_OK);
    lr_make_free(make);
    assert_int_equal(lr_phase_find(trace, "begin", "end", &window, &error), LR_OK);
    assert_int_equal(window.from_ms, 49 * DAY);
    assert_int_equal(window.to_ms, 52 * DAY);
    lr_trace_set_window(trace, &window);
    while (lr_trace_each_pair(trace, &cursor, &live)) {
        assert_int_equal(live.birth_ms, 51 * DAY);
        births++;
    }
    assert_int_equal(births, 1);
    lr_trace_close(trace);
}

/* A short one's times are what they are, whatever damage makes of them. */
static void times_of_a_short_recording_stay(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_header(make)->heartbeat_ms = 9000;
    lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    add_stream(make, 8000);
    add_stream(make, UINT32_MAX);
    judge(make);
    assert_int_equal(model->pairs[0].sites[0].oldest_ms, 8000);
    assert_int_equal(model->pairs[0].sites[0].newest_ms, UINT32_MAX);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_lasted_sixty_days),
        cmocka_unit_test(what_was_born_before_a_collection_is_held),
        cmocka_unit_test(a_collection_after_the_wrap_is_newer),
        cmocka_unit_test(a_phase_across_the_wrap),
        cmocka_unit_test(times_of_a_short_recording_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
