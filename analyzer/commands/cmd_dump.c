/* cmd_dump.c -- `leakring dump`: what a trace file holds, unjudged.
 *
 * Stage: LOAD -> OUTPUT, past symbolizing unless asked for.  Context: analyzer only.  One function
 * per section; records come in the order of the file, so that equal files give equal text.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "dump_names.h"
#include "dump_privacy.h"
#include "dump_series.h"
#include "dump_write.h"
#include "load.h"
#include "options.h"
#include "status.h"
#include "symbolize.h"
#include "trace_options.h"
#include "words.h"

static const struct lr_help help = {
    .name = "dump",
    .synopsis = "dump [options] FILE",
    .examples = "  leakring dump app.lkr                           everything, as text\n"
                "  leakring dump --section=counters app.lkr        what was lost, what was seen\n"
                "  leakring dump --section=stacks --symbols app.lkr\n"
                "  leakring dump --format=json app.lkr | jq '.pairs|length'\n",
    .options = "Options:\n"
               "  -s, --section=NAME     only this section; may be repeated: header, directory,\n"
               "                         counters, meta, modules, stacks, live, regions, pairs,\n"
               "                         pairsites, events, intervals, areas, collections, marks,\n"
               "                         series_1s, series_1m, series_30m, followed,\n"
               "                         followed_10s, followed_1m, followed_30m\n"
               "  -F, --format=text|json text (default) or json\n"
               "      --privacy          instead: what it says about its user, and what never\n"
               "      --symbols          name native frames from the files on this machine; the\n"
               "                         next two do so, too\n" LR_SYMBOLS_HELP
               "  -h, --help             this text\n",
    .notes = "For the meaning of each field see docs/FORMAT.md.\n",
};

struct context {
    struct lr_dump dump;
    const struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
};

static void dump_time(struct lr_dump *dump, const char *name, uint64_t unix_ns)
{
    char text[64] = "";
    time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    size_t length = strlen(text);
    snprintf(text + length, sizeof(text) - length, ".%03uZ",
             (unsigned)(unix_ns / 1000000u % 1000u));
    lr_dump_text(dump, name, text);
}

static void dump_header(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    const struct lr_trace_info *info = lr_trace_info(context->trace);
    lr_dump_record(dump);
    lr_dump_u64(dump, "format", info->version);
    lr_dump_u64(dump, "size", info->file_size);
    lr_dump_text(dump, "ended", lr_dump_ending_name(info->ended));
    lr_dump_u64(dump, "pid", info->pid);
    lr_dump_u64(dump, "image", info->image);
    dump_time(dump, "start", info->start_unix_ns);
    dump_time(dump, "end", info->end_unix_ns);
    lr_dump_u64(dump, "duration_ms", info->duration_ms);
    lr_dump_u64(dump, "heartbeat_ms", info->heartbeat_ms);
    lr_dump_u64(dump, "young_ms", info->young_ms);
    lr_dump_u64(dump, "max_interval", info->max_interval);
    lr_dump_u64(dump, "page_size", info->page_size);
    lr_dump_u64(dump, "machine", info->machine);
    lr_dump_flag(dump, "exact", (info->compat & LR_COMPAT_EXACT) != 0);
    lr_dump_flag(dump, "java", (info->compat & LR_COMPAT_JAVA) != 0);
    lr_dump_flag(dump, "blind", (info->compat & LR_COMPAT_BLIND) != 0);
    lr_dump_flag(dump, "young", (info->compat & LR_COMPAT_YOUNG) != 0);
    lr_dump_flag(dump, "no_java_names", (info->compat & LR_COMPAT_NO_JNAMES) != 0);
    lr_dump_record_end(dump);
    lr_dump_record(dump);
    lr_dump_u64(dump, "damaged_sections", info->damaged.sections);
    lr_dump_u64(dump, "damaged_references", info->damaged.references);
    lr_dump_u64(dump, "damaged_values", info->damaged.values);
    lr_dump_u64(dump, "torn_records", info->damaged.torn);
    lr_dump_record_end(dump);
}

static void dump_directory(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    for (uint32_t i = 0; i < lr_trace_section_count(context->trace); i++) {
        const struct lr_section *section = lr_trace_section_at(context->trace, i);
        lr_dump_record(dump);
        lr_dump_text(dump, "name", lr_section_name(section->id));
        lr_dump_u64(dump, "id", section->id);
        lr_dump_u64(dump, "offset", section->offset);
        lr_dump_u64(dump, "entry_size", section->entry_size);
        lr_dump_u64(dump, "capacity", section->capacity);
        lr_dump_u64(dump, "used", section->used);
        lr_dump_record_end(dump);
    }
}

static void dump_counters(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    for (unsigned i = 0; i < LR_COUNTER_COUNT; i++) {
        lr_dump_record(dump);
        lr_dump_text(dump, "name", lr_counter_name(i));
        lr_dump_text(dump, "kind", lr_counter_is_loss(i) ? "loss" : "info");
        lr_dump_u64(dump, "value", lr_trace_counter(context->trace, i));
        lr_dump_record_end(dump);
    }
}

static void dump_meta(struct context *context)
{
    uint64_t cursor = 0;
    const char *text;
    for (uint32_t key; lr_trace_each_meta(context->trace, &cursor, &key, &text);) {
        lr_dump_record(&context->dump);
        lr_dump_text(&context->dump, "key", lr_dump_meta_name(key));
        lr_dump_text(&context->dump, "value", text);
        lr_dump_record_end(&context->dump);
    }
}

static void dump_modules(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    for (uint32_t i = 1; i < lr_trace_module_entries(context->trace); i++) {
        struct lr_module_view module;
        char build_id[2 * LR_BUILD_ID_MAX + 1] = "";
        lr_trace_module_at(context->trace, i, &module);
        for (uint32_t b = 0; b < module.build_id_size; b++)
            snprintf(build_id + (size_t)2 * b, 3, "%02x", module.build_id[b]);
        lr_dump_record(dump);
        lr_dump_u64(dump, "module", i);
        lr_dump_text(dump, "path", module.path);
        lr_dump_hex(dump, "start", module.start);
        lr_dump_hex(dump, "end", module.end);
        lr_dump_hex(dump, "bias", module.bias);
        lr_dump_text(dump, "build_id", build_id);
        lr_dump_u64(dump, "load_ms", module.load_ms);
        lr_dump_u64(dump, "unload_ms", module.unload_ms);
        lr_dump_flag(dump, "main", (module.flags & LR_MODULE_MAIN) != 0);
        lr_dump_flag(dump, "vdso", (module.flags & LR_MODULE_VDSO) != 0);
        lr_dump_record_end(dump);
    }
}

static void dump_frame(struct lr_dump *dump, const struct lr_frame_name *name)
{
    static const char *const kinds[] = {[LR_FRAME_KIND_JAVA] = "java",
                                        [LR_FRAME_KIND_NATIVE] = "native",
                                        [LR_FRAME_KIND_UNKNOWN] = "unknown"};
    lr_dump_record(dump);
    lr_dump_text(dump, "kind", kinds[name->kind]);
    lr_dump_text(dump, "function", name->full);
    if (name->file[0] != '\0')
        lr_dump_text(dump, "file", name->file);
    if (name->line != LR_LINE_UNKNOWN)
        lr_dump_i64(dump, "line", name->line);
    if (name->kind != LR_FRAME_KIND_JAVA) {
        lr_dump_text(dump, "module", name->module);
        lr_dump_hex(dump, "address", name->address);
    }
    lr_dump_flag(dump, "inlined", name->inlined);
    lr_dump_flag(dump, "hidden", name->hidden);
    lr_dump_record_end(dump);
}

static void dump_stacks(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    for (uint32_t i = 1; i < lr_trace_stack_entries(context->trace); i++) {
        struct lr_stack_view stack;
        lr_trace_stack_at(context->trace, i, &stack);
        if ((stack.flags & LR_STACK_FREE) != 0)
            continue;
        lr_dump_record(dump);
        lr_dump_u64(dump, "stack", i);
        lr_dump_u64(dump, "alloc_count", stack.alloc_count);
        lr_dump_u64(dump, "alloc_bytes", stack.alloc_bytes);
        lr_dump_real(dump, "count_variance", stack.count_variance);
        lr_dump_real(dump, "bytes_variance", stack.bytes_variance);
        lr_dump_u64(dump, "lost_count", stack.lost_count);
        lr_dump_u64(dump, "lost_bytes", stack.lost_bytes);
        lr_dump_u64(dump, "first_ms", stack.first_ms);
        lr_dump_flag(dump, "java", (stack.flags & LR_STACK_JAVA) != 0);
        lr_dump_flag(dump, "depth_cut", (stack.flags & LR_STACK_DEPTH_CUT) != 0);
        lr_dump_flag(dump, "native_lost", (stack.flags & LR_STACK_NATIVE_LOST) != 0);
        lr_dump_flag(dump, "java_lost", (stack.flags & LR_STACK_JAVA_LOST) != 0);
        lr_dump_flag(dump, "java_cut", (stack.flags & LR_STACK_JAVA_CUT) != 0);
        struct lr_frame_name *names;
        size_t count = lr_symbolize_stack(context->symbolizer, i, UINT32_MAX, &names);
        lr_dump_list(dump, "frames");
        for (size_t f = 0; f < count; f++)
            dump_frame(dump, &names[f]);
        lr_dump_list_end(dump);
        lr_dump_record_end(dump);
        free(names);
    }
}

static void dump_thread(struct lr_dump *dump, const char *name)
{
    if (name[0] != '\0')
        lr_dump_text(dump, "thread", name);
}

static void dump_live(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    struct lr_live_view live;
    for (uint64_t cursor = 0; lr_trace_each_live(context->trace, &cursor, &live);) {
        lr_dump_record(dump);
        lr_dump_hex(dump, "address", live.address);
        lr_dump_u64(dump, "size", live.size);
        lr_dump_text(dump, "kind", lr_dump_kind_name(live.kind));
        lr_dump_u64(dump, "stack", live.stack);
        lr_dump_u64(dump, "birth_ms", live.birth_ms);
        lr_dump_real(dump, "weight", live.weight);
        dump_thread(dump, live.thread);
        lr_dump_flag(dump, "owned", live.owned);
        lr_dump_flag(dump, "later", live.later);
        lr_dump_flag(dump, "claimed", live.claimed);
        lr_dump_record_end(dump);
    }
}

static void dump_regions(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    struct lr_region_view region;
    for (uint64_t cursor = 0; lr_trace_each_region(context->trace, &cursor, &region);) {
        lr_dump_record(dump);
        lr_dump_hex(dump, "start", region.start);
        lr_dump_u64(dump, "length", region.length);
        lr_dump_u64(dump, "stack", region.stack);
        lr_dump_u64(dump, "birth_ms", region.birth_ms);
        lr_dump_hex(dump, "prot", region.prot);
        lr_dump_hex(dump, "flags", region.flags);
        lr_dump_flag(dump, "in_memory", region.in_memory);
        dump_thread(dump, region.thread);
        lr_dump_record_end(dump);
    }
}

/* An index, or -1 where the file's was bad. */
static void dump_reference(struct lr_dump *dump, const char *name, uint32_t index)
{
    lr_dump_i64(dump, name, index == LR_PAIR_NONE ? -1 : (int64_t)index);
}

static void dump_pairs(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    struct lr_pair_view pair;
    for (uint64_t cursor = 0; lr_trace_each_pair(context->trace, &cursor, &pair);) {
        lr_dump_record(dump);
        lr_dump_hex(dump, "handle", pair.handle);
        lr_dump_text(dump, "pair", lr_trace_pair_name(context->trace, pair.pair));
        dump_reference(dump, "site", pair.site);
        lr_dump_u64(dump, "stack", pair.stack);
        lr_dump_u64(dump, "birth_ms", pair.birth_ms);
        dump_thread(dump, pair.thread);
        lr_dump_flag(dump, "reused", pair.reused);
        lr_dump_flag(dump, "claimed", pair.claimed);
        lr_dump_record_end(dump);
    }
}

static void dump_pairsites(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    for (uint32_t i = 0; i < lr_trace_pairsite_entries(context->trace); i++) {
        struct lr_pairsite_view site;
        lr_trace_pairsite_at(context->trace, i, &site);
        if (site.free)
            continue;
        lr_dump_record(dump);
        lr_dump_u64(dump, "site", i);
        lr_dump_text(dump, "pair", lr_trace_pair_name(context->trace, site.pair));
        lr_dump_u64(dump, "stack", site.stack);
        lr_dump_u64(dump, "acquired", site.acquired);
        lr_dump_u64(dump, "released", site.released);
        lr_dump_u64(dump, "released_by_cleaner", site.released_by_cleaner);
        lr_dump_u64(dump, "released_unknown", site.released_unknown);
        lr_dump_u64(dump, "lost", site.lost);
        lr_dump_record_end(dump);
    }
}

static void dump_events(struct context *context)
{
    struct lr_dump *dump = &context->dump;
    struct lr_event_view event;
    for (uint64_t cursor = 0; lr_trace_each_event(context->trace, &cursor, &event);) {
        lr_dump_record(dump);
        lr_dump_u64(dump, "number", event.number);
        lr_dump_u64(dump, "time_ms", event.time_ms);
        lr_dump_text(dump, "type", lr_dump_event_name(event.type));
        lr_dump_u64(dump, "a", event.a);
        lr_dump_hex(dump, "b", event.b);
        lr_dump_u64(dump, "tid", event.tid);
        lr_dump_record_end(dump);
    }
}

#define SERIES(name, function, resolution)                                                         \
    static void dump_##name(struct context *context)                                               \
    {                                                                                              \
        function(&context->dump, context->trace, resolution);                                      \
    }
SERIES(series_1s, lr_dump_points, LR_EVERY_SECOND)
SERIES(series_1m, lr_dump_points, LR_EVERY_MINUTE)
SERIES(series_30m, lr_dump_points, LR_EVERY_HALF_HOUR)
SERIES(followed_10s, lr_dump_followed_points, LR_EVERY_SECOND)
SERIES(followed_1m, lr_dump_followed_points, LR_EVERY_MINUTE)
SERIES(followed_30m, lr_dump_followed_points, LR_EVERY_HALF_HOUR)

static void dump_intervals(struct context *context)
{
    lr_dump_intervals(&context->dump, context->trace);
}

static void dump_areas(struct context *context)
{
    lr_dump_areas(&context->dump, context->trace);
}

static void dump_collections(struct context *context)
{
    lr_dump_collections(&context->dump, context->trace);
}

static void dump_marks(struct context *context)
{
    lr_dump_marks(&context->dump, context->trace);
}

static void dump_followed(struct context *context)
{
    lr_dump_followed(&context->dump, context->trace);
}

static const struct section {
    const char *name;
    void (*dump)(struct context *context);
} sections[] = {
    {"header", dump_header},       {"directory", dump_directory}, {"counters", dump_counters},
    {"meta", dump_meta},           {"modules", dump_modules},     {"stacks", dump_stacks},
    {"live", dump_live},           {"regions", dump_regions},     {"pairs", dump_pairs},
    {"pairsites", dump_pairsites}, {"events", dump_events},
    {"intervals", dump_intervals}, {"areas", dump_areas}, {"collections", dump_collections},
    {"marks", dump_marks},
    {"series_1s", dump_series_1s}, {"series_1m", dump_series_1m},
    {"series_30m", dump_series_30m}, {"followed", dump_followed},
    {"followed_10s", dump_followed_10s}, {"followed_1m", dump_followed_1m},
    {"followed_30m", dump_followed_30m},
};
enum { SECTION_COUNT = sizeof(sections) / sizeof(sections[0]) };

struct request {
    unsigned wanted; /* bit per section; 0: all */
    enum lr_output output;
    bool symbols, privacy;
    struct lr_open_options open;
};

static int add_section(struct request *request, const char *name)
{
    const char *names[SECTION_COUNT];
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        names[i] = sections[i].name;
        if (strcmp(name, names[i]) == 0) {
            request->wanted |= 1u << i;
            return LR_EXIT_OK;
        }
    }
    const char *meant = lr_closest(name, names, SECTION_COUNT);
    return lr_bad_usage(&help, "no such section: %s%s%s%s", name, meant ? " (did you mean " : "",
                        meant ? meant : "", meant ? "?)" : "");
}

static int dump_file(const char *path, const struct request *request)
{
    struct context context = {0};
    struct lr_trace *trace;
    struct lr_error error;
    struct lr_symbolizer_options options = request->open.symbols;
    enum lr_status status = lr_trace_open(path, &trace, &error);
    if (status != LR_OK)
        return lr_finish(status, path, &error);
    options.no_files |= !request->symbols && !options.debug_dir && !options.sysroot;
    context.trace = trace;
    context.symbolizer = lr_symbolizer_open(trace, &options);
    if (context.symbolizer == NULL) {
        lr_trace_close(trace);
        return lr_finish(lr_fail(&error, LR_FAILED, "out of memory"), path, &error);
    }
    lr_dump_begin(&context.dump, stdout, request->output == LR_OUTPUT_JSON, "leakring.dump/1");
    if (request->privacy)
        lr_dump_privacy(&context.dump, trace);
    for (unsigned i = 0; i < SECTION_COUNT && !request->privacy; i++)
        if (request->wanted == 0 || (request->wanted & 1u << i) != 0) {
            lr_dump_list(&context.dump, sections[i].name);
            sections[i].dump(&context);
            lr_dump_list_end(&context.dump);
        }
    lr_dump_end(&context.dump);
    lr_symbolizer_close(context.symbolizer);
    lr_trace_close(trace);
    return LR_EXIT_OK;
}

/* Exit code of a wrong or answered command line; -1 to go on with argv[optind]. */
static int parse_options(int argc, char **argv, struct request *request)
{
    enum { OPT_SYMBOLS = 256, OPT_PRIVACY };
    static const struct option options[] = {
        {"section", required_argument, NULL, 's'},
        {"format", required_argument, NULL, 'F'},
        {"symbols", no_argument, NULL, OPT_SYMBOLS},
        {"privacy", no_argument, NULL, OPT_PRIVACY},
        LR_SYMBOLS_OPTION_ROWS,
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":s:F:h", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            if (add_section(request, optarg) != LR_EXIT_OK)
                return LR_EXIT_BAD_INPUT;
            break;
        case 'F':
            if (lr_parse_output(optarg, &request->output) != 0)
                return lr_bad_usage(&help, "no such format: %s (text or json)", optarg);
            break;
        case OPT_PRIVACY:
            request->privacy = true;
            break;
        case OPT_SYMBOLS:
            request->symbols = true;
            break;
        case 'h':
            return lr_help(stdout, &help);
        default:
            if (!lr_trace_option(c, optarg, NULL, &request->open))
                return lr_bad_option(&help, argv, c);
        }
    }
    if (request->privacy && request->wanted)
        return lr_bad_usage(&help, "--privacy goes without --section");
    if (argc - optind != 1)
        return lr_bad_usage(&help, argc == optind ? "which file?" : "one file at a time");
    return -1;
}

int lr_cmd_dump(int argc, char **argv)
{
    struct request request = {0};
    int code = parse_options(argc, argv, &request);
    return code >= 0 ? code : dump_file(argv[optind], &request);
}
