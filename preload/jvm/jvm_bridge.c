/* jvm_bridge.c -- gets to know the JVM: when it lives, when it dies, what it calls itself.
 *
 * Stage: STACK, start-up.  Context: Java threads in native state; never inside malloc.  The JVM
 * runs inside the real JNI_CreateJavaVM, so the guard is held around our own calls only.  Nothing
 * is printed; what fails leaves the JVM as it was, with Java frames or names missing.
 */
#include "jvm_bridge.h"

#include <string.h>

#include "asked.h"
#include "config.h"
#include "guard.h"
#include "helper.h"
#include "jvm_counter.h"
#include "jvm_internal.h"
#include "jvm_jni.h"
#include "leakring/format.h"
#include "next.h"
#include "trace.h"

struct lr_jvm_state lr_jvm;

bool lr_jvm_exists(void)
{
    return lr_jvm_is_live();
}

bool lr_jvm_has_died(void)
{
    return __atomic_load_n(&lr_jvm.died, __ATOMIC_ACQUIRE) != 0;
}

void lr_jvm_dies(void)
{
    if (!lr_jvm_is_live())
        return;
    lr_jvm_tick();
    __atomic_store_n(&lr_jvm.died, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&lr_jvm.live, 0, __ATOMIC_RELEASE);
    lr_trace_event(LR_EVENT_VM_DEATH, 0, 0);
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

enum { PROPERTIES = 3, PROPERTY_SIZE = 128, LOCK_TRIES = 4 };

static void intern_metadata(char values[PROPERTIES][PROPERTY_SIZE])
{
    static const enum lr_meta_key keys[PROPERTIES] = {LR_META_JAVA_VERSION, LR_META_JAVA_VENDOR,
                                                      LR_META_JAVA_VM};
    const char *collector = collector_name();
    for (size_t i = 0; i < PROPERTIES; i++)
        if (values[i][0])
            lr_intern_meta(keys[i], values[i]);
    if (collector)
        lr_intern_meta(LR_META_JAVA_GC, collector);
}

/* The properties are asked for before the intern lock is taken: the JVM may wait for a safepoint,
 * which others must not do for us. */
static void store_metadata(JNIEnv *env)
{
    static const char *const names[PROPERTIES] = {"java.vm.version", "java.vm.vendor",
                                                  "java.vm.name"};
    char values[PROPERTIES][PROPERTY_SIZE] = {""};
    for (size_t i = 0; i < PROPERTIES; i++)
        lr_jni_property(env, names[i], values[i], PROPERTY_SIZE);
    unsigned tries = 0;
    while (tries < LOCK_TRIES && !lr_intern_lock())
        tries++;
    if (tries < LOCK_TRIES) {
        intern_metadata(values);
        lr_intern_unlock();
    }
}

/* Does this JVM have virtual threads, which pay for JVMTI? */
static bool has_virtual_threads(void)
{
    return lr_jvm_field("JavaThread", "_cont_entry") != LR_NOWHERE;
}

/* An environment that an agent of the target's has made free already, or that costs nothing, or
 * that was asked for. */
static bool wants_jvmti(void)
{
    return !has_virtual_threads() || lr_config.java_check;
}

static void choose_sources(JNIEnv *env, jthread thread)
{
    bool have_names = lr_jvm_layout_read();
    lr_jvm_counters_start();
    if (wants_jvmti())
        lr_jvmti_open(lr_jvm.vm);
    lr_jvm.env_offset = lr_jvm_layout_has_frames() ? find_env_offset(env, thread) : 0;
    lr_jvm.names_ok = have_names && (lr_jvm.jvmti ? lr_jvm_verify(env) : lr_jni_verify(env));
    lr_jvm.walks =
        lr_jvm.env_offset && lr_jvm.names_ok && lr_jvm_counts_unloaded() && lr_java_walk_start();
    if (!lr_jvm.walks && !lr_jvm.jvmti && lr_jvmti_open(lr_jvm.vm))
        lr_jvm.names_ok = have_names && lr_jvm_verify(env);
    if (lr_jvm.walks)
        lr_unwind_note_generated(*lr_jvm_layout.code_low, *lr_jvm_layout.code_high);
    if (!lr_jvm.names_ok)
        lr_trace_set_compat(LR_COMPAT_NO_JNAMES);
    if (lr_jvm.env_offset && lr_jvm.jvmti)
        lr_jvm.agct = (lr_agct_function *)lr_module_symbol("libjvm.so", "AsyncGetCallTrace");
}

void lr_jvm_go_live(JNIEnv *env, jthread thread)
{
    static uint32_t done;
    if (__atomic_exchange_n(&done, 1, __ATOMIC_ACQ_REL) || !lr_enter_own())
        return;
    choose_sources(env, thread);
    if (lr_jvm.jvmti)
        lr_jvmti_listen(env);
    store_metadata(env);
    __atomic_store_n(&lr_jvm.live, 1, __ATOMIC_RELEASE);
    lr_trace_event(LR_EVENT_JVM, 0, 0);
    lr_helper_start();
    lr_asked_start();
    lr_leave();
}

static bool attach(JavaVM *vm)
{
    if (__atomic_exchange_n(&lr_jvm.attached, 1, __ATOMIC_ACQ_REL))
        return false;
    lr_trace_set_compat(LR_COMPAT_JAVA);
    lr_jvm.get_env = (*vm)->GetEnv;
    lr_jvm.vm = vm;
    return true;
}

void lr_jvm_attach(JavaVM *vm)
{
    if (!lr_enter_own())
        return;
    if (attach(vm) && lr_jvmti_open(vm))
        lr_jvmti_await_init();
    lr_leave();
}

void lr_jvm_created(JavaVM *vm, void *env)
{
    if (!lr_enter_own())
        return;
    attach(vm);
    jthread thread = lr_jni_current_thread(env);
    lr_leave();
    if (!thread)
        return;
    lr_jvm_go_live(env, thread);
    (*(JNIEnv *)env)->DeleteLocalRef(env, thread);
}
