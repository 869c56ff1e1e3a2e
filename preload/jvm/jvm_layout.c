/* jvm_layout.c -- jvm_layout.h: reads HotSpot's own description of its structures.
 *
 * Stage: STACK, start-up.  Context: once, on the thread that creates the JVM; no allocation.
 */
#include "jvm_layout.h"

#include "next.h"

struct lr_jvm_layout lr_jvm_layout;

/* One exported array: its first entry, the distance of entries, and where an entry's parts are.
 * HotSpot exports each of these numbers as a 64-bit variable. */
struct table {
    uintptr_t first;
    uint64_t stride;
};

static void *jvm_symbol(const char *name)
{
    return lr_module_symbol("libjvm.so", name);
}

static uint64_t number(const char *name)
{
    const uint64_t *value = jvm_symbol(name);
    return value ? *value : 0;
}

static struct table open_table(const char *array, const char *stride)
{
    const uintptr_t *first = jvm_symbol(array);
    struct table table = {.first = first ? *first : 0, .stride = number(stride)};
    if (table.stride < sizeof(void *))
        table.first = 0;
    return table;
}

static const char *text(uintptr_t entry, uint64_t offset)
{
    return *(const char *const *)(entry + offset);
}

static bool equal(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

/* The entry that describes TYPE::FIELD; 0 when there is none. */
static uintptr_t find_field(const char *type, const char *field)
{
    struct table table = open_table("gHotSpotVMStructs", "gHotSpotVMStructEntryArrayStride");
    uint64_t type_at = number("gHotSpotVMStructEntryTypeNameOffset");
    uint64_t field_at = number("gHotSpotVMStructEntryFieldNameOffset");
    if (!table.first)
        return 0;
    for (uintptr_t entry = table.first; text(entry, type_at); entry += table.stride)
        if (equal(text(entry, type_at), type) && equal(text(entry, field_at), field))
            return entry;
    return 0;
}

uint32_t lr_jvm_field(const char *type, const char *field)
{
    uintptr_t entry = find_field(type, field);
    if (!entry)
        return LR_NOWHERE;
    uint64_t offset = *(uint64_t *)(entry + number("gHotSpotVMStructEntryOffsetOffset"));
    return offset < LR_NOWHERE ? (uint32_t)offset : LR_NOWHERE;
}

bool lr_jvm_field_is(const char *type, const char *field, const char *field_type)
{
    uintptr_t entry = find_field(type, field);
    return entry && equal(text(entry, number("gHotSpotVMStructEntryTypeStringOffset")), field_type);
}

void *lr_jvm_static(const char *type, const char *field)
{
    uintptr_t entry = find_field(type, field);
    return entry ? *(void **)(entry + number("gHotSpotVMStructEntryAddressOffset")) : NULL;
}

uint32_t lr_jvm_type_size(const char *type)
{
    struct table table = open_table("gHotSpotVMTypes", "gHotSpotVMTypeEntryArrayStride");
    uint64_t name_at = number("gHotSpotVMTypeEntryTypeNameOffset");
    uint64_t size_at = number("gHotSpotVMTypeEntrySizeOffset");
    if (!table.first)
        return LR_NOWHERE;
    for (uintptr_t entry = table.first; text(entry, name_at); entry += table.stride)
        if (equal(text(entry, name_at), type))
            return (uint32_t) * (uint64_t *)(entry + size_at);
    return LR_NOWHERE;
}

int32_t lr_jvm_constant(const char *name, int32_t otherwise)
{
    struct table table =
        open_table("gHotSpotVMIntConstants", "gHotSpotVMIntConstantEntryArrayStride");
    uint64_t name_at = number("gHotSpotVMIntConstantEntryNameOffset");
    uint64_t value_at = number("gHotSpotVMIntConstantEntryValueOffset");
    if (!table.first)
        return otherwise;
    for (uintptr_t entry = table.first; text(entry, name_at); entry += table.stride)
        if (equal(text(entry, name_at), name))
            return *(int32_t *)(entry + value_at);
    return otherwise;
}

/* Some members were the base class's in older JDKs. */
static uint32_t thread_field(const char *field)
{
    uint32_t offset = lr_jvm_field("JavaThread", field);
    return offset != LR_NOWHERE ? offset : lr_jvm_field("Thread", field);
}

static void read_thread(struct lr_jvm_layout *layout)
{
    layout->thread_state = thread_field("_thread_state");
    layout->thread_anchor = thread_field("_anchor");
    layout->thread_stack_base = thread_field("_stack_base");
    layout->thread_stack_size = thread_field("_stack_size");
    layout->anchor_sp = lr_jvm_field("JavaFrameAnchor", "_last_Java_sp");
    layout->anchor_pc = lr_jvm_field("JavaFrameAnchor", "_last_Java_pc");
    layout->anchor_fp = lr_jvm_field("JavaFrameAnchor", "_last_Java_fp");
    layout->in_native = lr_jvm_constant("_thread_in_native", -1);
    layout->in_vm = lr_jvm_constant("_thread_in_vm", -1);
    layout->in_java = lr_jvm_constant("_thread_in_Java", -1);
    layout->blocked = lr_jvm_constant("_thread_blocked", -1);
    layout->code_low = lr_jvm_static("CodeCache", "_low_bound");
    layout->code_high = lr_jvm_static("CodeCache", "_high_bound");
}

static bool all_known(const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] == LR_NOWHERE)
            return false;
    return true;
}

static void read_code_cache(struct lr_jvm_layout *layout)
{
    layout->array_length = lr_jvm_field("GrowableArrayBase", "_len");
    layout->array_data = lr_jvm_field("GrowableArray<int>", "_data");
    layout->heap_memory = lr_jvm_field("CodeHeap", "_memory");
    layout->heap_segment_map = lr_jvm_field("CodeHeap", "_segmap");
    layout->heap_segment_shift = lr_jvm_field("CodeHeap", "_log2_segment_size");
    layout->space_low = lr_jvm_field("VirtualSpace", "_low");
    layout->space_high = lr_jvm_field("VirtualSpace", "_high");
    layout->block_used = lr_jvm_field("HeapBlock::Header", "_used");
    layout->sizeof_block = lr_jvm_type_size("HeapBlock");
    layout->blob_name = lr_jvm_field("CodeBlob", "_name");
    layout->blob_frame_size = lr_jvm_field("CodeBlob", "_frame_size");
    uint32_t needed[] = {layout->array_length,       layout->array_data,     layout->heap_memory,
                         layout->heap_segment_map,   layout->space_low,      layout->space_high,
                         layout->heap_segment_shift, layout->block_used,     layout->sizeof_block,
                         layout->blob_name,          layout->blob_frame_size};
    if (all_known(needed, sizeof needed / sizeof *needed))
        layout->code_heaps = lr_jvm_static("CodeCache", "_heaps");
}

/* The flags word moved into a structure of its own, and grew, in 21; the constant's name with it.
 * Method's access flags shrank to 16 bits in 25; there the next field follows after two bytes. */
static void read_flags(struct lr_jvm_layout *layout)
{
    layout->const_flags = lr_jvm_field("ConstMethod", "_flags");
    int32_t bit = lr_jvm_constant("ConstMethod::_has_linenumber_table", -1);
    if (layout->const_flags == LR_NOWHERE) {
        layout->const_flags = lr_jvm_field("ConstMethod", "_flags._flags");
        layout->wide_flags = 1;
    }
    if (bit < 0)
        bit = lr_jvm_constant("ConstMethodFlags::_misc_has_linenumber_table", -1);
    layout->flag_line_table = bit < 0 ? LR_NOWHERE : (uint32_t)bit;
    layout->method_access = lr_jvm_field("Method", "_access_flags");
    layout->wide_access = lr_jvm_type_size("AccessFlags") == 4;
}

static void read_method(struct lr_jvm_layout *layout)
{
    layout->method_const = lr_jvm_field("Method", "_constMethod");
    layout->const_pool = lr_jvm_field("ConstMethod", "_constants");
    layout->const_size = lr_jvm_field("ConstMethod", "_constMethod_size");
    layout->const_code_size = lr_jvm_field("ConstMethod", "_code_size");
    layout->const_name = lr_jvm_field("ConstMethod", "_name_index");
    layout->pool_holder = lr_jvm_field("ConstantPool", "_pool_holder");
    layout->pool_length = lr_jvm_field("ConstantPool", "_length");
    layout->pool_source_file = lr_jvm_field("ConstantPool", "_source_file_name_index");
    layout->klass_name = lr_jvm_field("Klass", "_name");
    layout->symbol_length = lr_jvm_field("Symbol", "_length");
    layout->symbol_body = lr_jvm_field("Symbol", "_body[0]");
    layout->sizeof_const_method = lr_jvm_type_size("ConstMethod");
    layout->sizeof_pool = lr_jvm_type_size("ConstantPool");
    read_flags(layout);
}

bool lr_jvm_layout_has_frames(void)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uint32_t needed[] = {at->thread_state,      at->thread_anchor, at->thread_stack_base,
                         at->thread_stack_size, at->anchor_sp,     at->anchor_pc,
                         at->anchor_fp};
    return all_known(needed, sizeof needed / sizeof *needed) && at->code_low && at->code_high &&
           at->in_native >= 0 && at->in_vm >= 0 && at->in_java >= 0 && at->blocked >= 0;
}

bool lr_jvm_layout_read(void)
{
    struct lr_jvm_layout *at = &lr_jvm_layout;
    memset(at, 0, sizeof *at);
    read_thread(at);
    read_code_cache(at);
    read_method(at);
    uint32_t needed[] = {
        at->method_const, at->method_access,       at->const_pool,  at->const_size,
        at->const_flags,  at->const_code_size,     at->const_name,  at->pool_holder,
        at->pool_length,  at->pool_source_file,    at->klass_name,  at->symbol_length,
        at->symbol_body,  at->sizeof_const_method, at->sizeof_pool, at->flag_line_table};
    return all_known(needed, sizeof needed / sizeof *needed);
}

bool lr_jvm_flag(const char *name)
{
    const uintptr_t *flags = lr_jvm_static("JVMFlag", "flags");
    const size_t *count = lr_jvm_static("JVMFlag", "numFlags");
    uint32_t name_at = lr_jvm_field("JVMFlag", "_name");
    uint32_t value_at = lr_jvm_field("JVMFlag", "_addr");
    uint32_t size = lr_jvm_type_size("JVMFlag");
    if (!flags || !*flags || !count || name_at == LR_NOWHERE || value_at == LR_NOWHERE ||
        size == LR_NOWHERE || size == 0)
        return false;
    for (size_t i = 0; i < *count; i++) {
        uintptr_t flag = *flags + i * size;
        if (equal(text(flag, name_at), name))
            return *(const bool *)lr_vm_word(flag, value_at);
    }
    return false;
}
