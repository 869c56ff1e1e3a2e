/* births.c -- births.h.  Stage: MODEL.  Context: analyzer only. */
#include "births.h"

void lr_births_add(struct lr_births *births, uint64_t birth_ms, double weight, uint64_t span_ms)
{
    uint64_t slice = span_ms ? birth_ms * LR_BIRTH_SLICES / span_ms : 0;

    if (!(weight > 0))
        return;
    if (!births->any || birth_ms < births->oldest_ms)
        births->oldest_ms = birth_ms;
    if (birth_ms > births->newest_ms)
        births->newest_ms = birth_ms;
    births->any = true;
    births->live[slice < LR_BIRTH_SLICES ? slice : LR_BIRTH_SLICES - 1] += (float)weight;
}

void lr_births_merge(struct lr_births *into, const struct lr_births *from)
{
    if (!from->any)
        return;
    if (!into->any || from->oldest_ms < into->oldest_ms)
        into->oldest_ms = from->oldest_ms;
    if (from->newest_ms > into->newest_ms)
        into->newest_ms = from->newest_ms;
    into->any = true;
    for (int i = 0; i < LR_BIRTH_SLICES; i++)
        into->live[i] += from->live[i];
}
