/* fuzz_rules.c -- libFuzzer target: whatever a file of rules holds, it is refused in one line, which
 * names the file's, or understood; and so is a value of LEAKRING.
 *
 * Stage: fuzzing of gate_config.c, gate_rules.c and settings.c.  Build and run: `make fuzz-rules`.
 *
 * The first byte chooses: odd, a value of LEAKRING; even, an INI file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gate_rules.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_rules: %s\n", what);
        abort();
    }
}

/* One line, and nothing that a terminal would obey. */
static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static void look_at_rules(const uint8_t *data, size_t size)
{
    struct lr_gate_rules rules = {0};
    struct lr_error error = {{0}, {0}};
    char path[64], *baseline = NULL;
    int fd = memfd_create("rules", MFD_CLOEXEC);
    enum lr_status status;

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file to be had");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    status = lr_gate_rules_read(&rules, path, &baseline, &error);
    must(status == LR_OK || status == LR_USAGE, "neither understood nor refused");
    must(status == LR_OK || (error.text[0] && is_clean(error.text)), "not one line of error");
    lr_gate_rules_free(&rules);
    free(baseline);
    close(fd);
}

static void look_at_settings(const char *text)
{
    struct lr_error error = {{0}, {0}};
    enum lr_status status = lr_settings_check(text, &error);
    char *value = lr_settings_get(text, "file"), *added = strdup(text);

    must(status == LR_OK || error.text[0], "refused without a word");
    if (value && lr_settings_add(&added, "file", value, &error) == LR_OK) {
        char *again = lr_settings_get(added, "file");

        must(status != LR_OK || (again && strcmp(again, value) == 0), "a value isn't what was set");
        free(again);
    }
    free(added);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        look_at_rules(data + 1, size - 1);
        return 0;
    }
    text = calloc(1, size);
    memcpy(text, data + 1, size - 1);
    look_at_settings(text);
    free(text);
    return 0;
}
