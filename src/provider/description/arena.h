/*
 * arena.h - memory that is taken piece by piece and given back all at once.
 */
#ifndef PROVIDER_DESCRIPTION_ARENA_H
#define PROVIDER_DESCRIPTION_ARENA_H

#include <stddef.h>

struct arena_block;

/* Start one as { .first = NULL }. */
struct arena {
	struct arena_block *first;
};

/* Zeroed memory for count objects of size bytes, at least one; NULL: none. */
void *arena_take(struct arena *a, size_t count, size_t size);

/* A copy of the first len bytes of text, with a NUL behind; NULL: no memory. */
char *arena_copy(struct arena *a, const char *text, size_t len);

/* Gives everything back.  What was taken must not be used any more. */
void arena_end(struct arena *a);

#endif
