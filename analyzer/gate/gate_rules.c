/* gate_rules.c -- from words to rules (gate_rules.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "gate_rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "units.h"
#include "words.h"

static const struct {
    const char *name, *value;
} keys[LR_GATE_KEYS] = {
#define LR_GATE_KEY(id, name, value) {name, value},
#include "gate_rules.def"
#undef LR_GATE_KEY
};

void lr_gate_rules_default(struct lr_gate_rules *rules)
{
    *rules = (struct lr_gate_rules){.growth = true,
                                    .limit_hidden = LR_GATE_NO_LIMIT,
                                    .limit_forked = 0,
                                    .limit_unended = 0,
                                    .limit_cleaner = LR_GATE_NO_LIMIT,
                                    .limit_growth = LR_GATE_NO_LIMIT,
                                    .limit_total_growth = LR_GATE_NO_LIMIT,
                                    .limit_leaks = LR_GATE_NO_LIMIT,
                                    .limit_rss = LR_GATE_NO_LIMIT,
                                    .limit_unexplained = LR_GATE_NO_LIMIT,
                                    .limit_unexplained_percent = LR_GATE_NO_LIMIT,
                                    .max_interval = LR_GATE_NO_LIMIT,
                                    .increase = true,
                                    .increase_percent = LR_DIFF_NOISE * 100};
}

void lr_gate_rules_free(struct lr_gate_rules *rules)
{
    for (size_t i = 0; i < rules->pair_count; i++)
        free(rules->pairs[i].pair);
    rules->pair_count = 0;
}

static bool is_off(const char *value)
{
    return strcmp(value, "off") == 0;
}

/* "64m", "1G", "1MiB", "100kB": as lr_unit_parse_size, and as pytest-memray's users write it. */
static bool parse_size(const char *value, double *bytes)
{
    char text[40];
    size_t length = strlen(value);
    uint64_t size;

    if (length >= sizeof(text))
        return false;
    memcpy(text, value, length + 1);
    if (length > 1 && tolower((unsigned char)text[length - 1]) == 'b')
        text[--length] = '\0';
    if (length > 1 && text[length - 1] == 'i')
        text[--length] = '\0';
    if (!lr_unit_parse_size(text, &size))
        return false;
    *bytes = (double)size;
    return true;
}

static bool parse_number(const char *value, const char *end_text, double *number)
{
    char *end;

    if (!isdigit((unsigned char)value[0]))
        return false;
    errno = 0;
    *number = (double)strtoull(value, &end, 10);
    return errno == 0 && strcmp(end, end_text) == 0;
}

static bool parse_limit(const char *value, double *limit)
{
    if (is_off(value)) {
        *limit = LR_GATE_NO_LIMIT;
        return true;
    }
    return parse_number(value, "", limit);
}

/* A size or a share: the later one replaces the other. */
static bool parse_unexplained(const char *value, struct lr_gate_rules *rules)
{
    double percent = LR_GATE_NO_LIMIT, bytes = LR_GATE_NO_LIMIT;

    if (parse_number(value, "%", &percent) ? percent > 100 : !parse_size(value, &bytes))
        return false;
    /* The digits of a size were read for a share, too. */
    rules->limit_unexplained_percent = bytes >= 0 ? LR_GATE_NO_LIMIT : percent;
    rules->limit_unexplained = bytes;
    return true;
}

static bool parse_completeness(const char *value, double *interval)
{
    *interval = 0;
    return strcmp(value, "exact") == 0 || parse_size(value, interval);
}

static bool parse_increase(const char *value, struct lr_gate_rules *rules)
{
    rules->increase = !is_off(value);
    return !rules->increase || parse_number(value, "%", &rules->increase_percent);
}

static bool parse_switch(const char *value, bool *on)
{
    *on = strcmp(value, "on") == 0;
    return *on || is_off(value);
}

/* A later limit on the same pair replaces an earlier one. */
static struct lr_gate_pair_limit *find_pair(struct lr_gate_rules *rules, const char *name,
                                            size_t length)
{
    struct lr_gate_pair_limit *limit;

    for (size_t i = 0; i < rules->pair_count; i++)
        if (strlen(rules->pairs[i].pair) == length &&
            strncmp(rules->pairs[i].pair, name, length) == 0)
            return &rules->pairs[i];
    if (rules->pair_count == LR_GATE_PAIR_LIMITS)
        return NULL;
    limit = &rules->pairs[rules->pair_count];
    limit->count = limit->bytes = LR_GATE_NO_LIMIT;
    limit->pair = strndup(name, length);
    rules->pair_count += limit->pair != NULL;
    return limit->pair ? limit : NULL;
}

static bool parse_live(const char *value, struct lr_gate_rules *rules)
{
    const char *is = strrchr(value, '=');
    struct lr_gate_pair_limit *limit;
    double number;
    bool count = is && parse_number(is + 1, "", &number);

    if (!is || is == value || (!count && !parse_size(is + 1, &number)))
        return false;
    limit = find_pair(rules, value, (size_t)(is - value));
    if (!limit)
        return false;
    *(count ? &limit->count : &limit->bytes) = number;
    return true;
}

static bool parse(struct lr_gate_rules *rules, enum lr_gate_key key, const char *value)
{
    switch (key) {
    case LR_GATE_KEY_GROWTH:
        rules->growth_asked = true;
        return parse_switch(value, &rules->growth);
    case LR_GATE_KEY_HIDDEN:
        return parse_size(value, &rules->limit_hidden);
    case LR_GATE_KEY_FORKED:
        return parse_limit(value, &rules->limit_forked);
    case LR_GATE_KEY_UNENDED:
        rules->unended_asked = true;
        return parse_limit(value, &rules->limit_unended);
    case LR_GATE_KEY_CLEANER:
        return parse_limit(value, &rules->limit_cleaner);
    case LR_GATE_KEY_LEAKS:
        return parse_size(value, &rules->limit_leaks);
    case LR_GATE_KEY_LIVE:
        return parse_live(value, rules);
    case LR_GATE_KEY_RATE:
        return parse_size(value, &rules->limit_growth);
    case LR_GATE_KEY_TOTAL:
        return parse_size(value, &rules->limit_total_growth);
    case LR_GATE_KEY_RSS:
        return parse_size(value, &rules->limit_rss);
    case LR_GATE_KEY_UNEXPLAINED:
        return parse_unexplained(value, rules);
    case LR_GATE_KEY_COMPLETENESS:
        return parse_completeness(value, &rules->max_interval);
    case LR_GATE_KEY_DURATION:
        return lr_unit_parse_seconds(value, &rules->min_duration_s);
    case LR_GATE_KEY_INCREASE:
        return parse_increase(value, rules);
    case LR_GATE_KEYS:
        break;
    }
    return false;
}

enum lr_status lr_gate_rules_set(struct lr_gate_rules *rules, enum lr_gate_key key,
                                 const char *value, struct lr_error *error)
{
    if (value && parse(rules, key, value))
        return LR_OK;
    return lr_fail(error, LR_USAGE, "%s is %s, not '%.100s'", keys[key].name, keys[key].value,
                   value ? value : "");
}

enum lr_status lr_gate_rules_set_named(struct lr_gate_rules *rules, const char *name,
                                       const char *value, struct lr_error *error)
{
    const char *names[LR_GATE_KEYS], *meant;

    for (int i = 0; i < LR_GATE_KEYS; i++) {
        names[i] = keys[i].name;
        if (strcmp(name, keys[i].name) == 0)
            return lr_gate_rules_set(rules, (enum lr_gate_key)i, value, error);
    }
    meant = lr_closest(name, names, LR_GATE_KEYS);
    lr_fail(error, LR_USAGE, "there is no rule '%.100s'", name);
    if (meant)
        lr_hint(error, "did you mean %s?", meant);
    return LR_USAGE;
}
