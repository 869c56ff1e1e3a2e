/* fuzz_suppress.c -- libFuzzer target: whatever a suppression file holds, it is refused with its
 * line or understood; and a pattern matches as the slow, obvious matcher says.
 *
 * Stage: fuzzing of suppress*.c.  Build and run: `make fuzz-suppress`.
 *
 * The first byte chooses: a file, or a pattern and a text with a newline between them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_suppress: %s\n", what);
        abort();
    }
}

/* Tries every length for every star. */
static bool glob(const char *pattern, const char *stop, const char *text, bool end)
{
    if (pattern == stop)
        return !end || !*text;
    if (*pattern == '*')
        return glob(pattern + 1, stop, text, end) || (*text && glob(pattern, stop, text + 1, end));
    return *text == *pattern && glob(pattern + 1, stop, text + 1, end);
}

static bool matches(const char *pattern, const char *text)
{
    size_t length = strlen(pattern);
    bool start = length > 0 && pattern[0] == '^';
    bool end = length > start && pattern[length - 1] == '$';
    const char *stop = pattern + length - end;

    pattern += start;
    do {
        if (glob(pattern, stop, text, end))
            return true;
    } while (!start && *text++);
    return false;
}

static unsigned stars(const char *pattern)
{
    unsigned count = 0;

    for (; *pattern; pattern++)
        count += *pattern == '*';
    return count;
}

static void look_at_pattern(char *pattern)
{
    char *text = strchr(pattern, '\n');

    if (!text)
        return;
    *text++ = '\0';
    lr_pattern_matches(pattern, text);
    if (strlen(pattern) > 12 || strlen(text) > 24 || stars(pattern) > 4) /* glob() is that slow */
        return;
    must(lr_pattern_matches(pattern, text) == matches(pattern, text), "the matchers differ");
}

static void look_at_file(const char *text, size_t size)
{
    struct lr_suppressions *set = calloc(1, sizeof(*set));
    struct lr_error error = {{0}, {0}};
    enum lr_status status = lr_suppressions_parse(set, "fuzz", false, text, size, &error);

    must(status == LR_OK || (status == LR_USAGE && strncmp(error.text, "fuzz:", 5) == 0),
         "refused without its line");
    for (size_t i = 0; i < set->count && status == LR_OK; i++) {
        const struct lr_suppression *rule = &set->items[i];

        must(rule->reason[0] && rule->pattern[0] && rule->line > 0, "a rule without a reason");
        must((rule->until[0] != 0) == (rule->until_unix != 0), "half an expiry");
        lr_pattern_matches(rule->pattern, "com.acme.Codec.read");
    }
    lr_suppressions_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    if (size > 0 && data[0] & 1)
        look_at_pattern(text + 1);
    else if (size > 0)
        look_at_file(text + 1, size - 1);
    free(text);
    return 0;
}
