/* diff_name.c -- diff_name.h.
 *
 * Stage: DIFF.  Context: analyzer only; pure functions.
 */
#include "diff_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

struct name {
    char *out;
    size_t size, length;
};

static void add(struct name *name, char c)
{
    if (name->length + 1 < name->size)
        name->out[name->length++] = c;
}

static size_t starts(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 ? length : 0;
}

static size_t count_digits(const char *at)
{
    return strspn(at, "0123456789");
}

/* Words in names of Java classes that a number follows, or a hash behind dollars. */
static const struct {
    const char *word;
    bool hash;
} numbered[] = {
    {"$$Lambda", true},
    {"GeneratedMethodAccessor", false},
    {"GeneratedConstructorAccessor", false},
    {"GeneratedSerializationConstructorAccessor", false},
    {"$Proxy", false},
    {"jdk.proxy", false},
    {"$$EnhancerBySpringCGLIB", true},
    {"$$FastClassBySpringCGLIB", true},
    {"$$EnhancerByCGLIB", true},
    {"$$FastClassByCGLIB", true},
    {"$$SpringCGLIB", true},
    {"$ByteBuddy", true},
    {"$MockitoMock", true},
    {"$HibernateProxy", true},
};

/* How long what follows such a word is. */
static size_t count_number(const char *at, bool hash)
{
    size_t dollars = hash ? strspn(at, "$") : 0, length = 0;

    if (!hash)
        return count_digits(at);
    while (dollars > 0 && isalnum((unsigned char)at[dollars + length]))
        length++;
    return length > 0 ? dollars + length : 0;
}

/* /0x00007f12a4, +0x…, .0x… or /1234567: a hidden class's address or hash, up to the method. */
static size_t count_hidden(const char *at)
{
    size_t length = 1;

    if (*at != '/' && starts(at, ".0x") == 0 && starts(at, "+0x") == 0)
        return 0;
    while (at[length] && at[length] != '.')
        length++;
    return length;
}

static size_t add_numbered(struct name *name, const char *at)
{
    for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
        size_t length = starts(at, numbered[i].word);

        for (size_t k = 0; k < length; k++)
            add(name, at[k]);
        if (length > 0)
            return length + count_number(at + length, numbered[i].hash);
    }
    return 0;
}

/* Where the method's name begins. */
static const char *find_method(const char *function)
{
    const char *dot = strrchr(function, '.');

    return dot ? dot + 1 : function;
}

/* lambda$main$3: the length without the number; 0: no such name. */
static size_t length_of_lambda(const char *method)
{
    size_t length = strlen(method), digits = 0;

    if (starts(method, "lambda$") == 0)
        return 0;
    while (digits < length && isdigit((unsigned char)method[length - 1 - digits]))
        digits++;
    return digits > 0 && method[length - 1 - digits] == '$' ? length - 1 - digits : 0;
}

static void add_java(struct name *name, const char *function, bool numberless)
{
    const char *method = find_method(function);
    size_t lambda = length_of_lambda(method);
    const char *end = lambda ? method + lambda : function + strlen(function);

    for (const char *at = function; at < end;) {
        size_t skipped = at < method ? count_hidden(at) : 0;

        if (skipped == 0 && at < method)
            skipped = add_numbered(name, at);
        if (skipped == 0) {
            add(name, *at);
            skipped = 1 + (numberless && *at == '$' ? count_digits(at + 1) : 0);
        }
        at += skipped;
    }
}

/* What compilers append to the name of a function that they cloned or cut. */
static bool is_clone(const char *at)
{
    static const char *const words[] = {".constprop", ".isra",     ".part",       ".cold",
                                        ".llvm",      ".lto_priv", ".localalias", " [clone"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = starts(at, words[i]);

        if (length > 0 && (at[length] == '\0' || at[length] == '.' || *at == ' '))
            return true;
    }
    return false;
}

/* ::h0123456789abcdef at the end */
static bool is_rust_hash(const char *at)
{
    return starts(at, "::h") && strspn(at + 3, "0123456789abcdef") == 16 && at[19] == '\0';
}

static void add_native(struct name *name, const char *function, bool numberless)
{
    for (const char *at = function; *at && !is_clone(at) && !is_rust_hash(at); at++) {
        if (*at == '#' && at[1 + count_digits(at + 1)] == '}') /* {lambda(int)#2} */
            at += count_digits(at + 1);
        else if (numberless && *at == '$')
            at += count_digits(at + 1);
        else
            add(name, *at);
    }
}

/* libfoo.so of /opt/foo-1.2/lib/libfoo.so.1.2 */
static void add_module(struct name *name, const char *module)
{
    const char *base = lr_base_name(module), *so = strstr(base, ".so");

    for (const char *at = base; *at && (!so || at < so + 3); at++)
        add(name, *at);
}

const char *lr_diff_name(char *out, size_t size, const struct lr_model_frame *frame,
                         bool numberless)
{
    struct name name = {out, size, 0};

    if (frame->java)
        add_java(&name, frame->function, numberless);
    else if (frame->named)
        add_native(&name, frame->function, numberless);
    else if (frame->module[0])
        add_module(&name, frame->module);
    else
        for (const char *at = "(generated code)"; *at; at++)
            add(&name, *at);
    if (size > 0)
        out[name.length] = '\0';
    return out;
}

bool lr_diff_name_is_bridge(const struct lr_model_frame *frame)
{
    const char *method = frame->java ? find_method(frame->function) : "";
    size_t length = starts(method, "access$");

    return length > 0 && count_digits(method + length) == strlen(method + length);
}
