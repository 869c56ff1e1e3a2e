/* test_own_memory.c -- what the tracer takes besides its file, when its tables are full.
 *
 * Every mapping goes by lr_prim_map, which is wrapped here (the linker's --wrap) and summed up:
 * sizes as they were asked for, the most at any time.  Of the tables for threads each thread takes
 * its slot and its room: counted for THREADS of them.  The variances of stacks are mapped, but
 * stay untouched while everything is recorded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "address_filter.h"
#include "file.h"
#include "intern.h"
#include "pairs_start.h"
#include "prim.h"
#include "record.h"
#include "recording.h"
#include "regions.h"
#include "series.h"
#include "stack_take.h"
#include "stacks.h"
#include "thread_names.h"
#include "threads.h"

enum { THREADS = 64, MIB = 1 << 20 };

static size_t now, most, for_threads;
static const char *path;

void *__real_lr_prim_map(size_t size);
void *__wrap_lr_prim_map(size_t size);
void __real_lr_prim_unmap(void *at, size_t size);
void __wrap_lr_prim_unmap(void *at, size_t size);

void *__wrap_lr_prim_map(size_t size)
{
    now += size;
    most = now > most ? now : most;
    return __real_lr_prim_map(size);
}

void __wrap_lr_prim_unmap(void *at, size_t size)
{
    now -= size;
    __real_lr_prim_unmap(at, size);
}

static void begin(void)
{
    assert_true(lr_intern_start() && lr_stacks_start() && lr_stack_take_start() &&
                lr_record_start() && lr_thread_names_start() && lr_regions_start() &&
                lr_pairs_start() && lr_series_start());
    size_t others = now;
    assert_true(lr_threads_start());
    for_threads = now - others;
}

static int start(void **state)
{
    (void)state;
    path = recording_create_sized("test_own_memory", "64M");
    begin();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

/* Stacks of eight frames, of which the outermost is shared, until there is no room. */
static void fill_stacks(void)
{
    uintptr_t frames[8];
    struct lr_raw_stack raw = {.native_count = 8, .native = frames};
    for (uintptr_t number = 1;; number++) {
        for (unsigned i = 0; i < 8; i++)
            frames[i] = i == 7 ? 16 : 0x100000 + number * 64 + i;
        if (!lr_stack_intern(&raw, LR_STACK_OF_PAIR))
            break;
    }
}

static void full_stacks_take_no_more_than_8_mib(void **state)
{
    (void)state;
    fill_stacks();
    const struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    const struct lr_section *nodes = lr_file.section[LR_SEC_NODES];
    assert_true(stacks->used > stacks->capacity / 10 * 9 || nodes->used > nodes->capacity / 10 * 9);
    size_t of_thread = sizeof(struct lr_thread_slot) + LR_THREAD_ROOM_BYTES;
    size_t variances = stacks->capacity * sizeof(uint64_t);
    size_t exact = most - for_threads + THREADS * of_thread - variances;
    print_message("%zu stacks, %zu nodes: %zu KiB\n", (size_t)stacks->used, (size_t)nodes->used,
                  exact >> 10);
    assert_true(exact <= 8 * MIB);
    assert_true(lr_filter_start() && lr_filter_prepare()); /* both filters that there may be */
    size_t sampled = now - for_threads + THREADS * of_thread;
    print_message("while sampling: %zu KiB\n", sampled >> 10);
    assert_true(sampled <= 11 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_stacks_take_no_more_than_8_mib),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
