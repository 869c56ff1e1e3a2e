/* program_file.c -- what kind of program a file is (program_file.h).
 *
 * Stage: command line.  Context: analyzer only.  Every offset of the file is checked: a program
 * may be damaged too.
 */
#include "program_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plain_file.h"

struct image {
    const unsigned char *bytes;
    size_t size;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->size && size <= image->size - offset ? image->bytes + offset : NULL;
}

/* A terminated string inside a part of the file; "" when it isn't one. */
static const char *string_at(const struct image *image, uint64_t offset, uint64_t end)
{
    const char *text;

    if (offset >= end || end > image->size)
        return "";
    text = (const char *)image->bytes + offset;
    return memchr(text, '\0', end - offset) ? text : "";
}

const char *lr_machine_name(uint16_t machine)
{
    static char text[32];

    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_AARCH64:
        return "aarch64";
    case EM_386:
        return "32-bit x86";
    case EM_ARM:
        return "32-bit ARM";
    case EM_PPC64:
        return "ppc64";
    case EM_S390:
        return "s390x";
    case EM_RISCV:
        return "RISC-V";
    default:
        snprintf(text, sizeof(text), "machine %u", machine);
        return text;
    }
}

static enum lr_status find_in_path(const char *name, struct lr_program *program,
                                   struct lr_error *error)
{
    const char *search = getenv("PATH");

    if (strchr(name, '/')) {
        if (access(name, F_OK) == 0 && strlen(name) < sizeof(program->path)) {
            strcpy(program->path, name);
            return LR_OK;
        }
        return lr_fail(error, LR_UNREADABLE, "%s: %s", name, strerror(errno));
    }
    while (search && *search) {
        size_t length = strcspn(search, ":");

        snprintf(program->path, sizeof(program->path), "%.*s%s%s", (int)length, search,
                 length ? "/" : "", name);
        if (access(program->path, X_OK) == 0)
            return LR_OK;
        search += length;
        search += *search == ':';
    }
    return lr_fail(error, LR_UNREADABLE, "%s: no such program in PATH", name);
}

/* "#!/usr/bin/env python3 -u": /usr/bin/env */
static void read_script(const struct image *image, struct lr_program *program)
{
    size_t length = 0, i = 2;

    program->is_script = true;
    while (i < image->size && (image->bytes[i] == ' ' || image->bytes[i] == '\t'))
        i++;
    while (i < image->size && length + 1 < sizeof(program->interpreter) &&
           !strchr(" \t\n", image->bytes[i]) && image->bytes[i] != '\0')
        program->interpreter[length++] = (char)image->bytes[i++];
    program->interpreter[length] = '\0';
}

/* The few fields we need are read once for each ELF class. */
#define READ_INTERPRETER(name, Ehdr, Phdr)                                                         \
    static void name(const struct image *image, struct lr_program *program)                        \
    {                                                                                              \
        const Ehdr *elf = at(image, 0, sizeof(Ehdr));                                              \
        Phdr segment;                                                                              \
                                                                                                   \
        for (unsigned i = 0; elf && i < elf->e_phnum; i++) {                                       \
            const void *bytes =                                                                    \
                at(image, elf->e_phoff + (uint64_t)i * sizeof(segment), sizeof(segment));          \
                                                                                                   \
            if (!bytes)                                                                            \
                return;                                                                            \
            memcpy(&segment, bytes, sizeof(segment));                                              \
            if (segment.p_type == PT_INTERP && at(image, segment.p_offset, segment.p_filesz))      \
                snprintf(program->interpreter, sizeof(program->interpreter), "%s",                 \
                         string_at(image, segment.p_offset,                                        \
                                   (uint64_t)segment.p_offset + segment.p_filesz));                \
        }                                                                                          \
    }
READ_INTERPRETER(read_interpreter_32, Elf32_Ehdr, Elf32_Phdr)
READ_INTERPRETER(read_interpreter_64, Elf64_Ehdr, Elf64_Phdr)

/* Does the dynamic symbol table define malloc (an allocator linked in and exported), or ASan? */
static void read_symbols(const struct image *image, const Elf64_Shdr *table,
                         const Elf64_Shdr *strings, struct lr_program *program)
{
    uint64_t count = table->sh_size / sizeof(Elf64_Sym), end;
    const Elf64_Sym *symbols = at(image, table->sh_offset, count * sizeof(Elf64_Sym));

    if (!symbols || !at(image, strings->sh_offset, strings->sh_size))
        return;
    end = strings->sh_offset + strings->sh_size;
    for (uint64_t i = 0; i < count; i++) {
        const char *symbol = string_at(image, strings->sh_offset + symbols[i].st_name, end);

        if (strcmp(symbol, "__asan_init") == 0)
            program->is_sanitized = true;
        if (symbols[i].st_shndx != SHN_UNDEF && strcmp(symbol, "malloc") == 0)
            program->has_own_malloc = true;
    }
}

static void read_sections(const struct image *image, struct lr_program *program)
{
    const Elf64_Ehdr *elf = at(image, 0, sizeof(Elf64_Ehdr));
    const Elf64_Shdr *sections;

    if (!elf || elf->e_shoff > image->size || elf->e_shoff % 8 != 0)
        return;
    sections = at(image, elf->e_shoff, (uint64_t)elf->e_shnum * sizeof(Elf64_Shdr));
    for (unsigned i = 0; sections && i < elf->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < elf->e_shnum &&
            sections[i].sh_offset % 8 == 0)
            read_symbols(image, &sections[i], &sections[sections[i].sh_link], program);
}

static void read_elf(const struct image *image, struct lr_program *program)
{
    const Elf32_Ehdr *elf = at(image, 0, sizeof(Elf32_Ehdr));

    if (!elf || elf->e_ident[EI_DATA] != ELFDATA2LSB)
        return;
    program->is_elf = true;
    program->is_64bit = elf->e_ident[EI_CLASS] == ELFCLASS64;
    program->machine = elf->e_machine;
    if (!program->is_64bit) {
        read_interpreter_32(image, program);
        return;
    }
    read_interpreter_64(image, program);
    read_sections(image, program);
}

/* Root gains nothing from a set-user-id root program; others do. */
static bool gains_rights(const char *path, const struct stat *status)
{
    if ((status->st_mode & S_ISUID) && status->st_uid != geteuid())
        return true;
    if ((status->st_mode & S_ISGID) && (status->st_mode & S_IXGRP) && status->st_gid != getegid())
        return true;
    return geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

enum lr_status lr_program_read_file(const char *path, struct lr_program *program,
                                    struct lr_error *error)
{
    struct image image;
    struct stat status;
    void *bytes;
    int fd;

    memset(program, 0, sizeof(*program));
    snprintf(program->path, sizeof(program->path), "%s", path);
    fd = lr_plain_open(path, O_RDONLY, &status);
    if (fd < 0 || status.st_size < 4) {
        bool unreadable = fd < 0 && errno != EINVAL && errno != EISDIR;

        lr_fail(error, LR_UNREADABLE, "%s%s%s", path, unreadable ? ": " : "",
                unreadable ? strerror(errno) : " is no program and no library");
        if (fd >= 0)
            close(fd);
        return LR_UNREADABLE;
    }
    program->gains_rights = gains_rights(path, &status);
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return lr_fail(error, LR_UNREADABLE, "%s: %s", path, strerror(errno));
    image = (struct image){bytes, (size_t)status.st_size};
    if (memcmp(bytes, "#!", 2) == 0)
        read_script(&image, program);
    else if (memcmp(bytes, ELFMAG, SELFMAG) == 0)
        read_elf(&image, program);
    munmap(bytes, (size_t)status.st_size);
    return LR_OK;
}

enum lr_status lr_program_read(const char *name, struct lr_program *program, struct lr_error *error)
{
    struct lr_program found = {.path = ""};
    struct stat status;

    if (find_in_path(name, &found, error) != LR_OK)
        return LR_UNREADABLE;
    if (stat(found.path, &status) != 0 || !S_ISREG(status.st_mode))
        return lr_fail(error, LR_UNREADABLE, "%s is not a file", found.path);
    if (access(found.path, X_OK) != 0)
        return lr_fail(error, LR_UNREADABLE, "%s: %s", found.path, strerror(errno));
    return lr_program_read_file(found.path, program, error);
}
