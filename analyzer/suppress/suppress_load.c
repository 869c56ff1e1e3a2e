/* suppress_load.c -- from files, and the starter set, to the rules of a run (suppress.h).
 *
 * Stage: beside MODEL.  Context: analyzer only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppress.h"

/* The file itself, so that there is one text of it; installed as an example, too. */
__asm__(".pushsection .rodata\n"
        ".global lr_starter_set\n"
        "lr_starter_set:\n"
        ".incbin \"share/leakring/jdk.supp\"\n"
        ".global lr_starter_set_end\n"
        "lr_starter_set_end:\n"
        ".byte 0\n"
        ".popsection\n");
extern const char lr_starter_set[], lr_starter_set_end[];

static enum lr_status parse_starter(struct lr_suppressions *set, struct lr_error *error)
{
    return lr_suppressions_parse(set, "jdk.supp", true, lr_starter_set,
                                 (size_t)(lr_starter_set_end - lr_starter_set), error);
}

/* The whole file, at most a byte more than is allowed; NULL with a message. */
static char *read_file(const char *path, size_t *length, struct lr_error *error)
{
    FILE *in = fopen(path, "re");
    char *text = in ? malloc(LR_SUPPRESS_FILE_MAX + 1) : NULL;

    if (text) {
        errno = 0;
        *length = fread(text, 1, LR_SUPPRESS_FILE_MAX + 1, in);
    }
    if (!text || ferror(in)) {
        lr_fail(error, LR_USAGE, "suppressions %.200s can't be read: %s", path,
                errno ? strerror(errno) : "out of memory");
        free(text);
        text = NULL;
    } else if (*length > LR_SUPPRESS_FILE_MAX) {
        lr_fail(error, LR_USAGE, "suppressions %.200s: more than %d bytes", path,
                LR_SUPPRESS_FILE_MAX);
        free(text);
        text = NULL;
    }
    if (in)
        fclose(in);
    return text;
}

static enum lr_status load_file(struct lr_suppressions *set, const char *path,
                                struct lr_error *error)
{
    size_t length = 0;
    char *text = read_file(path, &length, error);
    enum lr_status status;

    if (!text)
        return LR_USAGE;
    status = lr_suppressions_parse(set, path, false, text, length, error);
    free(text);
    return status;
}

enum lr_status lr_suppressions_load(const struct lr_suppress_options *options,
                                    struct lr_suppressions **set, struct lr_error *error)
{
    struct lr_suppressions *loaded = calloc(1, sizeof(*loaded));
    enum lr_status status = LR_OK;

    *set = NULL;
    if (options->count > LR_SUPPRESS_FILES) {
        free(loaded);
        return lr_fail(error, LR_USAGE, "more than %d suppression files", LR_SUPPRESS_FILES);
    }
    if (!loaded)
        return lr_fail(error, LR_FAILED, "out of memory");
    loaded->need_reasons = options->need_reasons;
    if (options->plain_reason && !options->plain_reason[strspn(options->plain_reason, " \t")])
        status = lr_fail(error, LR_USAGE, "--suppressions-reason wants a reason");
    loaded->plain_reason = options->plain_reason;
    for (unsigned i = 0; i < options->count && status == LR_OK; i++)
        status = load_file(loaded, options->files[i], error);
    if (status == LR_OK && !options->no_built_in)
        status = parse_starter(loaded, error);
    if (status == LR_OK)
        *set = loaded;
    else
        lr_suppressions_free(loaded);
    return status;
}

const struct lr_suppressions *lr_suppressions_built_in(void)
{
    static struct lr_suppressions set;

    if (set.count == 0)
        parse_starter(&set, NULL);
    return &set;
}

void lr_suppressions_free(struct lr_suppressions *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++) {
        free(set->items[i].pattern);
        free(set->items[i].reason);
        free(set->items[i].owner);
        free(set->items[i].pair);
    }
    for (size_t i = 0; i < set->file_count; i++)
        free(set->files[i]);
    free(set->items);
    free(set->files);
    free(set);
}
