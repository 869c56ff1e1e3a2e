/* guest_coroutine.c -- a coroutine's stack that comes back smaller, and a function that nothing
 * describes, with a frame pointer that is none, pointing to where the larger stack was.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.  77: this
 * machine's assembly isn't known here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { LARGE = 256 << 10, SMALL = 64 << 10, DEEP = 220 << 10, POINTED_TO = 200 << 10 };

#if defined(__x86_64__)
__asm__(".text\n"
        ".type undescribed, @function\n"
        "undescribed:\n"
        "    endbr64\n"
        "    push %rbp\n"
        "    push %rbx\n"
        "    sub $8, %rsp\n"
        "    mov %rdi, %rbp\n"
        "    mov $64, %edi\n"
        "    call malloc@PLT\n"
        "    add $8, %rsp\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    ret\n"
        ".size undescribed, . - undescribed\n");
void *undescribed(uintptr_t frame_pointer);
#define KNOWN 1
#else
static void *undescribed(uintptr_t frame_pointer)
{
    return (void *)frame_pointer;
}
#define KNOWN 0
#endif

static char *stack;
static ucontext_t outside, coroutine;
static void *volatile kept;

static void deep(void)
{
    volatile char room[DEEP];
    room[0] = room[DEEP - 1] = 1;
    for (int i = 0; i < 3; i++)
        kept = malloc(32);
    room[1] = 2;
}

static void shallow(void)
{
    kept = undescribed((uintptr_t)stack + POINTED_TO);
}

static void run(void (*function)(void), size_t size)
{
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = size;
    coroutine.uc_link = &outside;
    makecontext(&coroutine, function, 0);
    swapcontext(&outside, &coroutine);
}

int main(void)
{
    stack = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!KNOWN || stack == MAP_FAILED)
        return 77;
    run(deep, LARGE);
    munmap(stack + SMALL, LARGE - SMALL);
    run(shallow, SMALL);
    puts("both returned");
    return 0;
}
