/* doctor.c -- findings of doctor.h as lines; the library, and the settings.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "doctor.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "library.h"
#include "settings.h"

static void put_line(struct lr_doctor *doctor, const char *grade, const char *remedy,
                     const char *format, va_list arguments)
{
    char *text = NULL, *clean = NULL;

    if (vasprintf(&text, format, arguments) >= 0)
        clean = lr_text_clean((const unsigned char *)text, strlen(text));
    fprintf(doctor->out, "%-8s %s\n", grade, clean ? clean : "out of memory");
    free(clean);
    free(text);
    if (remedy)
        fprintf(doctor->out, "%-8s -> %s\n", "", remedy);
}

void lr_doctor_ok(struct lr_doctor *doctor, const char *format, ...)
{
    va_list arguments;

    if (doctor->only_trouble)
        return;
    va_start(arguments, format);
    put_line(doctor, "ok", NULL, format, arguments);
    va_end(arguments);
}

void lr_doctor_warn(struct lr_doctor *doctor, const char *remedy, const char *format, ...)
{
    va_list arguments;

    doctor->warnings++;
    va_start(arguments, format);
    put_line(doctor, "warning", remedy, format, arguments);
    va_end(arguments);
}

void lr_doctor_problem(struct lr_doctor *doctor, const char *remedy, const char *format, ...)
{
    va_list arguments;

    doctor->problems++;
    va_start(arguments, format);
    put_line(doctor, "problem", remedy, format, arguments);
    va_end(arguments);
}

char *lr_doctor_library(struct lr_doctor *doctor)
{
    struct lr_error error = {{0}, {0}};
    char *path;

    if (lr_library_find(&path, &error) != LR_OK) {
        lr_doctor_problem(doctor, error.hint[0] ? error.hint : NULL, "library: %s", error.text);
        return NULL;
    }
    lr_doctor_ok(doctor, "library: %s", path);
    return path;
}

/* Allocators whose malloc would answer before ours when they stand ahead of us. */
static bool is_allocator(const char *item, size_t length)
{
    static const char *const names[] = {"jemalloc", "tcmalloc", "mimalloc", "libasan", "libtsan"};
    char text[512];

    snprintf(text, sizeof(text), "%.*s", (int)length, item);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strstr(text, names[i]))
            return true;
    return false;
}

static void check_preload(struct lr_doctor *doctor, const char *preload)
{
    const char *first_allocator = NULL;
    size_t allocator_length = 0;

    for (const char *at = preload; *at;) {
        size_t length = strcspn(at, " :");

        if (length >= strlen("libleakring.so") && memmem(at, length, "libleakring.so", 14)) {
            if (first_allocator)
                lr_doctor_problem(doctor, "put libleakring.so first in LD_PRELOAD",
                                  "LD_PRELOAD: %.*s stands ahead of libleakring.so, which then "
                                  "sees nothing",
                                  (int)allocator_length, first_allocator);
            else
                lr_doctor_ok(doctor, "LD_PRELOAD has %.*s", (int)length, at);
        } else if (!first_allocator && is_allocator(at, length)) {
            first_allocator = at;
            allocator_length = length;
        }
        at += length;
        at += *at != '\0';
    }
}

void lr_doctor_settings(struct lr_doctor *doctor, const char *settings)
{
    const char *preload = getenv("LD_PRELOAD");
    struct lr_error error = {{0}, {0}};

    if (lr_settings_check(settings, &error) != LR_OK)
        lr_doctor_problem(doctor, error.hint[0] ? error.hint : NULL,
                          "%s; all of LEAKRING is ignored", error.text);
    else if (*settings)
        lr_doctor_ok(doctor, "LEAKRING=%s", settings);
    if (preload)
        check_preload(doctor, preload);
}

bool lr_doctor_is_wanted(const char *name, const char *globs)
{
    static const char launchers[] =
#include "leakring/launchers.def"
        ;
    const char *list = globs ? globs : launchers;

    while (*list) {
        size_t length = strcspn(list, ":");
        char glob[256];

        snprintf(glob, sizeof(glob), "%.*s", (int)length, list);
        if (fnmatch(glob, name, 0) == 0)
            return globs != NULL;
        list += length + (list[length] == ':');
    }
    return globs == NULL;
}

bool lr_doctor_passes_through(const char *name)
{
    return !lr_doctor_is_wanted(name, NULL);
}

void lr_doctor_explain(const char *program, const char *settings)
{
    struct lr_doctor doctor = {.out = stderr, .only_trouble = true};
    char *library = lr_doctor_library(&doctor);

    if (library) {
        lr_doctor_settings(&doctor, settings);
        lr_doctor_program(&doctor, program, library, settings);
        lr_doctor_place(&doctor, settings);
    }
    if (doctor.warnings + doctor.problems == 0)
        fprintf(stderr, "%-8s -> `leakring doctor PID` while it runs tells more\n", "");
    free(library);
}
