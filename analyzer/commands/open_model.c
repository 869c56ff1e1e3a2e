/* open_model.c -- open_model.h. */
#include "open_model.h"

#include <stddef.h>

#include "phase.h"

enum lr_status lr_model_open(struct lr_open_model *open, const char *path,
                             const struct lr_open_options *options, struct lr_error *error)
{
    struct lr_model_options model = {.past = options->past};
    struct lr_window window;
    enum lr_status status;

    *open = (struct lr_open_model){NULL, NULL, NULL, NULL};
    status = lr_suppressions_load(&options->suppress, &open->suppressions, error);
    if (status == LR_OK)
        status = lr_trace_open(path, &open->trace, error);
    if (status == LR_OK)
        status = lr_phase_find(open->trace, options->from, options->to, &window, error);
    if (status != LR_OK)
        return status;
    lr_trace_set_window(open->trace, &window);
    open->symbolizer = lr_symbolizer_open(open->trace, &options->symbols);
    if (!open->symbolizer)
        return lr_fail(error, LR_FAILED, "out of memory");
    model.suppressions = open->suppressions;
    return lr_model_build_with(open->trace, open->symbolizer, &model, &open->model, error);
}

void lr_model_close(struct lr_open_model *open)
{
    lr_model_free(open->model);
    lr_symbolizer_close(open->symbolizer);
    lr_trace_close(open->trace);
    lr_suppressions_free(open->suppressions);
}
