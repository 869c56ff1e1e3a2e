/* contract.h -- what the contract programs share: one line for each question.
 *
 * `ok - …` and `not ok - …` say whether a promise of the manual was kept; `answer …` is what the
 * manual leaves open, which a traced run must answer as an untraced one does.  No line depends on
 * addresses or time, so that runs can be compared byte for byte.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* What errno is before each call: no function sets it so. */
enum { ERRNO_BEFORE = 77 };

/* A call and the errno it leaves in contract_errno. */
__attribute__((unused)) static int contract_errno;
#define CALL(expression)                                                                           \
    __extension__({                                                                                \
        errno = ERRNO_BEFORE;                                                                      \
        __auto_type result_ = (expression);                                                        \
        contract_errno = errno;                                                                    \
        result_;                                                                                   \
    })
#define CALL_VOID(expression)                                                                      \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        expression;                                                                                \
        contract_errno = errno;                                                                    \
    } while (0)

__attribute__((format(printf, 2, 3), unused)) static void check(bool kept, const char *format, ...)
{
    va_list values;
    printf("%s - ", kept ? "ok" : "not ok");
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

__attribute__((format(printf, 1, 2), unused)) static void answer(const char *format, ...)
{
    va_list values;
    printf("answer ");
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

#endif
