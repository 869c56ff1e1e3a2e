/* file.c -- file.h: choosing a place, reserving every block, laying out the sections.
 *
 * Stage: FILE, start-up only.  Context: the constructor, one thread, before anything is recorded.
 * Everything is reserved before the first store: a store to a hole on a full disk is SIGBUS.
 */
#include "file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "config.h"
#include "memory_limits.h"
#include "prim.h"
#include "text.h"

struct lr_file lr_file;

/* A section's share of the file, in thousandths, or a fixed number of entries. */
static const struct plan {
    uint32_t id, entry_size, share, entries;
} plans[] = {
    {LR_SEC_COUNTERS, sizeof(uint64_t), 0, 512},
    {LR_SEC_META, sizeof(struct lr_meta), 0, 512},
    {LR_SEC_PAIRDEFS, sizeof(struct lr_pairdef), 0, 512},
    {LR_SEC_STRINGS, 1, 66, 0},
    {LR_SEC_MODULES, sizeof(struct lr_module), 5, 0},
    {LR_SEC_METHODS, sizeof(struct lr_method), 30, 0},
    {LR_SEC_JFRAMES, sizeof(struct lr_jframe), 25, 0},
    {LR_SEC_STACKS, sizeof(struct lr_stack), 110, 0},
    {LR_SEC_NODES, sizeof(struct lr_node), 190, 0},
    {LR_SEC_LIVE, sizeof(struct lr_live), 350, 0},
    {LR_SEC_REGIONS, sizeof(struct lr_region), 15, 0},
    {LR_SEC_PAIRS, sizeof(struct lr_pair), 120, 0},
    {LR_SEC_PAIRSITES, sizeof(struct lr_pairsite), 30, 0},
    {LR_SEC_EVENTS, sizeof(struct lr_event), 10, 0},
    {LR_SEC_AREAS, sizeof(struct lr_area), 4, 0},
    {LR_SEC_SERIES_1S, sizeof(struct lr_point), 2, 0},
    {LR_SEC_SERIES_1M, sizeof(struct lr_point), 9, 0},
    {LR_SEC_SERIES_30M, sizeof(struct lr_point), 9, 0},
    {LR_SEC_FOLLOWED, sizeof(struct lr_followed), 0, LR_FOLLOWED_SLOTS},
    {LR_SEC_FOLLOWED_10S, sizeof(struct lr_followed_point), 3, 0},
    {LR_SEC_FOLLOWED_1M, sizeof(struct lr_followed_point), 11, 0},
    {LR_SEC_FOLLOWED_30M, sizeof(struct lr_followed_point), 11, 0},
    {LR_SEC_INTERVALS, sizeof(struct lr_interval), 0, 256},
    {LR_SEC_THREADS, sizeof(struct lr_thread_name), 0, 4096},
    {LR_SEC_CONTROL, sizeof(struct lr_control), 0, 1},
    {LR_SEC_COLLECTIONS, sizeof(struct lr_collection), 0, 64},
    {LR_SEC_MARKS, sizeof(struct lr_mark_entry), 0, 512},
    {LR_SEC_REQUEST, sizeof(struct lr_request), 0, 1},
};
enum { PLAN_COUNT = sizeof plans / sizeof plans[0], LAYOUT_OVERHEAD = 192 << 10 };

/* Under a limit on the address space (ulimit -v) what we map is missing elsewhere: a quarter of it
 * at most is ours, tables in memory included. */
enum { TABLES_BYTES = 16 << 20 };
static bool is_too_narrow(uint64_t size)
{
    return (size + TABLES_BYTES) * 4 > lr_prim_address_limit();
}

static uint64_t chosen_size(void)
{
    uint64_t size = lr_config.size;
    if (!size) {
        size = LR_FILE_DEFAULT;
        uint64_t share = lr_memory_limit() / 16;
        if (share < size)
            size = share;
        share = lr_prim_address_limit() / 16;
        if (share < size)
            size = share;
    }
    if (size < LR_FILE_MIN)
        size = LR_FILE_MIN;
    return size & ~(uint64_t)(LR_PAGE - 1);
}

/* File systems on which reserving blocks doesn't protect a later store from SIGBUS: they copy on
 * write or compress, their blocks are another machine's, or their pages are no ordinary ones.  By
 * the numbers of statfs(2). */
static const struct {
    uint32_t type;
    char trouble[44];
} unsafe_types[] = {
#define UNSAFE(type, name) {type, name " can't promise reserved space"}
    UNSAFE(0x9123683e, "btrfs"),        UNSAFE(0x2fc12fc1, "zfs"),
    UNSAFE(0xca451a4e, "bcachefs"),     UNSAFE(0x00003434, "NILFS"),
    UNSAFE(0x24051905, "UBIFS"),        UNSAFE(0x000072b6, "JFFS2"),
    UNSAFE(0x0000f15f, "eCryptfs"),     UNSAFE(0x958458f6, "hugetlbfs"),
    UNSAFE(0x00006969, "NFS"),          UNSAFE(0x65735546, "FUSE"),
    UNSAFE(0x01021997, "9p"),           UNSAFE(0xff534d42, "SMB"),
    UNSAFE(0xfe534d42, "SMB"),          UNSAFE(0x0000517b, "SMB"),
    UNSAFE(0x00c36400, "Ceph"),         UNSAFE(0x0bd00bd0, "Lustre"),
    UNSAFE(0x47504653, "GPFS"),         UNSAFE(0x5346414f, "AFS"),
    UNSAFE(0x6b414653, "AFS"),          UNSAFE(0x73757245, "Coda"),
    UNSAFE(0x786f4256, "VirtualBox"),
#undef UNSAFE
};

static const char *unsafe_fs(uint64_t type)
{
    for (size_t i = 0; i < sizeof unsafe_types / sizeof *unsafe_types; i++)
        if (unsafe_types[i].type == (uint32_t)type)
            return unsafe_types[i].trouble;
    return NULL;
}

enum { TMPFS = 0x01021994, RAMFS = 0x858458f6 };

/* NULL when `size` bytes could be reserved and are safe to map. */
static const char *reserve(int fd, uint64_t size)
{
    struct lr_fs_info fs;
    if (lr_prim_fs_info(fd, &fs) == 0) {
        const char *unsafe = unsafe_fs(fs.type);
        if (unsafe)
            return unsafe;
        /* Its pages are memory; never take more than half of what is left. */
        if ((fs.type == TMPFS || fs.type == RAMFS) && fs.free_bytes / 2 < size)
            return "not enough room on tmpfs";
    }
    if (lr_prim_file_limit() < size)
        return lr_text_errno(EFBIG); /* asking would raise SIGXFSZ */
    int result = lr_prim_fallocate(fd, size);
    return result < 0 ? lr_text_errno(result) : NULL;
}

static uint32_t fnv(uint32_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 16777619u;
    return hash;
}

static uint32_t checksum(const struct lr_header *header)
{
    uint32_t hash = fnv(2166136261u, header, offsetof(struct lr_header, checksum));
    for (uint32_t i = 0; i < header->section_count; i++)
        hash = fnv(hash, &header->sections[i], offsetof(struct lr_section, used));
    return hash;
}

static void lay_out(struct lr_header *header, uint64_t size)
{
    uint64_t offset = LR_PAGE, shared = size - LAYOUT_OVERHEAD;
    for (uint32_t i = 0; i < PLAN_COUNT; i++) {
        const struct plan *plan = &plans[i];
        uint64_t bytes = plan->entries ? (uint64_t)plan->entries * plan->entry_size
                                       : shared / 1000 * plan->share;
        bytes = (bytes + LR_PAGE - 1) & ~(uint64_t)(LR_PAGE - 1);
        header->sections[i] = (struct lr_section){
            .id = plan->id,
            .entry_size = plan->entry_size,
            .offset = offset,
            .capacity = bytes / plan->entry_size,
        };
        offset += bytes;
    }
    header->section_count = PLAN_COUNT;
    header->header_size = sizeof *header;
    header->file_size = size;
}

static void point_into(uint8_t *base)
{
    lr_file.header = (struct lr_header *)base;
    for (uint32_t i = 0; i < PLAN_COUNT; i++)
        lr_file.section[plans[i].id] = &lr_file.header->sections[i];
#define AT(id) ((void *)(base + lr_file.section[id]->offset))
    lr_file.counters = AT(LR_SEC_COUNTERS);
    lr_file.metas = AT(LR_SEC_META);
    lr_file.strings = AT(LR_SEC_STRINGS);
    lr_file.modules = AT(LR_SEC_MODULES);
    lr_file.methods = AT(LR_SEC_METHODS);
    lr_file.jframes = AT(LR_SEC_JFRAMES);
    lr_file.stacks = AT(LR_SEC_STACKS);
    lr_file.nodes = AT(LR_SEC_NODES);
    lr_file.live = AT(LR_SEC_LIVE);
    lr_file.regions = AT(LR_SEC_REGIONS);
    lr_file.pairdefs = AT(LR_SEC_PAIRDEFS);
    lr_file.pairs = AT(LR_SEC_PAIRS);
    lr_file.pairsites = AT(LR_SEC_PAIRSITES);
    lr_file.events = AT(LR_SEC_EVENTS);
    lr_file.followed = AT(LR_SEC_FOLLOWED);
    lr_file.intervals = AT(LR_SEC_INTERVALS);
    lr_file.threads = AT(LR_SEC_THREADS);
    lr_file.control = AT(LR_SEC_CONTROL);
    lr_file.collections = AT(LR_SEC_COLLECTIONS);
    lr_file.phase_marks = AT(LR_SEC_MARKS);
    lr_file.request = AT(LR_SEC_REQUEST);
#undef AT
}

static void read_boot_id(uint8_t *id)
{
    char text[64];
    if (lr_prim_slurp("/proc/sys/kernel/random/boot_id", text, sizeof text) < 36)
        return;
    unsigned nibble = 0;
    for (const char *at = text; *at && nibble < 32; at++) {
        unsigned digit = (unsigned)(*at >= 'a' ? *at - 'a' + 10 : *at - '0');
        if (*at == '-' || digit > 15)
            continue;
        id[nibble / 2] |= (uint8_t)(digit << (nibble % 2 ? 0 : 4));
        nibble++;
    }
}

static void fill_header(struct lr_header *header, const struct lr_identity *who, uint32_t image,
                        uint64_t size)
{
    memcpy(header->magic, LR_MAGIC, sizeof header->magic);
    header->version = LR_FORMAT_VERSION;
    header->endian = LR_ENDIAN_MARK;
    lay_out(header, size);
    header->compat = LR_COMPAT_EXACT;
    header->state = LR_STATE_OPEN;
    header->pid = (uint32_t)who->pid;
    header->image = image;
    header->start_unix_ns = lr_prim_unix_ns();
    header->proc_start = who->proc_start;
    read_boot_id(header->boot_id);
    header->page_size = (uint32_t)lr_prim_page_size();
#if defined(__x86_64__)
    header->machine = EM_X86_64;
#elif defined(__aarch64__)
    header->machine = EM_AARCH64;
#endif
    header->checksum = checksum(header);
}

/* The magic comes last: a file without it never began. */
static void write_header(uint8_t *base, const struct lr_identity *who, uint32_t image,
                         uint64_t size)
{
    struct lr_header header = {0};
    fill_header(&header, who, image, size);
    memcpy(base + sizeof header.magic, (uint8_t *)&header + sizeof header.magic,
           sizeof header - sizeof header.magic);
    uint64_t magic;
    memcpy(&magic, header.magic, sizeof magic);
    __atomic_store_n((uint64_t *)base, magic, __ATOMIC_RELEASE);
    point_into(base);
    lr_file.section[LR_SEC_COUNTERS]->used = LR_COUNTER_COUNT;
}

/* How many images of this same process came before the file at `path`; 0 if it isn't ours. */
static uint32_t image_after(const char *path, const struct lr_identity *who)
{
    struct lr_header header;
    int fd = lr_prim_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        return 0;
    long got = lr_prim_read(fd, &header, sizeof header);
    lr_prim_close(fd);
    if (got != (long)sizeof header || memcmp(header.magic, LR_MAGIC, sizeof header.magic) != 0)
        return 0;
    bool same = header.pid == (uint32_t)who->pid && header.proc_start == who->proc_start;
    return same ? header.image + 1 : 0;
}

static void expand(struct lr_text *path, const char *template, const struct lr_identity *who)
{
    char host[256];
    for (const char *at = template; *at; at++) {
        if (*at != '%' || !at[1]) {
            lr_text_add_bytes(path, at, 1);
            continue;
        }
        switch (*++at) {
        case 'e':
            lr_text_add(path, who->name);
            break;
        case 'p':
            lr_text_add_number(path, (uint64_t)who->pid);
            break;
        case 'h':
            lr_text_add(path, lr_prim_host_name(host, sizeof host) < 0 ? "host" : host);
            break;
        case 't':
            lr_text_add_number(path, lr_prim_unix_ns() / 1000000000u);
            break;
        default:
            lr_text_add_bytes(path, at, 1);
        }
    }
}

/* "name.lkr" becomes "name.3.lkr"; other names get ".3" at the end. */
static void number_path(struct lr_text *out, const char *path, unsigned number)
{
    size_t length = strlen(path);
    bool suffix = length > 4 && strcmp(path + length - 4, ".lkr") == 0;
    lr_text_add_bytes(out, path, suffix ? length - 4 : length);
    if (number) {
        lr_text_add(out, ".");
        lr_text_add_number(out, number);
    }
    if (suffix)
        lr_text_add(out, ".lkr");
}

/* Beside a file (or a link that somebody laid there) we make another; what else is there was
 * named by mistake. */
static bool may_be_numbered(const char *path)
{
    int mode = lr_prim_file_mode(path);
    return mode < 0 || S_ISREG(mode) || S_ISLNK(mode);
}

/* Opens a file that wasn't there; a taken name (an earlier image of this pid, or another
 * container's same pid) gets a number.  Returns the descriptor or -errno. */
static int open_new(const char *path, const struct lr_identity *who, char *final,
                    size_t final_size, uint32_t *image)
{
    *image = 0;
    for (unsigned number = 0; number < 1000; number++) {
        struct lr_text text = lr_text_in(final, final_size);
        number_path(&text, path, number);
        if (text.cut)
            return -ENAMETOOLONG;
        int fd = lr_prim_open(final, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd != -EEXIST)
            return fd;
        if (!may_be_numbered(final))
            return -ENOTBLK; /* lr_text_errno: not a regular file */
        uint32_t after = image_after(final, who);
        if (after > *image)
            *image = after;
    }
    return -EEXIST;
}

/* A directory of another user's (not root's) in which anybody may rename and replace files: whoever
 * reads the trace afterwards couldn't know whose it is.  Root's are volumes of containers; with the
 * sticky bit what is ours stays ours. */
static bool is_anybodys(const char *path)
{
    char directory[LR_PATH_MAX];
    uint32_t owner;
    struct lr_text text = lr_text_in(directory, sizeof directory);
    size_t length = (size_t)(lr_text_base_name(path) - path);
    lr_text_add_bytes(&text, path, length);
    lr_text_add(&text, ".");
    int mode = lr_prim_directory(directory, &owner);
    return mode >= 0 && owner != 0 && owner != (uint32_t)getauxval(AT_EUID) && mode & S_IWOTH &&
           !(mode & S_ISVTX);
}

static char final_path[LR_PATH_MAX];

/* NULL on success. */
static const char *create_at(const char *path, const struct lr_identity *who, uint64_t size)
{
    uint32_t image;
    if (is_anybodys(path))
        return "its directory belongs to another user, and anybody may replace files in it";
    int fd = open_new(path, who, final_path, sizeof final_path, &image);
    if (fd < 0)
        return lr_text_errno(fd);
    const char *trouble = reserve(fd, size);
    void *base = trouble ? NULL : lr_prim_map_file(fd, size);
    if (!trouble && !base)
        trouble = "the file can't be mapped";
    if (trouble) {
        lr_prim_truncate(fd, 0);
        lr_prim_unlink(final_path);
    }
    lr_prim_close(fd);
    if (trouble)
        return trouble;
    lr_prim_dont_fork(base, size);
    lr_prim_dont_dump(base, size);    /* JVMs have mapped files dumped, too */
    lr_prim_no_readahead(base, size); /* or each first touch brings 128 KiB into memory */
    write_header(base, who, image, size);
    return NULL;
}

static bool fail(char *error, size_t error_size, const char *path, const char *trouble)
{
    struct lr_text text = lr_text_in(error, error_size);
    lr_text_add_printable(&text, path, strlen(path));
    lr_text_add(&text, ": ");
    lr_text_add(&text, trouble);
    lr_text_add(&text, "; not recording (try LEAKRING=file=/elsewhere/%e.%p.lkr)");
    return false;
}

bool lr_file_create(const struct lr_identity *who, char *error, size_t error_size)
{
    static const char name[] = "leakring.%e.%p.lkr";
    const char *directories[] = {"", who->tmpdir, "/tmp"};
    bool named = lr_config.file[0] != '\0';
    uint64_t size = chosen_size();
    char path[LR_PATH_MAX], first_path[LR_PATH_MAX];
    const char *first_trouble = NULL;
    if (is_too_narrow(size)) {
        struct lr_text text = lr_text_in(error, error_size);
        lr_text_add(&text, "the limit on the address space (ulimit -v) is too low; not recording");
        return false;
    }
    for (unsigned i = 0; i < (named ? 1 : 3); i++) {
        struct lr_text text = lr_text_in(path, sizeof path);
        if (!named && directories[i][0]) {
            lr_text_add(&text, directories[i]);
            lr_text_add(&text, "/");
        }
        expand(&text, named ? lr_config.file : name, who);
        int mode = named ? lr_prim_file_mode(path) : -1;
        if (mode >= 0 && S_ISDIR(mode)) {
            lr_text_add(&text, "/");
            expand(&text, name, who);
        }
        const char *trouble = text.cut ? lr_text_errno(ENAMETOOLONG) : create_at(path, who, size);
        if (!trouble)
            return true;
        if (!first_trouble) {
            first_trouble = trouble;
            memcpy(first_path, path, sizeof path);
        }
    }
    return fail(error, error_size, first_path, first_trouble);
}

void lr_file_abandon(void)
{
    struct lr_header *base = lr_file.header;
    uint64_t size = base->file_size;
    lr_file = (struct lr_file){0};
    lr_prim_unmap(base, size);
    lr_prim_unlink(final_path);
}
