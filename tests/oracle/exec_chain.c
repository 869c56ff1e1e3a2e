/* exec_chain.c -- replaces its own image, keeping its pid, and leaks in each image.
 *
 * Oracle program: image N (counting down to 0) leaks N + 1 blocks of 1000 + N bytes in
 * `chain_site`, then executes itself with N - 1; the last one prints `ready`.
 *
 *     exec_chain exit|wait N [execv|execve|execvp|execl|fexecve]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void chain_site(unsigned image)
{
    for (unsigned i = 0; i <= image; i++)
        if (!malloc(1000 + image))
            abort();
}

static void replace_image(char **arguments, const char *way)
{
    if (strcmp(way, "execv") == 0)
        execv("/proc/self/exe", arguments);
    else if (strcmp(way, "execve") == 0)
        execve("/proc/self/exe", arguments, environ);
    else if (strcmp(way, "execvp") == 0)
        execvp(arguments[0], arguments);
    else if (strcmp(way, "execl") == 0)
        execl("/proc/self/exe", arguments[0], arguments[1], arguments[2], arguments[3],
              (char *)NULL);
    else
        fexecve(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), arguments, environ);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    unsigned image = (unsigned)atoi(argv[2]);
    char way[16] = "execv", number[16];
    if (argc > 3)
        strncpy(way, argv[3], sizeof way - 1);
    chain_site(image);
    if (image > 0) {
        snprintf(number, sizeof number, "%u", image - 1);
        char *arguments[] = {argv[0], argv[1], number, way, NULL};
        replace_image(arguments, way);
        perror("exec");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
