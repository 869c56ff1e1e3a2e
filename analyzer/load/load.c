/* load.c -- opens a trace: checks the header, then copies the sections.
 *
 * Stage: LOAD.  Context: analyzer only.  The order of copying matters for a process that still
 * writes: tables first, then what they refer to, each with its newest `used`; so an index in the
 * snapshot always finds its entry in the snapshot.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "load_internal.h"
#include "plain_file.h"

/* Referring sections before those they refer to. */
static const enum lr_section_id copy_order[] = {
    LR_SEC_SERIES_1S,    LR_SEC_SERIES_1M,   LR_SEC_SERIES_30M,   LR_SEC_FOLLOWED_10S,
    LR_SEC_FOLLOWED_1M,  LR_SEC_FOLLOWED_30M, LR_SEC_FOLLOWED, LR_SEC_CONTROL, LR_SEC_COLLECTIONS,
    LR_SEC_MARKS,    LR_SEC_EVENTS,
    LR_SEC_LIVE,   LR_SEC_REGIONS, LR_SEC_PAIRS,   LR_SEC_PAIRSITES,
    LR_SEC_PAIRDEFS, LR_SEC_THREADS, LR_SEC_STACKS, LR_SEC_NODES,   LR_SEC_JFRAMES, LR_SEC_METHODS,
    LR_SEC_MODULES,  LR_SEC_META,   LR_SEC_STRINGS, LR_SEC_COUNTERS,
    LR_SEC_INTERVALS, LR_SEC_AREAS};

static struct lr_section *find_section(struct lr_header *header, uint32_t id)
{
    for (uint32_t i = 0; i < header->section_count; i++)
        if (header->sections[i].id == id)
            return &header->sections[i];
    return NULL;
}

/* Reads a slot until two readings agree; the second one's fields were read after the first one's
 * key, and their keys are the same, so no write fell between.  The writer may be a thread that
 * has to wait for a processor, so it is given some time.  A slot that changes all the time becomes
 * a free one, and is counted; a busy one stays as it is, and load_audit.c counts it. */
static bool settle_slot(struct lr_trace *trace, const struct lr_source *source,
                        enum lr_section_id id, uint64_t offset, unsigned char *slot, size_t size)
{
    enum { ATTEMPTS = 16, AT_ONCE = 4 };
    unsigned char again[sizeof(struct lr_live)];
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt >= AT_ONCE)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (!lr_source_read(source, offset, again, size))
            return false;
        bool same = memcmp(slot, again, size) == 0;
        memcpy(slot, again, size);
        if (same && lr_slot_state(id, slot) >= 0)
            return true;
    }
    if (lr_slot_state(id, slot) >= 0) {
        memset(slot, 0, size);
        trace->info.damaged.torn++;
    }
    return true;
}

/* Second reading of entries [first, end) of a table that may be changing. */
static bool settle_run(struct lr_trace *trace, const struct lr_source *source,
                       enum lr_section_id id, const struct lr_section *section, uint64_t first,
                       uint64_t end)
{
    enum { CHUNK = 1 << 16 };
    size_t record = lr_section_type(id)->entry_size;
    uint64_t per_chunk = CHUNK / section->entry_size;
    unsigned char *again = malloc(CHUNK);
    bool ok = again != NULL && per_chunk > 0;
    for (uint64_t i = first; ok && i < end; i += per_chunk) {
        uint64_t offset = section->offset + i * section->entry_size;
        uint64_t left = end - i;
        size_t size = (size_t)((left < per_chunk ? left : per_chunk) * section->entry_size);
        memset(again, 0, size);
        ok = lr_source_read_sparse(source, offset, again, size, NULL);
        unsigned char *begin = trace->image + offset;
        for (size_t at = 0; ok && at < size; at += section->entry_size) {
            unsigned char *slot = begin + at;
            bool same = memcmp(slot, again + at, record) == 0;
            if (same && lr_slot_state(id, slot) >= 0)
                continue;
            memcpy(slot, again + at, record);
            ok = settle_slot(trace, source, id, offset + at, slot, record);
        }
    }
    free(again);
    return ok;
}

/* What was all hole at the first reading isn't read again: what is in it now is newer than the
 * snapshot. */
static bool settle_table(struct lr_trace *trace, const struct lr_source *source,
                         enum lr_section_id id, const struct lr_section *section,
                         const struct lr_runs *runs)
{
    bool ok = true;
    for (size_t i = 0; ok && i < runs->count; i++) {
        uint64_t first = runs->items[i].start / section->entry_size;
        uint64_t end = (runs->items[i].end + section->entry_size - 1) / section->entry_size;
        ok = settle_run(trace, source, id, section, first,
                        end < section->capacity ? end : section->capacity);
    }
    return ok;
}

/* Leaves out what holes make a section look like (load_holes.c). */
static void pass_holes(struct lr_trace *trace, enum lr_section_id id, const struct lr_runs *runs)
{
    struct lr_part *part = &trace->parts[id];
    struct lr_part written = *part;
    enum lr_section_form form = lr_section_type(id)->form;
    if (form == LR_FORM_TABLE && id != LR_SEC_FOLLOWED) {
        lr_part_compact(part, (unsigned char *)(uintptr_t)part->bytes, runs);
        return;
    }
    if (form == LR_FORM_RING && part->used < part->count)
        written.count = part->used;
    if (lr_part_clip(&written, runs))
        return;
    part->count = written.count;
    trace->info.damaged.sections++;
}

static bool fill_section(struct lr_trace *trace, const struct lr_source *source,
                         enum lr_section_id id, const struct lr_section *section)
{
    struct lr_part *part = &trace->parts[id];
    struct lr_runs runs = {0};
    bool ok = lr_source_read_sparse(source, section->offset, trace->image + section->offset,
                                    (size_t)(part->count * part->stride), &runs);
    if (ok && lr_section_type(id)->form == LR_FORM_TABLE && trace->info.ended == LR_ENDED_RUNNING)
        ok = settle_table(trace, source, id, section, &runs);
    if (ok)
        pass_holes(trace, id, &runs);
    free(runs.items);
    return ok;
}

static bool copy_section(struct lr_trace *trace, const struct lr_source *source,
                         enum lr_section_id id)
{
    const struct lr_section_type *type = lr_section_type(id);
    struct lr_section *section = find_section(&trace->header, id);
    struct lr_part *part = &trace->parts[id];
    if (section == NULL) {
        trace->info.damaged.sections += !type->optional;
        return true;
    }
    uint64_t slot = (uint64_t)(section - trace->header.sections);
    uint64_t at = offsetof(struct lr_header, sections) + slot * sizeof(*section) +
                  offsetof(struct lr_section, used);
    if (!lr_source_read(source, at, &section->used, sizeof(section->used)))
        return false;
    part->bytes = trace->image + section->offset;
    part->stride = section->entry_size;
    part->used = section->used;
    part->count = section->capacity;
    if (type->form == LR_FORM_APPEND && section->used > section->capacity)
        trace->info.damaged.sections++;
    else if (type->form == LR_FORM_APPEND)
        part->count = section->used;
    if (type->form != LR_FORM_TABLE && part->count > UINT32_MAX) /* ids have 32 bits */
        part->count = UINT32_MAX;
    return fill_section(trace, source, id, section);
}

/* A writer that goes on may have given a stack's nodes to another since the stacks were copied;
 * nothing in the tables refers to such a stack. */
static bool recheck_stacks(struct lr_trace *trace, const struct lr_source *source)
{
    enum { HEAD = offsetof(struct lr_stack, alloc_count), CHUNK = 1024 };
    const struct lr_section *section = find_section(&trace->header, LR_SEC_STACKS);
    const struct lr_part *part = &trace->parts[LR_SEC_STACKS];
    if (section == NULL || trace->info.ended != LR_ENDED_RUNNING)
        return true;
    unsigned char *again = malloc(CHUNK * part->stride);
    bool ok = again != NULL;
    for (uint64_t i = 0; ok && i < part->count; i += CHUNK) {
        uint64_t count = part->count - i < CHUNK ? part->count - i : CHUNK;
        ok = lr_source_read(source, section->offset + i * part->stride, again,
                            (size_t)(count * part->stride));
        for (uint64_t j = 0; ok && j < count; j++) {
            unsigned char *there = trace->image + section->offset + (i + j) * part->stride;
            struct lr_stack freed = {.flags = LR_STACK_FREE};
            if (memcmp(there, again + j * part->stride, HEAD) != 0)
                memcpy(there, &freed, sizeof(freed));
        }
    }
    free(again);
    return ok;
}

static enum lr_status copy_sections(struct lr_trace *trace, const struct lr_source *source,
                                    struct lr_error *error)
{
    trace->image_size = (size_t)trace->header.file_size;
    void *image = mmap(NULL, trace->image_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (image == MAP_FAILED)
        return lr_fail(error, LR_FAILED, "no memory for a trace of %zu bytes", trace->image_size);
    trace->image = image;
    for (size_t i = 0; i < sizeof(copy_order) / sizeof(copy_order[0]); i++) {
        errno = 0;
        if (!copy_section(trace, source, copy_order[i]))
            return lr_fail(error, LR_UNREADABLE, "cannot read section %s: %s",
                           lr_section_name(copy_order[i]),
                           errno ? strerror(errno) : "the file shrank meanwhile");
    }
    if (!recheck_stacks(trace, source))
        return lr_fail(error, LR_UNREADABLE, "cannot read section stacks again");
    trace->string_slots = trace->parts[LR_SEC_STRINGS].count / 4 + 1;
    trace->strings = calloc((size_t)trace->string_slots, sizeof(*trace->strings));
    if (trace->strings == NULL || !lr_measure_nodes(trace))
        return lr_fail(error, LR_FAILED, "out of memory");
    return LR_OK;
}

static void fill_info(struct lr_trace *trace)
{
    const struct lr_header *header = &trace->header;
    struct lr_trace_info *info = &trace->info;
    info->path = trace->path;
    info->file_size = header->file_size;
    info->version = header->version;
    info->compat = header->compat;
    info->pid = header->pid;
    info->image = header->image;
    info->page_size = header->page_size;
    info->machine = header->machine;
    info->young_ms = header->young_ms;
    info->interval = header->interval;
    info->max_interval = header->max_interval;
    info->heartbeat_ms = lr_last_sign_of_life(trace);
    info->start_unix_ns = header->start_unix_ns;
    info->end_unix_ns = header->end_unix_ns;
    if (info->ended == LR_ENDED_KILLED) {
        info->end_unix_ns = header->start_unix_ns + info->heartbeat_ms * UINT64_C(1000000);
    } else if (info->ended == LR_ENDED_RUNNING) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        info->end_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    if (info->end_unix_ns > info->start_unix_ns)
        info->duration_ms = (info->end_unix_ns - info->start_unix_ns) / 1000000;
}

/* Asked before the sections are copied: a process that dies meanwhile was running when we
 * looked, and its records had to be read with care. */
static void find_ending(struct lr_trace *trace, const struct lr_source *source)
{
    struct lr_trace_info *info = &trace->info;
    info->ended = LR_ENDED_KILLED;
    if (trace->header.state == LR_STATE_EXITED)
        info->ended = LR_ENDED_EXIT;
    else if (trace->header.state == LR_STATE_EXECED)
        info->ended = LR_ENDED_EXEC;
    else if (trace->header.state != LR_STATE_OPEN)
        info->damaged.values++;
    else if (source->fd >= 0 && (info->pid_here = lr_process_alive(&trace->header)) != 0)
        info->ended = LR_ENDED_RUNNING;
}

/* Reads what there is of the header: a short file still gets the message that fits it. */
static bool read_header(const struct lr_source *source, struct lr_header *header)
{
    memset(header, 0, sizeof(*header));
    size_t size = sizeof(*header);
    if (source->size < size)
        size = (size_t)source->size;
    return lr_source_read(source, 0, header, size);
}

static enum lr_status open_source(const struct lr_source *source, const char *path,
                                  struct lr_trace **out, struct lr_error *error)
{
    enum lr_status status;
    struct lr_trace *trace = calloc(1, sizeof(*trace));
    if (trace == NULL || (trace->path = strdup(path)) == NULL) {
        status = lr_fail(error, LR_FAILED, "out of memory");
        goto failed;
    }
    errno = 0;
    if (!read_header(source, &trace->header)) {
        status = lr_fail(error, LR_UNREADABLE, "cannot read: %s", strerror(errno ? errno : EIO));
        goto failed;
    }
    status = lr_check_header(&trace->header, source->size, error);
    if (status != LR_OK)
        goto failed;
    find_ending(trace, source);
    status = copy_sections(trace, source, error);
    if (status != LR_OK)
        goto failed;
    fill_info(trace);
    lr_check_records(trace);
    *out = trace;
    return LR_OK;

failed:
    lr_trace_close(trace);
    return status;
}

enum lr_status lr_trace_open(const char *path, struct lr_trace **trace, struct lr_error *error)
{
    *trace = NULL;
    struct stat info;
    struct lr_source source = {.fd = lr_plain_open(path, O_RDONLY, &info)};
    if (source.fd < 0)
        return lr_fail(error, LR_UNREADABLE, "%s",
                       errno == EISDIR   ? "is a directory, not a trace file"
                       : errno == EINVAL ? "is not a regular file"
                                         : strerror(errno));
    source.size = (uint64_t)info.st_size;
    enum lr_status status = open_source(&source, path, trace, error);
    close(source.fd);
    return status;
}

enum lr_status lr_trace_open_bytes(const void *bytes, size_t size, const char *name,
                                   struct lr_trace **trace, struct lr_error *error)
{
    *trace = NULL;
    struct lr_source source = {.fd = -1, .bytes = bytes, .size = size};
    return open_source(&source, name, trace, error);
}

void lr_trace_close(struct lr_trace *trace)
{
    if (trace == NULL)
        return;
    for (uint64_t i = 0; trace->strings != NULL && i < trace->string_slots; i++)
        free(trace->strings[i]);
    free(trace->strings);
    free(trace->depths);
    free(trace->walk);
    if (trace->image != NULL)
        munmap(trace->image, trace->image_size);
    free(trace->path);
    free(trace);
}
