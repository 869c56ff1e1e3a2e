/* deaths_jni.c -- natives that bring the JVM down; Deaths.java loads and calls them.
 *
 * Job: oracle.  What the JVM writes about its end must be the same under the tracer.
 * build: -shared -fPIC
 */
#include <jni.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

JNIEXPORT void JNICALL Java_Deaths_store(JNIEnv *env, jclass class);
JNIEXPORT void JNICALL Java_Deaths_abort(JNIEnv *env, jclass class);
JNIEXPORT jint JNICALL Java_Deaths_overflow(JNIEnv *env, jclass class);
JNIEXPORT jint JNICALL Java_Deaths_overflowAllocating(JNIEnv *env, jclass class);
JNIEXPORT void JNICALL Java_Deaths_eat(JNIEnv *env, jclass class);

static void *volatile kept;
static volatile int never;

JNIEXPORT void JNICALL Java_Deaths_store(JNIEnv *env, jclass class)
{
    *(volatile int *)(uintptr_t)16 = 1;
}

JNIEXPORT void JNICALL Java_Deaths_abort(JNIEnv *env, jclass class)
{
    abort();
}

static __attribute__((noinline)) int endless(int depth, int bytes)
{
    volatile char room[400];
    if (never)
        return 0;
    if (bytes)
        kept = malloc((size_t)bytes);
    room[depth % 400] = (char)depth;
    return endless(depth + 1, bytes) + room[(depth + 1) % 400];
}

JNIEXPORT jint JNICALL Java_Deaths_overflow(JNIEnv *env, jclass class)
{
    return endless(0, 0);
}

JNIEXPORT jint JNICALL Java_Deaths_overflowAllocating(JNIEnv *env, jclass class)
{
    return endless(0, 40);
}

/* Until the kernel has enough of it. */
JNIEXPORT void JNICALL Java_Deaths_eat(JNIEnv *env, jclass class)
{
    for (;;) {
        char *block = malloc(100000);
        for (int i = 0; block && i < 100000; i += 4096)
            block[i] = 1;
        kept = block;
    }
}
