/* units.c -- numbers as people read them (units.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *lr_unit_bytes(char *out, uint64_t bytes, bool raw)
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;

    /* 999.5 would print as 1000: it belongs to the next unit. */
    while (!raw && value >= 999.5 && unit + 1 < sizeof(names) / sizeof(names[0])) {
        value /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 " B", bytes);
    else
        snprintf(out, LR_UNIT_SIZE, "%.*f %s",
                 value < 9.995   ? 2
                 : value < 99.95 ? 1
                                 : 0,
                 value, names[unit]);
    return out;
}

const char *lr_unit_count(char *out, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *to = out;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

const char *lr_unit_duration(char *out, uint64_t milliseconds)
{
    uint64_t seconds = milliseconds / 1000;

    if (milliseconds < 1000)
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 " ms", milliseconds);
    else if (seconds < 60)
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 ".%" PRIu64 " s", seconds,
                 milliseconds % 1000 / 100);
    else if (seconds < 3600)
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600,
                 seconds % 3600 / 60);
    else
        snprintf(out, LR_UNIT_SIZE, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
                 seconds % 86400 / 3600);
    return out;
}

const char *lr_unit_time(char *out, uint64_t unix_ns)
{
    time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm parts;

    if (unix_ns == 0 || !gmtime_r(&seconds, &parts) ||
        strftime(out, LR_UNIT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(out, LR_UNIT_SIZE, "unknown");
    return out;
}

bool lr_unit_parse_size(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "kmgt";
    unsigned shift = 0;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *bytes = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    for (unsigned i = 0; *end && suffixes[i]; i++) {
        if (tolower((unsigned char)*end) == suffixes[i]) {
            shift = 10 * (i + 1);
            end++;
            break;
        }
    }
    if (*end != '\0' || (shift && *bytes > (UINT64_MAX >> shift)))
        return false;
    *bytes <<= shift;
    return true;
}

bool lr_unit_parse_seconds(const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        unsigned seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *seconds = (double)strtoull(text, &end, 10);
    for (size_t i = 0; errno == 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].unit) == 0) {
            *seconds *= units[i].seconds;
            return true;
        }
    return false;
}
