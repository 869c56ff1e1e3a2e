/* guest_bypass.c -- blocks that are freed where no tracer can see it, so that the same addresses
 * come back again and again.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, then `ready`.
 *
 *     guest_bypass exit|wait
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void __libc_free(void *block);

static void *volatile kept;

static void kept_site(void)
{
    for (int i = 0; i < 50; i++)
        kept = malloc(3000);
}

/* Same size, same thread: one address. */
static void *bypassed_site(void)
{
    return malloc(100);
}

/* Each time the address belongs to another line, and to an honest free in the end. */
static void *honest_site(void)
{
    return malloc(100);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    kept_site();
    for (int i = 0; i < 200000; i++)
        __libc_free(kept = bypassed_site());
    free(kept = honest_site());
    printf("kept_site\t50\t150000\nhonest_site\t0\t0\nready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
