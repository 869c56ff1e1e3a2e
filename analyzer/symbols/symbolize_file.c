/* symbolize_file.c -- ELF files, in our root directory or another (symbolize_internal.h).
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain_file.h"
#include "symbolize_worker.h"

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

bool lr_elf_file_open(struct lr_elf_file *file, const char *root, const char *path)
{
    struct stat info;
    int fd = root[0] == '\0'
                 ? lr_plain_open(path, O_RDONLY, &info)
                 : lr_plain_reopen(lr_plain_place(root, path), NULL, O_RDONLY, &info);
    return lr_elf_file_open_fd(file, fd);
}
