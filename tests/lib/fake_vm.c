/* fake_vm.c -- fake_vm.h: builds Method, ConstMethod, ConstantPool, Klass and Symbols. */
#include "fake_vm.h"

#include <stdlib.h>
#include <string.h>

#include "jvm_layout.h"

enum { CODE_SIZE = 5, LINE_TABLE_BIT = 4, NATIVE_BIT = 0x100, POISON = 0x91 };

struct symbol {
    uint32_t hash;
    uint16_t length;
    char body[];
};
struct klass {
    uint64_t header;
    struct symbol *name;
};
struct pool {
    struct klass *holder;
    uint32_t length;
    uint16_t source_file;
    struct symbol *slots[4];
};
struct const_method {
    struct pool *pool;
    uint32_t size; /* words */
    uint32_t flags;
    uint16_t code_size, name;
    uint8_t rest[]; /* code, then lines */
};
struct method {
    uint64_t header;
    struct const_method *constant;
    uint32_t access;
};

static unsigned excluded;

void lr_fake_layout(unsigned excluded_bytes)
{
    excluded = excluded_bytes;
    lr_jvm_layout = (struct lr_jvm_layout){
        .method_const = offsetof(struct method, constant),
        .method_access = offsetof(struct method, access),
        .wide_access = 1,
        .const_pool = offsetof(struct const_method, pool),
        .const_size = offsetof(struct const_method, size),
        .const_flags = offsetof(struct const_method, flags),
        .wide_flags = 1,
        .const_code_size = offsetof(struct const_method, code_size),
        .const_name = offsetof(struct const_method, name),
        .sizeof_const_method = offsetof(struct const_method, rest),
        .flag_line_table = LINE_TABLE_BIT,
        .pool_holder = offsetof(struct pool, holder),
        .pool_length = offsetof(struct pool, length),
        .pool_source_file = offsetof(struct pool, source_file),
        .sizeof_pool = offsetof(struct pool, slots),
        .klass_name = offsetof(struct klass, name),
        .symbol_length = offsetof(struct symbol, length),
        .symbol_body = offsetof(struct symbol, body),
    };
}

/* Kept in a chain, so that it isn't said to leak. */
static void *allocate(size_t size)
{
    static struct chain {
        _Alignas(16) struct chain *next;
    } * all;
    struct chain *memory = calloc(1, sizeof *memory + size);
    if (!memory)
        abort();
    memory->next = all;
    all = memory;
    return memory + 1;
}

static struct symbol *make_symbol(const char *text)
{
    size_t length = strlen(text);
    struct symbol *symbol = allocate(sizeof *symbol + length + 1);
    symbol->length = (uint16_t)length;
    memcpy(symbol->body, text, length);
    symbol->body[length] = '!'; /* names aren't terminated */
    return symbol;
}

static struct pool *make_pool(const struct lr_fake_method *method)
{
    struct pool *pool = allocate(sizeof *pool);
    pool->holder = allocate(sizeof *pool->holder);
    pool->holder->name = make_symbol(method->class_name);
    pool->length = 4;
    pool->slots[1] = make_symbol(method->name);
    if (method->source_file) {
        pool->slots[3] = make_symbol(method->source_file);
        pool->source_file = 3;
    }
    return pool;
}

/* The VM's UNSIGNED5: digits of 6 bits above a base that shrinks by what is excluded. */
static uint8_t *put_signed(uint8_t *out, int32_t value)
{
    uint32_t low = 192 - excluded, rest = ((uint32_t)value << 1) ^ (uint32_t)(value >> 31);
    for (unsigned digit = 0; digit < 4 && rest >= low; digit++) {
        rest -= low;
        *out++ = (uint8_t)(excluded + low + rest % 64);
        rest /= 64;
    }
    *out++ = (uint8_t)(excluded + rest);
    return out;
}

static uint8_t *put_lines(uint8_t *out, const struct lr_fake_line *lines, size_t count)
{
    struct lr_fake_line last = {0, 0};
    for (size_t i = 0; i < count; i++) {
        int32_t bci = lines[i].bci - last.bci, line = lines[i].line - last.line;
        if (bci >= 0 && bci < 32 && line >= 0 && line < 8 && (bci << 3 | line) != 0xff) {
            *out++ = (uint8_t)(bci << 3 | line);
        } else {
            *out++ = 0xff;
            out = put_signed(put_signed(out, bci), line);
        }
        last = lines[i];
    }
    *out++ = 0;
    return out;
}

uintptr_t lr_fake_jmethod(const struct lr_fake_method *method)
{
    size_t room = sizeof(struct const_method) + CODE_SIZE + 11 * method->line_count + 16;
    struct const_method *constant = allocate(room);
    constant->pool = make_pool(method);
    constant->code_size = CODE_SIZE;
    constant->name = 1;
    memset(constant->rest, 0xff, CODE_SIZE);
    if (method->line_count) {
        constant->flags = LINE_TABLE_BIT;
        *put_lines(constant->rest + CODE_SIZE, method->lines, method->line_count) = POISON;
    }
    constant->size = (uint32_t)(room / sizeof(void *));
    struct method *made = allocate(sizeof *made);
    made->constant = constant;
    made->access = method->is_native ? NATIVE_BIT : 1;
    struct method **jmethod = allocate(sizeof *jmethod);
    *jmethod = made;
    return (uintptr_t)jmethod;
}
