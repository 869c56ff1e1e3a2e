/* jvm_table.c -- jvm_table.h.
 *
 * Stage: intercept.  Context: any thread that calls the JVM's invocation interface, not inside
 * malloc and not under the guard: whole programs run inside DestroyJavaVM.
 */
#include "jvm_table.h"

#include <stdint.h>

#include "guard.h"
#include "jvm_bridge.h"
#include "jvm_redefine.h"
#include "patience.h"

enum { KEEP_OUT_MS = 100, WAIT_MS = 10000 };

static struct JNIInvokeInterface_ table;
static const struct JNIInvokeInterface_ *real; /* NULL: nothing is watched */
static uint32_t attaching, closed;

/* Counts itself in, unless it must wait; sequentially consistent with lr_jvm_keep_out: either it
 * sees the closing, or it is seen.  A caller that waited in vain goes on: a stuck VM isn't ours. */
static void enter(void)
{
    struct lr_patience patience = {0};
    do {
        __atomic_add_fetch(&attaching, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&closed, __ATOMIC_SEQ_CST))
            return;
        __atomic_sub_fetch(&attaching, 1, __ATOMIC_SEQ_CST);
    } while (lr_patience_wait(&patience, WAIT_MS));
    __atomic_add_fetch(&attaching, 1, __ATOMIC_SEQ_CST);
}

static void leave(void)
{
    __atomic_sub_fetch(&attaching, 1, __ATOMIC_SEQ_CST);
}

/* Agents get their JVMTI environments so, and java.lang.instrument does for its own. */
static jint JNICALL get_env(JavaVM *vm, void **env, jint version)
{
    jint result = real->GetEnv(vm, env, version);
    if (result == JNI_OK &&
        (version & JVMTI_VERSION_MASK_INTERFACE_TYPE) == JVMTI_VERSION_INTERFACE_JVMTI)
        lr_jvm_watch_jvmti(*env);
    return result;
}

static jint JNICALL attach(JavaVM *vm, void **env, void *args)
{
    enter();
    jint result = real->AttachCurrentThread(vm, env, args);
    leave();
    return result;
}

static jint JNICALL attach_daemon(JavaVM *vm, void **env, void *args)
{
    enter();
    jint result = real->AttachCurrentThreadAsDaemon(vm, env, args);
    leave();
    return result;
}

static jint JNICALL destroy(JavaVM *vm)
{
    jint result = real->DestroyJavaVM(vm);
    if (result == JNI_OK)
        lr_jvm_dies();
    return result;
}

void lr_jvm_watch(JavaVM *vm)
{
    if (!lr_is_armed() || real)
        return;
    table = **vm;
    table.GetEnv = get_env;
    table.AttachCurrentThread = attach;
    table.AttachCurrentThreadAsDaemon = attach_daemon;
    table.DestroyJavaVM = destroy;
    real = *vm;
    __atomic_store_n(vm, &table, __ATOMIC_RELEASE);
}

bool lr_jvm_keep_out(void)
{
    if (!real)
        return false;
    __atomic_store_n(&closed, 1, __ATOMIC_SEQ_CST);
    struct lr_patience patience = {0};
    while (__atomic_load_n(&attaching, __ATOMIC_SEQ_CST))
        if (!lr_patience_wait(&patience, KEEP_OUT_MS)) {
            lr_jvm_let_in();
            return false;
        }
    return true;
}

void lr_jvm_let_in(void)
{
    __atomic_store_n(&closed, 0, __ATOMIC_SEQ_CST);
}
