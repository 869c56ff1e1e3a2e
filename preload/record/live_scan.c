/* live_scan.c -- live_scan.h.
 *
 * Stage: helper thread, reading what RECORD wrote.  Context: the helper thread only.
 * Slots change under our eyes.  A stale field does no harm: sums of thousands of records don't
 * care for one, and an index is checked before it is used.
 */
#include "live_scan.h"

#include "file.h"
#include "prim.h"
#include "record.h"
#include "table.h"

enum { PAGE = 4096, CHUNK_PAGES = 256, SLICE_NS = 250000 };

struct tally {
    struct lr_live_sum sum;
    uint32_t stack; /* plus 1; 0: free */
    uint32_t owned; /* free: the next free one */
};

static struct tally *tallies; /* LR_TALLIES and one for those that are left out */
static uint16_t *places;      /* by stack: LR_NO_TALLY less the place; 0: none */
static uint32_t fresh, free_place = LR_NO_TALLY; /* never used from there on; used before */
static uint64_t stack_count;
static uint32_t scans;
static bool left_out, ever_left_out;
static struct lr_live_totals totals, counting;

static void add(struct lr_live_sum *sum, double bytes, double count)
{
    sum->bytes += bytes;
    sum->count += count;
}

uint32_t lr_live_scan_place(uint32_t stack)
{
    return stack < stack_count ? LR_NO_TALLY - (uint32_t)places[stack] : LR_NO_TALLY;
}

uint32_t lr_live_scan_stack(uint32_t place)
{
    return tallies[place].stack - 1;
}

/* Once places were scarce, another few of the stacks may take one at each scan: first come,
 * first served would give them to the same ones again.  Those of pairs come first. */
static bool may_enter(uint32_t stack, bool owned)
{
    return owned || !ever_left_out || (stack + scans) * 0x9e3779b1u >> 27 == 0;
}

static uint32_t new_place(void)
{
    uint32_t place = free_place;
    if (place == LR_NO_TALLY)
        return fresh < LR_TALLIES ? fresh++ : LR_NO_TALLY;
    free_place = tallies[place].owned;
    return place;
}

static struct tally *tally_of(uint32_t stack, bool owned)
{
    uint32_t place = lr_live_scan_place(stack);
    if (place != LR_NO_TALLY || stack >= stack_count)
        return &tallies[place];
    if (may_enter(stack, owned))
        place = new_place();
    if (place == LR_NO_TALLY) {
        left_out = ever_left_out = true;
    } else {
        places[stack] = (uint16_t)(LR_NO_TALLY - place);
        tallies[place] = (struct tally){{0, 0}, stack + 1, 0};
    }
    return &tallies[place];
}

void lr_live_scan_drop(uint32_t place)
{
    places[lr_live_scan_stack(place)] = 0;
    tallies[place].stack = 0;
    tallies[place].owned = free_place;
    free_place = place;
}

bool lr_live_scan_left_out(void)
{
    bool was = left_out;
    left_out = false;
    return was;
}

static void count_block(const unsigned char *at)
{
    const struct lr_live *slot = (const struct lr_live *)at;
    uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
    if (!key || (key & LR_KEY_BUSY))
        return;
    uint64_t info = __atomic_load_n(&slot->info, __ATOMIC_RELAXED);
    uint32_t stack = __atomic_load_n(&slot->stack, __ATOMIC_RELAXED);
    float weight;
    __atomic_load(&slot->weight, &weight, __ATOMIC_RELAXED);
    double bytes = (double)(info & LR_LIVE_SIZE_MASK) * (double)weight;
    add(&counting.blocks, bytes, (double)weight);
    if (info & LR_LIVE_OWNED)
        add(&counting.owned, bytes, (double)weight);
    struct tally *tally = tally_of(stack, (info & LR_LIVE_OWNED) != 0);
    add(&tally->sum, bytes, (double)weight);
    if (info & LR_LIVE_OWNED)
        tally->owned = 1;
}

static void count_region(const unsigned char *at)
{
    const struct lr_region *slot = (const struct lr_region *)at;
    uint64_t length = __atomic_load_n(&slot->length, __ATOMIC_ACQUIRE);
    uint32_t stack = __atomic_load_n(&slot->stack, __ATOMIC_RELAXED);
    if (!length)
        return;
    add(&counting.mapped, (double)length, 1);
    add(&tally_of(stack, false)->sum, (double)length, 1);
}

/* Which of `count` pages of the table, from number `first` at `at` on, are to be looked at: those
 * that were written.  Reading another would bring it into memory. */
static bool pick_touched(const unsigned char *at, uint64_t first, uint64_t count,
                         unsigned char *wanted)
{
    (void)at;
    const struct lr_table *live = lr_record_live_table();
    for (uint64_t i = 0; i < count; i++)
        wanted[i] = lr_table_is_touched(live, (first + i) * (PAGE / sizeof(struct lr_live)));
    return true;
}

static bool pick_resident(const unsigned char *at, uint64_t first, uint64_t count,
                          unsigned char *wanted)
{
    (void)first;
    return lr_prim_resident(at, count * PAGE, wanted) >= 0;
}

static const struct {
    enum lr_section_id id;
    bool (*pick)(const unsigned char *at, uint64_t first, uint64_t count, unsigned char *wanted);
    void (*count)(const unsigned char *slot);
} tables[] = {{LR_SEC_LIVE, pick_touched, count_block},
              {LR_SEC_REGIONS, pick_resident, count_region}};
enum { TABLES = sizeof tables / sizeof tables[0] };

static unsigned table; /* of the scan under way */
static uint64_t page;  /* of that table */

bool lr_live_scan_start(void)
{
    stack_count = lr_file_capacity(LR_SEC_STACKS);
    tallies = lr_prim_map((LR_TALLIES + 1) * sizeof *tallies);
    places = lr_prim_map(stack_count * sizeof *places);
    return tallies && places;
}

/* Slots don't cross pages: both tables' entries divide one. */
static void count_pages(const unsigned char *at, uint64_t pages, uint64_t entry_size)
{
    unsigned char wanted[CHUNK_PAGES];
    if (!tables[table].pick(at, page, pages, wanted))
        return;
    for (uint64_t i = 0; i < pages; i++, at += PAGE) {
        if (!(wanted[i] & 1))
            continue;
        for (uint64_t offset = 0; offset + entry_size <= PAGE; offset += entry_size)
            tables[table].count(at + offset);
    }
}
_Static_assert(PAGE % sizeof(struct lr_live) == 0 && PAGE % sizeof(struct lr_region) == 0,
               "slots don't cross pages");

static bool next_table(void)
{
    page = 0;
    table = (table + 1) % TABLES;
    if (table != 0)
        return false;
    scans++;
    totals = counting;
    counting = (struct lr_live_totals){{0, 0}, {0, 0}, {0, 0}};
    return true;
}

static bool count_chunk(void)
{
    const struct lr_section *section = lr_file.section[tables[table].id];
    const unsigned char *start = (const unsigned char *)lr_file.header + section->offset;
    uint64_t all = section->capacity * section->entry_size / PAGE;
    uint64_t pages = all - page < CHUNK_PAGES ? all - page : CHUNK_PAGES;
    if (pages)
        count_pages(start + page * PAGE, pages, section->entry_size);
    page += pages;
    return page >= all && next_table();
}

bool lr_live_scan_slice(void)
{
    uint64_t begun = lr_prim_mono_exact_ns();
    bool complete = false;
    while (!complete && lr_prim_mono_exact_ns() - begun < SLICE_NS)
        complete = count_chunk();
    return complete;
}

const struct lr_live_totals *lr_live_scan_totals(void)
{
    return &totals;
}

struct lr_live_sum lr_live_scan_take(uint32_t place, bool *owned)
{
    struct tally *tally = &tallies[place];
    struct lr_live_sum sum = tally->sum;
    *owned = tally->owned != 0;
    tally->sum = (struct lr_live_sum){0, 0};
    tally->owned = 0;
    return sum;
}
