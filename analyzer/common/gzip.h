/* gzip.h -- bytes, compressed.  Stage: EMIT.  Context: analyzer only. */
#ifndef LEAKRING_GZIP_H
#define LEAKRING_GZIP_H

#include <stddef.h>

#include "status.h"

/* The same output for the same input: no time, no name.  *packed is malloc()ed. */
enum lr_status lr_gzip(const void *bytes, size_t size, unsigned char **packed, size_t *packed_size,
                       struct lr_error *error);

#endif
