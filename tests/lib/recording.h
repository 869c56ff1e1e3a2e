/* recording.h -- a small real trace in the working directory, for unit tests of what records.
 *
 * Header only: the analyzer's tests are linked without the preload's archive.  Include it after
 * cmocka.h.
 */
#ifndef LEAKRING_TEST_RECORDING_H
#define LEAKRING_TEST_RECORDING_H

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "file.h"

/* Of `size` (as LEAKRING=size= has it), named for the test and its process; *path is static.  Fails
 * the test if it can't be. */
static inline const char *recording_create_sized(const char *test, const char *size)
{
    static char path[64];
    static struct lr_identity who = {.exe = "/bin/test", .name = "test", .tmpdir = "/tmp"};
    char text[128], error[512];

    snprintf(path, sizeof path, "%s.%d.lkr", test, (int)getpid());
    snprintf(text, sizeof text, "size=%s,file=%s", size, path);
    assert_true(lr_config_parse(&lr_config, text, error, sizeof error));
    who.pid = getpid();
    lr_clock_start();
    if (!lr_file_create(&who, error, sizeof error))
        fail_msg("%s", error);
    return path;
}

/* Of 4 MiB. */
static inline const char *recording_create(const char *test)
{
    return recording_create_sized(test, "4M");
}

#endif
