/* intercept_new.h -- operator new and delete, towards the rest of the preload. */
#ifndef LEAKRING_INTERCEPT_NEW_H
#define LEAKRING_INTERCEPT_NEW_H

/* A module may have gone: look the real operators up again.  Any thread. */
void lr_new_forget(void);

#endif
