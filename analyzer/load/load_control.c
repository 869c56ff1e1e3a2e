/* load_control.c -- the control words of a running process's trace: asking it for something.
 *
 * Stage: LOAD, the one place that writes a trace.  Context: analyzer only.  One word is written, by
 * pwrite inside the file's size as it was checked, under a lock that only other askers take; the
 * target sees it through its mapping.  Not mapping the file means that nobody who cuts it meanwhile
 * can kill us.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load_internal.h"
#include "plain_file.h"

/* Whoever can write the file could ask anyway; this is for root, who shouldn't write into what
 * another user laid out, unless it is that user's process that is asked. */
static bool is_foreign(const struct stat *file)
{
    return file->st_uid != geteuid() && geteuid() != 0;
}

static bool owns_process(uid_t owner, uint32_t pid)
{
    char path[32];
    struct stat process;
    snprintf(path, sizeof(path), "/proc/%u", pid);
    return stat(path, &process) == 0 && (process.st_uid == owner || owner == 0);
}

static void refuse(struct lr_error *error, const char *what)
{
    int reason = errno;
    lr_fail(error, LR_UNREADABLE, "%s: %s", what, strerror(reason));
    if (reason == EACCES || reason == EPERM || reason == EROFS)
        lr_hint(error, "ask as the user who runs the program, or as root");
}

/* A file whose place may be changed under our eyes, by a container's processes: it is opened to be
 * written only once it is known to be a file and whose. */
static enum lr_status open_file(const char *path, struct stat *file, int *fd,
                                struct lr_error *error)
{
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0 || fstat(place, file) != 0) {
        refuse(error, "cannot be opened");
    } else if (S_ISREG(file->st_mode) && is_foreign(file)) {
        lr_fail(error, LR_UNREADABLE, "belongs to another user");
        lr_hint(error, "ask as the user who runs the program");
    } else {
        *fd = lr_plain_reopen(place, NULL, O_RDWR, file);
        if (*fd >= 0)
            return LR_OK;
        if (errno == EINVAL || errno == EISDIR)
            return lr_fail(error, LR_UNREADABLE, "is not a regular file");
        refuse(error, "cannot be written");
        return LR_UNREADABLE;
    }
    if (place >= 0)
        close(place);
    return LR_UNREADABLE;
}

static const struct lr_section *find_section(const struct lr_header *header, uint32_t id)
{
    for (uint32_t i = 0; i < header->section_count; i++)
        if (header->sections[i].id == id && header->sections[i].capacity > 0)
            return &header->sections[i];
    return NULL;
}

static enum lr_status check(struct lr_control_link *link, const struct stat *file,
                            struct lr_error *error)
{
    struct lr_header header = {0};
    struct lr_source source = {.fd = link->fd, .size = (uint64_t)file->st_size};
    size_t size = source.size < sizeof(header) ? (size_t)source.size : sizeof(header);
    if (!lr_source_read(&source, 0, &header, size))
        return lr_fail(error, LR_UNREADABLE, "cannot read");
    enum lr_status status = lr_check_header(&header, source.size, error);
    if (status != LR_OK)
        return status;
    const struct lr_section *control = find_section(&header, LR_SEC_CONTROL);
    const struct lr_section *request = find_section(&header, LR_SEC_REQUEST);
    if (control == NULL)
        return lr_fail(error, LR_UNREADABLE,
                       "was written by an older leakring, which can't be asked");
    link->offset = control->offset;
    link->request = request ? request->offset : 0;
    link->java = (header.compat & LR_COMPAT_JAVA) != 0;
    link->pid_here = lr_process_alive(&header);
    if (link->pid_here == 0)
        return lr_fail(error, LR_CANNOT_TELL, "its process is gone: nobody can be asked any more");
    if (!owns_process(file->st_uid, link->pid_here))
        return lr_fail(error, LR_UNREADABLE, "belongs to another user than its process");
    return LR_OK;
}

enum lr_status lr_control_open(const char *path, struct lr_control_link *link,
                               struct lr_error *error)
{
    struct stat file;
    *link = (struct lr_control_link){.fd = -1};
    enum lr_status status = open_file(path, &file, &link->fd, error);
    if (status == LR_OK)
        status = check(link, &file, error);
    if (status != LR_OK)
        lr_control_close(link);
    return status;
}

void lr_control_close(struct lr_control_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

static bool read_at(const struct lr_control_link *link, void *to, size_t size, uint64_t offset)
{
    return pread(link->fd, to, size, (off_t)offset) == (ssize_t)size;
}

bool lr_control_read(const struct lr_control_link *link, struct lr_control *control)
{
    return read_at(link, control, sizeof(*control), link->offset);
}

uint32_t lr_control_heartbeat(const struct lr_control_link *link)
{
    uint32_t heartbeat = 0;
    bool ok = read_at(link, &heartbeat, sizeof(heartbeat),
                      offsetof(struct lr_header, heartbeat_ms));
    return ok ? heartbeat : 0;
}

bool lr_control_is_alive(const struct lr_control_link *link)
{
    struct lr_header header;
    return read_at(link, &header, sizeof(header), 0) && lr_process_alive(&header) != 0;
}

/* In one piece, and never behind the end. */
static bool write_at(const struct lr_control_link *link, const void *from, size_t size,
                     uint64_t offset)
{
    struct stat file;
    off_t at = (off_t)offset;
    return fstat(link->fd, &file) == 0 && file.st_size >= at + (off_t)size &&
           pwrite(link->fd, from, size, at) == (ssize_t)size;
}

bool lr_control_ask(struct lr_control_link *link, uint32_t what, uint32_t *asked)
{
    return lr_control_ask_about(link, what, "", asked);
}

bool lr_control_ask_about(struct lr_control_link *link, uint32_t what, const char *text,
                          uint32_t *asked)
{
    struct lr_request request = {""};
    struct lr_control control;
    link->held_back = flock(link->fd, LOCK_EX | LOCK_NB) != 0;
    bool ok = !link->held_back && lr_control_read(link, &control) && control.asked == control.done;
    if (ok) {
        uint32_t number = ((control.asked & LR_CONTROL_NUMBER_MASK) + 1) & LR_CONTROL_NUMBER_MASK;
        *asked = (number ? number : 1) | what << LR_CONTROL_WHAT_SHIFT;
        snprintf(request.text, sizeof(request.text), "%s", text);
        ok = (!*text || (link->request && write_at(link, &request, sizeof(request),
                                                   link->request))) &&
             write_at(link, asked, sizeof(*asked),
                      link->offset + offsetof(struct lr_control, asked));
    }
    flock(link->fd, LOCK_UN);
    return ok;
}
