/* test_symbolize.c -- native frames get the names that addr2line gives, by every way to them.
 *
 * Stage: unit tests of SYMBOLIZE.  The program under test is this one: every address of its
 * functions probe_* is asked for.
 */
#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "demangle.h"
#include "make_trace.h"
#include "symbolize.h"

#ifdef __clang__
#define PROBE __attribute__((noinline))
#else
#define PROBE __attribute__((noinline, noclone))
#endif
#define INLINE static inline __attribute__((always_inline))
static volatile int sink;

INLINE int probe_innermost(int value)
{
    sink = value * 3;
    return sink + value;
}

INLINE int probe_middle(int value)
{
    int sum = 0;
    for (int i = 0; i < value; i++) {
        int block = i * sink;
        sum += probe_innermost(block) + sink;
    }
    return sum;
}

PROBE int probe_one(int value);
PROBE int probe_one(int value)
{
    int result = probe_middle(value + 1);
    if (value > 3)
        result += probe_innermost(result);
    return result - sink;
}

PROBE int probe_two(int value);
PROBE int probe_two(int value)
{
    return probe_one(value) + probe_middle(sink);
}

/* This program, as a trace would record it. */
static struct self {
    char path[512];
    char build_id[2 * LR_BUILD_ID_MAX + 1];
    uint64_t bias;
} self;
static char scratch[64];

static void hex_build_id(const unsigned char *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size && i < LR_BUILD_ID_MAX; i++)
        sprintf(self.build_id + (size_t)2 * i, "%02x", bytes[i]);
}

static int find_self(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    self.bias = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE)
            continue;
        const unsigned char *at =
            (const unsigned char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        const unsigned char *end = at + info->dlpi_phdr[i].p_memsz;
        while (at + 12 <= end) {
            uint32_t words[3];
            memcpy(words, at, sizeof(words));
            const unsigned char *name = at + 12, *text = name + (words[0] + 3) / 4 * 4;
            if (words[2] == 3 && words[0] == 4 && memcmp(name, "GNU", 4) == 0)
                hex_build_id(text, words[1]);
            at = text + (words[1] + 3) / 4 * 4;
        }
    }
    return 1; /* the first one is the program */
}

static int setup(void **state)
{
    (void)state;
    ssize_t length = readlink("/proc/self/exe", self.path, sizeof(self.path) - 1);
    dl_iterate_phdr(find_self, NULL);
    snprintf(scratch, sizeof(scratch), "/tmp/leakring-test-symbolize.%d", (int)getpid());
    sink = 2;
    sink += probe_two(5);
    return length > 0 && mkdir(scratch, 0700) == 0 ? 0 : -1;
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    return system(command);
}

static int teardown(void **state)
{
    (void)state;
    return run("rm -rf %s", scratch);
}

enum { A_STACK = 256 }; /* frames: no writer keeps more */

/* A trace with one frame per address in a module, in stacks from `stack` on, and its symbolizer. */
struct fixture {
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    uint32_t module, stack;
};

static void open_fixture(struct fixture *fixture, const char *module, const char *build_id,
                         const uint64_t *addresses, unsigned count,
                         const struct lr_symbolizer_options *options)
{
    uint64_t frames[4096];
    size_t size;
    struct lr_make *make = lr_make_new();
    assert_true(count <= 4096);
    fixture->module = lr_make_module(make, module, 0, 0x1000, 0x10000000, build_id);
    for (unsigned i = 0; i < count; i++)
        frames[i] = lr_make_native_frame(fixture->module, addresses[i] + 1);
    fixture->stack = lr_make_stack(make, frames, count < A_STACK ? count : A_STACK, 0);
    for (unsigned i = A_STACK; i < count; i += A_STACK)
        lr_make_stack(make, frames + i, count - i < A_STACK ? count - i : A_STACK, 0);
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x", &fixture->trace, NULL), LR_OK);
    lr_make_free(make);
    fixture->symbolizer = lr_symbolizer_open(fixture->trace, options);
    assert_non_null(fixture->symbolizer);
}

static void close_fixture(struct fixture *fixture)
{
    lr_symbolizer_close(fixture->symbolizer);
    lr_trace_close(fixture->trace);
}

/* Is `path` what the tool says?  The tools put the compiler's directory before relative ones. */
static bool same_file(const char *tools, const char *path)
{
    size_t tools_length = strlen(tools), length = strlen(path);
    return length > 0 && length <= tools_length && strcmp(tools + tools_length - length, path) == 0;
}

/* Reads one frame of `TOOL -f -i`: "FUNCTION [inlined at …]", then "FILE:LINE…". */
static void expect_frame(FILE *tool, const struct lr_frame_name *name, uint64_t address)
{
    char function[1024], place[1024];
    assert_non_null(fgets(function, sizeof(function), tool));
    assert_non_null(fgets(place, sizeof(place), tool));
    function[strcspn(function, " \n")] = '\0';
    char *colon = strchr(place, ':');
    assert_non_null(colon);
    *colon = '\0';
    int line = atoi(colon + 1);
    if (strcmp(function, name->full) != 0 || (line > 0 ? line : LR_LINE_UNKNOWN) != name->line ||
        (line > 0 && !same_file(place, name->file)))
        fail_msg("0x%llx: %s %s:%d, but the tool says %s %s:%d", (unsigned long long)address,
                 name->full, name->file, name->line, function, place, line);
}

/* The addresses of the functions probe_*, by what nm says of their sizes; also written to
 * `list`, a line each. */
static unsigned probe_addresses(uint64_t *addresses, unsigned max, const char *list)
{
    char command[1024];
    unsigned long long start, size;
    unsigned count = 0;
    snprintf(command, sizeof(command), "nm -S --defined-only '%s' | grep ' [tT] probe_'",
             self.path);
    FILE *nm = popen(command, "r"), *file = fopen(list, "w");
    assert_true(nm != NULL && file != NULL);
    while (fscanf(nm, "%llx %llx %*s %*s", &start, &size) == 2)
        for (; size > 0 && count < max; size--) {
            fprintf(file, "0x%llx\n", start);
            addresses[count++] = start++;
        }
    fclose(file);
    pclose(nm);
    return count;
}

/* Every address of the probe functions, as `tool` names it and as we do. */
static void compare_with(const char *tool_name)
{
    if (run("command -v %s >/dev/null && command -v nm >/dev/null", tool_name) != 0) {
        print_message("# SKIP %s or nm is not installed\n", tool_name);
        skip();
    }
    static uint64_t addresses[4096];
    char list[128], command[2048];
    snprintf(list, sizeof(list), "%s/addresses", scratch);
    unsigned count = probe_addresses(addresses, 4096, list);
    assert_in_range(count, 20, 4095);
    struct fixture fixture;
    open_fixture(&fixture, self.path, self.build_id, addresses, count, NULL);

    snprintf(command, sizeof(command), "xargs %s -f -i -e '%s' <%s", tool_name, self.path, list);
    FILE *tool = popen(command, "r");
    assert_non_null(tool);
    unsigned inlined = 0, deepest = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct lr_frame_name *names;
        size_t depth = lr_symbolize_frame(fixture.symbolizer, fixture.stack + i / A_STACK,
                                          i % A_STACK, &names);
        for (size_t f = 0; f < depth; f++) {
            expect_frame(tool, &names[f], addresses[i]);
            assert_int_equal(names[f].inlined, f + 1 < depth);
        }
        inlined += depth > 1;
        deepest = depth > deepest ? (unsigned)depth : deepest;
    }
    assert_int_equal(fgetc(tool), EOF);
    pclose(tool);
    assert_true(inlined > 10);
    assert_int_equal(deepest, 3);
    assert_null(lr_symbolizer_module_problem(fixture.symbolizer, fixture.module));
    close_fixture(&fixture);
}

static void as_eu_addr2line_says(void **state)
{
    (void)state;
#ifdef __clang__
    print_message("# SKIP clang writes no .debug_aranges, without which eu-addr2line is blind\n");
    skip();
#endif
    compare_with("eu-addr2line");
}

static void as_addr2line_says(void **state)
{
    (void)state;
#ifdef __clang__
    print_message("# SKIP binutils can't read the range lists that clang writes\n");
    skip();
#endif
    compare_with("addr2line");
}

static void as_llvm_addr2line_says(void **state)
{
    (void)state;
    compare_with("llvm-addr2line");
}

/* What probe_one's first instruction is called when `module` is looked at. */
static void expect_function(const char *module, const char *build_id,
                            const struct lr_symbolizer_options *options, const char *function,
                            bool with_line, const char *problem)
{
    uint64_t address = (uintptr_t)probe_one - self.bias;
    struct fixture fixture;
    const struct lr_frame_name *names;
    open_fixture(&fixture, module, build_id, &address, 1, options);
    size_t count = lr_symbolize_frame(fixture.symbolizer, fixture.stack, 0, &names);
    const struct lr_frame_name *name = &names[count - 1];
    char raw[256];
    const char *slash = strrchr(module, '/');
    snprintf(raw, sizeof(raw), "%s+0x%llx", slash ? slash + 1 : module,
             (unsigned long long)address + 1);
    assert_string_equal(name->function, function != NULL ? function : raw);
    assert_int_equal(name->kind, function != NULL ? LR_FRAME_KIND_NATIVE : LR_FRAME_KIND_UNKNOWN);
    assert_int_equal(name->line > 0, with_line);
    assert_string_equal(name->module, module);
    const char *told = lr_symbolizer_module_problem(fixture.symbolizer, fixture.module);
    if (problem == NULL)
        assert_null(told);
    else if (told == NULL || strstr(told, problem) == NULL)
        fail_msg("problem is \"%s\", not \"%s\"", told ? told : "(none)", problem);
    close_fixture(&fixture);
}

static void without_the_right_file(void **state)
{
    (void)state;
    expect_function(self.path, self.build_id, NULL, "probe_one", true, NULL);
    expect_function(self.path, "", NULL, "probe_one", true, NULL);
    expect_function(self.path, "00112233445566778899aabbccddeeff00112233", NULL, NULL, false,
                    "changed since");
    expect_function("/nonexistent/libgone.so", self.build_id, NULL, NULL, false, "not on this");
    expect_function("/etc/passwd", "", NULL, NULL, false, "can't be read as ELF");
    expect_function("/tmp", "", NULL, NULL, false, "can't be read as ELF");
    expect_function("anon_inode", "", NULL, NULL, false, "no file");
    struct lr_symbolizer_options no_files = {.no_files = true};
    expect_function(self.path, self.build_id, &no_files, NULL, false, NULL);
    char deleted[600];
    snprintf(deleted, sizeof(deleted), "%s (deleted)", self.path);
    expect_function(deleted, self.build_id, NULL, "probe_one", true, NULL);
}

static void by_symtab_and_by_separate_debug_files(void **state)
{
    (void)state;
    char stripped[128], bare[128];
    if (run("command -v objcopy >/dev/null") != 0) {
        print_message("# SKIP objcopy (binutils) is not installed\n");
        skip();
    }
    snprintf(stripped, sizeof(stripped), "%s/stripped", scratch);
    assert_int_equal(run("objcopy --strip-debug '%s' %s", self.path, stripped), 0);
    expect_function(stripped, self.build_id, NULL, "probe_one", false, NULL);

    snprintf(bare, sizeof(bare), "%s/bare", scratch);
    assert_int_equal(run("cd %s && objcopy --only-keep-debug '%s' bare.debug && objcopy "
                         "--strip-all --add-gnu-debuglink=bare.debug '%s' bare",
                         scratch, self.path, self.path),
                     0);
    expect_function(bare, self.build_id, NULL, "probe_one", true, NULL);
    assert_int_equal(run("cd %s && mkdir .debug && mv bare.debug .debug", scratch), 0);
    expect_function(bare, self.build_id, NULL, "probe_one", true, NULL);

    /* The same debug file under its build-id, in a directory that the user names. */
    assert_int_equal(run("cd %s && mkdir -p store/.build-id/%.2s && mv .debug/bare.debug "
                         "store/.build-id/%.2s/%s.debug",
                         scratch, self.build_id, self.build_id, self.build_id + 2),
                     0);
    char store[128];
    snprintf(store, sizeof(store), "%s/store", scratch);
    struct lr_symbolizer_options options = {.debug_dir = store};
    expect_function(bare, self.build_id, &options, "probe_one", true, NULL);
    /* … which does even without the program. */
    expect_function("/nonexistent/bare", self.build_id, &options, "probe_one", true, NULL);

    /* A debug file that the link's checksum doesn't fit is not used. */
    assert_int_equal(
        run("cd %s && rm -rf .debug && mkdir .debug && cp stripped .debug/bare.debug", scratch), 0);
    struct lr_symbolizer_options none = {0};
    uint64_t address = (uintptr_t)probe_one - self.bias;
    struct fixture fixture;
    const struct lr_frame_name *names;
    open_fixture(&fixture, bare, self.build_id, &address, 1, &none);
    lr_symbolize_frame(fixture.symbolizer, fixture.stack, 0, &names);
    assert_string_not_equal(names[0].function, "probe_one");
    close_fixture(&fixture);
}

static void exported_names_of_a_library(void **state)
{
    (void)state;
    Dl_info info;
    assert_int_not_equal(dladdr((void *)(uintptr_t)inflateReset2, &info), 0);
    uint64_t address = (uintptr_t)inflateReset2 - (uintptr_t)info.dli_fbase;
    struct fixture fixture;
    const struct lr_frame_name *names;
    open_fixture(&fixture, info.dli_fname, "", &address, 1, NULL);
    size_t count = lr_symbolize_frame(fixture.symbolizer, fixture.stack, 0, &names);
    assert_string_equal(names[count - 1].function, "inflateReset2");
    close_fixture(&fixture);
}

static void java_frames_and_whole_stacks(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t module = lr_make_module(make, self.path, 0, 0x1000, 0x10000000, self.build_id);
    uint32_t generated = lr_make_method(make, "a.Lambda$1", "run", "", LR_METHOD_HIDDEN);
    uint64_t frames[] = {
        lr_make_native_frame(module, (uintptr_t)probe_one - self.bias + 1),
        lr_make_java_frame_text(make, "com.acme.Codec.read(Codec.java):42"),
        lr_make_java_frame(make, generated, LR_LINE_UNKNOWN),
        lr_make_java_frame_text(make, "java.util.zip.Inflater.init(Inflater.java):-2"),
        lr_make_native_frame(0, 0x7f0012345678),
        LR_FRAME_JAVA | 4000, /* damaged */
    };
    uint32_t stack = lr_make_stack(make, frames, 6, 0);
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    struct lr_trace *trace;
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x", &trace, NULL), LR_OK);
    struct lr_symbolizer *symbolizer = lr_symbolizer_open(trace, NULL);
    struct lr_frame_name *names;
    size_t count = lr_symbolize_stack(symbolizer, stack, UINT32_MAX, &names);
    assert_true(count >= 6);
    const struct lr_frame_name *last = names + count - 5;
    assert_string_equal(last[-1].function, "probe_one");
    assert_int_equal(last[0].kind, LR_FRAME_KIND_JAVA);
    assert_string_equal(last[0].function, "com.acme.Codec.read");
    assert_string_equal(last[0].file, "Codec.java");
    assert_int_equal(last[0].line, 42);
    assert_string_equal(last[1].function, "a.Lambda$1.run");
    assert_true(last[1].hidden && !last[0].hidden);
    assert_int_equal(last[1].line, LR_LINE_UNKNOWN);
    assert_int_equal(last[2].line, LR_LINE_NATIVE);
    assert_string_equal(last[3].function, "0x7f0012345678");
    assert_int_equal(last[3].kind, LR_FRAME_KIND_UNKNOWN);
    assert_string_equal(last[4].function, "[unknown Java method]");
    free(names);
    assert_int_equal(lr_symbolize_stack(symbolizer, 0, UINT32_MAX, &names), 0);
    assert_null(names);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void names_are_demangled(void **state)
{
    (void)state;
    static const struct {
        const char *mangled, *full, *brief;
    } names[] = {
        {"malloc", "malloc", "malloc"},
        {"_ZN2os6mallocEm8MEMFLAGS", "os::malloc(unsigned long, MEMFLAGS)", "os::malloc"},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi",
         "std::vector<int, std::allocator<int> >::push_back(int const&)",
         "std::vector<int, std::allocator<int> >::push_back"},
        {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write", "core::fmt::write"},
        {"_RNvC6_123foo3bar", "123foo::bar", "123foo::bar"},
        {"_Znwm", "operator new(unsigned long)", "operator new"},
        {"_Zgarbage", "_Zgarbage", "_Zgarbage"},
        {"copy_block.isra.0", "copy_block.isra.0", "copy_block"},
        {"_ZN1A1bEv.cold", "A::b() [clone .cold]", "A::b"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *full = lr_demangle(names[i].mangled), *brief = lr_demangle_short(names[i].mangled);
        assert_string_equal(full, names[i].full);
        assert_string_equal(brief, names[i].brief);
        free(full);
        free(brief);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_eu_addr2line_says),
        cmocka_unit_test(as_addr2line_says),
        cmocka_unit_test(as_llvm_addr2line_says),
        cmocka_unit_test(without_the_right_file),
        cmocka_unit_test(by_symtab_and_by_separate_debug_files),
        cmocka_unit_test(exported_names_of_a_library),
        cmocka_unit_test(java_frames_and_whole_stacks),
        cmocka_unit_test(names_are_demangled),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
