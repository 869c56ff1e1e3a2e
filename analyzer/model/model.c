/* model.c -- the report model's end (model.h); model_build.c makes it.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include "model.h"

#include <stdlib.h>

#include "model_build.h"

static void free_texts(struct lr_model_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
}

static void free_pair_site(struct lr_model_pair_site *site)
{
    lr_path_free(&site->path);
    free(site->parts);
}

void lr_model_free(struct lr_model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            free_pair_site(&model->pairs[i].sites[s]);
        free(model->pairs[i].sites);
    }
    for (size_t i = 0; i < model->site_count; i++) {
        lr_path_free(&model->sites[i].path);
        free(model->sites[i].parts);
    }
    for (size_t i = 0; i < model->gone_count; i++)
        lr_path_free(&model->gone[i].path);
    free(model->pairs);
    free(model->pair_names);
    free(model->sites);
    free(model->gone);
    for (size_t i = 0; i < model->past_count; i++)
        lr_path_free(&model->past[i].path);
    free(model->past);
    free(model->modules);
    free(model->suppressions);
    free(model->completeness.losses);
    free(model->completeness.intervals);
    free_texts(&model->completeness.notes);
    free_texts(&model->verdict.evidence);
    free(model->verdict.summary);
    free(model->verdict.next);
    lr_model_series_free(&model->series);
    free(model->marks);
    free(model->parts);
    free(model->run.path);
    free(model);
}
