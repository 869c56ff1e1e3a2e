/* jvm_text.c -- jvm_text.h: class names, and which classes are reference machinery.
 *
 * Stage: STACK.  Context: inside malloc; pure functions over bytes with lengths.
 */
#include "jvm_text.h"

#include <string.h>

static bool starts_with(const char *text, size_t length, const char *prefix)
{
    size_t prefix_length = strlen(prefix);
    return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

static bool equals(const char *text, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

static bool ends_with(const char *text, size_t length, const char *suffix)
{
    size_t suffix_length = strlen(suffix);
    return length >= suffix_length &&
           memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* A hidden class's name ends in a separator and an address; length without them. */
static size_t without_address(const char *name, size_t length)
{
    size_t i = length;
    while (i > 0 && is_hex(name[i - 1]))
        i--;
    bool is_address = length - i >= 4 && i >= 3 && name[i - 1] == 'x' && name[i - 2] == '0' &&
                      strchr("+/.", name[i - 3]) != NULL;
    return is_address ? i - 3 : length;
}

static size_t without_digits(const char *name, size_t length)
{
    while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
        length--;
    return length;
}

/* The counter of a generated name; only where what is left is a stem known to be generated. */
static size_t without_counter(const char *name, size_t length, bool *generated)
{
    static const char *const stems[] = {"$$Lambda$", "$Proxy", "/GeneratedMethodAccessor",
                                        "/GeneratedConstructorAccessor",
                                        "/GeneratedSerializationConstructorAccessor"};
    size_t stem = without_digits(name, length);
    if (stem == length)
        return length;
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        if (ends_with(name, stem, stems[i])) {
            *generated = true;
            return name[stem - 1] == '$' ? stem - 1 : stem;
        }
    }
    return length;
}

/* Each loader's proxies are in a package of their own: "jdk/proxy12/$Proxy5".  Returns the number
 * of digits behind "jdk/proxy" or "com/sun/proxy/jdk/proxy", and where they begin in *at. */
static size_t package_counter(const char *name, size_t length, size_t *at)
{
    static const char *const stems[] = {"jdk/proxy", "com/sun/proxy/jdk/proxy"};
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        size_t stem = strlen(stems[i]), digits = 0;
        if (length <= stem || memcmp(name, stems[i], stem) != 0)
            continue;
        while (stem + digits < length && name[stem + digits] >= '0' && name[stem + digits] <= '9')
            digits++;
        *at = stem;
        return stem + digits < length && name[stem + digits] == '/' ? digits : 0;
    }
    return 0;
}

size_t lr_jvm_class_text(const char *name, size_t length, char *out, size_t size, bool *generated)
{
    size_t kept = without_address(name, length), from = 0, digits, made = 0;
    *generated = kept != length;
    kept = without_counter(name, kept, generated);
    digits = package_counter(name, kept, &from);
    for (size_t i = 0; i < kept && made < size; i++)
        if (i - from >= digits)
            out[made++] = name[i] == '/' ? '.' : name[i];
    return made;
}

bool lr_jvm_is_cleanup_frame(const char *name, size_t length)
{
    static const char *const prefixes[] = {
        "java/util/zip/Inflater",
        "java/util/zip/Deflater",
        "jdk/internal/ref/PhantomCleanable",
        "jdk/internal/ref/SoftCleanable",
        "jdk/internal/ref/WeakCleanable",
        "java/lang/ref/Cleaner$",
    };
    if (starts_with(name, length, "jdk/internal/ref/CleanerImpl$") &&
        ends_with(name, length, "CleanableRef"))
        return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix_length = strlen(prefixes[i]);
        /* the class itself or a class nested in it, not InflaterInputStream */
        if (starts_with(name, length, prefixes[i]) &&
            (length == prefix_length || prefixes[i][prefix_length - 1] == '$' ||
             name[prefix_length] == '$'))
            return true;
    }
    return false;
}

bool lr_jvm_is_cleaner_loop(const char *class_name, size_t length, const char *method,
                            size_t method_length)
{
    if (equals(class_name, length, "jdk/internal/ref/CleanerImpl"))
        return equals(method, method_length, "run");
    if (starts_with(class_name, length, "java/lang/ref/Finalizer"))
        return true;
    return starts_with(class_name, length, "java/lang/System$") &&
           equals(method, method_length, "invokeFinalize");
}
