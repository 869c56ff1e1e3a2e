/* test_load.c -- a whole trace is read exactly, of an ended process and of a running one.
 *
 * Stage: unit tests of LOAD.  Damaged traces are test_load_damage.c's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"
#include "walk_trace.h"

static char path[64];

static struct lr_trace *open_or_fail(const char *file)
{
    struct lr_trace *trace;
    struct lr_error error;
    if (lr_trace_open(file, &trace, &error) != LR_OK)
        fail_msg("%s", error.text);
    return trace;
}

static struct lr_trace *reopen(struct lr_make *make)
{
    lr_make_write(make, path);
    return open_or_fail(path);
}

static void header_and_names(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_meta(make, LR_META_EXE, "/usr/bin/first");
    lr_make_meta(make, LR_META_NOTE, "one");
    lr_make_meta(make, LR_META_EXE, "/usr/bin/java");
    lr_make_meta(make, LR_META_NOTE, "two");
    lr_make_counter(make, LR_CNT_live_full, 7);
    lr_make_counter(make, LR_CNT_gc_count, 9);
    uint32_t module = lr_make_module(make, "/lib/libz.so.1", 0x7000, 0x8000, 0x9000, "00ff10");
    struct lr_trace *trace = reopen(make);

    const struct lr_trace_info *info = lr_trace_info(trace);
    assert_int_equal(info->ended, LR_ENDED_EXIT);
    assert_int_equal(info->pid, 4242);
    assert_int_equal(info->duration_ms, 10000);
    assert_int_equal(info->young_ms, 100);
    assert_int_equal(info->compat, LR_COMPAT_EXACT | LR_COMPAT_YOUNG);
    assert_string_equal(info->path, path);
    assert_int_equal(info->damaged.sections + info->damaged.references + info->damaged.values +
                         info->damaged.torn,
                     0);

    assert_string_equal(lr_trace_meta(trace, LR_META_EXE), "/usr/bin/java");
    assert_string_equal(lr_trace_meta(trace, LR_META_HOST), "");
    uint64_t cursor = 0;
    const char *text;
    char notes[64] = "";
    for (uint32_t key; lr_trace_each_meta(trace, &cursor, &key, &text);)
        if (key == LR_META_NOTE)
            strcat(strcat(notes, text), ";");
    assert_string_equal(notes, "one;two;");

    assert_int_equal(lr_trace_counter(trace, LR_CNT_live_full), 7);
    assert_int_equal(lr_trace_counter(trace, LR_CNT_gc_count), 9);
    assert_true(lr_counter_is_loss(LR_CNT_live_full));
    assert_false(lr_counter_is_loss(LR_CNT_gc_count));
    assert_string_equal(lr_counter_name(LR_CNT_live_full), "live_full");

    struct lr_module_view view;
    lr_trace_module_at(trace, module, &view);
    assert_string_equal(view.path, "/lib/libz.so.1");
    assert_int_equal(view.bias, 0x7000);
    assert_int_equal(view.build_id_size, 3);
    assert_memory_equal(view.build_id, "\x00\xff\x10", 3);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void stacks_and_frames(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t module = lr_make_module(make, "/lib/libz.so.1", 0, 0x1000, 0x9000, "");
    uint64_t frames[] = {
        lr_make_native_frame(module, 0x123456789abc),
        lr_make_java_frame_text(make, "java.util.zip.Inflater.init:-2"),
        lr_make_java_frame_text(make, "com.acme.Codec.read(Codec.java):42"),
        lr_make_java_frame_text(make, "com.acme.Codec.run:-1"),
        lr_make_native_frame(0, 0xfffffffffff0),
    };
    uint32_t stack = lr_make_stack(make, frames, 5, LR_STACK_JAVA_CUT);
    lr_make_stack_totals(make, stack, 11, 2200, 3, 600);
    struct lr_trace *trace = reopen(make);

    struct lr_stack_view view;
    lr_trace_stack_at(trace, stack, &view);
    assert_int_equal(view.frame_count, 5);
    assert_int_equal(view.flags, LR_STACK_JAVA | LR_STACK_JAVA_CUT);
    assert_int_equal(view.alloc_count, 11);
    assert_int_equal(view.alloc_bytes, 2200);
    assert_int_equal(view.lost_count, 3);
    assert_int_equal(view.lost_bytes, 600);

    struct lr_frame_view frame;
    lr_trace_frame_at(trace, stack, 0, &frame);
    assert_false(frame.java);
    assert_int_equal(frame.module, module);
    assert_int_equal(frame.address, 0x123456789abc);
    lr_trace_frame_at(trace, stack, 1, &frame);
    assert_true(frame.java);
    assert_int_equal(frame.line, LR_LINE_NATIVE);
    assert_string_equal(frame.source_file, "");
    lr_trace_frame_at(trace, stack, 2, &frame);
    assert_string_equal(frame.class_name, "com.acme.Codec");
    assert_string_equal(frame.method, "read");
    assert_string_equal(frame.source_file, "Codec.java");
    assert_int_equal(frame.line, 42);
    lr_trace_frame_at(trace, stack, 3, &frame);
    assert_int_equal(frame.line, LR_LINE_UNKNOWN);
    lr_trace_frame_at(trace, stack, 4, &frame);
    assert_int_equal(frame.module, 0);
    assert_int_equal(frame.address, 0xfffffffffff0);
    lr_trace_frame_at(trace, stack, 5, &frame); /* one too far */
    assert_int_equal(frame.module, 0);
    assert_int_equal(frame.address, 0);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void tables(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t stack = lr_make_java_stack(make, 1, "a.B.c(B.java):1");
    uint32_t inflater = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t libz = lr_make_pairdef(make, "zlib.inflate", 0);
    uint32_t site = lr_make_pairsite(make, libz, stack, 10, 4, 1);
    lr_make_pair(make, 0x7f0000001000, libz, site, stack, 100);
    lr_make_live(make, 0x5000, 100, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_live(make, 0x6000, LR_LIVE_SIZE_MASK, LR_KIND_NEW, stack, 6,
                 LR_LIVE_OWNED | LR_LIVE_LATER);
    lr_make_region(make, 0x10000, 4096, stack, 7, 3 | 0x22 << 8);
    struct lr_trace *trace = reopen(make);

    struct lr_live_view live;
    uint64_t cursor = 0;
    assert_true(lr_trace_each_live(trace, &cursor, &live));
    assert_int_equal(live.address, 0x5000);
    assert_int_equal(live.size, 100);
    assert_int_equal(live.kind, LR_KIND_MALLOC);
    assert_int_equal(live.stack, stack);
    assert_int_equal(live.birth_ms, 5);
    assert_true(live.weight == 1.0 && !live.owned && !live.later && !live.claimed);
    assert_true(lr_trace_each_live(trace, &cursor, &live));
    assert_int_equal(live.size, LR_LIVE_SIZE_MASK);
    assert_int_equal(live.kind, LR_KIND_NEW);
    assert_true(live.owned && live.later);
    assert_false(lr_trace_each_live(trace, &cursor, &live));
    assert_false(lr_trace_each_live(trace, &cursor, &live));

    struct lr_region_view region;
    cursor = 0;
    assert_true(lr_trace_each_region(trace, &cursor, &region));
    assert_int_equal(region.start, 0x10000);
    assert_int_equal(region.length, 4096);
    assert_int_equal(region.prot, 3);
    assert_int_equal(region.flags, 0x22);
    assert_false(lr_trace_each_region(trace, &cursor, &region));

    struct lr_pair_view pair;
    cursor = 0;
    assert_true(lr_trace_each_pair(trace, &cursor, &pair));
    assert_int_equal(pair.handle, 0x7f0000001000);
    assert_int_equal(pair.pair, libz);
    assert_int_equal(pair.site, site);
    assert_false(lr_trace_each_pair(trace, &cursor, &pair));
    assert_string_equal(lr_trace_pair_name(trace, inflater), "java.util.zip.Inflater");
    assert_int_equal(lr_trace_pair_flags(trace, inflater), LR_PAIR_JAVA);

    struct lr_pairsite_view view;
    lr_trace_pairsite_at(trace, site, &view);
    assert_int_equal(view.pair, libz);
    assert_int_equal(view.acquired, 10);
    assert_int_equal(view.released, 4);
    assert_int_equal(view.released_by_cleaner, 1);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void events_of_a_wrapped_ring(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint64_t capacity = lr_make_section(make, LR_SEC_EVENTS)->capacity;
    for (uint64_t i = 0; i < capacity + 10; i++)
        lr_make_event(make, LR_EVENT_GC, (uint32_t)i, (uint32_t)i, i * 2);
    /* One was being written: its sequence is 0. */
    ((struct lr_event *)lr_make_entry(make, LR_SEC_EVENTS, 50))->sequence = 0;
    struct lr_trace *trace = reopen(make);
    struct lr_event_view event;
    uint64_t cursor = 0, count = 0, last = 0;
    while (lr_trace_each_event(trace, &cursor, &event)) {
        if (count == 0)
            assert_int_equal(event.number, 10);
        else
            assert_true(event.number > last && event.number != 50);
        assert_int_equal(event.a, event.number);
        assert_int_equal(event.b, event.number * 2);
        last = event.number;
        count++;
    }
    assert_int_equal(count, capacity - 1);
    assert_int_equal(last, capacity + 9);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void texts_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *clean;
    } texts[] = {
        {"plain", "plain"},
        {"a\033[31mb\nc\x7f", "a?[31mb?c?"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xf0\x9f\x90\x9e", "\xf0\x9f\x90\x9e"},
        {"\xc0\x80", "??"},      /* Java's NUL: overlong */
        {"\xed\xa0\x80", "???"}, /* half a surrogate pair */
        {"\xc2\x9b"
         "31m",
         "??31m"}, /* an 8-bit escape sequence */
        {"cut\xe2\x82", "cut??"},
        {"\xf4\x90\x80\x80", "????"},
    };
    struct lr_make *make = lr_make_new();
    uint32_t ids[sizeof(texts) / sizeof(texts[0])];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ids[i] = lr_make_string(make, texts[i].raw);
    struct lr_trace *trace = reopen(make);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(lr_trace_string(trace, ids[i]), texts[i].clean);
    assert_ptr_equal(lr_trace_string(trace, ids[1]), lr_trace_string(trace, ids[1]));
    lr_trace_close(trace);
    lr_make_free(make);
}

static void endings(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->state = LR_STATE_EXECED;
    struct lr_trace *trace = reopen(make);
    assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_EXEC);
    lr_trace_close(trace);

    /* No last word, and that process never was: killed, and its end is its last heartbeat. */
    header->state = LR_STATE_OPEN;
    header->end_unix_ns = 0;
    header->pid = 0x7ffffff0;
    trace = reopen(make);
    assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_KILLED);
    assert_int_equal(lr_trace_info(trace)->duration_ms, 9990);
    lr_trace_close(trace);

    /* Our own pid, but another process had it then. */
    header->pid = (uint32_t)getpid();
    header->proc_start = 1;
    trace = reopen(make);
    assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_KILLED);
    lr_trace_close(trace);
    lr_make_free(make);
}

/* Field 22 of /proc/PID/stat, found without the loader's help. */
static uint64_t start_time(pid_t pid)
{
    char name[64], text[1024] = "";
    snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    unsigned long long start = 0;
    assert_int_equal(sscanf(strrchr(text, ')') + 1,
                            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                            "%*d %*d %llu",
                            &start),
                     1);
    return start;
}

static void a_zombie_is_not_running(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    header->state = LR_STATE_OPEN;
    header->pid = (uint32_t)child;
    header->proc_start = start_time(child);
    struct lr_trace *trace = reopen(make);
    assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_RUNNING);
    lr_trace_close(trace);

    kill(child, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    trace = open_or_fail(path); /* dead, not reaped */
    assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_KILLED);
    lr_trace_close(trace);
    waitpid(child, NULL, 0);
    lr_make_free(make);
}

/* A writer that follows the protocol, for ever recycling slots; size and birth follow from the
 * address, so that a torn reading shows. */
struct writer {
    struct lr_live *slots;
    uint64_t count;
    int stop;
};

static uint64_t size_for(uint64_t address)
{
    return (address >> 4) * 31 & 0xffffff;
}

static void *write_for_ever(void *argument)
{
    struct writer *writer = argument;
    for (uint64_t n = 1; !__atomic_load_n(&writer->stop, __ATOMIC_RELAXED); n++) {
        struct lr_live *slot = &writer->slots[n % writer->count];
        uint64_t address = (n * 0x9e3779b9u & 0xffffffffu) << 4 | UINT64_C(1) << 40;
        __atomic_store_n(&slot->key, address | LR_KEY_BUSY, __ATOMIC_SEQ_CST);
        __atomic_store_n(&slot->gen, slot->gen + 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(&slot->info, size_for(address) | UINT64_C(1) << LR_LIVE_KIND_SHIFT,
                         __ATOMIC_SEQ_CST);
        __atomic_store_n(&slot->birth_ms, (uint32_t)(address >> 4), __ATOMIC_SEQ_CST);
        float weight = 1.0f;
        __atomic_store(&slot->weight, &weight, __ATOMIC_SEQ_CST);
        __atomic_store_n(&slot->key, address, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void a_running_process_is_read_whole(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    struct lr_section live_section = *lr_make_section(make, LR_SEC_LIVE);
    header->state = LR_STATE_OPEN;
    header->pid = (uint32_t)getpid();
    header->proc_start = start_time(getpid());
    lr_make_write(make, path);
    size_t size = (size_t)header->file_size;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    unsigned char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(mapping, MAP_FAILED);
    close(fd);
    struct writer writer = {.slots = (struct lr_live *)(mapping + live_section.offset),
                            .count = live_section.capacity};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_for_ever, &writer), 0);
    uint64_t seen = 0;
    for (int round = 0; round < 100; round++) {
        struct lr_trace *trace = open_or_fail(path);
        assert_int_equal(lr_trace_info(trace)->ended, LR_ENDED_RUNNING);
        assert_int_equal(lr_trace_info(trace)->damaged.values, 0);
        struct lr_live_view live;
        for (uint64_t cursor = 0; lr_trace_each_live(trace, &cursor, &live); seen++) {
            assert_int_equal(live.size, size_for(live.address));
            assert_int_equal(live.birth_ms, (uint32_t)(live.address >> 4));
        }
        lr_trace_close(trace);
    }
    __atomic_store_n(&writer.stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_true(seen > 0);
    munmap(mapping, size);
    lr_make_free(make);
}

/* A file as the preload makes it: allocated whole, written in places. */
static void holes_are_zeros(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t stack = lr_make_java_stack(make, 1, "a.B.c(B.java):1");
    struct lr_live *last =
        lr_make_entry(make, LR_SEC_LIVE, lr_make_section(make, LR_SEC_LIVE)->capacity - 1);
    *last = (struct lr_live){
        .key = 0x9000, .info = 77 | UINT64_C(1) << LR_LIVE_KIND_SHIFT, .stack = stack, .weight = 1};
    size_t size;
    unsigned char *bytes = lr_make_bytes(make, &size);
    static const unsigned char zeros[4096];
    unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    for (size_t page = 0; page < size; page += sizeof(zeros))
        if (memcmp(bytes + page, zeros, sizeof(zeros)) != 0)
            assert_int_equal(pwrite(fd, bytes + page, sizeof(zeros), (off_t)page), sizeof(zeros));
    close(fd);
    struct lr_trace *trace = open_or_fail(path);
    struct lr_walk walk;
    lr_walk_trace(trace, &walk);
    assert_int_equal(walk.live, 1);
    struct lr_live_view live;
    uint64_t cursor = 0;
    assert_true(lr_trace_each_live(trace, &cursor, &live));
    assert_int_equal(live.size, 77);
    lr_trace_close(trace);
    lr_make_free(make);
}

static void not_a_file(void **state)
{
    (void)state;
    struct lr_trace *trace;
    struct lr_error error;
    assert_int_equal(lr_trace_open("/nonexistent/x.lkr", &trace, &error), LR_UNREADABLE);
    assert_null(trace);
    assert_int_equal(lr_trace_open("/tmp", &trace, &error), LR_UNREADABLE);
    assert_non_null(strstr(error.text, "directory"));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lr_trace_open(path, &trace, &error), LR_UNREADABLE); /* and doesn't wait */
    assert_non_null(strstr(error.text, "not a regular file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_names),
        cmocka_unit_test(stacks_and_frames),
        cmocka_unit_test(tables),
        cmocka_unit_test(events_of_a_wrapped_ring),
        cmocka_unit_test(texts_are_cleaned),
        cmocka_unit_test(endings),
        cmocka_unit_test(a_zombie_is_not_running),
        cmocka_unit_test(a_running_process_is_read_whole),
        cmocka_unit_test(holes_are_zeros),
        cmocka_unit_test(not_a_file),
    };
    snprintf(path, sizeof(path), "/tmp/leakring-test-load.%d.lkr", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
