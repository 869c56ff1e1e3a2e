/* test_symbol_worker.c -- what comes back from the process that reads ELF and DWARF is checked like a
 * file; and a process that dies takes nothing along but one module's names.
 *
 * Stage: unit tests of SYMBOLIZE.  `test_symbol_worker DIRECTORY` writes a trace NAME.lkr for each
 * library NAME.so there (tests/lib/hostile_elf.py), with leaks that its code acquired.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "make_trace.h"
#include "symbolize_worker.h"

/* Where the libraries have their code, and how many places in it acquire something. */
enum { FIRST = 0x1000, STEP = 0x20, PLACES = 16 };

static bool parse(struct lr_answer *answer, const char *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1); /* its own, for the sanitizers to see its end */

    memcpy(copy, bytes, size);
    return lr_answer_parse(answer, copy, size);
}

#define PARSE(answer, text) parse(answer, text, sizeof(text) - 1)
#define LINE_7 "\7\0\0\0"

static void an_answer_is_split(void **state)
{
    struct lr_answer answer;

    (void)state;
    assert_true(PARSE(&answer, "\0"));
    assert_int_equal(answer.count, 0);
    assert_string_equal(answer.problem, "");
    lr_answer_free(&answer);
    assert_true(PARSE(&answer, "why\0" LINE_7 "f\0f(int)\0a.c\0" LINE_7 "\0\0\0"));
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.problem, "why");
    assert_string_equal(answer.frames[0].function, "f");
    assert_string_equal(answer.frames[0].full, "f(int)");
    assert_string_equal(answer.frames[0].file, "a.c");
    assert_int_equal(answer.frames[0].line, 7);
    assert_string_equal(answer.frames[1].file, "");
    lr_answer_free(&answer);
}

static void nonsense_is_refused(void **state)
{
    static const char whole[] = "why\0" LINE_7 "f\0f(int)\0a.c\0";
    struct lr_answer answer;
    char many[1 + 7 * (LR_INLINE_MAX + 1)] = {0};

    (void)state;
    assert_false(PARSE(&answer, ""));
    for (size_t size = 1; size < sizeof(whole) - 1; size++)
        if (size != 4 && parse(&answer, whole, size)) /* behind the problem is an end */
            fail_msg("the first %zu bytes of an answer are taken for one", size);
    assert_false(PARSE(&answer, "why\0" LINE_7 "f\0f(int)\0a.c\0more"));
    assert_true(parse(&answer, many, sizeof(many) - 7));
    assert_int_equal(answer.count, LR_INLINE_MAX);
    lr_answer_free(&answer);
    assert_false(parse(&answer, many, sizeof(many)));
    assert_null(answer.bytes);
}

/* --- a process that dies -------------------------------------------------------------------- */

static struct fixture {
    struct lr_trace *trace;
    struct lr_symbolizer_options options;
    struct lr_symbol_site site;
    struct lr_symbol_worker *worker;
} fixture;

/* Modules 1 to 20 are this program, which has names. */
static int open_fixture(void **state)
{
    struct lr_make *make = lr_make_new();
    char self[512];
    size_t size;
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    (void)state;
    if (length <= 0)
        return -1;
    self[length] = '\0';
    for (unsigned i = 1; i <= 20; i++)
        lr_make_module(make, self, 0, 0, 0x10000000, "");
    const unsigned char *bytes = lr_make_bytes(make, &size);
    if (lr_trace_open_bytes(bytes, size, "x", &fixture.trace, NULL) != LR_OK)
        return -1;
    lr_make_free(make);
    fixture.site = (struct lr_symbol_site){.trace = fixture.trace,
                                           .options = &fixture.options,
                                           .module_count = lr_trace_module_entries(fixture.trace)};
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    lr_symbol_worker_end(fixture.worker);
    fixture.worker = NULL;
    lr_trace_close(fixture.trace);
    return waitpid(-1, NULL, WNOHANG) == -1 ? 0 : -1; /* no child is left */
}

static bool ask(uint32_t module, const char **problem)
{
    const struct lr_question question = {.module = module};
    struct lr_answer answer;
    bool answered =
        lr_symbol_worker_ask(&fixture.worker, &fixture.site, &question, &answer, problem);

    lr_answer_free(&answer);
    return answered;
}

/* The only child there is; found by what the kernel says of us. */
static pid_t child(void)
{
    char path[64];
    int pid = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%d", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    return pid;
}

static void the_dead_are_replaced(void **state)
{
    const char *problem;

    (void)state;
    assert_true(ask(1, &problem));
    pid_t first = child();
    if (first == 0)
        skip(); /* a kernel without that file */
    kill(first, SIGPROF);
    assert_false(ask(2, &problem)); /* it is dead, or dies of it */
    assert_non_null(strstr(problem, "its file is damaged"));
    assert_false(ask(2, &problem)); /* nobody is asked twice */
    assert_int_equal(child(), 0);
    assert_true(ask(1, &problem));
    assert_int_not_equal(child(), first);
    assert_true(ask(3, &problem));
}

/* SIGKILL is never its own doing, nor the file's. */
static void who_was_killed_is_asked_again(void **state)
{
    const char *problem;

    (void)state;
    assert_true(ask(1, &problem));
    pid_t first = child();
    if (first == 0)
        skip();
    kill(first, SIGKILL);
    assert_true(ask(2, &problem));
    assert_int_not_equal(child(), first);
}

/* A caller that ignores SIGCHLD, as some supervisors do, takes no status from us. */
static void it_is_known_who_was_killed_without_sigchld(void **state)
{
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);

    who_was_killed_is_asked_again(state);
    signal(SIGCHLD, before);
}

static void not_without_end(void **state)
{
    const char *problem;

    (void)state;
    for (uint32_t module = 1; module <= 8; module++) {
        assert_true(ask(20, &problem));
        if (child() == 0)
            skip();
        kill(child(), SIGPROF);
        assert_false(ask(module, &problem));
    }
    assert_false(ask(9, &problem));
    assert_non_null(strstr(problem, "too many files"));
    assert_int_equal(child(), 0);
}

/* --- traces of hostile libraries -------------------------------------------------------------- */

static int write_trace(const char *directory, const char *library)
{
    struct lr_make *make = lr_make_new();
    char path[1024], out[1024];
    uint64_t frames[2];
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", directory, library);
    snprintf(out, sizeof(out), "%s/%.*s.lkr", directory, (int)strlen(library) - 3, library);
    uint32_t bad = lr_make_module(make, path, 0, 0x10000000, 0x20000000, "");
    lr_make_meta(make, LR_META_EXE, "/usr/bin/true");
    lr_make_meta(make, LR_META_CMDLINE, "true");
    for (unsigned i = 0; i < PLACES; i++) {
        frames[1] = lr_make_native_frame(bad, FIRST + i * STEP + 1);
        frames[0] = lr_make_native_frame(bad, FIRST + (PLACES - 1 - i) * STEP + 9);
        uint32_t stack = lr_make_stack(make, frames, 2, 0);
        lr_make_live(make, 0x80000000 + i * 0x100000, 900000, LR_KIND_MALLOC, stack, 5, 0);
        lr_make_stack_totals(make, stack, 1, 900000, 0, 0);
    }
    lr_make_seal(make);
    const unsigned char *bytes = lr_make_bytes(make, &size);
    FILE *file = fopen(out, "w");
    int failed = !file || fwrite(bytes, 1, size, file) != size;
    if (file)
        failed |= fclose(file) != 0;
    lr_make_free(make);
    return failed;
}

static int write_traces(const char *directory)
{
    DIR *open = opendir(directory);
    int failed = open == NULL;

    for (struct dirent *entry; open && (entry = readdir(open));) {
        size_t length = strlen(entry->d_name);

        if (length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0)
            failed |= write_trace(directory, entry->d_name);
    }
    if (open)
        closedir(open);
    return failed;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_split),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test_setup_teardown(the_dead_are_replaced, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(who_was_killed_is_asked_again, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(it_is_known_who_was_killed_without_sigchld, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(not_without_end, open_fixture, close_fixture),
    };

    if (argc > 1)
        return write_traces(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
