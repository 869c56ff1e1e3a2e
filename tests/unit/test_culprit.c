/* test_culprit.c -- which frame is to blame, and which frames tell sites apart.
 *
 * Stage: unit tests of JUDGE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "culprit.h"

#define INFLATER "java.util.zip.Inflater"

static struct lr_model_frame frames[32];
static struct lr_model_path path;

static void begin(void)
{
    memset(&path, 0, sizeof(path));
    path.frames = frames;
}

static void add(bool is_java, const char *function, const char *module)
{
    struct lr_model_frame *frame = &frames[path.count++];

    memset(frame, 0, sizeof(*frame));
    frame->java = is_java;
    frame->named = true;
    frame->function = function;
    frame->file = "";
    frame->module = module;
    frame->user = lr_frame_owner(frame) == LR_OWNER_USER;
}

static void java(const char *function)
{
    add(true, function, "");
}

static void native(const char *function, const char *module)
{
    add(false, function, module);
}

static const char *culprit(void)
{
    return path.frames[path.culprit].function;
}

/* The last frame that counts for telling sites apart. */
static const char *decider(void)
{
    return path.frames[path.key_end - 1].function;
}

static void skips_the_stream_and_the_jdk(void **state)
{
    begin();
    native("Java_java_util_zip_Inflater_init", "/jdk/lib/libzip.so");
    java("java.util.zip.Inflater.init");
    java("java.util.zip.Inflater.<init>");
    java("java.util.zip.GZIPInputStream.<init>");
    java("com.acme.Codec.read");
    java("com.acme.web.Handler.handle");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "com.acme.Codec.read");
    assert_string_equal(decider(), "com.acme.web.Handler.handle");
}

static void passes_over_constructors_and_delegates(void **state)
{
    /* Lucene 6.3.0: who opened the reader tells two sites apart, six frames further out. */
    static const char lucene[] = "org.apache.lucene.codecs.compressing.";
    begin();
    java("java.util.zip.Inflater.<init>");
    java("org.apache.lucene.codecs.compressing.CompressionMode$DeflateDecompressor.<init>");
    java("org.apache.lucene.codecs.compressing.CompressionMode$2.newDecompressor");
    java("org.apache.lucene.codecs.compressing.CompressingStoredFieldsReader.<init>");
    java("org.apache.lucene.codecs.compressing.CompressingStoredFieldsFormat.fieldsReader");
    java("org.apache.lucene.codecs.lucene50.Lucene50StoredFieldsFormat.fieldsReader");
    java("org.apache.lucene.index.SegmentCoreReaders.<init>");
    java("org.apache.lucene.index.SegmentReader.<init>");
    java("org.apache.lucene.index.ReadersAndUpdates.getReader");
    java("org.apache.lucene.index.IndexWriter.mergeMiddle");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_int_equal(strncmp(culprit(), lucene, strlen(lucene)), 0);
    assert_int_equal(path.culprit, 1);
    assert_string_equal(decider(), "org.apache.lucene.index.ReadersAndUpdates.getReader");
}

static void platform_frames_decide_nothing(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("com.acme.Codec.read");
    java("java.util.concurrent.ThreadPoolExecutor.runWorker");
    java("java.lang.Thread.run");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "com.acme.Codec.read");
    assert_int_equal(path.key_end, path.count); /* they are skipped when keys are compared */
    assert_false(path.frames[2].user);
}

static void one_package_counts_to_its_end(void **state)
{
    begin();
    java("java.util.zip.Deflater.<init>");
    java("Leak.helper");
    java("Leak.main");
    assert_null(lr_culprit_choose(&path, "java.util.zip.Deflater", true));
    assert_string_equal(culprit(), "Leak.helper");
    assert_string_equal(decider(), "Leak.main");
}

static void deep_recursion_is_bounded(void **state)
{
    begin();
    java("java.util.zip.Deflater.<init>");
    for (int i = 0; i < 30; i++)
        java("com.acme.Tree.visit");
    assert_null(lr_culprit_choose(&path, "java.util.zip.Deflater", true));
    assert_true(path.key_end < 16);
}

static void only_jdk_frames_blame_the_jdk(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("jdk.internal.util.Thing.open");
    java("java.net.Exotic.connect");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "java.net.Exotic.connect");
    begin();
    java("java.util.zip.Inflater.<init>");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "java.util.zip.Inflater.<init>");
}

static void jar_cache_is_expected_whoever_opened_the_jar(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("java.util.zip.ZipFile$CleanableResource.getInflater");
    java("java.util.zip.ZipFile.getInputStream");
    java("java.util.jar.JarFile.getInputStream");
    java("com.acme.Main.main");
    assert_non_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "java.util.zip.ZipFile$CleanableResource.getInflater");
    assert_int_equal(path.key_end, path.culprit + 1);
    assert_null(lr_culprit_choose(&path, "java.util.zip.Deflater", true));
}

static void a_users_own_get_inflater_is_not_expected(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("com.acme.Main.open");
    java("java.util.zip.ZipFile$CleanableResource.getInflater");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "com.acme.Main.open");
}

static void native_programs_skip_zlib_and_wrappers(void **state)
{
    begin();
    native("inflateInit2_", "/lib/x86_64-linux-gnu/libz.so.1.2.13");
    native("open_stream", "/usr/bin/tool");
    native("main", "/usr/bin/tool");
    native("__libc_start_call_main", "/lib/x86_64-linux-gnu/libc.so.6");
    assert_null(lr_culprit_choose(&path, "zlib.inflate", false));
    assert_string_equal(culprit(), "open_stream");
    assert_string_equal(path.frames[2].function, "main");
    assert_false(path.frames[3].user);
}

static void memory_skips_allocators(void **state)
{
    begin();
    native("operator new", "/lib/libstdc++.so.6");
    native("std::vector<int>::_M_grow", "/usr/bin/tool");
    native("Table::insert", "/usr/bin/tool");
    assert_null(lr_culprit_choose(&path, NULL, false));
    assert_string_equal(culprit(), "Table::insert");
    assert_true(path.key_whole);
    begin();
    native("os::malloc", "/jdk/lib/server/libjvm.so");
    native("Arena::grow", "/jdk/lib/server/libjvm.so");
    native("Matcher::xform", "/jdk/lib/server/libjvm.so");
    java("com.acme.Main.main");
    assert_null(lr_culprit_choose(&path, NULL, false));
    assert_string_equal(culprit(), "Matcher::xform");
}

static void direct_buffers_blame_java(void **state)
{
    begin();
    native("os::malloc", "/jdk/lib/server/libjvm.so");
    native("Unsafe_AllocateMemory0", "/jdk/lib/server/libjvm.so");
    native("0x7f0012345678", "");
    java("jdk.internal.misc.Unsafe.allocateMemory0");
    java("java.nio.ByteBuffer.allocateDirect");
    java("com.acme.Pool.grow");
    assert_null(lr_culprit_choose(&path, NULL, false));
    assert_string_equal(culprit(), "com.acme.Pool.grow");
}

static void lambdas_made_by_the_jvm_are_nobodys(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("com.acme.Codec$$Lambda.run");
    frames[1].hidden = true;
    java("com.acme.Codec.read");
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_string_equal(culprit(), "com.acme.Codec.read");
}

static void no_stack_is_no_crash(void **state)
{
    begin();
    assert_null(lr_culprit_choose(&path, INFLATER, true));
    assert_null(lr_culprit_choose(&path, NULL, false));
    assert_int_equal(path.key_end, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_the_stream_and_the_jdk),
        cmocka_unit_test(passes_over_constructors_and_delegates),
        cmocka_unit_test(platform_frames_decide_nothing),
        cmocka_unit_test(one_package_counts_to_its_end),
        cmocka_unit_test(deep_recursion_is_bounded),
        cmocka_unit_test(only_jdk_frames_blame_the_jdk),
        cmocka_unit_test(jar_cache_is_expected_whoever_opened_the_jar),
        cmocka_unit_test(a_users_own_get_inflater_is_not_expected),
        cmocka_unit_test(native_programs_skip_zlib_and_wrappers),
        cmocka_unit_test(memory_skips_allocators),
        cmocka_unit_test(direct_buffers_blame_java),
        cmocka_unit_test(lambdas_made_by_the_jvm_are_nobodys),
        cmocka_unit_test(no_stack_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
