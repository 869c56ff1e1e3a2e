/* jvm_sound.c -- lr_vm_method_is_sound: is everything there that reading a method will touch?
 *
 * Stage: STACK, cold.  Context: inside malloc, any thread state; lock-free.
 */
#include "jvm_internal.h"

#include "jvm_redefine.h"
#include "prim.h"

enum { WORD = sizeof(uintptr_t), PAGE = 4096, CONST_METHOD_MAX = 1 << 20 };

/* Methods that were found sound, each with its epoch in one word: a collision just overwrites. */
enum { SOUND_BITS = 11 };
static uint64_t sound[1 << SOUND_BITS];

static bool is_there(uintptr_t address)
{
    return lr_prim_is_mapped((const void *)address) == 1;
}

/* All of [object, object + size). */
static bool is_whole(uintptr_t object, size_t size)
{
    if (!object || object % WORD || object >> 47)
        return false;
    for (uintptr_t at = object; at < object + size; at = (at | (PAGE - 1)) + 1)
        if (!is_there(at))
            return false;
    return true;
}

static bool is_symbol(uintptr_t symbol)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    return is_whole(symbol, at->symbol_body + WORD) &&
           is_whole(symbol, at->symbol_body + lr_vm_u16(symbol, at->symbol_length));
}

/* The symbol in a slot of the constant pool; no symbol is none. */
static bool is_pool_text(uintptr_t pool, uint32_t index)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t slot = pool + at->sizeof_pool + index * WORD;
    if (index >= lr_vm_u32(pool, at->pool_length) || index == 0)
        return true; /* not looked at */
    uintptr_t symbol = is_there(slot) ? *(const uintptr_t *)slot : 1;
    return !symbol || is_symbol(symbol);
}

/* With its code and line table, which follow it. */
static bool is_const_method(uintptr_t object)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    if (!is_whole(object, at->sizeof_const_method))
        return false;
    size_t size = (size_t)lr_vm_u32(object, at->const_size) * WORD;
    size_t code = at->sizeof_const_method + lr_vm_u16(object, at->const_code_size);
    return size >= code && size <= CONST_METHOD_MAX && is_whole(object, size);
}

static bool is_method(uintptr_t method)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    size_t first = at->method_const > at->method_access ? at->method_const : at->method_access;
    uintptr_t constant = is_whole(method, first + WORD) ? lr_vm_word(method, at->method_const) : 0;
    uintptr_t pool = is_const_method(constant) ? lr_vm_word(constant, at->const_pool) : 0;
    uintptr_t klass = is_whole(pool, at->sizeof_pool) ? lr_vm_word(pool, at->pool_holder) : 0;
    return is_whole(klass, at->klass_name + WORD) && is_symbol(lr_vm_word(klass, at->klass_name)) &&
           is_pool_text(pool, lr_vm_u16(constant, at->const_name)) &&
           is_pool_text(pool, lr_vm_u16(pool, at->pool_source_file));
}

bool lr_vm_method_is_sound(uintptr_t method)
{
    uint64_t mixed = (method ^ lr_jvm_memory_epoch() * UINT64_C(0xff51afd7ed558ccd)) *
                     UINT64_C(0x9e3779b97f4a7c15);
    uint64_t *slot = &sound[mixed >> (64 - SOUND_BITS)];
    if (method && __atomic_load_n(slot, __ATOMIC_RELAXED) == mixed)
        return true;
    if (!is_method(method))
        return false;
    __atomic_store_n(slot, mixed, __ATOMIC_RELAXED);
    return true;
}
