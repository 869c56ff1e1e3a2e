/* symbolize_packed.c -- symbols and debug sections that are stored compressed.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.  Files are hostile: what they unpack to is bounded by
 * their own size.
 */
#include "symbolize_packed.h"

#include <gelf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "optional_library.h"
#include "symbolize_worker.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

enum { MINI_LIMIT = 1 << 28, RATIO_LIMIT = 64, SLACK = 1 << 26 };

/* Of <lzma.h> and <zstd.h>, which need not be here to build. */
enum { XZ_OK = 0, XZ_BUF_ERROR = 10 };
typedef int xz_decode_fn(uint64_t *memory_limit, uint32_t flags, const void *allocator,
                         const uint8_t *in, size_t *in_at, size_t in_size, uint8_t *out,
                         size_t *out_at, size_t out_size);
typedef size_t zstd_decode_fn(void *out, size_t out_size, const void *in, size_t in_size);
extern xz_decode_fn lzma_stream_buffer_decode __attribute__((weak)); /* in the static command */

static xz_decode_fn *find_xz(void)
{
    if (lzma_stream_buffer_decode)
        return lzma_stream_buffer_decode;
    return (xz_decode_fn *)lr_optional_function("liblzma.so.5", "lzma_stream_buffer_decode");
}

void lr_packed_close(struct lr_packed *packed)
{
    elf_end(packed->elf);
    free(packed->image);
    *packed = (struct lr_packed){NULL, NULL};
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *header)
{
    size_t names;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return NULL;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        const char *name =
            gelf_getshdr(scn, header) != NULL ? elf_strptr(elf, names, header->sh_name) : NULL;
        if (name != NULL && strcmp(name, wanted) == 0)
            return scn;
    }
    return NULL;
}

/* The stream doesn't say how large it becomes: try larger and larger buffers. */
static uint8_t *unpack_xz(const Elf_Data *data, size_t *size)
{
    xz_decode_fn *decode = find_xz();
    size_t limit =
        data->d_size < MINI_LIMIT / RATIO_LIMIT ? data->d_size * RATIO_LIMIT + SLACK : MINI_LIMIT;
    for (size_t room = 1 << 20; decode != NULL && room <= limit; room *= 4) {
        uint64_t memory = 1 << 27;
        size_t in = 0, out = 0;
        uint8_t *bytes = malloc(room);
        if (bytes == NULL) {
            lr_symbol_limits_miss();
            return NULL;
        }
        int result = decode(&memory, 0, NULL, data->d_buf, &in, data->d_size, bytes, &out, room);
        *size = out;
        if (result == XZ_OK)
            return bytes;
        free(bytes);
        if (result != XZ_BUF_ERROR)
            return NULL;
    }
    return NULL;
}

bool lr_packed_mini(Elf *elf, struct lr_packed *mini)
{
    GElf_Shdr header;
    size_t size;
    *mini = (struct lr_packed){NULL, NULL};
    Elf_Scn *scn = find_section(elf, ".gnu_debugdata", &header);
    Elf_Data *data = scn != NULL && header.sh_type != SHT_NOBITS ? elf_rawdata(scn, NULL) : NULL;
    if (data == NULL || data->d_buf == NULL)
        return false;
    mini->image = unpack_xz(data, &size);
    if (mini->image != NULL)
        mini->elf = elf_memory(mini->image, size);
    if (mini->elf != NULL && elf_kind(mini->elf) == ELF_K_ELF)
        return true;
    lr_packed_close(mini);
    return false;
}

/* What a section says it unpacks to; 0 when it isn't compressed. */
static uint64_t claimed_size(Elf *elf, Elf_Scn *scn, const GElf_Shdr *header, size_t names)
{
    GElf_Chdr packed;
    if (header->sh_type == SHT_NOBITS)
        return 0;
    if ((header->sh_flags & SHF_COMPRESSED) != 0)
        return gelf_getchdr(scn, &packed) != NULL ? packed.ch_size : 0;
    const char *name = elf_strptr(elf, names, header->sh_name);
    if (name == NULL || strncmp(name, ".zdebug", 7) != 0)
        return 0;
    Elf_Data *data = elf_rawdata(scn, NULL);
    uint64_t size = 0;
    if (data == NULL || data->d_buf == NULL || data->d_size < 12)
        return 0;
    for (int i = 4; i < 12; i++) /* "ZLIB", then the size, big-endian */
        size = size << 8 | ((const uint8_t *)data->d_buf)[i];
    return size;
}

bool lr_packed_is_sane(Elf *elf)
{
    size_t names, file_size = 0;
    uint64_t total = 0;
    GElf_Shdr header;
    elf_rawfile(elf, &file_size);
    if (elf_getshdrstrndx(elf, &names) != 0)
        return true;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        if (gelf_getshdr(scn, &header) == NULL)
            continue;
        if (__builtin_add_overflow(total, claimed_size(elf, scn, &header, names), &total) ||
            total / RATIO_LIMIT > file_size + SLACK / RATIO_LIMIT)
            return false;
    }
    return true;
}

/* --- zstd: sections are unpacked behind a copy of the file, whose headers then point there --- */

static bool is_zstd(Elf_Scn *scn, const GElf_Shdr *header, GElf_Chdr *packed)
{
    return (header->sh_flags & SHF_COMPRESSED) != 0 && header->sh_type != SHT_NOBITS &&
           gelf_getchdr(scn, packed) != NULL && packed->ch_type == ELFCOMPRESS_ZSTD;
}

/* Bytes that all such sections unpack to, each aligned to 16. */
static uint64_t zstd_total(Elf *elf)
{
    GElf_Shdr header;
    GElf_Chdr packed;
    uint64_t total = 0;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;)
        if (gelf_getshdr(scn, &header) != NULL && is_zstd(scn, &header, &packed))
            total += (packed.ch_size + 31) / 16 * 16; /* sane: can't overflow */
    return total;
}

static bool unpack_section(zstd_decode_fn *decode, Elf_Scn *scn, const GElf_Chdr *packed, char *out)
{
    Elf_Data *data = elf_rawdata(scn, NULL);
    size_t head = sizeof(Elf64_Chdr);
    return data != NULL && data->d_buf != NULL && data->d_size > head &&
           decode(out, packed->ch_size, (char *)data->d_buf + head, data->d_size - head) ==
               packed->ch_size;
}

static bool unpack_all(zstd_decode_fn *decode, Elf *elf, char *image, size_t at, uint64_t table)
{
    GElf_Shdr header;
    GElf_Chdr packed;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        if (gelf_getshdr(scn, &header) == NULL || !is_zstd(scn, &header, &packed))
            continue;
        if (!unpack_section(decode, scn, &packed, image + at))
            return false;
        header.sh_flags &= ~(GElf_Xword)SHF_COMPRESSED;
        header.sh_offset = at;
        header.sh_size = packed.ch_size;
        header.sh_addralign = packed.ch_addralign;
        memcpy(image + table + elf_ndxscn(scn) * sizeof(header), &header, sizeof(header));
        at += (packed.ch_size + 31) / 16 * 16;
    }
    return true;
}

/* The section headers must be those of this machine, whole inside the file. */
static bool has_plain_table(Elf *elf, size_t file_size, uint64_t *table)
{
    GElf_Ehdr ehdr;
    size_t count;
    uint64_t end;
    if (gelf_getclass(elf) != ELFCLASS64 || gelf_getehdr(elf, &ehdr) == NULL ||
        ehdr.e_ident[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB) ||
        ehdr.e_shentsize != sizeof(Elf64_Shdr) || elf_getshdrnum(elf, &count) != 0)
        return false;
    *table = ehdr.e_shoff;
    return !__builtin_add_overflow(ehdr.e_shoff, count * sizeof(Elf64_Shdr), &end) &&
           end <= file_size;
}

bool lr_packed_zstd(Elf *elf, struct lr_packed *unpacked)
{
    size_t file_size = 0;
    uint64_t table, total = zstd_total(elf);
    const char *file = elf_rawfile(elf, &file_size);
    *unpacked = (struct lr_packed){NULL, NULL};
    if (total == 0 || file == NULL || !has_plain_table(elf, file_size, &table))
        return false;
    zstd_decode_fn *decode =
        (zstd_decode_fn *)lr_optional_function("libzstd.so.1", "ZSTD_decompress");
    size_t start = (file_size + 15) / 16 * 16;
    unpacked->image = decode != NULL ? malloc(start + total) : NULL;
    if (decode != NULL && unpacked->image == NULL)
        lr_symbol_limits_miss();
    if (unpacked->image == NULL)
        return false;
    memcpy(unpacked->image, file, file_size);
    if (unpack_all(decode, elf, unpacked->image, start, table))
        unpacked->elf = elf_memory(unpacked->image, start + total);
    if (unpacked->elf != NULL && elf_kind(unpacked->elf) == ELF_K_ELF)
        return true;
    lr_packed_close(unpacked);
    return false;
}
