/* test_jvm_text.c -- class names without what changes from run to run; who is a Cleaner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jvm_text.h"

static void check_name(const char *from_vm, const char *shown, bool generated)
{
    char text[128];
    bool is_generated = !generated;
    size_t length =
        lr_jvm_class_text(from_vm, strlen(from_vm), text, sizeof text - 1, &is_generated);
    text[length] = '\0';
    assert_string_equal(text, shown);
    assert_int_equal(is_generated, generated);
}

static void test_ordinary_names_are_dotted(void **state)
{
    (void)state;
    check_name("java/util/zip/Inflater", "java.util.zip.Inflater", false);
    check_name("Top", "Top", false);
    check_name("a/B$C$1", "a.B$C$1", false);
    check_name("", "", false);
}

static void test_addresses_and_counters_of_generated_classes_go(void **state)
{
    (void)state;
    check_name("a/Foo$$Lambda$14+0x0000000800c03440", "a.Foo$$Lambda", true);
    check_name("a/Foo$$Lambda+0x00007f0001000a00", "a.Foo$$Lambda", true);
    check_name("a/Foo$$Lambda$14/0x0000000800c03440", "a.Foo$$Lambda", true);
    check_name("a/Foo$$Lambda.0x80000004b", "a.Foo$$Lambda", true);
    check_name("java/lang/invoke/LambdaForm$MH+0x0000000800c03440",
               "java.lang.invoke.LambdaForm$MH", true);
    check_name("jdk/proxy1/$Proxy12", "jdk.proxy.$Proxy", true);
    check_name("jdk/proxy4711/$Proxy12", "jdk.proxy.$Proxy", true);
    check_name("com/sun/proxy/jdk/proxy2/$Proxy1", "com.sun.proxy.jdk.proxy.$Proxy", true);
    check_name("jdk/internal/reflect/GeneratedMethodAccessor7",
               "jdk.internal.reflect.GeneratedMethodAccessor", true);
}

static void test_numbers_of_ones_own_classes_stay(void **state)
{
    (void)state;
    check_name("org/apache/lucene/codecs/Lucene62Codec12",
               "org.apache.lucene.codecs.Lucene62Codec12", false);
    check_name("a/Outer$12", "a.Outer$12", false);
    check_name("a/MyProxy12", "a.MyProxy12", false);
    check_name("jdk/proxy12", "jdk.proxy12", false);
    check_name("jdk/proxies12/A", "jdk.proxies12.A", false);
    check_name("a/face", "a.face", false);
    check_name("a/x0xface", "a.x0xface", false);
}

static void test_long_names_are_cut(void **state)
{
    (void)state;
    char text[4];
    bool generated;
    assert_int_equal(lr_jvm_class_text("abc/defgh", 9, text, sizeof text, &generated), 4);
    assert_memory_equal(text, "abc.", 4);
}

static bool is_cleanup(const char *name)
{
    return lr_jvm_is_cleanup_frame(name, strlen(name));
}

static void test_machinery_of_a_resource_is_known(void **state)
{
    (void)state;
    assert_true(is_cleanup("java/util/zip/Inflater"));
    assert_true(is_cleanup("java/util/zip/Inflater$InflaterZStreamRef"));
    assert_true(is_cleanup("java/util/zip/Deflater$DeflaterZStreamRef"));
    assert_true(is_cleanup("jdk/internal/ref/PhantomCleanable"));
    assert_true(is_cleanup("jdk/internal/ref/CleanerImpl$PhantomCleanableRef"));
    assert_false(is_cleanup("java/util/zip/InflaterInputStream"));
    assert_false(is_cleanup("java/util/zip/ZipFile$CleanableResource"));
    assert_false(is_cleanup("jdk/internal/ref/CleanerImpl"));
    assert_false(is_cleanup("a/Inflater"));
}

static bool is_loop(const char *class_name, const char *method)
{
    return lr_jvm_is_cleaner_loop(class_name, strlen(class_name), method, strlen(method));
}

static void test_the_loops_that_clean_up_are_known(void **state)
{
    (void)state;
    assert_true(is_loop("jdk/internal/ref/CleanerImpl", "run"));
    assert_true(is_loop("java/lang/ref/Finalizer", "runFinalizer"));
    assert_true(is_loop("java/lang/ref/Finalizer$FinalizerThread", "run"));
    assert_true(is_loop("java/lang/System$2", "invokeFinalize"));
    assert_false(is_loop("jdk/internal/ref/CleanerImpl", "start"));
    assert_false(is_loop("java/lang/System$2", "run"));
    assert_false(is_loop("a/CleanerImpl", "run"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_names_are_dotted),
        cmocka_unit_test(test_addresses_and_counters_of_generated_classes_go),
        cmocka_unit_test(test_numbers_of_ones_own_classes_stay),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_machinery_of_a_resource_is_known),
        cmocka_unit_test(test_the_loops_that_clean_up_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
