/* oom_prefix.c -- takes the log's own dress off a kernel message (see oom_line.h).
 *
 * Stage: between oom_line.c and oom_parse.c.  Context: analyzer only, one thread.
 * Prefixes are peeled one by one in whatever order they come, because loggers nest: a container's
 * JSON around a syslog line around a dmesg time stamp.  What isn't recognized stays: the parser
 * looks for the kernel's words anywhere in the line.
 */
#include "oom_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PEELS_MAX 8

static size_t digits_at(const char *s)
{
    size_t n = 0;
    while (isdigit((unsigned char)s[n]))
        n++;
    return n;
}

static char *skip_blanks(char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* Length of the valid UTF-8 sequence at s, 0 when there is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
               : (s[0] & 0xf0) == 0xe0       ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    bool control = s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
    return overlong || outside || control ? 0 : n;
}

void lr_copy_text(char *to, size_t size, const char *from, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && from[i];) {
        size_t n = utf8_length((const unsigned char *)from + i, length - i);
        size_t out = n ? n : 1;
        if (used + out >= size)
            break;
        if (n)
            memcpy(to + used, from + i, n);
        else
            to[used] = '?';
        used += out;
        i += out;
    }
    to[used] = '\0';
}

static void set_stamp(struct lr_message *out, const char *from, size_t length)
{
    if (!out->stamp[0])
        lr_copy_text(out->stamp, sizeof out->stamp, from, length);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static unsigned hex4(const char *s)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)s[i]))
            return UINT32_MAX;
        unsigned c = (unsigned char)tolower((unsigned char)s[i]);
        value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

/* Unescapes the string that starts behind the quote at s, in place; returns its end (the place
 * behind the closing quote, or the terminator of a cut line). */
static char *unescape(char *s)
{
    char *to = s;
    while (*s && *s != '"') {
        if (*s != '\\' || !s[1]) {
            *to++ = *s++;
            continue;
        }
        s++;
        unsigned code = *s == 'u' ? hex4(s + 1) : UINT32_MAX;
        if (code != UINT32_MAX) {
            *to++ = code == '\n' || (code >= 0x20 && code < 0x7f) ? (char)code : '?';
            s += 5;
        } else {
            *to++ = *s == 'n' ? '\n' : *s == 't' || *s == 'r' ? ' ' : *s;
            s++;
        }
    }
    char *end = *s ? s + 1 : s;
    *to = '\0';
    return end;
}

/* The value of a string member, found by its quoted name; NULL when there is none. */
static char *json_member(char *line, const char *quoted_name)
{
    char *at = line;
    while ((at = strstr(at, quoted_name)) != NULL) {
        char *p = skip_blanks(at + strlen(quoted_name));
        if (*p == ':') {
            p = skip_blanks(p + 1);
            if (*p == '"')
                return p + 1;
        }
        at += strlen(quoted_name);
    }
    return NULL;
}

static void json_copy(char *line, const char *const *names, size_t count, char *to, size_t size)
{
    for (size_t i = 0; i < count && !to[0]; i++) {
        char *value = json_member(line, names[i]);
        if (value)
            lr_copy_text(to, size, value, strcspn(value, "\"\\"));
    }
}

static char *peel_json(char *line, struct lr_message *out)
{
    static const char *const texts[] = {"\"MESSAGE\"", "\"log\"", "\"message\"", "\"msg\"",
                                        "\"textPayload\""};
    static const char *const times[] = {"\"__REALTIME_TIMESTAMP\"", "\"time\"", "\"timestamp\"",
                                        "\"@timestamp\"", "\"ts\""};
    static const char *const hosts[] = {"\"_HOSTNAME\"", "\"host\"", "\"hostname\""};
    json_copy(line, times, sizeof times / sizeof *times, out->stamp, sizeof out->stamp);
    json_copy(line, hosts, sizeof hosts / sizeof *hosts, out->host, sizeof out->host);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *value = json_member(line, texts[i]);
        if (value) {
            unescape(value);
            return value;
        }
    }
    return line;
}

/* --- one prefix each: the text behind it, or NULL when it isn't there ---------------------- */

/* <6> or <6>1 of syslog. */
static char *peel_priority(char *s)
{
    if (*s != '<')
        return NULL;
    size_t n = digits_at(s + 1);
    if (n == 0 || n > 3 || s[1 + n] != '>')
        return NULL;
    s += n + 2;
    return s[0] == '1' && s[1] == ' ' ? s + 2 : s;
}

/* 6,1234,5678901,-;text of /dev/kmsg. */
static char *peel_kmsg(char *s, struct lr_message *out)
{
    char *p = s;
    for (int field = 0; field < 3; field++) {
        size_t n = digits_at(p);
        if (n == 0 || p[n] != ',')
            return NULL;
        if (field == 2)
            set_stamp(out, p, n);
        p += n + 1;
    }
    char *semicolon = strchr(p, ';');
    return semicolon && semicolon - p < 64 ? semicolon + 1 : NULL;
}

static bool is_clock(const char *s) /* hh:mm:ss */
{
    return digits_at(s) == 2 && s[2] == ':' && digits_at(s + 3) == 2 && s[5] == ':' &&
           digits_at(s + 6) == 2;
}

static bool is_iso_date(const char *s) /* yyyy-mm-dd */
{
    return digits_at(s) == 4 && s[4] == '-' && digits_at(s + 5) == 2 && s[7] == '-' &&
           digits_at(s + 8) == 2;
}

static bool is_word_of(const char *s, const char *words, size_t length)
{
    for (const char *w = words; *w; w += length)
        if (strncmp(s, w, length) == 0)
            return true;
    return false;
}

#define MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"
#define WEEKDAYS "MonTueWedThuFriSatSun"

/* 2019-04-26T04:18:15.123+02:00, the same with a blank, and with a weekday and a zone's name. */
static char *peel_iso(char *s, struct lr_message *out)
{
    char *p = s;
    if (is_word_of(p, WEEKDAYS, 3) && p[3] == ' ')
        p += 4;
    if (!is_iso_date(p))
        return NULL;
    p += 10;
    if (*p == 'T' || *p == ' ')
        p++;
    if (!is_clock(p))
        return NULL;
    p += 8;
    p += strspn(p, "0123456789.,:+-Z");
    char *zone = skip_blanks(p);
    size_t n = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (n >= 3 && n <= 5 && zone[n] == ' ')
        p = zone + n;
    set_stamp(out, s, (size_t)(p - s));
    return p;
}

/* Apr 26 04:18:15, Fri Apr 26 04:18:15 2019 */
static char *peel_bsd(char *s, struct lr_message *out)
{
    char *p = s;
    if (is_word_of(p, WEEKDAYS, 3) && p[3] == ' ')
        p += 4;
    if (!is_word_of(p, MONTHS, 3) || p[3] != ' ')
        return NULL;
    p = skip_blanks(p + 4);
    size_t n = digits_at(p);
    if (n == 0 || n > 2 || p[n] != ' ')
        return NULL;
    p = skip_blanks(p + n);
    if (digits_at(p) == 4 && p[4] == ' ' && is_clock(p + 5))
        p += 5; /* Apr 26 2019 04:18:15 */
    if (!is_clock(p))
        return NULL;
    p += 8;
    p += strspn(p, "0123456789.");
    if (*p == ' ' && digits_at(p + 1) == 4 && (p[5] == ' ' || !p[5]))
        p += 5;
    set_stamp(out, s, (size_t)(p - s));
    return p;
}

/* [12345.678901] [+0.000003] [Fri Apr 26 04:18:15 2019] [T1234]; never [ pid ] or [16070]. */
static char *peel_bracket(char *s, struct lr_message *out)
{
    if (*s != '[')
        return NULL;
    char *close = strchr(s, ']');
    if (!close || close - s > 48)
        return NULL;
    char *in = skip_blanks(s + 1);
    size_t length = (size_t)(close - in);
    bool caller =
        (*in == 'T' || *in == 'C') && digits_at(in + 1) > 0 && 1 + digits_at(in + 1) == length;
    bool seconds = memchr(in, '.', length) && strspn(in, "+0123456789.") == length;
    bool clock = memchr(in, ':', length) && !memchr(in, '<', length) && length >= 5;
    if (!caller && !seconds && !clock)
        return NULL;
    if (!caller)
        set_stamp(out, in, length);
    return close + 1;
}

/* kern  :info  : of dmesg -x */
static char *peel_facility(char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
    char *p = skip_blanks(s + n);
    if (n < 3 || n > 8 || *p != ':')
        return NULL;
    p = skip_blanks(p + 1);
    n = strspn(p, "abcdefghijklmnopqrstuvwxyz");
    static const char *const levels[] = {"emerg", "alert",  "crit", "err",
                                         "warn",  "notice", "info", "debug"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (n == strlen(levels[i]) && strncmp(p, levels[i], n) == 0) {
            p = skip_blanks(p + n);
            return *p == ':' ? p + 1 : NULL;
        }
    return NULL;
}

/* stdout F of a container runtime's log */
static char *peel_stream(char *s)
{
    if (strncmp(s, "stdout ", 7) != 0 && strncmp(s, "stderr ", 7) != 0)
        return NULL;
    s += 7;
    return (*s == 'F' || *s == 'P') && s[1] == ' ' ? s + 2 : s;
}

/* HOST kernel: text, kernel: text, HOST kern.warn kernel: text, HOST kernel - - - text (5424) */
static char *peel_kernel(char *s, struct lr_message *out)
{
    char *p = s;
    size_t host_length = strcspn(s, " \t");
    for (int token = 0; token < 3; token++) {
        size_t n = strcspn(p, " \t");
        if (strncmp(p, "kernel", 6) == 0) {
            char *tail = p + 6;
            if (*tail == '[')
                tail += strcspn(tail, "] ") + (strchr(tail, ']') != NULL);
            bool plain = *tail == ':';
            bool dashes = *tail == ' ' && tail[1] == '-';
            if (p != s && (plain || dashes) && !out->host[0])
                lr_copy_text(out->host, sizeof out->host, s, host_length);
            if (plain)
                return tail + 1;
            if (dashes) { /* process id, message id, structured data */
                tail += strspn(tail, " -");
                if (*tail == '[' && strchr(tail, '=') && strchr(tail, ']') &&
                    strchr(tail, '=') < strchr(tail, ']'))
                    tail = strchr(tail, ']') + 1;
                return tail;
            }
        }
        p = skip_blanks(p + n);
    }
    return NULL;
}

/* /var/log/messages:1234: or 1234: of grep.  Not kworker/7:1, which is a process. */
static char *peel_grep(char *s)
{
    size_t n = strcspn(s, ": \t");
    if (s[n] != ':')
        return NULL;
    bool path =
        *s == '/' || strncmp(s, "./", 2) == 0 || (n > 4 && memcmp(s + n - 4, ".log", 4) == 0) ||
        (n == 8 && memcmp(s, "messages", 8) == 0) || (n == 6 && memcmp(s, "syslog", 6) == 0);
    bool number = n > 0 && digits_at(s) == n;
    if (!path && !number)
        return NULL;
    s += n + 1;
    size_t digits = digits_at(s);
    return path && digits && s[digits] == ':' ? s + digits + 1 : s;
}

static char *peel_one(char *s, bool first, struct lr_message *out)
{
    char *p = first ? peel_grep(s) : NULL;
    if (!p)
        p = peel_priority(s);
    if (!p)
        p = peel_kmsg(s, out);
    if (!p)
        p = peel_iso(s, out);
    if (!p)
        p = peel_bsd(s, out);
    if (!p)
        p = peel_bracket(s, out);
    if (!p)
        p = peel_kernel(s, out);
    if (!p)
        p = peel_stream(s);
    if (!p)
        p = peel_facility(s);
    if (!p && strncmp(s, "MESSAGE=", 8) == 0)
        p = s + 8;
    return p;
}

static void blank_controls(char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    while (length > 0 && line[length - 1] == ' ')
        line[--length] = '\0';
}

void lr_message_split(char *line, size_t length, struct lr_message *out)
{
    out->stamp[0] = out->host[0] = '\0';
    blank_controls(line, length);
    char *s = skip_blanks(line);
    if (*s == '{')
        s = peel_json(s, out);
    for (int i = 0; i < PEELS_MAX; i++) {
        s = skip_blanks(s);
        char *p = peel_one(s, i == 0, out);
        if (!p)
            break;
        s = p;
    }
    out->text = s;
}

char *lr_message_next(char **rest)
{
    char *line = *rest;
    if (!line)
        return NULL;
    char *newline = strchr(line, '\n');
    char *octal = strstr(line, "#012");
    if (newline && (!octal || newline < octal)) {
        *newline = '\0';
        *rest = newline + 1;
    } else if (octal) {
        *octal = '\0';
        *rest = octal + 4;
    } else {
        *rest = NULL;
    }
    return skip_blanks(line);
}
