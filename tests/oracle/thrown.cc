/* thrown.cc -- C++ exceptions through everything that is traced: constructors, a failing new,
 * zlib, a thread's function, coroutines.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, `streams
 * ACQUIRED`, then `ready`.
 *
 *     thrown exit|wait
 *
 * build: -lz
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

enum { TIMES = 500, DEEP = 30, STACK = 256 << 10, STREAMS = 10 };

static void *volatile sink;

static void far_down(unsigned depth)
{
    std::unique_ptr<std::string> held(new std::string(100 + depth, 'x'));
    sink = held.get();
    if (depth == 0)
        throw std::runtime_error("from far down, with a message that needs memory");
    far_down(depth - 1);
}

static void unwound()
{
    for (int i = 0; i < TIMES; i++)
        try {
            far_down(DEEP);
        } catch (const std::exception &) {
            if (i % 10 == 0)
                sink = new char[50];
        }
}

static void failing_new()
{
    for (int i = 0; i < TIMES; i++) {
        volatile size_t far_too_much = SIZE_MAX / 4;
        try {
            sink = ::operator new(far_too_much);
            std::abort();
        } catch (const std::bad_alloc &) {
            if (i % 10 == 0)
                sink = malloc(60);
        }
    }
}

static int tries;
static void *give_up(void *, unsigned count, unsigned size)
{
    if (++tries % 2)
        throw tries;
    return calloc(count, size);
}
static void give_back(void *, void *block)
{
    free(block);
}

/* Every other zalloc throws, which inflateInit meets first. */
static void thrown_through_zlib()
{
    for (int i = 0; i < STREAMS; i++)
        for (int again = 0; again < 2; again++) {
            z_stream *stream = static_cast<z_stream *>(calloc(1, sizeof *stream));
            stream->zalloc = give_up;
            stream->zfree = give_back;
            try {
                if (inflateInit(stream) != Z_OK)
                    std::abort();
            } catch (int) {
                free(stream);
            }
        }
}

static void after_zlib()
{
    for (int i = 0; i < 20; i++)
        sink = malloc(70);
}

/* Two coroutines in turn, each with exceptions of its own; between throws the other works. */
static ucontext_t outside, inside[2];
static void coroutine(int which)
{
    for (int i = 0; i < TIMES; i++) {
        try {
            far_down(DEEP);
        } catch (const std::exception &error) {
            sink = strdup(error.what());
            free(sink);
        }
        if (i % 10 == 0)
            sink = malloc(80);
        swapcontext(&inside[which], i + 1 < TIMES ? &inside[!which] : &outside);
    }
}

static void in_coroutines()
{
    for (int which = 0; which < 2; which++) {
        getcontext(&inside[which]);
        inside[which].uc_stack.ss_sp = malloc(STACK);
        inside[which].uc_stack.ss_size = STACK;
        inside[which].uc_link = &outside;
        makecontext(&inside[which], reinterpret_cast<void (*)()>(coroutine), 1, which);
    }
    swapcontext(&outside, &inside[0]);
    swapcontext(&outside, &inside[1]); /* it hasn't made its last round yet */
}

static void in_threads()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back(unwound);
    for (auto &thread : threads)
        thread.join();
}

static void say(const char *function, int count, int bytes)
{
    std::printf("%s\t%d\t%d\n", function, count, count * bytes);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    unwound();
    in_threads();
    failing_new();
    thrown_through_zlib();
    after_zlib();
    in_coroutines();
    say("unwound", 5 * TIMES / 10, 50);
    say("failing_new", TIMES / 10, 60);
    say("after_zlib", 20, 70);
    say("coroutine", 2 * TIMES / 10, 80);
    std::printf("streams %d\nready\n", STREAMS);
    std::fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
