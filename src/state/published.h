/*
 * published.h - claims that were found published, in memory that all processes
 * of a pool share.
 *
 * A store is slower to read than memory, and a database may be out of reach.
 * No process holds a lock here, so none that is killed leaves one: an entry is
 * believed only if its digest is that of all it stands for, its version too,
 * and each change of a host gives it a new version.
 */
#ifndef STATE_PUBLISHED_H
#define STATE_PUBLISHED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "state/state.h"

#define PUBLISHED_MAX	      (1U << 19) /* entries */
#define PUBLISHED_CONTEXT_MAX 64	 /* bytes */

/* One of a host, or of several whose names have the same hash. */
struct published_entry {
	_Atomic uint64_t version; /* changes with the host */
	_Atomic int64_t at;
	_Atomic uint64_t digest[2]; /* of claim, context, version and at */
};

/* All zero in the beginning: nothing is known. */
struct published {
	_Atomic uint32_t mask; /* the entries in use, less one */
	struct published_entry entries[PUBLISHED_MAX];
};

/* Makes room for so many hosts; there is never less room than before. */
void published_grow(struct published *p, size_t hosts);
void published_grow_like(struct published *p, const struct published *other);

/* What is asked, or told: a claim, and what must be the same for it to hold. */
struct published_query {
	const struct state_claim *claim;
	const void *context; /* at most PUBLISHED_CONTEXT_MAX bytes */
	size_t context_len;
	struct published_entry *entry; /* by published_ask() */
	uint64_t version;	       /* the same */
};

/*
 * Finds the entry of the claim that q has, before the store is read.  True: it
 * was told, and no host of the entry changed since; *at becomes what was told.
 */
bool published_ask(struct published *p, struct published_query *q, int64_t *at);

/*
 * Tells that the store, read after published_ask(), has all of the claim.  at
 * is what the store wants to know when it asks again, such as since when.
 */
void published_tell(const struct published_query *q, int64_t at);

/* The host changes: to be called after that was committed. */
void published_drop(struct published *p, const char *host);

#endif
