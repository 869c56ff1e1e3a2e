/* jvm_names.c -- lr_jvm_name: from (jmethodID, bci) to an entry of the trace's Java frames.
 *
 * Stage: STACK -> RECORD.  Context: inside malloc, under the intern lock, any thread state.
 * Names are taken at first sight, because classes unload and SIGKILL gives no last word.
 */
#include <string.h>

#include "jvm_internal.h"
#include "jvm_text.h"
#include "prim.h"
#include "trace.h"

/* Known frames, so that naming costs one probe.  A cache only: a full neighbourhood forgets its
 * first entry, and the trace's own tables find the equal frame again.  Anonymous memory, mapped
 * once, touched as it fills; the intern lock guards it. */
enum { CACHE_BITS = 16, CACHE_SIZE = 1 << CACHE_BITS, CACHE_PROBES = 8 };
struct known {
    uintptr_t method;
    int32_t bci;
    uint32_t jframe; /* index + 1; 0: free slot */
};
static struct known *cache;

static struct known *find_slot(const struct lr_java_frame *frame)
{
    if (!cache && !(cache = lr_prim_map(CACHE_SIZE * sizeof *cache)))
        return NULL;
    uint64_t hash =
        (frame->method ^ ((uint64_t)(uint32_t)frame->bci << 40)) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t home = (uint32_t)(hash >> (64 - CACHE_BITS));
    for (uint32_t i = 0; i < CACHE_PROBES; i++) {
        struct known *slot = &cache[(home + i) & (CACHE_SIZE - 1)];
        if (!slot->jframe || (slot->method == frame->method && slot->bci == frame->bci))
            return slot;
    }
    cache[home].jframe = 0;
    return &cache[home];
}

static uint32_t intern_text(struct lr_vm_text text)
{
    size_t length = text.length < LR_STRING_MAX ? text.length : LR_STRING_MAX;
    return lr_intern_string(text.bytes, length);
}

/* The class name as reports show it is built here; the intern lock makes one buffer enough. */
static uint32_t intern_class(struct lr_vm_text name, uint32_t *flags)
{
    static char dotted[LR_STRING_MAX];
    bool generated = false;
    size_t length = lr_jvm_class_text(name.bytes, name.length, dotted, sizeof dotted, &generated);
    *flags = generated ? LR_METHOD_HIDDEN : 0;
    return lr_intern_string(dotted, length);
}

static uint32_t intern_frame(struct lr_vm_text class_name, struct lr_vm_text name,
                             struct lr_vm_text source_file, int32_t line)
{
    uint32_t flags = 0;
    uint32_t class_id = intern_class(class_name, &flags);
    uint32_t name_id = intern_text(name);
    uint32_t file_id = source_file.length ? intern_text(source_file) : 0;
    if (!class_id || !name_id)
        return 0;
    uint32_t method = lr_intern_method(class_id, name_id, file_id, flags);
    return method ? lr_intern_jframe(method - 1, line) : 0;
}

static uint32_t name_from_memory(const struct lr_java_frame *frame)
{
    struct lr_vm_method method;
    if (!lr_vm_method_read(frame->method, &method))
        return 0;
    return intern_frame(method.class_name, method.name, method.source_file,
                        lr_vm_method_line(&method, frame->bci));
}

uint32_t lr_jvm_name(const struct lr_java_frame *frame)
{
    if (!frame->method || !lr_jvm_is_live())
        return 0;
    struct known *slot = find_slot(frame);
    if (slot && slot->jframe)
        return slot->jframe;
    uint32_t jframe = 0;
    if (lr_jvm.names_ok)
        jframe = name_from_memory(frame);
    else if (lr_jvm_in_native())
        jframe = lr_jvm_name_by_jvmti(frame);
    if (slot && jframe)
        *slot = (struct known){frame->method, frame->bci, jframe};
    return jframe;
}

static int32_t line_by_jvmti(jmethodID id, int32_t bci)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jboolean native = JNI_FALSE;
    if ((*jvmti)->IsMethodNative(jvmti, id, &native) == JVMTI_ERROR_NONE && native)
        return LR_LINE_NATIVE;
    jint count = 0;
    jvmtiLineNumberEntry *table = NULL;
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

static struct lr_vm_text text_of(const char *string)
{
    return (struct lr_vm_text){string ? string : "", string ? strlen(string) : 0};
}

uint32_t lr_jvm_name_by_jvmti(const struct lr_java_frame *frame)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    JNIEnv *env = lr_jvm_env();
    jmethodID id = (jmethodID)frame->method;
    jclass klass = NULL;
    if (!jvmti || !env || (*jvmti)->GetMethodDeclaringClass(jvmti, id, &klass) != JVMTI_ERROR_NONE)
        return 0;
    char *signature = NULL, *name = NULL, *source = NULL;
    (*jvmti)->GetClassSignature(jvmti, klass, &signature, NULL);
    (*jvmti)->GetMethodName(jvmti, id, &name, NULL, NULL);
    (*jvmti)->GetSourceFileName(jvmti, klass, &source);
    struct lr_vm_text class_name = text_of(signature);
    if (class_name.length >= 2) { /* Lpackage/Name; */
        class_name.bytes++;
        class_name.length -= 2;
    }
    uint32_t jframe =
        intern_frame(class_name, text_of(name), text_of(source), line_by_jvmti(id, frame->bci));
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)source);
    (*env)->DeleteLocalRef(env, klass);
    return jframe;
}
