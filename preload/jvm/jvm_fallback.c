/* jvm_fallback.c -- names through JVMTI, for a JVM whose memory we can't read (jvm_verify.c).
 *
 * Stage: STACK.  Context: only where JVMTI is legal: a Java thread in native state.  Allocates in
 * the JVM and may wait for a safepoint, so it is never the first choice.
 */
#include "jvm_internal.h"

#include <string.h>

#include "leakring/format.h"

static struct lr_vm_text text_of(const char *string)
{
    return (struct lr_vm_text){string ? string : "", string ? strlen(string) : 0};
}

/* "Lpackage/Name;" as the VM itself writes it. */
static struct lr_vm_text class_of(const char *signature)
{
    struct lr_vm_text text = text_of(signature);
    if (text.length >= 2 && text.bytes[0] == 'L') {
        text.bytes++;
        text.length -= 2;
    }
    return text;
}

bool lr_jvmti_method_open(uintptr_t jmethod, struct lr_jvmti_method *method)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    JNIEnv *env = lr_jvm_env();
    jmethodID id = (jmethodID)jmethod;
    jclass klass = NULL;
    *method = (struct lr_jvmti_method){.owned = {NULL}};
    if (!jvmti || !env || !lr_jvm_in_native() ||
        (*jvmti)->GetMethodDeclaringClass(jvmti, id, &klass) != JVMTI_ERROR_NONE)
        return false;
    (*jvmti)->GetClassSignature(jvmti, klass, &method->owned[0], NULL);
    (*jvmti)->GetMethodName(jvmti, id, &method->owned[1], NULL, NULL);
    (*jvmti)->GetSourceFileName(jvmti, klass, &method->owned[2]);
    (*env)->DeleteLocalRef(env, klass);
    method->class_name = class_of(method->owned[0]);
    method->name = text_of(method->owned[1]);
    method->source_file = text_of(method->owned[2]);
    if (method->class_name.length && method->name.length)
        return true;
    lr_jvmti_method_close(method);
    return false;
}

void lr_jvmti_method_close(struct lr_jvmti_method *method)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    for (size_t i = 0; i < sizeof method->owned / sizeof *method->owned; i++)
        (*jvmti)->Deallocate(jvmti, (unsigned char *)method->owned[i]);
}

int32_t lr_jvmti_method_line(uintptr_t jmethod, int32_t bci)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jmethodID id = (jmethodID)jmethod;
    jboolean native = JNI_FALSE;
    jint count = 0;
    jvmtiLineNumberEntry *table = NULL;
    if ((*jvmti)->IsMethodNative(jvmti, id, &native) == JVMTI_ERROR_NONE && native)
        return LR_LINE_NATIVE;
    if ((*jvmti)->GetLineNumberTable(jvmti, id, &count, &table) != JVMTI_ERROR_NONE)
        return LR_LINE_UNKNOWN;
    int32_t best_bci = -1, line = LR_LINE_UNKNOWN;
    for (jint i = 0; i < count; i++) {
        if (table[i].start_location <= bci && table[i].start_location > best_bci) {
            best_bci = (int32_t)table[i].start_location;
            line = table[i].line_number;
        }
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)table);
    return line;
}
