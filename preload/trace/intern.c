/* intern.c -- the append sections: strings, modules, methods, Java frames, meta.
 *
 * Stage: RECORD -> FILE, cold path (first sights only).  Context: any thread, inside malloc,
 * under the intern lock.  An entry is complete before `used` counts it.
 */
#include "intern.h"

#include <string.h>

#include "file.h"
#include "lock.h"
#include "prim.h"
#include "trace.h"

static struct lr_index strings, methods, jframes;
static struct lr_index *first_index; /* all there are */
static struct lr_lock lock;

bool lr_intern_lock(void)
{
    return lr_lock_take(&lock);
}

void lr_intern_unlock(void)
{
    lr_lock_drop(&lock);
}

struct lr_index_slot {
    uint32_t hash, entry; /* entry + 1; 0: free */
};
/* A search in vain meets a hundred slots in the most crowded index, a tenth of what a first sight
 * costs; a less crowded one would be twice as large. */
enum { INDEX_FIRST = 1024, CROWDED = 4 };

bool lr_index_start(struct lr_index *index)
{
    index->slots = lr_prim_map(INDEX_FIRST * sizeof *index->slots);
    index->mask = INDEX_FIRST - 1;
    index->next = first_index;
    first_index = index;
    return index->slots != NULL;
}

uint32_t lr_index_find(const struct lr_index *index, uint64_t hash,
                       bool (*same)(uint32_t entry, const void *key), const void *key)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (; index->slots[at].entry; at = (at + 1) & index->mask)
        if (index->slots[at].hash == (uint32_t)hash && same(index->slots[at].entry - 1, key))
            return index->slots[at].entry;
    return 0;
}

static void put(struct lr_index_slot *slots, uint32_t mask, struct lr_index_slot slot)
{
    uint32_t at = slot.hash & mask;
    while (slots[at].entry)
        at = (at + 1) & mask;
    slots[at] = slot;
}

static bool grow(struct lr_index *index)
{
    uint64_t size = ((uint64_t)index->mask + 1) * sizeof *index->slots;
    struct lr_index_slot *larger = lr_prim_map(size * 2);
    if (!larger)
        return false;
    uint32_t mask = index->mask * 2 + 1;
    for (uint32_t i = 0; i <= index->mask; i++)
        if (index->slots[i].entry)
            put(larger, mask, index->slots[i]);
    struct lr_index_slot *old = index->slots;
    __atomic_store_n(&index->slots, larger, __ATOMIC_RELEASE);
    __atomic_store_n(&index->mask, mask, __ATOMIC_RELEASE); /* after it: never too large */
    lr_prim_unmap(old, size);
    return true;
}

void lr_index_reserve_all(void)
{
    for (struct lr_index *index = first_index; index; index = index->next)
        while (index->used >= index->mask >> 3 && grow(index))
            continue;
}

void lr_index_add(struct lr_index *index, uint64_t hash, uint32_t entry)
{
    bool crowded = index->used >= index->mask - (index->mask >> CROWDED);
    if (crowded && !grow(index) && index->used >= index->mask - 1)
        return; /* a free slot must stay, or a search would never end */
    put(index->slots, index->mask, (struct lr_index_slot){(uint32_t)hash, entry + 1});
    index->used++;
}

/* What lies behind a freed slot moves up to it, unless it would come before its home. */
static void close_gap(struct lr_index *index, uint32_t gap)
{
    struct lr_index_slot *slots = index->slots;
    for (uint32_t at = (gap + 1) & index->mask; slots[at].entry; at = (at + 1) & index->mask) {
        uint32_t home = slots[at].hash & index->mask;
        if (((at - home) & index->mask) < ((at - gap) & index->mask))
            continue;
        slots[gap] = slots[at];
        gap = at;
    }
    slots[gap].entry = 0;
}

void lr_index_remove(struct lr_index *index, uint64_t hash, uint32_t entry)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (; index->slots[at].entry; at = (at + 1) & index->mask) {
        if (index->slots[at].entry != entry + 1)
            continue;
        close_gap(index, at);
        index->used--;
        return;
    }
}

/* Room for one more entry of an append section?  Returns its index, or -1 and counts. */
static int64_t append(enum lr_section_id id, uint64_t entries, enum lr_counter full)
{
    struct lr_section *section = lr_file.section[id];
    if (section->capacity - section->used < entries) {
        lr_count(full);
        return -1;
    }
    return (int64_t)section->used;
}

static void commit(enum lr_section_id id, uint64_t entries)
{
    struct lr_section *section = lr_file.section[id];
    __atomic_store_n(&section->used, section->used + entries, __ATOMIC_RELEASE);
}

struct bytes {
    const char *at;
    uint32_t length;
};

/* String ids are byte offsets, multiples of 4; the index holds id / 4. */
static bool same_string(uint32_t id, const void *key)
{
    const struct bytes *bytes = key;
    uint32_t length;
    memcpy(&length, lr_file.strings + (uint64_t)id * 4, sizeof length);
    return length == bytes->length &&
           memcmp(lr_file.strings + (uint64_t)id * 4 + 4, bytes->at, length) == 0;
}

static uint64_t hash_bytes(const char *at, size_t length)
{
    uint64_t hash = length;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = lr_hash_mix(hash, word);
    }
    uint64_t tail = 0;
    memcpy(&tail, at, length);
    return lr_hash_mix(hash, tail);
}

uint32_t lr_intern_string(const char *at, size_t length)
{
    if (length > LR_STRING_MAX)
        length = LR_STRING_MAX;
    struct bytes key = {at, (uint32_t)length};
    uint64_t hash = hash_bytes(at, length);
    uint32_t found = lr_index_find(&strings, hash, same_string, &key);
    if (found)
        return (found - 1) * 4;
    uint64_t size = (4 + length + 3) & ~(uint64_t)3;
    int64_t offset = append(LR_SEC_STRINGS, size, LR_CNT_strings_full);
    if (offset < 0)
        return 0;
    uint8_t *record = lr_file.strings + offset;
    memcpy(record, &key.length, 4);
    memcpy(record + 4, at, length);
    commit(LR_SEC_STRINGS, size);
    lr_index_add(&strings, hash, (uint32_t)(offset / 4));
    return (uint32_t)offset;
}

static bool same_method(uint32_t id, const void *key)
{
    return memcmp(&lr_file.methods[id], key, sizeof(struct lr_method)) == 0;
}

uint32_t lr_intern_method(uint32_t class_name, uint32_t name, uint32_t source_file, uint32_t flags)
{
    struct lr_method key = {class_name, name, source_file, flags};
    uint64_t hash = lr_hash_mix(lr_hash_mix(class_name, name), source_file);
    uint32_t found = lr_index_find(&methods, hash, same_method, &key);
    if (found)
        return found;
    int64_t index = append(LR_SEC_METHODS, 1, LR_CNT_methods_full);
    if (index < 0)
        return 0;
    lr_file.methods[index] = key;
    commit(LR_SEC_METHODS, 1);
    lr_index_add(&methods, hash, (uint32_t)index);
    return (uint32_t)index + 1;
}

static bool same_jframe(uint32_t id, const void *key)
{
    return memcmp(&lr_file.jframes[id], key, sizeof(struct lr_jframe)) == 0;
}

uint32_t lr_intern_jframe(uint32_t method, int32_t line)
{
    struct lr_jframe key = {method, line};
    uint64_t hash = lr_hash_mix(method, (uint32_t)line);
    uint32_t found = lr_index_find(&jframes, hash, same_jframe, &key);
    if (found)
        return found;
    int64_t index = append(LR_SEC_JFRAMES, 1, LR_CNT_jframes_full);
    if (index < 0)
        return 0;
    lr_file.jframes[index] = key;
    commit(LR_SEC_JFRAMES, 1);
    lr_index_add(&jframes, hash, (uint32_t)index);
    return (uint32_t)index + 1;
}

/* Frames are stored relative to their module, so the same file at another address (unloaded and
 * loaded again) is the same entry. */
static bool same_module(const struct lr_module *a, const struct lr_module *b)
{
    return a->path == b->path && a->build_id_size == b->build_id_size &&
           a->end - a->start == b->end - b->start && a->flags == b->flags &&
           memcmp(a->build_id, b->build_id, sizeof a->build_id) == 0;
}

uint32_t lr_intern_module(const struct lr_module *module)
{
    struct lr_section *section = lr_file.section[LR_SEC_MODULES];
    for (uint32_t i = 1; i < section->used; i++) {
        struct lr_module *old = &lr_file.modules[i];
        if (!same_module(old, module))
            continue;
        old->start = module->start;
        old->end = module->end;
        old->bias = module->bias;
        old->unload_ms = 0;
        return i;
    }
    int64_t index = append(LR_SEC_MODULES, 1, LR_CNT_modules_full);
    if (index < 0 || index > INT16_MAX)
        return 0;
    lr_file.modules[index] = *module;
    commit(LR_SEC_MODULES, 1);
    lr_trace_event(LR_EVENT_MODULE, (uint32_t)index, 0);
    return (uint32_t)index;
}

struct lr_module *lr_trace_module(uint32_t index)
{
    return &lr_file.modules[index];
}

uint32_t lr_trace_module_count(void)
{
    return (uint32_t)lr_file.section[LR_SEC_MODULES]->used;
}

void lr_intern_meta(enum lr_meta_key key, const char *text)
{
    uint32_t string = lr_intern_string(text, strlen(text));
    int64_t index = append(LR_SEC_META, 1, LR_CNT_strings_full);
    if (index < 0)
        return;
    lr_file.metas[index] = (struct lr_meta){key, string};
    commit(LR_SEC_META, 1);
}

bool lr_intern_start(void)
{
    if (!lr_index_start(&strings) || !lr_index_start(&methods) || !lr_index_start(&jframes))
        return false;
    lr_intern_string("", 0); /* id 0 */
    commit(LR_SEC_MODULES, 1); /* entry 0: no module */
    return true;
}
