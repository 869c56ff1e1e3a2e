/* cases_jni.c -- natives that forget what the VM allocates for them; Cases.java loads and calls it.
 *
 * Job: oracle.  JNI global references, and memory by JVMTI's Allocate, which the VM allocates by
 * its own functions, and which are leaks of the caller all the same.
 * build: -shared -fPIC
 */
#include <jni.h>
#include <jvmti.h>
#include <stdlib.h>

JNIEXPORT void JNICALL Java_Cases_forgetReferences(JNIEnv *env, jclass class, jobject of,
                                                   jint count);
JNIEXPORT void JNICALL Java_Cases_forgetJvmti(JNIEnv *env, jclass class, jint bytes);

__attribute__((noinline)) static void refer(JNIEnv *env, jobject of)
{
    if (!(*env)->NewGlobalRef(env, of))
        abort();
}

JNIEXPORT void JNICALL Java_Cases_forgetReferences(JNIEnv *env, jclass class, jobject of,
                                                   jint count)
{
    (void)class;
    for (jint i = 0; i < count; i++)
        refer(env, of);
}

__attribute__((noinline)) static void allocate(jvmtiEnv *jvmti, jint bytes)
{
    unsigned char *memory;

    if ((*jvmti)->Allocate(jvmti, bytes, &memory) != JVMTI_ERROR_NONE)
        abort();
}

JNIEXPORT void JNICALL Java_Cases_forgetJvmti(JNIEnv *env, jclass class, jint bytes)
{
    static jvmtiEnv *jvmti;
    JavaVM *vm;

    (void)class;
    if (!jvmti && ((*env)->GetJavaVM(env, &vm) != 0 ||
                   (*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK))
        abort();
    allocate(jvmti, bytes);
}
