/* culprits_jni.c -- a Java native that forgets memory; Culprits.java loads and calls it.
 *
 * Job: oracle of the culprit rules: of C under Java the line is C's.
 * build: -shared -fPIC
 */
#include <jni.h>
#include <stdio.h>
#include <stdlib.h>

static void *volatile kept;

__attribute__((noinline)) static void forget_table(size_t bytes)
{
    static int times;

    kept = malloc(bytes);
    if (++times == 16) /* Culprits.TIMES */
        printf("culprit\tmemory\tforget_table\t%d\t%d\t%zu\n", __LINE__ - 2, times, times * bytes);
    fflush(stdout);
}

JNIEXPORT void JNICALL Java_Culprits_forgetTable(JNIEnv *env, jclass class, jlong bytes);
JNIEXPORT void JNICALL Java_Culprits_forgetTable(JNIEnv *env, jclass class, jlong bytes)
{
    (void)env;
    (void)class;
    forget_table((size_t)bytes);
}
