/* exec_relay.c -- a hundred images of one process, one after another, each executed in another way.
 *
 * Oracle program: image N (counting down to 0) leaks N + 1 blocks of 1000 + N bytes in
 * `relay_site`, runs a child by vfork, and executes its successor: by each function of the family in
 * turn, through a shell, and through launchers.  Each prints `N descriptors D environment E`: how
 * many are open, and how many bytes it has without LD_PRELOAD and LEAKRING; the first and the last
 * one also print `rss KiB`.
 *
 *     exec_relay N CHILD     CHILD: a program to run in each image
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WAYS = 11 };

static void relay_site(unsigned image)
{
    for (unsigned i = 0; i <= image; i++)
        if (!malloc(1000 + image))
            abort();
}

static unsigned descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count - 1; /* the directory's own */
}

static size_t environment(void)
{
    static const char *const others[] = {"LD_PRELOAD=", "LEAKRING=", "_=",
                                         "SHLVL=",      "OLDPWD=",   "RELAY_FIRST="};
    size_t bytes = 0;
    for (char **entry = environ; *entry; entry++) {
        int skip = 0;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            skip |= strncmp(*entry, others[i], strlen(others[i])) == 0;
        bytes += skip ? 0 : strlen(*entry) + 1;
    }
    return bytes;
}

static void print_rss(void)
{
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmRSS:", 6) == 0)
            printf("rss %ld\n", atol(line + 6));
    fclose(status);
}

static void run_child(char *program)
{
    char *arguments[] = {program, NULL};
    int status;
    pid_t child = vfork();
    if (child == 0) {
        execv(program, arguments);
        _exit(9);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        abort();
}

static void replace_image(unsigned way, char *self, char *number, char *child)
{
    char *plain[] = {self, number, child, NULL};
    char *shell[] = {"sh", "-c", "exec \"$@\"", "sh", self, number, child, NULL};
    char *nested[] = {"bash", "-c",   "exec sh -c 'exec \"$@\"' sh \"$@\"", "bash",
                      self,   number, child,                                NULL};
    char *launcher[] = {"env", "nice", "-n", "0", self, number, child, NULL};
    char *two[] = {"nohup", "env", self, number, child, NULL};
    switch (way) {
    case 0: execv(self, plain); break;
    case 1: execve(self, plain, environ); break;
    case 2: execvp(self, plain); break;
    case 3: execvpe(self, plain, environ); break;
    case 4: execl(self, self, number, child, (char *)NULL); break;
    case 5: execlp(self, self, number, child, (char *)NULL); break;
    case 6: execle(self, self, number, child, (char *)NULL, environ); break;
    case 7: fexecve(open(self, O_RDONLY | O_CLOEXEC), plain, environ); break;
    case 8: execvp("sh", shell); break;
    case 9: execvp("bash", nested); break;
    default: execvp(number[0] % 2 ? "env" : "nohup", number[0] % 2 ? launcher : two);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    unsigned image = (unsigned)atoi(argv[1]);
    char number[16];
    relay_site(image);
    printf("%u descriptors %u environment %zu\n", image, descriptors(), environment());
    if (image == 0 || getenv("RELAY_FIRST"))
        print_rss();
    unsetenv("RELAY_FIRST");
    fflush(stdout);
    run_child(argv[2]);
    if (image == 0)
        return 0;
    snprintf(number, sizeof number, "%u", image - 1);
    replace_image(image % WAYS, argv[0], number, argv[2]);
    perror("exec");
    return 1;
}
