/* emit_path.c -- emit_path.h.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_path.h"

enum { CALLERS_SHOWN = 5 };

void lr_emit_callers(struct lr_page *page, const struct lr_model_path *path, size_t end)
{
    size_t callers = 0, number = 0;

    for (size_t i = path->culprit + 1; i < end; i++)
        callers += path->frames[i].user;
    for (size_t i = path->culprit + 1; i < end; i++) {
        if (!path->frames[i].user)
            continue;
        number++;
        if (callers <= CALLERS_SHOWN || number <= 2 || number > callers - 2)
            lr_page_frame_line(page, 6, LR_INK_PLAIN, "called by ", &path->frames[i]);
        else if (number == 3)
            lr_page_line(page, 6, LR_INK_DIM, "... %zu more ...", callers - 4);
    }
}

static void put_stack(struct lr_page *page, const struct lr_model_path *path, bool marked)
{
    char label[40];

    for (size_t i = 0; i < path->count; i++) {
        bool culprit = marked && i == path->culprit;

        snprintf(label, sizeof(label), "%s#%-2zu %s", !marked ? "" : culprit ? "->" : "  ", i,
                 path->frames[i].inlined ? "inlined " : "");
        lr_page_frame_line(page, marked ? 4 : 6,
                           culprit  ? LR_INK_BOLD
                           : marked ? LR_INK_PLAIN
                                    : LR_INK_DIM,
                           label, &path->frames[i]);
    }
}

void lr_emit_whole_stack(struct lr_page *page, const struct lr_model_path *path)
{
    put_stack(page, path, false);
}

void lr_emit_marked_stack(struct lr_page *page, const struct lr_model_path *path)
{
    put_stack(page, path, true);
}

void lr_emit_culprit(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *prefix,
                     const struct lr_model_path *path)
{
    if (path->count == 0)
        lr_page_line(page, indent, ink, "%san unknown place (its stack was not recorded)", prefix);
    else
        lr_page_culprit_line(page, indent, ink, prefix, &path->frames[path->culprit]);
}
