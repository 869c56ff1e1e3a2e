/* emit_intern.c -- emit_intern.h.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_intern.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct lr_interned *)left)->text,
                  ((const struct lr_interned *)right)->text);
}

static struct lr_interned *append(struct lr_intern *intern, const char *text)
{
    struct lr_interned *item;

    if (intern->count == intern->room) {
        size_t room = intern->room ? 2 * intern->room : 256;
        struct lr_interned **items = realloc(intern->items, room * sizeof(struct lr_interned *));

        if (!items)
            return NULL;
        intern->items = items;
        intern->room = room;
    }
    item = malloc(sizeof(*item));
    if (!item)
        return NULL;
    item->text = strdup(text);
    if (!item->text) {
        free(item);
        return NULL;
    }
    intern->items[intern->count++] = item;
    item->number = intern->count;
    return item;
}

uint64_t lr_intern(struct lr_intern *intern, const char *text)
{
    struct lr_interned wanted = {.text = (char *)(uintptr_t)text}, *item;
    void *found = tfind(&wanted, &intern->tree, compare);

    if (found)
        return (*(struct lr_interned **)found)->number;
    item = append(intern, text);
    return item && tsearch(item, &intern->tree, compare) ? item->number : 0;
}

void lr_intern_free(struct lr_intern *intern)
{
    for (size_t i = 0; i < intern->count; i++) {
        tdelete(intern->items[i], &intern->tree, compare);
        free(intern->items[i]->text);
        free(intern->items[i]);
    }
    free(intern->items);
}
