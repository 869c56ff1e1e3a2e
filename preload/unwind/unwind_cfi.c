/* unwind_cfi.c -- .eh_frame: binary search for an FDE, its CIE, and the call frame program.
 *
 * Stage: STACK, cold side: runs once per return address, then the cache answers.
 * Context: any thread, inside malloc.
 */
#include "unwind_dwarf.h"

#include <string.h>

/* DW_EH_PE_* */
enum {
    PE_ABSPTR = 0x00,
    PE_ULEB = 0x01,
    PE_UDATA2 = 0x02,
    PE_UDATA4 = 0x03,
    PE_UDATA8 = 0x04,
    PE_SLEB = 0x09,
    PE_SDATA2 = 0x0a,
    PE_SDATA4 = 0x0b,
    PE_SDATA8 = 0x0c,
    PE_PCREL = 0x10,
    PE_DATAREL = 0x30,
    PE_ALIGNED = 0x50,
    PE_INDIRECT = 0x80,
    PE_OMIT = 0xff,
};

uint64_t lr_read_fixed(struct lr_reader *reader, unsigned size)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < size || reader->bad) {
        reader->bad = true;
        return 0;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): NULL has no bytes to read */
    memcpy(&value, reader->at, size);
    reader->at += size;
    return value;
}

int64_t lr_read_signed(struct lr_reader *reader, unsigned size)
{
    unsigned unused = 64 - 8 * size;
    return (int64_t)(lr_read_fixed(reader, size) << unused) >> unused;
}

static uint64_t read_leb(struct lr_reader *reader, unsigned *bits, uint8_t *last)
{
    uint64_t value = 0;
    *bits = 0;
    do {
        *last = (uint8_t)lr_read_fixed(reader, 1);
        if (*bits < 64)
            value |= (uint64_t)(*last & 0x7f) << *bits;
        *bits += 7;
    } while (*last & 0x80 && !reader->bad);
    return value;
}

uint64_t lr_read_uleb(struct lr_reader *reader)
{
    unsigned bits;
    uint8_t last;
    return read_leb(reader, &bits, &last);
}

int64_t lr_read_sleb(struct lr_reader *reader)
{
    unsigned bits;
    uint8_t last;
    uint64_t value = read_leb(reader, &bits, &last);
    if (bits < 64 && last & 0x40)
        value |= UINT64_MAX << bits;
    return (int64_t)value;
}

static uint64_t read_format(struct lr_reader *reader, uint8_t format)
{
    switch (format) {
    case PE_ABSPTR:
        return lr_read_fixed(reader, sizeof(uintptr_t));
    case PE_ULEB:
        return lr_read_uleb(reader);
    case PE_UDATA2:
        return lr_read_fixed(reader, 2);
    case PE_UDATA4:
        return lr_read_fixed(reader, 4);
    case PE_UDATA8:
    case PE_SDATA8:
        return lr_read_fixed(reader, 8);
    case PE_SLEB:
        return (uint64_t)lr_read_sleb(reader);
    case PE_SDATA2:
        return (uint64_t)lr_read_signed(reader, 2);
    case PE_SDATA4:
        return (uint64_t)lr_read_signed(reader, 4);
    default:
        reader->bad = true;
        return 0;
    }
}

/* Indirect pointers (personality routines) are skipped by their callers, never followed. */
uintptr_t lr_read_encoded(struct lr_reader *reader, uint8_t encoding, uintptr_t data_base)
{
    uintptr_t here = (uintptr_t)reader->at;
    if (encoding == PE_OMIT)
        return 0;
    if (encoding == PE_ALIGNED) {
        uintptr_t pad = -here % sizeof(uintptr_t);
        lr_read_fixed(reader, (unsigned)pad);
        return lr_read_fixed(reader, sizeof(uintptr_t));
    }
    uintptr_t value = read_format(reader, encoding & 0x0f);
    switch (encoding & 0x70) {
    case 0:
        return value;
    case PE_PCREL:
        return value + here;
    case PE_DATAREL:
        return value + data_base;
    default:
        reader->bad = true;
        return 0;
    }
}

static struct lr_reader reader_at(const struct lr_module_info *module, uintptr_t address)
{
    if (address < module->start || address >= module->end)
        return (struct lr_reader){.bad = true};
    return (struct lr_reader){(const uint8_t *)address, (const uint8_t *)module->end, false};
}

/* Opens a CIE or FDE record: the reader becomes its body.  False at the terminator. */
static bool open_record(struct lr_reader *reader)
{
    uint64_t length = lr_read_fixed(reader, 4);
    if (length == 0xffffffff)
        length = lr_read_fixed(reader, 8);
    if (reader->bad || length == 0 || length > (uint64_t)(reader->end - reader->at))
        return false;
    reader->end = reader->at + length;
    return true;
}

static bool read_augmentation(struct lr_reader *reader, const char *text, struct lr_fde *fde)
{
    if (*text == '\0')
        return true;
    if (*text++ != 'z')
        return false;
    uint64_t length = lr_read_uleb(reader);
    if (reader->bad || length > (uint64_t)(reader->end - reader->at))
        return false;
    const uint8_t *program = reader->at + length;
    uint8_t encoding;
    for (; *text && !reader->bad; text++) {
        switch (*text) {
        case 'R':
            fde->encoding = (uint8_t)lr_read_fixed(reader, 1);
            break;
        case 'L':
            lr_read_fixed(reader, 1);
            break;
        case 'S':
            fde->is_signal = true;
            break;
        case 'B':
            break;
        case 'P':
            encoding = (uint8_t)lr_read_fixed(reader, 1);
            lr_read_encoded(reader, encoding & ~PE_INDIRECT & 0xff, 0);
            break;
        default: /* the length covers what we don't know */
            reader->at = program;
            return !reader->bad;
        }
    }
    reader->at = program;
    return !reader->bad;
}

static bool read_cie(struct lr_reader reader, struct lr_fde *fde, bool *has_data)
{
    if (!open_record(&reader) || lr_read_fixed(&reader, 4) != 0)
        return false;
    uint64_t version = lr_read_fixed(&reader, 1);
    const char *text = (const char *)reader.at;
    size_t room = (size_t)(reader.end - reader.at);
    size_t length = strnlen(text, room);
    if (length == room || (version != 1 && version != 3 && version != 4))
        return false;
    reader.at += length + 1;
    if (version == 4)
        lr_read_fixed(&reader, 2); /* address and segment sizes */
    fde->code_align = lr_read_uleb(&reader);
    fde->data_align = lr_read_sleb(&reader);
    uint64_t column = version == 1 ? lr_read_fixed(&reader, 1) : lr_read_uleb(&reader);
    *has_data = *text == 'z';
    if (column != LR_REG_RA || !read_augmentation(&reader, text, fde))
        return false;
    fde->initial = reader.at;
    fde->initial_end = reader.end;
    return !reader.bad;
}

/* The record at `reader` as an FDE; false when it is a CIE or malformed. */
static bool read_fde(struct lr_reader reader, const struct lr_module_info *module,
                     struct lr_fde *fde)
{
    *fde = (struct lr_fde){.limit = (const uint8_t *)module->end};
    bool has_data = false;
    if (!open_record(&reader))
        return false;
    uintptr_t here = (uintptr_t)reader.at;
    uint64_t distance = lr_read_fixed(&reader, 4);
    if (distance == 0 || !read_cie(reader_at(module, here - distance), fde, &has_data))
        return false;
    fde->start = lr_read_encoded(&reader, fde->encoding, 0);
    fde->end = fde->start + lr_read_encoded(&reader, fde->encoding & 0x0f, 0);
    if (has_data) {
        uint64_t length = lr_read_uleb(&reader);
        if (reader.bad || length > (uint64_t)(reader.end - reader.at))
            return false;
        reader.at += length;
    }
    fde->program = reader.at;
    fde->program_end = reader.end;
    return !reader.bad;
}

/* Without a search table: from record to record. */
static bool scan(const struct lr_module_info *module, uintptr_t eh_frame, uintptr_t pc,
                 struct lr_fde *fde)
{
    for (;;) {
        struct lr_reader reader = reader_at(module, eh_frame), body = reader;
        if (!open_record(&body))
            return false;
        if (read_fde(reader, module, fde) && pc >= fde->start && pc < fde->end)
            return true;
        eh_frame = (uintptr_t)body.end;
    }
}

/* The last row of the table whose code starts at or before pc; 0 when there is none. */
static uintptr_t search(const struct lr_reader *table, uint64_t count, uintptr_t base, uintptr_t pc)
{
    struct row {
        int32_t code, fde;
    };
    struct row row;
    uint64_t low = 0, high = count; /* the answer is below high */
    if (count > (uint64_t)(table->end - table->at) / sizeof row)
        return 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        memcpy(&row, table->at + middle * sizeof row, sizeof row);
        if (base + (uintptr_t)(intptr_t)row.code <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    memcpy(&row, table->at + (low - 1) * sizeof row, sizeof row);
    return base + (uintptr_t)(intptr_t)row.fde;
}

bool lr_fde_find(const struct lr_module_info *module, uintptr_t pc, struct lr_fde *fde)
{
    uintptr_t header = module->eh_frame_hdr;
    struct lr_reader reader = reader_at(module, header);
    if (!header || lr_read_fixed(&reader, 1) != 1)
        return false;
    uint8_t frame_encoding = (uint8_t)lr_read_fixed(&reader, 1);
    uint8_t count_encoding = (uint8_t)lr_read_fixed(&reader, 1);
    uint8_t table_encoding = (uint8_t)lr_read_fixed(&reader, 1);
    uintptr_t eh_frame = lr_read_encoded(&reader, frame_encoding, header);
    uint64_t count = lr_read_encoded(&reader, count_encoding, header);
    if (reader.bad)
        return false;
    if (table_encoding != (PE_DATAREL | PE_SDATA4))
        return scan(module, eh_frame, pc, fde);
    uintptr_t record = search(&reader, count, header, pc);
    return record && read_fde(reader_at(module, record), module, fde) && pc >= fde->start &&
           pc < fde->end;
}
