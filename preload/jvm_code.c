/* jvm_code.c -- generated code that isn't a Java method: how large is a runtime stub's frame?
 *
 * Stage: STACK.  Context: inside malloc, for a pc on the calling thread's own stack (so its code
 * stays).  Rare: only where AsyncGetCallTrace gave up.  Plain loads.
 *
 * The code cache is a few heaps of segments.  One byte a segment tells how many segments back
 * the block starts (0: here; 255: free; a chain of hops where it is far).
 */
#include "jvm_internal.h"

#include <string.h>

enum { SEGMENT_FREE = 255, FRAME_WORDS_MAX = 1024 };

/* The heap that holds `pc`; 0 when none does. */
static uintptr_t find_heap(uintptr_t pc)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t list = *at->code_heaps;
    int32_t count = list ? (int32_t)lr_vm_u32(list, at->array_length) : 0;
    uintptr_t items = list ? lr_vm_word(list, at->array_data) : 0;
    for (int32_t i = 0; i < count; i++) {
        uintptr_t heap = ((const uintptr_t *)items)[i];
        if (pc >= lr_vm_word(heap, at->heap_memory + at->space_low) &&
            pc < lr_vm_word(heap, at->heap_memory + at->space_high))
            return heap;
    }
    return 0;
}

/* The CodeBlob that holds `pc`. */
static uintptr_t find_blob(uintptr_t pc)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t heap = find_heap(pc);
    if (!heap)
        return 0;
    uintptr_t low = lr_vm_word(heap, at->heap_memory + at->space_low);
    const uint8_t *map = (const uint8_t *)lr_vm_word(heap, at->heap_segment_map + at->space_low);
    uint32_t shift = lr_vm_u32(heap, at->heap_segment_shift);
    uintptr_t segment = (pc - low) >> shift;
    if (map[segment] == SEGMENT_FREE)
        return 0;
    while (map[segment] > 0 && map[segment] <= segment)
        segment -= map[segment];
    uintptr_t block = low + (segment << shift);
    return *(const bool *)(block + at->block_used) ? block + at->sizeof_block : 0;
}

uint32_t lr_jvm_stub_frame(uintptr_t pc)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t blob = at->code_heaps ? find_blob(pc) : 0;
    const char *name = blob ? (const char *)lr_vm_word(blob, at->blob_name) : NULL;
    if (!name || strstr(name, "nmethod") || strcmp(name, "Interpreter") == 0)
        return 0;
    uint32_t words = lr_vm_u32(blob, at->blob_frame_size);
    return words <= FRAME_WORDS_MAX ? words : 0;
}
