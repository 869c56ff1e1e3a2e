/* suppress.h -- what the user, or the starter set, declared to be expected: rules with a reason.
 *
 * Stage: beside MODEL and JUDGE.  Context: analyzer only.  The file is one that LeakSanitizer
 * reads, too; what it doesn't know is in comments:
 *
 *     #: until=2027-03-31 max=8MiB owner=cache reason="bounded warm cache"
 *     leak:com.acme.cache.*
 *
 * A pattern is found anywhere in a frame's function, source file or module; `*` stands for any
 * text, `^` first and `$` last tie it to the name's start and end (within, `$` is Java's letter).
 * Keys: reason (needed), until (the last day), max (live bytes of all sites together), count (live
 * or un-ended ones), owner, pair (only that resource), match=any|culprit|resource:
 *   any       some frame of the stack (default);
 *   culprit   the frame to fix;
 *   resource  a frame between the resource and the first frame of the user's; all stacks through
 *             it are one site, whoever called.
 * A file without any `#:` is a plain LeakSanitizer file.  Its rules have no reason: reports list
 * them so, and checks don't apply them, unless one reason is given for all of them.
 */
#ifndef LEAKRING_SUPPRESS_H
#define LEAKRING_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum lr_suppress_match { LR_MATCH_ANY, LR_MATCH_CULPRIT, LR_MATCH_RESOURCE };
const char *lr_suppress_match_name(enum lr_suppress_match match);

/* Limits of a file, which may come from anywhere. */
enum {
    LR_SUPPRESS_FILE_MAX = 1 << 20, /* bytes */
    LR_SUPPRESS_RULES_MAX = 1000,
    LR_SUPPRESS_LINE_MAX = 4096,
};

/* One rule.  Strings are safe to print and the set's. */
struct lr_suppression {
    const char *file; /* where it is from */
    unsigned line;    /* of the pattern */
    char *pattern;
    char *reason;       /* never NULL */
    char *owner, *pair; /* NULL: none was given */
    enum lr_suppress_match match;
    char until[11];                /* YYYY-MM-DD, the last day on which it holds; "": for ever */
    uint64_t until_unix;           /* the first second on which it doesn't; 0: for ever */
    uint64_t max_bytes, max_count; /* UINT64_MAX: no cap */
    bool built_in;
    bool unreasoned; /* of a plain LeakSanitizer file; `reason` says so */
};

struct lr_suppressions {
    struct lr_suppression *items; /* in the order in which they are tried */
    size_t count, room;
    char **files; /* names, owned */
    size_t file_count;
    const char *plain_reason; /* of rules of plain files; NULL: none was given */
    bool need_reasons;        /* rules without one cover nothing */
};

/* What a command was asked for. */
enum { LR_SUPPRESS_FILES = 16 };
struct lr_suppress_options {
    const char *files[LR_SUPPRESS_FILES];
    unsigned count;
    bool no_built_in;
    bool need_reasons;        /* a check: see above */
    const char *plain_reason; /* for all rules of plain LeakSanitizer files; NULL: none */
};

/* The files in their order, then the starter set.  *set is NULL unless LR_OK; a message names file
 * and line. */
enum lr_status lr_suppressions_load(const struct lr_suppress_options *options,
                                    struct lr_suppressions **set, struct lr_error *error);
void lr_suppressions_free(struct lr_suppressions *set); /* NULL is fine */
/* The starter set alone; lives as long as the program. */
const struct lr_suppressions *lr_suppressions_built_in(void);
/* Appends the rules of `length` bytes of text.  For loading, tests and fuzzing. */
enum lr_status lr_suppressions_parse(struct lr_suppressions *set, const char *name, bool built_in,
                                     const char *text, size_t length, struct lr_error *error);

/* Does the pattern occur in the text?  Cost: a strstr() for each part between stars. */
bool lr_pattern_matches(const char *pattern, const char *text);

struct lr_model;
struct lr_model_path;

/* The first match=resource rule for a resource that was acquired through `path`, whose frames'
 * owners are known; NULL: none.  *frame is the one that it matched. */
const struct lr_suppression *lr_suppress_resource(const struct lr_suppressions *set,
                                                  const struct lr_model_path *path,
                                                  const char *pair, size_t *frame);

/* Notes at every site of the model which rule it falls under, sums up what each rule covers, and
 * fills model->suppressions; before the sites are judged. */
enum lr_status lr_suppress_sites(struct lr_model *model, const struct lr_suppressions *set,
                                 struct lr_error *error);

#endif
