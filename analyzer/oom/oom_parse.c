/* oom_parse.c -- where one OOM report begins and ends in a log, and its opening lines.
 *
 * Stage: parsing, between oom_prefix.c and oom_judge.c.  Context: analyzer only, one thread.
 * A report begins with "invoked oom-killer"; a log that was cut in front may begin anywhere, and
 * the kernel leaves everything but the kill line out when reports come too fast.  So any part can
 * open an event, and what is missing stays LR_OOM_UNKNOWN.
 */
#include "oom_parse_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_AFTER_KILL 200   /* unrelated lines after which an event with a victim is over */
#define IDLE_BEFORE_KILL 5000 /* … and one without */

bool lr_oom_digits(const char **text, uint64_t *value)
{
    const char *s = *text;
    if (!isdigit((unsigned char)*s))
        return false;
    uint64_t result = 0;
    for (; isdigit((unsigned char)*s); s++)
        if (__builtin_mul_overflow(result, (uint64_t)10, &result) ||
            __builtin_add_overflow(result, (uint64_t)(*s - '0'), &result))
            return false;
    if (result == LR_OOM_UNKNOWN)
        return false;
    *value = result;
    *text = s;
    return true;
}

bool lr_oom_number(const char *text, const char *key, uint64_t *value)
{
    const char *at = strstr(text, key);
    if (!at)
        return false;
    at += strlen(key);
    at += strspn(at, " ");
    return lr_oom_digits(&at, value);
}

bool lr_oom_signed(const char *text, const char *key, int64_t *value)
{
    const char *at = strstr(text, key);
    if (!at)
        return false;
    at += strlen(key);
    bool negative = *at == '-';
    at += negative;
    uint64_t magnitude;
    if (!lr_oom_digits(&at, &magnitude) || magnitude > INT64_MAX)
        return false;
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

/* --- the opening lines --------------------------------------------------------------------- */

static void copy_until(char *to, size_t size, const char *from, const char *stop)
{
    lr_copy_text(to, size, from, strcspn(from, stop));
}

static bool parse_invoked(struct lr_oom_event *event, const char *text)
{
    static const char words[] = " invoked oom-killer:";
    const char *at = strstr(text, words);
    if (!at)
        return false;
    lr_copy_text(event->trigger, sizeof event->trigger, text, (size_t)(at - text));
    const char *gfp = strstr(at, "gfp_mask=");
    if (gfp)
        copy_until(event->gfp, sizeof event->gfp, gfp + strlen("gfp_mask="), ", ");
    lr_oom_number(at, "order=", &event->order);
    event->began = true;
    return true;
}

/* "… Not tainted 3.10.0-957.el7.x86_64 #1", "… Tainted: P  O  6.8.0-50-generic #51-Ubuntu" */
static void parse_kernel_version(struct lr_oom_event *event, const char *text)
{
    for (const char *token = text; *token; token += strcspn(token, " ")) {
        token += strspn(token, " ");
        const char *s = token;
        uint64_t major, minor;
        if (lr_oom_digits(&s, &major) && *s++ == '.' && lr_oom_digits(&s, &minor) && *s == '.' &&
            isdigit((unsigned char)s[1]) && major < 1000 && minor < 1000) {
            copy_until(event->kernel, sizeof event->kernel, token, " ");
            event->kernel_major = (unsigned)major;
            event->kernel_minor = (unsigned)minor;
            return;
        }
    }
}

static bool parse_cpu_line(struct lr_oom_event *event, const char *text)
{
    const char *tainted = strstr(text, "ainted");
    bool modern = strstr(text, "PID:") && strstr(text, "Comm:");
    bool old = strncmp(text, "Pid:", 4) == 0 && strstr(text, "comm:");
    if (!tainted || (!modern && !old))
        return false;
    lr_oom_signed(text, modern ? "PID: " : "Pid: ", &event->trigger_pid);
    parse_kernel_version(event, tainted);
    return true;
}

/* Functions and modules by which a balloon driver shows in a call trace. */
static const struct {
    const char *word;
    unsigned balloon;
} balloon_words[] = {
    {"vmballoon", LR_BALLOON_VMWARE},      {"vmw_balloon", LR_BALLOON_VMWARE},
    {"vmmemctl", LR_BALLOON_VMWARE},       {"virtballoon", LR_BALLOON_VIRTIO},
    {"virtio_balloon", LR_BALLOON_VIRTIO}, {"xen_balloon", LR_BALLOON_XEN},
    {"xenballoon", LR_BALLOON_XEN},        {"balloon_process", LR_BALLOON_XEN},
    {"hv_balloon", LR_BALLOON_HYPERV},     {"balloon_up", LR_BALLOON_HYPERV},
};

static bool parse_trace(struct lr_oom_event *event, const char *text)
{
    if (strstr(text, "moom_callback") || strstr(text, "sysrq_handle_"))
        event->sysrq = true;
    if (!strstr(text, "alloon") && !strstr(text, "vmmemctl"))
        return false;
    if (strstr(text, "Modules linked in") || strstr(text, "Balloon:"))
        return false; /* loaded is not running; Balloon: is a counter */
    for (size_t i = 0; i < sizeof balloon_words / sizeof *balloon_words; i++) {
        if (!strstr(text, balloon_words[i].word))
            continue;
        event->trace_balloon |= balloon_words[i].balloon;
        if (!event->trace_symbol[0]) {
            const char *address = strstr(text, ">] ");
            const char *symbol = address ? address + 3 : text;
            lr_copy_text(event->trace_symbol, sizeof event->trace_symbol, symbol, strlen(symbol));
        }
        return true;
    }
    return false;
}

static bool parse_opening(struct lr_oom_event *event, const char *text)
{
    static const char hardware[] = "Hardware name: ", queue[] = "Workqueue: ";
    const char *at = strstr(text, hardware);
    if (at) {
        at += sizeof hardware - 1;
        lr_copy_text(event->hardware, sizeof event->hardware, at, strlen(at));
        return true;
    }
    at = strstr(text, queue);
    if (at) {
        at += sizeof queue - 1;
        lr_copy_text(event->workqueue, sizeof event->workqueue, at, strlen(at));
        parse_trace(event, at);
        return true;
    }
    return parse_cpu_line(event, text) || parse_trace(event, text);
}

/* --- events -------------------------------------------------------------------------------- */

struct lr_oom_parser *lr_oom_parser_new(lr_oom_sink sink, void *context)
{
    struct lr_oom_parser *parser = calloc(1, sizeof *parser);
    if (!parser)
        return NULL;
    parser->sink = sink;
    parser->context = context;
    return parser;
}

void lr_oom_parser_free(struct lr_oom_parser *parser)
{
    if (!parser)
        return;
    lr_oom_event_free(&parser->event);
    free(parser);
}

static enum lr_status close_event(struct lr_oom_parser *parser, struct lr_error *error)
{
    if (!parser->open)
        return LR_OK;
    parser->open = false;
    return parser->tentative ? LR_OK : parser->sink(&parser->event, parser->context, error);
}

enum lr_status lr_oom_finish(struct lr_oom_parser *parser, struct lr_error *error)
{
    return close_event(parser, error);
}

static void open_event(struct lr_oom_parser *parser, uint64_t line, const struct lr_message *from)
{
    lr_oom_event_init(&parser->event);
    parser->event.first_line = parser->event.last_line = line;
    memcpy(parser->event.stamp, from->stamp, sizeof parser->event.stamp);
    memcpy(parser->event.host, from->host, sizeof parser->event.host);
    parser->open = true;
    parser->tentative = true;
    parser->idle = 0;
    parser->block = LR_BLOCK_NONE;
    parser->columns.count = 0;
}

/* Words without which a line can neither open an event nor end one. */
static bool may_open(const char *line, size_t length)
{
    return memmem(line, length, "oom-kill", 8) || memmem(line, length, "ut of memory", 12) ||
           memmem(line, length, "Killed process", 14) || memmem(line, length, "total_vm", 8) ||
           memmem(line, length, "Mem-Info:", 9);
}

static bool opens(const struct lr_oom_parser *parser, const char *text)
{
    if (strstr(text, " invoked oom-killer:"))
        return true;
    if (parser->open && !lr_oom_starts_new(&parser->event, text))
        return false;
    return strstr(text, "Mem-Info:") || strstr(text, "oom-kill:constraint=") ||
           strstr(text, "Killed process ") || strstr(text, "Kill process ") ||
           strstr(text, "Out of memory and no killable") ||
           (strstr(text, "total_vm") && strstr(text, " pid ") && strstr(text, " name"));
}

static bool parse_one(struct lr_oom_parser *parser, char *text)
{
    return parse_invoked(&parser->event, text) || lr_oom_parse_kill(parser, text) ||
           lr_oom_parse_table(parser, text) || lr_oom_parse_memcg(parser, text) ||
           lr_oom_parse_memory(parser, text) || parse_opening(&parser->event, text);
}

static enum lr_status feed_text(struct lr_oom_parser *parser, char *text, uint64_t line,
                                const struct lr_message *message, struct lr_error *error)
{
    enum lr_status status = LR_OK;
    if (opens(parser, text)) {
        status = close_event(parser, error);
        if (status != LR_OK)
            return status;
        open_event(parser, line, message);
    }
    if (!parser->open)
        return LR_OK;
    struct lr_oom_event *event = &parser->event;
    if (message->host[0] && event->host[0] && strcmp(message->host, event->host) != 0)
        return LR_OK; /* another machine's line in a collected log */
    if (parse_one(parser, text)) {
        event->last_line = line;
        parser->idle = 0;
        if (event->began || event->table || event->victim_count || event->chosen_pid ||
            event->panic || event->constraint)
            parser->tentative = false;
    } else {
        parser->block = LR_BLOCK_NONE;
        if (++parser->idle > (event->victim_count ? IDLE_AFTER_KILL : IDLE_BEFORE_KILL))
            status = close_event(parser, error);
    }
    return status;
}

enum lr_status lr_oom_feed(struct lr_oom_parser *parser, char *line, size_t length, uint64_t number,
                           struct lr_error *error)
{
    if (!parser->open && !may_open(line, length))
        return LR_OK;
    struct lr_message message;
    lr_message_split(line, length, &message);
    char *rest = message.text;
    for (char *text; (text = lr_message_next(&rest)) != NULL;) {
        if (!*text)
            continue;
        enum lr_status status = feed_text(parser, text, number, &message, error);
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}
