/* dump_privacy.c -- dump_privacy.h.
 *
 * Stage: OUTPUT of `leakring dump`.  Context: analyzer only.  Kept in step with SECURITY.md.
 */
#include "dump_privacy.h"

#include <string.h>

static void put(struct lr_dump *dump, const char *what, const char *value, const char *hide)
{
    if (!value || !*value)
        return;
    lr_dump_record(dump);
    lr_dump_text(dump, "what", what);
    lr_dump_text(dump, "value", value);
    if (hide)
        lr_dump_text(dump, "hide", hide);
    lr_dump_record_end(dump);
}

static void put_count(struct lr_dump *dump, const char *what, uint64_t count, const char *see)
{
    if (count == 0)
        return;
    lr_dump_record(dump);
    lr_dump_text(dump, "what", what);
    lr_dump_u64(dump, "count", count);
    lr_dump_text(dump, "see", see);
    lr_dump_record_end(dump);
}

static uint64_t used(const struct lr_trace *trace, uint32_t id)
{
    for (uint32_t i = 0; i < lr_trace_section_count(trace); i++) {
        const struct lr_section *section = lr_trace_section_at(trace, i);
        if (section->id == id)
            return section->used;
    }
    return 0;
}

static void put_places(struct lr_dump *dump, const struct lr_trace *trace)
{
    uint32_t modules = lr_trace_module_entries(trace), threads = lr_trace_thread_entries(trace);
    put_count(dump, "paths of loaded libraries, and where in memory they were",
              modules ? modules - 1 : 0, "--section=modules");
    put_count(dump, "names of Java classes, methods and source files", used(trace, LR_SEC_METHODS),
              "--section=stacks");
    put_count(dump, "places in the program, as addresses and lines",
              lr_trace_stack_entries(trace) ? lr_trace_stack_entries(trace) - 1 : 0,
              "--section=stacks");
    put_count(dump, "names of threads", threads ? threads - 1 : 0, "--section=live");
    put_count(dump, "names of kinds of resources, the program's own too",
              used(trace, LR_SEC_PAIRDEFS), "--section=pairs");
    put_count(dump, "names of marks", used(trace, LR_SEC_MARKS), "--section=marks");
    put_count(dump, "figures of the process and its machine over time",
              used(trace, LR_SEC_SERIES_1S), "--section=series_1s");
}

static const struct {
    enum lr_meta_key key;
    const char *what, *hide;
} texts[] = {
    {LR_META_CMDLINE, "command line", "redact=cmdline"},
    {LR_META_HOST, "host name", "redact=host"},
    {LR_META_CONFIG, "value of LEAKRING", "redact=config"},
    {LR_META_EXE, "path of the program", NULL},
    {LR_META_ALLOCATOR, "path of the allocator", NULL},
    {LR_META_AHEAD, "path of an allocator that came first", NULL},
    {LR_META_JAVA_VERSION, "Java version", NULL},
    {LR_META_JAVA_VENDOR, "Java vendor", NULL},
    {LR_META_JAVA_VM, "Java virtual machine", NULL},
    {LR_META_JAVA_GC, "collector", NULL},
    {LR_META_NOTE, "first of the notes", NULL},
};

static void put_boot(struct lr_dump *dump, const struct lr_header *header)
{
    char text[2 * sizeof(header->boot_id) + 1] = "";
    for (size_t i = 0; i < sizeof(header->boot_id); i++)
        snprintf(text + 2 * i, 3, "%02x", header->boot_id[i]);
    put(dump, "which start of the machine (boot id)", text, NULL);
}

void lr_dump_privacy(struct lr_dump *dump, const struct lr_trace *trace)
{
    static const char *const never[] = {
        "environment variables other than LEAKRING", "contents of memory", "Java strings",
        "contents of files",
    };
    lr_dump_list(dump, "holds");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        put(dump, texts[i].what, lr_trace_meta(trace, texts[i].key), texts[i].hide);
    put_boot(dump, lr_trace_header(trace));
    put_places(dump, trace);
    lr_dump_list_end(dump);
    lr_dump_list(dump, "never_holds");
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        put(dump, "never", never[i], NULL);
    lr_dump_list_end(dump);
}
