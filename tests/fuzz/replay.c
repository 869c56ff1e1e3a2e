/* replay.c -- a fuzz target without a fuzzer: reads the kept inputs again, each in a process of its
 * own, and holds each to two seconds of processor time and 256 MB.
 *
 * Stage: tests.  Linked with a fuzz_*.c (make tests); needs no clang.  Usage: replay_TARGET FILE…;
 * the last line sums up, and the status tells whether an input died or cost more.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CPU_MS = 2000, MOST_MB = 256, KILLED_AFTER_S = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length = -1;

    if (file && fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (length >= 0)
        bytes = malloc((size_t)length + 1);
    if (bytes)
        rewind(file);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        fprintf(stderr, "replay: %s can't be read\n", path);
        exit(2);
    }
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

/* What one input cost. */
struct cost {
    long ms, mb;
    int status; /* as of waitpid() */
};

static struct cost run(const char *path)
{
    struct rlimit none = {0, 0}, most = {KILLED_AFTER_S, KILLED_AFTER_S};
    struct rusage usage;
    struct cost cost;
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    pid_t pid = fork();

    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_CPU, &most);
        LLVMFuzzerTestOneInput(bytes, size);
        _exit(0);
    }
    free(bytes);
    if (pid < 0 || wait4(pid, &cost.status, 0, &usage) != pid) {
        perror("replay");
        exit(2);
    }
    cost.ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
              (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    cost.mb = usage.ru_maxrss / 1024;
    return cost;
}

int main(int argc, char **argv)
{
    long most_ms = 0, most_mb = 0;
    int bad = 0, out = dup(STDOUT_FILENO);

    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct cost cost = run(argv[i]);

        most_ms = cost.ms > most_ms ? cost.ms : most_ms;
        most_mb = cost.mb > most_mb ? cost.mb : most_mb;
        if (cost.status == 0 && cost.ms <= MOST_CPU_MS && cost.mb <= MOST_MB)
            continue;
        bad++;
        dprintf(out, "%s: status %#x, %ld ms, %ld MB\n", argv[i], (unsigned)cost.status, cost.ms,
                cost.mb);
    }
    dprintf(out, "%d inputs, %d bad; at most %ld ms and %ld MB\n", argc - 1, bad, most_ms, most_mb);
    return bad > 0;
}
