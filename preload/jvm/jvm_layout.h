/* jvm_layout.h -- where HotSpot keeps what we read, taken from the tables it exports for the
 * serviceability agent (gHotSpotVMStructs and relatives) and never guessed.
 *
 * Stage: STACK.  Filled once while the JVM starts; read-only afterwards.
 */
#ifndef LEAKRING_JVM_LAYOUT_H
#define LEAKRING_JVM_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Offsets into VM objects; LR_NOWHERE when this JVM doesn't tell. */
#define LR_NOWHERE UINT32_MAX
struct lr_jvm_layout {
    /* JavaThread, and the frame anchor inside it */
    uint32_t thread_state, thread_anchor, thread_stack_base, thread_stack_size;
    uint32_t anchor_sp, anchor_pc, anchor_fp;
    /* Method, its constant part, its constant pool, its class */
    uint32_t method_const, method_access;
    uint32_t const_pool, const_size, const_flags, const_code_size, const_name;
    uint32_t pool_holder, pool_length, pool_source_file;
    uint32_t klass_name;
    uint32_t symbol_length, symbol_body;
    uint32_t sizeof_const_method, sizeof_pool;
    uint32_t flag_line_table; /* bit of const_flags */
    uint32_t wide_flags;      /* const_flags is 32 bits wide (since 21), not 16 */
    uint32_t wide_access;     /* method_access is 32 bits wide (before 25), not 16 */
    /* The code cache: heaps, their segments, blocks and blobs.  code_heaps is NULL when any of
     * these is missing. */
    uint32_t array_length, array_data;
    uint32_t heap_memory, heap_segment_map, heap_segment_shift;
    uint32_t space_low, space_high;
    uint32_t block_used, sizeof_block;
    uint32_t blob_name, blob_frame_size;
    const uintptr_t *code_heaps;
    /* enum JavaThreadState */
    int32_t in_native, in_vm, in_java, blocked;
    /* Addresses of static variables */
    const uintptr_t *code_low, *code_high;
};
extern struct lr_jvm_layout lr_jvm_layout;

/* Reads the tables of the loaded libjvm.  False when something that names need is missing; the
 * fields that frames need are then still filled in as far as they are there. */
bool lr_jvm_layout_read(void);
/* Everything there that walking frames needs? */
bool lr_jvm_layout_has_frames(void);
/* Value of a boolean -XX flag as the running VM has it; false when unknown. */
bool lr_jvm_flag(const char *name);

/* Single look-ups, for the files that keep a layout of their own.  Offset of a member, LR_NOWHERE;
 * is the member's own type that?  Address of a static variable, NULL; size of a type, LR_NOWHERE;
 * value of a constant.  Each takes some microseconds. */
uint32_t lr_jvm_field(const char *type, const char *field);
bool lr_jvm_field_is(const char *type, const char *field, const char *field_type);
void *lr_jvm_static(const char *type, const char *field);
uint32_t lr_jvm_type_size(const char *type);
int32_t lr_jvm_constant(const char *name, int32_t otherwise);

static inline uintptr_t lr_vm_word(uintptr_t object, uint32_t offset)
{
    return *(const uintptr_t *)(object + offset);
}

static inline uint32_t lr_vm_u32(uintptr_t object, uint32_t offset)
{
    return *(const uint32_t *)(object + offset);
}

static inline uint32_t lr_vm_u16(uintptr_t object, uint32_t offset)
{
    return *(const uint16_t *)(object + offset);
}

#endif
