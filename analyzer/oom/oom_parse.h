/* oom_parse.h -- out-of-memory reports out of a stream of kernel messages.
 *
 * Stage: after oom_line.h, before oom_judge.h.  Context: analyzer only, one thread.
 * Memory: one event at a time, its task table bounded by LR_OOM_TASKS_MAX.
 */
#ifndef LEAKRING_OOM_PARSE_H
#define LEAKRING_OOM_PARSE_H

#include "oom_event.h"
#include "oom_line.h"
#include "status.h"

/* Called once per event, in the order of the log.  The event is the parser's: copy what you keep.
 * Any status but LR_OK stops the parser. */
typedef enum lr_status (*lr_oom_sink)(struct lr_oom_event *event, void *context,
                                      struct lr_error *error);

struct lr_oom_parser;

struct lr_oom_parser *lr_oom_parser_new(lr_oom_sink sink, void *context); /* NULL: no memory */
void lr_oom_parser_free(struct lr_oom_parser *parser);

/* One line of the log (changed in the process) with its number.  Cheap for lines that can't
 * belong to an event: about 0.5 ns a byte. */
enum lr_status lr_oom_feed(struct lr_oom_parser *parser, char *line, size_t length, uint64_t number,
                           struct lr_error *error);
/* The log ends: hands out the event that is still open. */
enum lr_status lr_oom_finish(struct lr_oom_parser *parser, struct lr_error *error);

#endif
