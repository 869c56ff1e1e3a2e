/* start.c -- the constructor and the destructor: deciding whether to record, and beginning.
 *
 * Stage: start-up and end.  Context: the constructor runs on one thread before main; whatever
 * was allocated earlier is not recorded.  On any trouble the process stays inert, with at most
 * one line on stderr.
 */
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

#include "clock.h"
#include "config.h"
#include "file.h"
#include "guard.h"
#include "intern.h"
#include "kin.h"
#include "intercept.h"
#include "next.h"
#include "pairs_start.h"
#include "prim.h"
#include "process.h"
#include "programs.h"
#include "record.h"
#include "regions.h"
#include "series.h"
#include "stack_totals.h"
#include "stacks.h"
#include "text.h"
#include "thread_names.h"
#include "threads.h"
#include "trace.h"
#include "unwind_stack.h"

static struct lr_identity identity;
static int traced_pid;  /* 0: nothing is traced */
static int refused_pid; /* wanted, but it couldn't be recorded; its children aren't tried either */
static bool child_of_traced;
static bool has_proc;

static void say(const char *message)
{
    char line[LR_PATH_MAX * 2];
    struct lr_text text = lr_text_in(line, sizeof line);
    lr_text_add(&text, "leakring: ");
    lr_text_add(&text, message);
    lr_text_add(&text, "\n");
    lr_prim_write(2, line, text.length);
}

static const char *variable(char **environment, const char *name)
{
    size_t length = strlen(name);
    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

/* Field 22 of /proc/self/stat; the second may contain blanks and parentheses. */
static uint64_t process_start(void)
{
    char stat[1024];
    has_proc = lr_prim_slurp("/proc/self/stat", stat, sizeof stat) > 0;
    if (!has_proc)
        return 0;
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? lr_text_number(&at) : 0;
}

static void identify(char **environment)
{
    long length = lr_prim_readlink("/proc/self/exe", identity.exe, sizeof identity.exe - 1);
    if (length <= 0) {
        const char *from_kernel = (const char *)getauxval(AT_EXECFN);
        struct lr_text text = lr_text_in(identity.exe, sizeof identity.exe);
        lr_text_add(&text, from_kernel ? from_kernel : "unknown");
    }
    identity.name = lr_text_base_name(identity.exe);
    const char *tmpdir = variable(environment, "TMPDIR");
    identity.tmpdir = tmpdir && *tmpdir ? tmpdir : "/tmp";
    identity.pid = lr_prim_pid();
    identity.proc_start = process_start();
}

static void describe(int argc, char **argv, const char *config)
{
    static const char redacted[] = "[redacted]";
    char line[LR_STRING_MAX];
    struct lr_text text = lr_text_in(line, sizeof line);
    uint32_t hidden = lr_config.redact;
    for (int i = 0; i < argc && argv[i]; i++) {
        if (i)
            lr_text_add(&text, " ");
        lr_text_add(&text, i && hidden & LR_REDACT_CMDLINE ? redacted : argv[i]);
        if (i && hidden & LR_REDACT_CMDLINE)
            break;
    }
    char host[256];
    const char *allocator = lr_next_module("malloc");
    lr_intern_meta(LR_META_EXE, identity.exe);
    lr_intern_meta(LR_META_CMDLINE, line);
    if (hidden & LR_REDACT_HOST)
        lr_intern_meta(LR_META_HOST, redacted);
    else if (lr_prim_host_name(host, sizeof host) == 0)
        lr_intern_meta(LR_META_HOST, host);
    lr_intern_meta(LR_META_CONFIG, hidden & LR_REDACT_CONFIG ? redacted : config ? config : "");
    lr_intern_meta(LR_META_TRACER, LEAKRING_VERSION);
    lr_intern_meta(LR_META_ALLOCATOR, allocator ? allocator : "");
    if (!has_proc)
        lr_intern_meta(LR_META_NOTE, "/proc can't be read: no time series of the process, its "
                                     "cgroup and the machine, no new names of threads");
}

/* The flag that forks don't inherit: their copy of the page reads as 0. */
static struct lr_armed *make_flag(void)
{
    struct lr_armed *flag = lr_prim_map(lr_prim_page_size());
    if (flag && lr_prim_wipe_on_fork(flag, lr_prim_page_size()) < 0) {
        lr_disarm_in_children(); /* kernels before 4.14; their raw clones have no handlers */
        flag->pid = lr_prim_pid();
    }
    return flag;
}

/* Another's malloc comes first: blind, until the first call reaches us all the same. */
static void note_ahead(void)
{
    const char *ahead = lr_ahead_module("malloc");
    if (!ahead)
        return;
    lr_intern_meta(LR_META_AHEAD, *ahead ? ahead : identity.exe);
    lr_trace_set_compat(LR_COMPAT_BLIND);
}

/* We don't export these: a weak reference to them is how programs ask whether jemalloc is there. */
static void note_jemalloc(void)
{
    if (lr_next_symbol("mallocx"))
        lr_intern_meta(LR_META_NOTE, "jemalloc is there: what its own functions (mallocx, rallocx, "
                                     "dallocx, sdallocx) acquire or release isn't recorded, and "
                                     "blocks they release seem live");
}

static bool begin(int argc, char **argv, const char *config)
{
    struct lr_armed *flag = make_flag();
    lr_clock_start();
    if (!flag || !lr_intern_start() || !lr_stacks_start() || !lr_stack_take_start() ||
        !lr_record_start() || !lr_threads_start() || !lr_thread_names_start() ||
        !lr_regions_start() || !lr_pairs_start() || !lr_series_start())
        return false;
    lr_kin_start();
    lr_stack_note_main(argv);
    lr_file.header->young_ms = lr_config.young_ms;
    describe(argc, argv, config);
    lr_unwind_select("ehframe");
    if (strcmp(lr_config.unwinder, "ehframe") != 0 && !lr_unwind_select(lr_config.unwinder))
        lr_intern_meta(LR_META_NOTE, "unwinder=libunwind isn't available here; ehframe was used");
    note_ahead();
    note_jemalloc();
    lr_trace_event(LR_EVENT_START, lr_file.header->image, 0);
    traced_pid = identity.pid;
    lr_armed = flag;
    __atomic_store_n(&flag->on, flag->pid ? LR_ARMED_IN_ONE : LR_ARMED, __ATOMIC_RELEASE);
    return true;
}

static __attribute__((constructor)) void start(int argc, char **argv, char **environment)
{
    lr_next_started();
    if (getauxval(AT_SECURE))
        return;
    char error[LR_PATH_MAX * 2];
    const char *config = variable(environment, "LEAKRING");
    bool config_ok = lr_config_parse(&lr_config, config, error, sizeof error);
    identify(environment);
    child_of_traced = !lr_config.children && lr_program_parent_is_traced(lr_config.exe);
    if (child_of_traced || !lr_program_is_wanted(identity.name, lr_config.exe))
        return;
    /* One line at most: that nothing is recorded is worse than that defaults were used. */
    char trouble[LR_PATH_MAX * 2];
    if (!lr_file_create(&identity, trouble, sizeof trouble)) {
        refused_pid = identity.pid;
        say(trouble);
        return;
    }
    uint32_t depth = lr_own_work_begin();
    if (!begin(argc, argv, config)) {
        lr_file_abandon();
        refused_pid = identity.pid;
        say("not enough memory for the tables; not recording");
    } else if (!config_ok) {
        say(error);
    }
    lr_own_work_end(depth);
}

bool lr_process_is_traced(void)
{
    if (!traced_pid || !lr_is_armed() || lr_self.is_silent_child)
        return false;
    /* Not by pid alone: a child may be pid 1 of a namespace of its own, as its parent was.  Where a
     * filter refuses the answer, a vfork's child is taken for its parent; in silence nobody is
     * asked, and what is executed isn't to be traced. */
    int pid = lr_prim_pid();
    return pid == traced_pid || (pid < 0 && !lr_prim_is_silent());
}

void lr_process_note_child(void)
{
    lr_self.is_silent_child = true;
}

bool lr_process_forget_child(void)
{
    bool noted = lr_self.is_silent_child;
    lr_self.is_silent_child = false;
    return noted;
}

bool lr_process_was_refused(void)
{
    return refused_pid && lr_prim_pid() == refused_pid;
}

bool lr_process_strips_children(void)
{
    /* In silence nobody may ask who he is, and the next image would begin under a filter that
     * kills: it isn't traced. */
    return lr_prim_is_silent() || lr_self.is_silent_child ||
           (!lr_config.children && (child_of_traced || traced_pid || refused_pid));
}

static void set_state(enum lr_state state, enum lr_event_type event)
{
    lr_trace_event(event, 0, 0);
    lr_record_tenure_all();
    lr_totals_flush();
    lr_kin_tell();
    lr_file.header->heartbeat_ms = lr_trace_ms();
    lr_file.header->end_unix_ns = lr_prim_unix_ns();
    __atomic_store_n(&lr_file.header->state, state, __ATOMIC_RELEASE);
}

void lr_process_exec(void)
{
    set_state(LR_STATE_EXECED, LR_EVENT_EXEC);
}

void lr_process_exec_failed(void)
{
    lr_file.header->end_unix_ns = 0;
    __atomic_store_n(&lr_file.header->state, LR_STATE_OPEN, __ATOMIC_RELEASE);
}

/* Recording goes on (other threads, later exit handlers), straight into the file. */
void lr_process_end(void)
{
    if (lr_process_forget_child())
        return; /* that is what ends */
    lr_kin_ends();
    /* In silence a vfork's child that ends is taken for its parent. */
    if (!lr_process_is_traced() && !(traced_pid && lr_is_armed() && lr_prim_is_silent()))
        return;
    lr_record_use_young(false);
    lr_totals_defer(false);
    set_state(LR_STATE_EXITED, LR_EVENT_EXIT);
}

static __attribute__((destructor)) void end(void)
{
    lr_process_end();
}
