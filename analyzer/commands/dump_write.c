/* dump_write.c -- records as lines of text or as JSON, by the same calls.
 *
 * Stage: OUTPUT of `leakring dump`.  Context: analyzer only.  Streams: a trace may hold millions
 * of records.  Texts are valid UTF-8 without control characters already (load_text.c).
 */
#include "dump_write.h"

#include <inttypes.h>
#include <string.h>

static void json_text(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

static void separate(struct lr_dump *dump)
{
    if (!dump->first)
        putc(',', dump->out);
    dump->first = false;
}

static void indent(struct lr_dump *dump)
{
    fprintf(dump->out, "%*s", 2 * (int)dump->depth, "");
}

/* `, "name": ` or ` name=` */
static void field(struct lr_dump *dump, const char *name)
{
    if (dump->json) {
        separate(dump);
        json_text(dump->out, name);
        putc(':', dump->out);
        return;
    }
    fprintf(dump->out, "%s%s=", dump->first ? "" : " ", name);
    dump->first = false;
}

void lr_dump_begin(struct lr_dump *dump, FILE *out, bool json, const char *schema)
{
    *dump = (struct lr_dump){.out = out, .json = json, .first = true};
    if (json) {
        putc('{', out);
        lr_dump_text(dump, "schema", schema);
    }
}

void lr_dump_end(struct lr_dump *dump)
{
    if (dump->json)
        fputs("\n}\n", dump->out);
}

void lr_dump_list(struct lr_dump *dump, const char *name)
{
    if (dump->json) {
        separate(dump);
        if (dump->depth == 0)
            putc('\n', dump->out);
        json_text(dump->out, name);
        fputs(":[", dump->out);
    } else if (dump->depth == 0) {
        fprintf(dump->out, "%s:\n", name);
    }
    dump->depth++;
    dump->first = true;
}

void lr_dump_list_end(struct lr_dump *dump)
{
    dump->depth--;
    if (dump->json)
        putc(']', dump->out);
    dump->first = false;
}

void lr_dump_record(struct lr_dump *dump)
{
    if (dump->json) {
        separate(dump);
        if (dump->depth == 1)
            putc('\n', dump->out);
        putc('{', dump->out);
    } else {
        if (dump->depth > 1)
            putc('\n', dump->out); /* a nested record begins a line of its own */
        indent(dump);
    }
    dump->first = true;
}

void lr_dump_record_end(struct lr_dump *dump)
{
    if (dump->json)
        putc('}', dump->out);
    else if (dump->depth == 1)
        putc('\n', dump->out);
    dump->first = false;
}

void lr_dump_u64(struct lr_dump *dump, const char *name, uint64_t value)
{
    field(dump, name);
    fprintf(dump->out, "%" PRIu64, value);
}

void lr_dump_i64(struct lr_dump *dump, const char *name, int64_t value)
{
    field(dump, name);
    fprintf(dump->out, "%" PRId64, value);
}

void lr_dump_hex(struct lr_dump *dump, const char *name, uint64_t value)
{
    field(dump, name);
    fprintf(dump->out, dump->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64, value);
}

void lr_dump_real(struct lr_dump *dump, const char *name, double value)
{
    field(dump, name);
    fprintf(dump->out, "%.9g", value);
}

void lr_dump_text(struct lr_dump *dump, const char *name, const char *value)
{
    field(dump, name);
    bool plain = value[0] != '\0' && strpbrk(value, " \"\\") == NULL;
    if (dump->json || !plain)
        json_text(dump->out, value);
    else
        fputs(value, dump->out);
}

void lr_dump_flag(struct lr_dump *dump, const char *name, bool value)
{
    if (dump->json) {
        field(dump, name);
        fputs(value ? "true" : "false", dump->out);
    } else if (value) {
        fprintf(dump->out, "%s%s", dump->first ? "" : " ", name);
        dump->first = false;
    }
}
