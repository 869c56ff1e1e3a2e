/* unwind_expr.c -- the DWARF expressions that occur in .eh_frame.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc; bounded in depth and steps.
 */
#include "unwind_dwarf.h"

enum { EXPR_DEPTH = 24, EXPR_STEPS = 256 };

/* DW_OP_*, the part that is no range of 32. */
enum {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S,
    OP_CONST2U,
    OP_CONST2S,
    OP_CONST4U,
    OP_CONST4S,
    OP_CONST8U,
    OP_CONST8S,
    OP_CONSTU,
    OP_CONSTS,
    OP_DUP = 0x12,
    OP_DROP,
    OP_OVER,
    OP_PICK,
    OP_SWAP,
    OP_ROT,
    OP_ABS = 0x19,
    OP_AND,
    OP_DIV,
    OP_MINUS,
    OP_MOD,
    OP_MUL,
    OP_NEG,
    OP_NOT,
    OP_OR,
    OP_PLUS,
    OP_PLUS_UCONST,
    OP_SHL,
    OP_SHR,
    OP_SHRA,
    OP_XOR,
    OP_BRA = 0x28,
    OP_EQ,
    OP_GE,
    OP_GT,
    OP_LE,
    OP_LT,
    OP_NE,
    OP_SKIP,
    OP_LIT0 = 0x30,
    OP_REG0 = 0x50,
    OP_BREG0 = 0x70,
    OP_REGX = 0x90,
    OP_BREGX = 0x92,
    OP_DEREF_SIZE = 0x94,
    OP_NOP = 0x96,
};

struct machine {
    struct lr_reader code;
    const uint8_t *start;
    struct lr_expr_input *input;
    uint64_t stack[EXPR_DEPTH];
    unsigned depth;
    bool bad;
};

static void push(struct machine *m, uint64_t value)
{
    if (m->depth < EXPR_DEPTH)
        m->stack[m->depth++] = value;
    else
        m->bad = true;
}

static uint64_t pop(struct machine *m)
{
    if (m->depth > 0)
        return m->stack[--m->depth];
    m->bad = true;
    return 0;
}

static uint64_t pick(struct machine *m, uint64_t index)
{
    if (index < m->depth)
        return m->stack[m->depth - 1 - index];
    m->bad = true;
    return 0;
}

static uint64_t reg(struct machine *m, uint64_t number)
{
    if (number >= LR_REG_COUNT || !(m->input->known >> number & 1)) {
        m->bad = true;
        return 0;
    }
    m->input->used |= LR_REG_BIT(number);
    return m->input->reg[number];
}

static uint64_t deref(struct machine *m, uint64_t address, unsigned size)
{
    uint64_t word = 0, shift = address % 8;
    if (!m->input->read || size == 0 || shift + size > 8 ||
        !m->input->read(m->input->context, address - shift, &word)) {
        m->bad = true;
        return 0;
    }
    word >>= 8 * shift;
    return size == 8 ? word : word & ((UINT64_C(1) << 8 * size) - 1);
}

static void jump(struct machine *m, int64_t distance)
{
    if (distance < m->start - m->code.at || distance > m->code.end - m->code.at)
        m->bad = true;
    else
        m->code.at += distance;
}

static uint64_t shift_right(uint64_t value, uint64_t by, bool arithmetic)
{
    uint64_t fill = arithmetic && (int64_t)value < 0 ? UINT64_MAX : 0;
    if (by == 0)
        return value;
    return by < 64 ? value >> by | fill << (64 - by) : fill;
}

static uint64_t divide(struct machine *m, uint64_t a, uint64_t b, bool remainder)
{
    if (b == 0 || (!remainder && (int64_t)a == INT64_MIN && (int64_t)b == -1)) {
        m->bad = true;
        return 0;
    }
    return remainder ? a % b : (uint64_t)((int64_t)a / (int64_t)b);
}

static void binary(struct machine *m, uint8_t op)
{
    uint64_t b = pop(m), a = pop(m);
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    switch (op) {
    case OP_AND:
        push(m, a & b);
        break;
    case OP_DIV:
        push(m, divide(m, a, b, false));
        break;
    case OP_MINUS:
        push(m, a - b);
        break;
    case OP_MOD:
        push(m, divide(m, a, b, true));
        break;
    case OP_MUL:
        push(m, a * b);
        break;
    case OP_OR:
        push(m, a | b);
        break;
    case OP_PLUS:
        push(m, a + b);
        break;
    case OP_SHL:
        push(m, b < 64 ? a << b : 0);
        break;
    case OP_SHR:
        push(m, shift_right(a, b, false));
        break;
    case OP_SHRA:
        push(m, shift_right(a, b, true));
        break;
    case OP_XOR:
        push(m, a ^ b);
        break;
    case OP_EQ:
        push(m, sa == sb);
        break;
    case OP_GE:
        push(m, sa >= sb);
        break;
    case OP_GT:
        push(m, sa > sb);
        break;
    case OP_LE:
        push(m, sa <= sb);
        break;
    case OP_LT:
        push(m, sa < sb);
        break;
    case OP_NE:
        push(m, sa != sb);
        break;
    default:
        m->bad = true;
    }
}

static bool constant(struct machine *m, uint8_t op)
{
    struct lr_reader *code = &m->code;
    if (op >= OP_LIT0 && op < OP_LIT0 + 32) {
        push(m, (uint64_t)(op - OP_LIT0));
        return true;
    }
    switch (op) {
    case OP_ADDR:
        push(m, lr_read_fixed(code, 8));
        return true;
    case OP_CONST1U:
        push(m, lr_read_fixed(code, 1));
        return true;
    case OP_CONST1S:
        push(m, (uint64_t)lr_read_signed(code, 1));
        return true;
    case OP_CONST2U:
        push(m, lr_read_fixed(code, 2));
        return true;
    case OP_CONST2S:
        push(m, (uint64_t)lr_read_signed(code, 2));
        return true;
    case OP_CONST4U:
        push(m, lr_read_fixed(code, 4));
        return true;
    case OP_CONST4S:
        push(m, (uint64_t)lr_read_signed(code, 4));
        return true;
    case OP_CONST8U:
    case OP_CONST8S:
        push(m, lr_read_fixed(code, 8));
        return true;
    case OP_CONSTU:
        push(m, lr_read_uleb(code));
        return true;
    case OP_CONSTS:
        push(m, (uint64_t)lr_read_sleb(code));
        return true;
    default:
        return false;
    }
}

static bool from_register(struct machine *m, uint8_t op)
{
    uint64_t number;
    if (op >= OP_REG0 && op < OP_REG0 + 32) {
        push(m, reg(m, (uint64_t)(op - OP_REG0)));
    } else if (op >= OP_BREG0 && op < OP_BREG0 + 32) {
        push(m, reg(m, (uint64_t)(op - OP_BREG0)) + (uint64_t)lr_read_sleb(&m->code));
    } else if (op == OP_REGX) {
        push(m, reg(m, lr_read_uleb(&m->code)));
    } else if (op == OP_BREGX) {
        number = lr_read_uleb(&m->code);
        push(m, reg(m, number) + (uint64_t)lr_read_sleb(&m->code));
    } else {
        return false;
    }
    return true;
}

static void rotate(struct machine *m)
{
    uint64_t first = pop(m), second = pop(m), third = pop(m);
    push(m, first);
    push(m, third);
    push(m, second);
}

static void other(struct machine *m, uint8_t op)
{
    uint64_t a, b;
    int64_t distance;
    switch (op) {
    case OP_NOP:
        break;
    case OP_DEREF:
        push(m, deref(m, pop(m), 8));
        break;
    case OP_DEREF_SIZE:
        a = lr_read_fixed(&m->code, 1);
        push(m, deref(m, pop(m), a <= 8 ? (unsigned)a : 0));
        break;
    case OP_DUP:
        push(m, pick(m, 0));
        break;
    case OP_DROP:
        pop(m);
        break;
    case OP_OVER:
        push(m, pick(m, 1));
        break;
    case OP_PICK:
        push(m, pick(m, lr_read_fixed(&m->code, 1)));
        break;
    case OP_SWAP:
        b = pop(m), a = pop(m);
        push(m, b), push(m, a);
        break;
    case OP_ROT:
        rotate(m);
        break;
    case OP_ABS:
        a = pop(m);
        push(m, (int64_t)a < 0 ? 0 - a : a);
        break;
    case OP_NEG:
        push(m, 0 - pop(m));
        break;
    case OP_NOT:
        push(m, ~pop(m));
        break;
    case OP_PLUS_UCONST:
        push(m, pop(m) + lr_read_uleb(&m->code));
        break;
    case OP_SKIP:
    case OP_BRA:
        distance = lr_read_signed(&m->code, 2);
        if (op == OP_SKIP || pop(m) != 0)
            jump(m, distance);
        break;
    default:
        binary(m, op);
    }
}

bool lr_expr_evaluate(const uint8_t *block, const uint8_t *limit, struct lr_expr_input *input,
                      const uint64_t *initial, uint64_t *result)
{
    struct machine m;
    m.code = (struct lr_reader){.at = block, .end = limit};
    m.input = input;
    m.depth = 0;
    m.bad = false;
    uint64_t length = lr_read_uleb(&m.code);
    if (m.code.bad || length > (uint64_t)(limit - m.code.at))
        return false;
    m.start = m.code.at;
    m.code.end = m.code.at + length;
    if (initial)
        push(&m, *initial);
    for (unsigned steps = 0; m.code.at < m.code.end && !m.bad; steps++) {
        uint8_t op = (uint8_t)lr_read_fixed(&m.code, 1);
        if (!constant(&m, op) && !from_register(&m, op))
            other(&m, op);
        m.bad |= m.code.bad || steps >= EXPR_STEPS;
    }
    *result = pop(&m);
    return !m.bad;
}
