/* top_rows.h -- the places of a model as one list: streams and plain memory, by what grows or is
 * large.
 *
 * Stage: EMIT, for `leakring top`.  Context: analyzer only.
 */
#ifndef LEAKRING_TOP_ROWS_H
#define LEAKRING_TOP_ROWS_H

#include "model.h"

struct lr_top_row {
    const char *kind; /* a pair's name, or malloc, new, mmap */
    const struct lr_model_path *path;
    double bytes, count; /* live */
    double change;       /* bytes a minute, over the last one; NAN: not followed that long */
    const struct lr_trend *trend; /* NULL: none was made */
    bool pair, leak, expected, jvm;
};

enum lr_top_key { LR_TOP_CHANGE, LR_TOP_BYTES, LR_TOP_COUNT, LR_TOP_KEYS };
const char *lr_top_key_name(enum lr_top_key key);

enum lr_top_show { LR_TOP_ALL, LR_TOP_PAIRS, LR_TOP_MEMORY, LR_TOP_SHOWS };
const char *lr_top_show_name(enum lr_top_show show);

struct lr_top_choice {
    enum lr_top_key key;
    enum lr_top_show show;
    const char *filter; /* part of a function's name on the way there, or of the kind; "": all */
};

struct lr_top_rows {
    struct lr_top_row *items; /* free(); they point into the model */
    size_t count;
};

/* Address space that was only mapped is no memory, and isn't listed. */
enum lr_status lr_top_rows_make(const struct lr_model *model, const struct lr_top_choice *choice,
                                struct lr_top_rows *rows, struct lr_error *error);

/* Bytes a minute over the last minute, at least ten seconds of it; NAN when that isn't known. */
double lr_top_change(const struct lr_model_followed *followed, uint64_t mask);

#endif
