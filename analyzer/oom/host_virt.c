/* host_virt.c -- is this a guest, of whom, and how much memory has its balloon?
 *
 * Stage: `leakring host`, reading.  Context: analyzer only, one thread.
 * Hypervisors leave different signs.  Xen and virtio take ballooned pages out of MemTotal (they
 * show as present - managed), VMware's driver just allocates them, so they are in no counter;
 * from 6.16 on the kernel counts them (Balloon:).
 */
#include "host_model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oom_line.h"

static bool exists(const struct lr_host *host, const char *path)
{
    return faccessat(host->root, path, F_OK, 0) == 0;
}

static void word_of(const struct lr_host *host, const char *path, char *to, size_t size)
{
    char text[256];
    to[0] = '\0';
    if (lr_host_file(host, path, text, sizeof text) > 0)
        lr_copy_text(to, size, text, strcspn(text, "\n"));
}

static void set_hypervisor(struct lr_host *host, const char *name, const char *from,
                           const char *what)
{
    struct lr_host_virt *virt = &host->virt;
    if (virt->hypervisor[0])
        return;
    snprintf(virt->hypervisor, sizeof virt->hypervisor, "%s", name);
    snprintf(virt->evidence, sizeof virt->evidence, "%s%s%s", from, what[0] ? ": " : "", what);
}

static void read_dmi(struct lr_host *host)
{
    static const struct {
        const char *word, *name;
    } known[] = {
        {"VMware", "VMware"},
        {"Xen", "Xen"},
        {"Microsoft", "Hyper-V"},
        {"QEMU", "KVM"},
        {"KVM", "KVM"},
        {"Red Hat", "KVM"},
        {"OpenStack", "KVM"},
        {"Google", "KVM"},
        {"innotek", "VirtualBox"},
        {"Amazon EC2", "Amazon"},
        {"Parallels", "Parallels"},
    };
    char vendor[64], product[64], both[140];
    word_of(host, "sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
    word_of(host, "sys/class/dmi/id/product_name", product, sizeof product);
    snprintf(both, sizeof both, "%s %s", vendor, product);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(both, known[i].word) &&
            (strcmp(known[i].word, "Microsoft") != 0 || strstr(both, "Virtual")))
            set_hypervisor(host, known[i].name, "DMI", both);
}

static void read_xen(struct lr_host *host)
{
    static const char base[] = "sys/devices/system/xen_memory/xen_memory0/";
    struct lr_host_virt *virt = &host->virt;
    char path[128], text[64];
    word_of(host, "sys/hypervisor/type", text, sizeof text);
    if (strcmp(text, "xen") == 0)
        set_hypervisor(host, "Xen", "/sys/hypervisor/type", text);
    word_of(host, "proc/xen/capabilities", text, sizeof text);
    if (strstr(text, "control_d"))
        virt->dom0 = true;
    if (virt->dom0 || exists(host, "proc/xen"))
        set_hypervisor(host, "Xen", "/proc/xen", text);
    snprintf(path, sizeof path, "%starget_kb", base);
    uint64_t target = lr_host_number(host, path);
    snprintf(path, sizeof path, "%sinfo/current_kb", base);
    uint64_t current = lr_host_number(host, path);
    if (target < UINT64_MAX / 2048)
        virt->xen_target = target * 1024;
    if (current < UINT64_MAX / 2048) {
        virt->xen_current = current * 1024;
        set_hypervisor(host, "Xen", "/sys/devices/system/xen_memory", "");
        snprintf(virt->driver, sizeof virt->driver, "xen_balloon");
    }
}

static void read_driver(struct lr_host *host)
{
    static const struct {
        const char *path, *name, *hypervisor;
    } drivers[] = {
        {"sys/module/vmw_balloon", "vmw_balloon", "VMware"},
        {"sys/bus/virtio/drivers/virtio_balloon", "virtio_balloon", "KVM"},
        {"sys/module/virtio_balloon", "virtio_balloon", "KVM"},
        {"sys/bus/vmbus/drivers/hv_balloon", "hv_balloon", "Hyper-V"},
        {"sys/module/hv_balloon", "hv_balloon", "Hyper-V"},
    };
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers && !host->virt.driver[0]; i++)
        if (exists(host, drivers[i].path)) {
            snprintf(host->virt.driver, sizeof host->virt.driver, "%s", drivers[i].name);
            /* virtio drivers are built into many kernels that run on bare metal */
            if (strcmp(drivers[i].name, "virtio_balloon") != 0)
                set_hypervisor(host, drivers[i].hypervisor, "driver", drivers[i].name);
        }
}

static void set_balloon(struct lr_host *host, uint64_t bytes, const char *source)
{
    if (host->virt.balloon != LR_HOST_UNKNOWN || bytes == LR_HOST_UNKNOWN)
        return;
    host->virt.balloon = bytes;
    snprintf(host->virt.balloon_source, sizeof host->virt.balloon_source, "%s", source);
}

/* "target:  5326592 pages" of vmmemctl, "pages_ballooned: 1024" of hv-balloon; 4 KiB pages */
static uint64_t pages_field(const char *text, const char *key)
{
    uint64_t pages = lr_host_field(text, key);
    return pages < UINT64_MAX / 8192 ? pages * 4096 : LR_HOST_UNKNOWN;
}

static void read_debugfs(struct lr_host *host)
{
    char text[4096];
    if (lr_host_file(host, "sys/kernel/debug/vmmemctl", text, sizeof text) > 0) {
        host->virt.target = pages_field(text, "target");
        set_balloon(host, pages_field(text, "current"), "/sys/kernel/debug/vmmemctl");
    } else if (strcmp(host->virt.driver, "vmw_balloon") == 0) {
        lr_host_note(host,
                     "/sys/kernel/debug/vmmemctl (%s; root only): how large VMware's balloon "
                     "is. `vmware-toolbox-cmd stat balloon` knows too",
                     strerror(errno));
    }
    if (lr_host_file(host, "sys/kernel/debug/hv-balloon", text, sizeof text) > 0)
        set_balloon(host, pages_field(text, "pages_ballooned"), "/sys/kernel/debug/hv-balloon");
}

static void read_counters(struct lr_host *host)
{
    uint64_t pages = host->vmstat[LR_VS_nr_balloon_pages];
    uint64_t in = host->vmstat[LR_VS_balloon_inflate], out = host->vmstat[LR_VS_balloon_deflate];
    set_balloon(host, host->meminfo[LR_MI_balloon], "Balloon: of /proc/meminfo");
    if (pages < UINT64_MAX / (2 * host->page_size))
        set_balloon(host, pages * host->page_size, "nr_balloon_pages of /proc/vmstat");
    if (in != LR_HOST_UNKNOWN && out != LR_HOST_UNKNOWN && in > out &&
        in < UINT64_MAX / (2 * host->page_size))
        set_balloon(host, (in - out) * host->page_size, "balloon_inflate - balloon_deflate");
}

static void read_cpu_flag(struct lr_host *host)
{
    static char text[16384];
    if (lr_host_file(host, "proc/cpuinfo", text, sizeof text) <= 0)
        return;
    const char *flags = strstr(text, "\nflags");
    const char *end = flags ? strchr(flags + 1, '\n') : NULL;
    const char *word = flags ? strstr(flags, " hypervisor") : NULL;
    if (word && (!end || word < end))
        set_hypervisor(host, "an unnamed hypervisor", "/proc/cpuinfo", "hypervisor flag");
}

void lr_host_read_virt(struct lr_host *host)
{
    read_xen(host);
    read_dmi(host);
    read_driver(host);
    read_debugfs(host);
    read_counters(host);
    read_cpu_flag(host);
}
