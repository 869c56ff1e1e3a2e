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

static const char *const keys[] = {"file",  "size",       "exe",   "children",
                                   "depth", "java_depth", "young", "unwinder"};
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

static enum lr_status check_key(const struct item *item, struct lr_error *error)
{
    char word[64];
    const char *meant;

    for (size_t i = 0; i < KEY_COUNT; i++)
        if (is_key(item, keys[i]))
            return LR_OK;
    snprintf(word, sizeof(word), "%.*s", (int)item->key_length, item->key);
    lr_fail(error, LR_USAGE, "LEAKRING: unknown key '%s'", word);
    meant = lr_closest(word, keys, KEY_COUNT);
    if (meant)
        lr_hint(error, "did you mean %s=?", meant);
    else
        lr_hint(error, "keys are file size exe children depth java_depth young unwinder");
    return LR_USAGE;
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
        status = check_key(&item, error);
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
