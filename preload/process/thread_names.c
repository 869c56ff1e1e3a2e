/* thread_names.c -- thread_names.h.
 *
 * Stage: RECORD, cold.  Context: any thread, inside malloc, under the intern lock.
 */
#include "thread_names.h"

#include <string.h>

#include "file.h"
#include "intern.h"
#include "prim.h"
#include "trace.h"

typedef char thread_name[LR_THREAD_NAME_BYTES];

static thread_name *names; /* by label; zero behind the terminator */
static uint32_t count = 1; /* label 0: unknown */
static struct lr_index index_;

bool lr_thread_names_start(void)
{
    names = lr_prim_map(lr_file_capacity(LR_SEC_THREADS) * sizeof *names);
    lr_file.section[LR_SEC_THREADS]->used = 1;
    return names && lr_index_start(&index_);
}

static bool is_same(uint32_t label, const void *name)
{
    return memcmp(names[label], name, sizeof *names) == 0;
}

/* Into the file, where the label is the index. */
static bool store_name(const thread_name name, uint32_t label)
{
    struct lr_section *section = lr_file.section[LR_SEC_THREADS];
    uint32_t string = lr_intern_string(name, strlen(name));
    if (label >= section->capacity) {
        lr_count(LR_CNT_threads_full);
        return false;
    }
    lr_file.threads[label] = (struct lr_thread_name){string, lr_trace_ms()};
    __atomic_store_n(&section->used, label + 1, __ATOMIC_RELEASE);
    return true;
}

static uint16_t find_or_add(const thread_name name)
{
    uint64_t words[2];
    memcpy(words, name, sizeof words);
    uint64_t hash = lr_hash_mix(words[0], words[1]);
    uint32_t found = lr_index_find(&index_, hash, is_same, name);
    if (found)
        return (uint16_t)(found - 1);
    if (count == LR_THREAD_LABELS || !store_name(name, count))
        return 0;
    memcpy(names[count], name, sizeof *names);
    lr_index_add(&index_, hash, count);
    uint32_t label = count;
    __atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
    return (uint16_t)label;
}

uint16_t lr_thread_label_of(const char *name)
{
    thread_name key = {0};
    for (size_t i = 0; i + 1 < sizeof key && name[i]; i++)
        key[i] = name[i];
    if (!names || key[0] == '\0' || !lr_intern_lock())
        return 0;
    uint16_t label = find_or_add(key);
    lr_intern_unlock();
    return label;
}

uint32_t lr_thread_label_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

const char *lr_thread_label_name(uint16_t label)
{
    return names[label];
}
