/* jvm_events.c -- our JVMTI environment: opened where it costs nothing or where nothing else will
 * do, and its events.
 *
 * Stage: STACK, start-up and events.  Context: Java threads in native state and, for collections,
 * the VM's own; never inside malloc.
 *
 * From JDK 21 on, having an environment makes every mount of a virtual thread dearer for the rest
 * of the process, so it is opened there only when a stream's stack can't be had without it.
 */
#include "guard.h"
#include "jvm_bridge.h"
#include "jvm_counter.h"
#include "jvm_internal.h"
#include "jvm_table.h"
#include "leakring/format.h"
#include "patience.h"
#include "prim.h"
#include "trace.h"

/* jmethodIDs are what AsyncGetCallTrace answers with; the VM never frees them.  So many classes
 * are enough to verify our own walk with; without that walk there is no limit. */
enum { PREPARED_CLASSES = 20000, DEMAND_WAIT_MS = 200 };

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
    static uint32_t prepared;
    if (!lr_enter_own())
        return;
    prepare_methods(klass);
    if (__atomic_add_fetch(&prepared, 1, __ATOMIC_RELAXED) >= PREPARED_CLASSES && lr_jvm.walks)
        (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_DISABLE, JVMTI_EVENT_CLASS_PREPARE, NULL);
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

static void JNICALL on_vm_init(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    lr_jvm_go_live(env, thread);
}

static jvmtiEnv *open_environment(JavaVM *vm)
{
    static const jvmtiEventCallbacks callbacks = {
        .VMInit = on_vm_init,
        .ClassLoad = on_class_load,
        .ClassPrepare = on_class_prepare,
        .GarbageCollectionStart = on_gc_start,
        .GarbageCollectionFinish = on_gc_finish,
    };
    jvmtiCapabilities wanted = {.can_get_line_numbers = 1,
                                .can_get_source_file_name = 1,
                                .can_generate_garbage_collection_events = 1};
    jvmtiEnv *jvmti = NULL;
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK || !jvmti)
        return NULL;
    if ((*jvmti)->AddCapabilities(jvmti, &wanted) == JVMTI_ERROR_NONE &&
        (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks) == JVMTI_ERROR_NONE)
        return jvmti;
    (*jvmti)->DisposeEnvironment(jvmti);
    return NULL;
}

bool lr_jvmti_open(JavaVM *vm)
{
    if (!lr_jvm.jvmti)
        lr_jvm.jvmti = open_environment(vm);
    return lr_jvm.jvmti != NULL;
}

void lr_jvmti_await_init(void)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
}

static void enable(jvmtiEvent event)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, event, NULL);
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

void lr_jvmti_listen(JNIEnv *env)
{
    enable(JVMTI_EVENT_CLASS_LOAD);
    enable(JVMTI_EVENT_CLASS_PREPARE);
    if (!lr_jvm_counts_collections()) {
        enable(JVMTI_EVENT_GARBAGE_COLLECTION_START);
        enable(JVMTI_EVENT_GARBAGE_COLLECTION_FINISH);
    }
    prepare_loaded_classes(env);
}

static jvmtiEnv *open_late(void)
{
    if (!lr_jvm_keep_out())
        return NULL;
    jvmtiEnv *jvmti = open_environment(lr_jvm.vm);
    lr_jvm_let_in();
    if (jvmti)
        lr_count(LR_CNT_jvmti_demanded);
    return jvmti;
}

/* One thread opens; the others wait for it, as they would at the safepoint that this takes. */
jvmtiEnv *lr_jvmti_demand(void)
{
    static uint32_t busy;
    struct lr_patience patience = {0};
    do {
        jvmtiEnv *jvmti = __atomic_load_n(&lr_jvm.jvmti, __ATOMIC_ACQUIRE);
        if (jvmti)
            return jvmti;
        if (!__atomic_exchange_n(&busy, 1, __ATOMIC_ACQ_REL)) {
            jvmti = __atomic_load_n(&lr_jvm.jvmti, __ATOMIC_ACQUIRE);
            if (!jvmti)
                jvmti = open_late();
            __atomic_store_n(&lr_jvm.jvmti, jvmti, __ATOMIC_RELEASE);
            __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
            return jvmti;
        }
    } while (lr_patience_wait(&patience, DEMAND_WAIT_MS));
    return NULL;
}
