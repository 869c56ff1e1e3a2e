/* symbolize_module.c -- the right ELF file for a module, and its separate debug file.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * A file is used only if its build-id is the one in the trace: names from an upgraded library
 * would be wrong, and wrong names are worse than none.
 */
#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debuginfod.h"
#include "symbolize_worker.h"

enum { PATH_ROOM = 4096 };
static const char system_debug_dir[] = "/usr/lib/debug";

static bool same_build_id(Elf *elf, const struct lr_module_view *view)
{
    const void *id;
    ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
    return size == (ssize_t)view->build_id_size && memcmp(id, view->build_id, (size_t)size) == 0;
}

static bool has_section(Elf *elf, const char *wanted)
{
    size_t names;
    GElf_Shdr header;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        const char *name =
            gelf_getshdr(scn, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name != NULL && strcmp(name, wanted) == 0 && header.sh_type != SHT_NOBITS)
            return true;
    }
    return false;
}

/* DIR/.build-id/xx/yyyy….debug */
static bool open_by_build_id(struct lr_elf_file *file, const char *root, const char *dir,
                             const struct lr_module_view *view)
{
    char path[PATH_ROOM];
    int length = snprintf(path, sizeof(path), "%s/.build-id/%02x/", dir, view->build_id[0]);
    if (view->build_id_size < 2 || length < 0 ||
        (size_t)length + 2 * view->build_id_size + sizeof(".debug") > sizeof(path))
        return false;
    for (uint32_t i = 1; i < view->build_id_size; i++)
        length += sprintf(path + length, "%02x", view->build_id[i]);
    strcpy(path + length, ".debug");
    if (!lr_elf_file_open(file, root, path))
        return false;
    if (same_build_id(file->elf, view))
        return true;
    lr_elf_file_close(file);
    return false;
}

/* The CRC-32 that .gnu_debuglink carries (polynomial 0xedb88320, reflected). */
static bool file_crc(int fd, uint32_t *crc)
{
    unsigned char buffer[1 << 14];
    uint32_t table[256], value = UINT32_MAX;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? UINT32_C(0xedb88320) : 0);
    }
    ssize_t got;
    for (off_t at = 0; (got = pread(fd, buffer, sizeof(buffer), at)) > 0; at += got)
        for (ssize_t i = 0; i < got; i++)
            value = value >> 8 ^ table[(value ^ buffer[i]) & 0xff];
    *crc = ~value;
    return got == 0;
}

static bool open_link(struct lr_elf_file *file, uint32_t crc, const char *root, const char *dir,
                      const char *path, const char *between, const char *name)
{
    char link[PATH_ROOM];
    uint32_t found;
    int length = snprintf(link, sizeof(link), "%s%.*s/%s%s", dir, (int)(strrchr(path, '/') - path),
                          path, between, name);
    if (length < 0 || (size_t)length >= sizeof(link) || !lr_elf_file_open(file, root, link))
        return false;
    if (file_crc(file->fd, &found) && found == crc)
        return true;
    lr_elf_file_close(file);
    return false;
}

/* The file that .gnu_debuglink names, in the places where debuggers look for it. */
static bool open_by_link(struct lr_symbol_module *module, const char *root, const char *path,
                         const char *debug_dir)
{
    GElf_Word crc;
    struct lr_elf_file *file = &module->debug;
    const char *name =
        module->file.elf != NULL ? dwelf_elf_gnu_debuglink(module->file.elf, &crc) : NULL;
    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
        return false;
    return open_link(file, crc, root, "", path, "", name) ||
           open_link(file, crc, root, "", path, ".debug/", name) ||
           (debug_dir != NULL && open_link(file, crc, "", debug_dir, path, "", name)) ||
           open_link(file, crc, root, system_debug_dir, path, "", name);
}

/* From a server; it may have the library itself where it has no debug information, which is of use
 * if the library isn't here. */
static bool fetch(struct lr_symbol_module *module, const struct lr_module_view *view,
                  struct lr_debuginfod *servers)
{
    struct lr_elf_file *const files[] = {&module->debug, &module->file};
    for (int kind = LR_DEBUGINFOD_DEBUG; kind <= LR_DEBUGINFOD_EXECUTABLE; kind++) {
        if (files[kind]->elf != NULL)
            continue;
        int fd = lr_debuginfod_find(servers, (enum lr_debuginfod_kind)kind, view->build_id,
                                    view->build_id_size, view->path);
        if (fd < 0 || !lr_elf_file_open_fd(files[kind], fd))
            continue;
        if (same_build_id(files[kind]->elf, view))
            return true;
        lr_elf_file_close(files[kind]);
    }
    return false;
}

static void open_debug(struct lr_symbol_module *module, const struct lr_module_view *view,
                       const char *path, const struct lr_symbol_places *places)
{
    const char *debug_dir = places->options->debug_dir;
    if (module->file.elf != NULL && (has_section(module->file.elf, ".debug_info") ||
                                     has_section(module->file.elf, ".zdebug_info")))
        return;
    if (debug_dir != NULL && open_by_build_id(&module->debug, "", debug_dir, view))
        return;
    if (places->root != NULL &&
        (open_by_build_id(&module->debug, places->root, system_debug_dir, view) ||
         open_by_link(module, places->root, path, NULL)))
        return;
    if (open_by_build_id(&module->debug, "", system_debug_dir, view) ||
        open_by_link(module, "", path, debug_dir))
        return;
    fetch(module, view, places->servers);
}

/* Opens the module's own file; true when it is the recorded one. */
static bool open_in(struct lr_symbol_module *module, const struct lr_module_view *view,
                    const char *root, const char *path)
{
    if (!lr_elf_file_open(&module->file, root, path))
        return false;
    if (view->build_id_size == 0 || same_build_id(module->file.elf, view))
        return true;
    module->problem = "its file changed since the trace (other build-id)";
    lr_elf_file_close(&module->file);
    return false;
}

static void open_file(struct lr_symbol_module *module, const struct lr_module_view *view,
                      const char *path, const char *root)
{
    if ((root != NULL && open_in(module, view, root, path)) || open_in(module, view, "", path))
        return;
    if (module->problem == NULL)
        module->problem = access(path, F_OK) == 0 ? "its file can't be read as ELF"
                                                  : "its file is not on this machine";
}

/* The kernel marks the path of a file that was replaced; the new one may still be the same. */
static void clean_path(char path[PATH_ROOM], const char *recorded)
{
    static const char deleted[] = " (deleted)";
    snprintf(path, PATH_ROOM, "%s", recorded);
    size_t length = strlen(path), suffix = sizeof(deleted) - 1;
    if (length > suffix && strcmp(path + length - suffix, deleted) == 0)
        path[length - suffix] = '\0';
}

static void read_names(struct lr_symbol_module *module)
{
    Elf *file = module->file.elf, *names = module->debug.elf != NULL ? module->debug.elf : file;
    bool sane = lr_packed_is_sane(names);
    if (sane && lr_packed_zstd(names, &module->unpacked))
        module->dwarf = lr_dwarf_new(module->unpacked.elf);
    else if (sane)
        module->dwarf = lr_dwarf_new(names);
    lr_symbol_limits_missed();
    module->symtab = lr_symtab_new(names, NULL);
    if (file != NULL && (module->symtab == NULL || names == file) &&
        !has_section(file, ".symtab") && lr_packed_mini(file, &module->mini)) {
        lr_symtab_free(module->symtab);
        module->symtab = lr_symtab_new(file, module->mini.elf);
    } else if (module->symtab == NULL && file != NULL && file != names) {
        module->symtab = lr_symtab_new(file, NULL);
    }
    if (!sane)
        module->problem = "its compressed debug information is damaged";
    else if (module->dwarf == NULL && module->symtab == NULL)
        module->problem = "its file is stripped";
    else if (module->dwarf == NULL && module->mini.elf == NULL && !has_section(names, ".symtab"))
        module->problem = "its file is stripped but for exported functions";
}

void lr_symbol_module_open(struct lr_symbol_module *module, const struct lr_module_view *view,
                           const struct lr_symbol_places *places)
{
    char path[PATH_ROOM];
    module->opened = true;
    module->file.fd = module->debug.fd = -1;
    if (places->options->no_files || (view->flags & LR_MODULE_VDSO) != 0)
        return;
    clean_path(path, view->path);
    if (path[0] != '/') {
        module->problem = "it has no file";
        return;
    }
    open_file(module, view, path, places->root);
    open_debug(module, view, path, places);
    if (module->debug.elf == NULL && module->file.elf == NULL)
        return;
    module->problem = NULL; /* a debug file does without the file it belongs to */
    read_names(module);
}

void lr_symbol_module_close(struct lr_symbol_module *module)
{
    if (!module->opened)
        return;
    lr_dwarf_free(module->dwarf);
    lr_symtab_free(module->symtab);
    lr_packed_close(&module->unpacked);
    lr_packed_close(&module->mini);
    lr_elf_file_close(&module->debug);
    lr_elf_file_close(&module->file);
    *module = (struct lr_symbol_module){0};
}
