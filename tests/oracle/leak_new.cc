/* leak_new.cc -- what C++ allocates: every form of new and delete, containers, exceptions.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, then `ready`.
 *
 *     leak_new exit|wait [no-failing]     mimalloc ends a program whose `new` fails
 */
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <unistd.h>
#include <vector>

namespace oracle {

struct alignas(64) Wide {
    char bytes[192];
};
struct Thrower {
    char bytes[77];
    Thrower()
    {
        throw 1;
    }
};

static void *volatile sink;
template <typename T> static T *keep(T *pointer)
{
    sink = pointer;
    return pointer;
}

static void say(const char *function, unsigned long count, unsigned long bytes)
{
    std::printf("%s\t%lu\t%lu\n", function, count, bytes);
}

void plain_new()
{
    for (int i = 0; i < 12; i++) {
        auto *number = keep(new long(i));
        if (i % 3 == 0)
            delete number;
    }
    say("oracle::plain_new", 8, 8 * sizeof(long));
}

void array_new()
{
    for (int i = 0; i < 10; i++) {
        char *array = keep(new char[100 + i]);
        if (i >= 5)
            delete[] array;
    }
    say("oracle::array_new", 5, 510);
}

void aligned_new()
{
    for (int i = 0; i < 6; i++) {
        Wide *wide = keep(new Wide);
        if (i < 2)
            delete wide;
    }
    say("oracle::aligned_new", 4, 4 * sizeof(Wide));
}

void nothrow_new()
{
    for (int i = 0; i < 7; i++)
        keep(new (std::nothrow) int[3]);
    say("oracle::nothrow_new", 7, 7 * 3 * sizeof(int));
}

/* The constructor throws: the memory goes back. */
void throwing_new()
{
    for (int i = 0; i < 5; i++) {
        try {
            keep(new Thrower);
        } catch (int) {
        }
    }
    say("oracle::throwing_new", 0, 0);
}

/* Asks for more than there is: an exception, and nothing is recorded. */
void failing_new()
{
    volatile std::size_t huge = static_cast<std::size_t>(1) << 62;
    try {
        keep(new char[huge]);
    } catch (const std::bad_alloc &) {
    }
    say("oracle::failing_new", 0, 0);
}

template <typename T> struct Box {
    T *held;
    __attribute__((noinline)) void fill(int count)
    {
        for (int i = 0; i < count; i++)
            held = keep(new T);
    }
};

void released_vector()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 100; i++)
        texts.push_back(std::string(100, 'x'));
    say("oracle::released_vector", 0, 0);
}

} // namespace oracle

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    oracle::plain_new();
    oracle::array_new();
    oracle::aligned_new();
    oracle::nothrow_new();
    oracle::throwing_new();
    if (argc < 3)
        oracle::failing_new();
    oracle::released_vector();
    oracle::Box<double>().fill(9);
    oracle::say("oracle::Box<double>::fill", 9, 9 * sizeof(double));
    std::printf("ready\n");
    std::fflush(stdout);
    while (std::strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
