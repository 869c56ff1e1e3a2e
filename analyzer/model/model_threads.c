/* model_threads.c -- which threads came to a place (model_threads.h).
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include "model_threads.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct use {
    const char *name; /* the trace has one copy of each; NULL: free slot */
    double live;
    uint32_t id;
    unsigned place;
};

struct lr_thread_uses {
    struct use *slots; /* hashed, a power of two */
    size_t room, count;
    struct use *sorted; /* the used ones by place, id, name; NULL: to be made */
};

static size_t use_hash(unsigned place, uint32_t id, const char *name)
{
    uint64_t hash = ((uint64_t)place << 32 | id) * UINT64_C(0x9e3779b97f4a7c15);

    hash = (hash ^ (uintptr_t)name) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 20);
}

static struct use *find_slot(struct use *slots, size_t room, unsigned place, uint32_t id,
                             const char *name)
{
    for (size_t i = use_hash(place, id, name);; i++) {
        struct use *use = &slots[i & (room - 1)];

        if (!use->name || (use->name == name && use->id == id && use->place == place))
            return use;
    }
}

static bool grow(struct lr_thread_uses *uses)
{
    size_t room = uses->room ? 2 * uses->room : 1024;
    struct use *slots = calloc(room, sizeof(*slots));

    if (!slots)
        return false;
    for (size_t i = 0; i < uses->room; i++) {
        struct use *use = &uses->slots[i];

        if (use->name)
            *find_slot(slots, room, use->place, use->id, use->name) = *use;
    }
    free(uses->slots);
    uses->slots = slots;
    uses->room = room;
    return true;
}

bool lr_threads_count(struct lr_thread_uses **made, unsigned place, uint32_t id, const char *name,
                      double live)
{
    struct lr_thread_uses *uses = *made ? *made : (*made = calloc(1, sizeof(**made)));
    struct use *use;

    if (!uses || (uses->count >= uses->room / 2 && !grow(uses)))
        return false;
    use = find_slot(uses->slots, uses->room, place, id, name);
    if (!use->name) {
        *use = (struct use){.name = name, .id = id, .place = place};
        uses->count++;
        free(uses->sorted);
        uses->sorted = NULL;
    }
    use->live += live;
    return true;
}

static int compare_pointers(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static int compare_places(const struct use *a, unsigned place, uint32_t id)
{
    if (a->place != place)
        return a->place < place ? -1 : 1;
    return (a->id > id) - (a->id < id);
}

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    int order = compare_places(a, b->place, b->id);

    return order ? order : compare_pointers(a->name, b->name);
}

static bool sort_uses(struct lr_thread_uses *uses)
{
    size_t count = 0;

    uses->sorted = calloc(uses->count, sizeof(*uses->sorted));
    if (!uses->sorted)
        return false;
    for (size_t i = 0; i < uses->room; i++)
        if (uses->slots[i].name)
            uses->sorted[count++] = uses->slots[i];
    qsort(uses->sorted, count, sizeof(*uses->sorted), compare_uses);
    return true;
}

bool lr_threads_take(struct lr_thread_uses *uses, unsigned place, uint32_t id,
                     struct lr_model_threads *threads)
{
    size_t low = 0, high, end;

    if (!uses || uses->count == 0)
        return true;
    if (!uses->sorted && !sort_uses(uses))
        return false;
    for (high = uses->count; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (compare_places(&uses->sorted[middle], place, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < uses->count && compare_places(&uses->sorted[end], place, id) == 0;)
        end++;
    if (end == low)
        return true;
    threads->items = calloc(end - low, sizeof(*threads->items));
    if (!threads->items)
        return false;
    for (; low < end; low++)
        threads->items[threads->count++] = (struct lr_model_thread){
            .name = uses->sorted[low].name, .alike = 1, .live = uses->sorted[low].live};
    return true;
}

void lr_threads_free(struct lr_thread_uses *uses)
{
    if (!uses)
        return;
    free(uses->slots);
    free(uses->sorted);
    free(uses);
}

/* Both are sorted by the names' addresses, and so is the result. */
bool lr_threads_merge(struct lr_model_threads *threads, struct lr_model_threads *from)
{
    size_t total = threads->count + from->count, i = 0, k = 0, count = 0;
    struct lr_model_thread *items = from->count ? calloc(total, sizeof(*items)) : NULL;

    while (items && (i < threads->count || k < from->count)) {
        int order = i == threads->count ? 1
                    : k == from->count
                        ? -1
                        : compare_pointers(threads->items[i].name, from->items[k].name);

        items[count] = order <= 0 ? threads->items[i++] : from->items[k++];
        if (order == 0)
            items[count].live += from->items[k++].live;
        count++;
    }
    if (items) {
        free(threads->items);
        *threads = (struct lr_model_threads){items, count};
    }
    total = from->count;
    free(from->items);
    *from = (struct lr_model_threads){NULL, 0};
    return items || total == 0;
}

/* 0 for names that differ only in digits: "pool-1-thread-9", "pool-2-thread-10". */
static int compare_alike(const char *a, const char *b)
{
    for (;;) {
        bool digits_a = isdigit((unsigned char)*a), digits_b = isdigit((unsigned char)*b);

        if (digits_a && digits_b) {
            a += strspn(a, "0123456789");
            b += strspn(b, "0123456789");
        } else if (*a != *b || *a == '\0') {
            return (unsigned char)*a - (unsigned char)*b;
        } else {
            a++;
            b++;
        }
    }
}

static int compare_names(const void *left, const void *right)
{
    const struct lr_model_thread *a = left, *b = right;
    int order = compare_alike(a->name, b->name);
    size_t length_a = strlen(a->name), length_b = strlen(b->name);

    if (order)
        return order;
    return length_a != length_b ? (length_a < length_b ? -1 : 1) : strcmp(a->name, b->name);
}

static int compare_live(const void *left, const void *right)
{
    const struct lr_model_thread *a = left, *b = right;

    if (a->live != b->live)
        return a->live > b->live ? -1 : 1;
    return strcmp(a->name, b->name);
}

void lr_threads_group(struct lr_model_threads *threads)
{
    size_t kept = 0;

    if (threads->count == 0)
        return;
    qsort(threads->items, threads->count, sizeof(*threads->items), compare_names);
    for (size_t i = 0; i < threads->count; i++) {
        struct lr_model_thread *last = kept ? &threads->items[kept - 1] : NULL;

        if (last && compare_alike(last->name, threads->items[i].name) == 0) {
            last->alike++;
            last->live += threads->items[i].live;
        } else {
            threads->items[kept++] = threads->items[i];
        }
    }
    threads->count = kept;
    qsort(threads->items, kept, sizeof(*threads->items), compare_live);
}
