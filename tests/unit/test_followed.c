/* test_followed.c -- which stacks get a history, from the first minute on.
 *
 * Stage: unit tests of the helper thread's part, on a real file; a program of its own, because it
 * begins at the beginning (test_series.c has the hours behind it).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "followed.h"
#include "live_scan.h"
#include "recording.h"
#include "series.h"

static const char *path;

static int start(void **state)
{
    (void)state;
    path = recording_create_sized("test_followed", "32M");
    assert_true(lr_series_start());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

static void whole_scan(uint32_t now_ms)
{
    while (!lr_live_scan_slice())
        continue;
    lr_followed_update(now_ms);
}

static void set_live(uint32_t slot, uint32_t stack, uint64_t size)
{
    lr_file.live[slot] = (struct lr_live){
        .key = 0x10000 + 64 * slot, .info = size, .stack = stack, .weight = 1};
}

static bool is_followed(uint32_t stack)
{
    for (uint32_t i = 0; i < LR_FOLLOWED_SLOTS; i++)
        if (lr_file.followed[i].kind == LR_FOLLOWED_STACK && lr_file.followed[i].id == stack)
            return true;
    return false;
}

enum { FIRST = 400, STACKS = 200, LEAK = FIRST + STACKS, SLOT = 9000 };
enum { WARM_MS = 60000, EVERY_MS = 10000, SOON_MS = 60000, LONG_MS = 1200000 };

/* Two hundred stacks grow all the first minute, and hold far more than the leak that begins when
 * they stop. */
static void live_at(uint32_t now)
{
    uint32_t warm = now < WARM_MS ? now : WARM_MS;
    for (uint32_t i = 0; i < STACKS; i++)
        set_live(SLOT + i, FIRST + i, 50000 + (i + 1) * (uint64_t)warm / 100);
    if (now >= WARM_MS)
        set_live(SLOT + STACKS, LEAK, 100 * (1 + (now - WARM_MS) / EVERY_MS));
}

/* It is followed from when it is the only one that grows, and for as long as it does. */
static void a_leak_behind_a_warm_up_is_followed_soon(void **state)
{
    (void)state;
    uint32_t now = 0;
    lr_file.section[LR_SEC_STACKS]->used = LEAK + 1;
    for (; now < WARM_MS + SOON_MS && !is_followed(LEAK); now += 1000) {
        live_at(now);
        whole_scan(now);
    }
    if (!is_followed(LEAK))
        fail_msg("not followed within %d s of its beginning", SOON_MS / 1000);
    for (; now < LONG_MS; now += 1000) {
        live_at(now);
        whole_scan(now);
        assert_true(is_followed(LEAK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_behind_a_warm_up_is_followed_soon),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
