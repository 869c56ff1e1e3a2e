/* test_culprit_jni.c -- memory of a JNI library that is stripped counts at the Java that called it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "culprit.h"

static struct lr_model_frame frames[8];
static struct lr_model_path path;

static void add(bool is_java, const char *function, const char *file, const char *module)
{
    struct lr_model_frame *frame = &frames[path.count++];

    *frame = (struct lr_model_frame){.java = is_java,
                                     .named = function != NULL,
                                     .function = function ? function : "libpack.so+0x1234",
                                     .file = file,
                                     .module = module};
    frame->owner = (unsigned char)lr_frame_owner(frame);
    frame->user = frame->owner == LR_OWNER_USER;
}

static const char *choose(void)
{
    lr_culprit_choose(&path, NULL, false);
    return path.frames[path.culprit].function;
}

static int begin(void **state)
{
    memset(&path, 0, sizeof(path));
    path.frames = frames;
    return 0;
}

static void java_is_named_for_a_stripped_library(void **state)
{
    add(false, NULL, "", "/tmp/libpack.so");
    add(false, "Java_org_pack_Pack_open", "", "/tmp/libpack.so");
    add(true, "org.pack.Pack.open", "Pack.java", "");
    add(true, "com.acme.Service.forget", "Service.java", "");
    assert_string_equal(choose(), "org.pack.Pack.open");
}

static void a_function_with_its_line_is_named(void **state)
{
    add(false, NULL, "", "/tmp/libpack.so");
    add(false, "make_context", "pack.c", "/tmp/libpack.so");
    add(true, "org.pack.Pack.open", "Pack.java", "");
    assert_string_equal(choose(), "make_context");
}

static void without_java_an_offset_is_all_there_is(void **state)
{
    add(false, NULL, "", "/tmp/libpack.so");
    add(false, "Java_org_pack_Pack_open", "", "/tmp/libpack.so");
    assert_string_equal(choose(), "libpack.so+0x1234");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(java_is_named_for_a_stripped_library, begin),
        cmocka_unit_test_setup(a_function_with_its_line_is_named, begin),
        cmocka_unit_test_setup(without_java_an_offset_is_all_there_is, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
