/* phase.c -- phase.h.  Stage: LOAD -> MODEL.  Context: analyzer only. */
#include "phase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "name#2": the length of the name, and the number; 0: none was given. */
static size_t split(const char *word, unsigned long *number)
{
    const char *hash = strrchr(word, '#');

    *number = 0;
    if (hash && hash > word && hash[1] && strspn(hash + 1, "0123456789") == strlen(hash + 1))
        *number = strtoul(hash + 1, NULL, 10);
    return *number ? (size_t)(hash - word) : strlen(word);
}

/* A name may itself end in #2. */
static bool has_name(const struct lr_mark_view *mark, const char *word, size_t length)
{
    return strncmp(mark->name, word, length) == 0 && mark->name[length] == '\0';
}

/* The first or last mark that `word` means, at `least_ms` or later. */
static bool find(const struct lr_trace *trace, const char *word, bool last, uint64_t least_ms,
                 struct lr_mark_view *found)
{
    unsigned long number, met = 0;
    size_t length = split(word, &number);
    struct lr_mark_view mark;
    bool any = false;

    for (uint64_t cursor = 0; lr_trace_each_mark(trace, &cursor, &mark);) {
        bool fits = has_name(&mark, word, length) && (!number || ++met == number);

        if ((fits || has_name(&mark, word, strlen(word))) && mark.time_ms >= least_ms &&
            (last || !any)) {
            *found = mark;
            any = true;
        }
    }
    return any;
}

/* Which marks there are, as many names as fit. */
static void name_marks(const struct lr_trace *trace, struct lr_error *error)
{
    char names[400] = "";
    size_t length = 0;
    struct lr_mark_view mark;
    const char *before = NULL;

    for (uint64_t cursor = 0; lr_trace_each_mark(trace, &cursor, &mark);) {
        if (before && strcmp(before, mark.name) == 0)
            continue;
        if (length + strlen(mark.name) + 8 > sizeof(names)) {
            length += (size_t)snprintf(names + length, sizeof(names) - length, ", ...");
            break;
        }
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
                                   length ? ", " : "", mark.name);
        before = mark.name;
    }
    if (length > 0)
        lr_hint(error, "its marks: %s", names);
    else
        lr_hint(error, "it has no marks; leakring mark PID NAME makes one");
}

enum lr_status lr_phase_find(const struct lr_trace *trace, const char *from, const char *to,
                             struct lr_window *window, struct lr_error *error)
{
    struct lr_mark_view mark;

    *window = (struct lr_window){.set = from || to, .to_ms = UINT64_MAX};
    if (from) {
        if (!find(trace, from, false, 0, &mark)) {
            lr_fail(error, LR_USAGE, "there is no mark %.200s", from);
            name_marks(trace, error);
            return LR_USAGE;
        }
        window->from_ms = mark.time_ms;
        snprintf(window->from, sizeof(window->from), "%s", mark.name);
    }
    if (to) {
        if (!find(trace, to, true, from ? window->from_ms + 1 : 0, &mark)) {
            lr_fail(error, LR_USAGE, "there is no mark %.200s%s", to, from ? " behind that" : "");
            name_marks(trace, error);
            return LR_USAGE;
        }
        window->to_ms = mark.time_ms;
        snprintf(window->to, sizeof(window->to), "%s", mark.name);
    }
    return LR_OK;
}
