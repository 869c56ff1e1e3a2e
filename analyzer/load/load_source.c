/* load_source.c -- bytes of a trace, from a file or from memory.
 *
 * Stage: LOAD.  Context: analyzer only.
 * pread rather than mmap: a file that shrinks gives a short read, which is an error message,
 * where a mapping would give SIGBUS.  Traces are mostly holes (fallocated, never written), and
 * SEEK_DATA skips those, so that a 64 MiB trace of a small program costs what it holds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load_internal.h"

bool lr_source_read(const struct lr_source *source, uint64_t offset, void *buffer, size_t size)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, size, &end) || end > source->size)
        return false;
    if (source->fd < 0) {
        memcpy(buffer, source->bytes + offset, size);
        return true;
    }
    unsigned char *to = buffer;
    while (size > 0) {
        ssize_t got = pread(source->fd, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

/* The next run of data at or after *offset, up to `end`; false when only holes are left. */
static bool next_data(int fd, uint64_t *offset, uint64_t end, uint64_t *data_end)
{
    off_t data = lseek(fd, (off_t)*offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return false; /* holes up to the end */
    if (data < 0) {   /* a file system that doesn't say */
        *data_end = end;
        return true;
    }
    if ((uint64_t)data >= end)
        return false;
    off_t hole = lseek(fd, data, SEEK_HOLE);
    *offset = (uint64_t)data;
    *data_end = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
    return true;
}

static bool add_run(struct lr_runs *runs, uint64_t start, uint64_t end)
{
    if (runs == NULL)
        return true;
    if (runs->count > 0 && start - runs->items[runs->count - 1].end < LR_HOLE) {
        runs->items[runs->count - 1].end = end;
        return true;
    }
    if (runs->count == runs->room) {
        size_t room = runs->room ? runs->room * 2 : 16;
        struct lr_run *more = reallocarray(runs->items, room, sizeof(*more));
        if (more == NULL)
            return false;
        runs->items = more;
        runs->room = room;
    }
    runs->items[runs->count++] = (struct lr_run){start, end};
    return true;
}

bool lr_source_read_sparse(const struct lr_source *source, uint64_t offset, void *buffer,
                           size_t size, struct lr_runs *runs)
{
    if (source->fd < 0)
        return add_run(runs, 0, size) && lr_source_read(source, offset, buffer, size);
    uint64_t start = offset, end, data_end;
    if (__builtin_add_overflow(offset, size, &end) || end > source->size)
        return false;
    while (offset < end && next_data(source->fd, &offset, end, &data_end)) {
        unsigned char *to = (unsigned char *)buffer + (offset - start);
        if (data_end <= offset || !lr_source_read(source, offset, to, data_end - offset) ||
            !add_run(runs, offset - start, data_end - start))
            return false;
        offset = data_end;
    }
    return true;
}
