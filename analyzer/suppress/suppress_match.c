/* suppress_match.c -- patterns, and the rule for a resource's own population (suppress.h).
 *
 * Stage: beside MODEL.  Context: analyzer only.
 */
#include <string.h>

#include "culprit.h"
#include "model.h"
#include "suppress.h"

const char *lr_suppress_match_name(enum lr_suppress_match match)
{
    static const char *const names[] = {"any", "culprit", "resource"};

    return names[match];
}

/* The first place at or after `text` where the `length` bytes of `part` are. */
static const char *find_part(const char *text, const char *part, size_t length)
{
    size_t left = strlen(text);

    return memmem(text, left, part, length);
}

/* Part by part, each as early as it can be: if that fails, no other way succeeds.  Only the last
 * part of a pattern that ends in `$` has a fixed place. */
bool lr_pattern_matches(const char *pattern, const char *text)
{
    size_t length = strlen(pattern);
    bool start = length > 0 && pattern[0] == '^';
    bool end = length > start && pattern[length - 1] == '$';
    const char *stop = pattern + length - end;

    pattern += start;
    for (;;) {
        const char *star = memchr(pattern, '*', (size_t)(stop - pattern));
        size_t part = (size_t)((star ? star : stop) - pattern);

        if (!star && end) {
            size_t left = strlen(text);

            return left >= part && (!start || left == part) &&
                   memcmp(text + left - part, pattern, part) == 0;
        }
        if (start && strncmp(text, pattern, part) != 0)
            return false;
        text = find_part(text, pattern, part);
        if (!text || !star)
            return text != NULL;
        text += part;
        pattern = star + 1;
        start = false;
    }
}

static bool for_pair(const struct lr_suppression *rule, const char *pair)
{
    return !rule->pair || strcmp(rule->pair, pair) == 0;
}

static bool has_java(const struct lr_model_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (path->frames[i].java)
            return true;
    return false;
}

/* Native frames below Java ones are the resource's, however little is known of them. */
const struct lr_suppression *lr_suppress_resource(const struct lr_suppressions *set,
                                                  const struct lr_model_path *path,
                                                  const char *pair, size_t *frame)
{
    bool java = has_java(path);

    for (size_t i = 0; i < path->count; i++) {
        if (java && !path->frames[i].java)
            continue;
        if (path->frames[i].owner == LR_OWNER_USER)
            break;
        for (size_t r = 0; r < set->count; r++) {
            const struct lr_suppression *rule = &set->items[r];

            if (rule->match != LR_MATCH_RESOURCE || !for_pair(rule, pair) ||
                !lr_pattern_matches(rule->pattern, path->frames[i].function))
                continue;
            *frame = i;
            return rule;
        }
    }
    return NULL;
}
