/* jvm_mark.c -- jvm_mark.h.
 *
 * Stage: intercept.  Context: a Java thread in native state.
 */
#include "jvm_mark.h"

#include <errno.h>
#include <jni.h>
#include <string.h>

#include "phase_mark.h"

static const char prefix[] = "leakring.mark=";
enum { PREFIX = sizeof prefix - 1, MOST = PREFIX + LR_MARK_NAME_MAX };

void lr_jvm_mark(void *env, void *bytes, int32_t offset, int32_t length)
{
    char text[MOST];
    JNIEnv *jni = env;
    if (length <= PREFIX || length > MOST || !bytes)
        return;
    /* The method itself has checked offset and length: no exception can come of it. */
    (*jni)->GetByteArrayRegion(jni, bytes, offset, length, (jbyte *)text);
    if (memcmp(text, prefix, PREFIX) == 0)
        lr_phase_mark_now(text + PREFIX, (size_t)length - PREFIX, LR_MARK_JAVA);
}
