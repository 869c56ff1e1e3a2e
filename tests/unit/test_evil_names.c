/* test_evil_names.c -- a trace in which every text was made to hurt whoever prints it.
 *
 * Stage: unit tests of LOAD.  `test_evil_names FILE [STREAMS]` writes the trace, for test_escapes.sh;
 * two with unequally many are a difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"

/* A terminal's commands (7 and 8 bit, and in UTF-8), a format, markup, a shell's and a spreadsheet's
 * words, a line that a CI system would obey, text backwards, half a character. */
#define EVIL                                                                                       \
    "EVIL\033]0;owned\007\033[2J\233\302\2332J%s%n%p<script>alert(1)</script>&\"'`$(id)|;,=1+1"     \
    "\r\n::error::owned\n\342\200\256gpj\342\201\246 \\u001b \342\202"

static void describe(struct lr_make *make)
{
    for (int key = LR_META_EXE; key <= LR_META_NOTE; key++)
        lr_make_meta(make, (enum lr_meta_key)key, EVIL);
    lr_make_header(make)->compat |= LR_COMPAT_JAVA;
    lr_make_mark(make, EVIL, 100);
}

static void add_streams(struct lr_make *make, const uint64_t *frames, unsigned live)
{
    uint32_t pair = lr_make_pairdef(make, EVIL, LR_PAIR_JAVA);
    uint32_t stack = lr_make_stack(make, frames, 3, 0);
    uint32_t site = lr_make_pairsite(make, pair, stack, 3 * live, live, 0);
    uint16_t thread = lr_make_thread(make, EVIL);

    for (unsigned i = 0; i < live; i++) {
        lr_make_pair(make, 0x7000 + i * 0x100, pair, site, stack, 1000 + i);
        ((struct lr_pair *)lr_make_entry(make, LR_SEC_PAIRS, i))->thread = thread;
    }
    lr_make_live(make, 0x8000000, 5000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_stack_totals(make, stack, 1, 5000000, 0, 0);
    lr_make_region(make, 0x10000000, 4096000, stack, 7, 3);
    lr_make_area(make, LR_AREA_FILE, 5000, 0x20000000, 1000, 4000, 0);
    lr_make_area_end(make, 5000, 1);
}

static struct lr_make *make_evil(unsigned live)
{
    struct lr_make *make = lr_make_new();
    uint32_t method = lr_make_method(make, EVIL, EVIL, EVIL, 0);
    uint32_t module = lr_make_module(make, "/" EVIL ".so", 0, 0x20000000, 0x30000000, "");
    uint64_t frames[] = {lr_make_native_frame(module, 0x1234), lr_make_java_frame(make, method, 7),
                         lr_make_java_frame(make, method, 9)};

    describe(make);
    add_streams(make, frames, live);
    lr_make_seal(make);
    return make;
}

static void no_text_is_evil_any_more(void **state)
{
    struct lr_make *make = make_evil(20);
    struct lr_frame_view frame;
    struct lr_trace *trace;
    struct lr_error error;
    uint64_t cursor = 0;
    const char *text;
    uint32_t key, texts = 0;
    size_t size;
    unsigned char *bytes = lr_make_bytes(make, &size);

    (void)state;
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x", &trace, &error), LR_OK);
    while (lr_trace_each_meta(trace, &cursor, &key, &text)) {
        texts++;
        assert_null(strpbrk(text, "\033\007\r\n\233"));
        assert_null(strstr(text, "\302\233"));
        assert_null(strstr(text, "\342\200\256"));
        assert_non_null(strstr(text, "EVIL?]0;owned??[2J?"));
    }
    assert_int_equal(texts, LR_META_NOTE);
    lr_trace_frame_at(trace, 1, 1, &frame);
    assert_null(strpbrk(frame.method, "\033\007\r\n"));
    lr_trace_close(trace);
    lr_make_free(make);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_text_is_evil_any_more)};

    if (argc > 1) {
        struct lr_make *make = make_evil(argc > 2 ? (unsigned)atoi(argv[2]) : 20);

        lr_make_write(make, argv[1]);
        lr_make_free(make);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
