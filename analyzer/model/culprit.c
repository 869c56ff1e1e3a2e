/* culprit.c -- which frame is the user's to fix (culprit.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "culprit.h"

#include <fnmatch.h>
#include <string.h>

#include "words.h"

enum { KEY_LIMIT = 12 };

struct rule {
    enum lr_frame_owner owner;
    const char *pattern;
};

static const struct rule java_rules[] = {
#define LR_JAVA_RULE(owner, prefix) {LR_OWNER_##owner, prefix},
#define LR_FUNCTION_RULE(owner, glob)
#define LR_MODULE_RULE(owner, glob)
#define LR_FILE_RULE(owner, glob)
#define LR_PATH_RULE(owner, glob)
#include "culprit_rules.def"
#undef LR_JAVA_RULE
#define LR_JAVA_RULE(owner, prefix)
};

static const struct rule function_rules[] = {
#undef LR_FUNCTION_RULE
#define LR_FUNCTION_RULE(owner, glob) {LR_OWNER_##owner, glob},
#include "culprit_rules.def"
#undef LR_FUNCTION_RULE
#define LR_FUNCTION_RULE(owner, glob)
};

static const struct rule module_rules[] = {
#undef LR_MODULE_RULE
#define LR_MODULE_RULE(owner, glob) {LR_OWNER_##owner, glob},
#include "culprit_rules.def"
#undef LR_MODULE_RULE
#define LR_MODULE_RULE(owner, glob)
};

static const struct rule file_rules[] = {
#undef LR_FILE_RULE
#define LR_FILE_RULE(owner, glob) {LR_OWNER_##owner, glob},
#include "culprit_rules.def"
#undef LR_FILE_RULE
#define LR_FILE_RULE(owner, glob)
};

static const struct rule path_rules[] = {
#undef LR_PATH_RULE
#define LR_PATH_RULE(owner, glob) {LR_OWNER_##owner, glob},
#include "culprit_rules.def"
#undef LR_PATH_RULE
#define LR_PATH_RULE(owner, glob)
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct rule *match_glob(const struct rule *rules, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (fnmatch(rules[i].pattern, text, 0) == 0)
            return &rules[i];
    return NULL;
}

static enum lr_frame_owner java_owner(const struct lr_model_frame *frame)
{
    if (frame->hidden)
        return LR_OWNER_PLATFORM;
    for (size_t i = 0; i < COUNT(java_rules); i++)
        if (strncmp(frame->function, java_rules[i].pattern, strlen(java_rules[i].pattern)) == 0)
            return java_rules[i].owner;
    return LR_OWNER_USER;
}

enum lr_frame_owner lr_frame_owner(const struct lr_model_frame *frame)
{
    const struct rule *rule = NULL;

    if (frame->java)
        return java_owner(frame);
    if (frame->module[0] == '\0')
        return LR_OWNER_MACHINERY; /* generated code: a stub under a Java frame */
    if (frame->named && frame->file[0] != '\0')
        rule = match_glob(file_rules, COUNT(file_rules), frame->file);
    if (!rule && frame->named)
        rule = match_glob(function_rules, COUNT(function_rules), frame->function);
    if (!rule)
        rule = match_glob(module_rules, COUNT(module_rules), lr_base_name(frame->module));
    if (!rule)
        rule = match_glob(path_rules, COUNT(path_rules), frame->module);
    return rule ? rule->owner : LR_OWNER_USER;
}

static bool has_java(const struct lr_model_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (path->frames[i].java)
            return true;
    return false;
}

/* An offset in a stripped JNI library, or its entry without a line, is no place that anybody can go
 * to, if Java called it. */
static bool is_blind_alley(const struct lr_model_frame *frame)
{
    if (frame->java)
        return false;
    return !frame->named || (frame->file[0] == '\0' && strncmp(frame->function, "Java_", 5) == 0);
}

static size_t choose_frame(const struct lr_model_path *path, bool java_only)
{
    size_t best[3] = {path->count, path->count, path->count};
    bool java = has_java(path);

    for (size_t i = 0; i < path->count; i++) {
        enum lr_frame_owner owner;

        if (java_only && !path->frames[i].java)
            continue;
        owner = (enum lr_frame_owner)path->frames[i].owner;
        if (owner == LR_OWNER_USER && java && is_blind_alley(&path->frames[i]))
            owner = LR_OWNER_PLATFORM;
        if (best[owner] == path->count)
            best[owner] = i;
        if (owner == LR_OWNER_USER)
            break;
    }
    for (int owner = LR_OWNER_USER; owner <= LR_OWNER_MACHINERY; owner++)
        if (best[owner] < path->count)
            return best[owner];
    return 0;
}

/* Length of the package ("org.acme" of "org.acme.Codec.read"), 0 for the default package. */
static size_t package_length(const char *function)
{
    const char *end = strrchr(function, '.');

    while (end && end > function && *--end != '.')
        ;
    return end && *end == '.' ? (size_t)(end - function) : 0;
}

static bool same_home(const struct lr_model_frame *a, const struct lr_model_frame *b)
{
    size_t length;

    if (a->java != b->java)
        return false;
    if (!a->java)
        return strcmp(a->module, b->module) == 0;
    length = package_length(a->function);
    return length == package_length(b->function) && strncmp(a->function, b->function, length) == 0;
}

static const char *method_name(const struct lr_model_frame *frame)
{
    const char *dot = frame->java ? strrchr(frame->function, '.') : NULL;

    return dot ? dot + 1 : frame->function;
}

/* Did this frame decide, or does it only do what its caller wants?  `inner` is the frame that it
 * called. */
static bool decides(const struct lr_model_frame *frame, const struct lr_model_frame *inner,
                    const struct lr_model_frame *culprit)
{
    if (same_home(frame, culprit))
        return false;
    return strcmp(method_name(frame), "<init>") != 0 &&
           strcmp(method_name(frame), method_name(inner)) != 0;
}

size_t lr_culprit_key_end(const struct lr_model_path *path)
{
    const struct lr_model_frame *culprit = path->count ? &path->frames[path->culprit] : NULL;
    const struct lr_model_frame *inner = culprit;
    size_t taken = 1;

    for (size_t i = path->culprit + 1; i < path->count; i++) {
        const struct lr_model_frame *frame = &path->frames[i];

        if (!frame->user)
            continue;
        if (decides(frame, inner, culprit) || ++taken >= KEY_LIMIT)
            return i + 1;
        inner = frame;
    }
    return path->count;
}

void lr_culprit_choose(struct lr_model_path *path, const char *pair, bool pair_is_java)
{
    path->culprit = path->key_end = 0;
    path->key_whole = false;
    if (path->count == 0)
        return;
    path->culprit = choose_frame(path, pair_is_java && has_java(path));
    path->key_whole = !pair;
    path->key_end = pair ? lr_culprit_key_end(path) : path->count;
}
