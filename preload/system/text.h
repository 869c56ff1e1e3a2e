/* text.h -- building short texts without stdio.  Context: anywhere; no allocation, no errno. */
#ifndef LEAKRING_TEXT_H
#define LEAKRING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bounded, always terminated string under construction.  What doesn't fit sets `cut`. */
struct lr_text {
    char *bytes;
    size_t size, length;
    bool cut;
};

struct lr_text lr_text_in(char *buffer, size_t size);
void lr_text_add(struct lr_text *text, const char *string);
void lr_text_add_bytes(struct lr_text *text, const char *bytes, size_t length);
/* For messages: control characters become '?'. */
void lr_text_add_printable(struct lr_text *text, const char *bytes, size_t length);
void lr_text_add_number(struct lr_text *text, uint64_t number);

bool lr_text_starts(const char *string, const char *prefix);
const char *lr_text_base_name(const char *path);
/* Shell-style match of '*' and '?'. */
bool lr_text_glob(const char *pattern, const char *pattern_end, const char *string);
/* Decimal digits at *string; advances it. */
uint64_t lr_text_number(const char **string);
/* What a kernel's -errno means, for the one line we may print. */
const char *lr_text_errno(int error);

#endif
