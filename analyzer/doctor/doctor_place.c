/* doctor_place.c -- would a directory do for a trace?
 *
 * Stage: command line.  Context: analyzer only.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "doctor.h"
#include "settings.h"
#include "units.h"

enum { MIB = 1 << 20, DEFAULT_MIB = 64, SMALLEST_MIB = 4 };

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
    return size < (uint64_t)SMALLEST_MIB * MIB ? (uint64_t)SMALLEST_MIB * MIB : size;
}

static const char elsewhere[] = "choose another place with LEAKRING=file=/elsewhere/%e.%p.lkr";

struct trouble {
    char text[4400];
    const char *remedy;
};

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
    *available = (uint64_t)info.f_bavail * (uint64_t)info.f_bsize;
    if (is_memory((uint32_t)info.f_type))
        *available /= 2;
    if (*available >= size)
        return true;
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

static void check_limit(struct lr_doctor *doctor, uint64_t size)
{
    char limit_text[LR_UNIT_SIZE];
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < size)
        lr_doctor_problem(doctor, "raise `ulimit -f`, or ask for less with LEAKRING=size=",
                          "files may not grow beyond %s here (RLIMIT_FSIZE)",
                          lr_unit_bytes(limit_text, limit.rlim_cur, false));
}

void lr_doctor_place(struct lr_doctor *doctor, const char *settings)
{
    uint64_t size = wanted_size(settings);
    char *file = lr_settings_get(settings, "file");

    if (file && access(file, F_OK) == 0)
        lr_doctor_warn(doctor, "use %p in its name, or remove it",
                       "%s is there already: the next trace gets a number in its name", file);
    if (file)
        report_directory(doctor, dirname(file), size);
    else
        report_default_place(doctor, size);
    check_limit(doctor, size);
    free(file);
}
