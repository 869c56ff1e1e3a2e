/* test_model_threads.c -- which threads came to a place: counted, merged, grouped.
 *
 * Stage: unit tests of MODEL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emit.h"
#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "model_threads.h"
#include "symbolize.h"

static void each_place_gets_its_own(void **state)
{
    static const char *const names[] = {"main", "worker", "flusher"};
    struct lr_thread_uses *uses = NULL;
    double sum = 0;

    for (uint32_t id = 0; id < 2000; id++)
        for (int n = 0; n < 3; n++)
            for (int twice = 0; twice < 2; twice++)
                if (id % 3 != (uint32_t)n)
                    assert_true(lr_threads_count(&uses, LR_PLACE_MEMORY, id, names[n], 1 + id));
    assert_true(lr_threads_count(&uses, LR_PLACE_PAIRS, 7, names[0], 5));
    for (uint32_t id = 0; id < 2000; id++) {
        struct lr_model_threads threads = {NULL, 0};

        assert_true(lr_threads_take(uses, LR_PLACE_MEMORY, id, &threads));
        assert_int_equal(threads.count, 2);
        for (size_t i = 0; i < 2; i++) {
            assert_ptr_not_equal(threads.items[i].name, names[id % 3]);
            assert_true(threads.items[i].live == 2.0 * (1 + id));
            sum += threads.items[i].live;
        }
        free(threads.items);
    }
    assert_true(sum == 4.0 * 2000 * 2001 / 2);
    struct lr_model_threads none = {NULL, 0}, pair = {NULL, 0};
    assert_true(lr_threads_take(uses, LR_PLACE_MEMORY, 2000, &none));
    assert_int_equal(none.count, 0);
    assert_true(lr_threads_take(uses, LR_PLACE_PAIRS, 7, &pair));
    assert_int_equal(pair.count, 1);
    free(pair.items);
    lr_threads_free(uses);
    assert_true(lr_threads_take(NULL, 0, 0, &none));
}

static void counting_goes_on_after_taking(void **state)
{
    struct lr_thread_uses *uses = NULL;
    struct lr_model_threads first = {NULL, 0}, second = {NULL, 0};

    assert_true(lr_threads_count(&uses, 0, 1, "a", 1));
    assert_true(lr_threads_take(uses, 0, 1, &first));
    assert_true(lr_threads_count(&uses, LR_PLACE_PAIRS, 1, "b", 2));
    assert_true(lr_threads_take(uses, LR_PLACE_PAIRS, 1, &second));
    assert_string_equal(second.items[0].name, "b");
    free(first.items);
    free(second.items);
    lr_threads_free(uses);
}

/* Merged paths: one name stays one name; alike ones are a group. */
static void alike_names_are_one_group(void **state)
{
    static const char *const names[] = {
        "pool-2-thread-10", "pool-1-thread-9", "pool-1-thread-x", "main", "", "pool-1-thread-",
    };
    struct lr_thread_uses *uses = NULL;
    struct lr_model_threads all = {NULL, 0};

    for (uint32_t id = 0; id < 6; id++)
        for (uint32_t n = 0; n <= id; n++)
            assert_true(lr_threads_count(&uses, 0, id, names[n], n == 3 ? 100 : 1));
    for (uint32_t id = 0; id < 6; id++) {
        struct lr_model_threads some = {NULL, 0};

        assert_true(lr_threads_take(uses, 0, id, &some));
        assert_true(lr_threads_merge(&all, &some));
        assert_null(some.items);
    }
    assert_int_equal(all.count, 6);
    lr_threads_group(&all);
    assert_int_equal(all.count, 5);
    assert_string_equal(all.items[0].name, "main");
    assert_true(all.items[0].live == 300);
    assert_string_equal(all.items[1].name, "pool-1-thread-9");
    assert_int_equal(all.items[1].alike, 2);
    assert_true(all.items[1].live == 6 + 5);
    assert_string_equal(all.items[2].name, "pool-1-thread-x");
    assert_int_equal(all.items[2].alike, 1);
    assert_string_equal(all.items[3].name, "");
    assert_string_equal(all.items[4].name, "pool-1-thread-");
    free(all.items);
    lr_threads_free(uses);
}

/* A live block of 10 bytes at `stack`, by the thread called `name`. */
static void add_block(struct lr_make *make, uint32_t stack, const char *name)
{
    static uint64_t next = 0x10000;
    struct lr_live *slots = lr_make_entry(make, LR_SEC_LIVE, 0);
    uint16_t thread = lr_make_thread(make, name);

    lr_make_live(make, next, 10, LR_KIND_MALLOC, stack, 1, 0);
    for (uint64_t i = 0; i < lr_make_section(make, LR_SEC_LIVE)->capacity; i++)
        if ((slots[i].key & ~UINT64_C(7)) == next)
            slots[i].thread = thread;
    next += 16;
}

static void a_trace_has_them_at_its_sites(void **state)
{
    struct lr_make *make = lr_make_new();
    uint64_t frame = lr_make_java_frame_text(make, "com.acme.Codec.read(Codec.java):42");
    uint32_t stack = lr_make_stack(make, &frame, 1, 0);
    struct lr_trace *trace;
    struct lr_model *model;
    size_t size, length;
    char *text, name[32];
    FILE *out;

    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof(name), "es[n2][bulk][%d]", i);
        add_block(make, stack, name);
    }
    add_block(make, stack, "main");
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x", &trace, NULL), LR_OK);
    struct lr_symbolizer *symbolizer = lr_symbolizer_open(trace, NULL);
    assert_int_equal(lr_model_build(trace, symbolizer, &model, NULL), LR_OK);
    assert_int_equal(model->site_count, 1);
    const struct lr_model_threads *threads = &model->sites[0].path.threads;
    assert_int_equal(threads->count, 2);
    assert_string_equal(threads->items[0].name, "es[n2][bulk][1]");
    assert_int_equal(threads->items[0].alike, 12);
    assert_true(threads->items[0].live == 12);
    assert_string_equal(threads->items[1].name, "main");
    out = open_memstream(&text, &length);
    struct lr_emit_options options = {.top = 0};
    assert_int_equal(lr_emit_json(out, model, &options, NULL), LR_OK);
    fclose(out);
    assert_non_null(strstr(text, "\"threads\": [ { \"name\": \"es[n2][bulk][1]\", \"alike\": 12, "
                                 "\"live\": 12 }, { \"name\": \"main\", \"alike\": 1, "
                                 "\"live\": 1 } ]"));
    free(text);
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_gets_its_own),
        cmocka_unit_test(counting_goes_on_after_taking),
        cmocka_unit_test(alike_names_are_one_group),
        cmocka_unit_test(a_trace_has_them_at_its_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
