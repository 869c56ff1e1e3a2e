/* helper_manners.c -- how the tracer's helper thread behaves in a program that has special wishes.
 *
 *     helper_manners unshare|realtime
 *
 * unshare: has recording start the helper, asks for what only a process without threads gets, and
 * says whether the helper is there again.  realtime: the thread that makes the tracer start its helper has a real-time
 * policy; prints the helper's.  Where a real-time policy isn't allowed: "not allowed".
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 60000 }; /* a millisecond each */

static void *volatile kept;

static void churn(void)
{
    for (int i = 0; i < 1000; i++) {
        kept = malloc(10);
        free(kept);
    }
}

static int is_helper(const char *tid)
{
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", tid);
    FILE *file = fopen(path, "r");
    if (file && !fgets(name, sizeof name, file))
        name[0] = '\0';
    if (file)
        fclose(file);
    return strcmp(name, "leakring\n") == 0;
}

/* Its thread id; 0: there is none. */
static int find_helper(void)
{
    int found = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(tasks));)
        if (entry->d_name[0] != '.' && is_helper(entry->d_name))
            found = atoi(entry->d_name);
    closedir(tasks);
    return found;
}

static int await_helper(void)
{
    int helper = 0;
    for (int i = 0; i < TRIES && !helper; i++) {
        churn();
        usleep(1000);
        helper = find_helper();
    }
    return helper;
}

static int after_unshare(void)
{
    int before = await_helper();
    if (!before || unshare(CLONE_THREAD) != 0) {
        puts("no helper, or refused because of it");
        return 1;
    }
    int after = await_helper();
    puts(after && after != before ? "back" : "never came back");
    return 0;
}

static void *nothing(void *unused)
{
    return unused;
}

static int in_real_time(void)
{
    pthread_t thread;
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}) != 0) {
        puts("not allowed");
        return 0;
    }
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    int helper = await_helper();
    printf("policy %d\n", helper ? sched_getscheduler(helper) : -1);
    return 0;
}

int main(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "realtime") == 0 ? in_real_time() : after_unshare();
}
