/* model_parts.c -- model_parts.h.  Stage: MODEL.  Context: analyzer only. */
#include "model_parts.h"

#include <stdlib.h>

/* Of many marks so many are taken, evenly: a program may mark each of its rounds. */
enum { MOST_PARTS = 16 };

bool lr_parts_make(struct lr_model *model)
{
    size_t marks = model->mark_count, taken = marks < MOST_PARTS ? marks : MOST_PARTS - 1;
    struct lr_model_part *part;

    if (marks == 0)
        return true;
    model->parts = calloc(taken + 1, sizeof(*model->parts));
    if (!model->parts)
        return false;
    part = model->parts;
    for (size_t i = 0; i < taken; i++) {
        const struct lr_model_mark *mark = &model->marks[i * marks / taken];

        part->to = mark->name;
        part->to_ms = mark->time_ms;
        part++;
        part->from = mark->name;
        part->from_ms = mark->time_ms;
    }
    part->to_ms = UINT64_MAX;
    model->part_count = taken + 1;
    return true;
}

bool lr_parts_add(const struct lr_model *model, struct lr_model_by_part **parts, uint64_t birth_ms,
                  double bytes, double count)
{
    size_t part = 0;

    if (model->part_count == 0)
        return true;
    if (!*parts)
        *parts = calloc(model->part_count, sizeof(**parts));
    if (!*parts)
        return false;
    while (part + 1 < model->part_count && birth_ms >= model->parts[part].to_ms)
        part++;
    (*parts)[part].bytes += bytes;
    (*parts)[part].count += count;
    return true;
}

void lr_parts_merge(const struct lr_model *model, struct lr_model_by_part **into,
                    struct lr_model_by_part **from)
{
    if (!*into) {
        *into = *from;
    } else if (*from) {
        for (size_t i = 0; i < model->part_count; i++) {
            (*into)[i].bytes += (*from)[i].bytes;
            (*into)[i].count += (*from)[i].count;
        }
        free(*from);
    }
    *from = NULL;
}
