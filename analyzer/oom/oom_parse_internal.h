/* oom_parse_internal.h -- what the files of the OOM parser share.
 *
 * Stage: `leakring oom`, parsing.  Context: analyzer only; nobody else includes this.
 */
#ifndef LEAKRING_OOM_PARSE_INTERNAL_H
#define LEAKRING_OOM_PARSE_INTERNAL_H

#include "oom_parse.h"

enum lr_oom_column {
    LR_COL_IGNORED,
    LR_COL_UID,
    LR_COL_TGID,
    LR_COL_TOTAL_VM,
    LR_COL_RSS,
    LR_COL_RSS_ANON,
    LR_COL_RSS_FILE,
    LR_COL_RSS_SHMEM,
    LR_COL_PTES, /* nr_ptes, nr_pmds, nr_puds: pages, added up */
    LR_COL_PGTABLES,
    LR_COL_SWAP,
    LR_COL_ADJ,
};
#define LR_OOM_COLUMNS_MAX 16

/* The table's form, as its header gave it. */
struct lr_oom_columns {
    enum lr_oom_column column[LR_OOM_COLUMNS_MAX]; /* between pid and name */
    unsigned count;
};

/* Where the parser is inside blocks of several lines. */
enum lr_oom_block { LR_BLOCK_NONE, LR_BLOCK_STATS, LR_BLOCK_SLABS };

struct lr_oom_parser {
    lr_oom_sink sink;
    void *context;
    bool open;      /* an event is being read */
    bool tentative; /* … but nothing yet proves that it is an OOM and not another Mem-Info */
    unsigned idle;  /* lines since the last one that belonged to it */
    enum lr_oom_block block;
    struct lr_oom_columns columns;
    struct lr_oom_event event;
};

/* Finds `key` and reads the unsigned number behind it (blanks allowed); false when it isn't
 * there.  A number that overflows is not read. */
bool lr_oom_number(const char *text, const char *key, uint64_t *value);
bool lr_oom_signed(const char *text, const char *key, int64_t *value);
/* Reads the digits at *text and moves on; false when there are none or they overflow. */
bool lr_oom_digits(const char **text, uint64_t *value);

/* Each takes a message and says whether it was one of its own. */
bool lr_oom_parse_memory(struct lr_oom_parser *parser, char *text); /* oom_parse_mem.c */
bool lr_oom_parse_memcg(struct lr_oom_parser *parser, char *text);  /* oom_parse_memcg.c */
bool lr_oom_parse_table(struct lr_oom_parser *parser, char *text);  /* oom_parse_tasks.c */
bool lr_oom_parse_kill(struct lr_oom_parser *parser, char *text);   /* oom_parse_kill.c */

/* Is this message a kill line that can't belong to the open event any more? */
bool lr_oom_starts_new(const struct lr_oom_event *event, const char *text);

#endif
