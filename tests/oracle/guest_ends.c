/* guest_ends.c -- ways in which a process or its main thread ends.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_ends main-leaves|main-leaves-then-exit|main-leaves-and-stays
 *     guest_ends quick-exit
 *     guest_ends first-process _exit|exit|exec|return    as pid 1, with a child that is one too
 *
 * build: -Wno-unused-result
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void say_at_end(void)
{
    printf("end of the process\n");
}

static void late_site(void)
{
    for (int i = 0; i < 20; i++)
        kept = malloc(500);
}

static void *worker(void *mode)
{
    pthread_mutex_lock(&turn);
    usleep(300000); /* time for a helper thread to look twice */
    late_site();
    printf("worker\n");
    if (strcmp(mode, "main-leaves-then-exit") == 0)
        exit(7);
    if (strcmp(mode, "main-leaves-and-stays") == 0) {
        printf("ready\n");
        fflush(stdout);
        for (;;)
            pause();
    }
    return NULL;
}

/* The last thread that ends takes the process along: status 0, exit handlers, buffers written. */
static int main_leaves(char *mode)
{
    pthread_t thread;
    atexit(say_at_end);
    pthread_mutex_lock(&turn);
    pthread_create(&thread, NULL, worker, mode);
    pthread_detach(thread);
    printf("main leaves\n");
    pthread_mutex_unlock(&turn);
    pthread_exit(NULL);
}

static void *nothing(void *unused)
{
    return unused;
}

static void handler_site(void)
{
    kept = malloc(3000);
    printf("quick end\n");
    fflush(stdout);
}

static void quick_site(void)
{
    for (int i = 0; i < 100; i++)
        kept = malloc(1000);
}

/* With a second thread behind it, so that a helper runs; exit handlers stay out of this. */
static int ends_quickly(void)
{
    pthread_t thread;
    printf("begin\n"); /* stdout has its buffer now */
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    atexit(say_at_end);
    at_quick_exit(handler_site);
    quick_site();
    quick_exit(5);
}

static void first_site(void)
{
    for (int i = 0; i < 30; i++)
        kept = malloc(700);
}

static int end_child(const char *way)
{
    kept = malloc(100);
    printf("child is %d\n", (int)getpid());
    fflush(stdout);
    if (strcmp(way, "_exit") == 0)
        _exit(3);
    if (strcmp(way, "exit") == 0)
        exit(3);
    if (strcmp(way, "exec") == 0)
        execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
    return 3;
}

/* A container's first process whose child is the first of another container. */
static int first_process(const char *way)
{
    int status = 0;
    first_site();
    if (unshare(CLONE_NEWPID) != 0) {
        perror("unshare");
        return 9;
    }
    fflush(stdout);
    if (fork() == 0)
        return end_child(way);
    wait(&status);
    printf("I am %d, its status %x\n", (int)getpid(), (unsigned)status);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "main-leaves", 11) == 0)
        return main_leaves(argv[1]);
    if (argc > 1 && strcmp(argv[1], "quick-exit") == 0)
        return ends_quickly();
    if (argc > 2 && strcmp(argv[1], "first-process") == 0)
        return first_process(argv[2]);
    return 2;
}
