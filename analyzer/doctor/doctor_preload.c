/* doctor_preload.c -- what LD_PRELOAD says, item by item.
 *
 * Stage: command line.  Context: analyzer only.  The dynamic linker leaves out what it can't load
 * with one line on stderr, which nobody sees of a service, or with none.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "program_file.h"
#include "words.h"

static const char library_name[] = "libleakring.so";

/* Allocators whose malloc would answer before ours when they stand ahead of us. */
static bool is_allocator(const char *item)
{
    static const char *const names[] = {"jemalloc", "tcmalloc", "mimalloc", "snmalloc", "asan",
                                        "tsan",     "lsan",     "hoard",    "rpmalloc", "scudo",
                                        "scalloc",  "llalloc",  "dmalloc",  "efence",   "duma"};
    const char *name = lr_base_name(item);

    name += strncmp(name, "lib", 3) == 0 ? 3 : 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool is_ours(const char *item)
{
    return strncmp(lr_base_name(item), library_name, strlen(library_name)) == 0;
}

bool lr_doctor_names_library(const char *preload)
{
    return preload && strstr(preload, library_name);
}

#if defined(__x86_64__)
enum { HOST_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { HOST_MACHINE = EM_AARCH64 };
#else
enum { HOST_MACHINE = EM_NONE };
#endif

struct look {
    struct lr_doctor *doctor;
    const char *root;    /* where its paths begin: "" or "/proc/PID/root" */
    uint16_t machine;    /* of the program; EM_NONE: any */
    char allocator[512]; /* the first that came before ours */
    unsigned ours;
    bool right;
};

/* Where the program would open it: below its root, or in its working directory. */
static void path_of(char *path, size_t size, const struct look *look, const char *item)
{
    size_t process = strlen(look->root) - (look->root[0] ? strlen("root") : 0);

    if (item[0] == '/')
        snprintf(path, size, "%s%s", look->root, item);
    else
        snprintf(path, size, "%.*s%s%s", (int)process, look->root, look->root[0] ? "cwd/" : "",
                 item);
}

/* The file that an item names.  False: not there, and said so. */
static bool check_file(struct look *look, const char *item)
{
    struct lr_program library;
    struct lr_error error = {{0}, {0}};
    char path[4096];

    path_of(path, sizeof(path), look, item);
    if (lr_program_read_file(path, &library, &error) != LR_OK) {
        lr_doctor_problem(look->doctor,
                          item[0] != '/'  ? "use an absolute path"
                          : look->root[0] ? "copy the library to that path in its container, or "
                                            "mount it there"
                                            : "set it to where the library is (`leakring doctor` "
                                            "says where)",
                          "LD_PRELOAD names %s, which can't be loaded: %s", item,
                          errno ? strerror(errno) : error.text);
        return false;
    }
    if (!library.is_elf || (look->machine && library.machine != look->machine)) {
        lr_doctor_problem(look->doctor, "use a libleakring.so built for that machine",
                          "LD_PRELOAD names %s, which is %s%s", item,
                          library.is_elf ? "for " : "no library",
                          library.is_elf ? lr_machine_name(library.machine) : "");
        return false;
    }
    return true;
}

static void check_ours(struct look *look, const char *item)
{
    bool plain = strchr(item, '/') && !strchr(item, '$'); /* else the linker searches for it */

    look->ours++;
    errno = 0;
    if (plain && !check_file(look, item))
        return;
    if (look->allocator[0]) {
        lr_doctor_problem(look->doctor, "put libleakring.so first in LD_PRELOAD",
                          "LD_PRELOAD: %s stands ahead of libleakring.so, which then sees nothing "
                          "of malloc",
                          look->allocator);
        return;
    }
    look->right = true;
    if (plain && item[0] != '/')
        lr_doctor_warn(look->doctor, "use an absolute path",
                       "LD_PRELOAD has %s, which is found from one directory only", item);
    else
        lr_doctor_ok(look->doctor, "LD_PRELOAD has %s", item);
}

/* What has our name in it, but isn't us: a path with a blank, which ends there, or a slip. */
static void check_stray(struct look *look, const char *preload)
{
    if (look->ours == 0 && strstr(preload, "leak"))
        lr_doctor_problem(look->doctor,
                          "give the path of libleakring.so; blanks and colons separate paths",
                          "LD_PRELOAD=%s doesn't name libleakring.so", preload);
}

bool lr_doctor_preload(struct lr_doctor *doctor, const char *preload, const char *root,
                       uint16_t machine)
{
    struct look look = {
        .doctor = doctor, .root = root, .machine = machine ? machine : HOST_MACHINE};

    for (const char *at = preload; *at;) {
        size_t length = strcspn(at, " :");
        char *item = length ? strndup(at, length) : NULL;

        if (item && is_ours(item))
            check_ours(&look, item);
        else if (item && !look.allocator[0] && is_allocator(item))
            snprintf(look.allocator, sizeof(look.allocator), "%s", item);
        free(item);
        at += length;
        at += *at != '\0';
    }
    check_stray(&look, preload);
    return look.right;
}
