/* intercept_exec.c -- programs executed by a traced process, and by its children.
 *
 * Stage: INTERCEPT.  Context: any thread; also a vfork's child, which runs on its parent's stack
 * and memory: nothing is allocated, only the stack is used.
 *
 * The traced pid replacing its own image goes on being traced.  Any other pid below it must not
 * inherit the preload (it would break statically linked, musl or ASan programs, and they aren't
 * what the user asked about): its environment is copied without us.  `environ` is never edited.
 */
#include "intercept.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "kin.h"
#include "process.h"
#include "text.h"

extern char **environ;

enum { ENVIRONMENT_MAX = 4096, PRELOAD_MAX = 4096 };

static bool is_preload(const char *entry)
{
    return strncmp(entry, "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0;
}

static bool is_ours(const char *item, size_t length)
{
    const char *name = item;
    for (const char *at = item; at < item + length; at++)
        if (*at == '/')
            name = at + 1;
    size_t rest = length - (size_t)(name - item);
    return rest >= strlen("libleakring.so") &&
           strncmp(name, "libleakring.so", strlen("libleakring.so")) == 0;
}

/* Copies an LD_PRELOAD entry without our library.  False: nothing is left of it, or it is too
 * long to copy (then it is dropped too). */
static bool copy_preload(char *out, const char *entry)
{
    struct lr_text text = lr_text_in(out, PRELOAD_MAX);
    lr_text_add(&text, "LD_PRELOAD=");
    size_t empty = text.length;
    const char *at = entry + text.length;
    while (*at) {
        size_t length = strcspn(at, ": ");
        if (length && !is_ours(at, length)) {
            if (text.length > empty)
                lr_text_add(&text, ":");
            lr_text_add_bytes(&text, at, length);
        }
        at += length;
        if (*at)
            at++;
    }
    return text.length > empty && !text.cut;
}

static bool names_us(const char *entry)
{
    return is_preload(entry) && strstr(entry, "libleakring.so");
}

static size_t count_entries(char *const environment[])
{
    size_t count = 0;
    while (environment && environment[count])
        count++;
    return count;
}

static bool needs_strip(char *const environment[], size_t count)
{
    if (!lr_process_strips_children() || count >= ENVIRONMENT_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (names_us(environment[i]))
            return true;
    return false;
}

/* Fills `out` (count + 1 entries); `preload` holds the first edited entry.  A second one that
 * names us as well is dropped: one is all that anybody sets. */
static void strip(char **out, char *const environment[], size_t count, char *preload)
{
    size_t kept = 0;
    bool edited = false;
    for (size_t i = 0; i < count; i++) {
        if (!names_us(environment[i])) {
            out[kept++] = environment[i];
        } else if (!edited && copy_preload(preload, environment[i])) {
            out[kept++] = preload;
            edited = true;
        }
    }
    out[kept] = NULL;
}

/* What a spawn helper executes gets its environment from elsewhere, so the helper itself must
 * carry us to do the stripping (start.c sees that its parent is traced). */
static bool is_spawn_helper(const char *path)
{
    return strcmp(lr_text_base_name(path), "jspawnhelper") == 0;
}

/* A child that mustn't ask who it is shares the note of that with its parent. */
#define AS_CHILD(call)                                                                            \
    ({                                                                                            \
        bool noted_ = lr_process_forget_child(), counted_ = lr_kin_becomes();                     \
        int failed_ = call;                                                                       \
        if (counted_)                                                                             \
            lr_kin_stays();                                                                       \
        if (noted_)                                                                               \
            lr_process_note_child();                                                              \
        failed_;                                                                                  \
    })

/* Runs `call` with `environment_` bound to the environment to pass on. */
#define WITH_ENVIRONMENT(path, environment, call)                                                 \
    do {                                                                                          \
        size_t count_ = count_entries(environment);                                               \
        if (is_spawn_helper(path) || !needs_strip(environment, count_)) {                         \
            char *const *environment_ = environment;                                              \
            return call;                                                                          \
        }                                                                                         \
        char *stripped_[count_ + 1], preload_[PRELOAD_MAX];                                       \
        strip(stripped_, environment, count_, preload_);                                          \
        char *const *environment_ = stripped_;                                                    \
        return call;                                                                              \
    } while (0)

typedef int execve_function(const char *, char *const[], char *const[]);

/* The traced process itself keeps its environment; its trace ends here and goes on in the new
 * image.  If the call returns it has failed. */
#define IN_PLACE(call)                                                                            \
    do {                                                                                          \
        lr_process_exec();                                                                        \
        int result_ = call;                                                                       \
        int error_ = errno;                                                                       \
        lr_process_exec_failed();                                                                 \
        errno = error_;                                                                           \
        return result_;                                                                           \
    } while (0)

static int execute(execve_function *real, const char *path, char *const argv[],
                   char *const environment[])
{
    if (lr_process_is_traced())
        IN_PLACE(real(path, argv, environment));
    if (lr_process_was_refused())
        return real(path, argv, environment);
    WITH_ENVIRONMENT(path, environment, AS_CHILD(real(path, argv, environment_)));
}

LR_EXPORT int execve(const char *path, char *const argv[], char *const environment[])
{
    return execute(LR_NEXT(execve), path, argv, environment);
}

LR_EXPORT int execvpe(const char *file, char *const argv[], char *const environment[])
{
    return execute(LR_NEXT(execvpe), file, argv, environment);
}

LR_EXPORT int execv(const char *path, char *const argv[])
{
    return execute(LR_NEXT(execve), path, argv, environ);
}

LR_EXPORT int execvp(const char *file, char *const argv[])
{
    return execute(LR_NEXT(execvpe), file, argv, environ);
}

LR_EXPORT int fexecve(int fd, char *const argv[], char *const environment[])
{
    if (lr_process_is_traced())
        IN_PLACE(LR_NEXT(fexecve)(fd, argv, environment));
    if (lr_process_was_refused())
        return LR_NEXT(fexecve)(fd, argv, environment);
    WITH_ENVIRONMENT("", environment, AS_CHILD(LR_NEXT(fexecve)(fd, argv, environment_)));
}

/* The list forms: arguments up to a null pointer, then (execle) the environment. */
#define COUNT_ARGUMENTS(first, count)                                                             \
    size_t count = 1;                                                                             \
    va_list list_;                                                                                \
    va_start(list_, first);                                                                       \
    while (va_arg(list_, char *))                                                                 \
        count++;                                                                                  \
    va_end(list_)

#define COLLECT_ARGUMENTS(argv, first)                                                            \
    size_t at_ = 0;                                                                               \
    argv[at_++] = (char *)first;                                                                  \
    va_list arguments_;                                                                           \
    va_start(arguments_, first);                                                                  \
    while ((argv[at_++] = va_arg(arguments_, char *)))                           \
        continue

LR_EXPORT int execl(const char *path, const char *first, ...)
{
    COUNT_ARGUMENTS(first, count);
    char *argv[count + 1];
    COLLECT_ARGUMENTS(argv, first);
    va_end(arguments_);
    return execute(LR_NEXT(execve), path, argv, environ);
}

LR_EXPORT int execlp(const char *file, const char *first, ...)
{
    COUNT_ARGUMENTS(first, count);
    char *argv[count + 1];
    COLLECT_ARGUMENTS(argv, first);
    va_end(arguments_);
    return execute(LR_NEXT(execvpe), file, argv, environ);
}

LR_EXPORT int execle(const char *path, const char *first, ...)
{
    COUNT_ARGUMENTS(first, count);
    char *argv[count + 1];
    COLLECT_ARGUMENTS(argv, first);
    char *const *environment = va_arg(arguments_, char *const *);
    va_end(arguments_);
    return execute(LR_NEXT(execve), path, argv, environment);
}

LR_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                          const posix_spawnattr_t *attributes, char *const argv[],
                          char *const environment[])
{
    WITH_ENVIRONMENT(path, environment,
                     LR_NEXT(posix_spawn)(pid, path, actions, attributes, argv, environment_));
}

LR_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes, char *const argv[],
                           char *const environment[])
{
    WITH_ENVIRONMENT(file, environment,
                     LR_NEXT(posix_spawnp)(pid, file, actions, attributes, argv, environment_));
}
