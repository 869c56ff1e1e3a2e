/* doctor.c -- findings of doctor.h as lines; the library, and the settings.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "doctor.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "library.h"
#include "settings.h"
#include "words.h"

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

/* Variables that nobody reads, and that somebody meant for us. */
static void check_misspelt(struct lr_doctor *doctor)
{
    static const char *const slips[] = {"LEAKRINGS",     "LEAK_RING",       "LEAKRIGN",
                                        "LEKARING",      "LEAKRING_OPTS",   "LEAKRING_OPTIONS",
                                        "LEAKRING_FILE", "LEAKRING_CONFIG", "LEAKRNG",
                                        "LEAKING",       "leakring"};

    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strcspn(*entry, "=");
        bool slip = false;

        for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
            slip |= strlen(slips[i]) == length && strncmp(*entry, slips[i], length) == 0;
        if (slip)
            lr_doctor_warn(doctor, "the variable is LEAKRING=key=value,key=value",
                           "%.*s is set, and nobody reads it", (int)length, *entry);
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
        lr_doctor_preload(doctor, preload, "", 0);
    check_misspelt(doctor);
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
        lr_doctor_place(&doctor, lr_base_name(program), settings);
    }
    if (doctor.warnings + doctor.problems == 0)
        fprintf(stderr, "%-8s -> `leakring doctor PID` while it runs tells more\n", "");
    free(library);
}
