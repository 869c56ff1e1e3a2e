/* contract_new.cc -- the contract of C++'s operators new and delete ([new.delete], [expr.new]):
 * every form, alignment, handlers, what is thrown, and who is called when a constructor throws.
 *
 *     contract_new [no-failing]     some allocators end a program whose `new` fails
 *
 * build: -fno-builtin -fsized-deallocation -Wno-unknown-warning-option -Wno-alloc-size-larger-than
 */
#include "contract.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

static void *volatile sink;
template <typename T> static T *keep(T *pointer)
{
    sink = const_cast<void *>(static_cast<const volatile void *>(pointer));
    return pointer;
}

static bool is_aligned(const void *block, std::size_t alignment)
{
    return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

/* --- every form ------------------------------------------------------------------------------ */

static const std::size_t sizes[] = {0, 1, 8, 16, 24, 100, 1000, 4096, 65536, 135152, 3 << 20};

static void plain()
{
    for (std::size_t size : sizes) {
        void *one = keep(::operator new(size)), *two = keep(::operator new(size));
        check(one && two && one != two && is_aligned(one, size < 16 ? 8 : 16), "new of %zu", size);
        std::memset(one, 1, size);
        ::operator delete(one);
        ::operator delete(two, size);
        one = keep(::operator new[](size));
        two = keep(::operator new[](size, std::nothrow));
        check(one && two && one != two, "new[] of %zu", size);
        std::memset(two, 1, size);
        ::operator delete[](one, size);
        ::operator delete[](two, std::nothrow);
        one = keep(::operator new(size, std::nothrow));
        check(one != nullptr, "new(nothrow) of %zu", size);
        ::operator delete(one, std::nothrow);
    }
    errno = ERRNO_BEFORE;
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
    ::operator delete(nullptr, std::nothrow);
    ::operator delete(nullptr, std::align_val_t(64));
    delete static_cast<int *>(nullptr);
    check(errno == ERRNO_BEFORE, "delete of nothing does nothing");
}

static void aligned()
{
    for (std::size_t alignment = 1; alignment <= 1 << 20; alignment *= 2)
        for (std::size_t size : sizes) {
            auto to = std::align_val_t(alignment);
            void *one = keep(::operator new(size, to));
            check(one && is_aligned(one, alignment), "new of %zu aligned to %zu", size, alignment);
            std::memset(one, 1, size);
            ::operator delete(one, to);
            one = keep(::operator new[](size, to, std::nothrow));
            check(one && is_aligned(one, alignment), "new[](nothrow) of %zu aligned to %zu", size,
                  alignment);
            ::operator delete[](one, size, to);
        }
    struct alignas(512) Wide {
        char bytes[700];
    };
    auto *wide = keep(new Wide[3]);
    check(is_aligned(wide, 512), "new[] of a type aligned to 512");
    delete[] wide;
}

/* --- failing --------------------------------------------------------------------------------- */

static const std::size_t huge = PTRDIFF_MAX - 4096;

/* What `call` throws. */
template <typename Call> static const char *thrown_by(Call call)
{
    try {
        keep(call());
        return "nothing";
    } catch (const std::bad_array_new_length &) {
        return "bad_array_new_length";
    } catch (const std::bad_alloc &) {
        return "bad_alloc";
    } catch (int) {
        return "int";
    } catch (...) {
        return "something";
    }
}

static void check_thrown(const char *thrown, const char *wanted, const char *what)
{
    check(std::strcmp(thrown, wanted) == 0, "%s: throws %s", what, thrown);
}

static void failing()
{
    check_thrown(thrown_by([] { return ::operator new(huge); }), "bad_alloc", "new of too much");
    check_thrown(thrown_by([] { return ::operator new[](huge); }), "bad_alloc",
                 "new[] of too much");
    check_thrown(thrown_by([] { return ::operator new(SIZE_MAX); }), "bad_alloc",
                 "new of SIZE_MAX");
    check_thrown(thrown_by([] { return ::operator new(huge, std::align_val_t(64)); }), "bad_alloc",
                 "aligned new of too much");
    check(!keep(::operator new(huge, std::nothrow)), "new(nothrow) of too much: null");
    check(!keep(::operator new[](huge, std::nothrow)), "new[](nothrow) of too much: null");
    check(!keep(::operator new(huge, std::align_val_t(64), std::nothrow)),
          "aligned new(nothrow) of too much: null");
    volatile long negative = -1, many = PTRDIFF_MAX / 4;
    /* clang's programs throw plain bad_alloc */
    answer("new int[-1]: throws %s", thrown_by([&] { return new int[negative]; }));
    answer("new double[too many]: throws %s", thrown_by([&] { return new double[many]; }));
    check_thrown(thrown_by([&] { return new std::vector<char>(huge); }), "bad_alloc",
                 "a vector of too much");
}

static int handled;
static char *reserve;

static void gives_up()
{
    if (++handled == 3)
        std::set_new_handler(nullptr);
}
static void throws_bad_alloc()
{
    handled++;
    throw std::bad_alloc();
}
static void throws_int()
{
    handled++;
    throw 5;
}

static void handlers()
{
    check(std::set_new_handler(gives_up) == nullptr, "set_new_handler: there was none");
    check(std::get_new_handler() == gives_up, "get_new_handler: the one that was set");
    check_thrown(thrown_by([] { return ::operator new(huge); }), "bad_alloc",
                 "new, a handler that gives up");
    check(handled == 3, "after it was called %d times", handled);
    handled = 0;
    std::set_new_handler(gives_up);
    check(!keep(::operator new(huge, std::nothrow)) && handled == 3,
          "new(nothrow), the same: null");
    handled = 0;
    std::set_new_handler(gives_up);
    check(!keep(::operator new(huge, std::align_val_t(256), std::nothrow)) && handled == 3,
          "aligned new(nothrow), the same: null");
    handled = 0;
    std::set_new_handler(throws_bad_alloc);
    check_thrown(thrown_by([] { return ::operator new(huge); }), "bad_alloc",
                 "new, a handler that throws");
    check(!keep(::operator new(huge, std::nothrow)), "new(nothrow), a handler that throws: null");
    check(!keep(::operator new[](huge, std::nothrow)), "new[](nothrow), the same: null");
    check(handled == 3, "each called it once: %d", handled);
    std::set_new_handler(throws_int);
    check_thrown(thrown_by([] { return ::operator new(huge); }), "int",
                 "new, a handler that throws a number");
    check(std::set_new_handler(nullptr) == throws_int, "set_new_handler: what there was before");
}

static void gives_back()
{
    handled++;
    delete[] reserve;
    reserve = nullptr;
    std::set_new_handler(nullptr);
}

/* Memory is really used up, and the handler gives some back: the same new succeeds. */
static void second_try()
{
    enum : std::size_t { MIB = 1 << 20 };
    unsigned long pages = 0;
    FILE *file = std::fopen("/proc/self/statm", "r");
    if (!file || std::fscanf(file, "%lu", &pages) != 1)
        std::abort();
    std::fclose(file);
    reserve = keep(new char[600 * MIB]);
    struct rlimit before, limit;
    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + 800 * MIB;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        std::abort();
    handled = 0;
    std::set_new_handler(gives_back);
    char *block = keep(new char[500 * MIB]);
    setrlimit(RLIMIT_AS, &before);
    check(block && handled == 1, "new that fails until the handler gave memory back");
    delete[] block;
}

/* --- constructors that throw, operators of one's own -------------------------------------------
 */

static int own_news, own_deletes;
struct Own {
    bool fine;
    explicit Own(bool fails) : fine(!fails)
    {
        if (fails)
            throw 1;
    }
    static void *operator new(std::size_t size)
    {
        own_news++;
        return ::operator new(size);
    }
    static void operator delete(void *block)
    {
        own_deletes++;
        ::operator delete(block);
    }
};
struct Thrower {
    static int left;
    std::string text = std::string(200, 'x');
    Thrower()
    {
        if (--left == 0)
            throw 2;
    }
};
int Thrower::left;

static void constructors()
{
    check_thrown(thrown_by([] { return new Own(true); }), "int", "a constructor that throws");
    check(own_news == 1 && own_deletes == 1, "its own new and delete, once each");
    delete keep(new Own(false));
    check(own_news == 2 && own_deletes == 2, "and once more");
    Thrower::left = 7;
    check_thrown(thrown_by([] { return new Thrower[10]; }), "int",
                 "the seventh constructor of ten");
    Thrower::left = -1;
    delete[] keep(new Thrower[10]);
    alignas(64) char place[64];
    auto *placed = new (place) int(9);
    check(reinterpret_cast<char *>(placed) == place && *placed == 9, "placement new");
}

/* --- the library ---------------------------------------------------------------------------------
 */

static std::size_t churn(unsigned seed)
{
    std::map<std::string, std::vector<int>> tree;
    std::list<std::shared_ptr<std::string>> shared;
    std::size_t sum = 0;
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        tree[std::to_string(seed % 500) + std::string(seed % 40, '.')].push_back(
            static_cast<int>(i));
        shared.push_back(std::make_shared<std::string>(seed % 300, 'y'));
        if (shared.size() > 200)
            shared.pop_front();
        if (i % 1000 == 0)
            tree.erase(tree.begin());
    }
    for (const auto &entry : tree)
        for (int value : entry.second)
            sum += static_cast<std::size_t>(value) + entry.first.size();
    return sum + shared.size();
}

static void containers()
{
    std::size_t alone[4], together[4];
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; i++)
        alone[i] = churn(i);
    for (unsigned i = 0; i < 4; i++)
        threads.emplace_back([i, &together] { together[i] = churn(i); });
    for (auto &thread : threads)
        thread.join();
    check(std::memcmp(alone, together, sizeof alone) == 0, "containers in threads: the same sums");
    answer("sum: %zu", alone[0] + alone[1] + alone[2] + alone[3]);
}

int main(int argc, char **argv)
{
    bool may_fail = argc < 2 || std::strcmp(argv[1], "no-failing") != 0;
    plain();
    aligned();
    constructors();
    containers();
    if (may_fail) {
        failing();
        handlers();
        second_try();
    }
    std::puts("end");
    return 0;
}
