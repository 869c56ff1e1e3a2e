/* config.c -- config.h: the one environment variable.
 *
 * Stage: start-up.  Context: the constructor, one thread.  Syntax: key=value pairs separated by
 * commas; a value may stand in double quotes so that a comma fits.
 */
#include "config.h"

#include <string.h>

#include "file.h"
#include "sampler.h"
#include "text.h"

struct lr_config lr_config;

static const struct lr_config defaults = {
    .unwinder = "ehframe",
    .depth = 64,
    .java_depth = 128,
    .young_ms = 100,
    .budget = 300,
    .series = true,
};

struct value {
    const char *bytes;
    size_t length;
};

static bool to_string(struct value value, char *out, size_t size)
{
    if (value.length == 0 || value.length >= size)
        return false;
    memcpy(out, value.bytes, value.length);
    out[value.length] = '\0';
    return true;
}

/* Digits with an optional unit: K, M, G (binary) where `units`, "ms" else. */
static bool to_number(struct value value, bool units, uint64_t *number)
{
    char text[32];
    if (!to_string(value, text, sizeof text) || text[0] < '0' || text[0] > '9' ||
        value.length > 18)
        return false;
    const char *at = text;
    *number = lr_text_number(&at);
    if (!units)
        return *at == '\0' || strcmp(at, "ms") == 0;
    unsigned shift = 0;
    switch (*at | 0x20) {
    case 'g':
        shift += 10; /* fall through */
    case 'm':
        shift += 10; /* fall through */
    case 'k':
        shift += 10;
        at++;
    }
    if (*at && strcmp(at, "B") != 0 && strcmp(at, "iB") != 0)
        return false;
    if (*number > UINT64_MAX >> 34)
        return false;
    *number <<= shift;
    return true;
}

static bool to_range(struct value value, uint32_t low, uint32_t high, uint32_t *out)
{
    uint64_t number;
    if (!to_number(value, false, &number) || number < low || number > high)
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool set_size(struct lr_config *config, struct value value)
{
    return to_number(value, true, &config->size) && config->size >= LR_FILE_MIN &&
           config->size <= UINT64_C(1) << 40;
}

static bool set_unwinder(struct lr_config *config, struct value value)
{
    return to_string(value, config->unwinder, sizeof config->unwinder) &&
           (strcmp(config->unwinder, "ehframe") == 0 || strcmp(config->unwinder, "libunwind") == 0);
}

static bool set_children(struct lr_config *config, struct value value)
{
    if (value.length != 1 || (value.bytes[0] != '0' && value.bytes[0] != '1'))
        return false;
    config->children = value.bytes[0] == '1';
    return true;
}

static bool set_file(struct lr_config *config, struct value value)
{
    return to_string(value, config->file, sizeof config->file);
}

static bool set_exe(struct lr_config *config, struct value value)
{
    return to_string(value, config->exe, sizeof config->exe);
}

static bool set_depth(struct lr_config *config, struct value value)
{
    return to_range(value, 1, LR_DEPTH_MAX, &config->depth);
}

static bool set_java_depth(struct lr_config *config, struct value value)
{
    return to_range(value, 1, LR_DEPTH_MAX, &config->java_depth);
}

static bool set_java_check(struct lr_config *config, struct value value)
{
    return to_range(value, 1, 1u << 30, &config->java_check);
}

static bool set_young(struct lr_config *config, struct value value)
{
    return to_range(value, 0, 60000, &config->young_ms);
}

static bool is_word(struct value value, const char *word)
{
    return strlen(word) == value.length && memcmp(value.bytes, word, value.length) == 0;
}

static bool set_interval(struct lr_config *config, struct value value)
{
    config->interval = 0;
    config->interval_set = true;
    if (is_word(value, "exact"))
        return true;
    return to_number(value, true, &config->interval) &&
           (config->interval == 0 ||
            (config->interval >= LR_INTERVAL_MIN && config->interval <= LR_INTERVAL_MAX));
}

/* Percent, with at most two decimals; or "off". */
static bool set_budget(struct lr_config *config, struct value value)
{
    char text[32];
    config->budget = 0;
    if (is_word(value, "off"))
        return true;
    if (!to_string(value, text, sizeof text) || text[0] < '0' || text[0] > '9' ||
        value.length > 8)
        return false;
    const char *at = text;
    uint64_t whole = lr_text_number(&at), hundredths = 0;
    if (*at == '.') {
        at++;
        for (unsigned unit = 10; unit && *at >= '0' && *at <= '9'; unit /= 10)
            hundredths += (uint64_t)(*at++ - '0') * unit;
    }
    if (*at == '%')
        at++;
    if (*at || whole > 100)
        return false;
    config->budget = (uint32_t)(whole * 100 + hundredths);
    return config->budget >= 10 && config->budget <= 10000;
}

static bool set_series(struct lr_config *config, struct value value)
{
    config->series = is_word(value, "on");
    return config->series || is_word(value, "off");
}

/* Words with '+' between them. */
static bool set_redact(struct lr_config *config, struct value value)
{
    static const struct {
        const char *word;
        uint32_t what;
    } words[] = {{"cmdline", LR_REDACT_CMDLINE},
                 {"host", LR_REDACT_HOST},
                 {"config", LR_REDACT_CONFIG},
                 {"all", LR_REDACT_ALL}};
    const char *at = value.bytes, *end = value.bytes + value.length;
    config->redact = 0;
    for (bool more = true; more; at++) {
        const char *plus = memchr(at, '+', (size_t)(end - at));
        struct value word = {at, (size_t)((plus ? plus : end) - at)};
        uint32_t what = 0;
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
            what |= is_word(word, words[i].word) ? words[i].what : 0;
        if (!what)
            return false;
        config->redact |= what;
        more = plus != NULL;
        at += word.length;
    }
    return true;
}

static bool set_seed(struct lr_config *config, struct value value)
{
    return to_number(value, false, &config->seed);
}

static const struct key {
    const char *name;
    bool (*set)(struct lr_config *config, struct value value);
    const char *wanted;
} keys[] = {
    {"file", set_file, "a path (%e executable, %p pid, %h host, %t start time)"},
    {"size", set_size, "bytes from 4M up, such as 64M"},
    {"exe", set_exe, "globs of program names, separated by ':'"},
    {"children", set_children, "0 or 1"},
    {"depth", set_depth, "1 to 128 frames"},
    {"java_depth", set_java_depth, "1 to 128 frames"},
    {"java_check", set_java_check, "a number of stacks"},
    {"young", set_young, "0 to 60000 ms"},
    {"interval", set_interval, "exact, or bytes from 4K to 1G between samples"},
    {"budget", set_budget, "off, or percent of CPU time from 0.1 to 100"},
    {"series", set_series, "on or off"},
    {"redact", set_redact, "all, or cmdline, host and config with '+' between them"},
    {"seed", set_seed, "a number"},
    {"unwinder", set_unwinder, "ehframe or libunwind"},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const struct key *find_key(const char *name, size_t length)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
            return &keys[i];
    return NULL;
}

/* Takes "key=value" off *text; false when it has no such form. */
static bool next_item(const char **text, struct value *key, struct value *value)
{
    const char *at = *text;
    key->bytes = at;
    at += strcspn(at, "=,");
    key->length = (size_t)(at - key->bytes);
    if (*at != '=')
        return false;
    at++;
    bool quoted = *at == '"';
    if (quoted)
        at++;
    value->bytes = at;
    at += strcspn(at, quoted ? "\"" : ",");
    value->length = (size_t)(at - value->bytes);
    if (quoted && *at++ != '"')
        return false;
    if (*at != '\0' && *at != ',')
        return false;
    *text = *at ? at + 1 : at;
    return true;
}

static void complain(char *error, size_t size, const char *what, struct value key,
                     const struct key *known)
{
    struct lr_text text = lr_text_in(error, size);
    lr_text_add(&text, "LEAKRING: ");
    lr_text_add(&text, what);
    lr_text_add(&text, " '");
    lr_text_add_printable(&text, key.bytes, key.length < 64 ? key.length : 64);
    lr_text_add(&text, "'");
    if (known) {
        lr_text_add(&text, ", which takes ");
        lr_text_add(&text, known->wanted);
    } else {
        lr_text_add(&text, " (keys:");
        for (unsigned i = 0; i < KEY_COUNT; i++) {
            lr_text_add(&text, " ");
            lr_text_add(&text, keys[i].name);
        }
        lr_text_add(&text, ")");
    }
    lr_text_add(&text, "; going on with the defaults");
}

/* Who meant to hide something, and erred elsewhere, mustn't find it shown. */
static void fall_back(struct lr_config *config, const char *text)
{
    *config = defaults;
    config->redact = strstr(text, "redact") ? LR_REDACT_ALL : 0;
}

bool lr_config_parse(struct lr_config *config, const char *text, char *error, size_t error_size)
{
    const char *all = text;
    *config = defaults;
    while (text && *text) {
        struct value key, value;
        if (!next_item(&text, &key, &value)) {
            fall_back(config, all);
            complain(error, error_size, "expected key=value at", key, NULL);
            return false;
        }
        const struct key *known = find_key(key.bytes, key.length);
        if (!known || !known->set(config, value)) {
            fall_back(config, all);
            complain(error, error_size, known ? "wrong value for" : "unknown key", key, known);
            return false;
        }
    }
    return true;
}
