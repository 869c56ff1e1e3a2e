/* record.c -- record.h: which table a block's record goes to.
 *
 * Stage: intercept -> RECORD -> FILE.  Context: any thread, inside malloc.
 */
#include "record.h"

#include "address_filter.h"
#include "config.h"
#include "file.h"
#include "guard.h"
#include "meter.h"
#include "pair_call.h"
#include "patience.h"
#include "prim.h"
#include "sampler.h"
#include "stack_totals.h"
#include "stacks.h"
#include "table.h"
#include "threads.h"
#include "ticks.h"
#include "trace.h"
#include "young.h"

enum {
    YOUNG_SLOTS = 32768, /* 256 KiB of keys, 1 MiB in all; fewer beside a small table */
    ARRIVING = 16384,    /* that the young table may hand to the live one before somebody looks */
    LIVE_WINDOW = 16,
    CHURN_RECORDS = 50000,
    LASTING_MS = 1000, /* a program that still records then isn't over in a moment */
    LOOK_EVERYWHERE = 16, /* passes of the helper thread */
    LOOK = 256,
    MOVED_MS = 100,
    CROWDED = 4, /* sixteenths: soon the helper must make room for stacks */
    SUM_MAX = 64, /* blocks that a pair's call adds up */
};

static struct lr_table live;
static struct lr_young young;

/* Records in the live table: those that went in less those that came out, by address, so that
 * threads seldom write the same line. */
enum { PARTS = 64 };
static struct {
    int64_t records;
} __attribute__((aligned(64))) counts[PARTS];
static uint32_t young_slots = YOUNG_SLOTS;
static bool use_young;
static uint32_t direct_records;
bool lr_record_wants_helper;

bool lr_record_start(void)
{
    live = lr_table_over(lr_file.live, lr_file_capacity(LR_SEC_LIVE), LIVE_WINDOW);
    live.touched = lr_prim_map(lr_table_parts(live.slot_count));
    while (young_slots > live.slot_count / 4) /* all of them may come at once */
        young_slots /= 2;
    void *memory = lr_prim_map(lr_young_bytes(young_slots));
    if (!memory || !live.touched)
        return false;
    young = lr_young_over(memory, young_slots);
    lr_sampler_seed(lr_config.seed);
    if (lr_config.interval) {
        lr_filter_start(); /* without it, every free looks into the tables */
        lr_sampler_change(lr_config.interval, LR_INTERVAL_ASKED, 0);
    }
    return true;
}

static void lost(const struct lr_live *record)
{
    uint64_t size = record->info & LR_LIVE_SIZE_MASK;
    lr_count(LR_CNT_live_full);
    lr_count_add(LR_CNT_live_full_bytes, size);
    lr_stack_lost(record->stack, size);
}

/* Looked at now and then: the helper thread may come too late. */
static __attribute__((noinline)) void look_for_room(void)
{
    if (lr_record_live_count() > lr_record_room() / 3 * 2)
        lr_sampler_crowd();
}

/* Records that go straight to the file: racy, and near enough. */
static uint32_t count_direct(uint32_t more)
{
    uint32_t records = __atomic_load_n(&direct_records, __ATOMIC_RELAXED) + more;
    __atomic_store_n(&direct_records, records, __ATOMIC_RELAXED);
    if (records % LOOK < more)
        look_for_room();
    return records;
}

static void want_helper(void)
{
    __atomic_store_n(&lr_record_wants_helper, true, __ATOMIC_RELAXED);
}

/* Once: a program that leaks slowly never churns, and has no series without the helper. */
void lr_record_note_time(uint32_t now_ms)
{
    static bool noted;
    if (now_ms < LASTING_MS || __atomic_load_n(&noted, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&noted, true, __ATOMIC_RELAXED);
    want_helper();
}

/* Somebody asks for something that only the helper thread can answer; told once. */
static bool is_newly_asked(void)
{
    static uint32_t seen;
    uint32_t asked = __atomic_load_n(&lr_file.control->asked, __ATOMIC_RELAXED);
    return __builtin_expect(asked != seen, 0) &&
           __atomic_exchange_n(&seen, asked, __ATOMIC_RELAXED) != asked;
}

/* What the helper thread would do if it ran: a sign of life, and noticing that it's needed. */
static void note_direct(uint32_t now_ms)
{
    if (__atomic_load_n(&lr_file.header->heartbeat_ms, __ATOMIC_RELAXED) != now_ms)
        __atomic_store_n(&lr_file.header->heartbeat_ms, now_ms, __ATOMIC_RELAXED);
    uint32_t records = count_direct(1);
    if (records == CHURN_RECORDS || (records % 64 == 0 && lr_stacks_fullness() >= CROWDED) ||
        is_newly_asked())
        want_helper();
    lr_record_note_time(now_ms);
}

static void count_live(uintptr_t address, int64_t more)
{
    unsigned part = (unsigned)((address >> 16) * UINT64_C(0x9e3779b97f4a7c15) >> 58);
    __atomic_fetch_add(&counts[part].records, more, __ATOMIC_RELAXED);
}

/* Where to add up what a pair's call does: its blocks come and go together, at one stack, so one
 * atomic addition for all of them is enough.  NULL: not in such a call, or the totals must be right
 * at any moment, as there is no helper thread to bring them to the file. */
static inline struct lr_thread_sum *sum_of_call(void)
{
    if (__builtin_expect(!lr_self.in_pair, 1) || !lr_totals_are_deferred())
        return NULL;
    struct lr_thread_slot *slot = lr_self.slot;
    return slot && slot != &lr_thread_nobody ? &slot->sum : NULL;
}

static void settle(struct lr_thread_sum *sum)
{
    struct lr_thread_sum added = {.stack = sum->stack, .bytes = sum->bytes};
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a signal handler settles it, too: once */
    added.blocks = __atomic_exchange_n(&sum->blocks, 0, __ATOMIC_RELAXED);
    added.live = __atomic_exchange_n(&sum->live, 0, __ATOMIC_RELAXED);
    if (added.blocks) {
        lr_stack_add_blocks(added.stack, added.blocks, added.bytes);
        count_direct(added.blocks);
    }
    if (added.live)
        count_live(0, added.live);
}

void lr_record_call_ended(void)
{
    struct lr_thread_slot *slot = lr_self.slot;
    if (slot && (slot->sum.blocks || slot->sum.live))
        settle(&slot->sum);
}

static void insert_in_file(const struct lr_live *record)
{
    if (lr_table_insert(&live, record))
        count_live(record->key, 1);
    else
        lost(record);
}

static void insert_record(const struct lr_live *record)
{
    if (__atomic_load_n(&use_young, __ATOMIC_RELAXED)) {
        if (lr_young_insert(&young, record))
            return;
        lr_count(LR_CNT_young_overflow);
    }
    note_direct(record->birth_ms);
    insert_in_file(record);
}

static void insert(const struct lr_live *record)
{
    insert_record(record);
    lr_filter_note(record->key);
}

static void add_to_sum(struct lr_thread_sum *sum, uint32_t stack, uint64_t size)
{
    if (sum->blocks && (sum->stack != stack || sum->blocks == SUM_MAX))
        settle(sum);
    sum->stack = stack;
    sum->bytes = sum->blocks ? sum->bytes + size : size;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    sum->blocks++;
}

/* A block of the pair whose call this is.  Straight into the file: it lives as long as the pair. */
static void insert_owned(const struct lr_live *record)
{
    uint64_t size = record->info & LR_LIVE_SIZE_MASK;
    struct lr_thread_sum *sum = sum_of_call();
    if (!sum) {
        lr_stack_add(record->stack, size);
        note_direct(record->birth_ms);
        insert_in_file(record);
    } else {
        add_to_sum(sum, record->stack, size);
        if (lr_table_insert(&live, record))
            sum->live++;
        else
            lost(record);
    }
    lr_filter_note(record->key);
}

static __attribute__((noinline)) void add_sampled(uint32_t stack, size_t size, float weight)
{
    lr_stack_add_sampled(stack, size, weight);
    lr_meter_skip((double)weight - 1);
}

static uint64_t info_of(size_t size, enum lr_kind kind)
{
    uint64_t info = size <= LR_LIVE_SIZE_MASK ? size : LR_LIVE_SIZE_MASK;
    return info | (uint64_t)kind << LR_LIVE_KIND_SHIFT;
}

static void record_alloc(const void *block, size_t size, enum lr_kind kind, float weight,
                         const struct lr_regs *caller)
{
    lr_young_prefetch(&young, (uintptr_t)block); /* while the stack is walked */
    uint32_t stack = lr_stack_take(caller, LR_STACK_OF_BLOCK);
    if (__builtin_expect(weight == 1, 1))
        lr_stack_add(stack, size);
    else
        add_sampled(stack, size, weight);
    struct lr_live record = {
        .key = (uintptr_t)block,
        .info = info_of(size, kind),
        .stack = stack,
        .birth_ms = lr_trace_ms(),
        .weight = weight,
        .thread = lr_thread_label(),
    };
    insert(&record);
}

static void record_owned(const void *block, size_t size, enum lr_kind kind)
{
    uint64_t later = lr_self.pair_later ? LR_LIVE_LATER : 0;
    struct lr_live record = {
        .key = (uintptr_t)block,
        .info = info_of(size, kind) | LR_LIVE_OWNED | later,
        .stack = lr_self.pair_stack,
        .birth_ms = lr_trace_ms(),
        .weight = 1,
        .thread = lr_thread_label(),
    };
    insert_owned(&record);
}

void lr_record_alloc(const void *block, size_t size, enum lr_kind kind, float weight,
                     const struct lr_regs *caller)
{
    if (__builtin_expect(lr_pair_call_owner(caller) != 0, 0)) {
        record_owned(block, size, kind);
        return;
    }
    if (__builtin_expect(!lr_meter_is_due(), 1)) {
        record_alloc(block, size, kind, weight, caller);
        return;
    }
    uint64_t begun = lr_ticks();
    record_alloc(block, size, kind, weight, caller);
    lr_meter_add(lr_ticks() - begun);
}

static bool take_live(const void *block, struct lr_live *record)
{
    if (!lr_table_remove(&live, (uintptr_t)block, record))
        return false;
    struct lr_thread_sum *sum = sum_of_call();
    if (sum)
        sum->live--;
    else
        count_live((uintptr_t)block, -1);
    return true;
}

static inline __attribute__((always_inline)) bool take_young(uintptr_t address,
                                                             struct lr_live *record)
{
    return record ? lr_young_remove(&young, address, record) : lr_young_drop(&young, address);
}

/* Twice: a record may move from the young table to the file between the two looks.  What a pair's
 * call frees is mostly the pair's, which never was young. */
static inline __attribute__((always_inline)) bool take(const void *block, struct lr_live *record)
{
    uintptr_t filter = __atomic_load_n(&lr_sampling.filter, __ATOMIC_ACQUIRE);
    uintptr_t address = (uintptr_t)block;
    bool file_first = __builtin_expect(lr_self.in_pair, 0);
    lr_table_prefetch(&live, address); /* while the young table is searched */
    for (unsigned look = 0; look < 2; look++) {
        if ((file_first && take_live(block, record)) || take_young(address, record) ||
            (!file_first && take_live(block, record))) {
            if (__builtin_expect(filter != 0, 0))
                lr_filter_subtract(filter, address);
            return true;
        }
        /* Who saw that it had left the one table sees it in the other. */
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    }
    return false;
}

bool lr_record_take(const void *block, struct lr_live *record)
{
    return !lr_filter_excludes((uintptr_t)block) && take(block, record);
}

static void record_free(const void *block)
{
    if (__builtin_expect(take(block, NULL), 1))
        return;
    if (__atomic_load_n(&lr_sampling.ever, __ATOMIC_RELAXED))
        lr_filter_note_miss(); /* that it isn't known means nothing */
    else if (lr_self.depth < 2) /* 2: a block of our own work */
        lr_count(LR_CNT_unknown_frees);
}

void lr_record_free(const void *block)
{
    if (__builtin_expect(!lr_meter_is_due(), 1)) {
        record_free(block);
        return;
    }
    uint64_t begun = lr_ticks();
    record_free(block);
    lr_meter_add(lr_ticks() - begun);
}

void lr_record_put_back(const struct lr_live *record)
{
    if (record->info & LR_LIVE_OWNED) {
        insert_in_file(record);
        lr_filter_note(record->key);
    } else {
        insert(record);
    }
}

/* Young ones first: what is tenured meanwhile is found in the file. */
void lr_record_mark(struct lr_marks *stacks)
{
    lr_young_mark(&young, stacks);
    lr_table_mark(&live, stacks);
}

/* Parts of the young table where nothing was put are passed over; now and then none is. */
static void look_everywhere(uint32_t before_ms)
{
    static uint32_t passes;
    if (before_ms == UINT32_MAX || passes++ % LOOK_EVERYWHERE == 0)
        lr_young_freshen(&young);
}

uint32_t lr_record_arrivals(void)
{
    static uint32_t direct_before;
    uint32_t direct = __atomic_load_n(&direct_records, __ATOMIC_RELAXED);
    uint32_t arrivals = direct - direct_before;
    direct_before = direct;
    return arrivals + lr_young_fresh(&young);
}

void lr_record_tenure(uint32_t before_ms)
{
    look_everywhere(before_ms);
    lr_table_fit(&live, lr_record_live_count());
    uint64_t moved = lr_young_tenure(&young, &live, before_ms, lost);
    if (moved) {
        lr_count_add(LR_CNT_tenured, moved);
        count_live(0, (int64_t)moved);
    }
}

void lr_record_tenure_all(void)
{
    lr_record_tenure(UINT32_MAX);
    struct lr_patience patience = {0};
    while (lr_young_is_moving(&young) && lr_patience_wait(&patience, MOVED_MS))
        ;
}

void lr_record_use_young(bool on)
{
    if (on)
        lr_young_touch(&young);
    __atomic_store_n(&use_young, on, __ATOMIC_RELAXED);
    __atomic_store_n(&lr_record_wants_helper, false, __ATOMIC_RELAXED);
}

uint64_t lr_record_live_count(void)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < PARTS; i++)
        sum += __atomic_load_n(&counts[i].records, __ATOMIC_RELAXED);
    return sum > 0 ? (uint64_t)sum : 0;
}

void lr_record_recounted(uint64_t count)
{
    count_live(0, (int64_t)count - (int64_t)lr_record_live_count());
}

uint64_t lr_record_room(void)
{
    return live.slot_count - young.slot_count;
}

struct lr_table *lr_record_live_table(void)
{
    return &live;
}

const struct lr_young *lr_record_young_table(void)
{
    return &young;
}
