/* fake_code.c -- fake_code.h: exported tables, a code heap with its segment map, frames. */
#include "fake_code.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake_vm.h"
#include "jvm_code.h"
#include "jvm_layout.h"

enum { PAGE = 4096, HEAP = 16 * PAGE, STACK = 4 * PAGE, SHIFT = 6, BEHIND = 128 };
enum { WRAPPER_WORDS = 6 };

struct block {
    uint64_t length;
    bool used;
};
struct pc_desc {
    int32_t pc, scope;
};
/* Both forms; each JDK's tables tell of one. */
struct blob {
    const char *name;
    uint32_t frame_words, compile_id;
    uintptr_t method;
    uint8_t kind;
    int16_t frame_complete_short;
    int32_t frame_complete, orig_pc;
    uint32_t scopes_pcs, metadata, dependencies;
    uintptr_t code_begin, scopes_begin, deopt_begin, deopt_mh_begin;
    uint32_t code_offset, immutable_size, scopes_data, mutable_size, relocation_size;
    uint32_t deopt, deopt_mh;
    uintptr_t immutable, mutable;
};

static struct {
    uintptr_t low, high, map_low;
    uint32_t shift;
} heap;
static uintptr_t heap_items[1];
static struct {
    int32_t length;
    uintptr_t *items;
} heap_list = {1, heap_items};
static uintptr_t code_heaps = (uintptr_t)&heap_list, code_low, code_high;
static uint8_t segment_map[HEAP >> SHIFT];
static struct {
    uintptr_t buffer;
    uint32_t limit;
} interpreter_queue;
static uintptr_t interpreter_code = (uintptr_t)&interpreter_queue, call_stub_return;
static uintptr_t used, last; /* of the heap */
static bool is_split;

uintptr_t lr_fake_interpreter, lr_fake_call_stub, lr_fake_stack_low, lr_fake_stack_high;
struct lr_java_place lr_fake_at;

/* --- the exported tables --- */

struct entry {
    const char *type, *field, *type_string;
    uint64_t offset;
    void *address;
    enum { BOTH, WHOLE, SPLIT } form;
};
#define FIELD(type, field, member, form)                                                           \
    {                                                                                              \
        type, field, "int", offsetof(struct blob, member), NULL, form                              \
    }
static const struct entry all_fields[] = {
    FIELD("nmethod", "_compile_id", compile_id, BOTH),
    FIELD("nmethod", "_method", method, BOTH),
    FIELD("nmethod", "_orig_pc_offset", orig_pc, BOTH),
    FIELD("nmethod", "_scopes_pcs_offset", scopes_pcs, BOTH),
    FIELD("nmethod", "_metadata_offset", metadata, WHOLE),
    FIELD("nmethod", "_dependencies_offset", dependencies, WHOLE),
    FIELD("nmethod", "_scopes_data_begin", scopes_begin, WHOLE),
    FIELD("nmethod", "_deopt_handler_begin", deopt_begin, WHOLE),
    FIELD("nmethod", "_deopt_mh_handler_begin", deopt_mh_begin, WHOLE),
    FIELD("CodeBlob", "_code_begin", code_begin, WHOLE),
    FIELD("CodeBlob", "_frame_complete_offset", frame_complete, WHOLE),
    {"CodeBlob", "_frame_complete_offset", "int16_t", offsetof(struct blob, frame_complete_short),
     NULL, SPLIT},
    FIELD("CodeBlob", "_kind", kind, SPLIT),
    FIELD("CodeBlob", "_code_offset", code_offset, SPLIT),
    FIELD("nmethod", "_immutable_data", immutable, SPLIT),
    FIELD("nmethod", "_immutable_data_size", immutable_size, SPLIT),
    FIELD("nmethod", "_scopes_data_offset", scopes_data, SPLIT),
    FIELD("CodeBlob", "_mutable_data", mutable, SPLIT),
    FIELD("CodeBlob", "_mutable_data_size", mutable_size, SPLIT),
    FIELD("CodeBlob", "_relocation_size", relocation_size, SPLIT),
    FIELD("nmethod", "_deopt_handler_offset", deopt, SPLIT),
    FIELD("nmethod", "_deopt_mh_handler_offset", deopt_mh, SPLIT),
    {"PcDesc", "_pc_offset", "int", offsetof(struct pc_desc, pc), NULL, BOTH},
    {"PcDesc", "_scope_decode_offset", "int", offsetof(struct pc_desc, scope), NULL, BOTH},
    {"JavaCallWrapper", "_anchor", "JavaFrameAnchor", sizeof(uintptr_t), NULL, BOTH},
    {"AbstractInterpreter", "_code", "StubQueue*", 0, &interpreter_code, BOTH},
    {"StubQueue", "_stub_buffer", "address", 0, NULL, BOTH},
    {"StubQueue", "_buffer_limit", "int", sizeof(uintptr_t), NULL, BOTH},
    {"StubRoutines", "_call_stub_return_address", "address", 0, &call_stub_return, BOTH},
};
static const struct {
    const char *name;
    int32_t value;
    bool split;
} all_constants[] = {
    {"frame::entry_frame_call_wrapper_offset", -WRAPPER_WORDS, false},
    {"frame::interpreter_frame_sender_sp_offset", -1, false},
    {"CodeBlobKind::Nmethod", LR_FAKE_NMETHOD, true},
    {"CodeBlobKind::RuntimeStub", LR_FAKE_STUB, true},
    {"CodeBlobKind::Buffer", LR_FAKE_BUFFER, true},
};

static struct entry fields[sizeof all_fields / sizeof *all_fields + 1];
static struct {
    const char *name;
    int32_t value;
} constants[sizeof all_constants / sizeof *all_constants + 1];
static struct {
    const char *name;
    uint64_t size;
} types[] = {{"PcDesc", sizeof(struct pc_desc)}, {NULL, 0}};

static void fill_tables(void)
{
    size_t count = 0;
    memset(fields, 0, sizeof fields);
    memset(constants, 0, sizeof constants);
    for (size_t i = 0; i < sizeof all_fields / sizeof *all_fields; i++)
        if (all_fields[i].form == BOTH || (all_fields[i].form == SPLIT) == is_split)
            fields[count++] = all_fields[i];
    count = 0;
    for (size_t i = 0; i < sizeof all_constants / sizeof *all_constants; i++) {
        if (all_constants[i].split && !is_split)
            continue;
        constants[count].name = all_constants[i].name;
        constants[count++].value = all_constants[i].value;
    }
}

/* Each exported number is a 64-bit variable, each table a pointer. */
void *__wrap_lr_module_symbol(const char *module, const char *name);
void *__wrap_lr_module_symbol(const char *module, const char *name)
{
    static void *field_table = fields, *constant_table = constants, *type_table = types;
    static uint64_t stride = sizeof(struct entry), constant_stride = sizeof *constants;
    static uint64_t type_at = offsetof(struct entry, type),
                    field_at = offsetof(struct entry, field);
    static uint64_t string_at = offsetof(struct entry, type_string);
    static uint64_t offset_at = offsetof(struct entry, offset);
    static uint64_t address_at = offsetof(struct entry, address), type_stride = sizeof *types;
    static uint64_t first, second = sizeof(char *);
    static const struct {
        const char *name;
        void *value;
    } symbols[] = {
        {"gHotSpotVMStructs", &field_table},
        {"gHotSpotVMStructEntryArrayStride", &stride},
        {"gHotSpotVMStructEntryTypeNameOffset", &type_at},
        {"gHotSpotVMStructEntryFieldNameOffset", &field_at},
        {"gHotSpotVMStructEntryTypeStringOffset", &string_at},
        {"gHotSpotVMStructEntryOffsetOffset", &offset_at},
        {"gHotSpotVMStructEntryAddressOffset", &address_at},
        {"gHotSpotVMIntConstants", &constant_table},
        {"gHotSpotVMIntConstantEntryArrayStride", &constant_stride},
        {"gHotSpotVMIntConstantEntryNameOffset", &first},
        {"gHotSpotVMIntConstantEntryValueOffset", &second},
        {"gHotSpotVMTypes", &type_table},
        {"gHotSpotVMTypeEntryArrayStride", &type_stride},
        {"gHotSpotVMTypeEntryTypeNameOffset", &first},
        {"gHotSpotVMTypeEntrySizeOffset", &second},
    };
    (void)module;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return symbols[i].value;
    return NULL;
}

/* --- the code cache --- */

/* `size` bytes between two pages that can't be touched. */
static uintptr_t fence(size_t size)
{
    uint8_t *memory = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + PAGE, size, PROT_READ | PROT_WRITE) != 0)
        abort();
    return (uintptr_t)memory + PAGE;
}

static void lay_heap(void)
{
    struct lr_jvm_layout *at = &lr_jvm_layout;
    heap.low = heap.low ? heap.low : fence(HEAP);
    heap.high = heap.low + HEAP;
    heap.map_low = (uintptr_t)segment_map;
    heap.shift = SHIFT;
    heap_items[0] = (uintptr_t)&heap;
    code_low = heap.low;
    code_high = heap.high;
    memset((void *)heap.low, 0, HEAP);
    memset(segment_map, 0xff, sizeof segment_map);
    used = heap.low;
    at->array_length = 0;
    at->array_data = sizeof(uintptr_t);
    at->heap_memory = 0;
    at->heap_segment_map = (uint32_t)((uintptr_t)&heap.map_low - (uintptr_t)&heap);
    at->heap_segment_shift = (uint32_t)((uintptr_t)&heap.shift - (uintptr_t)&heap);
    at->space_low = 0;
    at->space_high = sizeof(uintptr_t);
    at->block_used = offsetof(struct block, used);
    at->sizeof_block = sizeof(struct block);
    at->blob_name = offsetof(struct blob, name);
    at->blob_frame_size = offsetof(struct blob, frame_words);
    at->code_heaps = &code_heaps;
    at->code_low = &code_low;
    at->code_high = &code_high;
    at->anchor_sp = 0;
    at->anchor_pc = sizeof(uintptr_t);
    at->anchor_fp = 2 * sizeof(uintptr_t);
}

/* Behind the code: metadata, scopes and pcs, the latter two in the form's order. */
static void lay_debug_info(struct blob *blob, uintptr_t code, const struct lr_fake_blob *from)
{
    uintptr_t behind = code + LR_FAKE_CODE_BYTES;
    uintptr_t *metadata = (uintptr_t *)behind;
    struct pc_desc *pcs = (struct pc_desc *)(behind + (is_split ? 32 : 64));
    uint8_t *scopes = (uint8_t *)(behind + (is_split ? 40 : 32));
    uint8_t at[LR_FAKE_INLINED] = {0}, next = 1;
    unsigned count = 0;
    while (count < LR_FAKE_INLINED && from->scopes[count].method)
        count++;
    for (unsigned i = count; i-- > 0;) { /* outer ones first */
        metadata[i] = from->scopes[i].method;
        at[i] = next;
        scopes[next++] = i + 1 < count ? at[i + 1] : 0;
        scopes[next++] = (uint8_t)(i + 1);
        scopes[next++] = (uint8_t)(from->scopes[i].bci + 1);
    }
    *pcs = (struct pc_desc){(int32_t)from->call, count ? at[0] : 0};
    blob->metadata = (uint32_t)(behind - (uintptr_t)blob);
    blob->scopes_begin = (uintptr_t)scopes;
    blob->scopes_pcs = is_split ? 0 : (uint32_t)((uintptr_t)pcs - (uintptr_t)blob);
    blob->dependencies = blob->scopes_pcs + (uint32_t)sizeof *pcs;
    blob->immutable = (uintptr_t)pcs;
    blob->scopes_data = sizeof *pcs;
    blob->immutable_size = sizeof *pcs + next;
    blob->mutable = behind;
    blob->mutable_size = LR_FAKE_INLINED * sizeof(uintptr_t);
}

static uintptr_t lay_blob(uintptr_t block_at, const struct lr_fake_blob *from)
{
    struct block *block = (struct block *)block_at;
    struct blob *blob = (struct blob *)(block + 1);
    uintptr_t code = (uintptr_t)(blob + 1);
    block->used = true;
    *blob = (struct blob){.name = from->name,
                          .frame_words = from->frame_words,
                          .compile_id = from->compile_id,
                          .method = from->method,
                          .kind = (uint8_t)from->kind,
                          .frame_complete_short = (int16_t)from->frame_complete,
                          .frame_complete = from->frame_complete,
                          .orig_pc = from->orig_pc,
                          .code_begin = code,
                          .code_offset = sizeof *blob,
                          .deopt_begin = code + LR_FAKE_DEOPT_AT,
                          .deopt = sizeof *blob + LR_FAKE_DEOPT_AT};
    blob->deopt_mh_begin = blob->deopt_begin + 1;
    blob->deopt_mh = blob->deopt + 1;
    memset((void *)code, 0x90, LR_FAKE_CODE_BYTES);
    lay_debug_info(blob, code, from);
    if (from->call)
        lr_fake_call(code + from->call, 0);
    return code;
}

uintptr_t lr_fake_blob(const struct lr_fake_blob *from)
{
    size_t size = sizeof(struct block) + sizeof(struct blob) + LR_FAKE_CODE_BYTES + BEHIND;
    size_t first = (used - heap.low) >> SHIFT, segments = (size + (1 << SHIFT) - 1) >> SHIFT;
    last = used;
    used += segments << SHIFT;
    if (used > heap.high)
        abort();
    for (size_t i = 0; i < segments; i++)
        segment_map[first + i] = (uint8_t)(i < 6 ? i : 5); /* far ones hop */
    return lay_blob(last, from);
}

uintptr_t lr_fake_blob_again(const struct lr_fake_blob *from)
{
    return lay_blob(last, from);
}

void lr_fake_call(uintptr_t pc, uintptr_t target)
{
    int32_t distance = target ? (int32_t)(target - pc) : 0x7000;
    *(uint8_t *)(pc - 5) = 0xe8;
    memcpy((void *)(pc - 4), &distance, sizeof distance);
}

void lr_fake_code_start(bool split)
{
    struct lr_fake_blob stub = {.kind = LR_FAKE_BUFFER, .name = "StubRoutines (1)", .call = 16};
    is_split = split;
    lr_fake_layout(0);
    fill_tables();
    lay_heap();
    lr_fake_call_stub = call_stub_return = lr_fake_blob(&stub) + stub.call;
    stub.name = "Interpreter";
    interpreter_queue.buffer = lr_fake_blob(&stub);
    interpreter_queue.limit = LR_FAKE_CODE_BYTES;
    lr_fake_interpreter = interpreter_queue.buffer + 64;
    memset(lr_code_known, 0, sizeof lr_code_known);
    if (!lr_java_walk_start())
        abort();
    lr_fake_stack_low = lr_fake_stack_low ? lr_fake_stack_low : fence(STACK);
    lr_fake_stack_high = lr_fake_stack_low + STACK;
    lr_fake_stack_clear();
}

/* --- the stack --- */

static uintptr_t *word(uintptr_t base, int words)
{
    return (uintptr_t *)base + words;
}

void lr_fake_stack_clear(void)
{
    memset((void *)lr_fake_stack_low, 0, STACK);
    lr_fake_at = (struct lr_java_place){0, lr_fake_stack_high - 64, 0};
}

/* The wrapper, a pointer and an anchor, lies above the entry frame. */
void lr_fake_push_entry(void)
{
    uintptr_t wrapper = lr_fake_at.sp - 4 * sizeof(uintptr_t), fp = wrapper - 64;
    if (lr_fake_at.pc) {
        *word(wrapper, 1) = lr_fake_at.sp;
        *word(wrapper, 2) = lr_fake_at.pc;
        *word(wrapper, 3) = lr_fake_at.fp;
    }
    *word(fp, -WRAPPER_WORDS) = wrapper;
    lr_fake_at = (struct lr_java_place){lr_fake_call_stub, fp - 80, fp};
}

void lr_fake_push_fixed(uintptr_t pc, uint32_t words)
{
    *word(lr_fake_at.sp, -1) = lr_fake_at.pc;
    *word(lr_fake_at.sp, -2) = lr_fake_at.fp;
    lr_fake_at = (struct lr_java_place){pc, lr_fake_at.sp - words * sizeof(uintptr_t), 0x1234};
}

void lr_fake_push_framed(uintptr_t pc, uint32_t own, uintptr_t value)
{
    uintptr_t fp = lr_fake_at.sp - (2 + own) * sizeof(uintptr_t);
    *word(lr_fake_at.sp, -1) = lr_fake_at.pc;
    for (uint32_t i = 0; i < own; i++)
        *word(fp, 1 + (int)i) = value;
    *word(fp, 0) = lr_fake_at.fp;
    lr_fake_at = (struct lr_java_place){pc, fp - 48, fp};
}

void lr_fake_push_interpreted(uintptr_t method, uintptr_t bcp)
{
    uintptr_t fp = lr_fake_at.sp - 2 * sizeof(uintptr_t);
    *word(fp, 1) = lr_fake_at.pc;
    *word(fp, 0) = lr_fake_at.fp;
    *word(fp, -1) = lr_fake_at.sp;
    *word(fp, -3) = method;
    *word(fp, -8) = bcp;
    lr_fake_at = (struct lr_java_place){lr_fake_interpreter, fp - 12 * sizeof(uintptr_t), fp};
}
