/* test_jvm_method.c -- names and lines from the VM's memory, over methods made by fake_vm.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_vm.h"
#include "jvm_internal.h"
#include "leakring/format.h"

static void assert_text(struct lr_vm_text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.length);
}

static void test_names_are_read(void **state)
{
    (void)state;
    struct lr_fake_method fake = {.class_name = "a/B", .name = "run", .source_file = "B.java"};
    struct lr_vm_method method;
    lr_fake_layout(0);
    assert_true(lr_vm_method_read(lr_vm_method_of(lr_fake_jmethod(&fake)), &method));
    assert_text(method.class_name, "a/B");
    assert_text(method.name, "run");
    assert_text(method.source_file, "B.java");
    assert_false(method.is_native);
    assert_int_equal(lr_vm_method_line(&method, 0), LR_LINE_UNKNOWN);
}

static void test_native_methods_and_missing_sources(void **state)
{
    (void)state;
    struct lr_fake_method fake = {.class_name = "a/B", .name = "init", .is_native = true};
    struct lr_vm_method method;
    lr_fake_layout(0);
    assert_true(lr_vm_method_read(lr_vm_method_of(lr_fake_jmethod(&fake)), &method));
    assert_true(method.is_native);
    assert_int_equal(method.source_file.length, 0);
    assert_int_equal(lr_vm_method_line(&method, -1), LR_LINE_NATIVE);
}

static void test_an_unloaded_method_is_refused(void **state)
{
    (void)state;
    uintptr_t unloaded = 0; /* what a jmethodID points at after its class went */
    struct lr_vm_method method;
    lr_fake_layout(0);
    assert_false(lr_vm_method_read(lr_vm_method_of((uintptr_t)&unloaded), &method));
    assert_false(lr_vm_method_read(lr_vm_method_of(0), &method));
}

/* Steps of every size and direction, through both forms of entry. */
static const struct lr_fake_line LINES[] = {
    {0, 131},         {4, 132},        {31 + 4, 139},    {66, 146},   {97, 153},
    {98, 20},         {130, 20},       {131, 83},        {195, 5000}, {40000, 1},
    {40001, 1000000}, {40100, 999999}, {65535, 1000007},
};
enum { LINE_COUNT = sizeof LINES / sizeof *LINES };

static void check_lines(unsigned excluded)
{
    struct lr_fake_method fake = {.class_name = "a/B",
                                  .name = "run",
                                  .source_file = "B.java",
                                  .lines = LINES,
                                  .line_count = LINE_COUNT};
    struct lr_vm_method method;
    struct lr_vm_lines lines;
    lr_fake_layout(excluded);
    lr_vm_lines_excluded = excluded;
    assert_true(lr_vm_method_read(lr_vm_method_of(lr_fake_jmethod(&fake)), &method));
    lr_vm_lines_open(&lines, &method);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        assert_true(lr_vm_lines_next(&lines));
        assert_int_equal(lines.bci, LINES[i].bci);
        assert_int_equal(lines.line, LINES[i].line);
    }
    assert_false(lr_vm_lines_next(&lines));
}

static void test_line_tables_before_jdk_20(void **state)
{
    (void)state;
    check_lines(0);
}

static void test_line_tables_since_jdk_20(void **state)
{
    (void)state;
    check_lines(1);
}

static void test_the_line_of_a_bci(void **state)
{
    (void)state;
    static const struct lr_fake_line table[] = {{0, 10}, {5, 11}, {20, 14}, {12, 13}};
    struct lr_fake_method fake = {
        .class_name = "a/B", .name = "run", .lines = table, .line_count = 4};
    struct lr_vm_method method;
    lr_fake_layout(1);
    lr_vm_lines_excluded = 1;
    assert_true(lr_vm_method_read(lr_vm_method_of(lr_fake_jmethod(&fake)), &method));
    assert_int_equal(lr_vm_method_line(&method, 0), 10);
    assert_int_equal(lr_vm_method_line(&method, 4), 10);
    assert_int_equal(lr_vm_method_line(&method, 5), 11);
    assert_int_equal(lr_vm_method_line(&method, 13), 13);
    assert_int_equal(lr_vm_method_line(&method, 25), 14);
    assert_int_equal(lr_vm_method_line(&method, -1), LR_LINE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_read),
        cmocka_unit_test(test_native_methods_and_missing_sources),
        cmocka_unit_test(test_an_unloaded_method_is_refused),
        cmocka_unit_test(test_line_tables_before_jdk_20),
        cmocka_unit_test(test_line_tables_since_jdk_20),
        cmocka_unit_test(test_the_line_of_a_bci),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
