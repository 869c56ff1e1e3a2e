/* dump_write.h -- records as lines of text or as JSON, by the same calls.
 *
 * Stage: OUTPUT of `leakring dump`.  Context: analyzer only.  A section is a list of records, a
 * record is a list of fields, a field may be a list of records.  Text: `name:` and one line per
 * record, `field=value …`; JSON: one object whose keys are the sections.
 */
#ifndef LEAKRING_DUMP_WRITE_H
#define LEAKRING_DUMP_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct lr_dump {
    FILE *out;
    bool json;
    bool first;     /* JSON: nothing has been written in this list or record yet */
    unsigned depth; /* lists open */
};

void lr_dump_begin(struct lr_dump *dump, FILE *out, bool json, const char *schema);
void lr_dump_end(struct lr_dump *dump);

/* Lists: on the outermost level sections, inside a record nested ones. */
void lr_dump_list(struct lr_dump *dump, const char *name);
void lr_dump_list_end(struct lr_dump *dump);
void lr_dump_record(struct lr_dump *dump);
void lr_dump_record_end(struct lr_dump *dump);

void lr_dump_u64(struct lr_dump *dump, const char *name, uint64_t value);
void lr_dump_i64(struct lr_dump *dump, const char *name, int64_t value);
void lr_dump_hex(struct lr_dump *dump, const char *name, uint64_t value); /* JSON: a string */
void lr_dump_real(struct lr_dump *dump, const char *name, double value);
void lr_dump_text(struct lr_dump *dump, const char *name, const char *value);
/* Text shows the name only when true. */
void lr_dump_flag(struct lr_dump *dump, const char *name, bool value);

#endif
