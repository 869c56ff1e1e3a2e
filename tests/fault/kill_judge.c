/* kill_judge.c -- kills a program at random moments and compares its trace with what it knew.
 *
 * Stage: fault tests.  Each round starts tests/oracle/kill_target.c under the preload, kills it by
 * SIGKILL (every fourth one while it starts) and reads the trace with the analyzer's own loader.
 * Right is a trace that loads undamaged, has lost nothing, has at most one torn record for each
 * thread and the helper, holds nothing but what the target had (FORMAT §4), and all of that but
 * the young window's blocks (§7).
 *
 *     kill_judge LIBRARY TARGET ROUNDS [SECONDS [THREADS [KEYS [DEATH]]]]
 *
 * It stops after SECONDS at the latest.  DEATH is the signal that kills (9), or the path of a memory
 * cgroup, in which the target eats until the kernel kills it.  Prints a line for each figure,
 * `name<TAB>value`, and what was wrong (`# …`).  Status 0: nothing.
 *
 * How old may a lost block be?  The helper thread says when it begins a pass (the file's
 * heartbeat), and a pass moves whatever is older than three quarters of the window and was there at
 * the pass before; one that is late may leave that to the next, which may be under way.  We watch
 * the heartbeat: a block born before the last pass but three, less the window, must be in the file,
 * however slow the machine is.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kill_truth.h"
#include "load.h"

enum { PASSES = 5 };
#define LONGEST_NS (300 * UINT64_C(1000000000))

static const char trace_path[] = "kill_judge.lkr", truth_path[] = "kill_judge.truth";
static const char *library, *target, *keys = "size=8M";
static unsigned thread_count = 4;
static int signal_number = SIGKILL;
static const char *group; /* NULL: the signal is sent by us */
static struct kill_truth *truth;

/* Sums of all rounds. */
static struct {
    uint64_t killed, unfinished, loaded, wrong, lost, torn, most_torn, stale, in_young, records;
    uint64_t oldest_lost_ms, operations;
} sum;

/* This round's: when the last heartbeats were seen to be the file's, newest first. */
static struct {
    unsigned number;
    bool starting;
    uint32_t beat;
    uint64_t last_seen_ns[PASSES];
    uint64_t killed_ns;
    unsigned stale;
    bool seen[KILL_BLOCKS];
} round_;

static __attribute__((format(printf, 1, 2))) void wrong(const char *format, ...)
{
    va_list arguments;
    if (sum.wrong++ >= 20)
        return;
    printf("# round %u: ", round_.number);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- one life ------------------------------------------------------------------------------- */

static bool make_truth(void)
{
    int fd = open(truth_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *truth) != 0)
        return false;
    truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return truth != MAP_FAILED;
}

/* A core file of each would take its time. */
static bool enter_group(void)
{
    static const char me[] = "0\n";
    char path[512];
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!group)
        return true;
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    int fd = open(path, O_WRONLY);
    return fd >= 0 && write(fd, me, sizeof me - 1) > 0 && close(fd) == 0;
}

static pid_t start_target(void)
{
    char threads[16], configuration[256];
    snprintf(threads, sizeof threads, "%u", thread_count);
    snprintf(configuration, sizeof configuration, "file=%s,%s", trace_path, keys);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("LEAKRING", configuration, 1);
        if (!enter_group())
            _exit(125);
        setenv("LD_PRELOAD", library, 1);
        execl(target, target, truth_path, threads, group ? "eats" : (char *)NULL, (char *)NULL);
        _exit(126);
    }
    return pid;
}

/* NULL as long as there is no whole header. */
static const volatile struct lr_header *map_header(void)
{
    struct stat status;
    int fd = open(trace_path, O_RDONLY);
    void *header = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size >= 4096)
        header = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return header == MAP_FAILED ? NULL : header;
}

static void look_at(const volatile struct lr_header *header)
{
    uint64_t before = now_ns(); /* the value is the file's at this moment or later */
    uint32_t beat = header->heartbeat_ms;
    if (beat != round_.beat) {
        memmove(&round_.last_seen_ns[1], &round_.last_seen_ns[0],
                sizeof round_.last_seen_ns - sizeof round_.last_seen_ns[0]);
        round_.beat = beat;
    }
    round_.last_seen_ns[0] = before;
}

/* Until it is dead, where somebody else kills it. */
static bool watch(pid_t pid, uint64_t until_ns, int *status)
{
    const volatile struct lr_header *header = NULL;
    bool died = false;
    while (now_ns() < until_ns && !died) {
        died = group && waitpid(pid, status, WNOHANG) == pid;
        if (!header)
            header = map_header();
        if (header)
            look_at(header);
        usleep(1000);
    }
    if (header)
        munmap((void *)(uintptr_t)header, 4096);
    return died;
}

static bool wait_until_ready(pid_t pid)
{
    for (unsigned tries = 0; tries < 120 * 1000; tries++) {
        int status;
        if (__atomic_load_n(&truth->ready, __ATOMIC_ACQUIRE))
            return true;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            wrong("the target ended by itself, status %#x", status);
            return false;
        }
        usleep(1000);
    }
    wrong("the target was never ready");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return false;
}

static bool live_and_die(void)
{
    pid_t pid = start_target();
    uint64_t lives_ns = group ? LONGEST_NS
                              : (uint64_t)(random() % 400) * 1000000u + (uint64_t)(random() % 1000000);
    bool died = false;
    int status = 0;
    if (pid < 0)
        return false;
    if (!round_.starting && !wait_until_ready(pid))
        return false;
    if (round_.starting)
        usleep((useconds_t)(random() % 30000));
    else
        died = watch(pid, now_ns() + lives_ns, &status);
    round_.killed_ns = now_ns();
    if (!died) {
        if (group)
            wrong("nobody killed it");
        kill(pid, group ? SIGKILL : signal_number);
        waitpid(pid, &status, 0);
    }
    if (!WIFSIGNALED(status) || WTERMSIG(status) != signal_number)
        wrong("the target ended by itself, status %#x", status);
    sum.killed++;
    sum.operations += truth->operations;
    return true;
}

/* --- its trace ------------------------------------------------------------------------------ */

static unsigned in_flight(const struct kill_entry *entries, unsigned count)
{
    unsigned result = 0;
    for (unsigned i = 0; i < count; i++)
        result += entries[i].state != KILL_EMPTY && entries[i].state != KILL_LIVE;
    return result;
}

static bool may_be(const struct kill_entry *entry, uint64_t address, uint64_t size)
{
    switch (entry->state) {
    case KILL_LIVE:
    case KILL_RELEASING:
        return entry->address == address && entry->size == size;
    case KILL_ACQUIRING: /* done, but the target didn't come to say so */
        return entry->size == size;
    case KILL_RESIZING:
        return entry->next_size == size || (entry->address == address && entry->size == size);
    default:
        return false;
    }
}

/* The entry that a record is of: one that lives rather than one that is changing. */
static struct kill_entry *entry_of(struct kill_entry *entries, unsigned count, const bool *taken,
                                   uint64_t address, uint64_t size)
{
    struct kill_entry *found = NULL;
    for (unsigned i = 0; i < count; i++)
        if (!taken[i] && may_be(&entries[i], address, size)) {
            if (entries[i].state == KILL_LIVE)
                return &entries[i];
            found = &entries[i];
        }
    return found;
}

static void judge_blocks(const struct lr_trace *trace)
{
    struct lr_live_view block;
    uint64_t cursor = 0;
    while (lr_trace_each_live(trace, &cursor, &block)) {
        if (block.owned || block.kind != LR_KIND_MALLOC || !KILL_IS_BLOCK_SIZE(block.size))
            continue;
        sum.records++;
        struct kill_entry *entry =
            entry_of(truth->blocks, KILL_BLOCKS, round_.seen, block.address, block.size);
        if (entry)
            round_.seen[entry - truth->blocks] = true;
        else if (round_.stale++ > 0) /* FORMAT §7 allows one */
            wrong("no block of %llu bytes at %#llx", (unsigned long long)block.size,
                  (unsigned long long)block.address);
        if (block.weight != 1.0 || block.stack == 0)
            wrong("a block's weight is %g, its stack %u", block.weight, block.stack);
    }
    sum.stale += round_.stale;
}

/* The young window's blocks may be missing, and no others. */
static void judge_missing(const struct lr_trace_info *info)
{
    uint64_t window_ns = (uint64_t)info->young_ms * 1000000u;
    uint64_t pass_ns = info->compat & LR_COMPAT_YOUNG ? round_.last_seen_ns[PASSES - 1]
                                                      : round_.killed_ns;
    for (unsigned i = 0; i < KILL_BLOCKS; i++) {
        const struct kill_entry *entry = &truth->blocks[i];
        if (entry->state != KILL_LIVE || round_.seen[i])
            continue;
        uint64_t age_ms = (round_.killed_ns - entry->born_ns) / 1000000u;
        if (entry->born_ns > round_.killed_ns)
            age_ms = 0;
        sum.in_young++;
        if (age_ms > sum.oldest_lost_ms)
            sum.oldest_lost_ms = age_ms;
        if (entry->born_ns + window_ns < pass_ns && sum.lost++ < 20)
            wrong("a block is missing that was %llu ms old", (unsigned long long)age_ms);
    }
}

static void judge_maps(const struct lr_trace *trace)
{
    bool seen[KILL_MAPS] = {false};
    struct lr_region_view region;
    uint64_t cursor = 0;
    while (lr_trace_each_region(trace, &cursor, &region)) {
        if (!KILL_IS_MAP_SIZE(region.length))
            continue;
        sum.records++;
        struct kill_entry *entry =
            entry_of(truth->maps, KILL_MAPS, seen, region.start, region.length);
        if (entry)
            seen[entry - truth->maps] = true;
        else
            wrong("no mapping of %llu bytes at %#llx", (unsigned long long)region.length,
                  (unsigned long long)region.start);
    }
    for (unsigned i = 0; i < KILL_MAPS; i++)
        if (truth->maps[i].state == KILL_LIVE && !seen[i])
            wrong("a mapping is missing");
}

static void judge_streams(const struct lr_trace *trace)
{
    struct lr_pair_view pair;
    uint64_t cursor = 0;
    unsigned found = 0, live = 0, changing = in_flight(truth->streams, KILL_STREAMS);
    while (lr_trace_each_pair(trace, &cursor, &pair))
        found++;
    for (unsigned i = 0; i < KILL_STREAMS; i++)
        live += truth->streams[i].state == KILL_LIVE;
    sum.records += found;
    if (found < live || found > live + changing)
        wrong("%u streams, of %u and %u that were changing", found, live, changing);
}

static void judge_whole(const struct lr_trace *trace, const struct lr_trace_info *info)
{
    const struct lr_damage *damage = &info->damaged;
    if (damage->sections || damage->references || damage->values)
        wrong("damaged: %llu sections, %llu references, %llu values",
              (unsigned long long)damage->sections, (unsigned long long)damage->references,
              (unsigned long long)damage->values);
    if (info->ended != LR_ENDED_KILLED)
        wrong("ended otherwise (%d) than killed", info->ended);
    for (unsigned i = 0; i < LR_COUNTER_COUNT; i++)
        if (lr_counter_is_loss(i) && lr_trace_counter(trace, i))
            wrong("%s: %llu", lr_counter_name(i), (unsigned long long)lr_trace_counter(trace, i));
    sum.torn += damage->torn;
    if (damage->torn > sum.most_torn)
        sum.most_torn = damage->torn;
    if (damage->torn > thread_count + 1)
        wrong("%llu torn records", (unsigned long long)damage->torn);
    if (in_flight(truth->blocks, KILL_BLOCKS) + in_flight(truth->maps, KILL_MAPS) +
            in_flight(truth->streams, KILL_STREAMS) > thread_count)
        wrong("the target's own account is wrong");
}

static void judge(void)
{
    struct lr_trace *trace;
    struct lr_error error;
    struct stat status;
    bool exists = stat(trace_path, &status) == 0;
    if (!exists || lr_trace_open(trace_path, &trace, &error) != LR_OK) {
        /* Died before the file was complete: no trace, which a reader is told. */
        sum.unfinished++;
        if (!round_.starting || truth->ready)
            wrong("no trace: %s", exists ? error.text : "no file");
        return;
    }
    const struct lr_trace_info *info = lr_trace_info(trace);
    sum.loaded++;
    judge_whole(trace, info);
    judge_blocks(trace);
    if (!round_.starting) /* else nobody watched the helper */
        judge_missing(info);
    judge_maps(trace);
    judge_streams(trace);
    lr_trace_close(trace);
}

static void play_round(unsigned number)
{
    memset(&round_, 0, sizeof round_);
    round_.number = number;
    round_.starting = number % 4 == 0 && !group;
    unlink(trace_path);
    if (!make_truth()) {
        wrong("no room for the truth");
        return;
    }
    if (live_and_die())
        judge();
    munmap(truth, sizeof *truth);
}

static void print_sums(void)
{
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"killed", sum.killed},
        {"unfinished", sum.unfinished},
        {"loaded", sum.loaded},
        {"operations", sum.operations},
        {"records", sum.records},
        {"wrong", sum.wrong},
        {"lost", sum.lost},
        {"stale", sum.stale},
        {"torn", sum.torn},
        {"most_torn", sum.most_torn},
        {"missing_young", sum.in_young},
        {"oldest_missing_ms", sum.oldest_lost_ms},
    };
    for (unsigned i = 0; i < sizeof figures / sizeof figures[0]; i++)
        printf("%s\t%llu\n", figures[i].name, (unsigned long long)figures[i].value);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    library = argv[1];
    target = argv[2];
    unsigned rounds = (unsigned)atoi(argv[3]), seconds = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
    if (argc > 5)
        thread_count = (unsigned)atoi(argv[5]);
    if (argc > 6)
        keys = argv[6];
    if (argc > 7 && argv[7][0] == '/')
        group = argv[7];
    else if (argc > 7)
        signal_number = atoi(argv[7]);
    uint64_t end = seconds ? now_ns() + seconds * UINT64_C(1000000000) : UINT64_MAX;
    srandom((unsigned)now_ns());
    for (unsigned i = 1; i <= rounds && now_ns() < end; i++)
        play_round(i);
    print_sums();
    unlink(trace_path);
    unlink(truth_path);
    return sum.wrong == 0 ? 0 : 1;
}
