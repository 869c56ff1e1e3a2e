/* test_golden.c -- the traces of the golden reports.
 *
 * Stage: unit tests of MODEL.  Alone, it checks the verdict of each trace; with a directory as
 * argument it writes them there, for tests/golden/test_golden.sh to report on.  Nothing in them
 * depends on this machine: no module exists here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "emit.h"
#include "emit_stacks.h"
#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "symbolize.h"

#define INFLATE "java.util.zip.Inflater.<init>(Inflater.java):117"
#define DEFLATE "java.util.zip.Deflater.<init>(Deflater.java):201"
#define CODEC "com.acme.codec.Codec."

static uint64_t next_handle;

static void describe_java(struct lr_make *make)
{
    lr_make_meta(make, LR_META_EXE, "/opt/jdk/bin/java");
    lr_make_meta(make, LR_META_CMDLINE, "java -jar acme.jar --port 8080");
    lr_make_meta(make, LR_META_HOST, "node-7");
    lr_make_meta(make, LR_META_TRACER, "0.1.0");
    lr_make_meta(make, LR_META_JAVA_VERSION, "17.0.15+6");
    lr_make_meta(make, LR_META_JAVA_VENDOR, "Example");
    lr_make_meta(make, LR_META_JAVA_VM, "OpenJDK 64-Bit Server VM");
    lr_make_meta(make, LR_META_JAVA_GC, "G1");
    lr_make_counter(make, LR_CNT_gc_count, 3);
    lr_make_header(make)->compat |= LR_COMPAT_JAVA;
}

static void be_killed(struct lr_make *make)
{
    lr_make_header(make)->state = LR_STATE_OPEN;
    lr_make_header(make)->end_unix_ns = 0;
    lr_make_header(make)->heartbeat_ms = 10000;
}

/* A pair site with its live pairs, each owning a state block and, `used`, a later window. */
static void add_site(struct lr_make *make, uint32_t pair, uint32_t stack, uint64_t acquired,
                     uint64_t live, uint64_t by_cleaner, bool used, uint32_t birth_ms)
{
    uint32_t site = lr_make_pairsite(make, pair, stack, acquired, acquired - live, by_cleaner);

    for (uint64_t i = 0; i < live; i++) {
        uint64_t handle = next_handle += 0x10000;

        lr_make_pair(make, handle, pair, site, stack, birth_ms);
        lr_make_live(make, handle, 7160, LR_KIND_MALLOC, stack, birth_ms, LR_LIVE_OWNED);
        if (used)
            lr_make_live(make, handle + 0x8000, 32768, LR_KIND_MALLOC, stack, birth_ms,
                         LR_LIVE_OWNED | LR_LIVE_LATER);
    }
}

static void add_jar_cache(struct lr_make *make, uint32_t inflater)
{
    uint32_t stack = lr_make_java_stack(
        make, 3, INFLATE, "java.util.zip.ZipFile$CleanableResource.getInflater(ZipFile.java):717",
        "com.acme.Main.main(Main.java):12");

    add_site(make, inflater, stack, 3, 3, 0, true, 40);
}

static void add_vm_memory(struct lr_make *make)
{
    uint32_t vm = lr_make_module(make, "/opt/jdk/lib/server/libjvm.so", 0x10000000, 0x10000000,
                                 0x12000000, "");
    uint64_t frames[] = {lr_make_native_frame(vm, 0x1234), lr_make_native_frame(vm, 0x5678)};
    uint32_t stack = lr_make_stack(make, frames, 2, 0);

    lr_make_live(make, 0x600000, 32768, LR_KIND_MALLOC, stack, 20, 0);
    lr_make_live(make, 0x700000, 1000, LR_KIND_MALLOC, stack, 20, 0);
    lr_make_stack_totals(make, stack, 5, 99000, 0, 0);
    lr_make_region(make, 0x7f0000000000, 64 << 20, stack, 10, 3);
}

/* Three places that leak, one of them hidden by the collector; a clean one; the jar cache. */
static void make_leak(struct lr_make *make)
{
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t deflater = lr_make_pairdef(make, "java.util.zip.Deflater", LR_PAIR_JAVA);
    uint32_t read = lr_make_java_stack(make, 4, INFLATE, CODEC "<init>(Codec.java):31",
                                       CODEC "open(Codec.java):20",
                                       "com.acme.web.Handler.handle(Handler.java):77");
    uint32_t deep = lr_make_java_stack(
        make, 10, INFLATE, CODEC "<init>(Codec.java):31", CODEC "open(Codec.java):20",
        CODEC "retry(Codec.java):50", CODEC "again(Codec.java):60", CODEC "more(Codec.java):70",
        CODEC "last(Codec.java):80", "com.acme.index.Reader.<init>(Reader.java):5",
        "com.acme.index.Merger.merge(Merger.java):99", "java.lang.Thread.run(Thread.java):840");
    uint32_t write = lr_make_java_stack(make, 3, DEFLATE, CODEC "write(Codec.java):90",
                                        "com.acme.web.Handler.reply(Handler.java):102");
    uint32_t clean = lr_make_java_stack(make, 3, INFLATE, CODEC "check(Codec.java):110",
                                        "com.acme.web.Handler.handle(Handler.java):79");

    describe_java(make);
    be_killed(make);
    add_site(make, inflater, read, 50, 40, 10, true, 400);
    add_site(make, inflater, deep, 12, 0, 12, false, 400);
    add_site(make, deflater, write, 7, 7, 0, false, 9000);
    add_site(make, inflater, clean, 25000, 0, 0, false, 400);
    add_jar_cache(make, inflater);
    add_vm_memory(make);
}

static void make_clean(struct lr_make *make)
{
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t clean = lr_make_java_stack(make, 3, INFLATE, CODEC "check(Codec.java):110",
                                        "com.acme.web.Handler.handle(Handler.java):79");

    describe_java(make);
    add_site(make, inflater, clean, 25000, 0, 0, false, 400);
    add_jar_cache(make, inflater);
    add_vm_memory(make);
}

/* Killed with two streams in use; the tracer noticed nothing wrong. */
static void make_in_use(struct lr_make *make)
{
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t busy = lr_make_java_stack(make, 3, INFLATE, CODEC "check(Codec.java):110",
                                       "com.acme.web.Handler.handle(Handler.java):79");

    describe_java(make);
    be_killed(make);
    add_site(make, inflater, busy, 25000, 2, 0, true, 9990);
}

/* Nothing left over, but not everything was seen. */
static void make_incomplete(struct lr_make *make)
{
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t clean = lr_make_java_stack(make, 2, INFLATE, CODEC "check(Codec.java):110");

    describe_java(make);
    lr_make_counter(make, LR_CNT_live_full, 1234);
    lr_make_counter(make, LR_CNT_live_full_bytes, 5678901);
    lr_make_counter(make, LR_CNT_java_lost, 3);
    lr_make_meta(make, LR_META_NOTE, "a remark of the tracer");
    add_site(make, inflater, clean, 10, 0, 0, false, 0);
}

static void make_blind(struct lr_make *make)
{
    lr_make_meta(make, LR_META_EXE, "/usr/bin/redis-server");
    lr_make_meta(make, LR_META_CMDLINE, "redis-server --port 6379");
    lr_make_header(make)->compat |= LR_COMPAT_BLIND;
}

/* A C program: un-ended streams are findings there too, its memory is listed. */
static void make_native(struct lr_make *make)
{
    uint32_t inflate = lr_make_pairdef(make, "zlib.inflate", 0);
    uint32_t zlib = lr_make_module(make, "/lib/libz.so.1", 0x20000000, 0x20000000, 0x20020000, "");
    uint32_t tool = lr_make_module(make, "/opt/tool/bin/tool", 0x400000, 0x400000, 0x500000, "");
    uint64_t open[] = {lr_make_native_frame(zlib, 0x100), lr_make_native_frame(tool, 0x2000),
                       lr_make_native_frame(tool, 0x3000)};
    uint64_t node[] = {lr_make_native_frame(tool, 0x4000), lr_make_native_frame(tool, 0x3000)};
    uint32_t nodes = lr_make_stack(make, node, 2, 0);

    lr_make_meta(make, LR_META_EXE, "/opt/tool/bin/tool");
    lr_make_meta(make, LR_META_CMDLINE, "tool input.gz");
    lr_make_meta(make, LR_META_HOST, "node-7");
    add_site(make, inflate, lr_make_stack(make, open, 3, 0), 4, 1, 0, true, 30);
    for (uint64_t i = 0; i < 1500; i++)
        lr_make_live(make, 0x900000 + 64 * i, 48, LR_KIND_MALLOC, nodes, 50, 0);
    lr_make_stack_totals(make, nodes, 2000, 96000, 0, 0);
}

static void last(struct lr_make *make, uint64_t seconds)
{
    struct lr_header *header = lr_make_header(make);

    header->end_unix_ns = header->start_unix_ns + seconds * UINT64_C(1000000000);
    header->heartbeat_ms = (uint32_t)(seconds * 1000);
}

static void describe_native(struct lr_make *make, uint64_t seconds)
{
    lr_make_meta(make, LR_META_CONFIG, "budget=off");
    lr_make_meta(make, LR_META_EXE, "/opt/tool/bin/tool");
    lr_make_meta(make, LR_META_CMDLINE, "tool --serve");
    lr_make_meta(make, LR_META_HOST, "node-7");
    last(make, seconds);
}

/* A C program's stack in a module that isn't here. */
static uint32_t native_stack(struct lr_make *make)
{
    uint32_t tool = lr_make_module(make, "/opt/tool/bin/tool", 0x400000, 0x400000, 0x500000, "");
    uint64_t frames[] = {lr_make_native_frame(tool, 0x4000), lr_make_native_frame(tool, 0x3000)};

    return lr_make_stack(make, frames, 2, 0);
}

static void lose(struct lr_make *make, uint32_t stack, uint64_t count, uint64_t bytes)
{
    lr_make_stack_totals(make, stack, 1000 + count, 1000 * 1024 + bytes, count, bytes);
    lr_make_counter(make, LR_CNT_live_full, count);
    lr_make_counter(make, LR_CNT_live_full_bytes, bytes);
}

/* Twenty minutes: a place grows by a block of 40 kB every second until, after twelve, there is no
 * room for more.  LEAKRING=budget=off. */
static void make_full(struct lr_make *make)
{
    enum { SECONDS = 1200, FULL = 720, EVERY = 10, SIZE = 40000 };
    uint32_t stack = native_stack(make);

    describe_native(make, SECONDS);
    for (uint64_t i = 0; i < FULL; i++)
        lr_make_live(make, 0x900000 + 0x10000 * i, SIZE, LR_KIND_MALLOC, stack, 5, 0);
    lose(make, stack, SECONDS - FULL, (SECONDS - FULL) * (uint64_t)SIZE);
    lr_make_followed(make, 0, LR_FOLLOWED_STACK, stack, 0);
    for (uint32_t s = EVERY; s < SECONDS; s += EVERY) {
        uint32_t held = s < FULL ? s : FULL;

        lr_make_point(make, LR_SEC_SERIES_1M, s * 1000)->values[LR_SERIES_lost] = s - held;
        lr_make_followed_point(make, LR_SEC_FOLLOWED_1M, s * 1000)->values[0] =
            (struct lr_followed_value){(float)(held * SIZE), (float)held};
    }
}

/* The same in a few seconds: nothing tells whether it would have gone on. */
static void make_full_soon(struct lr_make *make)
{
    uint32_t stack = native_stack(make);

    describe_native(make, 4);
    for (uint64_t i = 0; i < 1000; i++)
        lr_make_live(make, 0x900000 + 0x1000 * i, 1024, LR_KIND_MALLOC, stack, 5, 0);
    lose(make, stack, 1234567, 1234567 * UINT64_C(1024));
}

/* A minute of a C program: no stream, and no trend. */
static void make_short(struct lr_make *make)
{
    describe_native(make, 60);
    lr_make_live(make, 0x900000, 30000000, LR_KIND_MALLOC, native_stack(make), 5, 0);
}

/* Eight hours, in which a buffer rises within noise that would hide a leak. */
static void make_noisy(struct lr_make *make)
{
    enum { POINTS = 97, STEP_S = 300 };
    uint32_t stack = native_stack(make);

    describe_native(make, (POINTS - 1) * STEP_S);
    lr_make_live(make, 0x900000, 40000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_followed(make, 0, LR_FOLLOWED_STACK, stack, 0);
    for (uint32_t i = 0; i < POINTS; i++) {
        double chance = (double)(i * 7919 % 101) / 101 - 0.5, t = (double)i / (POINTS - 1);

        lr_make_followed_point(make, LR_SEC_FOLLOWED_1M, i * STEP_S * 1000)->values[0] =
            (struct lr_followed_value){
                (float)(35e6 + 6e6 * (t < 0.85 ? t : 0.85) + 2e6 * chance), 1};
    }
}

/* Names that would like to command the reader's terminal, to leave a JSON string, to be markup, or to
 * be read backwards. */
static void make_hostile(struct lr_make *make)
{
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t method =
        lr_make_method(make, "com.acme.\033[2J\"Evil\\", "read\n\x9b", "\xff.java", 0);
    uint64_t frames[] = {lr_make_java_frame_text(make, INFLATE),
                         lr_make_java_frame(make, method, 13)};

    describe_java(make);
    lr_make_meta(make, LR_META_CMDLINE,
                 "java \033]0;owned\007 \xc2\x9b"
                 "2J");
    lr_make_meta(make, LR_META_NOTE, "100 %s \033[31m");
    lr_make_meta(make, LR_META_NOTE, "<script>document.title = 'owned'</script>");
    lr_make_meta(make, LR_META_NOTE, "\" onload='x' </script><img src=x> \xe2\x80\xaegpj.exe\xe2\x81\xa6");
    add_site(make, inflater, lr_make_stack(make, frames, 2, 0), 1, 1, 0, false, 10);
}

static const struct sample {
    const char *name;
    void (*make)(struct lr_make *make);
    enum lr_verdict verdict;
} samples[] = {
    {"leak", make_leak, LR_VERDICT_LEAK},
    {"clean", make_clean, LR_VERDICT_NONE},
    {"in-use", make_in_use, LR_VERDICT_NONE},
    {"incomplete", make_incomplete, LR_VERDICT_CANNOT_TELL},
    {"blind", make_blind, LR_VERDICT_CANNOT_TELL},
    {"native", make_native, LR_VERDICT_LEAK},
    {"full", make_full, LR_VERDICT_LEAK},
    {"full-soon", make_full_soon, LR_VERDICT_CANNOT_TELL},
    {"short", make_short, LR_VERDICT_CANNOT_TELL},
    {"noisy", make_noisy, LR_VERDICT_CANNOT_TELL},
    {"hostile", make_hostile, LR_VERDICT_LEAK},
};
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static struct lr_make *make_sample(const struct sample *sample)
{
    struct lr_make *make = lr_make_new();

    next_handle = 0x1000000;
    sample->make(make);
    lr_make_seal(make);
    return make;
}

static void verdicts(void **state)
{
    for (int i = 0; i < SAMPLES; i++) {
        struct lr_make *make = make_sample(&samples[i]);
        struct lr_symbolizer *symbolizer;
        struct lr_error error;
        struct lr_model *model;
        struct lr_trace *trace;
        size_t size;
        unsigned char *bytes = lr_make_bytes(make, &size);

        if (lr_trace_open_bytes(bytes, size, samples[i].name, &trace, &error) != LR_OK)
            fail_msg("%s: %s", samples[i].name, error.text);
        symbolizer = lr_symbolizer_open(trace, NULL);
        assert_int_equal(lr_model_build(trace, symbolizer, &model, &error), LR_OK);
        assert_int_equal(model->verdict.kind, samples[i].verdict);
        lr_model_free(model);
        lr_symbolizer_close(symbolizer);
        lr_trace_close(trace);
        lr_make_free(make);
    }
}

/* Of a name and of a stack, whose outermost frame begins it. */
static void no_text_is_a_spreadsheets_formula(void **state)
{
    struct lr_make *make = lr_make_new();
    struct lr_symbolizer *symbolizer;
    struct lr_error error;
    struct lr_model *model;
    struct lr_trace *trace;
    char *text = NULL;
    size_t size;

    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t stack = lr_make_java_stack(make, 2, INFLATE, "=cmd.run(Cmd.java):3");
    lr_make_pairsite(make, pair, stack, 10, 9, 9);
    unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "formula", &trace, &error), LR_OK);
    symbolizer = lr_symbolizer_open(trace, NULL);
    assert_int_equal(lr_model_build(trace, symbolizer, &model, &error), LR_OK);
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(lr_emit_csv(out, model, NULL, &error), LR_OK);
    fclose(out);
    assert_non_null(strstr(text, "=cmd.run"));
    assert_null(strstr(text, "\"=cmd.run"));
    free(text);
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(make);
}

static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Changes a few bytes that are in use, behind the header and the directory. */
static void damage(unsigned char *bytes, size_t size)
{
    unsigned wanted = 1 + next_random() % 24;

    while (wanted > 0) {
        size_t at = LR_PAGE + next_random() % (size - LR_PAGE);

        if (bytes[at] == 0 && next_random() % 4096 != 0)
            continue;
        bytes[at] = (unsigned char)(next_random() % 3 ? next_random() : 0xff);
        wanted--;
    }
}

/* The formats for other tools: nothing of a damaged trace makes them fail. */
static void export_all(const struct lr_model *model)
{
    enum lr_status (*const emitters[])(FILE *, const struct lr_model *,
                                       const struct lr_stacks_options *, struct lr_error *) = {
        lr_emit_pprof, lr_emit_jeprof, lr_emit_gperftools,
        lr_emit_folded, lr_emit_csv, lr_emit_openmetrics};
    const struct lr_stacks_options options = {.lines = true};
    struct lr_error error;

    for (size_t i = 0; i < sizeof(emitters) / sizeof(emitters[0]); i++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        assert_int_equal(emitters[i](out, model, &options, &error), LR_OK);
        fclose(out);
        free(text);
    }
}

/* Whatever a damaged trace says, the report is written, and its JSON is JSON. */
static void report_or_refuse(const unsigned char *bytes, size_t size)
{
    const struct lr_emit_options options = {.whole_stacks = true, .width = 40};
    const struct lr_symbolizer_options no_files = {.no_files = true};
    const struct lr_model_options everything = {.past = true};
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
    struct lr_trace *trace;
    struct lr_error error;
    char *text = NULL;
    size_t length;
    FILE *out;

    if (lr_trace_open_bytes(bytes, size, "damaged", &trace, &error) != LR_OK)
        return;
    symbolizer = lr_symbolizer_open(trace, &no_files);
    assert_int_equal(lr_model_build_with(trace, symbolizer, &everything, &model, &error), LR_OK);
    export_all(model);
    out = open_memstream(&text, &length);
    assert_int_equal(lr_emit_text(out, model, &options, &error), LR_OK);
    assert_int_equal(fflush(out), 0);
    rewind(out);
    assert_int_equal(lr_emit_json(out, model, &options, &error), LR_OK);
    fclose(out);
    json_object *parsed = json_tokener_parse(text);
    assert_non_null(parsed);
    json_object_put(parsed);
    free(text);
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
}

static void damaged_traces_are_reported_or_refused(void **state)
{
    random_state = 20260102;
    for (int i = 0; i < SAMPLES; i++) {
        for (int round = 0; round < 25; round++) {
            struct lr_make *make = make_sample(&samples[i]);
            size_t size;
            unsigned char *bytes = lr_make_bytes(make, &size);

            damage(bytes, size);
            report_or_refuse(bytes, size);
            lr_make_free(make);
        }
    }
}

static void write_samples(const char *directory)
{
    for (int i = 0; i < SAMPLES; i++) {
        struct lr_make *make = make_sample(&samples[i]);
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s.lkr", directory, samples[i].name);
        lr_make_write(make, path);
        lr_make_free(make);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(no_text_is_a_spreadsheets_formula),
        cmocka_unit_test(damaged_traces_are_reported_or_refused),
    };

    if (argc == 2) {
        write_samples(argv[1]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
