/* test_jvm_redefine.c -- the epochs of Java methods before, during and after a redefinition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jvm_redefine.h"

static uint64_t memory[2], method[2]; /* as read in the middle of one */

static jvmtiError JNICALL redefine(jvmtiEnv *env, jint count, const jvmtiClassDefinition *classes)
{
    (void)env, (void)count, (void)classes;
    for (unsigned i = 0; i < 2; i++) {
        memory[i] = lr_jvm_memory_epoch();
        method[i] = lr_jvm_method_epoch();
    }
    return JVMTI_ERROR_NONE;
}

static const struct jvmtiInterface_1_ theirs = {.RedefineClasses = redefine};

/* What was found sound was looked at again in every stack, with dozens of system calls, as long as
 * an agent's transformer was at work. */
static void what_is_known_of_memory_lasts_through_a_redefinition(void **state)
{
    (void)state;
    jvmtiEnv env = &theirs;
    uint64_t memory_before = lr_jvm_memory_epoch(), method_before = lr_jvm_method_epoch();
    lr_jvm_watch_jvmti(&env);
    assert_int_equal(env->RedefineClasses(&env, 0, NULL), JVMTI_ERROR_NONE);
    assert_int_equal(memory[0], memory[1]);
    assert_int_not_equal(method[0], method_before);
    assert_int_not_equal(method[1], method_before);
    assert_int_not_equal(lr_jvm_memory_epoch(), memory_before); /* an old version may be freed */
    assert_int_not_equal(lr_jvm_method_epoch(), method_before);
    assert_int_not_equal(lr_jvm_method_epoch(), method[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_of_memory_lasts_through_a_redefinition),
    };
    return cmocka_run_group_tests_name("jvm_redefine", tests, NULL, NULL);
}
