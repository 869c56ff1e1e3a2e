/* test_report_damage.c -- whatever a trace's records hold, its report is well-formed: text without
 * control characters, in whole UTF-8 characters; JSON that a strict parser takes, with finite
 * numbers; and never "no leak" about a recording that isn't complete.
 *
 * Stage: unit tests of MODEL, JUDGE and EMIT.  A night's recording with some of everything is
 * damaged at random, from a fixed seed, where its records are.  DAMAGES=100000 tries more of them,
 * SEED=7 others.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>

#include "emit.h"
#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "symbolize.h"

enum { POINTS = 60, STEP_MS = 5 * 60 * 1000, DAMAGES = 200, MOST_CHANGES = 6 };

static uint64_t random_state;

static uint64_t any(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % below;
}

static void add_streams(struct lr_make *make, const char *name, const char *where, unsigned live,
                        unsigned cleaned)
{
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2", where);
    uint32_t pair = lr_make_pairdef(make, name, LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(make, pair, stack, 5 * live + cleaned, 4 * live + cleaned,
                                     cleaned);
    for (unsigned i = 0; i < live; i++)
        lr_make_pair(make, 0x7000 * (site + 1) + i * 0x100, pair, site, stack, i * STEP_MS);
    lr_make_live(make, 0x8000 * (site + 1), 7160 * live, LR_KIND_MALLOC, stack, 5, LR_LIVE_OWNED);
    lr_make_followed(make, site, LR_FOLLOWED_PAIR, site, 0);
}

static void add_memory(struct lr_make *make, uint32_t slot, uint64_t bytes, uint64_t frame)
{
    uint32_t stack = lr_make_stack(make, &frame, 1, 0);
    lr_make_live(make, 0x100000 * slot, bytes, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_stack_totals(make, stack, 7, 2 * bytes, 0, 0);
    lr_make_followed(make, slot, LR_FOLLOWED_STACK, stack, 0);
}

static void add_points(struct lr_make *make)
{
    for (unsigned i = 0; i < POINTS; i++) {
        uint64_t *values = lr_make_point(make, LR_SEC_SERIES_1M, i * STEP_MS)->values;
        struct lr_followed_value *followed =
            lr_make_followed_point(make, LR_SEC_FOLLOWED_1M, i * STEP_MS)->values;
        for (unsigned figure = 0; figure < LR_SERIES_COUNT; figure++)
            values[figure] = 1000000000 + i * 1000000;
        values[LR_SERIES_host_total] = 8000000000;
        values[LR_SERIES_java_full_gcs] = i / 20;
        for (unsigned slot = 0; slot < 8; slot++)
            followed[slot] = (struct lr_followed_value){(float)(1e6 * i), (float)(7 * i % 50)};
    }
}

static struct lr_make *make_night(void)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->compat |= LR_COMPAT_JAVA;
    header->heartbeat_ms = POINTS * STEP_MS;
    header->end_unix_ns = header->start_unix_ns + (uint64_t)POINTS * STEP_MS * 1000000;
    lr_make_meta(make, LR_META_EXE, "/usr/bin/java");
    lr_make_meta(make, LR_META_CMDLINE, "java -jar \"app\" \\ \x01 \xc3");
    lr_make_meta(make, LR_META_JAVA_GC, "Parallel");
    lr_make_meta(make, LR_META_NOTE, "one \xe2\x82\xac");
    add_points(make);
    add_streams(make, "java.util.zip.Inflater", "com.acme.Codec.read(Codec.java):9", 30, 0);
    add_streams(make, "java.util.zip.Deflater", "com.acme.Codec.write(Codec.java):19", 20, 100);
    uint32_t module = lr_make_module(make, "/jdk/lib/server/libjvm.so", 0, 0x10000, 0x20000, "");
    add_memory(make, 4, 30000000, lr_make_native_frame(module, 0x100));
    add_memory(make, 5, 20000000, lr_make_java_frame_text(make, "com.acme.A.b(A.java):3"));
    lr_make_region(make, 0x10000000, 4096000, 1, 7, 3);
    lr_make_thread(make, "worker-1");
    lr_make_area(make, LR_AREA_ARENA, 5000, 0x100000, 1 << 16, 200000, 0);
    lr_make_area(make, LR_AREA_ANON, 5000, 0x10000000, 1000, 3000, 10);
    lr_make_area(make, LR_AREA_FILE, 5000, 0x20000000, 1000, 4000, 0);
    lr_make_area(make, LR_AREA_OWN, 5000, 0x10001000, 100, 40, 0);
    lr_make_area_end(make, 5000, 4);
    lr_make_event(make, LR_EVENT_START, 0, 0, 0);
    return make;
}

/* A few bytes of a record of some section, or of its number of records. */
static void damage(struct lr_make *make)
{
    static const uint64_t odd[] = {0, 1, 2, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0x7f7fffff,
                                   0x7f800000, 0xffffffff, 0x7fefffffffffffff, 0x7fffffffffffffff,
                                   0x8000000000000000, 0xffffffffffffffff, 0xfffffffffffffffe};
    struct lr_header *header = lr_make_header(make);
    struct lr_section *section = &header->sections[any(header->section_count)];
    if (any(16) == 0) {
        section->used = any(2) ? odd[any(sizeof(odd) / sizeof(odd[0]))] : any(2 * section->capacity);
        return;
    }
    uint64_t records = section->used < section->capacity ? section->used : section->capacity;
    uint64_t bytes = records * section->entry_size, value = odd[any(sizeof(odd) / sizeof(odd[0]))];
    size_t length = (size_t)1 << any(4);
    if (any(4) == 0)
        value = any(256) << 8 * any(8);
    if (bytes < length || records > section->capacity)
        return;
    memcpy((unsigned char *)header + section->offset + any(bytes / length) * length, &value, length);
}

static bool is_clean(const unsigned char *text, size_t size)
{
    static const struct {
        unsigned char mask, lead;
        size_t length;
    } forms[] = {{0x80, 0, 1}, {0xe0, 0xc0, 2}, {0xf0, 0xe0, 3}, {0xf8, 0xf0, 4}};
    for (size_t i = 0, f; i < size; i += forms[f].length) {
        for (f = 0; f < 4 && (text[i] & forms[f].mask) != forms[f].lead; f++)
            continue;
        if (f == 4 || size - i < forms[f].length || (text[i] < 0x20 && text[i] != '\n') ||
            text[i] == 0x7f)
            return false;
        for (size_t k = 1; k < forms[f].length; k++)
            if ((text[i + k] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static int must_be_finite(json_object *value, int flags, json_object *parent, const char *key,
                          size_t *index, void *unused)
{
    if (json_object_is_type(value, json_type_double) && !isfinite(json_object_get_double(value)))
        fail_msg("%s is %s", key ? key : "an item", json_object_to_json_string(value));
    return JSON_C_VISIT_RETURN_CONTINUE;
}

static void check_json(const struct lr_model *model)
{
    struct lr_error error;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(lr_emit_json(out, model, &(struct lr_emit_options){0}, &error), LR_OK);
    fclose(out);
    assert_true(is_clean((const unsigned char *)text, size));
    struct json_tokener *parser = json_tokener_new_ex(64);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
    json_object *report = json_tokener_parse_ex(parser, text, (int)size);
    if (!report)
        fail_msg("%s: %.200s", json_tokener_error_desc(json_tokener_get_error(parser)),
                 text + json_tokener_get_parse_end(parser));
    json_c_visit(report, 0, must_be_finite, NULL);
    json_object_put(report);
    json_tokener_free(parser);
    free(text);
}

static void check_text(const struct lr_model *model)
{
    struct lr_emit_options options = {.whole_stacks = true, .width = 80};
    struct lr_error error;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(lr_emit_text(out, model, &options, &error), LR_OK);
    fclose(out);
    if (!is_clean((const unsigned char *)text, size))
        fail_msg("not clean: %s", text);
    bool none = model->verdict.kind == LR_VERDICT_NONE || strncmp(text, "NO LEAK", 7) == 0;
    if (none && model->completeness.verdict != LR_COMPLETE)
        fail_msg("incomplete, and yet: %s", text);
    if (getenv("SHOW"))
        puts(text);
    free(text);
}

static void check_report(const struct lr_make *made)
{
    struct lr_symbolizer_options options = {.no_files = true};
    struct lr_make *make = (struct lr_make *)made;
    struct lr_trace *trace;
    struct lr_model *model;
    struct lr_error error;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    if (lr_trace_open_bytes(bytes, size, "x.lkr", &trace, &error) != LR_OK)
        return;
    struct lr_symbolizer *symbolizer = lr_symbolizer_open(trace, &options);
    assert_int_equal(lr_model_build(trace, symbolizer, &model, &error), LR_OK);
    check_text(model);
    check_json(model);
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
}

static uint64_t wanted(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void damaged_records_make_no_bad_report(void **state)
{
    (void)state;
    uint64_t damages = wanted("DAMAGES", DAMAGES), seed = wanted("SEED", 1);
    for (uint64_t i = 0; i < damages; i++) {
        struct lr_make *make = make_night();
        random_state = seed * 1000003 + i;
        for (uint64_t changes = i ? 1 + any(MOST_CHANGES) : 0; changes > 0; changes--)
            damage(make);
        lr_make_seal(make);
        check_report(make);
        lr_make_free(make);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_records_make_no_bad_report)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
