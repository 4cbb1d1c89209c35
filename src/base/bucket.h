/*
 * bucket.h - leaky buckets in memory that all workers share, without a lock.
 *
 * A bucket is known by a key of any bytes.  It holds so many drops at once,
 * and one drop leaves it with each interval.  The table has a fixed size: when
 * it is full, the buckets that would be empty first make room.  A hash under a
 * random key chooses the place, so that nobody can aim at another's bucket.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stddef.h>
#include <stdint.h>

struct buckets;

/* How much a bucket holds, and how fast it leaks. */
struct bucket_size {
	int64_t drops;	     /* at once, at least 1 */
	int64_t interval_ms; /* until one has leaked */
};

/* Shared with every later fork; NULL: no memory.  Freeing NULL is fine. */
struct buckets *buckets_new(void);
void buckets_free(struct buckets *b);

/* Milliseconds until one drop more fits; 0: now. */
int64_t bucket_wait(const struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size);

/* How many drops are in it, the last one in part. */
int64_t bucket_level(const struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size);

/* Adds a drop, whether it fits or not. */
void bucket_add(struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size);

/* Takes a drop out again that was added by mistake; an empty one stays so. */
void bucket_take_back(struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size);

#endif
