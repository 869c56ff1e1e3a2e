/* symbolize_dwarf.c -- address to function, inlined functions and lines, by DWARF.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * .debug_aranges is not used: compilers leave it out or incomplete.  The index is our own: the
 * address ranges of all units at first use, the functions of a unit when an address falls into
 * it.  After that a look-up is two binary searches and a walk down one function.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize_scope.h"
#include "symbolize_worker.h"

struct range {
    uint64_t start, end;
    uint64_t reach; /* largest end of this and all earlier ranges */
    size_t item;    /* unit index, or offset of a function's DIE */
};

struct range_list {
    struct range *ranges;
    size_t count, room;
};

struct unit {
    Dwarf_Die die;      /* of the unit, or of the split unit it stands for */
    Dwarf_Die skeleton; /* of the unit in this file: owns the line table */
    bool indexed;
    struct range_list functions;
};

struct lr_dwarf {
    Dwarf *dwarf;
    struct unit *units;
    size_t unit_count, unit_room;
    struct range_list ranges;
    struct lr_dwarf_texts *scopes; /* qualified names */
};

static bool range_add(struct range_list *list, uint64_t start, uint64_t end, size_t item)
{
    if (start >= end)
        return true;
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct range *more = reallocarray(list->ranges, room, sizeof(*more));
        if (more == NULL) {
            lr_symbol_limits_miss();
            return false;
        }
        list->ranges = more;
        list->room = room;
    }
    list->ranges[list->count++] = (struct range){.start = start, .end = end, .item = item};
    return true;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end > y->end ? -1 : x->end < y->end;
}

static void range_finish(struct range_list *list)
{
    uint64_t reach = 0;
    if (list->count > 0)
        qsort(list->ranges, list->count, sizeof(*list->ranges), compare_ranges);
    for (size_t i = 0; i < list->count; i++) {
        if (list->ranges[i].end > reach)
            reach = list->ranges[i].end;
        list->ranges[i].reach = reach;
    }
}

/* The innermost range that holds `address`, then those around it: call with *at = SIZE_MAX
 * first; NULL when there is no further one. */
static const struct range *range_find(const struct range_list *list, uint64_t address, size_t *at)
{
    if (*at == SIZE_MAX) {
        size_t low = 0, high = list->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (list->ranges[middle].start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        *at = low;
    }
    while (*at > 0 && list->ranges[*at - 1].reach > address) {
        const struct range *range = &list->ranges[--*at];
        if (range->end > address)
            return range;
    }
    return NULL;
}

static bool add_die_ranges(struct range_list *list, Dwarf_Die *die, size_t item)
{
    Dwarf_Addr base, start, end;
    ptrdiff_t offset = 0;
    while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0)
        if (!range_add(list, start, end, item))
            return false;
    return offset == 0;
}

static bool add_unit(struct lr_dwarf *dwarf, Dwarf_Die *die, Dwarf_Die *split)
{
    if (dwarf->unit_count == dwarf->unit_room) {
        size_t room = dwarf->unit_room ? dwarf->unit_room * 2 : 64;
        struct unit *more = reallocarray(dwarf->units, room, sizeof(*more));
        if (more == NULL) {
            lr_symbol_limits_miss();
            return false;
        }
        dwarf->units = more;
        dwarf->unit_room = room;
    }
    bool is_split = split != NULL && dwarf_tag(split) == DW_TAG_compile_unit;
    dwarf->units[dwarf->unit_count] =
        (struct unit){.die = is_split ? *split : *die, .skeleton = *die};
    add_die_ranges(&dwarf->ranges, die, dwarf->unit_count);
    dwarf->unit_count++;
    return true;
}

struct lr_dwarf *lr_dwarf_new(Elf *elf)
{
    Dwarf *handle = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    struct lr_dwarf *dwarf = handle != NULL ? calloc(1, sizeof(*dwarf)) : NULL;
    if (dwarf == NULL) {
        dwarf_end(handle);
        return NULL;
    }
    dwarf->dwarf = handle;
    Dwarf_CU *cu = NULL;
    Dwarf_Half version;
    uint8_t type;
    Dwarf_Die die, split;
    memset(&split, 0, sizeof(split));
    while (dwarf_get_units(handle, cu, &cu, &version, &type, &die, &split) == 0) {
        bool code = type == DW_UT_compile || type == DW_UT_skeleton;
        if (code && !add_unit(dwarf, &die, type == DW_UT_skeleton ? &split : NULL))
            break;
        memset(&split, 0, sizeof(split));
    }
    range_finish(&dwarf->ranges);
    if (dwarf->ranges.count == 0) {
        lr_dwarf_free(dwarf);
        return NULL;
    }
    return dwarf;
}

void lr_dwarf_free(struct lr_dwarf *dwarf)
{
    if (dwarf == NULL)
        return;
    for (size_t i = 0; i < dwarf->unit_count; i++)
        free(dwarf->units[i].functions.ranges);
    free(dwarf->units);
    free(dwarf->ranges.ranges);
    lr_dwarf_texts_free(dwarf->scopes);
    dwarf_end(dwarf->dwarf);
    free(dwarf);
}

/* May functions with code hide among the children of such an entry? */
static bool holds_functions(int tag)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: /* Rust */
    case DW_TAG_variant_part:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
        return true;
    default:
        return false;
    }
}

static void index_functions(struct unit *unit, Dwarf_Die *parent, int depth)
{
    Dwarf_Die die;
    if (depth > 64 || dwarf_child(parent, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram)
            add_die_ranges(&unit->functions, &die, dwarf_dieoffset(&die));
        if (holds_functions(tag))
            index_functions(unit, &die, depth + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

/* The function of `unit` at `address`. */
static bool find_function(struct unit *unit, uint64_t address, Dwarf_Die *function)
{
    if (!unit->indexed) {
        unit->indexed = true;
        index_functions(unit, &unit->die, 0);
        range_finish(&unit->functions);
    }
    size_t at = SIZE_MAX;
    const struct range *range = range_find(&unit->functions, address, &at);
    /* Split units live in another file with offsets of its own. */
    return range != NULL &&
           dwarf_offdie(dwarf_cu_getdwarf(unit->die.cu), range->item, function) != NULL;
}

/* The child of `die` through which `address` is reached: an inlined call, or a block on the way
 * to one. */
static bool step_inside(Dwarf_Die *die, uint64_t address, Dwarf_Die *inside)
{
    if (dwarf_child(die, inside) != 0)
        return false;
    do {
        int tag = dwarf_tag(inside);
        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
            dwarf_haspc(inside, address) == 1)
            return true;
    } while (dwarf_siblingof(inside, inside) == 0);
    return false;
}

static const char *function_name(struct lr_dwarf *dwarf, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *name = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) != NULL ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) != NULL)
        name = dwarf_formstring(&attribute);
    if (name == NULL && dwarf_attr_integrate(die, DW_AT_name, &attribute) != NULL)
        name = lr_dwarf_qualify(&dwarf->scopes, die, dwarf_formstring(&attribute));
    return name;
}

/* Where an inlined function was called. */
static void call_place(struct unit *unit, Dwarf_Die *inlined, struct lr_raw_frame *caller)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    Dwarf_Files *files;
    size_t file_count;
    if (dwarf_attr(inlined, DW_AT_call_line, &attribute) != NULL &&
        dwarf_formudata(&attribute, &value) == 0 && value <= INT32_MAX)
        caller->line = (int)value;
    if (dwarf_attr(inlined, DW_AT_call_file, &attribute) != NULL &&
        dwarf_formudata(&attribute, &value) == 0 &&
        dwarf_getsrcfiles(&unit->die, &files, &file_count) == 0 && value < file_count)
        caller->file = dwarf_filesrc(files, value, NULL, NULL);
}

static void source_place(struct unit *unit, uint64_t address, struct lr_raw_frame *frame)
{
    Dwarf_Line *line = dwarf_getsrc_die(&unit->skeleton, address);
    int number;
    if (line != NULL && dwarf_lineno(line, &number) == 0 && number > 0) {
        frame->line = number;
        frame->file = dwarf_linesrc(line, NULL, NULL);
    }
}

/* Walks from the function inwards, and returns the frames innermost first. */
static size_t function_frames(struct lr_dwarf *dwarf, struct unit *unit, Dwarf_Die *function,
                              uint64_t address, struct lr_raw_frame frames[LR_INLINE_MAX])
{
    Dwarf_Die chain[LR_INLINE_MAX], die = *function, inside;
    size_t count = 1;
    chain[0] = die;
    for (int steps = 0; steps < 4 * LR_INLINE_MAX && step_inside(&die, address, &inside); steps++) {
        die = inside;
        if (dwarf_tag(&die) != DW_TAG_inlined_subroutine)
            continue;
        if (count == LR_INLINE_MAX)
            break;
        chain[count++] = die;
    }
    for (size_t i = 0; i < count; i++) {
        struct lr_raw_frame *frame = &frames[i];
        *frame = (struct lr_raw_frame){.name = function_name(dwarf, &chain[count - 1 - i])};
        if (i == 0)
            source_place(unit, address, frame);
        else
            call_place(unit, &chain[count - i], frame);
    }
    return count;
}

size_t lr_dwarf_find(struct lr_dwarf *dwarf, uint64_t address,
                     struct lr_raw_frame frames[LR_INLINE_MAX])
{
    size_t at = SIZE_MAX;
    const struct range *range;
    struct unit *unit = NULL;
    if (dwarf == NULL)
        return 0;
    while ((range = range_find(&dwarf->ranges, address, &at)) != NULL) {
        Dwarf_Die function;
        unit = &dwarf->units[range->item];
        if (find_function(unit, address, &function))
            return function_frames(dwarf, unit, &function, address, frames);
    }
    if (unit == NULL)
        return 0;
    /* Assembly: a line, but no function. */
    frames[0] = (struct lr_raw_frame){NULL, NULL, 0};
    source_place(unit, address, &frames[0]);
    return frames[0].line > 0;
}
