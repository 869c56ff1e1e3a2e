/* load_collections.c -- collections of the whole heap, record by record.
 *
 * Stage: LOAD.  Context: analyzer only.
 */
#include <string.h>

#include "load_internal.h"

bool lr_trace_each_collection(const struct lr_trace *trace, uint64_t *cursor,
                              struct lr_collection_view *out)
{
    struct lr_collection found;
    const unsigned char *record =
        lr_part_next_record(&trace->parts[LR_SEC_COLLECTIONS], cursor, &out->number);
    if (record == NULL)
        return false;
    memcpy(&found, record, sizeof(found));
    out->asked = found.why == LR_COLLECTION_ASKED;
    out->request = found.number;
    out->result = found.result;
    out->bound_ms = lr_trace_time(trace, found.bound_ms);
    out->end_ms = lr_trace_time(trace, found.end_ms);
    out->drained_ms = found.drained_ms ? lr_trace_time(trace, found.drained_ms) : 0;
    out->collections = found.collections;
    out->cleaned = found.cleaned;
    out->rss = found.rss;
    out->used = found.used;
    out->kept = found.kept;
    for (unsigned i = 0; i < LR_COLLECTION_PAIRS; i++) {
        uint32_t before = found.pairs[i].before, after = found.pairs[i].after;
        out->pairs_before[i] = before == UINT32_MAX ? LR_NO_VALUE : before;
        out->pairs_after[i] = after == UINT32_MAX ? LR_NO_VALUE : after;
    }
    return true;
}

const char *lr_collect_result_name(uint32_t result)
{
    static const char *const names[] = {
        [LR_COLLECT_NONE] = "none",           [LR_COLLECT_DONE] = "done",
        [LR_COLLECT_NO_JVM] = "no_jvm",       [LR_COLLECT_DYING] = "dying",
        [LR_COLLECT_NO_THREAD] = "no_thread", [LR_COLLECT_IGNORED] = "ignored",
        [LR_COLLECT_REFUSED] = "refused",     [LR_COLLECT_UNSEEN] = "unseen",
        [LR_COLLECT_UNKNOWN] = "unknown",     [LR_COLLECT_FULL] = "full",
    };
    bool known = result < sizeof(names) / sizeof(names[0]) && names[result] != NULL;
    return known ? names[result] : "unknown";
}
