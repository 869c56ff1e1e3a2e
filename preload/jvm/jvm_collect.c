/* jvm_collect.c -- makes the JVM collect its garbage.
 *
 * Stage: asked for only (asked.h).  Context: a thread of our own; see jvm.h.  It is attached for
 * the collection only: one that waits in native code delays the VM's end by up to 0.3 s.
 *
 * JVMTI's way ignores -XX:+DisableExplicitGC, but from JDK 21 on having JVMTI makes virtual threads
 * dearer for good, so System.gc()'s way is taken there if it is open.
 */
#include "file.h"
#include "jvm_counter.h"
#include "jvm_internal.h"
#include "next.h"

typedef void gc_function(void); /* JVM_GC, the native of Runtime.gc() */

static gc_function *plain_gc(void)
{
    if (lr_jvm_flag("DisableExplicitGC") || lr_jvm_flag("ExplicitGCInvokesConcurrent"))
        return NULL;
    return (gc_function *)lr_module_symbol("libjvm.so", "JVM_GC");
}

static enum lr_collect_result ask(void)
{
    jvmtiEnv *jvmti = __atomic_load_n(&lr_jvm.jvmti, __ATOMIC_ACQUIRE);
    gc_function *gc = jvmti ? NULL : plain_gc();
    if (gc) {
        gc();
        return LR_COLLECT_DONE;
    }
    if (!jvmti)
        jvmti = lr_jvmti_demand();
    if (!jvmti || (*jvmti)->ForceGarbageCollection(jvmti) != JVMTI_ERROR_NONE)
        return LR_COLLECT_REFUSED;
    return LR_COLLECT_DONE;
}

/* Where the VM keeps no counters, its events count (jvm_events.c), if we have JVMTI. */
static uint64_t count(bool counters)
{
    uint64_t whole;
    return counters && lr_jvm_whole_collections(&whole)
               ? whole
               : __atomic_load_n(&lr_file.counters[LR_CNT_gc_count], __ATOMIC_RELAXED);
}

/* Counted when they begin, so the count is final when the VM says that it is done. */
static enum lr_collect_result ask_and_see(void)
{
    uint64_t whole;
    bool counters = lr_jvm_whole_collections(&whole);
    uint64_t before = count(counters);
    enum lr_collect_result result = ask();
    if (result != LR_COLLECT_DONE || count(counters) > before)
        return result;
    bool would_be_seen = lr_jvm_keeps_counters() || lr_jvm.jvmti;
    return would_be_seen ? LR_COLLECT_IGNORED : LR_COLLECT_UNSEEN;
}

enum lr_collect_result lr_jvm_collect(void)
{
    char name[] = "leakring gc";
    JavaVMAttachArgs args = {JNI_VERSION_1_6, name, NULL};
    JavaVM *vm = lr_jvm.vm;
    void *env;
    if (lr_jvm_has_died())
        return LR_COLLECT_DYING;
    if (!lr_jvm_is_live())
        return LR_COLLECT_NO_JVM;
    if ((*vm)->AttachCurrentThreadAsDaemon(vm, &env, &args) != JNI_OK)
        return lr_jvm_has_died() ? LR_COLLECT_DYING : LR_COLLECT_NO_THREAD;
    enum lr_collect_result result = ask_and_see();
    (*vm)->DetachCurrentThread(vm);
    return result;
}
