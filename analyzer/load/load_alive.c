/* load_alive.c -- is the process of a trace still running on this machine?
 *
 * Stage: LOAD.  Context: analyzer only.
 * A pid alone proves nothing (pids are used again), so the start time has to agree, and the boot
 * during which it was taken.  A traced process may live in a container with another pid there
 * than here; then the process with that start time and that innermost pid is looked for.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_internal.h"

static bool this_boot(const uint8_t boot_id[16])
{
    static const uint8_t unknown[16];
    uint8_t mine[16] = {0};
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file == NULL || memcmp(boot_id, unknown, sizeof(unknown)) == 0) {
        if (file != NULL)
            fclose(file);
        return true; /* can't tell boots apart; the start time has to do */
    }
    for (size_t nibble = 0; nibble < 32;) {
        int c = fgetc(file);
        if (c == '-')
            continue;
        if (!isxdigit(c))
            break;
        int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
        mine[nibble / 2] = (uint8_t)(mine[nibble / 2] << 4 | digit);
        nibble++;
    }
    fclose(file);
    return memcmp(mine, boot_id, sizeof(mine)) == 0;
}

/* State letter and start time (field 22) of /proc/PID/stat. */
static bool process_stat(const char *pid, char *state, uint64_t *start)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    char *field = strrchr(text, ')'); /* the name before it may hold anything */
    if (field == NULL || field[1] != ' ')
        return false;
    field += 2;
    *state = *field;
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (field == NULL)
            return false;
        field++;
    }
    *start = strtoull(field, NULL, 10);
    return true;
}

static bool is_running(const char *pid, uint64_t start)
{
    char state;
    uint64_t found;
    return process_stat(pid, &state, &found) && found == start && state != 'Z' && state != 'X';
}

/* The pid in the innermost name space the process lives in; 0 when unknown. */
static unsigned long innermost_pid(const char *pid)
{
    char path[64], line[256];
    unsigned long innermost = 0;
    snprintf(path, sizeof(path), "/proc/%s/status", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        for (char *word = strtok(line + 6, " \t\n"); word != NULL; word = strtok(NULL, " \t\n"))
            innermost = strtoul(word, NULL, 10);
        break;
    }
    fclose(file);
    return innermost;
}

/* The pid here of a process that has another one in its container; 0 for none. */
static uint32_t pid_of_container(uint32_t pid, uint64_t start)
{
    uint32_t found = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return 0;
    for (struct dirent *entry; found == 0 && (entry = readdir(processes)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && is_running(entry->d_name, start) &&
            innermost_pid(entry->d_name) == pid)
            found = (uint32_t)strtoul(entry->d_name, NULL, 10);
    closedir(processes);
    return found;
}

uint32_t lr_process_alive(const struct lr_header *header)
{
    if (header->state != LR_STATE_OPEN || header->pid == 0 || !this_boot(header->boot_id))
        return 0;
    char pid[16];
    snprintf(pid, sizeof(pid), "%u", header->pid);
    if (is_running(pid, header->proc_start))
        return header->pid;
    return pid_of_container(header->pid, header->proc_start);
}
