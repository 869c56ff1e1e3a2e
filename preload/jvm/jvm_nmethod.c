/* jvm_nmethod.c -- jvm_code.h: the debug information of compiled methods.
 *
 * Stage: STACK, cold side: read when a stack is seen for the first time.  Context: inside malloc,
 * for code on the calling thread's own stack.  Plain loads.
 *
 * A PcDesc for each call site leads to a scope: which method (a number of the metadata table), at
 * which bci, inlined into which outer scope.  Numbers are compressed as in line tables.
 *
 * Up to JDK 22 a compiled method keeps all of it behind its code; later, in blocks of their own.
 */
#include <string.h>

#include "jvm_code.h"
#include "jvm_internal.h"

enum { INVOCATION_ENTRY_BCI = -1, NO_OFFSET = 0 };

static struct {
    uint32_t method, orig_pc, scopes_pcs, deopt, deopt_mh;
    uint32_t code_begin, metadata, dependencies, scopes_begin, deopt_begin, deopt_mh_begin;
    uint32_t code_offset, immutable, immutable_size, scopes_data, mutable, mutable_size,
        relocation_size;
    uint32_t pc_offset, pc_scope, sizeof_pc;
    uint32_t frame_complete; /* LR_NOWHERE: not told */
    bool short_frame_complete;
    bool split; /* the later form */
} layout;

static uint32_t either(const char *type, const char *older, const char *field)
{
    uint32_t offset = lr_jvm_field(type, field);
    return offset != LR_NOWHERE ? offset : lr_jvm_field(older, field);
}

static bool all_known(const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] == LR_NOWHERE)
            return false;
    return true;
}

static bool read_whole(void)
{
    layout.code_begin = lr_jvm_field("CodeBlob", "_code_begin");
    layout.metadata = lr_jvm_field("nmethod", "_metadata_offset");
    layout.dependencies = lr_jvm_field("nmethod", "_dependencies_offset");
    layout.scopes_begin = either("CompiledMethod", "nmethod", "_scopes_data_begin");
    layout.deopt_begin = either("CompiledMethod", "nmethod", "_deopt_handler_begin");
    layout.deopt_mh_begin = either("CompiledMethod", "nmethod", "_deopt_mh_handler_begin");
    uint32_t needed[] = {layout.code_begin,   layout.metadata,    layout.dependencies,
                         layout.scopes_begin, layout.deopt_begin, layout.deopt_mh_begin};
    return all_known(needed, sizeof needed / sizeof *needed);
}

static bool read_split(void)
{
    layout.code_offset = lr_jvm_field("CodeBlob", "_code_offset");
    layout.immutable = lr_jvm_field("nmethod", "_immutable_data");
    layout.immutable_size = lr_jvm_field("nmethod", "_immutable_data_size");
    layout.scopes_data = lr_jvm_field("nmethod", "_scopes_data_offset");
    layout.mutable = lr_jvm_field("CodeBlob", "_mutable_data");
    layout.mutable_size = lr_jvm_field("CodeBlob", "_mutable_data_size");
    layout.relocation_size = lr_jvm_field("CodeBlob", "_relocation_size");
    layout.deopt = lr_jvm_field("nmethod", "_deopt_handler_offset");
    layout.deopt_mh = lr_jvm_field("nmethod", "_deopt_mh_handler_offset");
    uint32_t needed[] = {layout.code_offset, layout.immutable,       layout.immutable_size,
                         layout.scopes_data, layout.mutable,         layout.mutable_size,
                         layout.deopt,       layout.relocation_size, layout.deopt_mh};
    return all_known(needed, sizeof needed / sizeof *needed);
}

bool lr_nmethod_start(void)
{
    layout.method = either("nmethod", "CompiledMethod", "_method");
    layout.orig_pc = lr_jvm_field("nmethod", "_orig_pc_offset");
    layout.scopes_pcs = lr_jvm_field("nmethod", "_scopes_pcs_offset");
    layout.pc_offset = lr_jvm_field("PcDesc", "_pc_offset");
    layout.pc_scope = lr_jvm_field("PcDesc", "_scope_decode_offset");
    layout.sizeof_pc = lr_jvm_type_size("PcDesc");
    layout.frame_complete = lr_jvm_field("CodeBlob", "_frame_complete_offset");
    layout.short_frame_complete = lr_jvm_field_is("CodeBlob", "_frame_complete_offset", "int16_t");
    uint32_t needed[] = {layout.method,    layout.orig_pc,  layout.scopes_pcs,
                         layout.pc_offset, layout.pc_scope, layout.sizeof_pc};
    layout.split = lr_jvm_field("CodeBlob", "_mutable_data") != LR_NOWHERE;
    return all_known(needed, sizeof needed / sizeof *needed) && layout.sizeof_pc > 0 &&
           (layout.split ? read_split() : read_whole());
}

static void open_split(uintptr_t blob, struct lr_nmethod *nmethod)
{
    uintptr_t constant = lr_vm_word(blob, layout.immutable);
    uintptr_t changing = lr_vm_word(blob, layout.mutable);
    nmethod->code = blob + lr_vm_u32(blob, layout.code_offset);
    nmethod->pcs = constant + lr_vm_u32(blob, layout.scopes_pcs);
    nmethod->scopes = constant + lr_vm_u32(blob, layout.scopes_data);
    nmethod->pcs_end = nmethod->scopes;
    nmethod->scopes_end = constant + lr_vm_u32(blob, layout.immutable_size);
    nmethod->metadata = changing + lr_vm_u32(blob, layout.relocation_size);
    nmethod->metadata_end = changing + lr_vm_u32(blob, layout.mutable_size);
}

static void open_whole(uintptr_t blob, struct lr_nmethod *nmethod)
{
    nmethod->code = lr_vm_word(blob, layout.code_begin);
    nmethod->pcs = blob + lr_vm_u32(blob, layout.scopes_pcs);
    nmethod->pcs_end = blob + lr_vm_u32(blob, layout.dependencies);
    nmethod->scopes = lr_vm_word(blob, layout.scopes_begin);
    nmethod->scopes_end = nmethod->pcs;
    nmethod->metadata = blob + lr_vm_u32(blob, layout.metadata);
    nmethod->metadata_end = nmethod->scopes;
}

void lr_nmethod_open(uintptr_t blob, struct lr_nmethod *nmethod)
{
    nmethod->blob = blob;
    nmethod->method = lr_vm_word(blob, layout.method);
    nmethod->orig_pc = (int32_t)lr_vm_u32(blob, layout.orig_pc);
    if (layout.split)
        open_split(blob, nmethod);
    else
        open_whole(blob, nmethod);
}

/* A frame waits to be deoptimized when its callee returns to the method's deopt handler. */
bool lr_nmethod_is_deopt(uintptr_t blob, uintptr_t pc)
{
    if (layout.split)
        return pc == blob + lr_vm_u32(blob, layout.deopt) ||
               pc == blob + lr_vm_u32(blob, layout.deopt_mh);
    return pc == lr_vm_word(blob, layout.deopt_begin) ||
           pc == lr_vm_word(blob, layout.deopt_mh_begin);
}

static int32_t frame_complete(uintptr_t blob)
{
    uint32_t at = layout.frame_complete;
    return layout.short_frame_complete ? (int16_t)lr_vm_u16(blob, at)
                                       : (int32_t)lr_vm_u32(blob, at);
}

bool lr_nmethod_has_frame(uintptr_t blob, uintptr_t pc)
{
    struct lr_nmethod nmethod;
    if (layout.frame_complete == LR_NOWHERE || frame_complete(blob) < 0)
        return true;
    lr_nmethod_open(blob, &nmethod);
    return pc >= nmethod.code + (uintptr_t)frame_complete(blob);
}

uintptr_t lr_nmethod_real_pc(uintptr_t blob, uint32_t frame_words, uintptr_t sp)
{
    int32_t offset = (int32_t)lr_vm_u32(blob, layout.orig_pc);
    if (offset < 0 || offset % 8 || (uint32_t)offset / 8 >= frame_words)
        return 0;
    uintptr_t real = *(const uintptr_t *)(sp + (uintptr_t)offset);
    return lr_jvm_find_blob(real) == blob ? real : 0;
}

/* UNSIGNED5, as line tables have it; true with the number, false at the end of the scopes. */
static bool read_number(const uint8_t **at, const uint8_t *end, uint32_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift <= 24; shift += 6) {
        if (*at >= end)
            return false;
        uint32_t byte = *(*at)++;
        *number += (byte - lr_vm_lines_excluded) << shift;
        if (byte < 192)
            break;
    }
    return true;
}

static int32_t pc_word(const struct lr_nmethod *nmethod, size_t index, uint32_t field)
{
    return (int32_t)lr_vm_u32(nmethod->pcs + index * layout.sizeof_pc, field);
}

/* Index of the first PcDesc at or behind `pc`; the count of them when there is none. */
static size_t find_pc(const struct lr_nmethod *nmethod, uintptr_t pc, size_t count)
{
    int32_t wanted = (int32_t)(pc - nmethod->code);
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pc_word(nmethod, middle, layout.pc_offset) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Offset of the scope at `pc`, or (near) at the first call site from there on; false when there is
 * none. */
static bool find_scope(const struct lr_nmethod *nmethod, uintptr_t pc, bool near, uint32_t *scope)
{
    if (nmethod->pcs_end <= nmethod->pcs || pc < nmethod->code)
        return false;
    size_t count = (nmethod->pcs_end - nmethod->pcs) / layout.sizeof_pc;
    size_t found = find_pc(nmethod, pc, count);
    if (found == count ||
        (!near && pc_word(nmethod, found, layout.pc_offset) != (int32_t)(pc - nmethod->code)))
        return false;
    *scope = (uint32_t)pc_word(nmethod, found, layout.pc_scope);
    return true;
}

static bool is_native(uintptr_t method)
{
    struct lr_vm_method opened;
    return lr_vm_method_read(method, &opened) && opened.is_native;
}

static void open_scopes(uintptr_t blob, uintptr_t pc, bool near, struct lr_scopes *scopes)
{
    *scopes = (struct lr_scopes){.next = NO_OFFSET};
    lr_nmethod_open(blob, &scopes->nmethod);
    scopes->whole = !find_scope(&scopes->nmethod, pc, near, &scopes->next) ||
                    scopes->next == NO_OFFSET || is_native(scopes->nmethod.method);
}

void lr_scopes_open(uintptr_t blob, uintptr_t pc, struct lr_scopes *scopes)
{
    open_scopes(blob, pc, false, scopes);
}

void lr_scopes_open_next(uintptr_t blob, uintptr_t pc, struct lr_scopes *scopes)
{
    open_scopes(blob, pc + 1, true, scopes);
}

static bool read_scope(struct lr_scopes *scopes)
{
    const struct lr_nmethod *nmethod = &scopes->nmethod;
    const uint8_t *at = (const uint8_t *)nmethod->scopes + scopes->next;
    const uint8_t *end = (const uint8_t *)nmethod->scopes_end;
    uint32_t outer, method, bci;
    if (scopes->next >= nmethod->scopes_end - nmethod->scopes || !read_number(&at, end, &outer) ||
        !read_number(&at, end, &method) || !read_number(&at, end, &bci) || method == 0 ||
        method > (nmethod->metadata_end - nmethod->metadata) / sizeof(uintptr_t))
        return false;
    scopes->method = ((const uintptr_t *)nmethod->metadata)[method - 1];
    scopes->bci = (int32_t)bci + INVOCATION_ENTRY_BCI;
    scopes->next = outer < scopes->next ? outer : NO_OFFSET; /* outer scopes are written first */
    return scopes->method != 0;
}

bool lr_scopes_next(struct lr_scopes *scopes)
{
    if (scopes->whole) {
        scopes->whole = false;
        scopes->next = NO_OFFSET;
        scopes->method = scopes->nmethod.method;
        scopes->bci = -1;
        return true;
    }
    if (scopes->next == NO_OFFSET || scopes->bad)
        return false;
    scopes->bad = !read_scope(scopes);
    return !scopes->bad;
}
