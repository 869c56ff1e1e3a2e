/* test_symbolize_same.c -- functions, lines and inlined calls equal those of other tools.
 *
 * Stage: unit tests of SYMBOLIZE.  Each case builds or takes a file, and asks us and a tool about
 * addresses spread over its code (tests/lib/addr2line.h).  eu-addr2line is the tool wherever it
 * can answer; it can't for what compilers describe without .debug_aranges, in namespaces (clang,
 * Rust), by LTO and by split DWARF: there it is llvm-addr2line or binutils' addr2line.
 * timeout: 1200
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "addr2line.h"

enum { SAMPLES = 1000, LIBRARY_SAMPLES = 300 };
static char scratch[64];

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

/* One way to get a file.  `build` is a shell command, run in the scratch directory, that makes the
 * file `name`; $src is where the sources are, $plain the C++ program whose answers are known. */
struct sample {
    const char *name;
    const char *needs; /* commands, blank-separated, that must be installed */
    const char *build;
    const char *tool;  /* NULL: eu-addr2line */
    const char *truth; /* the tool is asked about this file; NULL: the same */
    bool no_lines, debug_dir;
};

#define PLAIN "{ [ -e plain ] || g++ -O2 -g -o plain $src/probe.cc; } && "
/* rustup's rustc looks for its compilers below HOME, which tests have elsewhere. */
#define RUST                                                                                       \
    "rustc=$(command -v rustc); export "                                                           \
    "RUSTUP_HOME=${RUSTUP_HOME:-${rustc%/*/bin/rustc}/.rustup}; "                                  \
    "rustc -vV >/dev/null 2>&1 || exit 77; rustc "
#define SYMTAB "objcopy -g plain symtab && "
#define FILE_BY(name_, needs_, build_, ...)                                                        \
    {                                                                                              \
        .name = (name_), .needs = (needs_), .build = (build_), ##__VA_ARGS__                       \
    }
static const struct sample samples[] = {
    FILE_BY("c-dwarf5", "gcc", "gcc -O2 -g -gdwarf-5 -o $out $src/probe.c"),
    FILE_BY("c-dwarf4", "gcc", "gcc -O2 -g -gdwarf-4 -o $out $src/probe.c"),
    FILE_BY("c-O0", "gcc", "gcc -O0 -g -o $out $src/probe.c"),
    FILE_BY("c-lto", "gcc llvm-addr2line", "gcc -O2 -g -flto -o $out $src/probe.c",
            .tool = "llvm-addr2line"),
    FILE_BY("c-split", "gcc llvm-addr2line", "gcc -O2 -g -gsplit-dwarf -o $out $src/probe.c",
            .tool = "llvm-addr2line"),
    FILE_BY("c-clang-dwarf5", "clang",
            "clang -O2 -g -gdwarf-5 -gdwarf-aranges -o $out $src/probe.c"),
    FILE_BY("c-clang-dwarf4", "clang",
            "clang -O2 -g -gdwarf-4 -gdwarf-aranges -o $out $src/probe.c"),
    FILE_BY("c++-dwarf4", "g++", "g++ -O3 -g -gdwarf-4 -o $out $src/probe.cc"),
    FILE_BY("c++-clang-dwarf5", "clang++ llvm-addr2line",
            "clang++ -O2 -g -gdwarf-5 -o $out $src/probe.cc", .tool = "llvm-addr2line"),
    FILE_BY("c++-clang-dwarf4", "clang++ llvm-addr2line",
            "clang++ -O2 -g -gdwarf-4 -o $out $src/probe.cc", .tool = "llvm-addr2line"),
    FILE_BY("rust", "rustc", RUST "-g -O -o $out $src/probe.rs", .tool = "addr2line"),
    FILE_BY("rust-v0", "rustc",
            RUST "-g -C opt-level=1 -C symbol-mangling-version=v0 -o $out $src/probe.rs",
            .tool = "addr2line"),
    FILE_BY("c++", "g++", PLAIN "cp plain $out"),
    FILE_BY("zlib", "g++", PLAIN "objcopy --compress-debug-sections=zlib plain $out",
            .truth = "plain"),
    FILE_BY("zdebug", "g++", PLAIN "objcopy --compress-debug-sections=zlib-gnu plain $out",
            .truth = "plain"),
    FILE_BY("zstd", "g++",
            "ldconfig -p | grep -q libzstd.so.1 && objcopy --help | grep -q zstd || exit 77; " PLAIN
            "objcopy --compress-debug-sections=zstd plain $out",
            .truth = "plain"),
    FILE_BY("debuglink", "g++",
            PLAIN "objcopy --only-keep-debug plain plain.debug && "
                  "objcopy -S --add-gnu-debuglink=plain.debug plain $out",
            .truth = "plain"),
    FILE_BY("build-id", "g++",
            PLAIN
            "id=$(eu-readelf -n plain | sed -n 's/.*Build ID: //p') && two=${id%%${id#??}} && "
            "mkdir -p store/.build-id/$two && objcopy --only-keep-debug --compress-debug-sections "
            "plain store/.build-id/$two/${id#??}.debug && objcopy -S plain $out",
            .truth = "plain", .debug_dir = true),
    FILE_BY("dwz", "g++ dwz", PLAIN "dwz -o $out plain", .truth = "plain"),
    FILE_BY("dwz-alt", "g++ dwz",
            PLAIN "cp plain $out && cp plain other && dwz -m common.debug $out other && "
                  "eu-readelf -S $out | grep -q gnu_debugaltlink",
            .truth = "plain"),
    FILE_BY("dwz-alt-debuglink", "g++ dwz",
            PLAIN "cp plain one && cp plain two && dwz -m common.debug one two && "
                  "objcopy --only-keep-debug one one.debug && "
                  "objcopy -S -R .gnu_debugaltlink --add-gnu-debuglink=one.debug one $out",
            .truth = "plain"),
    FILE_BY("symtab", "g++", PLAIN "objcopy -g plain $out", .no_lines = true),
    FILE_BY("minidebuginfo", "g++ xz",
            "ldconfig -p | grep -q liblzma.so.5 || exit 77; " PLAIN SYMTAB
            "objcopy --only-keep-debug symtab mini && xz -9 mini && "
            "objcopy -S --add-section .gnu_debugdata=mini.xz symtab $out",
            .truth = "symtab", .no_lines = true),
};

static void report(const char *line)
{
    print_error("%s\n", line);
}

static void compare(const struct lr_addr2line_query *query, struct lr_addr2line_result *result)
{
    struct lr_addr2line_query asked = *query;

    asked.report = report;
    assert_int_equal(lr_addr2line_compare(&asked, result), 0);
    print_message("# %s: %zu of %zu equal (%zu inlined, %zu with lines, %zu by another name, "
                  "%zu by a shorter one), %zu torn, %zu outside\n",
                  query->path, result->same, result->asked, result->inlined, result->lines,
                  result->alias, result->brief, result->torn, result->outside);
    assert_true(result->torn + result->outside <= result->asked / 20);
}

static bool is_installed(const char *commands)
{
    return run("for c in %s; do command -v $c >/dev/null || exit 1; done", commands) == 0;
}

static void built(void **state)
{
    const struct sample *sample = *state;
    char path[256], truth[256], store[256];
    struct lr_addr2line_result result;
    int status;

    if (!is_installed("eu-addr2line eu-readelf addr2line objcopy") ||
        !is_installed(sample->needs)) {
        print_message("# SKIP not installed: %s\n", sample->needs);
        skip();
    }
    snprintf(path, sizeof(path), "%s/%s", scratch, sample->name);
    status = run("cd %s && src='%s/tests/fixtures/symbols' out=%s; { %s; } >&2", scratch,
                 LR_SOURCE_ROOT, sample->name, sample->build);
    if (status == 77 << 8) {
        print_message("# SKIP this machine's tools or libraries don't know %s\n", sample->name);
        skip();
    }
    assert_int_equal(status, 0);
    snprintf(truth, sizeof(truth), "%s/%s", scratch, sample->truth ? sample->truth : sample->name);
    snprintf(store, sizeof(store), "%s/store", scratch);
    compare(&(struct lr_addr2line_query){.path = path,
                                         .samples = SAMPLES,
                                         .tool_path = truth,
                                         .debug_file = truth,
                                         .debug_dir = sample->debug_dir ? store : NULL,
                                         .tool = sample->tool},
            &result);
    assert_int_equal(result.other, 0);
    assert_true(result.same > SAMPLES * 9 / 10);
    if (!sample->no_lines) {
        assert_true(result.lines > SAMPLES / 2);
        assert_true(result.inlined > SAMPLES / 4);
    }
}

/* Where Debian's packages put the debug file of `path`; NULL when it isn't there. */
static const char *debug_file_of(const char *path, char buffer[512])
{
    char command[512], id[128] = "";
    FILE *pipe;

    snprintf(command, sizeof(command), "eu-readelf -n '%s' | sed -n 's/.*Build ID: //p'", path);
    pipe = popen(command, "r");
    if (pipe && fgets(id, sizeof(id), pipe))
        id[strcspn(id, "\n")] = '\0';
    if (pipe)
        pclose(pipe);
    snprintf(buffer, 512, "/usr/lib/debug/.build-id/%.2s/%s.debug", id, id[0] ? id + 2 : "");
    return access(buffer, R_OK) == 0 ? buffer : NULL;
}

/* Libraries of this machine, the first that matches each pattern. */
static const char *const libraries[] = {
    "/lib/*-linux-gnu*/libc.so.6",
    "/lib/*-linux-gnu*/libz.so.1",
    "/usr/lib/*-linux-gnu*/libstdc++.so.6",
    "/usr/lib/jvm/*17*/lib/server/libjvm.so",
    "/usr/lib/jvm/*25*/lib/server/libjvm.so",
};

static void installed(void **state)
{
    struct lr_addr2line_result result;
    char buffer[512];
    glob_t found;

    if (!is_installed("eu-addr2line eu-readelf") || glob(*state, 0, NULL, &found) != 0) {
        print_message("# SKIP not here: %s\n", (const char *)*state);
        skip();
    }
    compare(&(struct lr_addr2line_query){.path = found.gl_pathv[0],
                                         .samples = LIBRARY_SAMPLES,
                                         .debug_file = debug_file_of(found.gl_pathv[0], buffer)},
            &result);
    assert_true(result.same > LIBRARY_SAMPLES * 9 / 10);
    assert_true(result.other <= LIBRARY_SAMPLES / 100); /* any version of it, anybody's compiler */
    globfree(&found);
}

static int setup(void **state)
{
    (void)state;
    snprintf(scratch, sizeof(scratch), "/tmp/leakring-test-same.%d", (int)getpid());
    return mkdir(scratch, 0700);
}

static int teardown(void **state)
{
    (void)state;
    return run("rm -rf %s", scratch);
}

/* Under sanitizers a few do: most of the time is that of compilers and tools. */
#ifdef __SANITIZE_ADDRESS__
static bool is_wanted(const char *name)
{
    static const char *const few[] = {"c-dwarf5",  "rust",    "c++",          "zstd",
                                      "debuglink", "dwz-alt", "minidebuginfo"};

    for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++)
        if (strcmp(name, few[i]) == 0)
            return true;
    return strstr(name, "/libc.so") != NULL;
}
#else
static bool is_wanted(const char *name)
{
    (void)name;
    return true;
}
#endif

int main(void)
{
    enum {
        BUILT = sizeof(samples) / sizeof(samples[0]),
        INSTALLED = sizeof(libraries) / sizeof(libraries[0]),
    };
    struct CMUnitTest tests[BUILT + INSTALLED];
    size_t count = 0;

    memset(tests, 0, sizeof(tests));
    for (size_t i = 0; i < BUILT; i++)
        if (is_wanted(samples[i].name))
            tests[count++] = (struct CMUnitTest){
                .name = samples[i].name, .test_func = built, .initial_state = (void *)&samples[i]};
    for (size_t i = 0; i < INSTALLED; i++)
        if (is_wanted(libraries[i]))
            tests[count++] = (struct CMUnitTest){.name = libraries[i],
                                                 .test_func = installed,
                                                 .initial_state = (void *)libraries[i]};
    return _cmocka_run_group_tests("symbolize_same", tests, count, setup, teardown);
}
