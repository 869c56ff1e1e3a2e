/* oom_units.c -- sizes in binary units (oom_units.h).
 *
 * Stage: EMIT, for `oom` and `host`.  Context: analyzer only.
 */
#include "oom_units.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lr_unit_binary(char *out, uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < sizeof names / sizeof *names) {
        value /= 1024;
        unit++;
    }
    snprintf(out, LR_UNIT_SIZE, "%.*f %s", unit >= 3 ? 2 : unit == 2 ? 1 : 0, value, names[unit]);
    return out;
}

bool lr_unit_parse_binary(const char *text, uint64_t *bytes)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    double value = strtod(text, &end);
    if (end != text + strspn(text, "0123456789."))
        return false; /* 0x10, 1e3 */
    static const char units[] = "bkmgt";
    double factor = 1;
    if (*end) {
        const char *unit = strchr(units, tolower((unsigned char)*end));
        if (!unit)
            return false;
        for (const char *u = units; u < unit; u++)
            factor *= 1024;
        end++;
        if (strcmp(end, "iB") == 0 || strcmp(end, "ib") == 0)
            end += 2;
        else if ((*end == 'B' || *end == 'b') && !end[1])
            end++;
    }
    if (*end || !(value * factor < 9e18))
        return false;
    *bytes = (uint64_t)(value * factor);
    return true;
}

double lr_percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}
