/* doctor_place.c -- would a directory do for a trace?
 *
 * Stage: command line.  Context: analyzer only.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "doctor.h"
#include "settings.h"
#include "units.h"

enum { MIB = 1 << 20, DEFAULT_MIB = 64, SMALLEST_MIB = 4, TABLES_MIB = 16 };

/* File systems on which a full disk kills the writer of a mapped file, reserved or not; the
 * preload refuses them (preload/trace/file.c). */
static const char *unsafe_name(uint32_t type)
{
    switch (type) {
    case 0x9123683e:
        return "btrfs";
    case 0x2fc12fc1:
        return "zfs";
    case 0x6969:
        return "NFS";
    case 0x65735546:
        return "FUSE";
    case 0xff534d42:
    case 0xfe534d42:
        return "SMB";
    case 0x01021997:
        return "9p";
    default:
        return NULL;
    }
}

static bool is_memory(uint32_t type)
{
    return type == 0x01021994 || type == 0x858458f6; /* tmpfs, ramfs */
}

static uint64_t limit_of(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

static uint64_t wanted_size(const char *settings)
{
    char *text = lr_settings_get(settings, "size");
    uint64_t size = 0;
    struct sysinfo host;

    if (text && lr_unit_parse_size(text, &size) && size > 0) {
        free(text);
        return size;
    }
    free(text);
    size = (uint64_t)DEFAULT_MIB * MIB;
    if (sysinfo(&host) == 0 && (uint64_t)host.totalram * host.mem_unit / 16 < size)
        size = (uint64_t)host.totalram * host.mem_unit / 16;
    if (limit_of(RLIMIT_AS) / 16 < size)
        size = limit_of(RLIMIT_AS) / 16;
    return size < (uint64_t)SMALLEST_MIB * MIB ? (uint64_t)SMALLEST_MIB * MIB : size;
}

static const char elsewhere[] = "choose another place with LEAKRING=file=/elsewhere/%e.%p.lkr";

struct trouble {
    char text[4400];
    const char *remedy;
};

/* Another user's directory in which anybody may replace files: refused (preload/trace/file.c). */
static bool is_anybodys(const char *directory)
{
    struct stat status;

    return stat(directory, &status) == 0 && status.st_uid != 0 && status.st_uid != geteuid() &&
           (status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX);
}

/* Reserves so much there for a moment, as the library does: quotas, and file systems that can't,
 * show no other way.  0 or an errno; nothing is left behind, and a file without a name that can't
 * be made is no answer. */
static int try_to_reserve(const char *directory, uint64_t size)
{
    int fd, failed = 0;

    if (limit_of(RLIMIT_FSIZE) < size) /* asking would end us; it has a line of its own */
        return 0;
    fd = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EROFS || errno == EDQUOT || errno == ENOSPC ? errno : 0;
    if (fallocate(fd, 0, 0, (off_t)size) != 0)
        failed = errno;
    close(fd);
    return failed;
}

static bool can_reserve(const char *directory, uint64_t size, struct trouble *trouble)
{
    char wanted[LR_UNIT_SIZE];
    int failed = try_to_reserve(directory, size);

    if (failed)
        snprintf(trouble->text, sizeof(trouble->text), "%s: %s can't be reserved there: %s",
                 directory, lr_unit_bytes(wanted, size, false), strerror(failed));
    return failed == 0;
}

/* Says in *trouble why the directory won't do, else returns true and how much it can hold. */
static bool directory_will_do(const char *directory, uint64_t size, uint64_t *available,
                              struct trouble *trouble)
{
    char room[LR_UNIT_SIZE], wanted[LR_UNIT_SIZE];
    struct statfs info;

    trouble->remedy = elsewhere;
    if (access(directory, W_OK | X_OK) != 0 || statfs(directory, &info) != 0) {
        snprintf(trouble->text, sizeof(trouble->text), "%s: no trace can be written there: %s",
                 directory, strerror(errno));
        return false;
    }
    if (unsafe_name((uint32_t)info.f_type)) {
        snprintf(trouble->text, sizeof(trouble->text),
                 "%s is on %s, where a full disk would kill the traced program: refused", directory,
                 unsafe_name((uint32_t)info.f_type));
        return false;
    }
    if (is_anybodys(directory)) {
        snprintf(trouble->text, sizeof(trouble->text),
                 "%s belongs to another user, and anybody may replace files in it: refused",
                 directory);
        return false;
    }
    *available = (uint64_t)info.f_bavail * (uint64_t)info.f_bsize;
    if (is_memory((uint32_t)info.f_type))
        *available /= 2;
    if (*available >= size)
        return can_reserve(directory, size, trouble);
    trouble->remedy = "free some room, or ask for less with LEAKRING=size=";
    snprintf(trouble->text, sizeof(trouble->text), "%s: a trace takes %s, and %s may be used%s",
             directory, lr_unit_bytes(wanted, size, false), lr_unit_bytes(room, *available, false),
             is_memory((uint32_t)info.f_type) ? " (half of what this tmpfs has left)" : "");
    return false;
}

static void report_directory(struct lr_doctor *doctor, const char *directory, uint64_t size)
{
    char room[LR_UNIT_SIZE], wanted[LR_UNIT_SIZE];
    struct trouble trouble;
    uint64_t available;

    if (directory_will_do(directory, size, &available, &trouble))
        lr_doctor_ok(doctor, "%s: a trace of %s can be written there (%s free)", directory,
                     lr_unit_bytes(wanted, size, false), lr_unit_bytes(room, available, false));
    else
        lr_doctor_problem(doctor, trouble.remedy, "%s", trouble.text);
}

/* Without a name of its own a trace goes to the first of these that will do. */
static void report_default_place(struct lr_doctor *doctor, uint64_t size)
{
    const char *temporary = getenv("TMPDIR");
    const char *places[] = {".", temporary && *temporary ? temporary : "/tmp", "/tmp"};
    struct trouble trouble;
    uint64_t available;

    if (directory_will_do(places[0], size, &available, &trouble)) {
        report_directory(doctor, places[0], size);
        return;
    }
    lr_doctor_warn(doctor, trouble.remedy, "%s", trouble.text);
    if (directory_will_do(places[1], size, &available, &trouble))
        report_directory(doctor, places[1], size);
    else
        report_directory(doctor, places[2], size);
}

static void check_limits(struct lr_doctor *doctor, uint64_t size)
{
    uint64_t file = limit_of(RLIMIT_FSIZE), space = limit_of(RLIMIT_AS);
    char text[LR_UNIT_SIZE];

    if (file < size)
        lr_doctor_problem(doctor, "raise `ulimit -f`, or ask for less with LEAKRING=size=",
                          "files may not grow beyond %s here (RLIMIT_FSIZE)",
                          lr_unit_bytes(text, file, false));
    if ((size + (uint64_t)TABLES_MIB * MIB) * 4 > space)
        lr_doctor_problem(doctor, "raise `ulimit -v`, or ask for less with LEAKRING=size=",
                          "the address space is limited to %s here (RLIMIT_AS), of which at most "
                          "a quarter is taken",
                          lr_unit_bytes(text, space, false));
}

/* %e, %h; what differs from run to run stays.  malloc()ed, NULL when out of memory. */
static char *expand(const char *template, const char *program)
{
    char host[256] = "host", *path = NULL, *longer;
    const char *at = template;

    gethostname(host, sizeof(host) - 1);
    path = strdup("");
    while (path && *at) {
        const char *word = NULL;

        if (at[0] == '%' && at[1] == 'e')
            word = program;
        else if (at[0] == '%' && at[1] == 'h')
            word = host;
        if (asprintf(&longer, "%s%.*s", path, word ? (int)strlen(word) : 1, word ? word : at) < 0)
            longer = NULL;
        free(path);
        path = longer;
        at += word ? 2 : 1;
    }
    return path;
}

/* What is at that path already decides; false: nothing can be made beside it, as was said. */
static bool check_present(struct lr_doctor *doctor, const char *path, struct stat *status)
{
    if (stat(path, status) != 0) {
        status->st_mode = 0;
        return true;
    }
    if (S_ISREG(status->st_mode))
        lr_doctor_warn(doctor, "use %p in its name, or remove it",
                       "%s is there already: the next trace gets a number in its name", path);
    else if (!S_ISDIR(status->st_mode))
        lr_doctor_problem(doctor, elsewhere,
                          "%s is neither a file nor a directory: nothing is made beside it", path);
    return S_ISREG(status->st_mode) || S_ISDIR(status->st_mode);
}

static void report_named(struct lr_doctor *doctor, char *path, uint64_t size)
{
    struct stat status;
    char *directory;

    if (!check_present(doctor, path, &status))
        return;
    directory = S_ISDIR(status.st_mode) ? path : dirname(path);
    if (strchr(directory, '%'))
        lr_doctor_warn(doctor, NULL,
                       "the directory %s has a part that differs from run to run: each must be "
                       "there beforehand",
                       directory);
    else
        report_directory(doctor, directory, size);
}

void lr_doctor_place(struct lr_doctor *doctor, const char *program, const char *settings)
{
    uint64_t size = wanted_size(settings);
    char *file = lr_settings_get(settings, "file"), *path = file ? expand(file, program) : NULL;

    if (path)
        report_named(doctor, path, size);
    else
        report_default_place(doctor, size);
    check_limits(doctor, size);
    free(path);
    free(file);
}
