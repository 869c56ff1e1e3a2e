/* format_gc.h -- the part of the trace file's format by which a running JVM is asked to collect,
 * and what came of it; included by format.h.
 *
 * Job: struct lr_control (LR_SEC_CONTROL) and struct lr_collection (LR_SEC_COLLECTIONS).
 * Context: as format.h; the normative text is docs/FORMAT.md.
 */
#ifndef LEAKRING_FORMAT_GC_H
#define LEAKRING_FORMAT_GC_H

#ifndef LEAKRING_FORMAT_H
#error "include leakring/format.h"
#endif

/* Control words: the only ones that another process writes.  A request is one store of `asked`;
 * the target takes it up when its helper thread comes by, and answers with `done` = `asked`. */
#define LR_CONTROL_NUMBER_MASK 0xffffffu /* of `asked`: the request's number, never 0 */
#define LR_CONTROL_WHAT_SHIFT 24
#define LR_CONTROL_COLLECT 1u /* collect garbage, let the Cleaners finish, record what went */
#define LR_CONTROL_MARK 2u    /* make a mark of the name in LR_SEC_REQUEST */

enum lr_collect_stage {
    LR_STAGE_IDLE = 0,
    LR_STAGE_COLLECTING = 1,
    LR_STAGE_DRAINING = 2, /* waiting until the Cleaner has nothing more to release */
};

enum lr_collect_result {
    LR_COLLECT_NONE = 0, /* not finished */
    LR_COLLECT_DONE = 1,
    LR_COLLECT_NO_JVM = 2,
    LR_COLLECT_DYING = 3,     /* the JVM is going down */
    LR_COLLECT_NO_THREAD = 4, /* no thread could be started, or attached to the JVM */
    LR_COLLECT_IGNORED = 5,   /* the JVM was asked and didn't collect */
    LR_COLLECT_REFUSED = 6,   /* there is no way to ask this JVM */
    LR_COLLECT_UNSEEN = 7,    /* asked; the JVM doesn't tell whether it collected (-UsePerfData) */
    LR_COLLECT_UNKNOWN = 8,   /* the request isn't known here */
    LR_COLLECT_FULL = 9,      /* no room for it in the file */
};

struct lr_control {
    uint32_t asked; /* by the asker: number, and above it what is asked for */
    uint32_t taken; /* `asked` as the target took it up last */
    uint32_t done;  /* the last one that it finished */
    uint32_t stage; /* enum lr_collect_stage, of the one under way */
    uint32_t result; /* enum lr_collect_result, of the last one; stored before `done` */
    uint32_t reserved[11];
};
LR_ASSERT(sizeof(struct lr_control) == 64);

/* What the request is about; by the asker, before `asked`. */
#define LR_REQUEST_TEXT 192u /* bytes, a zero among them */
struct lr_request {
    char text[LR_REQUEST_TEXT];
};
LR_ASSERT(sizeof(struct lr_request) == 192);

/* Collections of the whole heap, those that were asked for and those that were merely seen: what
 * lives on after one, and after the Cleaner's work, is held by the program. */
enum lr_collection_why { LR_COLLECTION_SEEN = 1, LR_COLLECTION_ASKED = 2 };
#define LR_COLLECTION_PAIRS 8u

struct lr_before_after {
    uint64_t before, after; /* LR_NO_VALUE: not known */
};
struct lr_collection {
    uint32_t sequence;   /* valid as an event's */
    uint32_t why;        /* enum lr_collection_why */
    uint32_t number;     /* of the request */
    uint32_t result;     /* enum lr_collect_result */
    uint32_t bound_ms;   /* what was born before this was born before the collection began */
    uint32_t end_ms;     /* it was over then */
    uint32_t drained_ms; /* the Cleaner had nothing more to release by then; 0: not known (yet) */
    uint32_t collections; /* how many there were */
    uint64_t cleaned; /* pairs born before the bound, released by the Cleaner since (may change) */
    struct lr_before_after rss, used, kept; /* resident; the allocator's: in use, free but kept */
    struct {
        uint32_t before, after;
    } pairs[LR_COLLECTION_PAIRS]; /* live ones, by pairdef; of an asked one */
    uint64_t reserved;
};
LR_ASSERT(sizeof(struct lr_collection) == 160);
LR_AT(struct lr_collection, bound_ms, 16);
LR_AT(struct lr_collection, cleaned, 32);
LR_AT(struct lr_collection, pairs, 88);

#endif
