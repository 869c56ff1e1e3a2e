/* test_unwind_silent.c -- which memory the walker takes for a stack where no system call may be
 * made: not what lies between a stack of the program's own making and the C library's data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "prim.h"
#include "unwind_stack.h"

enum { SIZE = 256 << 10 };

static ucontext_t here, there;
static char *stack; /* with as much behind it, which isn't there */
static bool own, other, hole;

static void ask(void)
{
    struct lr_stack_range range = {.budget = LR_STACK_BUDGET};
    other = lr_stack_is_mapped((uintptr_t)stack + SIZE + 4096);
    hole = lr_stack_begin(&range, (uintptr_t)&range & ~(uintptr_t)15) &&
           range.high > (uintptr_t)stack + SIZE;
}

static void a_coroutine_of_the_main_thread(void **state)
{
    (void)state;
    int local = 0;
    stack = mmap(NULL, (size_t)2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack != MAP_FAILED);
    assert_int_equal(munmap(stack + SIZE, SIZE), 0);
    lr_stack_note_main((const void *)((uintptr_t)&local + (4 << 10)));
    lr_stack_note_thread((size_t)1 << 46); /* all that lies below the thread pointer, then */
    assert_int_equal(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = SIZE;
    there.uc_link = &here;
    makecontext(&there, ask, 0);
    lr_prim_hush();
    own = lr_stack_is_mapped((uintptr_t)&local);
    swapcontext(&here, &there);
    lr_prim_speak();
    assert_true(own);
    assert_false(other);
    assert_false(hole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coroutine_of_the_main_thread),
    };
    return cmocka_run_group_tests_name("unwind_silent", tests, NULL, NULL);
}
