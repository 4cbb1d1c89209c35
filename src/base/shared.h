/*
 * shared.h - memory that this process and all later forks have in common.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stddef.h>

/* All zero; NULL without memory.  Release with shared_free(), NULL is fine. */
void *shared_new(size_t size);
void shared_free(void *p, size_t size);

#endif
