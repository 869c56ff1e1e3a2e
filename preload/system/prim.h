/* prim.h -- the preload's only way to the operating system.
 *
 * Stage: below everything.  Context: any thread, inside malloc, in a signal handler, in a fork's
 * child: raw system calls, no libc, no errno, no TLS.  Every call returns the kernel's result:
 * >= 0, or -errno.  One file per system implements this (prim_linux.c).
 */
#ifndef LEAKRING_PRIM_H
#define LEAKRING_PRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_fs_info {
    uint64_t type;        /* statfs f_type */
    uint64_t free_bytes;  /* available to this user */
    uint64_t total_bytes;
};

/* Files.  Paths are NUL-terminated; flags are the kernel's O_*. */
int lr_prim_open(const char *path, int flags, int mode);
int lr_prim_close(int fd);
long lr_prim_read(int fd, void *buffer, size_t size);
long lr_prim_write(int fd, const void *buffer, size_t size);
int lr_prim_fallocate(int fd, uint64_t size);
int lr_prim_truncate(int fd, uint64_t size);
int lr_prim_unlink(const char *path);
int lr_prim_file_mode(const char *path); /* st_mode, symbolic links not followed */
int lr_prim_directory(const char *path, uint32_t *owner); /* st_mode of what `path` leads to */
long lr_prim_readlink(const char *path, char *buffer, size_t size); /* not terminated */
int lr_prim_fs_info(int fd, struct lr_fs_info *info);
/* Is the file memory itself (tmpfs, memfd, hugetlbfs)?  Asks no server of a file system. */
bool lr_prim_is_in_memory(int fd);
/* Reads a whole small file; returns its length (at most size - 1; terminated) or -errno. */
long lr_prim_slurp(const char *path, char *buffer, size_t size);

/* Memory.  lr_prim_map returns NULL on failure. */
void *lr_prim_map(size_t size);                /* private, anonymous, zero, not reserved */
void *lr_prim_map_shared(size_t size);         /* the same, shared with children of fork */
void *lr_prim_map_file(int fd, size_t size);   /* shared, read-write, offset 0 */
void lr_prim_unmap(void *address, size_t size);
int lr_prim_wipe_on_fork(void *address, size_t size); /* MADV_WIPEONFORK; -errno before 4.14 */
int lr_prim_dont_fork(void *address, size_t size);    /* MADV_DONTFORK */
int lr_prim_dont_dump(void *address, size_t size);    /* MADV_DONTDUMP: not in core files */
int lr_prim_no_readahead(void *address, size_t size); /* MADV_RANDOM */
/* Can the page at `address` be read?  One system call, which does nothing.  1, 0, or -errno. */
int lr_prim_is_mapped(const void *address);
/* Bytes resident of all that lr_prim_map mapped, and of our own variables.  About 1 ms. */
uint64_t lr_prim_own_memory(void);
/* Part number `i` of that memory: where it is, and how much of it is resident (0 where it is
 * nowhere).  False: there are no more. */
bool lr_prim_own_part(unsigned i, uintptr_t *at, size_t *size, uint64_t *resident);
/* Which pages of [address, address + size) are in memory: bit 0 of one byte each. */
int lr_prim_resident(const void *address, size_t size, unsigned char *pages);

/* Identity and time. */
int lr_prim_pid(void);
int lr_prim_parent(void);
int lr_prim_tid(void);
uint64_t lr_prim_file_limit(void); /* RLIMIT_FSIZE, bytes */
uint64_t lr_prim_address_limit(void); /* RLIMIT_AS, bytes; UINT64_MAX: none */
uint64_t lr_prim_page_size(void);
int lr_prim_host_name(char *buffer, size_t size);
uint64_t lr_prim_unix_ns(void);
uint64_t lr_prim_mono_ns(void);   /* CLOCK_MONOTONIC_COARSE: about 6 ns, 1-4 ms steps */
uint64_t lr_prim_mono_exact_ns(void);
uint64_t lr_prim_cpu_ns(void); /* that this process has used, all threads */
uint64_t lr_prim_thread_cpu_ns(void); /* of the calling thread */
/* By clock_nanosleep, as the C library does, so that sandboxes know it.  False: not allowed. */
bool lr_prim_sleep_ms(unsigned milliseconds);
void lr_prim_yield(void);
/* Waits until somebody wakes who waits for this word, or the time is over; not at all when it
 * isn't `value`.  False: not allowed. */
bool lr_prim_wait(const uint32_t *word, uint32_t value, unsigned milliseconds);
void lr_prim_wake(const uint32_t *word);

bool lr_prim_is_thread(int tid); /* of this process, and not gone yet; true: unknown */
/* Is there such a thread in any process?  Looks less like a signal to those who watch system calls
 * than lr_prim_is_thread. */
bool lr_prim_is_task(int tid);

/* How many threads this process has, those that ended but for their remains included.  Opens
 * nothing. */
long lr_prim_thread_count(void);

/* Name of a thread of this process (0: the calling one), terminated.  False: not to be had. */
bool lr_prim_thread_name(int tid, char name[16]);

/* The calling thread: its name (at most 15 bytes), and its signals.  Blocking leaves the two that
 * the C library needs (cancel, setxid) and keeps the old mask in *saved. */
void lr_prim_name_thread(const char *name);
/* A table of file descriptors of its own, empty, so that what it opens for a moment is never in
 * the way of a program that counts on the lowest free number, or closes all.  -errno: not allowed
 * (a container's filter before Linux 5.9, for example). */
int lr_prim_own_files(void);
/* If it has a real-time policy, as whoever created it had: an ordinary one. */
void lr_prim_no_real_time(void);
void lr_prim_block_signals(uint64_t *saved);
void lr_prim_restore_signals(const uint64_t *saved);

/* From the return on nothing here makes a system call: each fails with -EPERM, and the clocks are
 * the vDSO's coarse ones, those of processor time 0.  Waits for calls under way on other threads, a
 * second at most.  It holds until as many lr_prim_speak() followed. */
void lr_prim_hush(void);
bool lr_prim_speak(void); /* true: system calls are made again */
bool lr_prim_is_silent(void);
/* The calling thread ends, by the one system call that is made in silence, too. */
__attribute__((noreturn)) void lr_prim_leave_thread(void);

#endif
