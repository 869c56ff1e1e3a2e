/* oom_suspects.c -- what besides the processes may have eaten the memory.
 *
 * Stage: JUDGE, after the ledger.  Context: analyzer only.
 * A suspect is named when it is both large (LR_SUSPECT_MIN) and an unusual share of the total;
 * the shares are the constants below, argued in docs/OOM.md.
 */
#include "oom_judge.h"
#include "oom_units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SUSPECT_MIN (64u << 20)

#define UNACCOUNTED_PERCENT 10.0 /* vmalloc and drivers take a few per cent at most */
#define RESERVED_PERCENT                                                                           \
    15.0 /* the kernel and its page structures take 2 … 3, crash kernels more */
#define SLAB_PERCENT 15.0
#define PAGE_TABLES_PERCENT 5.0
#define STACKS_PERCENT 3.0
#define HUGE_PERCENT 25.0
#define HUGE_UNUSED_PERCENT 5.0
#define TMPFS_PERCENT 15.0
#define LOCKED_PERCENT 25.0
#define KERNEL_PERCENT 20.0
#define SOCKETS_PERCENT 10.0
#define DIRTY_PERCENT 20.0

static void add_suspect(struct lr_oom_finding *finding, const char *kind, uint64_t bytes,
                        uint64_t whole, bool likely, const char *format, va_list arguments)
{
    if (finding->suspect_count == LR_OOM_SUSPECTS_MAX)
        return;
    uint64_t key = bytes == LR_OOM_UNKNOWN ? 0 : bytes;
    unsigned at = finding->suspect_count++;
    for (; at > 0; at--) {
        uint64_t before = finding->suspects[at - 1].bytes;
        if ((before == LR_OOM_UNKNOWN ? 0 : before) >= key)
            break;
        finding->suspects[at] = finding->suspects[at - 1];
    }
    struct lr_oom_suspect *new = &finding->suspects[at];
    memset(new, 0, sizeof *new);
    snprintf(new->kind, sizeof new->kind, "%s", kind);
    new->bytes = bytes;
    new->percent = lr_percent(key, whole);
    new->likely = likely;
    vsnprintf(new->text, sizeof new->text, format, arguments);
}

__attribute__((format(printf, 5, 6))) static void suspect(struct lr_oom_finding *finding,
                                                          const char *kind, uint64_t bytes,
                                                          bool likely, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_suspect(finding, kind, bytes, finding->ledger.total, likely, format, arguments);
    va_end(arguments);
}

/* What the kernel doesn't manage is a part of RAM, not of what it manages. */
__attribute__((format(printf, 4, 5))) static void suspect_reserved(struct lr_oom_finding *finding,
                                                                   const char *kind, bool likely,
                                                                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_suspect(finding, kind, finding->ledger.reserved, finding->ledger.ram, likely, format,
                arguments);
    va_end(arguments);
}

static bool large(const struct lr_oom_finding *finding, uint64_t bytes, double percent)
{
    return bytes != LR_OOM_UNKNOWN && bytes >= SUSPECT_MIN &&
           lr_percent(bytes, finding->ledger.total) >= percent;
}

static uint64_t item_bytes(const struct lr_oom_finding *finding, const char *name)
{
    const struct lr_oom_item *item = lr_oom_item(&finding->ledger, name);
    return item ? item->bytes : LR_OOM_UNKNOWN;
}

/* The hypervisor behind a DMI line, and its balloon driver. */
static unsigned hypervisor_of(const char *hardware, const char **name)
{
    static const struct {
        const char *word, *name;
        unsigned balloon;
    } known[] = {
        {"VMware", "VMware", LR_BALLOON_VMWARE},
        {"Xen", "Xen", LR_BALLOON_XEN},
        {"Virtual Machine, BIOS Hyper-V", "Hyper-V", LR_BALLOON_HYPERV},
        {"Microsoft Corporation Virtual", "Hyper-V", LR_BALLOON_HYPERV},
        {"QEMU", "QEMU/KVM", LR_BALLOON_VIRTIO},
        {"KVM", "KVM", LR_BALLOON_VIRTIO},
        {"OpenStack", "OpenStack", LR_BALLOON_VIRTIO},
        {"Red Hat", "KVM", LR_BALLOON_VIRTIO},
        {"Google Compute Engine", "Google Compute Engine", LR_BALLOON_VIRTIO},
        {"Amazon EC2", "Amazon EC2", 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(hardware, known[i].word)) {
            *name = known[i].name;
            return known[i].balloon;
        }
    *name = "";
    return 0;
}

static const char *balloon_name(unsigned balloon)
{
    if (balloon & LR_BALLOON_VMWARE)
        return "VMware's balloon driver (vmw_balloon)";
    if (balloon & LR_BALLOON_XEN)
        return "Xen's balloon driver";
    if (balloon & LR_BALLOON_HYPERV)
        return "Hyper-V's dynamic memory (hv_balloon)";
    return "the virtio balloon";
}

static void suspect_balloon(struct lr_oom_finding *finding, const struct lr_oom_judging *judging)
{
    const struct lr_oom_event *event = &finding->event;
    const struct lr_oom_ledger *ledger = &finding->ledger;
    uint64_t residual = ledger->known && ledger->residual > 0 ? (uint64_t)ledger->residual : 0;
    uint64_t counted = lr_oom_scale(event->zone_kb[LR_OOM_ZONE_Balloon], 1024);
    const char *hypervisor;
    unsigned driver = hypervisor_of(event->hardware, &hypervisor);
    bool missing = large(finding, residual, UNACCOUNTED_PERCENT);
    char size[LR_UNIT_SIZE];
    if (counted != LR_OOM_UNKNOWN && large(finding, counted, 1))
        suspect(finding, "balloon", counted, true,
                "the kernel itself counts %s in the balloon: taken back by the hypervisor",
                lr_unit_binary(size, counted));
    if (event->trace_balloon && missing)
        suspect(finding, "balloon", residual, true,
                "%s was taking memory at this moment (%s in the call trace), and %s is missing "
                "from the kernel's own books, as pages handed to a hypervisor are",
                balloon_name(event->trace_balloon), event->trace_symbol,
                lr_unit_binary(size, residual));
    else if (missing && judging->balloon)
        suspect(finding, "balloon", residual, true,
                "%s was seen taking memory earlier in this log (%s), and %s is missing from the "
                "kernel's own books",
                balloon_name(judging->balloon), judging->balloon_symbol,
                lr_unit_binary(size, residual));
    else if (missing && driver)
        suspect(finding, "balloon", residual, false,
                "this is a %s guest, and pages given to its balloon are in none of the kernel's "
                "counters: %s is missing",
                hypervisor, lr_unit_binary(size, residual));
    else if (missing)
        suspect(finding, "unaccounted", residual, false,
                "%s is in none of the kernel's counters: a driver that allocates pages itself "
                "(GPU, network, storage), vmalloc, ZFS, or a hypervisor's balloon",
                lr_unit_binary(size, residual));
    else if (event->trace_balloon)
        suspect(finding, "balloon", LR_OOM_UNKNOWN, false,
                "%s was taking memory at this moment (%s in the call trace)",
                balloon_name(event->trace_balloon), event->trace_symbol);
}

/* Xen and virtio take ballooned pages out of what the kernel manages. */
static void suspect_held_back(struct lr_oom_finding *finding)
{
    const struct lr_oom_ledger *ledger = &finding->ledger;
    const char *hypervisor;
    unsigned driver = hypervisor_of(finding->event.hardware, &hypervisor);
    char size[LR_UNIT_SIZE];
    if (ledger->reserved < SUSPECT_MIN ||
        lr_percent(ledger->reserved, ledger->ram) < RESERVED_PERCENT)
        return;
    lr_unit_binary(size, ledger->reserved);
    if (finding->event.trace_balloon || (driver & (LR_BALLOON_XEN | LR_BALLOON_VIRTIO)))
        suspect_reserved(finding, "balloon", finding->event.trace_balloon != 0,
                         "%s of RAM is present but not managed by the kernel, as pages are that a "
                         "%s balloon has taken",
                         size, hypervisor[0] ? hypervisor : "hypervisor's");
    else
        suspect_reserved(finding, "reserved", false,
                         "%s of RAM is present but not managed by the kernel: reserved at boot "
                         "(crash kernel, mem=), or taken by a balloon",
                         size);
}

static void suspect_slab(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    uint64_t bytes = event->counters[LR_OOM_slab_unreclaimable];
    char size[LR_UNIT_SIZE], top[LR_UNIT_SIZE], names[128] = "";
    if (bytes == LR_OOM_UNKNOWN)
        return;
    bytes = lr_oom_scale(bytes, event->page_size);
    if (!large(finding, bytes, SLAB_PERCENT))
        return;
    for (unsigned i = 0; i < event->slab_count && i < 2; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s %s",
                 used ? ", " : "; most of it: ", event->slabs[i].name,
                 lr_unit_binary(top, event->slabs[i].bytes));
    }
    suspect(finding, "slab", bytes, true,
            "%s of slab that the kernel can't give back%s: a leak or a table that grows in the "
            "kernel",
            lr_unit_binary(size, bytes), names);
}

static void suspect_huge(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    uint64_t bytes = item_bytes(finding, "huge pages"), unused = 0;
    char size[LR_UNIT_SIZE], idle[LR_UNIT_SIZE];
    for (unsigned i = 0; i < event->huge_count; i++) {
        uint64_t both[] = {
            unused, lr_oom_scale(event->huge[i].free, lr_oom_scale(event->huge[i].size_kb, 1024))};
        unused = lr_oom_sum(both, 2);
    }
    if (large(finding, bytes, HUGE_PERCENT) || large(finding, unused, HUGE_UNUSED_PERCENT))
        suspect(finding, "hugepages", bytes, large(finding, unused, HUGE_UNUSED_PERCENT),
                "%s is set aside as huge pages, %s of it unused; nobody else may have it",
                lr_unit_binary(size, bytes), lr_unit_binary(idle, unused));
}

static void suspect_machine(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    uint64_t page = event->page_size;
    uint64_t tables = item_bytes(finding, "page tables");
    uint64_t stacks = item_bytes(finding, "kernel stacks");
    uint64_t shmem = lr_oom_scale(event->counters[LR_OOM_shmem], page);
    uint64_t locked = lr_oom_scale(event->counters[LR_OOM_unevictable], page);
    char size[LR_UNIT_SIZE];
    suspect_slab(finding);
    suspect_huge(finding);
    if (large(finding, tables, PAGE_TABLES_PERCENT))
        suspect(finding, "page-tables", tables, true,
                "%s of page tables: many processes that map the same big shared memory, each with "
                "its own tables (huge pages would shrink them)",
                lr_unit_binary(size, tables));
    if (large(finding, stacks, STACKS_PERCENT))
        suspect(finding, "kernel-stacks", stacks, true,
                "%s of kernel stacks, about %" PRIu64 " threads: something starts threads without "
                "end",
                lr_unit_binary(size, stacks), stacks / (16 * 1024));
    if (large(finding, shmem, TMPFS_PERCENT))
        suspect(finding, "tmpfs", shmem, false,
                "%s in tmpfs and shared memory (/dev/shm, /tmp, /run, SysV segments): killing "
                "processes doesn't free files",
                lr_unit_binary(size, shmem));
    if (large(finding, locked, LOCKED_PERCENT))
        suspect(finding, "locked", locked, false,
                "%s is locked in memory (mlock, ramfs, or SHM_LOCK) and can't be reclaimed",
                lr_unit_binary(size, locked));
}

static void suspect_group(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    uint64_t shmem = lr_oom_stat(event, "shmem");
    uint64_t kernel = item_bytes(finding, "kernel memory");
    uint64_t sockets = item_bytes(finding, "socket buffers");
    uint64_t dirty[] = {lr_oom_stat(event, "file_dirty"), lr_oom_stat(event, "file_writeback"),
                        lr_oom_stat(event, "dirty"), lr_oom_stat(event, "writeback")};
    uint64_t unwritten = lr_oom_sum(dirty, 4);
    uint64_t residual = finding->ledger.known && finding->ledger.residual > 0
                            ? (uint64_t)finding->ledger.residual
                            : 0;
    char size[LR_UNIT_SIZE];
    if (large(finding, shmem, TMPFS_PERCENT))
        suspect(finding, "tmpfs", shmem, true,
                "%s of the group's memory is tmpfs or shared memory (an emptyDir in memory, "
                "/dev/shm, /tmp): files count against the limit and no kill frees them",
                lr_unit_binary(size, shmem));
    if (large(finding, kernel, KERNEL_PERCENT))
        suspect(finding, "kernel-memory", kernel, true,
                "%s is kernel memory on the group's account (slab, page tables, stacks)",
                lr_unit_binary(size, kernel));
    if (large(finding, sockets, SOCKETS_PERCENT))
        suspect(finding, "sockets", sockets, true, "%s sits in socket buffers",
                lr_unit_binary(size, sockets));
    if (large(finding, unwritten, DIRTY_PERCENT))
        suspect(finding, "dirty-cache", unwritten, false,
                "%s of page cache waits to be written: the group writes faster than its disk",
                lr_unit_binary(size, unwritten));
    if (large(finding, residual, KERNEL_PERCENT))
        suspect(finding, "unaccounted", residual, false,
                "%s of the group's usage is in none of its statistics (kernel memory on kernels "
                "that don't list it)",
                lr_unit_binary(size, residual));
}

void lr_oom_suspects(struct lr_oom_finding *finding, const struct lr_oom_judging *judging)
{
    finding->suspect_count = 0;
    if (finding->event.constraint == LR_OOM_MEMCG) {
        suspect_group(finding);
        return;
    }
    suspect_balloon(finding, judging);
    suspect_held_back(finding);
    if (finding->ledger.total)
        suspect_machine(finding);
}
