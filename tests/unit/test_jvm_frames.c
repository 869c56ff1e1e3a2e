/* test_jvm_frames.c -- when AsyncGetCallTrace may be asked, with which anchor, and what is made
 * of its answer.  The JVM is a fake: a thread's memory, an interface that answers GetEnv, and an
 * AsyncGetCallTrace and GetStackTrace that note how they were called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "fake_vm.h"
#include "jvm_code.h"
#include "jvm_internal.h"
#include "leakring/format.h"

enum { IN_NATIVE = 4, IN_VM = 6, IN_JAVA = 8, BLOCKED = 10, STACK_WORDS = 64 };

static uintptr_t stack_words[STACK_WORDS];
static _Alignas(16) uint8_t code[256];
static uintptr_t code_low = (uintptr_t)code, code_high = (uintptr_t)code + sizeof code;

static struct {
    uintptr_t stack_base, stack_size;
    uintptr_t sp, pc, fp;
    int32_t state;
    struct JNINativeInterface_ *env;
} thread;

/* What the fake answers, and what it saw. */
static struct lr_agct_frame answer[LR_DEPTH_MAX + 1];
static jint answer_count;
static jint jvmti_count;
static unsigned asked, asked_jvmti;
static uintptr_t seen_sp, seen_pc;
static uintptr_t refuse_until_sp;
static bool attached;

static void fake_agct(struct lr_agct_trace *trace, jint depth, void *ucontext)
{
    asked++;
    seen_sp = thread.sp;
    seen_pc = thread.pc;
    assert_ptr_equal(trace->env, &thread.env);
    assert_non_null(ucontext);
    trace->count = answer_count < depth ? answer_count : depth;
    if (refuse_until_sp && seen_sp != refuse_until_sp)
        trace->count = -4; /* not walkable from here */
    for (jint i = 0; i < trace->count; i++)
        trace->frames[i] = answer[i];
}

static jint JNICALL fake_get_env(JavaVM *vm, void **env, jint version)
{
    *env = attached ? &thread.env : NULL;
    return attached ? JNI_OK : JNI_EDETACHED;
}

static jvmtiError JNICALL fake_get_stack_trace(jvmtiEnv *env, jthread which, jint start, jint max,
                                               jvmtiFrameInfo *frames, jint *count)
{
    asked_jvmti++;
    *count = jvmti_count < max ? jvmti_count : max;
    for (jint i = 0; i < *count; i++)
        frames[i] = (jvmtiFrameInfo){.method = (jmethodID)(uintptr_t)(0x9000 + 8 * i),
                                     .location = i == 0 ? -1 : 100 + i};
    return JVMTI_ERROR_NONE;
}

static const struct JNIInvokeInterface_ invoke = {.GetEnv = fake_get_env};
static JavaVM vm = &invoke;
static const struct jvmtiInterface_1_ jvmti_functions = {.GetStackTrace = fake_get_stack_trace};
static jvmtiEnv jvmti = &jvmti_functions;

static int set_up(void **state)
{
    lr_fake_layout(0);
    struct lr_jvm_layout *at = &lr_jvm_layout;
    at->thread_state = (uint32_t)((uintptr_t)&thread.state - (uintptr_t)&thread);
    at->thread_anchor = (uint32_t)((uintptr_t)&thread.sp - (uintptr_t)&thread);
    at->thread_stack_base = 0;
    at->thread_stack_size = sizeof(uintptr_t);
    at->anchor_sp = 0;
    at->anchor_pc = sizeof(uintptr_t);
    at->anchor_fp = 2 * sizeof(uintptr_t);
    at->in_native = IN_NATIVE;
    at->in_vm = IN_VM;
    at->in_java = IN_JAVA;
    at->blocked = BLOCKED;
    at->code_low = &code_low;
    at->code_high = &code_high;
    lr_jvm = (struct lr_jvm_state){.vm = &vm,
                                   .get_env = fake_get_env,
                                   .jvmti = &jvmti,
                                   .agct = fake_agct,
                                   .env_offset = (uintptr_t)&thread.env - (uintptr_t)&thread,
                                   .names_ok = true,
                                   .live = 1};
    memset(stack_words, 0, sizeof stack_words);
    thread.stack_base = (uintptr_t)(stack_words + STACK_WORDS);
    thread.stack_size = sizeof stack_words;
    thread.sp = (uintptr_t)(stack_words + 32);
    thread.pc = (uintptr_t)(code + 16);
    thread.fp = (uintptr_t)(stack_words + 40);
    thread.state = IN_NATIVE;
    for (int i = 0; i <= LR_DEPTH_MAX; i++)
        answer[i] = (struct lr_agct_frame){.line = i == 0 ? -3 : i,
                                           .method = (jmethodID)(uintptr_t)(0x1000 + 8 * i)};
    answer_count = 3;
    jvmti_count = 0;
    asked = asked_jvmti = 0;
    refuse_until_sp = 0;
    attached = true;
    return 0;
}

static struct lr_java_frame frames[LR_DEPTH_MAX];
static uint32_t flags;

static size_t take(size_t max)
{
    flags = 0;
    memset(frames, 0xff, sizeof frames);
    return lr_jvm_ask(frames, max, &flags);
}

static void test_frames_are_handed_on(void **state)
{
    assert_int_equal(take(10), 3);
    assert_int_equal(flags, LR_STACK_JAVA);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(frames[i].method, 0x1000 + 8 * i);
        assert_int_equal(frames[i].bci, i == 0 ? -1 : (int)i);
        assert_int_equal(frames[i].reserved, 0);
    }
}

static void test_threads_without_java_have_no_frames_and_lose_none(void **state)
{
    attached = false;
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, 0);
    attached = true;
    thread.sp = 0;
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, 0);
    lr_jvm.live = 0;
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, 0);
    assert_int_equal(asked, 0);
}

static void assert_lost_unasked(void)
{
    asked = 0;
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, LR_STACK_JAVA_LOST);
    assert_int_equal(asked, 0);
}

static void test_a_broken_anchor_is_never_walked(void **state)
{
    uintptr_t good = thread.sp;
    thread.sp = good + 1;
    assert_lost_unasked();
    thread.sp = thread.stack_base;
    assert_lost_unasked();
    thread.sp = thread.stack_base - thread.stack_size - sizeof(uintptr_t);
    assert_lost_unasked();
    thread.sp = thread.stack_base - thread.stack_size; /* nothing can lie under it */
    assert_lost_unasked();
    thread.sp = good;
    thread.pc = (uintptr_t)code - 1;
    assert_lost_unasked();
    thread.pc = code_high;
    assert_lost_unasked();
}

static void test_java_state_is_skipped(void **state)
{
    thread.state = IN_JAVA;
    assert_lost_unasked();
}

static void test_a_missing_pc_is_lent_in_vm_state_only(void **state)
{
    uintptr_t pc = (uintptr_t)(code + 99);
    stack_words[31] = pc; /* right under sp */
    thread.pc = 0;
    assert_lost_unasked();
    thread.state = BLOCKED;
    assert_lost_unasked();
    thread.state = IN_VM;
    assert_int_equal(take(10), 3);
    assert_int_equal(seen_pc, pc);
    assert_int_equal(thread.pc, 0);
    stack_words[31] = 12345;
    assert_lost_unasked();
}

static void test_a_refusal_is_a_loss(void **state)
{
    answer_count = -2; /* a collection is going on */
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, LR_STACK_JAVA_LOST);
    assert_int_equal(asked, 1);
}

static void test_only_deeper_stacks_are_called_cut(void **state)
{
    assert_int_equal(take(3), 3);
    assert_int_equal(flags, LR_STACK_JAVA);
    assert_int_equal(take(2), 2);
    assert_int_equal(flags, LR_STACK_JAVA | LR_STACK_JAVA_CUT);
    answer_count = LR_DEPTH_MAX + 1;
    assert_int_equal(take(LR_DEPTH_MAX), LR_DEPTH_MAX);
    assert_int_equal(flags, LR_STACK_JAVA | LR_STACK_JAVA_CUT);
}

static size_t take_native(size_t max)
{
    flags = 0;
    return lr_jvm_ask_native(frames, max, &flags);
}

static void test_jvmti_helps_only_where_it_is_legal_and_needed(void **state)
{
    jvmti_count = 2;
    assert_int_equal(take_native(10), 3);
    assert_int_equal(asked_jvmti, 0);
    answer_count = -2;
    assert_int_equal(take_native(10), 2);
    assert_int_equal(flags, LR_STACK_JAVA);
    assert_int_equal(frames[0].method, 0x9000);
    assert_int_equal(frames[0].bci, -1);
    assert_int_equal(frames[1].bci, 101);
    assert_int_equal(take_native(1), 1);
    assert_int_equal(flags, LR_STACK_JAVA | LR_STACK_JAVA_CUT);
    asked_jvmti = 0;
    thread.state = IN_VM;
    assert_int_equal(take_native(10), 0);
    assert_int_equal(flags, LR_STACK_JAVA_LOST);
    assert_int_equal(asked_jvmti, 0);
}

/* Answers frames 0 .. with Continuation's methods at the given places. */
static void lay_continuation(jint enter_at, jint bottom_at)
{
    struct lr_fake_method fakes[] = {
        {.class_name = "jdk/internal/vm/Continuation", .name = "<init>"},
        {.class_name = "jdk/internal/vm/Continuation", .name = "enter"},
        {.class_name = "jdk/internal/vm/Continuation", .name = "enterSpecial", .is_native = true},
    };
    jmethodID methods[3];
    for (unsigned i = 0; i < 3; i++)
        methods[i] = (jmethodID)lr_fake_jmethod(&fakes[i]);
    lr_jvm_note_continuation(3, methods);
    if (enter_at >= 0)
        answer[enter_at].method = methods[1];
    answer[bottom_at].method = methods[2];
}

static void test_virtual_threads_end_above_their_carrier(void **state)
{
    answer_count = 10;
    lay_continuation(4, 5);
    assert_int_equal(take(20), 5);
    assert_int_equal(flags, LR_STACK_JAVA);
}

static void test_virtual_threads_put_back_in_part_are_cut(void **state)
{
    answer_count = 10;
    lay_continuation(-1, 2);
    jvmti_count = 7;
    assert_int_equal(take(20), 2);
    assert_int_equal(flags, LR_STACK_JAVA | LR_STACK_JAVA_CUT);
    assert_int_equal(asked_jvmti, 0);
    assert_int_equal(take_native(20), 7);
    assert_int_equal(flags, LR_STACK_JAVA);
    assert_int_equal(asked_jvmti, 1);
}

/* A code heap over `code`: segments of 16 bytes, one block from segment 1 on, holding a blob. */
enum { SEGMENT = 16, BLOB_FRAME_WORDS = 6 };
static struct {
    uintptr_t memory_low, memory_high, map_low;
    uint32_t shift;
} heap = {.memory_low = (uintptr_t)code, .memory_high = (uintptr_t)code + sizeof code, .shift = 4};
static uint8_t segment_map[sizeof code / SEGMENT];
static uintptr_t heap_items[] = {(uintptr_t)&heap};
static struct {
    int32_t length;
    uintptr_t *items;
} heap_list = {1, heap_items};
static uintptr_t code_heaps = (uintptr_t)&heap_list;
struct blob {
    uint32_t block_length;
    bool used;
    const char *name;
    uint32_t frame_words;
};

static void lay_blob(const char *name, uint32_t frame_words)
{
    struct lr_jvm_layout *at = &lr_jvm_layout;
    at->array_length = 0;
    at->array_data = sizeof(uintptr_t);
    at->heap_memory = 0;
    at->heap_segment_map = (uint32_t)((uintptr_t)&heap.map_low - (uintptr_t)&heap);
    at->heap_segment_shift = (uint32_t)((uintptr_t)&heap.shift - (uintptr_t)&heap);
    at->space_low = 0;
    at->space_high = sizeof(uintptr_t);
    at->block_used = offsetof(struct blob, used);
    at->sizeof_block = offsetof(struct blob, name);
    at->blob_name = 0;
    at->blob_frame_size = offsetof(struct blob, frame_words) - offsetof(struct blob, name);
    at->code_heaps = &code_heaps;
    heap.map_low = (uintptr_t)segment_map;
    memset(segment_map, 0xff, sizeof segment_map);
    for (uint8_t i = 1; i < 12; i++)
        segment_map[i] = i < 5 ? i - 1 : 4; /* far ones hop twice */
    struct blob blob = {1, true, name, frame_words};
    memcpy(code + SEGMENT, &blob, sizeof blob);
}

static void test_code_of_stubs_is_found(void **state)
{
    lay_blob("a Runtime1 stub", BLOB_FRAME_WORDS);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)(code + SEGMENT + 50)), BLOB_FRAME_WORDS);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)(code + SEGMENT * 12 - 1)), BLOB_FRAME_WORDS);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)(code + SEGMENT * 12)), 0);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)code - 1), 0);
    lay_blob("native nmethod", BLOB_FRAME_WORDS);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)(code + SEGMENT + 50)), 0);
    lay_blob("Interpreter", BLOB_FRAME_WORDS);
    assert_int_equal(lr_jvm_stub_frame((uintptr_t)(code + SEGMENT + 50)), 0);
}

static void test_a_stub_is_stepped_over_in_vm_state(void **state)
{
    uintptr_t sp = thread.sp, fp = thread.fp, caller = (uintptr_t)(code + 200);
    lay_blob("a Runtime1 stub", BLOB_FRAME_WORDS);
    stack_words[31] = (uintptr_t)(code + SEGMENT + 50);
    stack_words[32 + BLOB_FRAME_WORDS - 1] = caller;
    thread.pc = 0;
    thread.state = IN_VM;
    refuse_until_sp = sp + BLOB_FRAME_WORDS * sizeof(uintptr_t);
    assert_int_equal(take(10), 3);
    assert_int_equal(asked, 2);
    assert_int_equal(seen_sp, refuse_until_sp);
    assert_int_equal(seen_pc, caller);
    assert_int_equal(thread.sp, sp);
    assert_int_equal(thread.pc, 0);
    assert_int_equal(thread.fp, fp);
    stack_words[32 + BLOB_FRAME_WORDS - 1] = 4711; /* no code: the frame isn't what we think */
    asked = 0;
    assert_int_equal(take(10), 0);
    assert_int_equal(flags, LR_STACK_JAVA_LOST);
    assert_int_equal(asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_are_handed_on, set_up),
        cmocka_unit_test_setup(test_threads_without_java_have_no_frames_and_lose_none, set_up),
        cmocka_unit_test_setup(test_a_broken_anchor_is_never_walked, set_up),
        cmocka_unit_test_setup(test_java_state_is_skipped, set_up),
        cmocka_unit_test_setup(test_a_missing_pc_is_lent_in_vm_state_only, set_up),
        cmocka_unit_test_setup(test_a_refusal_is_a_loss, set_up),
        cmocka_unit_test_setup(test_code_of_stubs_is_found, set_up),
        cmocka_unit_test_setup(test_a_stub_is_stepped_over_in_vm_state, set_up),
        cmocka_unit_test_setup(test_only_deeper_stacks_are_called_cut, set_up),
        cmocka_unit_test_setup(test_jvmti_helps_only_where_it_is_legal_and_needed, set_up),
        cmocka_unit_test_setup(test_virtual_threads_end_above_their_carrier, set_up),
        cmocka_unit_test_setup(test_virtual_threads_put_back_in_part_are_cut, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
