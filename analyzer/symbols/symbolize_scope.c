/* symbolize_scope.c -- names of functions with their namespaces and classes (symbolize_scope.h).
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * A debugging entry doesn't know its parent.  Entries are ordered by offset, though, so the way
 * from the unit down to one is found by skipping siblings: no recursion, and as many steps as
 * there are siblings on the way.
 */
#include "symbolize_scope.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 32, NAME_LIMIT = 4096 };

struct lr_dwarf_texts {
    struct lr_dwarf_texts *next;
    char bytes[];
};

void lr_dwarf_texts_free(struct lr_dwarf_texts *texts)
{
    for (struct lr_dwarf_texts *next; texts != NULL; texts = next) {
        next = texts->next;
        free(texts);
    }
}

static bool follow(Dwarf_Die *die, unsigned reference)
{
    Dwarf_Attribute attribute;
    Dwarf_Die target;
    if (dwarf_attr(die, reference, &attribute) == NULL ||
        dwarf_formref_die(&attribute, &target) == NULL)
        return false;
    *die = target;
    return true;
}

/* From a call that was inlined, or a function's code, to where the function was declared. */
static Dwarf_Die declaration(const Dwarf_Die *die)
{
    Dwarf_Die found = *die;
    for (int i = 0; i < 8; i++)
        if (!follow(&found, DW_AT_abstract_origin) && !follow(&found, DW_AT_specification))
            break;
    return found;
}

/* In C a function within a function is its own; elsewhere names need what is around them. */
static bool has_scopes(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Mips_Assembler:
        return false;
    default:
        return true;
    }
}

/* `inner` is the name of what is inside. */
static const char *scope_name(Dwarf_Die *die, const char *inner)
{
    const char *name = dwarf_diename(die);
    switch (dwarf_tag(die)) {
    case DW_TAG_namespace:
        return name != NULL ? name : "(anonymous namespace)";
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_interface_type:
        if (name == NULL)
            return strcmp(inner, "operator()") == 0 ? "{lambda}" : "(anonymous class)";
        return name;
    default:
        return NULL;
    }
}

/* The child of `parent` that is `target` or has it inside. */
static bool step_towards(Dwarf_Die *parent, Dwarf_Off target, Dwarf_Die *step)
{
    Dwarf_Die next;
    if (dwarf_child(parent, step) != 0 || dwarf_dieoffset(step) > target)
        return false;
    while (dwarf_siblingof(step, &next) == 0 && dwarf_dieoffset(&next) <= target)
        *step = next;
    return true;
}

static void append(char *text, const char *part)
{
    size_t length = strlen(text);
    if (length + strlen(part) < NAME_LIMIT)
        memcpy(text + length, part, strlen(part) + 1);
}

static const char *keep(struct lr_dwarf_texts **texts, const char *text)
{
    struct lr_dwarf_texts *kept = malloc(sizeof(*kept) + strlen(text) + 1);
    if (kept == NULL)
        return NULL;
    strcpy(kept->bytes, text);
    kept->next = *texts;
    *texts = kept;
    return kept->bytes;
}

/* Appends to `text` what is around `die`: "acme::Pool::". */
static void append_scopes(char *text, const Dwarf_Die *die, const char *name, int functions)
{
    Dwarf_Die found = declaration(die), parent, step;
    Dwarf_Off target = dwarf_dieoffset(&found);
    if (dwarf_diecu(&found, &parent, NULL, NULL) == NULL || !has_scopes(&parent))
        return;
    for (int depth = 0; depth < DEPTH_LIMIT && step_towards(&parent, target, &step); depth++) {
        if (dwarf_dieoffset(&step) == target)
            break;
        const char *scope = scope_name(&step, name);
        if (dwarf_tag(&step) == DW_TAG_subprogram && functions > 0) {
            /* A lambda's: this may be the function's code, and its declaration elsewhere. */
            scope = dwarf_diename(&step);
            text[0] = '\0';
            append_scopes(text, &step, scope != NULL ? scope : "", functions - 1);
        }
        if (scope != NULL) {
            append(text, scope);
            append(text, "::");
        }
        parent = step;
    }
}

const char *lr_dwarf_qualify(struct lr_dwarf_texts **texts, Dwarf_Die *die, const char *name)
{
    char text[NAME_LIMIT] = "";
    if (name == NULL)
        return NULL;
    append_scopes(text, die, name, 3);
    if (text[0] == '\0')
        return name;
    append(text, name);
    const char *kept = keep(texts, text);
    return kept != NULL ? kept : name;
}
