/* contract_mmap.c -- the contract of mmap(2), munmap(2), mremap(2), mprotect(2), madvise(2),
 * msync(2), mincore(2) and brk(2), question by question: errors, and what is mapped afterwards.
 *
 * Everything happens in a corner of the address space that the kernel gives to nobody by itself, so
 * that no other mapping of this process can come into a hole.
 *
 * build: -fno-builtin
 */
#include "contract.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not from the header, which would rename it: the 64-bit name is a symbol of its own. */
void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);

enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS, BOTH = PROT_READ | PROT_WRITE };

static size_t page;
static char *corner;

static void must(bool fine)
{
    if (!fine)
        abort();
}

/* `pages` in the corner from page `at` on, each with its own number in it. */
static char *room(size_t at, size_t pages)
{
    char *start = corner + at * page;
    must(mmap(start, pages * page, BOTH, ANON | MAP_FIXED, -1, 0) == start);
    for (size_t i = 0; i < pages; i++)
        start[i * page] = (char)(i + 1);
    return start;
}

/* "##.#": which of so many pages are mapped. */
static const char *mapped(const char *start, size_t pages)
{
    static char text[65];
    unsigned char resident;
    must(pages < sizeof text);
    for (size_t i = 0; i < pages; i++)
        text[i] = mincore((void *)(start + i * page), page, &resident) == 0 ? '#' : '.';
    text[pages] = '\0';
    return text;
}

static void check_mapped(const char *start, const char *wanted, const char *what)
{
    const char *found = mapped(start, strlen(wanted));
    check(strcmp(found, wanted) == 0, "%s: mapped %s", what, found);
}

static void check_error(const void *result, int error, const char *what)
{
    check(result == MAP_FAILED && contract_errno == error, "%s: errno %d", what, contract_errno);
}

static void check_status(int status, int error, const char *what)
{
    bool kept = error ? status == -1 && contract_errno == error
                      : status == 0 && contract_errno == ERRNO_BEFORE;
    check(kept, "%s: %d, errno %d", what, status, contract_errno);
}

/* --- mmap ------------------------------------------------------------------------------------- */

static void refused(void)
{
    int readable = open("/proc/self/exe", O_RDONLY), directory = open("/", O_RDONLY | O_DIRECTORY);
    check_error(CALL(mmap(NULL, 0, BOTH, ANON, -1, 0)), EINVAL, "mmap of nothing");
    check_error(CALL(mmap(NULL, page, BOTH, MAP_PRIVATE, 4711, 0)), EBADF, "mmap of no file");
    check_error(CALL(mmap(NULL, page, BOTH, MAP_ANONYMOUS, -1, 0)), EINVAL,
                "mmap, private nor shared");
    check_error(CALL(mmap(NULL, page, PROT_READ, MAP_PRIVATE, readable, 1)), EINVAL,
                "mmap at byte 1");
    check_error(CALL(mmap(corner + 1, page, BOTH, ANON | MAP_FIXED, -1, 0)), EINVAL,
                "mmap fixed at no page's start");
    check_error(CALL(mmap(NULL, page, BOTH, MAP_SHARED, readable, 0)), EACCES,
                "mmap to write what is open for reading");
    check_error(CALL(mmap(NULL, page, PROT_READ, MAP_PRIVATE, directory, 0)), ENODEV,
                "mmap of a directory");
    check_error(CALL(mmap(NULL, (size_t)1 << 62, BOTH, ANON, -1, 0)), ENOMEM, "mmap of 2^62");
    check_error(CALL(mmap(NULL, SIZE_MAX, BOTH, ANON, -1, 0)), ENOMEM, "mmap of everything");
    check_error(CALL(mmap64(NULL, 0, BOTH, ANON, -1, 0)), EINVAL, "mmap64 of nothing");
    check_error(CALL(mmap64(NULL, page, PROT_READ, MAP_PRIVATE, readable, 1)), EINVAL,
                "mmap64 at byte 1");
    char *taken = room(0, 2);
    check_error(CALL(mmap(taken, page, BOTH, ANON | MAP_FIXED_NOREPLACE, -1, 0)), EEXIST,
                "mmap where something is");
    check(taken[0] == 1 && taken[page] == 2, "which is left alone");
    close(readable);
    close(directory);
    munmap(taken, 2 * page);
}

static void granted(void)
{
    static const size_t bytes[] = {1, 4095, 4096, 4097, 100000, 40 << 20};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        char *start = CALL(mmap(NULL, bytes[i], BOTH, ANON, -1, 0));
        check(start != MAP_FAILED && contract_errno == ERRNO_BEFORE && (uintptr_t)start % page == 0,
              "mmap of %zu: pages, errno is left alone", bytes[i]);
        check(start[0] == 0 && start[bytes[i] - 1] == 0, "mmap of %zu: zeroed", bytes[i]);
        memset(start, 1, bytes[i]);
        check_status(CALL(munmap(start, bytes[i])), 0, "munmap of it");
    }
    char *start =
        CALL(mmap(corner, page, PROT_NONE, ANON, -1, 0)); /* a hint that can be followed */
    check(start == corner && contract_errno == ERRNO_BEFORE, "mmap follows a hint");
    munmap(start, page);
    start = CALL(mmap(corner + 100, 5, BOTH, ANON, -1, 0));
    check(start != MAP_FAILED && (uintptr_t)start % page == 0,
          "a hint that is no page's start is none");
    munmap(start, page);
}

/* Parts of one mapping replaced by others. */
static void overlaid(void)
{
    char *start = room(0, 12);
    must(mmap(start + 4 * page, 2 * page, PROT_READ, ANON | MAP_FIXED, -1, 0) == start + 4 * page);
    check(start[3 * page] == 4 && start[4 * page] == 0 && start[5 * page] == 0 &&
              start[6 * page] == 7,
          "fixed over the middle: new pages there, old ones around");
    must(mmap(start - page, 2 * page, BOTH, ANON | MAP_FIXED, -1, 0) == start - page);
    check(start[0] == 0 && start[page] == 2, "fixed over the beginning");
    must(mmap(start + 11 * page, 2 * page, BOTH, ANON | MAP_FIXED, -1, 0) == start + 11 * page);
    check(start[10 * page] == 11 && start[11 * page] == 0, "fixed over the end");
    check_mapped(start - 2 * page, ".##############.", "all of them");
    check_status(CALL(munmap(start - page, 14 * page)), 0, "munmap of them all");
    check_mapped(start - 2 * page, "................", "afterwards");
}

/* --- munmap ----------------------------------------------------------------------------------- */

static void unmapped(void)
{
    char *start = room(0, 10);
    check_status(CALL(munmap(start + 1, page)), EINVAL, "munmap from byte 1 on");
    check_status(CALL(munmap(start, 0)), EINVAL, "munmap of nothing");
    check_status(CALL(munmap(start, SIZE_MAX - page)), EINVAL, "munmap beyond everything");
    check_mapped(start, "##########", "nothing happened");
    check_status(CALL(munmap(start, 2 * page)), 0, "munmap of the beginning");
    check_mapped(start, "..########", "afterwards");
    check_status(CALL(munmap(start + 9 * page, 1)), 0, "munmap of the last page's first byte");
    check_mapped(start, "..#######.", "afterwards");
    check_status(CALL(munmap(start + 4 * page, 3 * page)), 0, "munmap of the middle");
    check_mapped(start, "..##...##.", "afterwards");
    check(start[3 * page] == 4 && start[7 * page] == 8, "what stays keeps its contents");
    check_status(CALL(munmap(start + 4 * page, 3 * page)), 0, "munmap of a hole");
    check_status(CALL(munmap(start, 10 * page)), 0, "munmap over holes");
    check_mapped(start, "..........", "afterwards");
    /* Past the library and back: what one way maps, the other unmaps. */
    start = (char *)syscall(SYS_mmap, corner, 4 * page, BOTH, ANON | MAP_FIXED, -1, 0);
    check_status(CALL(munmap(start + page, page)), 0, "munmap of what syscall mapped");
    check_mapped(start, "#.##", "afterwards");
    must(syscall(SYS_munmap, start, 4 * page) == 0);
    start = room(0, 4);
    check(syscall(SYS_munmap, start, page) == 0, "syscall unmaps what mmap mapped");
    start = room(0, 4);
    check_mapped(start, "####", "and mmap maps there again");
    munmap(start, 4 * page);
}

/* --- mremap ----------------------------------------------------------------------------------- */

static void not_remapped(void)
{
    char *start = room(0, 8), *nowhere = corner + 100 * page;
    check_error(CALL(mremap(start + 1, page, page, 0)), EINVAL, "mremap from byte 1 on");
    check_error(CALL(mremap(start, 8 * page, 0, MREMAP_MAYMOVE)), EINVAL, "mremap to nothing");
    check_error(CALL(mremap(start, page, 2 * page, 0x80)), EINVAL, "mremap with a flag that isn't");
    check_error(CALL(mremap(start, page, page, MREMAP_FIXED, nowhere)), EINVAL,
                "mremap fixed, may not move");
    check_error(
        CALL(mremap(start, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, start + page)),
        EINVAL, "mremap onto itself");
    check_error(CALL(mremap(start, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, nowhere + 1)),
                EINVAL, "mremap to no page's start");
    check_error(CALL(mremap(nowhere, page, 2 * page, MREMAP_MAYMOVE)), EFAULT,
                "mremap of nothing there");
    check_error(CALL(mremap(start, 4 * page, 5 * page, 0)), ENOMEM, "mremap in place, no room");
    check(CALL(mremap(start, page, (size_t)1 << 62, MREMAP_MAYMOVE)) == MAP_FAILED,
          "mremap to 2^62");
    answer("errno of that: %d", contract_errno); /* kernels differ: EINVAL or ENOMEM */
    check_mapped(start, "########", "nothing happened");
    check(start[0] == 1 && start[7 * page] == 8, "nor to its contents");
    munmap(start, 8 * page);
}

static void remapped(void)
{
    char *start = room(0, 8);
    char *moved = CALL(mremap(start, 8 * page, 3 * page, 0));
    check(moved == start && contract_errno == ERRNO_BEFORE, "mremap to less stays");
    check_mapped(start, "###.....", "afterwards");
    moved = CALL(mremap(start, 3 * page, 6 * page, 0));
    check(moved == start && start[2 * page] == 3 && start[5 * page] == 0,
          "mremap to more stays if it can");
    check_mapped(start, "######..", "afterwards");
    room(6, 1);
    moved = CALL(mremap(start, 6 * page, 20 * page, MREMAP_MAYMOVE));
    check(moved != MAP_FAILED && moved != start && moved[2 * page] == 3 && moved[19 * page] == 0,
          "mremap to more moves if it may");
    check_mapped(start, "......#.", "and leaves nothing");
    munmap(moved, 20 * page);
    munmap(start, 7 * page);

    start = room(0, 4);
    char *target = room(20, 6);
    moved = CALL(mremap(start, 2 * page, 3 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target + page));
    check(moved == target + page && moved[0] == 1 && moved[page] == 2 && moved[2 * page] == 0,
          "mremap to where something is");
    check(target[0] == 1 && target[4 * page] == 5, "which is gone there only");
    check_mapped(start, "..##", "and nothing is left of the part that moved");
    munmap(target, 6 * page);
    munmap(start, 4 * page);

    start = mmap(corner, 2 * page, BOTH, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    moved = CALL(mremap(start, 0, 2 * page, MREMAP_MAYMOVE));
    start[page] = 42;
    check(moved != MAP_FAILED && moved != start && moved[page] == 42,
          "mremap from nothing, shared: the same pages twice");
    check_mapped(start, "##", "and the first stays");
    munmap(moved, 2 * page);
    munmap(start, 2 * page);

    start = room(0, 3);
    moved = CALL(mremap(start, 3 * page, 3 * page, MREMAP_MAYMOVE | 4 /* DONTUNMAP */, NULL));
    if (moved == MAP_FAILED) { /* before Linux 5.7 */
        answer("MREMAP_DONTUNMAP: errno %d", contract_errno);
    } else {
        check(moved != start && moved[2 * page] == 3 && start[2 * page] == 0,
              "mremap that doesn't unmap: contents move, zeros stay");
        munmap(moved, 3 * page);
    }
    munmap(start, 3 * page);
}

/* --- files ------------------------------------------------------------------------------------ */

static void files(void)
{
    int fd = memfd_create("contract", MFD_CLOEXEC);
    must(fd >= 0 && ftruncate(fd, (off_t)(5000000000 + 4 * page)) == 0);
    off_t far = (off_t)(5000000000 / page * page);
    char *shared = CALL(mmap(NULL, 2 * page, BOTH, MAP_SHARED, fd, far));
    check(shared != MAP_FAILED && contract_errno == ERRNO_BEFORE, "a file mapped beyond 4 GiB");
    char *again =
        CALL(mmap64(corner, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, far + (off_t)page));
    shared[page] = 99;
    check(again == corner && again[0] == 99, "mmap64 of its second page: the same");
    char *own = mmap(NULL, page, BOTH, MAP_PRIVATE, fd, far);
    own[0] = 1;
    check(shared[0] == 0, "a private page is one's own");
    char byte = 0;
    must(pread(fd, &byte, 1, far + (off_t)page) == 1);
    check(byte == 99, "and a shared one is the file's");
    check_status(CALL(msync(shared, 2 * page, MS_SYNC)), 0, "msync");
    check_status(CALL(msync(shared, page, MS_SYNC | MS_ASYNC)), EINVAL, "msync, now and later");
    close(fd);
    check(shared[page] == 99, "a mapping outlives its file's descriptor");
    munmap(own, page);
    munmap(shared, 2 * page);
    munmap(again, page);
    check_status(CALL(msync(corner, page, MS_SYNC)), ENOMEM, "msync of nothing there");
}

/* --- pages' state ----------------------------------------------------------------------------- */

static void treated(void)
{
    char *start = room(0, 4);
    check_status(CALL(mprotect(start + page, page, PROT_READ)), 0, "mprotect of one page");
    check_status(CALL(mprotect(start + 1, page, PROT_READ)), EINVAL, "mprotect from byte 1 on");
    check_status(CALL(mprotect(start, 6 * page, PROT_READ)), ENOMEM, "mprotect beyond the end");
    must(mprotect(start, 4 * page, BOTH) == 0);
    check_status(CALL(madvise(start, 2 * page, MADV_DONTNEED)), 0, "madvise(MADV_DONTNEED)");
    check(start[0] == 0 && start[page] == 0 && start[2 * page] == 3, "those pages are zeros");
    check_status(CALL(madvise(start + 1, page, MADV_DONTNEED)), EINVAL, "madvise from byte 1 on");
    check_status(CALL(madvise(start, 6 * page, MADV_DONTNEED)), ENOMEM, "madvise beyond the end");
    check_status(CALL(madvise(start, page, 4711)), EINVAL, "madvise of what isn't");
    munmap(start, 4 * page);
}

static void heap_end(void)
{
    char *end = CALL(sbrk(0));
    check(end != (void *)-1 && contract_errno == ERRNO_BEFORE, "sbrk(0): where the heap ends");
    char *before = CALL(sbrk(10 * (intptr_t)page));
    check(before == end && sbrk(0) == end + 10 * page, "sbrk(ten pages): the heap grows");
    memset(end, 3, 10 * page);
    check(CALL(sbrk(-10 * (intptr_t)page)) == end + 10 * page && sbrk(0) == end, "and shrinks");
    check_status(CALL(brk(end + 3 * page)), 0, "brk three pages further");
    check_status(CALL(brk(end)), 0, "brk back");
    check(CALL(sbrk(INTPTR_MAX)) == (void *)-1 && contract_errno == ENOMEM,
          "sbrk of half of everything: ENOMEM");
}

static void limited(void)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 20; /* less than there is already */
    char *start = room(0, 4);
    must(setrlimit(RLIMIT_AS, &limit) == 0);
    void *none = CALL(mmap(NULL, page, BOTH, ANON, -1, 0));
    int error_of_map = contract_errno;
    void *larger = CALL(mremap(start, 4 * page, 8 * page, MREMAP_MAYMOVE));
    int error_of_remap = contract_errno;
    must(setrlimit(RLIMIT_AS, &before) == 0);
    check(none == MAP_FAILED && error_of_map == ENOMEM, "mmap beyond RLIMIT_AS: ENOMEM");
    check(larger == MAP_FAILED && error_of_remap == ENOMEM && start[3 * page] == 4,
          "mremap beyond RLIMIT_AS: ENOMEM, the old one stays");
    munmap(start, 4 * page);
}

/* --- many, from a few places ------------------------------------------------------------------ */

/* A thousand random operations on 64 pages, and a model of what must be there. */
static void at_random(void)
{
    enum { PAGES = 64 };
    static unsigned char model[PAGES]; /* the number written there, 0: not mapped */
    char *start = corner;
    uint32_t random = 2463534242u;
    int wrong = 0;
    for (int step = 1; step <= 2000; step++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        size_t at = random % PAGES, count = 1 + (random >> 8) % (PAGES - at);
        if (random >> 31) {
            wrong += mmap(start + at * page, count * page, BOTH, ANON | MAP_FIXED, -1, 0) !=
                     start + at * page;
            for (size_t i = at; i < at + count; i++)
                model[i] = (unsigned char)(start[i * page] = (char)(1 + step % 100));
        } else {
            wrong += munmap(start + at * page, count * page) != 0;
            memset(model + at, 0, count);
        }
        if (step % 50 != 0)
            continue;
        const char *found = mapped(start, PAGES);
        for (size_t i = 0; i < PAGES; i++)
            wrong += (found[i] == '#') != (model[i] != 0) ||
                     (model[i] && (unsigned char)start[i * page] != model[i]);
    }
    check(wrong == 0, "2,000 random mmap and munmap: %d wrong", wrong);
    munmap(start, PAGES * page);
}

int main(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    corner = (char *)((uintptr_t)1 << 36);
    must(mmap(corner - 256 * page, 1024 * page, PROT_NONE, ANON | MAP_FIXED_NOREPLACE, -1, 0) ==
         corner - 256 * page);
    munmap(corner - 256 * page, 1024 * page);
    refused();
    granted();
    overlaid();
    unmapped();
    not_remapped();
    remapped();
    files();
    treated();
    heap_end();
    limited();
    at_random();
    room(0, 3); /* for who looks into the trace */
    puts("end");
    return 0;
}
