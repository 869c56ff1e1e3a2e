/* test_unwind_modules.c -- addresses to modules: both ways of looking, and modules that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "intern.h"
#include "modules.h"
#include "modules_maps.h"
#include "prim.h"
#include "recording.h"
#include "stacks.h"
#include "trace.h"

static const char *file_path;

static int start(void **state)
{
    (void)state;
    file_path = recording_create("test_unwind_modules");
    assert_true(lr_intern_start() && lr_stacks_start());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(file_path);
}

/* What the dynamic linker says of a module, gathered without our code. */
struct truth {
    unsigned modules, with_build_id;
};

static uintptr_t segment(const struct dl_phdr_info *dl, uint32_t type, uint32_t flags)
{
    for (int i = 0; i < dl->dlpi_phnum; i++)
        if (dl->dlpi_phdr[i].p_type == type && (dl->dlpi_phdr[i].p_flags & flags) == flags)
            return dl->dlpi_addr + dl->dlpi_phdr[i].p_vaddr;
    return 0;
}

static int check_module(struct dl_phdr_info *dl, size_t size, void *context)
{
    (void)size;
    struct truth *truth = context;
    struct lr_module_info info;
    struct lr_mapped_module mapped;
    uintptr_t code = segment(dl, PT_LOAD, PF_X);
    truth->modules++;
    assert_true(code != 0);
    assert_true(lr_module_find(code, &info));
    assert_true(code >= info.start && code < info.end);
    assert_int_equal(info.bias, dl->dlpi_addr);
    assert_int_equal(info.eh_frame_hdr, segment(dl, PT_GNU_EH_FRAME, 0));
    assert_int_equal(info.is_vdso, info.start == getauxval(AT_SYSINFO_EHDR));
    assert_int_equal(info.is_main, dl->dlpi_name[0] == '\0');
    if (dl->dlpi_name[0] == '/')
        assert_string_equal(info.path, dl->dlpi_name);
    if (info.build_id) {
        truth->with_build_id++;
        assert_memory_equal(info.build_id - 16 + 12, "GNU", 4);
        assert_true(info.build_id_size >= 8 && info.build_id_size <= LR_BUILD_ID_MAX);
    }
    assert_true(lr_maps_find(code, &mapped));
    assert_int_equal(mapped.start, info.start);
    assert_true(mapped.end > code && mapped.end <= info.end + 4096);
    return 0;
}

static void test_every_loaded_module_is_found(void **state)
{
    (void)state;
    struct truth truth = {0, 0};
    dl_iterate_phdr(check_module, &truth);
    assert_true(truth.modules >= 4);
    assert_true(truth.with_build_id >= 3);
}

static void test_main_program_has_its_path(void **state)
{
    (void)state;
    struct lr_module_info info;
    char exe[4096];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    assert_true(length > 0);
    exe[length] = '\0';
    assert_true(lr_module_find((uintptr_t)start, &info));
    assert_true(info.is_main);
    assert_string_equal(info.path, exe);
}

static void test_generated_code_is_in_no_module(void **state)
{
    (void)state;
    struct lr_module_info info;
    struct lr_mapped_module mapped;
    uintptr_t bias;
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_false(lr_module_find((uintptr_t)page, &info));
    assert_false(lr_maps_find((uintptr_t)page, &mapped));
    assert_false(lr_module_find(0, &info));
    assert_false(lr_module_find(16, &info));
    assert_int_equal(lr_module_index((uintptr_t)page, &bias), 0);
    munmap(page, 4096);
}

static uint32_t index_of(uintptr_t pc, uintptr_t *bias)
{
    assert_true(lr_intern_lock());
    uint32_t index = lr_module_index(pc, bias);
    lr_intern_unlock();
    return index;
}

static void test_index_registers_once(void **state)
{
    (void)state;
    uintptr_t bias, again;
    uint32_t index = index_of((uintptr_t)start, &bias);
    assert_int_not_equal(index, 0);
    assert_int_equal(index_of((uintptr_t)stop, &again), index);
    assert_int_equal(again, bias);
    assert_int_not_equal(index_of((uintptr_t)getauxval, &again), index);
    struct lr_module *module = lr_trace_module(index);
    assert_int_equal(module->flags, LR_MODULE_MAIN);
    assert_int_equal(module->bias, bias);
    assert_true(module->build_id_size > 0);
    assert_true((uintptr_t)start >= module->start && (uintptr_t)start < module->end);
}

/* Some small library of the C library's that can be unloaded again. */
static void *open_library(uintptr_t *address)
{
    static const char *const names[] = {"libutil.so.1", "libBrokenLocale.so.1", "librt.so.1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (dlopen(names[i], RTLD_NOW | RTLD_NOLOAD))
            continue;
        struct link_map *map = dlopen(names[i], RTLD_NOW);
        if (!map)
            continue;
        *address = (uintptr_t)map->l_ld;
        return map;
    }
    return NULL;
}

static void test_unloaded_modules_are_marked(void **state)
{
    (void)state;
    uintptr_t address, bias;
    struct lr_module_info info;
    void *library = open_library(&address);
    if (!library)
        skip();
    uint32_t index = index_of(address, &bias);
    assert_int_not_equal(index, 0);
    lr_modules_changed();
    assert_int_equal(lr_trace_module(index)->unload_ms, 0);
    assert_int_equal(dlclose(library), 0);
    if (lr_module_find(address, &info))
        skip(); /* it can't be unloaded here */
    lr_modules_changed();
    assert_true(lr_trace_module(index)->unload_ms > 0);
    lr_modules_changed();
    library = open_library(&address);
    assert_int_equal(index_of(address, &bias), index); /* the same file: the same entry */
    assert_int_equal(lr_trace_module(index)->unload_ms, 0);
    dlclose(library);
}

static void test_map_forgets_what_is_gone(void **state)
{
    (void)state;
    uintptr_t address;
    struct lr_mapped_module mapped;
    void *library = open_library(&address);
    if (!library)
        skip();
    assert_true(lr_maps_refresh());
    assert_true(lr_maps_find(address, &mapped));
    assert_non_null(strstr(mapped.path, ".so"));
    dlclose(library);
    assert_true(lr_maps_refresh());
    assert_false(lr_maps_find(address, &mapped));
}

static void test_map_keeps_what_it_cannot_look_for(void **state)
{
    (void)state;
    struct lr_mapped_module mapped;
    assert_true(lr_maps_refresh());
    lr_prim_hush();
    assert_false(lr_maps_refresh());
    assert_true(lr_maps_find((uintptr_t)getauxval, &mapped));
    lr_prim_speak();
    assert_true(lr_maps_refresh());
    assert_true(lr_maps_find((uintptr_t)getauxval, &mapped));
}

static void test_relative_library_gets_its_full_path(void **state)
{
    (void)state;
    struct lr_module_info info;
    char path[256];
    assert_true(lr_module_find((uintptr_t)getauxval, &info));
    assert_true(lr_maps_path(info.start, path, sizeof path));
    assert_int_equal(path[0], '/');
    assert_non_null(strstr(path, "libc"));
    assert_false(lr_maps_path(info.start + 1, path, sizeof path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loaded_module_is_found),
        cmocka_unit_test(test_main_program_has_its_path),
        cmocka_unit_test(test_generated_code_is_in_no_module),
        cmocka_unit_test(test_index_registers_once),
        cmocka_unit_test(test_unloaded_modules_are_marked),
        cmocka_unit_test(test_map_forgets_what_is_gone),
        cmocka_unit_test(test_map_keeps_what_it_cannot_look_for),
        cmocka_unit_test(test_relative_library_gets_its_full_path),
    };
    return cmocka_run_group_tests_name("unwind_modules", tests, start, stop);
}
