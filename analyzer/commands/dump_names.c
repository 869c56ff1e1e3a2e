/* dump_names.c -- dump_names.h. */
#include "dump_names.h"

const char *lr_dump_ending_name(enum lr_ending ended)
{
    static const char *const names[] = {[LR_ENDED_EXIT] = "exit",
                                        [LR_ENDED_EXEC] = "exec",
                                        [LR_ENDED_KILLED] = "killed",
                                        [LR_ENDED_RUNNING] = "running"};
    return names[ended];
}

const char *lr_dump_meta_name(uint32_t key)
{
    static const char *const names[] = {
        [LR_META_EXE] = "exe",
        [LR_META_CMDLINE] = "cmdline",
        [LR_META_HOST] = "host",
        [LR_META_CONFIG] = "config",
        [LR_META_TRACER] = "tracer",
        [LR_META_ALLOCATOR] = "allocator",
        [LR_META_JAVA_VERSION] = "java_version",
        [LR_META_JAVA_VENDOR] = "java_vendor",
        [LR_META_JAVA_VM] = "java_vm",
        [LR_META_JAVA_GC] = "java_gc",
        [LR_META_NOTE] = "note",
        [LR_META_AHEAD] = "ahead",
    };
    bool known = key < sizeof(names) / sizeof(names[0]) && names[key] != NULL;
    return known ? names[key] : "unknown";
}

const char *lr_dump_kind_name(uint32_t kind)
{
    switch (kind) {
    case LR_KIND_MALLOC:
        return "malloc";
    case LR_KIND_NEW:
        return "new";
    case LR_KIND_MMAP:
        return "mmap";
    default:
        return "unknown";
    }
}

const char *lr_dump_event_name(uint32_t type)
{
    static const char *const names[] = {
        [LR_EVENT_START] = "start",
        [LR_EVENT_EXIT] = "exit",
        [LR_EVENT_EXEC] = "exec",
        [LR_EVENT_FORK] = "fork",
        [LR_EVENT_MODULE] = "module",
        [LR_EVENT_UNLOAD] = "unload",
        [LR_EVENT_JVM] = "jvm",
        [LR_EVENT_GC] = "gc",
        [LR_EVENT_VM_DEATH] = "vm_death",
        [LR_EVENT_CLEANED] = "cleaned",
        [LR_EVENT_LOSS] = "loss",
        [LR_EVENT_PAIR_ACQUIRE] = "pair_acquire",
        [LR_EVENT_PAIR_RELEASE] = "pair_release",
        [LR_EVENT_INTERVAL] = "interval",
        [LR_EVENT_WHOLE_GC] = "whole_gc",
        [LR_EVENT_GC_ASKED] = "gc_asked",
        [LR_EVENT_GC_DONE] = "gc_done",
        [LR_EVENT_MARK] = "mark",
    };
    bool known = type < sizeof(names) / sizeof(names[0]) && names[type] != NULL;
    return known ? names[type] : "unknown";
}
