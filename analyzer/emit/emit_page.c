/* emit_page.c -- lines of text on a page (emit_page.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_page.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const inks[] = {"",           "\033[1m",  "\033[1;31m",
                                   "\033[1;32m", "\033[33m", "\033[2m"};

static void begin_ink(const struct lr_page *page, enum lr_ink ink)
{
    if (page->color && ink != LR_INK_PLAIN)
        fputs(inks[ink], page->out);
}

static void end_ink(const struct lr_page *page, enum lr_ink ink)
{
    if (page->color && ink != LR_INK_PLAIN)
        fputs("\033[0m", page->out);
}

/* Names may carry a terminal's control sequences, in one byte or (C1) in two. */
static void neutralize(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
            at[0] = at[1] = '?';
    }
}

static void put_blanks(const struct lr_page *page, unsigned count)
{
    fprintf(page->out, "%*s", (int)count, "");
}

/* Columns that `bytes` of UTF-8 take, one for each character. */
static unsigned columns(const char *text, size_t bytes)
{
    unsigned count = 0;

    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Where a word that is wider than a line can be broken: bytes of at most `room` columns of it, in
 * front of the place in the source, else behind a part of the name; 0: nowhere. */
static size_t break_word(const char *word, size_t length, unsigned room)
{
    size_t cut = 0;

    for (size_t i = 0; i < length && columns(word, i + 1) <= room; i++) {
        if (word[i] == '(')
            return i;
        if (strchr("./,:", word[i]) && i + 1 < length)
            cut = i + 1;
    }
    return cut;
}

static unsigned begin_line(const struct lr_page *page, unsigned hang)
{
    fputc('\n', page->out);
    put_blanks(page, hang);
    return hang;
}

static void put_wrapped(const struct lr_page *page, unsigned indent, unsigned hang,
                        const char *text)
{
    unsigned column = indent, limit = page->width ? page->width : UINT_MAX;
    bool first = true;

    put_blanks(page, indent);
    while (*text) {
        size_t word = strcspn(text, " "), cut;
        unsigned wide = columns(text, word);

        if (!first && (wide >= limit || column + 1 + wide > limit)) {
            column = begin_line(page, hang);
        } else if (!first) {
            fputc(' ', page->out);
            column++;
        }
        while (wide > limit - column && (cut = break_word(text, word, limit - column)) > 0) {
            fwrite(text, 1, cut, page->out);
            column = begin_line(page, hang);
            text += cut;
            word -= cut;
            wide = columns(text, word);
        }
        fwrite(text, 1, word, page->out);
        column += wide;
        text += word;
        text += *text == ' ';
        first = false;
    }
}

void lr_page_text(struct lr_page *page, unsigned indent, unsigned hang, enum lr_ink ink,
                  const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        page->no_memory = true;
        return;
    }
    neutralize(text);
    begin_ink(page, ink);
    put_wrapped(page, indent, hang, text);
    end_ink(page, ink);
    fputc('\n', page->out);
    free(text);
}

/* Byte offset of the character `count` columns into the text. */
static size_t skip_columns(const char *text, unsigned count)
{
    size_t i = 0;

    while (text[i] && count > 0) {
        do
            i++;
        while (((unsigned char)text[i] & 0xc0) == 0x80);
        count--;
    }
    return i;
}

/* The ends of a line say most: package and class in front, method and line at the end. */
static void put_elided(const struct lr_page *page, const char *text, unsigned room)
{
    unsigned wide = columns(text, strlen(text)), head = (room - 3) / 3, tail = room - 3 - head;

    fwrite(text, 1, skip_columns(text, head), page->out);
    fputs("...", page->out);
    fputs(text + skip_columns(text, wide - tail), page->out);
}

void lr_page_line(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *format, ...)
{
    unsigned room = page->width > indent ? page->width - indent : 0;
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        page->no_memory = true;
        return;
    }
    neutralize(text);
    put_blanks(page, indent);
    begin_ink(page, ink);
    if (room >= 20 && columns(text, (size_t)length) > room)
        put_elided(page, text, room);
    else
        fputs(text, page->out);
    end_ink(page, ink);
    fputc('\n', page->out);
    free(text);
}

void lr_page_blank(struct lr_page *page)
{
    fputc('\n', page->out);
}

/* The dot between package and class of "org.acme.Codec.read(Codec.java:4)"; NULL for none. */
static char *package_end(char *text)
{
    char *paren = strchr(text, '('), *dot = NULL, *before = NULL;

    for (char *at = text; *at && at != paren; at++) {
        if (*at != '.')
            continue;
        before = dot;
        dot = at;
    }
    return before;
}

/* Cuts parts of the package to their first letter, outermost first, until `excess` columns (or as
 * many as can) are gone; returns how many are, at most `excess`. */
static unsigned abbreviate(char *text, unsigned excess)
{
    char *end = package_end(text), *part = text;
    unsigned left = excess;

    while (end && part < end && left > 0) {
        char *dot = memchr(part, '.', (size_t)(end - part));
        size_t length = (size_t)((dot ? dot : end) - part), cut;
        size_t first = length > 0; /* a damaged name may have nothing between its dots */

        while (first < length && ((unsigned char)part[first] & 0xc0) == 0x80)
            first++;
        cut = columns(part + first, length - first);
        memmove(part + first, part + length, strlen(part + length) + 1);
        end -= length - first;
        left -= cut < left ? (unsigned)cut : left;
        part += first + 1;
    }
    return excess - left;
}

/* How many columns of a line at `indent` don't fit. */
static unsigned too_much(const struct lr_page *page, unsigned indent, const char *prefix,
                         const char *text)
{
    unsigned wide = indent + columns(prefix, strlen(prefix)) + columns(text, strlen(text));

    return page->width && wide > page->width ? wide - page->width : 0;
}

void lr_page_culprit_line(struct lr_page *page, unsigned indent, enum lr_ink ink,
                          const char *prefix, const struct lr_model_frame *frame)
{
    char where[1024], place[1024], *paren;
    unsigned excess;

    lr_model_frame_text(where, sizeof(where), frame);
    excess = frame->java ? too_much(page, indent, prefix, where) : 0;
    if (excess == 0 || abbreviate(where, excess) == excess) {
        lr_page_line(page, indent, ink, "%s%s", prefix, where);
        return;
    }
    lr_model_frame_text(where, sizeof(where), frame);
    snprintf(place, sizeof(place), "%s", (paren = strchr(where, '(')) ? paren : "");
    if (paren)
        *paren = '\0';
    abbreviate(where, too_much(page, indent, prefix, where));
    lr_page_line(page, indent, ink, "%s%s", prefix, where);
    lr_page_line(page, indent + 4, ink, "%s", place);
}

/* Takes out of the middle what is too much: two columns of dots stand for it. */
static void elide(char *text, unsigned room)
{
    unsigned wide = columns(text, strlen(text)), head = room / 3;
    char *cut = text + skip_columns(text, head);
    const char *rest = text + skip_columns(text, wide - (room - head - 2));

    if (room < 8 || wide <= room || rest < cut + 2)
        return;
    memmove(cut + 2, rest, strlen(rest) + 1);
    cut[0] = cut[1] = '.';
}

/* "Codec.read:31"; of a native function its name alone. */
static void drop_file(char *out, size_t size, const struct lr_model_frame *frame)
{
    char *paren = strstr(out, frame->java ? "(" : " (");

    if (!paren)
        return;
    *paren = '\0';
    if (frame->java && frame->line)
        snprintf(paren, size - (size_t)(paren - out), ":%u", (unsigned)frame->line);
}

const char *lr_frame_shorten(char *out, size_t size, const struct lr_model_frame *frame,
                             unsigned room)
{
    for (int step = 0; step < 2; step++) {
        unsigned wide;

        lr_model_frame_text(out, size, frame);
        if (step > 0)
            drop_file(out, size, frame);
        wide = columns(out, strlen(out));
        if (wide <= room || (frame->java && abbreviate(out, wide - room) == wide - room))
            return out;
    }
    elide(out, room);
    return out;
}

/* The file's name says nothing that the class's doesn't: a.b.Codec$Reader.read of Codec.java. */
static bool is_file_told(const struct lr_model_frame *frame)
{
    size_t length = strcspn(frame->file, ".");
    const char *at = frame->function;

    while (length > 0 && (at = strstr(at, ".")) != NULL) {
        at++;
        if (strncmp(at, frame->file, length) == 0 && (at[length] == '.' || at[length] == '$'))
            return frame->line > 0;
    }
    return false;
}

void lr_page_frame_line(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *prefix,
                        const struct lr_model_frame *frame)
{
    unsigned before = indent + columns(prefix, strlen(prefix));
    char where[1024];

    if (frame->java && !is_file_told(frame)) {
        lr_page_culprit_line(page, indent, ink, prefix, frame);
        return;
    }
    if (page->width == 0)
        lr_model_frame_text(where, sizeof(where), frame);
    else
        lr_frame_shorten(where, sizeof(where), frame,
                         page->width > before ? page->width - before : 1);
    lr_page_line(page, indent, ink, "%s%s", prefix, where);
}
