/* emit_page.h -- lines of text on a page: wrapping, shortening, colour.
 *
 * Stage: EMIT, below emit_text*.c.  Context: analyzer only.  With width 0 (not a terminal)
 * nothing is wrapped or shortened.
 */
#ifndef LEAKRING_EMIT_PAGE_H
#define LEAKRING_EMIT_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "model.h"

struct lr_page {
    FILE *out;
    unsigned width; /* 0: unlimited */
    bool color;
    bool no_memory; /* something could not be written */
};

enum lr_ink { LR_INK_PLAIN, LR_INK_BOLD, LR_INK_RED, LR_INK_GREEN, LR_INK_YELLOW, LR_INK_DIM };

/* A paragraph: words wrap at the width, further lines indented by `hang`. */
void lr_page_text(struct lr_page *page, unsigned indent, unsigned hang, enum lr_ink ink,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* One line, never wrapped; too long for the width, its middle is elided. */
void lr_page_line(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* `prefix` and a frame.  Too long for the width, packages become initials (o.a.lucene.index.
 * SegmentReader.<init>), then file and line go to a line of their own. */
void lr_page_culprit_line(struct lr_page *page, unsigned indent, enum lr_ink ink,
                          const char *prefix, const struct lr_model_frame *frame);
/* The same, on one line where the class tells the file: SegmentReader.<init>:74. */
void lr_page_frame_line(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *prefix,
                        const struct lr_model_frame *frame);
/* The frame in at most `room` columns, if it can be had: with packages as initials, then without
 * its file (Codec.read:31), at last without its middle.  Returns out. */
const char *lr_frame_shorten(char *out, size_t size, const struct lr_model_frame *frame,
                             unsigned room);
void lr_page_blank(struct lr_page *page);

#endif
