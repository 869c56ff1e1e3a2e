/* jvm_memory.c -- jvm_memory.h.
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "jvm_memory.h"

#include <string.h>

#include "culprit.h"
#include "words.h"

static const char *const for_others[] = {
#define LR_JVM_FOR_OTHERS(part) part,
#define LR_JVM_AREA(area, part)
#include "jvm_memory.def"
#undef LR_JVM_FOR_OTHERS
#undef LR_JVM_AREA
};

static const struct {
    enum lr_jvm_area area;
    const char *part;
} areas[] = {
#define LR_JVM_FOR_OTHERS(part)
#define LR_JVM_AREA(area, part) {LR_JVM_AREA_##area, part},
#include "jvm_memory.def"
#undef LR_JVM_FOR_OTHERS
#undef LR_JVM_AREA
};

static bool is_in_jvm(const struct lr_model_frame *frame)
{
    return !frame->java && frame->module && strcmp(lr_base_name(frame->module), "libjvm.so") == 0;
}

static bool is_for_others(const char *function)
{
    for (size_t i = 0; i < sizeof(for_others) / sizeof(for_others[0]); i++)
        if (strstr(function, for_others[i]))
            return true;
    return false;
}

/* The VM's frames at the inner end decide, behind allocators and what the C library allocates for
 * its caller, as for a thread; what called the VM doesn't.  Where these are but wrappers of
 * malloc, a native method's own function was left by a tail call: Unsafe's, on JDK 25. */
bool lr_jvm_owns(const struct lr_model_path *path)
{
    size_t i = 0;
    bool own = false;

    while (i < path->count && !path->frames[i].java && !is_in_jvm(&path->frames[i]) &&
           path->frames[i].owner != LR_OWNER_USER)
        i++;
    if (i == path->count || !is_in_jvm(&path->frames[i]))
        return false;
    for (; i < path->count && is_in_jvm(&path->frames[i]); i++) {
        if (is_for_others(path->frames[i].function))
            return false;
        own |= path->frames[i].owner != LR_OWNER_MACHINERY;
    }
    return own;
}

static bool has_part(const struct lr_model_path *path, const char *part)
{
    for (size_t i = 0; i < path->count && is_in_jvm(&path->frames[i]); i++)
        if (strstr(path->frames[i].function, part))
            return true;
    return false;
}

enum lr_jvm_area lr_jvm_area_of(const struct lr_model_path *path)
{
    if (path->count == 0 || !is_in_jvm(&path->frames[0]))
        return LR_JVM_AREA_NONE;
    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
        if (has_part(path, areas[i].part))
            return areas[i].area;
    return LR_JVM_AREA_OTHER;
}
