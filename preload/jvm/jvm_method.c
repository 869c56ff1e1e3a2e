/* jvm_method.c -- a Java method's class, name, source file and lines, read from VM memory.
 *
 * Stage: STACK.  Context: inside malloc, any thread state, for methods that can't be unloaded
 * meanwhile (on the caller's stack, or the caller holds their class).  Plain loads only.
 * Every offset comes from jvm_layout.h; jvm_verify.c proves the result before it is used.
 */
#include "jvm_internal.h"

#include "leakring/format.h"

enum { ACCESS_NATIVE = 0x0100, LINE_ESCAPE = 0xff };

uint32_t lr_vm_lines_excluded;

static struct lr_vm_text symbol_text(uintptr_t symbol)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    if (!symbol)
        return (struct lr_vm_text){"", 0};
    return (struct lr_vm_text){(const char *)symbol + at->symbol_body,
                               lr_vm_u16(symbol, at->symbol_length)};
}

/* The symbol in a slot of the constant pool, which follows the pool's fixed part. */
static struct lr_vm_text pool_text(uintptr_t pool, uint32_t index)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    int32_t length = (int32_t)lr_vm_u32(pool, at->pool_length);
    if (index == 0 || length <= 0 || index >= (uint32_t)length)
        return (struct lr_vm_text){"", 0};
    return symbol_text(lr_vm_word(pool + at->sizeof_pool, index * (uint32_t)sizeof(void *)));
}

static bool is_native(uintptr_t method)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uint32_t access = at->wide_access ? lr_vm_u32(method, at->method_access)
                                      : lr_vm_u16(method, at->method_access);
    return access & ACCESS_NATIVE;
}

/* Up to JDK 25 a jmethodID points at a pointer to the Method, which unloading sets to NULL. */
uintptr_t lr_vm_method_of(uintptr_t jmethod)
{
    return jmethod ? lr_vm_word(jmethod, 0) : 0;
}

bool lr_vm_method_read(uintptr_t method, struct lr_vm_method *result)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t const_method = method ? lr_vm_word(method, at->method_const) : 0;
    uintptr_t pool = const_method ? lr_vm_word(const_method, at->const_pool) : 0;
    uintptr_t klass = pool ? lr_vm_word(pool, at->pool_holder) : 0;
    if (!klass)
        return false;
    result->class_name = symbol_text(lr_vm_word(klass, at->klass_name));
    result->name = pool_text(pool, lr_vm_u16(const_method, at->const_name));
    result->source_file = pool_text(pool, lr_vm_u16(pool, at->pool_source_file));
    result->const_method = const_method;
    result->is_native = is_native(method);
    return result->class_name.length && result->name.length;
}

/* The bytecodes follow the ConstMethod's fixed part. */
bool lr_vm_method_bci(const struct lr_vm_method *method, uintptr_t bcp, int32_t *bci)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t code = method->const_method + at->sizeof_const_method;
    *bci = -1;
    if (method->is_native)
        return true;
    if (bcp < code || bcp - code >= lr_vm_u16(method->const_method, at->const_code_size))
        return false;
    *bci = (int32_t)(bcp - code);
    return true;
}

/* The compressed line table follows the bytecodes, which follow the ConstMethod's fixed part. */
void lr_vm_lines_open(struct lr_vm_lines *lines, const struct lr_vm_method *method)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t base = method->const_method;
    uint32_t flags =
        at->wide_flags ? lr_vm_u32(base, at->const_flags) : lr_vm_u16(base, at->const_flags);
    size_t size = (size_t)lr_vm_u32(base, at->const_size) * sizeof(void *);
    size_t start = at->sizeof_const_method + lr_vm_u16(base, at->const_code_size);
    *lines = (struct lr_vm_lines){0};
    if (!(flags & at->flag_line_table) || start >= size)
        return;
    lines->next = (const uint8_t *)base + start;
    lines->end = (const uint8_t *)base + size;
}

/* HotSpot's UNSIGNED5: up to five digits, least significant first; a byte below 192 ends the
 * number.  With one excluded value (zero) every digit is stored one higher. */
static int32_t read_signed(struct lr_vm_lines *lines)
{
    uint32_t sum = 0;
    for (unsigned shift = 0; shift <= 24 && lines->next < lines->end; shift += 6) {
        uint32_t byte = *lines->next++;
        sum += (byte - lr_vm_lines_excluded) << shift;
        if (byte < 192)
            break;
    }
    return (int32_t)((sum >> 1) ^ -(sum & 1));
}

/* One byte holds both steps (5 bits of bci, 3 of line) where they are small enough. */
bool lr_vm_lines_next(struct lr_vm_lines *lines)
{
    if (lines->next >= lines->end || *lines->next == 0)
        return false;
    uint8_t byte = *lines->next++;
    if (byte == LINE_ESCAPE) {
        lines->bci += read_signed(lines);
        lines->line += read_signed(lines);
    } else {
        lines->bci += byte >> 3;
        lines->line += byte & 7;
    }
    return true;
}

/* The entry with the highest bci not above ours: tables need not be sorted. */
int32_t lr_vm_method_line(const struct lr_vm_method *method, int32_t bci)
{
    if (method->is_native)
        return LR_LINE_NATIVE;
    if (bci < 0)
        return LR_LINE_UNKNOWN;
    struct lr_vm_lines lines;
    int32_t best_bci = -1, line = LR_LINE_UNKNOWN;
    lr_vm_lines_open(&lines, method);
    while (lr_vm_lines_next(&lines)) {
        if (lines.bci <= bci && lines.bci > best_bci) {
            best_bci = lines.bci;
            line = lines.line;
        }
    }
    return line;
}
