/* addr2line.h -- what eu-addr2line and we say of the same addresses of an ELF file, compared.
 *
 * Stage: tests of SYMBOLIZE.  Context: unit tests; needs eu-addr2line in PATH.
 */
#ifndef LEAKRING_ADDR2LINE_H
#define LEAKRING_ADDR2LINE_H

#include <stddef.h>
#include <stdint.h>

/* How many addresses compare how. */
struct lr_addr2line_result {
    size_t asked;
    size_t same;    /* equal functions, files, lines, inlined calls */
    size_t inlined; /* of same: with at least one inlined function */
    size_t lines;   /* of same: with a source line */
    size_t alias;   /* of same: but the symbol table has two names for that function */
    size_t brief;   /* of same: but the tool says only "scale" or "scale<…>" for "acme::scale" */
    size_t torn;    /* the tool contradicts itself (addr2line.c); equal to the better half */
    size_t outside; /* in no function that DWARF knows: the tool has the line or symbol before */
    size_t other;   /* different: must be 0 */
};

struct lr_addr2line_query {
    const char *path;                 /* of the file, absolute */
    const char *tool_path;            /* the file that the tool is asked about; NULL: the same */
    const char *debug_dir;            /* or NULL */
    const char *debug_file;           /* where aliases are looked up too; or NULL */
    const char *tool;                 /* NULL: eu-addr2line */
    unsigned samples;                 /* addresses, spread over its code; at most 4000 */
    void (*report)(const char *line); /* told of each unexplained difference; NULL for none */
};

/* -1: the file has no code, or the tool didn't answer. */
int lr_addr2line_compare(const struct lr_addr2line_query *query,
                         struct lr_addr2line_result *result);

#endif
