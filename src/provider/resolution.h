/*
 * resolution.h - the addresses of providers, in memory that all can see.
 *
 * The resolver is asked by a process of its own, never while a request
 * waits.  What it found last stays when it fails.
 */
#ifndef PROVIDER_RESOLUTION_H
#define PROVIDER_RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "address/address.h"

#define RESOLUTION_MAX 8 /* addresses of one host */

struct resolution; /* one host; written by one process, read by all */

/*
 * count of them, all empty, shared with every later fork; NULL: no memory.
 * resolution_free() takes the same count; NULL is fine there.
 */
struct resolution *resolution_new(size_t count);
void resolution_free(struct resolution *r, size_t count);

/*
 * From now on this process can only read them, and want others.  False: errno
 * says why.
 */
bool resolution_only_read(struct resolution *r, size_t count);

/* The one at index of what resolution_new() made. */
struct resolution *resolution_at(struct resolution *r, size_t index);

/*
 * Copies what is known, in the resolver's order; returns how many, 0 at first.
 */
size_t resolution_get(const struct resolution *r,
    struct address to[static RESOLUTION_MAX]);

/* Replaces what is known; more than RESOLUTION_MAX are left out. */
void resolution_set(struct resolution *r, const struct address *from,
    size_t count);

/*
 * resolution_want() tells that none of the addresses works; by
 * resolution_wanted() the process that resolves learns whether anybody did so
 * since it asked last.
 */
void resolution_want(struct resolution *r);
bool resolution_wanted(struct resolution *r);

#endif
