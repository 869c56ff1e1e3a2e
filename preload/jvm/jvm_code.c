/* jvm_code.c -- jvm_code.h: from an address in the code cache to its blob, and what that is.
 *
 * Stage: STACK.  Context: inside malloc, for a pc on the calling thread's own stack.  Plain loads.
 *
 * The code cache is a few heaps of segments.  One byte a segment tells how many segments back
 * the block starts (0: here; 255: free; a chain of hops where it is far).
 */
#include "jvm_code.h"

#include <string.h>

#include "jvm_internal.h"

enum { SEGMENT_FREE = 255, FRAME_WORDS_MAX = 1024 };

/* CodeBlobKind of JDK 22 and later; NO_KIND where blobs tell their names only. */
enum { NO_KIND = -1 };
static struct {
    uint32_t kind, queue_buffer, queue_limit, method;
    int32_t is_nmethod, is_buffer, is_stub, is_deopt, is_safepoint, is_exception, is_trap,
        is_upcall;
    const uintptr_t *call_stub_return;
    uintptr_t interpreter_low, interpreter_high;
} layout;

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

uintptr_t lr_jvm_find_blob(uintptr_t pc)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t heap = at->code_heaps ? find_heap(pc) : 0;
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

static const char *blob_name(uintptr_t blob)
{
    const char *name = (const char *)lr_vm_word(blob, lr_jvm_layout.blob_name);
    return name ? name : "";
}

static uint32_t frame_words(uintptr_t blob)
{
    uint32_t words = lr_vm_u32(blob, lr_jvm_layout.blob_frame_size);
    return words <= FRAME_WORDS_MAX ? words : 0;
}

/* Blobs without a frame of a fixed size: the interpreter, adapters, the stubs' collections. */
static bool is_plain_buffer(const char *name)
{
    static const char *const starts[] = {"Interpreter", "StubRoutines",  "I2C/C2I",
                                         "vtable",      "MethodHandles", "adapter"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

uint32_t lr_jvm_stub_frame(uintptr_t pc)
{
    uintptr_t blob = lr_jvm_find_blob(pc);
    if (!blob || strstr(blob_name(blob), "nmethod") || is_plain_buffer(blob_name(blob)))
        return 0;
    return frame_words(blob);
}

/* Those of the client compiler that never stop for a collection have no size, but enter and leave.
 */
static enum lr_code_kind kind_of_stub(uintptr_t blob)
{
    return frame_words(blob) >= 2 ? LR_CODE_STUB : LR_CODE_FRAMED;
}

/* Before blobs told their kind, their name did. */
static enum lr_code_kind kind_by_name(uintptr_t blob)
{
    const char *name = blob_name(blob);
    if (strcmp(name, "nmethod") == 0 || strcmp(name, "native nmethod") == 0)
        return LR_CODE_COMPILED;
    return is_plain_buffer(name) ? LR_CODE_UNKNOWN : kind_of_stub(blob);
}

/* Java code returns into the stubs of continuations only where its caller was left behind when
 * the virtual thread was parked. */
static enum lr_code_kind kind_of_buffer(uintptr_t blob)
{
    static const char barriers[] = "StubRoutines (cont";
    return strncmp(blob_name(blob), barriers, sizeof barriers - 1) == 0 ? LR_CODE_BARRIER
                                                                        : LR_CODE_UNKNOWN;
}

static enum lr_code_kind kind_of(uintptr_t blob)
{
    if (layout.kind == LR_NOWHERE)
        return kind_by_name(blob);
    int32_t kind = *(const uint8_t *)(blob + layout.kind);
    if (kind == layout.is_nmethod)
        return LR_CODE_COMPILED;
    if (kind == layout.is_upcall)
        return LR_CODE_UPCALL;
    if (kind == layout.is_buffer)
        return kind_of_buffer(blob);
    bool is_stub = kind == layout.is_stub || kind == layout.is_deopt ||
                   kind == layout.is_safepoint || kind == layout.is_exception ||
                   kind == layout.is_trap;
    return is_stub ? kind_of_stub(blob) : LR_CODE_UNKNOWN;
}

/* Continuation.enterSpecial is a native wrapper made by the VM. */
static bool is_continuation_bottom(uintptr_t blob)
{
    static const char class_name[] = "jdk/internal/vm/Continuation", name[] = "enterSpecial";
    struct lr_vm_method method;
    return lr_vm_method_read(lr_vm_word(blob, layout.method), &method) && method.is_native &&
           method.name.length == sizeof name - 1 &&
           memcmp(method.name.bytes, name, sizeof name - 1) == 0 &&
           method.class_name.length == sizeof class_name - 1 &&
           memcmp(method.class_name.bytes, class_name, sizeof class_name - 1) == 0;
}

struct lr_code_known lr_code_known[1 << LR_CODE_KNOWN_BITS];
uint32_t lr_code_id_at;
#define PC_MASK ((UINT64_C(1) << LR_CODE_PC_BITS) - 1)

static struct lr_code_known *known_slot(uintptr_t pc)
{
    return &lr_code_known[pc * LR_CODE_MULTIPLIER >> (64 - LR_CODE_KNOWN_BITS)];
}

static bool is_method(enum lr_code_kind kind)
{
    return kind == LR_CODE_COMPILED || kind == LR_CODE_DEOPT;
}

/* Compiled code is told apart by its compile id; stubs are never freed, and any field will do. */
static uint32_t identity(uintptr_t blob, enum lr_code_kind kind)
{
    return lr_vm_u32(blob, is_method(kind) ? lr_code_id_at : lr_jvm_layout.blob_frame_size);
}

static void remember(uintptr_t pc, const struct lr_code *code)
{
    uint64_t distance = pc - code->blob;
    if (code->kind == LR_CODE_UNKNOWN || distance > UINT32_MAX || pc > PC_MASK)
        return;
    uint64_t where = distance << 32 | identity(code->blob, code->kind);
    uint64_t what = (uint64_t)code->kind << LR_CODE_KIND_SHIFT |
                    (uint64_t)code->frame_words << LR_CODE_PC_BITS | pc;
    struct lr_code_known *slot = known_slot(pc);
    __atomic_store_n(&slot->where, where, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->what, what ^ where * LR_CODE_MULTIPLIER, __ATOMIC_RELAXED);
}

static __attribute__((noinline, cold)) void learn(uintptr_t pc, struct lr_code *code)
{
    *code = (struct lr_code){.kind = LR_CODE_UNKNOWN, .blob = lr_jvm_find_blob(pc)};
    if (!code->blob)
        return;
    code->kind = kind_of(code->blob);
    code->frame_words = frame_words(code->blob);
    if (code->kind != LR_CODE_COMPILED)
        return;
    code->compile_id = identity(code->blob, LR_CODE_COMPILED);
    if (code->frame_words < 2)
        code->kind = LR_CODE_UNKNOWN;
    else if (lr_nmethod_is_deopt(code->blob, pc))
        code->kind = LR_CODE_DEOPT;
    else if (is_continuation_bottom(code->blob))
        code->kind = LR_CODE_BOTTOM;
}

void lr_jvm_code_find(uintptr_t pc, struct lr_code *code)
{
    if (pc >= layout.interpreter_low && pc < layout.interpreter_high) {
        code->kind = LR_CODE_INTERPRETER;
        return;
    }
    if (pc == *layout.call_stub_return) {
        code->kind = LR_CODE_ENTRY;
        return;
    }
    const struct lr_code_known *slot = known_slot(pc);
    uint64_t where = __atomic_load_n(&slot->where, __ATOMIC_RELAXED);
    uint64_t what = __atomic_load_n(&slot->what, __ATOMIC_RELAXED) ^ where * LR_CODE_MULTIPLIER;
    if ((what & PC_MASK) == pc && what >> LR_CODE_KIND_SHIFT) {
        code->kind = (enum lr_code_kind)(what >> LR_CODE_KIND_SHIFT);
        code->frame_words = what >> LR_CODE_PC_BITS & LR_CODE_WORDS_MASK;
        code->blob = pc - (where >> 32);
        code->compile_id = identity(code->blob, code->kind);
        if (code->compile_id == (uint32_t)where)
            return;
    }
    learn(pc, code);
    remember(pc, code);
}

static void read_kinds(void)
{
    layout.kind = lr_jvm_field("CodeBlob", "_kind");
    layout.is_nmethod = lr_jvm_constant("CodeBlobKind::Nmethod", NO_KIND);
    layout.is_buffer = lr_jvm_constant("CodeBlobKind::Buffer", NO_KIND);
    layout.is_stub = lr_jvm_constant("CodeBlobKind::RuntimeStub", NO_KIND);
    layout.is_deopt = lr_jvm_constant("CodeBlobKind::Deoptimization", NO_KIND);
    layout.is_safepoint = lr_jvm_constant("CodeBlobKind::Safepoint", NO_KIND);
    layout.is_exception = lr_jvm_constant("CodeBlobKind::Exception", NO_KIND);
    layout.is_trap = lr_jvm_constant("CodeBlobKind::UncommonTrap", NO_KIND);
    layout.is_upcall = lr_jvm_constant("CodeBlobKind::Upcall", NO_KIND);
    if (layout.is_nmethod == NO_KIND)
        layout.kind = LR_NOWHERE;
}

static bool read_interpreter(void)
{
    const uintptr_t *queue = lr_jvm_static("AbstractInterpreter", "_code");
    uint32_t buffer = lr_jvm_field("StubQueue", "_stub_buffer");
    uint32_t limit = lr_jvm_field("StubQueue", "_buffer_limit");
    if (!queue || !*queue || buffer == LR_NOWHERE || limit == LR_NOWHERE)
        return false;
    layout.interpreter_low = lr_vm_word(*queue, buffer);
    layout.interpreter_high = layout.interpreter_low + lr_vm_u32(*queue, limit);
    return layout.interpreter_low != 0;
}

bool lr_jvm_code_start(void)
{
    lr_code_id_at = lr_jvm_field("nmethod", "_compile_id");
    layout.method = lr_jvm_field("nmethod", "_method");
    if (layout.method == LR_NOWHERE)
        layout.method = lr_jvm_field("CompiledMethod", "_method");
    layout.call_stub_return = lr_jvm_static("StubRoutines", "_call_stub_return_address");
    read_kinds();
    return lr_jvm_layout.code_heaps && lr_code_id_at != LR_NOWHERE && layout.method != LR_NOWHERE &&
           layout.call_stub_return && *layout.call_stub_return && read_interpreter() &&
           lr_nmethod_start();
}
