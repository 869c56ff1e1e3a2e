/* jvm_jni.c -- jvm_jni.h.
 *
 * Stage: STACK, start-up.  Context: the thread that creates the JVM, once.
 */
#include "jvm_jni.h"

#include <string.h>

#include "jvm_internal.h"
#include "prim.h"

/* Is there no pending exception?  Clears it. */
static bool is_fine(JNIEnv *env)
{
    if (!(*env)->ExceptionCheck(env))
        return true;
    (*env)->ExceptionClear(env);
    return false;
}

static jclass find_class(JNIEnv *env, const char *name)
{
    jclass klass = (*env)->FindClass(env, name);
    return is_fine(env) ? klass : NULL;
}

static jmethodID find_static(JNIEnv *env, jclass klass, const char *name, const char *signature)
{
    jmethodID method = klass ? (*env)->GetStaticMethodID(env, klass, name, signature) : NULL;
    return is_fine(env) ? method : NULL;
}

jobject lr_jni_current_thread(JNIEnv *env)
{
    jclass klass = find_class(env, "java/lang/Thread");
    jmethodID method = find_static(env, klass, "currentThread", "()Ljava/lang/Thread;");
    jobject thread = method ? (*env)->CallStaticObjectMethod(env, klass, method) : NULL;
    bool fine = is_fine(env);
    (*env)->DeleteLocalRef(env, klass);
    return fine ? thread : NULL;
}

static bool copy_text(JNIEnv *env, jstring text, char *value, size_t size)
{
    const char *chars = text ? (*env)->GetStringUTFChars(env, text, NULL) : NULL;
    if (!is_fine(env) || !chars)
        return false;
    size_t length = strlen(chars);
    if (length > size - 1)
        length = size - 1;
    memcpy(value, chars, length);
    value[length] = '\0';
    (*env)->ReleaseStringUTFChars(env, text, chars);
    return true;
}

bool lr_jni_property(JNIEnv *env, const char *name, char *value, size_t size)
{
    jclass klass = find_class(env, "java/lang/System");
    jmethodID method =
        find_static(env, klass, "getProperty", "(Ljava/lang/String;)Ljava/lang/String;");
    jstring key = method ? (*env)->NewStringUTF(env, name) : NULL;
    jstring text = NULL;
    if (is_fine(env) && key)
        text = (jstring)(*env)->CallStaticObjectMethod(env, klass, method, key);
    bool found = is_fine(env) && copy_text(env, text, value, size);
    (*env)->DeleteLocalRef(env, text);
    (*env)->DeleteLocalRef(env, key);
    (*env)->DeleteLocalRef(env, klass);
    return found;
}

/* --- does memory look as expected? --- */

struct known {
    const char *class_name, *name, *signature, *source_file;
    bool is_static, is_native;
};

static bool equals(struct lr_vm_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.bytes, expected, text.length) == 0;
}

static bool is_readable(uintptr_t address)
{
    return address && address % sizeof(void *) == 0 &&
           lr_prim_is_mapped((const void *)address) == 1;
}

/* Every entry inside the method and the file, and the end where it must be. */
static bool has_good_lines(const struct lr_vm_method *method)
{
    enum { LINE_MAX_ = 65535 };
    int32_t size = (int32_t)lr_vm_u16(method->const_method, lr_jvm_layout.const_code_size);
    struct lr_vm_lines lines;
    lr_vm_lines_open(&lines, method);
    while (lr_vm_lines_next(&lines))
        if (lines.bci < 0 || lines.bci >= size || lines.line < 1 || lines.line > LINE_MAX_)
            return false;
    return !lines.next || (lines.next < lines.end && *lines.next == 0);
}

/* All methods of the class that `method` belongs to; how many in *count. */
static bool has_good_class(const struct lr_vm_method *method, unsigned *count)
{
    uint32_t methods_at = lr_jvm_field("InstanceKlass", "_methods");
    uint32_t length_at = lr_jvm_field("Array<Klass*>", "_length");
    uint32_t data_at = lr_jvm_field("Array<Klass*>", "_data[0]");
    if (methods_at == LR_NOWHERE || length_at == LR_NOWHERE || data_at == LR_NOWHERE)
        return false;
    uintptr_t pool = lr_vm_word(method->const_method, lr_jvm_layout.const_pool);
    uintptr_t list = lr_vm_word(lr_vm_word(pool, lr_jvm_layout.pool_holder), methods_at);
    uint32_t length = is_readable(list) ? lr_vm_u32(list, length_at) : 0;
    for (uint32_t i = 0; i < length; i++) {
        struct lr_vm_method each;
        uintptr_t address = ((const uintptr_t *)(list + data_at))[i];
        if (!is_readable(address) || !lr_vm_method_read(address, &each) || !has_good_lines(&each) ||
            each.class_name.bytes != method->class_name.bytes)
            return false;
    }
    *count += length;
    return length > 0;
}

static bool is_known(JNIEnv *env, const struct known *known, unsigned *count)
{
    jclass klass = find_class(env, known->class_name);
    jmethodID id = NULL;
    if (klass)
        id = known->is_static ? (*env)->GetStaticMethodID(env, klass, known->name, known->signature)
                              : (*env)->GetMethodID(env, klass, known->name, known->signature);
    bool fine = is_fine(env) && is_readable((uintptr_t)id);
    (*env)->DeleteLocalRef(env, klass);
    uintptr_t address = fine ? lr_vm_method_of((uintptr_t)id) : 0;
    struct lr_vm_method method;
    return is_readable(address) && lr_vm_method_read(address, &method) &&
           equals(method.class_name, known->class_name) && equals(method.name, known->name) &&
           equals(method.source_file, known->source_file) && method.is_native == known->is_native &&
           has_good_class(&method, count);
}

bool lr_jni_verify(JNIEnv *env)
{
    static const struct known methods[] = {
        {"java/lang/Thread", "currentThread", "()Ljava/lang/Thread;", "Thread.java", true, true},
        {"java/lang/Object", "hashCode", "()I", "Object.java", false, true},
        {"java/lang/String", "indexOf", "(II)I", "String.java", false, false},
        {"java/util/HashMap", "get", "(Ljava/lang/Object;)Ljava/lang/Object;", "HashMap.java",
         false, false},
        {"java/lang/Integer", "parseInt", "(Ljava/lang/String;I)I", "Integer.java", true, false},
    };
    for (lr_vm_lines_excluded = 0; lr_vm_lines_excluded <= 1; lr_vm_lines_excluded++) {
        unsigned count = 0, fine = 0;
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
            fine += is_known(env, &methods[i], &count);
        if (fine == sizeof methods / sizeof *methods && count >= 100)
            return true;
    }
    lr_vm_lines_excluded = 0;
    return false;
}
