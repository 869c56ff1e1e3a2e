/* jni_embed.c -- oracle: a C program with a JVM inside.
 *
 * Usage: jni_embed [--libjvm PATH] [--thread] CLASS JVMOPTION… -- ARGUMENT…
 * Without --libjvm it must be linked with -ljvm (compile with -DLINKED); with it, the library is
 * opened by dlopen and JNI_CreateJavaVM found by dlsym.  --thread creates the JVM on a second
 * thread, as the java launcher does.  Runs CLASS.main(ARGUMENT…).
 */
#include <dlfcn.h>
#include <jni.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 32 };

typedef jint create_vm(JavaVM **vm, void **env, void *args);

struct job {
    const char *libjvm;
    char **words; /* CLASS, options, "--", arguments; NULL at the end */
    int status;
};

static create_vm *find_create_vm(const char *libjvm)
{
#ifdef LINKED
    if (libjvm == NULL)
        return JNI_CreateJavaVM;
#endif
    void *library = libjvm != NULL ? dlopen(libjvm, RTLD_NOW | RTLD_GLOBAL) : NULL;
    void *found = library != NULL ? dlsym(library, "JNI_CreateJavaVM") : NULL;
    create_vm *create;
    memcpy(&create, &found, sizeof create);
    return create;
}

static int run_main(JNIEnv *env, const char *name, char **words)
{
    int count = 0;
    while (words[count] != NULL)
        count++;
    jclass class = (*env)->FindClass(env, name);
    jmethodID method = class == NULL ? NULL : (*env)->GetStaticMethodID(
        env, class, "main", "([Ljava/lang/String;)V");
    if (method == NULL)
        return 3;
    jobjectArray array = (*env)->NewObjectArray(
        env, count, (*env)->FindClass(env, "java/lang/String"), NULL);
    for (int i = 0; i < count; i++)
        (*env)->SetObjectArrayElement(env, array, i, (*env)->NewStringUTF(env, words[i]));
    (*env)->CallStaticVoidMethod(env, class, method, array);
    if (!(*env)->ExceptionCheck(env))
        return 0;
    (*env)->ExceptionDescribe(env);
    return 4;
}

static void *run(void *argument)
{
    struct job *job = argument;
    JavaVMOption options[OPTIONS_MAX];
    JavaVMInitArgs args = {.version = JNI_VERSION_1_8, .options = options};
    char **word = job->words + 1;
    JavaVM *vm;
    JNIEnv *env;

    for (; *word != NULL && strcmp(*word, "--") != 0 && args.nOptions < OPTIONS_MAX; word++)
        options[args.nOptions++] = (JavaVMOption){.optionString = *word};
    if (*word != NULL)
        word++;
    create_vm *create = find_create_vm(job->libjvm);
    if (create == NULL || create(&vm, (void **)&env, &args) != JNI_OK) {
        fprintf(stderr, "jni_embed: no JVM\n");
        job->status = 2;
        return NULL;
    }
    job->status = run_main(env, job->words[0], word);
    (*vm)->DestroyJavaVM(vm);
    return NULL;
}

int main(int argc, char **argv)
{
    struct job job = {.status = 1};
    int at = 1;
    int threaded = 0;

    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--thread") == 0)
            threaded = 1;
        else if (strcmp(argv[at], "--libjvm") == 0 && at + 1 < argc)
            job.libjvm = argv[++at];
    }
    if (at >= argc) {
        fprintf(stderr, "usage: jni_embed [--libjvm PATH] [--thread] CLASS JVMOPTION… -- ARG…\n");
        return 1;
    }
    job.words = argv + at;
    if (threaded) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, &job) != 0)
            return 1;
        pthread_join(thread, NULL);
    } else {
        run(&job);
    }
    return job.status;
}
