/* settings.c -- the variable LEAKRING (settings.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "units.h"
#include "words.h"

/* The preload's own rules (preload/process/config.c), told before the program is started. */
static bool is_text(const char *value)
{
    return value[0] != '\0';
}

/* Bytes, from `low` to `high`. */
static bool is_bytes(const char *value, uint64_t low, uint64_t high)
{
    size_t digits = strspn(value, "0123456789");
    char plain[32];
    uint64_t bytes;

    /* 64M, 64MB and 64MiB are the same. */
    if (digits == 0 || digits > 18 || strlen(value) >= sizeof(plain))
        return false;
    strcpy(plain, value);
    value += digits + (value[digits] != '\0' && strchr("kKmMgG", value[digits]));
    if (strcmp(value, "B") == 0 || strcmp(value, "iB") == 0)
        plain[strlen(plain) - strlen(value)] = '\0';
    return lr_unit_parse_size(plain, &bytes) && bytes >= low && bytes <= high;
}

static bool is_size(const char *value)
{
    return is_bytes(value, 4 << 20, UINT64_C(1) << 40);
}

static bool is_interval(const char *value)
{
    return strcmp(value, "exact") == 0 || is_bytes(value, 0, 0) ||
           is_bytes(value, 4 << 10, 1 << 30);
}

static bool is_budget(const char *value)
{
    size_t whole = strspn(value, "0123456789"), part = 0;
    double percent = strtod(value, NULL);

    if (strcmp(value, "off") == 0)
        return true;
    if (value[whole] == '.')
        part = 1 + strspn(value + whole + 1, "0123456789");
    value += whole + part;
    return whole > 0 && whole <= 3 && part <= 3 && (*value == '\0' || strcmp(value, "%") == 0) &&
           percent >= 0.1 && percent <= 100;
}

static bool is_seed(const char *value)
{
    size_t digits = strspn(value, "0123456789");

    return digits > 0 && digits <= 18 && value[digits] == '\0';
}

static bool is_number(const char *value, unsigned long low, unsigned long high)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    return value[0] >= '0' && value[0] <= '9' && (*end == '\0' || strcmp(end, "ms") == 0) &&
           number >= low && number <= high;
}

static bool is_depth(const char *value)
{
    return is_number(value, 1, 128);
}

static bool is_young(const char *value)
{
    return is_number(value, 0, 60000);
}

static bool is_count(const char *value)
{
    return is_number(value, 1, 1ul << 30);
}

static bool is_switch(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

static bool is_unwinder(const char *value)
{
    return strcmp(value, "ehframe") == 0 || strcmp(value, "libunwind") == 0;
}

static bool is_on_off(const char *value)
{
    return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
}

static bool is_redact(const char *value)
{
    static const char *const words[] = {"all", "cmdline", "host", "config"};

    for (;; value++) {
        size_t length = strcspn(value, "+"), known = 0;
        for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            known += strlen(words[i]) == length && strncmp(words[i], value, length) == 0;
        value += length;
        if (known == 0 || *value == '\0')
            return known != 0;
    }
}

static const struct key {
    const char *name;
    bool (*check)(const char *value);
    const char *wanted;
} keys[] = {
    {"file", is_text, "a path (%e program, %p pid, %h host, %t start time)"},
    {"size", is_size, "bytes from 4M up, such as 64M"},
    {"exe", is_text, "program names or globs, separated by ':'"},
    {"children", is_switch, "0 or 1"},
    {"depth", is_depth, "1 to 128 frames"},
    {"java_depth", is_depth, "1 to 128 frames"},
    {"java_check", is_count, "a number of stacks"},
    {"young", is_young, "0 to 60000 ms"},
    {"interval", is_interval, "exact, or bytes from 4K to 1G between samples"},
    {"budget", is_budget, "off, or percent of CPU time from 0.1 to 100"},
    {"series", is_on_off, "on or off"},
    {"redact", is_redact, "all, or cmdline, host and config with '+' between them"},
    {"seed", is_seed, "a number"},
    {"unwinder", is_unwinder, "ehframe or libunwind"},
};
enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

struct item {
    const char *key, *value;
    size_t key_length, value_length;
};

/* Takes one key=value off *text; false when what is there has another form. */
static bool next_item(const char **text, struct item *item)
{
    const char *at = *text + strcspn(*text, "=,");
    bool quoted;

    item->key = *text;
    item->key_length = (size_t)(at - *text);
    if (*at++ != '=')
        return false;
    quoted = *at == '"';
    at += quoted;
    item->value = at;
    item->value_length = strcspn(at, quoted ? "\"" : ",");
    at += item->value_length;
    if (quoted && *at++ != '"')
        return false;
    if (*at != '\0' && *at != ',')
        return false;
    *text = *at ? at + 1 : at;
    return true;
}

static bool is_key(const struct item *item, const char *key)
{
    return strlen(key) == item->key_length && strncmp(key, item->key, item->key_length) == 0;
}

static enum lr_status unknown_key(const struct item *item, struct lr_error *error)
{
    const char *names[KEY_COUNT], *meant;
    char word[64];

    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    snprintf(word, sizeof(word), "%.*s", (int)item->key_length, item->key);
    lr_fail(error, LR_USAGE, "LEAKRING: unknown key '%s'", word);
    meant = lr_closest(word, names, KEY_COUNT);
    if (meant)
        lr_hint(error, "did you mean %s=?", meant);
    else
        lr_hint(error, "keys are file size exe children depth java_depth java_check redact young "
                       "interval budget series seed unwinder");
    return LR_USAGE;
}

static enum lr_status check_item(const struct item *item, struct lr_error *error)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        char *value;
        bool right;

        if (!is_key(item, keys[i].name))
            continue;
        value = strndup(item->value, item->value_length);
        if (!value)
            return lr_fail(error, LR_FAILED, "out of memory");
        right = keys[i].check(value);
        free(value);
        return right ? LR_OK
                     : lr_fail(error, LR_USAGE, "LEAKRING: %s takes %s", keys[i].name,
                               keys[i].wanted);
    }
    return unknown_key(item, error);
}

enum lr_status lr_settings_check(const char *text, struct lr_error *error)
{
    while (*text) {
        const char *here = text;
        struct item item;
        enum lr_status status;

        if (!next_item(&text, &item)) {
            lr_fail(error, LR_USAGE, "LEAKRING: expected key=value at '%.64s'", here);
            lr_hint(error, "a value with a comma stands in double quotes");
            return LR_USAGE;
        }
        status = check_item(&item, error);
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}

char *lr_settings_get(const char *text, const char *key)
{
    char *value = NULL;
    struct item item;

    while (*text && next_item(&text, &item)) {
        if (!is_key(&item, key))
            continue;
        free(value);
        value = strndup(item.value, item.value_length);
    }
    return value;
}

enum lr_status lr_settings_add(char **text, const char *key, const char *value,
                               struct lr_error *error)
{
    const char *quote = strchr(value, ',') ? "\"" : "";
    bool first = !*text || !**text;
    char *longer;

    if (strchr(value, '"') || value[0] == '\0')
        return lr_fail(error, LR_USAGE, "%s can't be %s", key,
                       value[0] ? "a text with a double quote" : "empty");
    if (asprintf(&longer, "%s%s%s=%s%s%s", first ? "" : *text, first ? "" : ",", key, quote, value,
                 quote) < 0)
        return lr_fail(error, LR_FAILED, "out of memory");
    free(*text);
    *text = longer;
    return LR_OK;
}
