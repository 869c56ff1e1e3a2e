/* jvm_redefine.c -- jvm_redefine.h: stands in for JVMTI's RedefineClasses and RetransformClasses.
 *
 * Stage: intercept -> STACK.  Context: the agent's threads (java.lang.instrument calls the same two
 * functions); the epoch is read by any thread, inside malloc.
 */
#include "jvm_redefine.h"

#include <stdbool.h>

#include "jvm_counter.h"
#include "patience.h"
#include "trace.h"

static struct jvmtiInterface_1_ table;
static const struct jvmtiInterface_1_ *real; /* NULL: nobody has an environment */
static uint32_t going_on;                    /* redefinitions at this moment */
static uint64_t redefined;                   /* how often; 0 in most processes */

/* Sequentially consistent with lr_jvm_method_epoch: who sees a class's new version sees `going_on`
 * or `redefined` of its redefinition. */
static void begin(void)
{
    __atomic_add_fetch(&going_on, 1, __ATOMIC_SEQ_CST);
}

static jvmtiError end(jvmtiError result)
{
    __atomic_add_fetch(&redefined, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&going_on, 1, __ATOMIC_SEQ_CST);
    return result;
}

static jvmtiError JNICALL redefine(jvmtiEnv *env, jint count, const jvmtiClassDefinition *classes)
{
    begin();
    return end(real->RedefineClasses(env, count, classes));
}

static jvmtiError JNICALL retransform(jvmtiEnv *env, jint count, const jclass *classes)
{
    begin();
    return end(real->RetransformClasses(env, count, classes));
}

uint64_t lr_jvm_method_epoch(void)
{
    static const uint64_t GOING_ON = UINT64_C(1) << 63;
    bool now = __atomic_load_n(&going_on, __ATOMIC_SEQ_CST) != 0;
    uint64_t times = __atomic_load_n(&redefined, __ATOMIC_SEQ_CST), epoch = lr_jvm_unloaded();
    if (__builtin_expect(times != 0 || now, 0))
        epoch += times + lr_jvm_collections();
    return __builtin_expect(now, 0) ? GOING_ON | epoch << 32 | lr_trace_ms() : epoch;
}

uint64_t lr_jvm_memory_epoch(void)
{
    uint64_t times = __atomic_load_n(&redefined, __ATOMIC_SEQ_CST);
    bool any = times || __atomic_load_n(&going_on, __ATOMIC_SEQ_CST);
    return lr_jvm_unloaded() + (any ? times + lr_jvm_collections() : 0);
}

enum { FILL_WAIT_MS = 100 };

/* One thread fills the table; the others wait for it. */
static const struct jvmtiInterface_1_ *table_of(const struct jvmtiInterface_1_ *theirs)
{
    static uint32_t filling, filled;
    if (!__atomic_exchange_n(&filling, 1, __ATOMIC_ACQ_REL)) {
        table = *theirs;
        table.RedefineClasses = redefine;
        table.RetransformClasses = retransform;
        real = theirs;
        __atomic_store_n(&filled, 1, __ATOMIC_RELEASE);
    }
    struct lr_patience patience = {0};
    while (!__atomic_load_n(&filled, __ATOMIC_ACQUIRE))
        if (!lr_patience_wait(&patience, FILL_WAIT_MS))
            return NULL;
    return real;
}

void lr_jvm_watch_jvmti(jvmtiEnv *env)
{
    if (*env != &table && table_of(*env) == *env)
        *env = &table;
}
