/* jvm_names.c -- lr_jvm_name: from (method, bci) to an entry of the trace's Java frames.
 *
 * Stage: STACK -> RECORD.  Context: inside malloc, under the intern lock, any thread state.
 * Names are taken at first sight, because classes unload and SIGKILL gives no last word.
 */
#include <string.h>

#include "guard.h"
#include "jvm_internal.h"
#include "jvm_redefine.h"
#include "jvm_text.h"
#include "prim.h"
#include "trace.h"

/* Known frames, so that naming costs one probe.  A cache only: a full neighbourhood forgets its
 * first entry, and the trace's own tables find the equal frame again.  Anonymous memory, mapped
 * once, touched as it fills; the intern lock guards it. */
enum { CACHE_BITS = 15, CACHE_SIZE = 1 << CACHE_BITS, CACHE_PROBES = 8 };
struct known {
    uintptr_t method;
    int32_t bci;
    uint32_t jframe; /* index + 1; 0: free slot */
    uint64_t epoch;  /* jvm_redefine.h */
};
static struct known *cache;

static struct known *find_slot(const struct lr_java_frame *frame, uint64_t epoch)
{
    if (!cache && !(cache = lr_prim_map(CACHE_SIZE * sizeof *cache)))
        return NULL;
    uint64_t hash =
        (frame->method ^ ((uint64_t)(uint32_t)frame->bci << 40)) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t home = (uint32_t)(hash >> (64 - CACHE_BITS));
    for (uint32_t i = 0; i < CACHE_PROBES; i++) {
        struct known *slot = &cache[(home + i) & (CACHE_SIZE - 1)];
        if (!slot->jframe || slot->epoch != epoch) {
            slot->jframe = 0;
            return slot;
        }
        if (slot->method == frame->method && slot->bci == frame->bci)
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

static uint32_t name_by_jvmti(const struct lr_java_frame *frame)
{
    struct lr_jvmti_method method;
    uint32_t jframe = 0, depth = lr_own_work_begin();
    if (lr_jvmti_method_open(frame->method, &method)) {
        jframe = intern_frame(method.class_name, method.name, method.source_file,
                              lr_jvmti_method_line(frame->method, frame->bci));
        lr_jvmti_method_close(&method);
    }
    lr_own_work_end(depth);
    return jframe;
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
    uint64_t epoch = lr_jvm_method_epoch();
    struct known *slot = find_slot(frame, epoch);
    if (slot && slot->jframe)
        return slot->jframe;
    uint32_t jframe = 0;
    if (lr_jvm.names_ok)
        jframe = name_from_memory(frame);
    else if (lr_jvm_in_native())
        jframe = name_by_jvmti(frame);
    if (slot && jframe)
        *slot = (struct known){frame->method, frame->bci, jframe, epoch};
    return jframe;
}
