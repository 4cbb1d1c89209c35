/*
 * moments.h - when something happened last to each of many names, in memory
 * that processes may share.
 *
 * A name is known by a hash of it, and has a few rows to be in; where all of
 * them are taken, the one whose moment is the oldest is forgotten.  Two
 * processes that take one row for two names at once lose one of them.
 */
#ifndef BASE_MOMENTS_H
#define BASE_MOMENTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: free. */
struct moment {
	_Atomic uint64_t name; /* a hash of it, whatever its letters' case */
	_Atomic int64_t at;    /* in the caller's unit; not 0 */
};

/*
 * It happened to the name at that moment.  A row whose moment is less than fine
 * before that, or after it, stays as it is, so that a busy one need not be
 * written again and again; 0 is exact.
 */
void moments_note(struct moment rows[], size_t count, const char *name,
    int64_t at, int64_t fine);

/* When it happened last, as far as that is known; 0: it is not. */
int64_t moments_last(const struct moment rows[], size_t count,
    const char *name);

#endif
