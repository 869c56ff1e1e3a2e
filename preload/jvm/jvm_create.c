/* jvm_create.c -- stand-ins for JNI_CreateJavaVM, Agent_OnLoad and halt: how we learn of a JVM, and
 * of its end.
 *
 * Stage: intercept.  Context: the thread that creates, or ends, the JVM.  The whole JVM runs inside
 * the real calls, so no guard is held across them.
 */
#include <jni.h>
#include <stddef.h>

#include "jvm_bridge.h"
#include "jvm_hooks.h"
#include "jvm_table.h"
#include "next.h"

typedef jint create_function(JavaVM **vm, void **env, void *args);
typedef jint agent_function(JavaVM *vm, char *options, void *reserved);

static create_function *real_create;

/* Stores `real` where nothing was stored; false when something else is there already. */
static bool remember(void **slot, void *real)
{
    void *expected = NULL;
    return __atomic_compare_exchange_n(slot, &expected, real, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE) ||
           expected == real;
}

typedef void halt_function(JNIEnv *env, jclass klass, jint status);
static halt_function *real_halt;

/* java.lang.Shutdown.halt0: what System.exit and signals end in, after the shutdown hooks. */
static void halt(JNIEnv *env, jclass klass, jint status)
{
    lr_jvm_dies();
    real_halt(env, klass, status);
}

void *lr_jvm_halt_hook(const char *name, void *real)
{
    if (__builtin_strcmp(name, "Java_java_lang_Shutdown_halt0") != 0)
        return NULL;
    return remember((void **)&real_halt, real) ? (void *)halt : NULL;
}

/* Exported, for programs that link with -ljvm; the launcher gets it through dlsym. */
JNIEXPORT jint JNICALL JNI_CreateJavaVM(JavaVM **vm, void **env, void *args)
{
    create_function *real = __atomic_load_n(&real_create, __ATOMIC_ACQUIRE);
    if (!real)
        real = (create_function *)lr_next_symbol("JNI_CreateJavaVM");
    if (!real)
        return JNI_ERR;
    jint result = real(vm, env, args);
    if (result == JNI_OK) {
        lr_jvm_created(*vm, *env);
        lr_jvm_watch(*vm);
    }
    return result;
}

void *lr_jvm_create_own(void)
{
    return (void *)JNI_CreateJavaVM;
}

void *lr_jvm_create_hook(void *real)
{
    return remember((void **)&real_create, real) ? (void *)JNI_CreateJavaVM : NULL;
}

/* Every agent library has its own Agent_OnLoad and dlsym can't tell us later whose stand-in is
 * called, so each gets one of its own. */
enum { AGENTS_MAX = 8 };
static agent_function *real_agents[AGENTS_MAX];

static jint load_agent(unsigned index, JavaVM *vm, char *options, void *reserved)
{
    lr_jvm_attach(vm);
    lr_jvm_watch(vm);
    return real_agents[index](vm, options, reserved);
}

#define AGENT(index)                                                                               \
    static jint agent_##index(JavaVM *vm, char *options, void *reserved)                           \
    {                                                                                              \
        return load_agent(index, vm, options, reserved);                                           \
    }
AGENT(0)
AGENT(1)
AGENT(2)
AGENT(3)
AGENT(4)
AGENT(5)
AGENT(6)
AGENT(7)

void *lr_jvm_agent_hook(void *real)
{
    static agent_function *const agents[AGENTS_MAX] = {agent_0, agent_1, agent_2, agent_3,
                                                       agent_4, agent_5, agent_6, agent_7};
    for (unsigned i = 0; i < AGENTS_MAX; i++)
        if (remember((void **)&real_agents[i], real))
            return (void *)agents[i];
    return NULL;
}
