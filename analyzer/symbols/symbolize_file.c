/* symbolize_file.c -- ELF files, in our root directory or another (symbolize_internal.h).
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * Symbolic links of another root mean that root: "/lib" in a container is the container's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif

#include "symbolize_worker.h"

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

void lr_elf_file_close(struct lr_elf_file *file)
{
    if (file->elf != NULL)
        elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct lr_elf_file){.fd = -1};
}

/* A file of holes is no large file.  File systems that compress count an eighth, some nothing. */
static uint64_t size_on_disk(const struct stat *info)
{
    uint64_t blocks = (uint64_t)info->st_blocks * 512 * 8, size = (uint64_t)info->st_size;
    return info->st_blocks == 0 || blocks > size ? size : blocks;
}

bool lr_elf_file_open_fd(struct lr_elf_file *file, int fd)
{
    struct stat info;
    *file = (struct lr_elf_file){.fd = fd};
    if (file->fd < 0 || fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        lr_elf_file_close(file);
        return false;
    }
    lr_symbol_limits_file(size_on_disk(&info));
    elf_version(EV_CURRENT);
    file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
    if (file->elf == NULL || elf_kind(file->elf) != ELF_K_ELF) {
        lr_elf_file_close(file);
        return false;
    }
    return true;
}

static int open_in_root(int directory, const char *path)
{
#ifdef RESOLVE_IN_ROOT
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
#else
    (void)directory, (void)path;
    return -1;
#endif
}

/* Kernels before 5.6 resolve links in our own root; a file's build-id then tells. */
static int open_below(const char *root, const char *path)
{
    char whole[4096];
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    if (directory >= 0) {
        fd = open_in_root(directory, path);
        close(directory);
    }
    if (fd >= 0 || snprintf(whole, sizeof(whole), "%s/%s", root, path) >= (int)sizeof(whole))
        return fd;
    return open(whole, OPEN_FLAGS);
}

bool lr_elf_file_open(struct lr_elf_file *file, const char *root, const char *path)
{
    return lr_elf_file_open_fd(file,
                               root[0] == '\0' ? open(path, OPEN_FLAGS) : open_below(root, path));
}
