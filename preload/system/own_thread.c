/* own_thread.c -- own_thread.h.
 *
 * Stage: below RECORD.  Everything of the C library is looked up, because the versions that a link
 * would bind to are too new for old hosts.
 */
#include "own_thread.h"

#include <pthread.h>

#include "next.h"
#include "patience.h"
#include "prim.h"

enum { AWAIT_MS = 1000 };

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int attr_function(pthread_attr_t *);
typedef int attr_size_function(pthread_attr_t *, size_t);
typedef int attr_int_function(pthread_attr_t *, int);

bool lr_own_thread(void *(*run)(void *), size_t stack_bytes)
{
    create_function *make = (create_function *)lr_next_symbol("pthread_create");
    attr_function *init = (attr_function *)lr_next_symbol("pthread_attr_init");
    attr_int_function *detach = (attr_int_function *)lr_next_symbol("pthread_attr_setdetachstate");
    attr_size_function *stack = (attr_size_function *)lr_next_symbol("pthread_attr_setstacksize");
    if (!make || !init || !detach || !stack)
        return false;
    pthread_attr_t attributes;
    pthread_t thread;
    init(&attributes);
    detach(&attributes, PTHREAD_CREATE_DETACHED);
    stack(&attributes, stack_bytes);
    return make(&thread, &attributes, run, NULL) == 0;
}

void lr_own_thread_await(bool (*is_over)(void))
{
    struct lr_patience patience = {0};
    while (!lr_prim_is_silent() && !is_over() && lr_patience_wait(&patience, AWAIT_MS))
        ;
}
