/* programs.c -- programs.h.  Context: the constructor, one thread. */
#include "programs.h"

#include <fcntl.h>
#include <string.h>

#include "prim.h"
#include "text.h"

/* Shells, launchers, and the tools that their scripts call: they pass the preload through. */
static const char unwanted[] =
#include "leakring/launchers.def"
    ;

static bool matches(const char *globs, const char *name)
{
    while (*globs) {
        const char *end = strchr(globs, ':');
        if (!end)
            end = globs + strlen(globs);
        if (lr_text_glob(globs, end, name))
            return true;
        globs = *end ? end + 1 : end;
    }
    return false;
}

bool lr_program_is_wanted(const char *name, const char *globs)
{
    return *globs ? matches(globs, name) : !matches(unwanted, name);
}

static void parent_path(char *path, size_t size, const char *file)
{
    struct lr_text text = lr_text_in(path, size);
    lr_text_add(&text, "/proc/");
    lr_text_add_number(&text, (uint64_t)lr_prim_parent());
    lr_text_add(&text, file);
}

/* Looks for our library's name in a file that is read piecewise. */
static bool mentions_us(int fd)
{
    static const char name[] = "/libleakring.so";
    enum { KEEP = sizeof name - 1 };
    char buffer[4096 + KEEP];
    size_t kept = 0;
    for (unsigned reads = 0; reads < 1024; reads++) {
        long got = lr_prim_read(fd, buffer + kept, 4096);
        if (got <= 0)
            return false;
        size_t length = kept + (size_t)got;
        if (memmem(buffer, length, name, KEEP))
            return true;
        kept = length < KEEP ? length : KEEP;
        memmove(buffer, buffer + length - kept, kept);
    }
    return false;
}

bool lr_program_parent_is_traced(const char *globs)
{
    char path[64], exe[1024];
    parent_path(path, sizeof path, "/exe");
    long length = lr_prim_readlink(path, exe, sizeof exe - 1);
    if (length <= 0)
        return false;
    exe[length] = '\0';
    if (!lr_program_is_wanted(lr_text_base_name(exe), globs))
        return false;
    parent_path(path, sizeof path, "/maps");
    int fd = lr_prim_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool found = mentions_us(fd);
    lr_prim_close(fd);
    return found;
}
