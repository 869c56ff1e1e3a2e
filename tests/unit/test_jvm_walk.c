/* test_jvm_walk.c -- the walk over Java frames and what compiled frames mean, on a code cache and
 * stacks of our own making (fake_code.c), of earlier and later JDKs: each kind of frame, wrong
 * ones, and random ones.  What is read outside of them crashes the test.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_code.h"
#include "fake_vm.h"
#include "jvm_code.h"
#include "jvm_internal.h"
#include "leakring/format.h"

enum { MAX = 64, BCP = 0x7000 };

static uintptr_t method[4], compiled[3], stub, leaf_stub, continuation;
static struct lr_java_raw frames[MAX];
static size_t count;

static uintptr_t make_method(const char *class_name, const char *name, bool is_native)
{
    struct lr_fake_method fake = {.class_name = class_name, .name = name, .is_native = is_native};
    return lr_vm_method_of(lr_fake_jmethod(&fake));
}

static void lay_code(bool split)
{
    lr_fake_code_start(split);
    lr_jvm = (struct lr_jvm_state){.names_ok = true};
    for (unsigned i = 0; i < 4; i++)
        method[i] = make_method("a/B", "run", false);
    uintptr_t bottom = make_method("jdk/internal/vm/Continuation", "enterSpecial", true);
    for (uint32_t i = 0; i < 3; i++) {
        struct lr_fake_blob blob = {.kind = LR_FAKE_NMETHOD,
                                    .name = "nmethod",
                                    .frame_words = 4 + 2 * i,
                                    .compile_id = 10 + i,
                                    .method = method[i],
                                    .frame_complete = 12,
                                    .orig_pc = 8,
                                    .call = 64,
                                    .scopes = {{method[3], 7}, {method[i], 5}}};
        compiled[i] = lr_fake_blob(&blob);
    }
    struct lr_fake_blob other = {
        .kind = LR_FAKE_STUB, .name = "a Runtime1 stub", .frame_words = 6, .call = 32};
    stub = lr_fake_blob(&other);
    other = (struct lr_fake_blob){
        .kind = LR_FAKE_BUFFER, .name = "StubRoutines (2)", .call = 32, .compile_id = 1};
    leaf_stub = lr_fake_blob(&other);
    other = (struct lr_fake_blob){.kind = LR_FAKE_NMETHOD,
                                  .name = "native nmethod",
                                  .frame_words = 4,
                                  .compile_id = 99,
                                  .method = bottom,
                                  .frame_complete = 12,
                                  .call = 64};
    continuation = lr_fake_blob(&other);
}

static int earlier(void **state)
{
    lay_code(false);
    return 0;
}

static int later(void **state)
{
    lay_code(true);
    return 0;
}

static enum lr_walk_end walk_as(enum lr_java_exit exit, size_t max)
{
    memset(frames, 0, sizeof frames);
    return lr_java_walk_from(lr_fake_at, exit, lr_fake_stack_high, frames, max, &count);
}

static void assert_compiled(size_t at, unsigned which, uintptr_t offset)
{
    assert_int_equal(lr_java_kind_of(frames[at]), LR_JAVA_COMPILED);
    assert_int_equal(frames[at].at, compiled[which] + offset);
    assert_int_equal(lr_java_id_of(frames[at]), 10 + which);
}

static void assert_interpreted(size_t at, unsigned which)
{
    assert_int_equal(lr_java_kind_of(frames[at]), LR_JAVA_INTERPRETED);
    assert_int_equal(frames[at].at, method[which]);
    assert_int_equal(lr_java_id_of(frames[at]), BCP);
}

/* From C++ through an interpreted to a compiled frame, again C++, compiled, a stub. */
static void push_all_kinds(void)
{
    lr_fake_push_entry();
    lr_fake_push_interpreted(method[0], BCP);
    lr_fake_push_fixed(compiled[1] + 64, 6);
    lr_fake_push_entry();
    lr_fake_push_fixed(compiled[2] + 64, 8);
    lr_fake_push_fixed(stub + 32, 6);
}

static void test_every_kind_of_frame_is_stepped_over(void **state)
{
    for (unsigned again = 0; again < 2; again++) { /* the second time from what was learned */
        lr_fake_stack_clear();
        push_all_kinds();
        assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_END);
        assert_int_equal(count, 3);
        assert_compiled(0, 2, 64);
        assert_compiled(1, 1, 64);
        assert_interpreted(2, 0);
    }
}

static void test_no_more_than_wanted(void **state)
{
    push_all_kinds();
    for (size_t max = 0; max < 3; max++) {
        assert_int_equal(walk_as(LR_EXIT_ANCHOR, max), LR_WALK_MORE);
        assert_int_equal(count, max);
        assert_int_equal(frames[max].id, 0);
    }
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, 3), LR_WALK_END);
}

static void test_inlined_methods_are_told(void **state)
{
    struct lr_java_walk walk = {.frames = frames};
    struct lr_java_frame told[MAX];
    uint32_t flags = 0;
    push_all_kinds();
    walk_as(LR_EXIT_ANCHOR, 2);
    walk.count = count;
    assert_int_equal(lr_jvm_resolve(&walk, told, MAX, &flags), 4);
    assert_int_equal(told[0].method, method[3]);
    assert_int_equal(told[0].bci, 7);
    assert_int_equal(told[1].method, method[2]);
    assert_int_equal(told[1].bci, 5);
    assert_int_equal(told[3].method, method[1]);
    assert_int_equal(flags, 0);
    frames[0].at -= 3; /* where no call is: the method without a place */
    walk.count = 1;
    assert_int_equal(lr_jvm_resolve(&walk, told, MAX, &flags), 1);
    assert_int_equal(told[0].method, method[2]);
    assert_int_equal(told[0].bci, -1);
}

static void test_frames_that_wait_to_be_deoptimized(void **state)
{
    lr_fake_push_entry();
    lr_fake_push_fixed(compiled[0] + LR_FAKE_DEOPT_AT, 4);
    ((uintptr_t *)lr_fake_at.sp)[1] = compiled[0] + 64; /* where it was */
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_END);
    assert_int_equal(count, 1);
    assert_compiled(0, 0, 64);
    ((uintptr_t *)lr_fake_at.sp)[1] = compiled[1] + 64; /* in another method: can't be */
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_DECLINED);
}

static void test_virtual_threads_end_at_their_bottom(void **state)
{
    lr_fake_push_entry();
    lr_fake_push_interpreted(method[0], BCP); /* the carrier's */
    lr_fake_push_fixed(continuation + 64, 4);
    lr_fake_push_fixed(compiled[1] + 64, 6);
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_END);
    assert_int_equal(count, 1);
    assert_compiled(0, 1, 64);
}

static void test_code_in_the_place_of_other_code(void **state)
{
    struct lr_fake_blob blob = {.kind = LR_FAKE_NMETHOD,
                                .name = "nmethod",
                                .frame_words = 4,
                                .compile_id = 200,
                                .method = method[0],
                                .call = 64};
    uintptr_t code = lr_fake_blob(&blob);
    for (uint32_t round = 0; round < 3; round++) {
        blob.compile_id = 200 + round;
        blob.frame_words = 4 + 2 * round;
        assert_int_equal(lr_fake_blob_again(&blob), code);
        lr_fake_stack_clear();
        lr_fake_push_entry();
        lr_fake_push_fixed(code + 64, blob.frame_words);
        assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_END);
        assert_int_equal(lr_java_id_of(frames[0]), 200 + round);
    }
}

/* --- without an anchor --- */

static void test_leaf_calls_begin_in_their_caller(void **state)
{
    lr_fake_push_entry();
    lr_fake_call(compiled[0] + 32, leaf_stub + 8);
    lr_fake_push_fixed(compiled[0] + 32, 4);
    assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), LR_WALK_END);
    assert_int_equal(count, 1);
    struct lr_java_place caller = lr_fake_at;
    for (uint32_t own = 0; own < 3; own++) { /* a stub that keeps nothing, one word, two */
        lr_fake_at = caller;
        lr_fake_push_framed(leaf_stub + 32, own, UINTPTR_MAX);
        assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), own < 2 ? LR_WALK_END : LR_WALK_DECLINED);
        assert_int_equal(count, own < 2 ? 1 : 0);
    }
    lr_fake_at = caller;
    lr_fake_call(compiled[0] + 32, stub); /* it called something else */
    lr_fake_push_framed(leaf_stub + 32, 0, 0);
    assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), LR_WALK_DECLINED);
}

static void test_a_guess_must_lead_behind_a_call(void **state)
{
    lr_fake_push_entry();
    lr_fake_push_fixed(compiled[1] + 64, 6);
    lr_fake_push_fixed(compiled[0] + 64, 4);
    lr_fake_at.sp -= sizeof(uintptr_t); /* the caller keeps something under its frame */
    assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), LR_WALK_DECLINED);
    lr_fake_at.sp += sizeof(uintptr_t);
    assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), LR_WALK_END);
    assert_int_equal(count, 2);
    ((uintptr_t *)lr_fake_at.sp)[3] += 8; /* no call there */
    assert_int_equal(walk_as(LR_EXIT_LEAF, MAX), LR_WALK_DECLINED);
}

static void test_signals_before_there_is_a_frame(void **state)
{
    lr_fake_push_entry();
    lr_fake_push_fixed(compiled[1] + 64, 6);
    struct lr_java_place caller = lr_fake_at;
    uintptr_t *sp = (uintptr_t *)caller.sp;
    *--sp = caller.pc; /* what the call pushed */
    lr_fake_at = (struct lr_java_place){compiled[0], (uintptr_t)sp, caller.fp};
    for (unsigned pushed = 0; pushed < 2; pushed++) { /* then the frame pointer */
        assert_int_equal(walk_as(LR_EXIT_SIGNAL, MAX), LR_WALK_END);
        assert_int_equal(count, 2);
        assert_compiled(0, 0, 4 * pushed);
        assert_compiled(1, 1, 64);
        *--sp = caller.fp;
        lr_fake_at = (struct lr_java_place){compiled[0] + 4, (uintptr_t)sp, caller.fp};
    }
    lr_fake_at = caller;
    lr_fake_push_fixed(compiled[0] + 100, 4); /* and where there is one */
    assert_int_equal(walk_as(LR_EXIT_SIGNAL, MAX), LR_WALK_END);
    assert_int_equal(count, 2);
    lr_fake_at.pc = leaf_stub + 32; /* in a stub nothing is known */
    assert_int_equal(walk_as(LR_EXIT_SIGNAL, MAX), LR_WALK_DECLINED);
}

static void test_signals_in_the_interpreter(void **state)
{
    lr_fake_push_entry();
    lr_fake_push_fixed(compiled[1] + 64, 6);
    lr_fake_push_interpreted(method[2], BCP);
    assert_int_equal(walk_as(LR_EXIT_SIGNAL, MAX), LR_WALK_END);
    assert_int_equal(count, 2);
    assert_interpreted(0, 2);
}

/* --- wrong stacks --- */

static void test_broken_frames_are_declined(void **state)
{
    push_all_kinds();
    struct lr_java_place good = lr_fake_at;
    uintptr_t wrong[] = {0, 1, good.sp - 64, good.sp, lr_fake_stack_high, UINTPTR_MAX - 7, 0x4711};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        lr_fake_at = good;
        lr_fake_at.pc = lr_fake_interpreter;
        lr_fake_at.fp = wrong[i];
        assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_DECLINED);
        lr_fake_at.pc = lr_fake_call_stub;
        assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_DECLINED);
    }
    lr_fake_at = good;
    lr_fake_at.pc = lr_fake_stack_low; /* no code */
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_DECLINED);
    lr_fake_at.pc = compiled[2] + 64; /* its frame would end above the stack */
    lr_fake_at.sp = lr_fake_stack_high - 16;
    assert_int_equal(walk_as(LR_EXIT_ANCHOR, MAX), LR_WALK_DECLINED);
}

static uint64_t seed;

static uint64_t any(uint64_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (seed >> 33) % limit;
}

/* Something that may be found on a stack. */
static uintptr_t any_word(void)
{
    switch (any(8)) {
    case 0:
        return any(3) - 1;
    case 1:
        return compiled[any(3)] + any(300);
    case 2:
        return any(2) ? lr_fake_interpreter : lr_fake_call_stub;
    case 3:
        return (any(2) ? stub : leaf_stub) + any(40);
    case 4:
        return method[any(4)];
    case 5:
        return lr_fake_stack_high - any(64);
    case 6:
        return continuation + 64;
    default:
        return lr_fake_stack_low + any(lr_fake_stack_high - lr_fake_stack_low);
    }
}

static void disturb(void)
{
    uintptr_t *low = (uintptr_t *)lr_fake_at.sp - 4, *high = (uintptr_t *)lr_fake_stack_high;
    for (uint64_t n = 1 + any(4); n > 0; n--)
        low[any((uint64_t)(high - low))] = any_word();
    if (any(4) == 0)
        lr_fake_at.pc = any_word();
    if (any(4) == 0)
        lr_fake_at.fp = any_word();
    if (any(8) == 0)
        lr_fake_at.sp = lr_fake_stack_high - 8 * (1 + any(60));
}

/* Nothing outside the stack and the code cache is read: that would crash.  What comes out of it may
 * be wrong, but it can be told, and it ends. */
static void test_random_stacks_do_no_harm(void **state)
{
    enum { ROUNDS = 100000 };
    unsigned ends[LR_WALK_DECLINED + 1] = {0};
    struct lr_java_frame told[MAX];
    uint32_t flags = 0;
    for (seed = 1; seed <= ROUNDS;) {
        uint64_t round = seed;
        lr_fake_stack_clear();
        push_all_kinds();
        disturb();
        ends[walk_as((enum lr_java_exit)any(3), MAX)]++;
        assert_true(count <= MAX);
        struct lr_java_walk walk = {.frames = frames, .count = count};
        assert_true(lr_jvm_resolve(&walk, told, MAX, &flags) <= MAX);
        seed = round + 1;
    }
    assert_true(ends[LR_WALK_DECLINED] > ROUNDS / 100 && ends[LR_WALK_END] > ROUNDS / 100);
}

/* --- many threads --- */

enum { THREADS = 4, BLOBS = 24, LOOKUPS = 40000 };
static uintptr_t codes[BLOBS];

static void *look_up(void *arg)
{
    uint64_t mine = (uintptr_t)arg, wrong = 0;
    for (unsigned i = 0; i < LOOKUPS; i++) {
        struct lr_code code;
        mine = mine * UINT64_C(6364136223846793005) + 1442695040888963407u;
        unsigned which = (mine >> 40) % BLOBS;
        lr_jvm_code_find(codes[which] + (mine >> 33) % 200 + 1, &code);
        wrong += code.kind != LR_CODE_COMPILED || code.compile_id != 1000 + which ||
                 code.frame_words != 4 + which;
    }
    return (void *)(uintptr_t)wrong;
}

static void test_threads_look_up_code_at_once(void **state)
{
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < BLOBS; i++) {
        struct lr_fake_blob blob = {.kind = LR_FAKE_NMETHOD,
                                    .name = "nmethod",
                                    .frame_words = 4 + i,
                                    .compile_id = 1000 + i,
                                    .method = method[0],
                                    .call = 64};
        codes[i] = lr_fake_blob(&blob);
    }
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_up, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

#define BOTH(test)                                                                                 \
    {#test ", earlier JDKs", test, earlier, NULL, NULL},                                           \
    {                                                                                              \
#test ", later JDKs", test, later, NULL, NULL                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_every_kind_of_frame_is_stepped_over),
        BOTH(test_no_more_than_wanted),
        BOTH(test_inlined_methods_are_told),
        BOTH(test_frames_that_wait_to_be_deoptimized),
        BOTH(test_virtual_threads_end_at_their_bottom),
        BOTH(test_code_in_the_place_of_other_code),
        BOTH(test_leaf_calls_begin_in_their_caller),
        BOTH(test_a_guess_must_lead_behind_a_call),
        BOTH(test_signals_before_there_is_a_frame),
        BOTH(test_signals_in_the_interpreter),
        BOTH(test_broken_frames_are_declined),
        BOTH(test_random_stacks_do_no_harm),
        BOTH(test_threads_look_up_code_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
