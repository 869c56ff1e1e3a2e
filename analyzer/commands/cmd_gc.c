/* cmd_gc.c -- leakring gc: makes a traced JVM collect, and says what disappeared.
 *
 * Stage: command.  Context: analyzer only.  The request goes through the trace's control words
 * (load_control.c), the answer is a record of its collections.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "commands.h"
#include "gc_target.h"
#include "load.h"
#include "options.h"
#include "status.h"
#include "units.h"

static const struct lr_help help = {
    .name = "gc",
    .synopsis = "gc [options] PID|FILE",
    .examples = "  leakring gc 4711                 is it garbage, or held?\n"
                "  leakring gc --timeout=300 4711   a large heap takes its time\n"
                "  leakring gc app.lkr && leakring report app.lkr\n",
    .options = "Options:\n"
               "  -t, --timeout=SECONDS  how long to wait for the answer (default 60)\n"
               "      --bytes            sizes in bytes, not in kB and MB\n"
               "  -h, --help             this text\n",
    .notes = "The traced JVM collects its whole heap twice or more, lets its Cleaner finish after\n"
             "each, and notes in its trace what that released.  What lives on is held by the\n"
             "program: reports tell both from there on.  The program stands still during a\n"
             "collection, as it does with jcmd PID GC.run.\n"
             "\n"
             "Exit codes: 0 it collected, 2 wrong usage or no such trace, 3 no answer, or a JVM\n"
             "that didn't collect, or none.\n",
};

enum { OPT_BYTES = 256 };

static const struct option options[] = {
    {"timeout", required_argument, NULL, 't'},
    {"bytes", no_argument, NULL, OPT_BYTES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
    struct lr_asking asking;
    bool raw_bytes;
    char *path;
};

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, ":t:h", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 't':
            if (!lr_ask_timeout(&request->asking, optarg))
                return lr_bad_usage(&help, "--timeout is a number of seconds, not %s", optarg);
            break;
        case OPT_BYTES:
            request->raw_bytes = true;
            break;
        default:
            return lr_bad_option(&help, argv, c);
        }
    }
    if (argc - optind != 1)
        return lr_bad_usage(&help, "name one process or trace");
    return -1;
}

static enum lr_status explain(uint32_t result, struct lr_error *error)
{
    static const char *const texts[] = {
        [LR_COLLECT_NO_JVM] = "there is no JVM in this process: nothing can be collected",
        [LR_COLLECT_DYING] = "the JVM is going down",
        [LR_COLLECT_NO_THREAD] = "no thread could be started or attached to the JVM",
        [LR_COLLECT_IGNORED] = "the JVM was asked, and didn't collect",
        [LR_COLLECT_REFUSED] = "this JVM offers no way to make it collect",
        [LR_COLLECT_UNSEEN] =
            "asked, but this JVM doesn't tell whether it collected (-XX:-UsePerfData)",
        [LR_COLLECT_UNKNOWN] = "the library in that process is older than this command",
    };
    bool known = result < sizeof(texts) / sizeof(texts[0]) && texts[result];
    lr_fail(error, LR_CANNOT_TELL, "%s", known ? texts[result] : "it answered nonsense");
    if (result == LR_COLLECT_NO_JVM)
        lr_hint(error, "what malloc holds waits for no collection: leakring report tells whose it "
                       "is");
    else if (result == LR_COLLECT_IGNORED)
        lr_hint(error, "Epsilon never collects; Shenandoah heeds -XX:+DisableExplicitGC");
    return LR_CANNOT_TELL;
}

static bool find_answer(const struct lr_trace *trace, uint32_t number,
                        struct lr_collection_view *answer)
{
    bool found = false;
    struct lr_collection_view collection;
    for (uint64_t cursor = 0; lr_trace_each_collection(trace, &cursor, &collection);)
        if (collection.asked && collection.request == number) {
            *answer = collection;
            found = true;
        }
    return found;
}

/* Of what is live now, that which was there before the collection: a busy program goes on acquiring
 * while it is collected, which says nothing. */
static uint64_t count_held(const struct lr_trace *trace, uint32_t pair,
                           const struct lr_collection_view *answer)
{
    uint64_t held = 0;
    struct lr_pair_view live;
    for (uint64_t cursor = 0; lr_trace_each_pair(trace, &cursor, &live);)
        held += live.pair == pair && live.birth_ms < answer->bound_ms;
    return held;
}

static void put_pair(const char *name, uint64_t before, uint64_t held, uint64_t after, bool known)
{
    char counts[2][LR_UNIT_SIZE], more[LR_UNIT_SIZE];
    const char *meaning = held >= before ? known ? "held" : "held, if it did collect"
                          : held == 0    ? "garbage that waited for a collection"
                                         : "the rest was garbage that waited for a collection";
    printf("  %-24s %9s before, %9s after: %s", name, lr_unit_count(counts[0], before),
           lr_unit_count(counts[1], held), meaning);
    if (after > held)
        printf("; %s acquired meanwhile", lr_unit_count(more, after - held));
    putchar('\n');
}

static void put_pairs(const struct lr_trace *trace, const struct lr_collection_view *answer)
{
    uint32_t known = lr_trace_pairdef_entries(trace);
    bool any = false;
    for (uint32_t i = 0; i < LR_COLLECTION_PAIRS && i < known; i++) {
        uint64_t before = answer->pairs_before[i], after = answer->pairs_after[i];
        if (before == LR_NO_VALUE || after == LR_NO_VALUE || before + after == 0)
            continue;
        any = true;
        put_pair(lr_trace_pair_name(trace, i), before, count_held(trace, i, answer), after,
                 answer->result == LR_COLLECT_DONE);
    }
    if (!any)
        puts("  no streams were live");
}

static void put_change(const char *what, const struct lr_before_after *change, bool raw)
{
    char before[LR_UNIT_SIZE], after[LR_UNIT_SIZE];
    if (change->before != LR_NO_VALUE && change->after != LR_NO_VALUE)
        printf("  %-24s %9s before, %9s after\n", what, lr_unit_bytes(before, change->before, raw),
               lr_unit_bytes(after, change->after, raw));
}

static void put_answer(const struct request *request, const struct lr_trace *trace,
                       const struct lr_collection_view *answer)
{
    char took[LR_UNIT_SIZE];
    uint64_t ms = answer->end_ms > answer->bound_ms ? answer->end_ms - answer->bound_ms : 0;
    printf("Collected %" PRIu32 " times in %s.\n", answer->collections,
           lr_unit_duration(took, ms));
    put_pairs(trace, answer);
    put_change("resident memory", &answer->rss, request->raw_bytes);
    put_change("allocator, in use", &answer->used, request->raw_bytes);
    put_change("allocator, kept free", &answer->kept, request->raw_bytes);
    if (answer->drained_ms == 0)
        puts("The Cleaner was still at work: more may go.");
    if (answer->result == LR_COLLECT_DONE && answer->drained_ms)
        puts("`leakring report` now tells which of what is live was there before, and is held.");
}

static enum lr_status show(const struct request *request, struct lr_error *error)
{
    struct lr_trace *trace = NULL;
    struct lr_collection_view answer = {0};
    enum lr_status status = lr_trace_open(request->path, &trace, error);
    if (status != LR_OK)
        return status;
    if (!find_answer(trace, request->asking.asked & LR_CONTROL_NUMBER_MASK, &answer))
        status = lr_fail(error, LR_CANNOT_TELL, "its answer isn't in the trace");
    else if (answer.result == LR_COLLECT_DONE || answer.result == LR_COLLECT_UNSEEN)
        put_answer(request, trace, &answer);
    lr_trace_close(trace);
    return status;
}

static enum lr_status run(struct request *request, struct lr_error *error)
{
    struct lr_control control;
    enum lr_status status = lr_control_open(request->path, &request->asking.link, error);
    if (status != LR_OK)
        return status;
    if (!request->asking.link.java)
        return explain(LR_COLLECT_NO_JVM, error);
    status = lr_ask(&request->asking, error);
    if (status != LR_OK)
        return status;
    if (!lr_control_read(&request->asking.link, &control))
        return lr_fail(error, LR_UNREADABLE, "cannot read any more: the file was cut");
    if (control.result == LR_COLLECT_DONE || control.result == LR_COLLECT_UNSEEN)
        status = show(request, error);
    if (status == LR_OK && control.result != LR_COLLECT_DONE)
        return explain(control.result, error);
    return status;
}

int lr_cmd_gc(int argc, char **argv)
{
    struct request request = {.asking = {.link = {.fd = -1},
                                         .what = LR_CONTROL_COLLECT,
                                         .timeout_ms = LR_ASK_SECONDS * 1000}};
    struct lr_error error = {{0}, {0}};
    int exit_code = parse_options(argc, argv, &request);
    if (exit_code >= 0)
        return exit_code;
    const char *name = argv[optind];
    enum lr_status status = lr_gc_target(name, &request.path, &error);
    if (status == LR_OK)
        status = run(&request, &error);
    lr_control_close(&request.asking.link);
    exit_code = lr_finish(status, name, &error);
    free(request.path);
    return exit_code;
}
