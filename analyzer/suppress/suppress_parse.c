/* suppress_parse.c -- the text of a suppression file (suppress.h).
 *
 * Stage: beside MODEL.  Context: analyzer only.  The text may be anybody's: its size, its lines
 * and the number of rules are limited, and what is kept of it is safe to print.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "load.h"
#include "suppress.h"
#include "units.h"

struct parser {
    struct lr_suppressions *set;
    const char *name; /* the set's */
    unsigned line;
    struct lr_suppression next; /* what the comments so far say of the next rule */
    bool commented;             /* they say something */
    bool structured;            /* some comment of the file does */
    bool built_in;
    struct lr_error *error;
};

#define REFUSE(parser, ...) refuse((parser), __VA_ARGS__)

static enum lr_status refuse(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum lr_status refuse(struct parser *parser, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return lr_fail(parser->error, LR_USAGE, "%s:%u: %s", parser->name, parser->line, text);
}

static void clear_next(struct parser *parser)
{
    struct lr_suppression *next = &parser->next;

    free(next->reason);
    free(next->owner);
    free(next->pair);
    *next = (struct lr_suppression){.max_bytes = UINT64_MAX, .max_count = UINT64_MAX};
    parser->commented = false;
}

/* --- the keys --------------------------------------------------------------------------------- */

static bool take_text(char **to, const char *value)
{
    if (*to)
        return false;
    *to = strdup(value);
    return *to != NULL;
}

/* A day that exists: it comes back from the calendar as it went in. */
static bool take_until(struct lr_suppression *rule, const char *value)
{
    struct tm day = {0};
    char again[32];
    int used = 0;
    time_t first;

    if (rule->until[0] ||
        sscanf(value, "%4d-%2d-%2d%n", &day.tm_year, &day.tm_mon, &day.tm_mday, &used) != 3 ||
        value[used] || strlen(value) != 10)
        return false;
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    first = timegm(&day);
    if (strftime(again, sizeof(again), "%Y-%m-%d", &day) == 0 || strcmp(again, value) != 0 ||
        first < 0)
        return false;
    memcpy(rule->until, value, sizeof(rule->until));
    rule->until_unix = (uint64_t)first + 86400;
    return true;
}

/* 8388608, 8M, 8MB and 8MiB. */
static bool take_size(uint64_t *to, const char *value)
{
    char plain[32];
    size_t digits = strspn(value, "0123456789"), letters = strlen(value) - digits;

    if (*to != UINT64_MAX || digits == 0 || digits > 15)
        return false;
    snprintf(plain, sizeof(plain), "%.*s", (int)digits + (letters > 0), value);
    if (letters > 1 && strcasecmp(value + digits + 1, "b") != 0 &&
        strcasecmp(value + digits + 1, "ib") != 0)
        return false;
    return lr_unit_parse_size(plain, to);
}

static bool take_count(uint64_t *to, const char *value)
{
    size_t digits = strspn(value, "0123456789");

    if (*to != UINT64_MAX || digits == 0 || digits > 18 || value[digits])
        return false;
    *to = strtoull(value, NULL, 10);
    return true;
}

static bool take_match(struct lr_suppression *rule, const char *value)
{
    for (int i = LR_MATCH_ANY; i <= LR_MATCH_RESOURCE; i++) {
        if (strcmp(value, lr_suppress_match_name((enum lr_suppress_match)i)) != 0)
            continue;
        rule->match = (enum lr_suppress_match)i;
        return true;
    }
    return false;
}

static enum lr_status take(struct parser *parser, const char *key, const char *value)
{
    struct lr_suppression *next = &parser->next;
    bool good;

    if (strcmp(key, "reason") == 0)
        good = take_text(&next->reason, value);
    else if (strcmp(key, "owner") == 0)
        good = take_text(&next->owner, value);
    else if (strcmp(key, "pair") == 0)
        good = take_text(&next->pair, value);
    else if (strcmp(key, "until") == 0)
        good = take_until(next, value);
    else if (strcmp(key, "max") == 0)
        good = take_size(&next->max_bytes, value);
    else if (strcmp(key, "count") == 0)
        good = take_count(&next->max_count, value);
    else if (strcmp(key, "match") == 0)
        good = take_match(next, value);
    else
        return REFUSE(parser,
                      "unknown key %.40s; there are reason, until, max, count, owner, pair "
                      "and match",
                      key);
    if (good)
        return LR_OK;
    return REFUSE(parser, "%s=%.60s is no such value, or the second one", key, value);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Reads a value, bare or in quotes, and leaves *text behind it.  False: a quote is missing. */
static bool read_value(const char **text, char *value)
{
    const char *at = *text;
    bool quoted = *at == '"';

    for (at += quoted; *at && (quoted ? *at != '"' : *at != ' ' && *at != '\t'); at++) {
        if (quoted && *at == '\\' && at[1])
            at++;
        *value++ = *at;
    }
    *value = '\0';
    if (quoted && *at++ != '"')
        return false;
    *text = at;
    return *at == '\0' || *at == ' ' || *at == '\t';
}

static enum lr_status read_comment(struct parser *parser, const char *text)
{
    char key[32], value[LR_SUPPRESS_LINE_MAX + 1];

    parser->commented = parser->structured = true;
    for (;;) {
        size_t length;
        enum lr_status status;

        text += strspn(text, " \t");
        if (!*text)
            return LR_OK;
        length = strcspn(text, "= \t");
        if (length == 0 || length >= sizeof(key) || text[length] != '=')
            return REFUSE(parser, "expected key=value at '%.40s'", text);
        snprintf(key, sizeof(key), "%.*s", (int)length, text);
        text += length + 1;
        if (!read_value(&text, value))
            return REFUSE(parser, "%s: its closing quote is missing, or no blank follows it", key);
        status = take(parser, key, value);
        if (status != LR_OK)
            return status;
    }
}

static enum lr_status add_rule(struct parser *parser, const char *pattern)
{
    struct lr_suppressions *set = parser->set;
    struct lr_suppression *rule;

    if (set->count >= LR_SUPPRESS_RULES_MAX)
        return REFUSE(parser, "more than %d rules", LR_SUPPRESS_RULES_MAX);
    if (set->count == set->room) {
        size_t room = set->room ? 2 * set->room : 16;

        rule = realloc(set->items, room * sizeof(*rule));
        if (!rule)
            return lr_fail(parser->error, LR_FAILED, "out of memory");
        set->items = rule;
        set->room = room;
    }
    rule = &set->items[set->count];
    *rule = parser->next;
    rule->file = parser->name;
    rule->line = parser->line;
    rule->built_in = parser->built_in;
    rule->pattern = strdup(pattern);
    if (!rule->reason)
        rule->reason = strdup("");
    parser->next = (struct lr_suppression){0};
    set->count++;
    clear_next(parser);
    return rule->pattern && rule->reason ? LR_OK
                                         : lr_fail(parser->error, LR_FAILED, "out of memory");
}

static enum lr_status read_line(struct parser *parser, char *text)
{
    size_t length = strlen(text);

    while (length > 0 && strchr(" ", text[length - 1]))
        text[--length] = '\0';
    text += strspn(text, " \t");
    if (text[0] == '#')
        return text[1] == ':' ? read_comment(parser, text + 2) : LR_OK;
    if (!*text)
        return LR_OK;
    if (strncmp(text, "leak:", 5) != 0)
        return REFUSE(parser, "expected leak:PATTERN, found '%.40s'", text);
    if (!text[5 + strspn(text + 5, "^*$")] && strcmp(text + 5, "*") != 0)
        return REFUSE(parser, "the pattern is empty");
    return add_rule(parser, text + 5);
}

/* Where reasons are given at all they are given for every rule. */
static enum lr_status check_reasons(struct parser *parser, size_t first)
{
    for (size_t i = first; i < parser->set->count; i++) {
        struct lr_suppression *rule = &parser->set->items[i];

        if (rule->reason[0])
            continue;
        parser->line = rule->line;
        if (parser->structured)
            return REFUSE(parser, "leak:%.80s has no reason; write #: reason=\"…\" above it",
                          rule->pattern);
        free(rule->reason);
        rule->unreasoned = !parser->set->plain_reason;
        rule->reason = strdup(rule->unreasoned ? "no reason given (a plain LeakSanitizer file)"
                                               : parser->set->plain_reason);
        if (!rule->reason)
            return lr_fail(parser->error, LR_FAILED, "out of memory");
    }
    return LR_OK;
}

/* Tabs are blanks. */
static char *clean_line(const char *text, size_t size)
{
    char line[LR_SUPPRESS_LINE_MAX];

    for (size_t i = 0; i < size; i++)
        line[i] = text[i] == '\t' ? ' ' : text[i];
    return lr_text_clean((const unsigned char *)line, size - (size && line[size - 1] == '\r'));
}

static enum lr_status read_lines(struct parser *parser, const char *text, size_t length)
{
    const char *end = text + length;
    enum lr_status status = LR_OK;

    while (text < end && status == LR_OK) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((stop ? stop : end) - text);
        char *line;

        parser->line++;
        if (size > LR_SUPPRESS_LINE_MAX)
            return REFUSE(parser, "a line of more than %d bytes", LR_SUPPRESS_LINE_MAX);
        if (memchr(text, '\0', size))
            return REFUSE(parser, "this is no text");
        line = clean_line(text, size);
        if (!line)
            return lr_fail(parser->error, LR_FAILED, "out of memory");
        status = read_line(parser, line);
        free(line);
        text = stop ? stop + 1 : end;
    }
    return status;
}

static const char *keep_name(struct lr_suppressions *set, const char *name)
{
    char **files = realloc(set->files, (set->file_count + 1) * sizeof(*files));

    if (!files)
        return NULL;
    set->files = files;
    files[set->file_count] = lr_text_clean((const unsigned char *)name, strlen(name));
    return files[set->file_count] ? files[set->file_count++] : NULL;
}

enum lr_status lr_suppressions_parse(struct lr_suppressions *set, const char *name, bool built_in,
                                     const char *text, size_t length, struct lr_error *error)
{
    struct parser parser = {.set = set, .built_in = built_in, .error = error};
    size_t first = set->count, mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    enum lr_status status;

    parser.name = keep_name(set, name);
    if (!parser.name)
        return lr_fail(error, LR_FAILED, "out of memory");
    clear_next(&parser);
    status = read_lines(&parser, text + mark, length - mark);
    if (status == LR_OK && parser.commented)
        status = REFUSE(&parser, "the last #: comment belongs to no rule");
    if (status == LR_OK)
        status = check_reasons(&parser, first);
    clear_next(&parser);
    return status;
}
