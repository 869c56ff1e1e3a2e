/* symbolize_symtab.c -- address to function name, by ELF symbol tables.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * .symtab has static functions too (the JDK's libraries carry one), so it comes first; .dynsym
 * is what stripped libraries have left.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize_worker.h"

struct symbol {
    uint64_t start, size; /* size 0: unknown */
    uint64_t end;         /* at first that of the section, for symbols without a size */
    uint64_t reach;       /* largest end of this and all earlier symbols */
    const char *name;
    unsigned rank; /* among names of one address the lowest is shown */
};

struct lr_symtab {
    struct symbol *symbols;
    size_t count, room;
};

static bool symtab_add(struct lr_symtab *symtab, struct symbol symbol)
{
    if (symtab->count == symtab->room) {
        size_t room = symtab->room ? symtab->room * 2 : 1024;
        struct symbol *more = reallocarray(symtab->symbols, room, sizeof(*more));
        if (more == NULL) {
            lr_symbol_limits_miss();
            return false;
        }
        symtab->symbols = more;
        symtab->room = room;
    }
    symtab->symbols[symtab->count++] = symbol;
    return true;
}

/* Public names before internal ones: malloc, not __libc_malloc. */
static unsigned name_rank(const char *name, unsigned char bind, unsigned char type)
{
    unsigned rank = 0;
    while (rank < 7 && name[rank] == '_')
        rank++;
    if (strncmp(name, "_Z", 2) == 0)
        rank = 0;
    rank += bind == STB_LOCAL ? 32 : bind == STB_WEAK ? 8 : 0;
    return rank + (type == STT_NOTYPE ? 64 : 0);
}

/* Where the section of an unsized symbol ends; 0 when it holds no code. */
static uint64_t code_end(Elf *elf, size_t section)
{
    GElf_Shdr header;
    uint64_t end;
    Elf_Scn *scn = section < SHN_LORESERVE ? elf_getscn(elf, section) : NULL;
    if (scn == NULL || gelf_getshdr(scn, &header) == NULL ||
        (header.sh_flags & SHF_EXECINSTR) == 0 ||
        __builtin_add_overflow(header.sh_addr, header.sh_size, &end))
        return 0;
    return end;
}

static void add_table(struct lr_symtab *symtab, Elf *elf, Elf_Scn *scn, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    if (data == NULL || header->sh_entsize == 0)
        return;
    for (size_t i = 1; i < header->sh_size / header->sh_entsize; i++) {
        GElf_Sym sym;
        if (gelf_getsym(data, (int)i, &sym) == NULL)
            break;
        unsigned char type = GELF_ST_TYPE(sym.st_info);
        if (sym.st_shndx == SHN_UNDEF || sym.st_value == 0 ||
            (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
            continue;
        const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
        if (name == NULL || name[0] == '\0' || name[0] == '$')
            continue; /* $x, $d: ARM's marks between code and data */
        uint64_t end = sym.st_size == 0 || type == STT_NOTYPE ? code_end(elf, sym.st_shndx) : 0;
        if (type == STT_NOTYPE && end == 0)
            continue;
        if (sym.st_size > 0 && __builtin_add_overflow(sym.st_value, sym.st_size, &end))
            continue;
        struct symbol symbol = {.start = sym.st_value,
                                .size = sym.st_size,
                                .end = end,
                                .name = name,
                                .rank = name_rank(name, GELF_ST_BIND(sym.st_info), type)};
        if (!symtab_add(symtab, symbol))
            break;
    }
}

static void add_tables(struct lr_symtab *symtab, Elf *elf, GElf_Word type)
{
    GElf_Shdr header;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;)
        if (gelf_getshdr(scn, &header) != NULL && header.sh_type == type)
            add_table(symtab, elf, scn, &header);
}

static int compare_symbols(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1; /* best name last: the search comes from above */
    return strcmp(y->name, x->name);
}

/* Symbols [i, next) begin at one address.  Those without a size end at the next symbol or with
 * their section; beside one that has a size they are marks and cover nothing. */
static void end_unsized(struct symbol *symbols, size_t i, size_t next, size_t count)
{
    bool marks = false;
    for (size_t j = i; j < next; j++)
        marks = marks || symbols[j].size > 0;
    for (size_t j = i; j < next; j++) {
        if (symbols[j].size > 0)
            continue;
        if (marks)
            symbols[j].end = symbols[j].start;
        else if (next < count && symbols[next].start < symbols[j].end)
            symbols[j].end = symbols[next].start;
    }
}

static void symtab_finish(struct lr_symtab *symtab)
{
    struct symbol *symbols = symtab->symbols;
    uint64_t reach = 0;
    qsort(symbols, symtab->count, sizeof(*symbols), compare_symbols);
    for (size_t i = 0, next; i < symtab->count; i = next) {
        for (next = i; next < symtab->count && symbols[next].start == symbols[i].start;)
            next++;
        end_unsized(symbols, i, next, symtab->count);
    }
    for (size_t i = 0; i < symtab->count; i++) {
        if (symbols[i].end > reach)
            reach = symbols[i].end;
        symbols[i].reach = reach;
    }
}

struct lr_symtab *lr_symtab_new(Elf *elf, Elf *mini)
{
    struct lr_symtab *symtab = calloc(1, sizeof(*symtab));
    if (symtab == NULL)
        return NULL;
    add_tables(symtab, elf, SHT_SYMTAB);
    if (symtab->count == 0) {
        add_tables(symtab, elf, SHT_DYNSYM);
        if (mini != NULL)
            add_tables(symtab, mini, SHT_SYMTAB);
    }
    if (symtab->count == 0) {
        lr_symtab_free(symtab);
        return NULL;
    }
    symtab_finish(symtab);
    return symtab;
}

void lr_symtab_free(struct lr_symtab *symtab)
{
    if (symtab == NULL)
        return;
    free(symtab->symbols);
    free(symtab);
}

const char *lr_symtab_find(const struct lr_symtab *symtab, uint64_t address)
{
    if (symtab == NULL)
        return NULL;
    size_t low = 0, high = symtab->count;
    while (low < high) { /* the first symbol that starts behind the address */
        size_t middle = low + (high - low) / 2;
        if (symtab->symbols[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low > 0 && symtab->symbols[low - 1].reach > address; low--)
        if (symtab->symbols[low - 1].end > address)
            return symtab->symbols[low - 1].name;
    return NULL;
}
