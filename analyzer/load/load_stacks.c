/* load_stacks.c -- stacks and their frames.
 *
 * Stage: LOAD.  Context: analyzer only.  A stack is a path of nodes from its innermost frame to
 * the outermost.  A damaged file's paths may lead nowhere or in a circle, so the length of every
 * path is measured once, when the file is opened.
 */
#include <math.h>
#include <stdlib.h>

#include "load_internal.h"

/* Twice what a writer keeps, 128 native and 128 Java frames: nodes are shared, so a small file
 * could else ask for frames without end. */
enum { MAX_FRAMES = 512 };

static uint32_t parent_of(const struct lr_trace *trace, uint32_t node)
{
    struct lr_node entry;
    lr_part_entry(trace, LR_SEC_NODES, node, &entry, sizeof(entry));
    return entry.parent;
}

/* Depth of what lies above `node` as far as it isn't known yet: that many steps up, a node whose
 * depth is known (0 is the root's) is reached, or *end is LR_NODE_BAD. */
static uint32_t climb(const struct lr_trace *trace, uint32_t node, uint16_t *end)
{
    uint32_t steps = 0;
    while (node != 0 && node < trace->parts[LR_SEC_NODES].count && trace->depths[node] == 0 &&
           steps < LR_NODE_BAD) {
        node = parent_of(trace, node);
        steps++;
    }
    bool lost = node >= trace->parts[LR_SEC_NODES].count && node != 0;
    *end = node == 0 ? 0 : lost || steps == LR_NODE_BAD ? LR_NODE_BAD : trace->depths[node];
    return steps;
}

bool lr_measure_nodes(struct lr_trace *trace)
{
    uint64_t count = trace->parts[LR_SEC_NODES].count;
    trace->depths = calloc((size_t)count + 1, sizeof(*trace->depths));
    trace->walk = calloc(1, sizeof(*trace->walk));
    if (trace->depths == NULL || trace->walk == NULL)
        return false;
    for (uint32_t node = 1; node < count; node++) {
        uint16_t end;
        uint32_t steps = climb(trace, node, &end);
        bool bad = end == LR_NODE_BAD || steps + end >= LR_NODE_BAD;
        for (uint32_t at = node; steps > 0; steps--, at = parent_of(trace, at))
            trace->depths[at] = bad ? LR_NODE_BAD : (uint16_t)(end + steps);
    }
    return true;
}

uint32_t lr_trace_stack_entries(const struct lr_trace *trace)
{
    return lr_part_count(trace, LR_SEC_STACKS);
}

bool lr_stack_frames_good(const struct lr_trace *trace, const struct lr_stack *stack)
{
    if (stack->frame_count == 0)
        return true;
    return stack->frame_count <= MAX_FRAMES && stack->node < trace->parts[LR_SEC_NODES].count &&
           trace->depths[stack->node] != LR_NODE_BAD &&
           stack->frame_count <= trace->depths[stack->node];
}

/* Stack `index`, whose frames are all there; an empty one otherwise. */
static struct lr_stack stack_record(const struct lr_trace *trace, uint32_t index)
{
    struct lr_stack stack = {0};
    if (index != 0)
        lr_part_entry(trace, LR_SEC_STACKS, index, &stack, sizeof(stack));
    if (!lr_stack_frames_good(trace, &stack))
        stack.frame_count = 0;
    return stack;
}

static double good_variance(float variance)
{
    return isfinite(variance) && variance > 0 ? variance : 0;
}

void lr_trace_stack_at(const struct lr_trace *trace, uint32_t index, struct lr_stack_view *out)
{
    struct lr_stack stack = stack_record(trace, index);
    *out = (struct lr_stack_view){
        .frame_count = stack.frame_count,
        .flags = stack.flags,
        .alloc_count = stack.alloc_count,
        .alloc_bytes = stack.alloc_bytes,
        .count_variance = good_variance(stack.count_variance),
        .bytes_variance = good_variance(stack.bytes_variance),
        .lost_count = stack.lost_count,
        .lost_bytes = stack.lost_bytes,
        .first_ms = stack.first_ms,
    };
}

static void java_frame(const struct lr_trace *trace, uint32_t index, struct lr_frame_view *out)
{
    struct lr_jframe jframe;
    struct lr_method method = {0};
    out->java = true;
    out->line = LR_LINE_UNKNOWN;
    if (!lr_part_entry(trace, LR_SEC_JFRAMES, index, &jframe, sizeof(jframe)))
        return;
    if (jframe.line > 0 || jframe.line == LR_LINE_NATIVE)
        out->line = jframe.line;
    if (!lr_part_entry(trace, LR_SEC_METHODS, jframe.method, &method, sizeof(method)))
        return;
    out->class_name = lr_trace_string(trace, method.class_name);
    out->method = lr_trace_string(trace, method.name);
    out->source_file = lr_trace_string(trace, method.source_file);
    out->method_flags = method.flags;
}

/* The node of frame `i`.  Frames are asked for one after the other, so the walk goes on where the
 * last one stopped. */
static uint32_t node_at(const struct lr_trace *trace, uint32_t stack, uint32_t leaf, uint32_t i)
{
    struct lr_walk_cursor *at = trace->walk;
    if (at->stack != stack || at->i > i)
        *at = (struct lr_walk_cursor){.stack = stack, .node = leaf};
    for (; at->i < i; at->i++)
        at->node = parent_of(trace, at->node);
    return at->node;
}

void lr_trace_frame_at(const struct lr_trace *trace, uint32_t stack, uint32_t i,
                       struct lr_frame_view *out)
{
    struct lr_stack record = stack_record(trace, stack);
    struct lr_node node;
    *out = (struct lr_frame_view){
        .class_name = "", .method = "", .source_file = "", .line = LR_LINE_UNKNOWN};
    if (i >= record.frame_count)
        return;
    lr_part_entry(trace, LR_SEC_NODES, node_at(trace, stack, record.node, i), &node, sizeof(node));
    if ((node.frame & LR_FRAME_JAVA) != 0) {
        java_frame(trace, (uint32_t)node.frame, out);
        return;
    }
    out->module = lr_part_checked(trace, LR_SEC_MODULES,
                                  (uint32_t)(node.frame >> LR_FRAME_MODULE_SHIFT), 0);
    out->address = node.frame & LR_FRAME_ADDR_MASK;
}
