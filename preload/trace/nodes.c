/* nodes.c -- nodes.h.
 *
 * Stage: RECORD -> FILE.  Context: under the intern lock.
 *
 * The index from (parent, frame) to the node is a table of chains: heads in anonymous memory, the
 * links in the nodes themselves, where there is room.  A free node is linked into the free list
 * instead.  How many stacks and nodes need a node is counted in 16 bits; one that was ever needed
 * by 65,535 stays for good.
 */
#include "nodes.h"

#include "file.h"
#include "intern.h"
#include "prim.h"

enum { FIRST_HEADS = 1024 };

static uint32_t *heads;
static uint32_t head_mask;
static uint16_t *users; /* by node: stacks that end there, and nodes whose parent it is */
static uint32_t free_head;
static uint64_t free_count;

bool lr_nodes_start(void)
{
    heads = lr_prim_map(FIRST_HEADS * sizeof *heads);
    head_mask = FIRST_HEADS - 1;
    users = lr_prim_map(lr_file_capacity(LR_SEC_NODES) * sizeof *users);
    lr_file.section[LR_SEC_NODES]->used = 1; /* entry 0: no node */
    return heads && users;
}

uint64_t lr_nodes_used(void)
{
    uint64_t made = __atomic_load_n(&lr_file.section[LR_SEC_NODES]->used, __ATOMIC_RELAXED) - 1;
    return made - __atomic_load_n(&free_count, __ATOMIC_RELAXED);
}

static uint64_t room(void)
{
    const struct lr_section *section = lr_file.section[LR_SEC_NODES];
    return section->capacity - section->used + free_count;
}

static uint32_t *head_of(uint32_t parent, uint64_t frame)
{
    return &heads[lr_hash_mix(frame, parent) & head_mask];
}

static void link(uint32_t node)
{
    struct lr_node *entry = &lr_file.nodes[node];
    uint32_t *head = head_of(entry->parent, entry->frame);
    entry->next = *head;
    *head = node;
}

/* Keeps the chains one to two long on average, in a full section at most eight. */
static void grow(void)
{
    uint64_t slots = (uint64_t)head_mask + 1;
    if (slots * 8 > lr_file_capacity(LR_SEC_NODES))
        return;
    uint32_t *old = heads, *larger = lr_prim_map(slots * 2 * sizeof *larger);
    if (!larger)
        return;
    __atomic_store_n(&heads, larger, __ATOMIC_RELEASE);
    __atomic_store_n(&head_mask, (uint32_t)(slots * 2 - 1), __ATOMIC_RELEASE);
    for (uint64_t i = 0; i < slots; i++)
        for (uint32_t node = old[i], next; node; node = next) {
            next = lr_file.nodes[node].next;
            link(node);
        }
    lr_prim_unmap(old, slots * sizeof *old);
}

static uint32_t find(uint32_t parent, uint64_t frame)
{
    uint32_t node = *head_of(parent, frame);
    while (node && (lr_file.nodes[node].frame != frame || lr_file.nodes[node].parent != parent))
        node = lr_file.nodes[node].next;
    return node;
}

static void use(uint32_t node)
{
    if (node && users[node] < UINT16_MAX)
        users[node]++;
}

/* There is room.  A new entry is complete before `used` counts it, and counted before it is linked:
 * whoever left in between (lock.h) leaves a node that nobody finds. */
static uint32_t make(uint32_t parent, uint64_t frame)
{
    struct lr_section *section = lr_file.section[LR_SEC_NODES];
    uint32_t node = free_head ? free_head : (uint32_t)section->used;
    struct lr_node *entry = &lr_file.nodes[node];
    if (free_head) { /* in this order: rather one too few than one too many */
        __atomic_store_n(&free_count, free_count - 1, __ATOMIC_RELAXED);
        __atomic_store_n(&free_head, entry->next, __ATOMIC_RELEASE);
    }
    entry->frame = frame;
    entry->parent = parent;
    users[node] = 0;
    if (node == section->used)
        __atomic_store_n(&section->used, section->used + 1, __ATOMIC_RELEASE);
    link(node);
    use(parent);
    return node;
}

uint32_t lr_nodes_add(const uint64_t *frames, size_t count)
{
    uint32_t node = 0;
    if (room() < count)
        return 0;
    if (lr_nodes_used() > (uint64_t)head_mask * 2)
        grow();
    while (count--) {
        uint32_t child = find(node, frames[count]);
        node = child ? child : make(node, frames[count]);
    }
    use(node);
    return node;
}

static void unlink_node(uint32_t node)
{
    struct lr_node *entry = &lr_file.nodes[node];
    uint32_t *at = head_of(entry->parent, entry->frame);
    while (*at && *at != node)
        at = &lr_file.nodes[*at].next;
    if (*at)
        *at = entry->next;
    entry->next = free_head;
    free_head = node;
    __atomic_store_n(&free_count, free_count + 1, __ATOMIC_RELAXED);
}

void lr_nodes_drop(uint32_t leaf)
{
    while (leaf && users[leaf] < UINT16_MAX && --users[leaf] == 0) {
        uint32_t parent = lr_file.nodes[leaf].parent;
        unlink_node(leaf);
        leaf = parent;
    }
}

bool lr_nodes_equal(uint32_t leaf, const uint64_t *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!leaf || lr_file.nodes[leaf].frame != frames[i])
            return false;
        leaf = lr_file.nodes[leaf].parent;
    }
    return leaf == 0;
}
