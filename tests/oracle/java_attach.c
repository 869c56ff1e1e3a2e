/* java_attach.c -- oracle: JavaStates' native part: threads that the JVM doesn't know attach, call
 * Java, and detach, over and over.
 *
 * build: -shared -fPIC
 */
#include <jni.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 3, STACK = 256 << 10 };

struct job {
    JavaVM *vm;
    jclass klass;
    jmethodID method;
    jint number, result;
};

static void *attach(void *arg)
{
    struct job *job = arg;
    JNIEnv *env = NULL;
    for (int i = 0; i < 2; i++) {
        void *block = malloc(1000);
        if ((*job->vm)->AttachCurrentThread(job->vm, (void **)&env, NULL) != JNI_OK)
            return NULL;
        job->result += (*env)->CallStaticIntMethod(env, job->klass, job->method, job->number);
        (*job->vm)->DetachCurrentThread(job->vm);
        free(block);
    }
    return NULL;
}

JNIEXPORT jint JNICALL Java_JavaStates_attached(JNIEnv *env, jclass klass, jint number);

/* Sum of what `method` answered each thread, twice each. */
JNIEXPORT jint JNICALL Java_JavaStates_attached(JNIEnv *env, jclass klass, jint number)
{
    struct job jobs[THREADS];
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    jmethodID method = (*env)->GetStaticMethodID(env, klass, "reflected", "(I)I");
    jclass global = (*env)->NewGlobalRef(env, klass);
    jint sum = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.klass = global, .method = method, .number = number};
        (*env)->GetJavaVM(env, &jobs[i].vm);
        if (pthread_create(&threads[i], &attributes, attach, &jobs[i]) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += jobs[i].result;
    }
    (*env)->DeleteGlobalRef(env, global);
    pthread_attr_destroy(&attributes);
    return sum;
}
