/* test_diff_name.c -- names of frames without what differs from build to build.
 *
 * Stage: unit tests of DIFF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "diff_name.h"

static const char *name_of(const char *function, bool java, bool numberless)
{
    static char out[256];
    struct lr_model_frame frame = {
        .java = java, .named = true, .function = function, .file = "", .module = "/lib/libx.so.1"};

    return lr_diff_name(out, sizeof(out), &frame, numberless);
}

static void java_names_lose_what_the_jvm_numbered(void **state)
{
    static const char *const pairs[][2] = {
        {"com.acme.Foo.run", "com.acme.Foo.run"},
        {"com.acme.Foo$$Lambda$14.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda$14/0x00007f12a4000a00.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda$14/1234567.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda/0x00007f12a4000a00.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda+0x00007f12a4000a00.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda.0x00007f12a4000a00.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo$$Lambda.run", "com.acme.Foo$$Lambda.run"},
        {"com.acme.Foo.lambda$main$3", "com.acme.Foo.lambda$main"},
        {"com.acme.Foo.lambda$main$3$4", "com.acme.Foo.lambda$main$3"},
        {"com.acme.Foo.lambda$", "com.acme.Foo.lambda$"},
        {"jdk.internal.reflect.GeneratedMethodAccessor12.invoke",
         "jdk.internal.reflect.GeneratedMethodAccessor.invoke"},
        {"sun.reflect.GeneratedConstructorAccessor3.newInstance",
         "sun.reflect.GeneratedConstructorAccessor.newInstance"},
        {"com.sun.proxy.$Proxy7.get", "com.sun.proxy.$Proxy.get"},
        {"jdk.proxy2.$Proxy17.get", "jdk.proxy.$Proxy.get"},
        {"com.acme.$ProxyFactory.get2", "com.acme.$ProxyFactory.get2"},
        {"com.acme.Foo$$EnhancerBySpringCGLIB$$1a2b3c4d.get",
         "com.acme.Foo$$EnhancerBySpringCGLIB.get"},
        {"com.acme.Foo$$SpringCGLIB$$0.get", "com.acme.Foo$$SpringCGLIB.get"},
        {"com.acme.Foo$ByteBuddy$Xy12.get", "com.acme.Foo$ByteBuddy.get"},
        {"java.lang.invoke.LambdaForm$MH/0x0000000800c03000.invoke",
         "java.lang.invoke.LambdaForm$MH.invoke"},
        {"com.acme.Foo$2.newDecompressor", "com.acme.Foo$2.newDecompressor"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_string_equal(name_of(pairs[i][0], true, false), pairs[i][1]);
    assert_string_equal(name_of("com.acme.Foo$2.newDecompressor", true, true),
                        "com.acme.Foo$.newDecompressor");
}

static void native_names_lose_what_compilers_appended(void **state)
{
    static const char *const pairs[][2] = {
        {"parse", "parse"},
        {"parse.constprop.0", "parse"},
        {"parse.part.3.cold", "parse"},
        {"parse.isra.0", "parse"},
        {"parse.llvm.123456", "parse"},
        {"parse [clone .cold]", "parse"},
        {"main.colder", "main.colder"},
        {"core::run::h0123456789abcdef", "core::run"},
        {"core::run::handle", "core::run::handle"},
        {"work::{lambda(int)#2}::operator()", "work::{lambda(int)}::operator()"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_string_equal(name_of(pairs[i][0], false, false), pairs[i][1]);
}

static void a_frame_without_a_name_is_its_module(void **state)
{
    char out[64], small[6];
    struct lr_model_frame frame = {
        .function = "libfoo.so.1.2+0x1234", .file = "", .module = "/opt/foo-1.2/libfoo.so.1.2"};

    assert_string_equal(lr_diff_name(out, sizeof(out), &frame, false), "libfoo.so");
    assert_string_equal(lr_diff_name(small, sizeof(small), &frame, false), "libfo");
    frame.module = "";
    assert_string_equal(lr_diff_name(out, sizeof(out), &frame, false), "(generated code)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(java_names_lose_what_the_jvm_numbered),
        cmocka_unit_test(native_names_lose_what_compilers_appended),
        cmocka_unit_test(a_frame_without_a_name_is_its_module),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
