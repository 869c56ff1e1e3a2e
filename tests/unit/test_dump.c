/* test_dump.c -- `leakring dump` writes exactly this text, and the same as JSON.
 *
 * Stage: unit tests of OUTPUT.  An awkward trace: damaged references, a torn record, names
 * that need quoting or cleaning.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "commands.h"
#include "make_trace.h"

static char trace_path[64], output_path[64];

/* One of everything, and what is awkward to print. */
static void make_trace(void)
{
    struct lr_make *make = lr_make_new();
    lr_make_meta(make, LR_META_EXE, "/usr/bin/java");
    lr_make_meta(make, LR_META_CMDLINE, "java -Dx=\"a\\b\" \033[31mred");
    lr_make_meta(make, 99, "a later key");
    lr_make_counter(make, LR_CNT_live_full, 3);
    lr_make_counter(make, LR_CNT_gc_count, UINT64_MAX);
    uint32_t module = lr_make_module(make, "/opt/my app/libfoo.so", 0x7f0000000000, 0x7f0000001000,
                                     0x7f0000010000, "00aabbff");
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint64_t frames[] = {lr_make_native_frame(module, 0x1234),
                         lr_make_native_frame(0, 0x7f00deadbeef),
                         lr_make_java_frame_text(make, "java.util.zip.Inflater.init:-2"),
                         lr_make_java_frame_text(make, "com.acme.Codec.<init>(Codec.java):42"),
                         lr_make_java_frame_text(make, "gr\xc3\xbc\xc3\x9f.E.\"q\":-1")};
    uint32_t stack = lr_make_stack(make, frames, 5, LR_STACK_JAVA_CUT | LR_STACK_DEPTH_CUT);
    lr_make_stack_totals(make, stack, 10, 1000, 1, 64);
    uint32_t site = lr_make_pairsite(make, inflater, stack, 10, 4, 1);
    lr_make_pair(make, 0x7f0000007000, inflater, site, stack, 100);
    lr_make_pair(make, 0x7f0000007100, 9, 9, stack, 101); /* bad references */
    lr_make_live(make, 0x8000, 100, LR_KIND_MALLOC, stack, 5, LR_LIVE_OWNED | LR_LIVE_LATER);
    lr_make_live(make, 0x8100 | LR_KEY_CLAIMED, 200, LR_KIND_NEW, 0, 6, 0);
    lr_make_live(make, 0x8200 | LR_KEY_BUSY, 300, LR_KIND_NEW, 0, 6, 0); /* torn: not shown */
    lr_make_region(make, 0x10000, 4096, stack, 7, 3 | 0x22 << 8);
    uint16_t main_thread = lr_make_thread(make, "main");
    ((struct lr_live *)lr_make_entry(make, LR_SEC_LIVE, 0))->thread =
        lr_make_thread(make, "http-nio 1");
    ((struct lr_region *)lr_make_entry(make, LR_SEC_REGIONS, 0))->thread = main_thread;
    ((struct lr_pair *)lr_make_entry(make, LR_SEC_PAIRS, 0))->thread = main_thread;
    lr_make_event(make, LR_EVENT_START, 0, 0, 0);
    lr_make_event(make, 77, 9, 1, 0xabc);
    lr_make_write(make, trace_path);
    lr_make_free(make);
}

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    if (file != NULL) {
        assert_true(fread(text, 1, (1 << 16) - 1, file) < (1 << 16) - 1);
        fclose(file);
    }
    return text;
}

/* What the command writes on stdout. */
static char *run_dump(int argc, char **argv)
{
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int file = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    int status = lr_cmd_dump(argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(file);
    assert_int_equal(status, 0);
    return slurp(output_path);
}

/* Every section but directory and counters, whose text changes with every new counter. */
static char *dump(const char *format)
{
    static const char *const words[] = {"-sheader",  "-smeta",  "-smodules",   "-sstacks", "-slive",
                                        "-sregions", "-spairs", "-spairsites", "-sevents"};
    enum { WORDS = sizeof(words) / sizeof(words[0]) };
    char copies[WORDS + 2][16], *argv[WORDS + 4];
    snprintf(copies[0], sizeof(copies[0]), "dump");
    snprintf(copies[1], sizeof(copies[1]), "%s", format);
    for (int i = 0; i < WORDS; i++)
        snprintf(copies[i + 2], sizeof(copies[0]), "%s", words[i]);
    for (int i = 0; i < WORDS + 2; i++)
        argv[i] = copies[i];
    argv[WORDS + 2] = trace_path;
    argv[WORDS + 3] = NULL;
    return run_dump(WORDS + 3, argv);
}

static const char expected_text[] =
    "header:\n"
    "  format=1 size= ended=exit pid=4242 image=0 start=2026-01-02T03:04:05.000Z"
    " end=2026-01-02T03:04:15.000Z duration_ms=10000 heartbeat_ms=9990 young_ms=100"
    " max_interval=0"
    " page_size=4096 machine=62 exact young\n"
    "  damaged_sections=0 damaged_references=2 damaged_values=0 torn_records=1\n"
    "meta:\n"
    "  key=exe value=/usr/bin/java\n"
    "  key=cmdline value=\"java -Dx=\\\"a\\\\b\\\" ?[31mred\"\n"
    "  key=unknown value=\"a later key\"\n"
    "modules:\n"
    "  module=1 path=\"/opt/my app/libfoo.so\" start=0x7f0000001000 end=0x7f0000010000"
    " bias=0x7f0000000000 build_id=00aabbff load_ms=0 unload_ms=0\n"
    "stacks:\n"
    "  stack=1 alloc_count=10 alloc_bytes=1000 count_variance=0 bytes_variance=0 lost_count=1"
    " lost_bytes=64 first_ms=0 java depth_cut java_cut\n"
    "    kind=unknown function=libfoo.so+0x1234 module=\"/opt/my app/libfoo.so\""
    " address=0x1234\n"
    "    kind=unknown function=0x7f00deadbeef module=\"\" address=0x7f00deadbeef\n"
    "    kind=java function=java.util.zip.Inflater.init line=-2\n"
    "    kind=java function=com.acme.Codec.<init> file=Codec.java line=42\n"
    "    kind=java function=\"grüß.E.\\\"q\\\"\"\n"
    "live:\n"
    "  address=0x8000 size=100 kind=malloc stack=1 birth_ms=5 weight=1 thread=\"http-nio 1\" owned later\n"
    "  address=0x8100 size=200 kind=new stack=0 birth_ms=6 weight=1 claimed\n"
    "regions:\n"
    "  start=0x10000 length=4096 stack=1 birth_ms=7 prot=0x3 flags=0x22 thread=main\n"
    "pairs:\n"
    "  handle=0x7f0000007000 pair=java.util.zip.Inflater site=0 stack=1 birth_ms=100 thread=main\n"
    "  handle=0x7f0000007100 pair=\"\" site=-1 stack=1 birth_ms=101\n"
    "pairsites:\n"
    "  site=0 pair=java.util.zip.Inflater stack=1 acquired=10 released=4"
    " released_by_cleaner=1 released_unknown=0 lost=0\n"
    "events:\n"
    "  number=0 time_ms=0 type=start a=0 b=0x0 tid=4242\n"
    "  number=1 time_ms=9 type=unknown a=1 b=0xabc tid=4242\n";

static void as_text(void **state)
{
    (void)state;
    char *text = dump("--format=text"), *size = strstr(text, " size=") + 6;
    size_t digits = strspn(size, "0123456789"); /* changes with every new section and figure */
    memmove(size, size + digits, strlen(size + digits) + 1);
    assert_string_equal(text, expected_text);
    free(text);
}

/* The same records and values, told from the text only by JSON's syntax. */
static void as_json(void **state)
{
    (void)state;
    char *text = dump("--format=json");
    struct json_object *root = json_tokener_parse(text), *stacks, *stack, *frames, *value;
    assert_non_null(root);
    assert_true(json_object_object_get_ex(root, "schema", &value));
    assert_string_equal(json_object_get_string(value), "leakring.dump/1");
    static const struct {
        const char *name;
        size_t records;
    } sections[] = {{"header", 2},  {"meta", 3},  {"modules", 1},   {"stacks", 1}, {"live", 2},
                    {"regions", 1}, {"pairs", 2}, {"pairsites", 1}, {"events", 2}};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        assert_true(json_object_object_get_ex(root, sections[i].name, &value));
        assert_int_equal(json_object_array_length(value), sections[i].records);
    }
    assert_int_equal(json_object_object_length(root), 10);
    assert_true(json_object_object_get_ex(root, "meta", &value));
    assert_true(json_object_object_get_ex(json_object_array_get_idx(value, 1), "value", &value));
    assert_string_equal(json_object_get_string(value), "java -Dx=\"a\\b\" ?[31mred");
    assert_true(json_object_object_get_ex(root, "stacks", &stacks));
    stack = json_object_array_get_idx(stacks, 0);
    assert_true(json_object_object_get_ex(stack, "java_cut", &value));
    assert_true(json_object_get_boolean(value));
    assert_true(json_object_object_get_ex(stack, "frames", &frames));
    assert_int_equal(json_object_array_length(frames), 5);
    assert_true(
        json_object_object_get_ex(json_object_array_get_idx(frames, 4), "function", &value));
    assert_string_equal(json_object_get_string(value), "gr\xc3\xbc\xc3\x9f.E.\"q\"");
    json_object_put(root);
    free(text);
}

static void one_section(void **state)
{
    (void)state;
    char name[] = "dump", option[] = "--section=counters";
    char *text = run_dump(3, (char *[]){name, option, trace_path, NULL});
    assert_ptr_equal(strstr(text, "counters:\n  name=live_full kind=loss value=3\n"), text);
    assert_non_null(strstr(text, "\n  name=gc_count kind=info value=18446744073709551615\n"));
    assert_null(strstr(text, "meta:"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_text), cmocka_unit_test(as_json),
                                       cmocka_unit_test(one_section)};
    snprintf(trace_path, sizeof(trace_path), "/tmp/leakring-test-dump.%d.lkr", (int)getpid());
    snprintf(output_path, sizeof(output_path), "/tmp/leakring-test-dump.%d.out", (int)getpid());
    make_trace();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(trace_path);
    unlink(output_path);
    return failed;
}
