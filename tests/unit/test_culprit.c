/* test_culprit.c -- which frame is to blame, and which frames tell sites apart.
 *
 * Stage: unit tests of JUDGE.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
    frame->owner = (unsigned char)lr_frame_owner(frame);
    frame->user = frame->owner == LR_OWNER_USER;
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
    lr_culprit_choose(&path, INFLATER, true);
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
    lr_culprit_choose(&path, INFLATER, true);
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
    lr_culprit_choose(&path, INFLATER, true);
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
    lr_culprit_choose(&path, "java.util.zip.Deflater", true);
    assert_string_equal(culprit(), "Leak.helper");
    assert_string_equal(decider(), "Leak.main");
}

static void deep_recursion_is_bounded(void **state)
{
    begin();
    java("java.util.zip.Deflater.<init>");
    for (int i = 0; i < 30; i++)
        java("com.acme.Tree.visit");
    lr_culprit_choose(&path, "java.util.zip.Deflater", true);
    assert_true(path.key_end < 16);
}

static void only_jdk_frames_blame_the_jdk(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("jdk.internal.util.Thing.open");
    java("java.net.Exotic.connect");
    lr_culprit_choose(&path, INFLATER, true);
    assert_string_equal(culprit(), "java.net.Exotic.connect");
    begin();
    java("java.util.zip.Inflater.<init>");
    lr_culprit_choose(&path, INFLATER, true);
    assert_string_equal(culprit(), "java.util.zip.Inflater.<init>");
}

static size_t expected_frame;

static bool is_expected(const char *pair)
{
    return lr_suppress_resource(lr_suppressions_built_in(), &path, pair, &expected_frame) != NULL;
}

static void jar_cache_is_expected_whoever_opened_the_jar(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("java.util.zip.ZipFile$CleanableResource.getInflater");
    java("java.util.zip.ZipFile.getInputStream");
    java("java.util.jar.JarFile.getInputStream");
    java("com.acme.Main.main");
    assert_true(is_expected(INFLATER));
    assert_int_equal(expected_frame, 1);
    assert_false(is_expected("java.util.zip.Deflater"));
}

static void a_users_own_get_inflater_is_not_expected(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("com.acme.Main.open");
    java("java.util.zip.ZipFile$CleanableResource.getInflater");
    assert_false(is_expected(INFLATER));
    lr_culprit_choose(&path, INFLATER, true);
    assert_string_equal(culprit(), "com.acme.Main.open");
}

static void native_programs_skip_zlib_and_wrappers(void **state)
{
    begin();
    native("inflateInit2_", "/lib/x86_64-linux-gnu/libz.so.1.2.13");
    native("open_stream", "/usr/bin/tool");
    native("main", "/usr/bin/tool");
    native("__libc_start_call_main", "/lib/x86_64-linux-gnu/libc.so.6");
    lr_culprit_choose(&path, "zlib.inflate", false);
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
    lr_culprit_choose(&path, NULL, false);
    assert_string_equal(culprit(), "Table::insert");
    assert_true(path.key_whole);
    begin();
    native("os::malloc", "/jdk/lib/server/libjvm.so");
    native("Arena::grow", "/jdk/lib/server/libjvm.so");
    native("Matcher::xform", "/jdk/lib/server/libjvm.so");
    java("com.acme.Main.main");
    lr_culprit_choose(&path, NULL, false);
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
    lr_culprit_choose(&path, NULL, false);
    assert_string_equal(culprit(), "com.acme.Pool.grow");
}

static void lambdas_made_by_the_jvm_are_nobodys(void **state)
{
    begin();
    java("java.util.zip.Inflater.<init>");
    java("com.acme.Codec$$Lambda.run");
    frames[1].hidden = true;
    frames[1].owner = (unsigned char)lr_frame_owner(&frames[1]);
    frames[1].user = false;
    java("com.acme.Codec.read");
    lr_culprit_choose(&path, INFLATER, true);
    assert_string_equal(culprit(), "com.acme.Codec.read");
}

/* Frames as real stacks have them, and whose they are: at least one for every rule. */
static const struct example {
    bool java;
    enum lr_frame_owner owner;
    const char *function, *module, *file;
} examples[] = {
#define JAVA(owner, function)                                                                      \
    {                                                                                              \
        true, LR_OWNER_##owner, function, "", ""                                                   \
    }
#define FUNCTION(owner, function)                                                                  \
    {                                                                                              \
        false, LR_OWNER_##owner, function, "/usr/bin/tool", ""                                     \
    }
#define MODULE(owner, module)                                                                      \
    {                                                                                              \
        false, LR_OWNER_##owner, "some_function", module, ""                                       \
    }
#define SOURCE(owner, file)                                                                        \
    {                                                                                              \
        false, LR_OWNER_##owner, "Some::function", "/usr/bin/tool", file                           \
    }
    JAVA(MACHINERY, "java.util.zip.GZIPInputStream.<init>"),
    JAVA(MACHINERY, "java.util.jar.JarFile.getInputStream"),
    JAVA(MACHINERY, "jdk.internal.misc.Unsafe.allocateMemory"),
    JAVA(MACHINERY, "sun.nio.ch.Util.getTemporaryDirectBuffer"),
    JAVA(MACHINERY, "io.netty.buffer.PooledByteBufAllocator.directBuffer"),
    JAVA(MACHINERY, "io.netty.util.internal.PlatformDependent.allocateDirectNoCleaner"),
    JAVA(PLATFORM, "java.util.stream.ReferencePipeline.collect"),
    JAVA(PLATFORM, "javax.imageio.ImageIO.read"),
    JAVA(PLATFORM, "jdk.proxy1.$Proxy0.call"),
    JAVA(PLATFORM, "sun.reflect.DelegatingMethodAccessorImpl.invoke"),
    JAVA(PLATFORM, "com.sun.imageio.plugins.png.PNGImageReader.read"),
    JAVA(PLATFORM, "kotlin.io.CloseableKt.closeFinally"),
    JAVA(PLATFORM, "kotlinx.coroutines.DispatchedTask.run"),
    JAVA(PLATFORM, "scala.collection.immutable.List.map"),
    JAVA(PLATFORM, "groovy.lang.MetaClassImpl.invokeMethod"),
    JAVA(PLATFORM, "org.codehaus.groovy.runtime.callsite.CallSiteArray.defaultCall"),
    JAVA(PLATFORM, "org.apache.groovy.parser.antlr4.AstBuilder.buildAST"),
    JAVA(PLATFORM, "clojure.lang.AFn.run"),
    JAVA(USER, "com.acme.Codec.read"),
    JAVA(USER, "org.apache.lucene.index.IndexWriter.mergeMiddle"),
    JAVA(USER, "io.netty.channel.nio.NioEventLoop.run"),
    JAVA(USER, "sunflower.Main.main"),
    FUNCTION(MACHINERY, "lr_acquire"),
    FUNCTION(MACHINERY, "malloc"),
    FUNCTION(MACHINERY, "xmalloc"),
    FUNCTION(MACHINERY, "g_malloc0"),
    FUNCTION(MACHINERY, "g_malloc_n"),
    FUNCTION(MACHINERY, "g_malloc0_n"),
    FUNCTION(MACHINERY, "zcalloc"),
    FUNCTION(MACHINERY, "realloc"),
    FUNCTION(MACHINERY, "g_realloc_n"),
    FUNCTION(MACHINERY, "xreallocarray"),
    FUNCTION(MACHINERY, "posix_memalign"),
    FUNCTION(MACHINERY, "aligned_alloc"),
    FUNCTION(MACHINERY, "valloc"),
    FUNCTION(MACHINERY, "pvalloc"),
    FUNCTION(MACHINERY, "mmap"),
    FUNCTION(MACHINERY, "mmap64"),
    FUNCTION(MACHINERY, "mremap"),
    FUNCTION(MACHINERY, "xstrdup"),
    FUNCTION(MACHINERY, "strndup"),
    FUNCTION(MACHINERY, "g_memdup"),
    FUNCTION(MACHINERY, "vasprintf"),
    FUNCTION(MACHINERY, "g_slice_alloc"),
    FUNCTION(MACHINERY, "g_strdup_printf"),
    FUNCTION(MACHINERY, "g_strconcat"),
    FUNCTION(MACHINERY, "operator new[]"),
    FUNCTION(MACHINERY, "std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>"),
    FUNCTION(MACHINERY, "__gnu_cxx::new_allocator<int>::allocate"),
    FUNCTION(MACHINERY, "boost::make_shared<acme::Session>"),
    FUNCTION(MACHINERY, "absl::container_internal::raw_hash_set<int>::resize"),
    FUNCTION(MACHINERY, "alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle"),
    FUNCTION(MACHINERY, "core::ops::function::FnOnce::call_once"),
    FUNCTION(MACHINERY, "hashbrown::raw::RawTable<T,A>::reserve_rehash"),
    FUNCTION(MACHINERY, "<alloc::string::String as core::clone::Clone>::clone"),
    FUNCTION(MACHINERY, "<core::iter::adapters::map::Map<B,I,F> as Iterator>::fold"),
    FUNCTION(MACHINERY, "<std::io::stdio::Stdout as std::io::Write>::write_fmt"),
    FUNCTION(MACHINERY, "<hashbrown::map::HashMap<K,V,S,A> as Extend<(K,V)>>::extend"),
    FUNCTION(MACHINERY, "<T as alloc::slice::hack::ConvertVec>::to_vec"),
    FUNCTION(MACHINERY, "<I as core::iter::traits::collect::IntoIterator>::into_iter"),
    FUNCTION(MACHINERY, "<F as axum::handler::Handler<T>>::call"),
    FUNCTION(MACHINERY, "__rustc::__rust_realloc"),
    FUNCTION(MACHINERY, "__rdl_alloc"),
    FUNCTION(MACHINERY, "_PyObject_Malloc"),
    FUNCTION(MACHINERY, "_PyObject_MallocWithType"),
    FUNCTION(MACHINERY, "_PyMem_RawWcsdup"),
    FUNCTION(MACHINERY, "PyMem_Calloc"),
    FUNCTION(MACHINERY, "PyMem_RawRealloc"),
    FUNCTION(MACHINERY, "_PyObject_GC_NewVar"),
    FUNCTION(MACHINERY, "_PyObject_New"),
    FUNCTION(MACHINERY, "_PyObject_ArenaMmap"),
    FUNCTION(MACHINERY, "PyType_GenericAlloc"),
    FUNCTION(MACHINERY, "_PyType_AllocNoTrack"),
    FUNCTION(MACHINERY, "pymalloc_alloc"),
    FUNCTION(MACHINERY, "gc_alloc"),
    FUNCTION(MACHINERY, "PyUnicode_New"),
    FUNCTION(MACHINERY, "os::malloc"),
    FUNCTION(MACHINERY, "os::realloc"),
    FUNCTION(MACHINERY, "os::strdup_check_oom"),
    FUNCTION(MACHINERY, "os::pd_attempt_reserve_memory_at"),
    FUNCTION(MACHINERY, "os::pd_map_memory"),
    FUNCTION(MACHINERY, "os::pd_commit_memory"),
    FUNCTION(MACHINERY, "os::Linux::commit_memory_impl"),
    FUNCTION(MACHINERY, "anon_mmap"),
    FUNCTION(MACHINERY, "AllocateHeap"),
    FUNCTION(MACHINERY, "ReallocateHeap"),
    FUNCTION(MACHINERY, "Thread::operator new"),
    FUNCTION(MACHINERY, "AnyObj::operator new"),
    FUNCTION(MACHINERY, "ResourceObj::operator new"),
    FUNCTION(MACHINERY, "CHeapObj<(MEMFLAGS)1>::operator new"),
    FUNCTION(MACHINERY, "Chunk::next_chop"),
    FUNCTION(MACHINERY, "ChunkPool::allocate"),
    FUNCTION(MACHINERY, "Arena::grow"),
    FUNCTION(MACHINERY, "resource_allocate_bytes"),
    FUNCTION(MACHINERY, "MallocArrayAllocator<unsigned char>::allocate"),
    FUNCTION(MACHINERY, "MmapArrayAllocator<unsigned int>::allocate"),
    FUNCTION(MACHINERY, "ArrayAllocator<unsigned long>::allocate"),
    FUNCTION(MACHINERY, "GrowableArrayCHeap<int>::allocate"),
    FUNCTION(MACHINERY, "CHeapBitMap::resize"),
    FUNCTION(MACHINERY, "ReservedSpace::initialize"),
    FUNCTION(MACHINERY, "MemoryReserver::reserve_memory"),
    FUNCTION(MACHINERY, "HeapReserver::reserve"),
    FUNCTION(MACHINERY, "ReservedHeapSpace::initialize_compressed_heap"),
    FUNCTION(MACHINERY, "VirtualSpace::expand_by"),
    FUNCTION(MACHINERY, "G1PageBasedVirtualSpace::commit"),
    FUNCTION(MACHINERY, "Unsafe_AllocateMemory0"),
    FUNCTION(MACHINERY, "Unsafe_ReallocateMemory0"),
    FUNCTION(MACHINERY, "OopStorage::try_add_block"),
    FUNCTION(MACHINERY, "JNIHandles::make_weak_global"),
    FUNCTION(MACHINERY, "jni_NewGlobalRef"),
    FUNCTION(MACHINERY, "jni_GetStringUTFChars"),
    FUNCTION(MACHINERY, "JvmtiEnv::Allocate"),
    FUNCTION(MACHINERY, "JvmtiEnv::GetLoadedClasses"),
    FUNCTION(MACHINERY, "JvmtiEnvBase::allocate"),
    FUNCTION(MACHINERY, "jvmti_Allocate"),
    FUNCTION(MACHINERY, "jvmti_GetThreadInfo"),
    FUNCTION(USER, "allocate_table"),
    FUNCTION(USER, "Matcher::xform"),
    FUNCTION(USER, "<probe::Square as probe::Shape>::area"),
    FUNCTION(USER, "list_resize"),
    MODULE(MACHINERY, "/usr/local/lib/leakring/libleakring.so"),
    MODULE(MACHINERY, "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"),
    MODULE(MACHINERY, "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"),
    MODULE(MACHINERY, "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0"),
    MODULE(MACHINERY, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"),
    MODULE(MACHINERY, "/lib/x86_64-linux-gnu/libz.so.1.2.13"),
    MODULE(MACHINERY, "/usr/lib/jvm/java-17-openjdk-amd64/lib/libzip.so"),
    MODULE(PLATFORM, "/lib/x86_64-linux-gnu/libc.so.6"),
    MODULE(PLATFORM, "/lib64/libc-2.17.so"),
    MODULE(PLATFORM, "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    MODULE(PLATFORM, "/lib64/libpthread.so.0"),
    MODULE(PLATFORM, "/lib64/libdl.so.2"),
    MODULE(PLATFORM, "/lib64/librt.so.1"),
    MODULE(PLATFORM, "/lib64/libresolv.so.2"),
    MODULE(PLATFORM, "/lib64/libnss_files.so.2"),
    MODULE(PLATFORM, "/lib/x86_64-linux-gnu/libgcc_s.so.1"),
    MODULE(PLATFORM, "/jdk/lib/libjava.so"),
    MODULE(PLATFORM, "/jdk/lib/libnio.so"),
    MODULE(PLATFORM, "/jdk/lib/libnet.so"),
    MODULE(PLATFORM, "/jdk/lib/libjimage.so"),
    MODULE(PLATFORM, "/jdk/lib/libjli.so"),
    MODULE(PLATFORM, "/usr/lib/x86_64-linux-gnu/gconv/UTF-16.so"),
    MODULE(USER, "/opt/acme/lib/libcodec.so"),
    SOURCE(MACHINERY, "/opt/leakring/include/leakring/leakring.h"),
    SOURCE(MACHINERY, "/usr/include/c++/12/bits/stl_construct.h"),
    SOURCE(MACHINERY, "/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/memory"),
    SOURCE(MACHINERY, "/usr/local/include/eigen3/Eigen/src/Core/util/Memory.h"),
    SOURCE(MACHINERY,
           "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/alloc/src/vec/mod.rs"),
    SOURCE(MACHINERY, "/rust/deps/hashbrown-0.16.1/src/raw/mod.rs"),
    SOURCE(MACHINERY, "library/alloc/src/slice.rs"),
    SOURCE(MACHINERY, "library/core/src/iter/range.rs"),
    SOURCE(MACHINERY, "library/std/src/rt.rs"),
    SOURCE(MACHINERY,
           "/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/rt.rs"),
    SOURCE(USER, "/home/me/acme/src/include/table.h"),
    SOURCE(USER, "src/table.c"),
};
enum { EXAMPLES = sizeof(examples) / sizeof(examples[0]) };

static void every_example_is_owned_as_it_should(void **state)
{
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *example = &examples[i];
        struct lr_model_frame frame = {.java = example->java,
                                       .named = true,
                                       .function = example->function,
                                       .file = example->file,
                                       .module = example->module};
        if (lr_frame_owner(&frame) != example->owner)
            fail_msg("%s (%s %s) is not owned as it should", example->function, example->module,
                     example->file);
    }
}

static bool prefixes(const char *pattern, const char *text)
{
    return strncmp(pattern, text, strlen(pattern)) == 0;
}

static bool matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

static const char *last_part(const char *module)
{
    const char *slash = strrchr(module, '/');

    return slash ? slash + 1 : module;
}

/* A rule without an example would be a guess. */
static void every_rule_has_an_example(void **state)
{
#define NEED(wanted, test)                                                                         \
    do {                                                                                           \
        bool found = false;                                                                        \
        for (size_t i = 0; i < EXAMPLES; i++)                                                      \
            found = found || (examples[i].owner == (wanted) && (test));                            \
        if (!found)                                                                                \
            fail_msg("no example of the rule: %s", #test);                                         \
    } while (0);
#define LR_JAVA_RULE(owner, prefix)                                                                \
    NEED(LR_OWNER_##owner, examples[i].java &&prefixes(prefix, examples[i].function))
#define LR_FUNCTION_RULE(owner, glob)                                                              \
    NEED(LR_OWNER_##owner, !examples[i].java && matches(glob, examples[i].function))
#define LR_MODULE_RULE(owner, glob)                                                                \
    NEED(LR_OWNER_##owner, matches(glob, last_part(examples[i].module)))
#define LR_PATH_RULE(owner, glob) NEED(LR_OWNER_##owner, matches(glob, examples[i].module))
#define LR_FILE_RULE(owner, glob) NEED(LR_OWNER_##owner, matches(glob, examples[i].file))
#define LR_EXPECTED_RULE(pair, function, reason)
#include "culprit_rules.def"
}

static void no_stack_is_no_crash(void **state)
{
    begin();
    lr_culprit_choose(&path, INFLATER, true);
    lr_culprit_choose(&path, NULL, false);
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
        cmocka_unit_test(every_example_is_owned_as_it_should),
        cmocka_unit_test(every_rule_has_an_example),
        cmocka_unit_test(no_stack_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
