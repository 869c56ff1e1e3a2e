/* model_text.c -- the report model's names, and its frames as text (model.h).
 *
 * Stage: MODEL.  Context: analyzer only.  Depends on nothing else, so that emitters of other models
 * can be linked with it.
 */
#include "model.h"

#include <stdio.h>

#include "words.h"

const char *lr_suppress_state_name(enum lr_suppress_state state)
{
    static const char *const names[] = {"unused", "used", "expired", "over", "unreasoned",
                                        "cannot-tell"};

    return names[state];
}

const char *lr_site_class_name(enum lr_site_class kind)
{
    static const char *const names[] = {"clean", "expected", "transient", "leak"};

    return names[kind];
}

const char *lr_memory_kind_name(enum lr_memory_kind kind)
{
    static const char *const names[] = {"malloc", "new", "mmap"};

    return names[kind];
}

const char *lr_model_ended_name(enum lr_model_ended ended)
{
    static const char *const names[] = {"exit", "exec", "killed", "running"};

    return names[ended];
}

const char *lr_completeness_name(enum lr_completeness verdict)
{
    static const char *const names[] = {"complete", "incomplete", "blind"};

    return names[verdict];
}

const char *lr_verdict_name(enum lr_verdict kind)
{
    static const char *const names[] = {"none",      "leak",      "cannot-tell", "garbage-waiting",
                                        "retention", "java-heap", "jvm-other",   "outside"};

    return names[kind];
}

const char *lr_verdict_heading(enum lr_verdict kind)
{
    static const char *const headings[] = {
        [LR_VERDICT_NONE] = "NO LEAK",
        [LR_VERDICT_LEAK] = "LEAK",
        [LR_VERDICT_CANNOT_TELL] = "CANNOT TELL",
        [LR_VERDICT_GARBAGE_WAITING] = "GARBAGE WAITING",
        [LR_VERDICT_RETENTION] = "RETENTION",
        [LR_VERDICT_JAVA_HEAP] = "JAVA HEAP",
        [LR_VERDICT_JVM_OTHER] = "THE JVM ITSELF",
        [LR_VERDICT_OUTSIDE] = "OUTSIDE",
    };

    return headings[kind];
}

const char *lr_ledger_name(enum lr_ledger_entry entry)
{
    static const char *const names[] = {
        [LR_LEDGER_JAVA_HEAP] = "Java Heap",
        [LR_LEDGER_CLASS] = "Class (metaspace)",
        [LR_LEDGER_CODE] = "Code (code cache)",
        [LR_LEDGER_GC] = "GC (collector's tables)",
        [LR_LEDGER_JVM] = "JVM, other mappings",
        [LR_LEDGER_STACKS] = "Thread (stacks)",
        [LR_LEDGER_LIVE] = "malloc, live",
        [LR_LEDGER_SLACK] = "malloc, freed but kept by the allocator",
        [LR_LEDGER_MAPPED] = "mapped by the program, anonymous",
        [LR_LEDGER_SHARED] = "shared memory",
        [LR_LEDGER_FILES] = "mapped files",
        [LR_LEDGER_OWN] = "leakring itself",
        [LR_LEDGER_UNKNOWN] = "unexplained",
    };

    return names[entry];
}

const char *lr_pressure_name(enum lr_pressure band)
{
    static const char *const names[] = {"unknown", "fine", "watch", "act"};

    return names[band];
}

uint64_t lr_model_round(double value)
{
    if (!(value > 0))
        return 0;
    return value >= 1e18 ? UINT64_C(1000000000000000000) : (uint64_t)(value + 0.5);
}

uint64_t lr_pair_site_never_ended(const struct lr_model_pair_site *site)
{
    return site->live + site->released_by_cleaner;
}

static int write_frame(char *out, size_t size, const struct lr_model_frame *frame)
{
    const char *gap = frame->java ? "" : " ";

    if (frame->file[0] && frame->line)
        return snprintf(out, size, "%s%s(%s:%u)", frame->function, gap, lr_base_name(frame->file),
                        frame->line);
    if (frame->native_method)
        return snprintf(out, size, "%s(Native Method)", frame->function);
    if (frame->file[0])
        return snprintf(out, size, "%s%s(%s)", frame->function, gap, lr_base_name(frame->file));
    if (frame->named && frame->module[0])
        return snprintf(out, size, "%s (%s)", frame->function, lr_base_name(frame->module));
    return snprintf(out, size, "%s%s", frame->function, frame->java ? "(Unknown Source)" : "");
}

const char *lr_model_frame_text(char *out, size_t size, const struct lr_model_frame *frame)
{
    return lr_text_end_whole(out, size, write_frame(out, size, frame));
}

const char *lr_model_place_text(char *out, size_t size, const struct lr_model_path *path)
{
    if (path->count)
        return lr_model_frame_text(out, size, &path->frames[path->culprit]);
    snprintf(out, size, "an unknown place");
    return out;
}

const char *lr_text_end_whole(char *text, size_t size, int wanted)
{
    size_t last = size - 1;

    if (wanted < 0 || (size_t)wanted < size)
        return text;
    while (last > 0 && ((unsigned char)text[last - 1] & 0xc0) == 0x80)
        last--;
    if (last > 0 && (unsigned char)text[last - 1] >= 0xc0)
        last--;
    text[last] = '\0';
    return text;
}
