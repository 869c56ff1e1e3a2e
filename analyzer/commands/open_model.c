/* open_model.c -- open_model.h. */
#include "open_model.h"

#include <stddef.h>

enum lr_status lr_model_open(struct lr_open_model *open, const char *path,
                             const struct lr_symbolizer_options *symbols, struct lr_error *error)
{
    enum lr_status status;

    *open = (struct lr_open_model){NULL, NULL, NULL};
    status = lr_trace_open(path, &open->trace, error);
    if (status != LR_OK)
        return status;
    open->symbolizer = lr_symbolizer_open(open->trace, symbols);
    if (!open->symbolizer)
        return lr_fail(error, LR_FAILED, "out of memory");
    return lr_model_build(open->trace, open->symbolizer, &open->model, error);
}

void lr_model_close(struct lr_open_model *open)
{
    lr_model_free(open->model);
    lr_symbolizer_close(open->symbolizer);
    lr_trace_close(open->trace);
}
