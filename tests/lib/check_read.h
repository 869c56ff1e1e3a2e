/* check_read.h -- what a test library puts between the unwinder and the stack (LR_STACK_WORD_HOOK). */
#ifndef LEAKRING_CHECK_READ_H
#define LEAKRING_CHECK_READ_H

#include <stdint.h>

struct lr_stack_range;
void check_read(const struct lr_stack_range *range, uintptr_t address);

#endif
