/* intercept_sandbox.c -- prctl and syscall, by which a program asks for a system call filter.
 *
 * Stage: INTERCEPT.  Context: any thread, before constructors ran, too; errno preserved.
 * syscall itself is in intercept_syscall_ARCH.S: it can't be told how many arguments it has, so all
 * but what is looked at here jumps to the real one.  Cost: about 1 ns.
 */
#include "intercept.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "kin.h"
#include "sandbox.h"

#define HIDDEN __attribute__((visibility("hidden")))
/* The kernel's own numbers; headers may be older. */
enum { SET_MODE_STRICT = 0, SET_MODE_FILTER = 1, FLAG_NEW_LISTENER = 8 };

/* For the assembly. */
typedef long syscall_function(long number, ...);
HIDDEN syscall_function *lr_syscall_real;
HIDDEN syscall_function *lr_syscall_find(void);
HIDDEN long lr_syscall_seccomp(long number, unsigned long operation, unsigned long flags,
                               void *program);
HIDDEN long lr_syscall_prctl(long number, long option, unsigned long a, unsigned long b,
                             unsigned long c, unsigned long d);

syscall_function *lr_syscall_find(void)
{
    syscall_function *real = (syscall_function *)lr_next_symbol("syscall");
    __atomic_store_n(&lr_syscall_real, real, __ATOMIC_RELAXED);
    return real;
}

static bool begin(bool strict, void *program)
{
    int error = errno;
    lr_kin_forget();
    bool silent = lr_is_armed() && (strict || program) && lr_sandbox_begin(strict ? NULL : program);
    errno = error;
    return silent;
}

static void end(bool installed)
{
    int error = errno;
    lr_sandbox_end(installed);
    errno = error;
}

static bool begin_prctl(long option, unsigned long mode, unsigned long program)
{
    return option == PR_SET_SECCOMP &&
           (mode == SECCOMP_MODE_STRICT || mode == SECCOMP_MODE_FILTER) &&
           begin(mode == SECCOMP_MODE_STRICT, (void *)program);
}

/* The C library's own prctl takes four arguments whatever it was given, too. */
LR_EXPORT int prctl(int option, ...)
{
    unsigned long argument[4];
    va_list list;
    va_start(list, option);
    for (unsigned i = 0; i < 4; i++)
        argument[i] = va_arg(list, unsigned long);
    va_end(list);
    bool silent = begin_prctl(option, argument[0], argument[1]);
    int result =
        LR_NEXT(prctl)(option, argument[0], argument[1], argument[2], argument[3]);
    if (silent)
        end(result == 0);
    return result;
}

long lr_syscall_prctl(long number, long option, unsigned long a, unsigned long b, unsigned long c,
                      unsigned long d)
{
    bool silent = begin_prctl(option, a, b);
    long result = lr_syscall_real(number, option, a, b, c, d);
    if (silent)
        end(result == 0);
    return result;
}

/* A positive result is a listener's descriptor, or the thread that could not be synchronized. */
long lr_syscall_seccomp(long number, unsigned long operation, unsigned long flags, void *program)
{
    bool strict = operation == SET_MODE_STRICT;
    bool silent = (strict || operation == SET_MODE_FILTER) && begin(strict, program);
    long result = lr_syscall_real(number, operation, flags, program);
    if (silent)
        end(result == 0 || (result > 0 && (flags & FLAG_NEW_LISTENER)));
    return result;
}
