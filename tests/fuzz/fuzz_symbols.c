/* fuzz_symbols.c -- libFuzzer target: whatever an ELF file with DWARF holds, the reader of symbols
 * gives whole names or none.
 *
 * Stage: fuzzing of symbolize_*.c and of elfutils and libiberty as they are called there.  Build and
 * run: `make fuzz-symbols`.
 *
 * With FUZZ_WORKER=1 files are read as the command reads them, in a process of its own: then a crash
 * of elfutils is none of the command's, and the fuzzer stops only for our own.  Without it all runs
 * in this process, which is faster, guided by coverage, and finds what elfutils does wrong, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demangle.h"
#include "load.h"
#include "make_trace.h"
#include "symbolize.h"
#include "symbolize_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the corpus has its code: small shared objects, linked at 0. */
enum { FIRST = 0x1000, STEP = 0x10, ADDRESSES = 64 };

static void must(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_symbols: %s\n", what);
        abort();
    }
}

static void read_here(const char *path)
{
    const struct lr_module_view view = {.path = path, .build_id = (const unsigned char *)""};
    const struct lr_symbolizer_options options = {0};
    struct lr_symbol_module module = {0};

    lr_symbol_module_open(&module, &view, &(struct lr_symbol_places){.options = &options});
    for (unsigned i = 0; i < ADDRESSES; i++) {
        struct lr_raw_frame frames[LR_INLINE_MAX];
        uint64_t address = FIRST + STEP * i;
        size_t count = lr_dwarf_find(module.dwarf, address, frames);
        const char *symbol = lr_symtab_find(module.symtab, address);

        must(count <= LR_INLINE_MAX, "more frames than there is room for");
        for (size_t f = 0; f < count; f++) {
            free(frames[f].name ? lr_demangle(frames[f].name) : NULL);
            must(frames[f].line >= 0, "a negative line");
        }
        free(symbol ? lr_demangle_short(symbol) : NULL);
    }
    lr_symbol_module_close(&module);
}

static void look_at_name(const struct lr_frame_name *name)
{
    must(name->function[0] && name->full && name->file && name->module, "a frame without a text");
    for (const char *c = name->function; *c; c++)
        must((unsigned char)*c >= 0x20 && *c != 0x7f, "a control character");
}

static void read_there(const char *path)
{
    struct lr_make *make = lr_make_new();
    uint32_t module = lr_make_module(make, path, 0, 0, 0x10000000, ""), stack;
    const struct lr_frame_name *names;
    struct lr_symbolizer *symbolizer;
    uint64_t frames[ADDRESSES];
    struct lr_trace *trace;
    size_t size;

    for (unsigned i = 0; i < ADDRESSES; i++)
        frames[i] = lr_make_native_frame(module, FIRST + STEP * i + 1);
    stack = lr_make_stack(make, frames, ADDRESSES, 0);
    const unsigned char *bytes = lr_make_bytes(make, &size);
    must(lr_trace_open_bytes(bytes, size, "x", &trace, NULL) == LR_OK, "no trace to be had");
    symbolizer = lr_symbolizer_open(trace, NULL);
    must(symbolizer != NULL, "no symbolizer to be had");
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        size_t count = lr_symbolize_frame(symbolizer, stack, i, &names);

        must(count >= 1 && count <= LR_INLINE_MAX, "no frame, or too many");
        for (size_t f = 0; f < count; f++)
            look_at_name(&names[f]);
    }
    lr_symbolizer_module_problem(symbolizer, module);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(make);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("library", MFD_CLOEXEC);

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file to be had");
    /* Not by /proc/self: the process that reads is another. */
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    if (getenv("FUZZ_WORKER"))
        read_there(path);
    else
        read_here(path);
    close(fd);
    return 0;
}
