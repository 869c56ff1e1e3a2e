/* corners.c -- awkward things that programs do to their threads, processes and libraries.
 *
 * Each mode prints what it sees and ends with a status; a traced run must do what a plain one does.
 *
 *     corners MODE [PLUGIN…]
 *
 * build: -ldl -lz -Wl,--no-as-needed
 */
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static void *volatile kept;
static char **plugins;

static void *nothing(void *unused)
{
    return unused;
}

/* After the first thread the tracer's own helper may be running. */
static void start_threads(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        pthread_join(thread, NULL);
}

static void *late(void *unused)
{
    usleep(100000);
    kept = malloc(10);
    puts("last thread");
    return unused;
}

/* The process ends when its last thread does. */
static int main_thread_leaves(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, late, NULL);
    pthread_detach(thread);
    pthread_exit(NULL);
}

static void quick_site(void)
{
    for (int i = 0; i < 100; i++)
        kept = malloc(1000);
}

static int ends_quickly(void)
{
    start_threads();
    quick_site();
    quick_exit(5);
}

/* A plugin that brings zlib along, loaded again and again. */
static int plugin_reloaded(void)
{
    for (int i = 0; i < 3; i++) {
        void *plugin = dlopen(plugins[0], RTLD_NOW);
        int (*go)(void) = (int (*)(void))dlsym(plugin, "go");
        printf("go %d\n", go());
        dlclose(plugin);
        mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return 0;
}

/* Two plugins that each have a zlib of their own. */
static int plugins_apart(void)
{
    for (int i = 0; i < 2; i++) {
        void *plugin = dlopen(plugins[i], RTLD_NOW | RTLD_LOCAL);
        int (*go)(void) = (int (*)(void))dlsym(plugin, "go");
        printf("go %d\n", go());
    }
    return 0;
}

/* Pid 1 of one namespace forks pid 1 of the next. */
static int first_process(void)
{
    int status = 0;
    if (getpid() != 1) {
        if (unshare(CLONE_NEWPID) != 0) {
            puts("no pid namespaces");
            return 0;
        }
        fflush(stdout);
        if (fork() == 0) {
            execl("/proc/self/exe", "corners", "first-process", (char *)NULL);
            _exit(8);
        }
        wait(&status);
        printf("first process: %x\n", (unsigned)status);
        return 0;
    }
    kept = malloc(10);
    if (unshare(CLONE_NEWPID) != 0)
        return 9;
    if (fork() == 0)
        _exit(3);
    wait(&status);
    printf("its child: %x\n", (unsigned)status);
    return 0;
}

/* Nothing but what the C library itself needs for sleeping, in all threads. */
static int forbid_nanosleep(unsigned action)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_nanosleep, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    struct timespec second = {1, 0};
    struct rusage usage;
    start_threads();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        puts("no seccomp");
        return 0;
    }
    clock_nanosleep(CLOCK_MONOTONIC, 0, &second, NULL);
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec == 0 &&
                 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 400000
             ? "slept"
             : "spun");
    return 0;
}

static int sandboxed_to_death(void)
{
    return forbid_nanosleep(SECCOMP_RET_KILL_PROCESS);
}

static int sandboxed_with_errors(void)
{
    return forbid_nanosleep(SECCOMP_RET_ERRNO | 1);
}

/* inflateEnd isn't how an inflateBack stream ends: it says so, and the stream lives on. */
static int wrong_end(void)
{
    static unsigned char window[32768];
    for (int i = 0; i < 10; i++) {
        z_stream *stream = calloc(1, sizeof *stream);
        if (inflateBackInit(stream, 15, window) != Z_OK)
            return 1;
        printf("%d\n", inflateEnd(stream));
    }
    return 0;
}

/* Only a single-threaded process may enter a user namespace. */
static int single_threaded(void)
{
    for (int i = 0; i < 100000; i++) {
        kept = malloc(10);
        free(kept);
    }
    puts(unshare(CLONE_NEWUSER) == 0 ? "entered" : "refused");
    return 0;
}

static void handle_alarm(int signal)
{
    kept = malloc(33);
    free(kept);
    kept = malloc(44);
}

/* A handler with an alternate stack of the usual size that allocates (which it shouldn't). */
static int small_stack(void)
{
    size_t size = 8192;
    unsigned char *area = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    area += size;
    mprotect(area, size, PROT_READ | PROT_WRITE);
    stack_t stack = {.ss_sp = area, .ss_size = size};
    struct sigaction action = {.sa_handler = handle_alarm, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    puts("handled");
    return 0;
}

/* The plugin's free doesn't come by the tracer: no block may be told as live twice. */
static int freed_elsewhere(void)
{
    void *plugin = dlopen(plugins[0], RTLD_NOW | RTLD_DEEPBIND);
    void (*drop)(void *) = (void (*)(void *))dlsym(plugin, "drop");
    for (int i = 0; i < 200000; i++)
        drop(malloc(100));
    puts("dropped");
    return 0;
}

static volatile unsigned mapped_by_handler;

static void handler_site(int signal)
{
    if (mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        mapped_by_handler++;
}

/* A handler that maps memory while the program maps and unmaps: `function<TAB>count`. */
static int mapping_handler(void)
{
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    signal(SIGALRM, handler_site);
    setitimer(ITIMER_REAL, &often, NULL);
    while (mapped_by_handler < 3000) {
        void *address = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(address, 4096);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("handler_site\t%u\n", mapped_by_handler);
    return 0;
}

static const struct mode {
    const char *name;
    int (*run)(void);
} modes[] = {
    {"main-thread-leaves", main_thread_leaves},
    {"ends-quickly", ends_quickly},
    {"plugin-reloaded", plugin_reloaded},
    {"plugins-apart", plugins_apart},
    {"first-process", first_process},
    {"sandboxed-to-death", sandboxed_to_death},
    {"sandboxed-with-errors", sandboxed_with_errors},
    {"wrong-end", wrong_end},
    {"single-threaded", single_threaded},
    {"small-stack", small_stack},
    {"freed-elsewhere", freed_elsewhere},
    {"mapping-handler", mapping_handler},
};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    plugins = argv + 2;
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            return modes[i].run();
    fprintf(stderr, "usage: corners MODE [PLUGIN…]\n");
    return 2;
}
