/* test_unwind_limits.c -- the walker where there is no proper stack to walk, and under pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind.h"
#include "unwind_dwarf.h"

enum { FRAMES = 400, PAGE = 4096 };
#define KEEP __asm__ volatile("" ::: "memory") /* no tail call, no merging */
#define NOINLINE __attribute__((noinline))

/* Do we tell the same frames as backtrace(), `depth` calls further down? */
NOINLINE static bool agrees(unsigned depth)
{
    struct lr_regs regs = LR_CALLER_REGS;
    uintptr_t ours[FRAMES];
    void *theirs[FRAMES + 1];
    enum lr_unwind_end end;
    if (depth > 0) {
        bool result = agrees(depth - 1);
        KEEP;
        return result;
    }
    size_t count = lr_unwinder->walk(&regs, ours, FRAMES, &end);
    int others = backtrace(theirs, FRAMES + 1); /* the first one is this function */
    return end == LR_UNWIND_OUTERMOST && others == (int)count + 1 &&
           memcmp(ours, theirs + 1, count * sizeof ours[0]) == 0;
}

/* For the noise: a frame that is found through fp. */
NOINLINE static int realigned(int size)
{
    _Alignas(64) volatile char vector[64];
    char space[size];
    __asm__ volatile("" ::"r"(space) : "memory");
    vector[0] = 1;
    return agrees(1) + vector[0];
}

static void test_realigned_frame(void **state)
{
    (void)state;
    assert_int_equal(realigned(100), 2);
}

static void test_depth_limit(void **state)
{
    (void)state;
    struct lr_regs regs = LR_CALLER_REGS;
    uintptr_t all[FRAMES], some[FRAMES];
    enum lr_unwind_end end;
    size_t count = lr_unwinder->walk(&regs, all, FRAMES, &end);
    assert_true(count > 3);
    assert_int_equal(end, LR_UNWIND_OUTERMOST);
    assert_int_equal(all[0], regs.pc);
    assert_int_equal(lr_unwinder->walk(&regs, some, 3, &end), 3);
    assert_int_equal(end, LR_UNWIND_DEPTH);
    assert_memory_equal(all, some, 3 * sizeof all[0]);
    assert_int_equal(lr_unwinder->walk(&regs, some, count, &end), count);
    assert_int_equal(end, LR_UNWIND_OUTERMOST);
    assert_int_equal(lr_unwinder->walk(&regs, some, 0, &end), 0);
}

static uintptr_t foreign[FRAMES];
static size_t foreign_count;
static enum lr_unwind_end foreign_end;

NOINLINE static void called_by_generated_code(void)
{
    struct lr_regs regs = LR_CALLER_REGS;
    foreign_count = lr_unwinder->walk(&regs, foreign, FRAMES, &foreign_end);
    KEEP;
}

NOINLINE static void below_generated_code(void)
{
    called_by_generated_code();
    KEEP;
}

static void test_generated_code_ends_the_walk(void **state)
{
    (void)state;
#if defined(__x86_64__)
    /* push %rbx; call *%rdi; pop %rbx; ret */
    static const uint8_t code[] = {0x53, 0xff, 0xd7, 0x5b, 0xc3};
    uint8_t *page =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    memcpy(page, code, sizeof code);
    ((void (*)(void (*)(void)))(void *)page)(below_generated_code);
    assert_int_equal(foreign_end, LR_UNWIND_FOREIGN);
    assert_int_equal(foreign_count, 2);
    assert_int_equal(foreign[1], (uintptr_t)page + 3);
    munmap(page, PAGE);
#else
    skip();
#endif
}

/* A stack of noise and plausible return addresses between unmapped pages: any answer, no fault. */
static void test_noise_is_survived(void **state)
{
    (void)state;
    enum { PAGES = 8, WORDS = PAGES * PAGE / 8 };
    char *area =
        mmap(NULL, (PAGES + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t *words = (uint64_t *)(area + PAGE);
    struct lr_regs real = LR_CALLER_REGS;
    uintptr_t pcs[FRAMES], ours[FRAMES];
    enum lr_unwind_end end;
    size_t known = lr_unwinder->walk(&real, pcs, FRAMES, &end);
    pcs[known++] = (uintptr_t)qsort + 60;
    pcs[known++] = (uintptr_t)realigned + 80;
    pcs[known++] = (uintptr_t)agrees + 40;
    mprotect(area, PAGE, PROT_NONE);
    munmap(area + (PAGES + 1) * PAGE, PAGE);
    srand(1);
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 64; i++) {
            uint64_t *word = &words[rand() % WORDS];
            uint64_t near = (uintptr_t)area + (uint64_t)(rand() % ((PAGES + 2) * PAGE));
            *word = rand() % 3 ? pcs[(size_t)rand() % known] : rand() % 2 ? near : (uint64_t)rand();
        }
        struct lr_regs regs = {pcs[(size_t)rand() % known],
                               (uintptr_t)&words[rand() % WORDS] + (rand() % 16 == 0),
                               (uintptr_t)&words[rand() % WORDS] + (uint64_t)(rand() % 3 - 1)};
        size_t count = lr_unwinder->walk(&regs, ours, FRAMES, &end);
        assert_true(count >= 1 && count <= FRAMES);
        assert_int_equal(ours[0], regs.pc);
    }
    munmap(area, (PAGES + 1) * PAGE);
    assert_true(agrees(3));
}

static void *walk_without_end(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        if (!agrees(20))
            return stop;
    return NULL;
}

static void test_forgetting_under_walks(void **state)
{
    (void)state;
    int stop = 0;
    void *result = NULL;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk_without_end, &stop), 0);
    for (int i = 0; i < 2000; i++)
        lr_unwind_forget();
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        assert_true(pthread_join(threads[i], &result) == 0 && !result);
    assert_true(agrees(20));
}

static void test_errno_is_kept(void **state)
{
    (void)state;
    errno = 4711;
    lr_unwind_forget();
    assert_true(agrees(5));
    assert_int_equal(errno, 4711);
}

static uint64_t noise_word(void)
{
    return (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();
}

static bool read_noise(void *context, uintptr_t address, uint64_t *word)
{
    *word = noise_word();
    return context == NULL && address % 16 != 0;
}

static void try_row(const struct lr_fde *fde, uintptr_t pc)
{
    struct lr_cfi_row row;
    uint64_t result, reg[LR_REG_COUNT];
    if (!lr_cfi_row(fde, pc, &row))
        return;
    for (unsigned i = 0; i < LR_REG_COUNT; i++)
        reg[i] = noise_word();
    struct lr_expr_input input = {reg, (1u << LR_REG_COUNT) - 1, 0, read_noise, NULL};
    if (row.cfa_register == LR_CFA_BLOCK)
        lr_expr_evaluate((const uint8_t *)(uintptr_t)row.cfa_value, fde->limit, &input, NULL,
                         &result);
    for (unsigned i = 0; i < LR_REG_COUNT; i++)
        if (row.where[i] == LR_CFI_EXPRESSION || row.where[i] == LR_CFI_VAL_EXPRESSION)
            lr_expr_evaluate((const uint8_t *)(uintptr_t)row.value[i], fde->limit, &input, &reg[0],
                             &result);
}

/* A copy of our own unwind data, up to the edge of a page, with more and more bytes damaged. */
static void test_damaged_tables_are_survived(void **state)
{
    (void)state;
    struct lr_module_info module;
    struct lr_fde fde;
    unsigned found = 0;
    assert_true(lr_module_find((uintptr_t)agrees, &module));
    size_t size = module.end - module.start, header = module.eh_frame_hdr - module.start;
    size_t room = (size + PAGE - 1) / PAGE * PAGE, code = (uintptr_t)agrees - module.start;
    char *area =
        mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(area + room, PAGE, PROT_NONE);
    char *copy = area + room - size / 8 * 8;
    size = size / 8 * 8;
    const char *original = (const char *)module.start;
    memcpy(copy, original, size);
    module.start = (uintptr_t)copy;
    module.end = (uintptr_t)copy + size;
    module.eh_frame_hdr = module.start + header;
    assert_true(lr_fde_find(&module, module.start + code, &fde));
    srand(2);
    for (int round = 0; round < 30000; round++) {
        if (round % 500 == 0)
            memcpy(copy + header, original + header, size - header);
        for (int i = 0; i < 20; i++)
            copy[header + (size_t)rand() % (size - header)] = (char)rand();
        for (int i = 0; i < 20; i++) {
            uintptr_t pc = module.start + (size_t)rand() % (header + 64);
            if (!lr_fde_find(&module, pc, &fde))
                continue;
            found++;
            try_row(&fde, pc);
        }
    }
    assert_true(found > 1000);
    munmap(area, room + PAGE);
}

static bool read_known(void *context, uintptr_t address, uint64_t *word)
{
    *word = 42;
    return context == NULL && address == 0x2000 - 24;
}

/* What the evaluator must answer, operation by operation. */
static void test_expressions(void **state)
{
    (void)state;
    static const struct {
        uint8_t block[12];
        uint64_t value;
        bool is_valid;
    } cases[] = {
        {{2, 0x77, 8}, 0x1008, true},   /* breg7 8 */
        {{2, 0x77, 0x78}, 0xff8, true}, /* breg7 -8 */
        {{11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22}, 0x1010, true}, /* PLT */
        {{3, 0x76, 0x68, 0x06}, 42, true},                     /* breg6 -24, deref */
        {{4, 0x35, 0x37, 0x16, 0x1c}, 2, true},                /* lit5 lit7 swap minus */
        {{5, 0x31, 0x32, 0x33, 0x17, 0x1c}, UINT64_MAX, true}, /* lit1-3 rot minus */
        {{6, 0x30, 0x28, 1, 0, 0x35, 0x39}, 9, true},          /* bra not taken */
        {{7, 0x31, 0x28, 1, 0, 0x35, 0x39, 0x96}, 9, true},    /* bra taken */
        {{3, 0x2f, 0xfd, 0xff}, 0, false},                     /* skip for ever */
        {{1, 0x22}, 0, false},                                 /* plus of nothing */
        {{3, 0x31, 0x30, 0x1b}, 0, false},                     /* division by zero */
        {{1, 0x61}, 0, false},                                 /* unknown register */
        {{1, 0xe0}, 0, false},                                 /* unknown operation */
    };
    uint64_t reg[LR_REG_COUNT] = {[6] = 0x2000, [7] = 0x1000, [16] = 0x40000b}, result;
    struct lr_expr_input input = {reg, (1u << LR_REG_COUNT) - 1, 0, read_known, NULL};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *block = cases[i].block;
        bool is_valid =
            lr_expr_evaluate(block, block + sizeof cases[i].block, &input, NULL, &result);
        if (is_valid != cases[i].is_valid || (is_valid && result != cases[i].value))
            fail_msg("expression %zu: %d, %#lx", i, is_valid, (unsigned long)result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_realigned_frame),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_generated_code_ends_the_walk),
        cmocka_unit_test(test_noise_is_survived),
        cmocka_unit_test(test_forgetting_under_walks),
        cmocka_unit_test(test_errno_is_kept),
        cmocka_unit_test(test_damaged_tables_are_survived),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests_name("unwind_limits", tests, NULL, NULL);
}
