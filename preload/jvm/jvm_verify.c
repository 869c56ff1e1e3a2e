/* jvm_verify.c -- proves at start that what we read from VM memory is what JVMTI says.
 *
 * Stage: STACK, start-up.  Context: once, live phase, thread in native state, under the guard.
 * A JVM whose memory doesn't look as jvm_method.c thinks is found out here, by comparison, and
 * its names are then left alone.
 */
#include "jvm_internal.h"

#include <string.h>

#include "prim.h"

static bool same_text(struct lr_vm_text text, const char *expected)
{
    return strlen(expected) == text.length && memcmp(text.bytes, expected, text.length) == 0;
}

/* JVMTI gives "Ljava/lang/Thread;", and a dot where a hidden class's name has a plus. */
static bool same_class(struct lr_vm_text text, const char *signature)
{
    size_t length = strlen(signature);
    if (length < 2 || length - 2 != text.length || signature[0] != 'L')
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] != signature[i + 1] && !(text.bytes[i] == '+' && signature[i + 1] == '.'))
            return false;
    return true;
}

/* A jmethodID that isn't a pointer to a pointer (JDK 26) must not be followed.  Asked once a
 * class: the IDs of a JVM are all of one kind. */
static bool is_readable(uintptr_t jmethod)
{
    if (!jmethod || jmethod % sizeof(void *) || lr_prim_is_mapped((void *)jmethod) != 1)
        return false;
    uintptr_t method = *(uintptr_t *)jmethod;
    return method && method % sizeof(void *) == 0 && lr_prim_is_mapped((void *)method) == 1;
}

static bool same_lines(const struct lr_vm_method *method, jmethodID id)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jint count = 0;
    jvmtiLineNumberEntry *table = NULL;
    if ((*jvmti)->GetLineNumberTable(jvmti, id, &count, &table) != JVMTI_ERROR_NONE)
        count = 0; /* native, or compiled without lines */
    struct lr_vm_lines lines;
    lr_vm_lines_open(&lines, method);
    bool same = true;
    for (jint i = 0; i < count && same; i++)
        same = lr_vm_lines_next(&lines) && lines.bci == table[i].start_location &&
               lines.line == table[i].line_number;
    same = same && !lr_vm_lines_next(&lines);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)table);
    return same;
}

static bool same_method(jmethodID id, const char *signature, const char *source)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    struct lr_vm_method method;
    char *name = NULL;
    jboolean native = JNI_FALSE;
    if (!lr_vm_method_read(lr_vm_method_of((uintptr_t)id), &method) ||
        (*jvmti)->GetMethodName(jvmti, id, &name, NULL, NULL) != JVMTI_ERROR_NONE)
        return false;
    (*jvmti)->IsMethodNative(jvmti, id, &native);
    bool same = same_text(method.name, name) && same_class(method.class_name, signature) &&
                same_text(method.source_file, source) && method.is_native == native &&
                same_lines(&method, id);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
    return same;
}

bool lr_jvm_verify_class(JNIEnv *env, jclass klass, unsigned *compared)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jint count = 0;
    jmethodID *methods = NULL;
    char *signature = NULL, *source = NULL;
    if ((*jvmti)->GetClassMethods(jvmti, klass, &count, &methods) != JVMTI_ERROR_NONE)
        return true; /* nothing to compare: not prepared yet, or an array */
    bool same = (*jvmti)->GetClassSignature(jvmti, klass, &signature, NULL) == JVMTI_ERROR_NONE;
    (*jvmti)->GetSourceFileName(jvmti, klass, &source);
    same = same && (count == 0 || is_readable((uintptr_t)methods[0]));
    for (jint i = 0; i < count && same; i++) {
        same = same_method(methods[i], signature, source ? source : "");
        *compared += same;
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)methods);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)source);
    return same;
}

/* Classes that every JVM has loaded by now; together hundreds of line entries of both forms. */
static bool verify_all(JNIEnv *env)
{
    static const char *const names[] = {"java/lang/Thread", "java/lang/String",
                                        "java/lang/ref/Reference", "java/util/HashMap"};
    unsigned compared = 0;
    bool same = true;
    for (size_t i = 0; i < sizeof names / sizeof *names && same; i++) {
        jclass klass = (*env)->FindClass(env, names[i]);
        if (!klass) {
            (*env)->ExceptionClear(env);
            return false;
        }
        same = lr_jvm_verify_class(env, klass, &compared);
        (*env)->DeleteLocalRef(env, klass);
    }
    return same && compared >= 100;
}

bool lr_jvm_verify(JNIEnv *env)
{
    for (lr_vm_lines_excluded = 0; lr_vm_lines_excluded <= 1; lr_vm_lines_excluded++)
        if (verify_all(env))
            return true;
    lr_vm_lines_excluded = 0;
    return false;
}
