/* jvm_bridge.c -- gets to know the JVM: its JVMTI environment, its events, what it calls itself.
 *
 * Stage: STACK, start-up and events.  Context: Java threads in native state and, for collections,
 * the VM's own; never inside malloc.  The JVM runs inside the real JNI_CreateJavaVM, so the guard
 * is held around our own calls only.  Nothing is printed; what fails leaves the JVM as it was,
 * with Java frames or names missing.
 */
#include "jvm_bridge.h"

#include <string.h>

#include "guard.h"
#include "helper.h"
#include "jvm_internal.h"
#include "jvm_counter.h"
#include "leakring/format.h"
#include "next.h"
#include "prim.h"
#include "trace.h"

struct lr_jvm_state lr_jvm;

/* Creating jmethodIDs now is what lets AsyncGetCallTrace answer with them later. */
static void prepare_methods(jclass klass)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jint count = 0;
    jmethodID *methods = NULL;
    if ((*jvmti)->GetClassMethods(jvmti, klass, &count, &methods) != JVMTI_ERROR_NONE)
        return;
    lr_jvm_note_continuation(count, methods);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)methods);
}

static void JNICALL on_class_load(jvmtiEnv *jvmti, JNIEnv *env, jthread thread, jclass klass)
{
    /* AsyncGetCallTrace answers only while somebody listens to this event. */
}

static void JNICALL on_class_prepare(jvmtiEnv *jvmti, JNIEnv *env, jthread thread, jclass klass)
{
    if (!lr_enter_own())
        return;
    prepare_methods(klass);
    lr_leave();
}

/* In the VM's own thread, at a safepoint: neither JNI nor JVMTI is allowed. */
static uint64_t gc_started;

static void JNICALL on_gc_start(jvmtiEnv *jvmti)
{
    gc_started = lr_prim_mono_exact_ns();
}

static void JNICALL on_gc_finish(jvmtiEnv *jvmti)
{
    static uint32_t number;
    lr_count(LR_CNT_gc_count);
    lr_trace_event(LR_EVENT_GC, ++number, lr_prim_mono_exact_ns() - gc_started);
}

static void JNICALL on_vm_death(jvmtiEnv *jvmti, JNIEnv *env)
{
    __atomic_store_n(&lr_jvm.died, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&lr_jvm.live, 0, __ATOMIC_RELEASE);
    lr_trace_event(LR_EVENT_VM_DEATH, 0, 0);
}

bool lr_jvm_exists(void)
{
    return lr_jvm_is_live();
}

bool lr_jvm_has_died(void)
{
    return __atomic_load_n(&lr_jvm.died, __ATOMIC_ACQUIRE) != 0;
}

static void go_live(JNIEnv *env, jthread thread);

static void JNICALL on_vm_init(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    go_live(env, thread);
}

static bool add_capabilities(jvmtiEnv *jvmti)
{
    jvmtiCapabilities wanted = {.can_get_line_numbers = 1,
                                .can_get_source_file_name = 1,
                                .can_generate_garbage_collection_events = 1};
    return (*jvmti)->AddCapabilities(jvmti, &wanted) == JVMTI_ERROR_NONE;
}

static bool open_jvmti(JavaVM *vm)
{
    static const jvmtiEventCallbacks callbacks = {
        .VMInit = on_vm_init,
        .VMDeath = on_vm_death,
        .ClassLoad = on_class_load,
        .ClassPrepare = on_class_prepare,
        .GarbageCollectionStart = on_gc_start,
        .GarbageCollectionFinish = on_gc_finish,
    };
    jvmtiEnv *jvmti = NULL;
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK || !jvmti)
        return false;
    if (!add_capabilities(jvmti) ||
        (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks) != JVMTI_ERROR_NONE) {
        (*jvmti)->DisposeEnvironment(jvmti);
        return false;
    }
    lr_jvm.jvmti = jvmti;
    return true;
}

static void enable_events(jvmtiEnv *jvmti)
{
    static const jvmtiEvent events[] = {
        JVMTI_EVENT_CLASS_LOAD,
        JVMTI_EVENT_CLASS_PREPARE,
        JVMTI_EVENT_GARBAGE_COLLECTION_START,
        JVMTI_EVENT_GARBAGE_COLLECTION_FINISH,
        JVMTI_EVENT_VM_DEATH,
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, events[i], NULL);
}

/* Thread.eetop is the address of the JavaThread, whose JNIEnv is a member. */
static uintptr_t find_env_offset(JNIEnv *env, jthread thread)
{
    jclass klass = (*env)->GetObjectClass(env, thread);
    jfieldID field = klass ? (*env)->GetFieldID(env, klass, "eetop", "J") : NULL;
    if (!field) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    uintptr_t address = (uintptr_t)(*env)->GetLongField(env, thread, field);
    (*env)->DeleteLocalRef(env, klass);
    uintptr_t offset = (uintptr_t)env - address;
    return address && offset < 64 * 1024 ? offset : 0;
}

/* Right after ClassPrepare is enabled, so that no class falls between.  The local references get
 * a frame of their own, as large as may be asked for. */
static void prepare_loaded_classes(JNIEnv *env)
{
    enum { LOCAL_REFERENCES = 4095 };
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jint count = 0;
    jclass *classes = NULL;
    if ((*env)->PushLocalFrame(env, LOCAL_REFERENCES) != JNI_OK) {
        (*env)->ExceptionClear(env);
        return;
    }
    if ((*jvmti)->GetLoadedClasses(jvmti, &count, &classes) != JVMTI_ERROR_NONE)
        count = 0;
    for (jint i = 0; i < count; i++)
        prepare_methods(classes[i]);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)classes);
    (*env)->PopLocalFrame(env, NULL);
}

static const char *collector_name(void)
{
    static const struct {
        const char *flag, *name;
    } collectors[] = {
        {"UseG1GC", "G1"},
        {"UseSerialGC", "Serial"},
        {"UseParallelGC", "Parallel"},
        {"UseZGC", "ZGC"},
        {"UseShenandoahGC", "Shenandoah"},
        {"UseEpsilonGC", "Epsilon"},
        {"UseConcMarkSweepGC", "CMS"},
    };
    for (size_t i = 0; i < sizeof collectors / sizeof *collectors; i++)
        if (lr_jvm_flag(collectors[i].flag))
            return collectors[i].name;
    return NULL;
}

enum { PROPERTIES = 3, LOCK_TRIES = 4 };

static void intern_metadata(char *const *values)
{
    static const enum lr_meta_key keys[PROPERTIES] = {LR_META_JAVA_VERSION, LR_META_JAVA_VENDOR,
                                                      LR_META_JAVA_VM};
    const char *collector = collector_name();
    for (size_t i = 0; i < PROPERTIES; i++)
        if (values[i])
            lr_intern_meta(keys[i], values[i]);
    if (collector)
        lr_intern_meta(LR_META_JAVA_GC, collector);
}

/* The properties are asked for before the intern lock is taken: JVMTI may wait for a safepoint,
 * which others must not do for us. */
static void store_metadata(void)
{
    static const char *const names[PROPERTIES] = {"java.vm.version", "java.vm.vendor",
                                                  "java.vm.name"};
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    char *values[PROPERTIES] = {NULL};
    for (size_t i = 0; i < PROPERTIES; i++)
        (*jvmti)->GetSystemProperty(jvmti, names[i], &values[i]);
    unsigned tries = 0;
    while (tries < LOCK_TRIES && !lr_intern_lock())
        tries++;
    if (tries < LOCK_TRIES) {
        intern_metadata(values);
        lr_intern_unlock();
    }
    for (size_t i = 0; i < PROPERTIES; i++)
        (*jvmti)->Deallocate(jvmti, (unsigned char *)values[i]);
}

static void choose_sources(JNIEnv *env, jthread thread)
{
    bool have_names = lr_jvm_layout_read();
    lr_jvm.env_offset = lr_jvm_layout_has_frames() ? find_env_offset(env, thread) : 0;
    lr_jvm.names_ok = have_names && lr_jvm_verify(env);
    if (!lr_jvm.names_ok)
        lr_trace_set_compat(LR_COMPAT_NO_JNAMES);
    lr_jvm_counters_start();
    lr_jvm.walks =
        lr_jvm.env_offset && lr_jvm.names_ok && lr_jvm_counts_unloaded() && lr_java_walk_start();
    if (lr_jvm.env_offset)
        lr_jvm.agct = (lr_agct_function *)lr_module_symbol("libjvm.so", "AsyncGetCallTrace");
}

/* The JVM runs Java code from here on.  Called on a Java thread in native state, once. */
static void go_live(JNIEnv *env, jthread thread)
{
    static uint32_t done;
    if (__atomic_exchange_n(&done, 1, __ATOMIC_ACQ_REL) || !lr_enter_own())
        return;
    choose_sources(env, thread);
    enable_events(lr_jvm.jvmti);
    prepare_loaded_classes(env);
    store_metadata();
    __atomic_store_n(&lr_jvm.live, 1, __ATOMIC_RELEASE);
    lr_trace_event(LR_EVENT_JVM, 0, 0);
    lr_helper_start();
    lr_leave();
}

bool lr_jvm_attach(JavaVM *vm)
{
    if (__atomic_exchange_n(&lr_jvm.attached, 1, __ATOMIC_ACQ_REL))
        return lr_jvm.jvmti != NULL;
    if (!lr_enter_own())
        return false;
    lr_trace_set_compat(LR_COMPAT_JAVA);
    lr_jvm.vm = vm;
    bool opened = open_jvmti(vm);
    if (opened)
        (*lr_jvm.jvmti)
            ->SetEventNotificationMode(lr_jvm.jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
    lr_leave();
    return opened;
}

void lr_jvm_created(JavaVM *vm, void *env)
{
    jthread thread = NULL;
    if (!lr_jvm_attach(vm) || !lr_enter_own())
        return;
    jvmtiError error = (*lr_jvm.jvmti)->GetCurrentThread(lr_jvm.jvmti, &thread);
    lr_leave();
    if (error != JVMTI_ERROR_NONE)
        return;
    go_live(env, thread);
    (*(JNIEnv *)env)->DeleteLocalRef(env, thread);
}
