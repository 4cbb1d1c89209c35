#include "config.h"

#include <ctype.h>
#include <stdatomic.h>

#include "base/shared.h"
#include "news/seen.h"

#define NEIGHBOURS 8  /* rows that a host may have */
#define FINE_S	   15 /* as exact as that, so that a busy row stays clean */

struct row {
	_Atomic uint64_t host; /* a hash of its name; 0: none */
	_Atomic int64_t at;
};

struct seen {
	size_t count; /* of rows */
	struct row rows[];
};

static size_t
size_for(size_t rows)
{
	return sizeof(struct seen) + rows * sizeof(struct row);
}

struct seen *
seen_new(size_t hosts)
{
	size_t rows = 2 * hosts + 1024;
	struct seen *s = shared_new(size_for(rows));

	if (s != NULL)
		s->count = rows;
	return s;
}

void
seen_free(struct seen *s)
{
	if (s != NULL)
		shared_free(s, size_for(s->count));
}

/* FNV-1a; never 0. */
static uint64_t
hash_of(const char *host)
{
	uint64_t h = 14695981039346656037U;

	for (; *host != '\0'; host++)
		h = (h ^ (uint64_t)tolower((unsigned char)*host)) *
		    1099511628211U;
	return h != 0 ? h : 1;
}

/*
 * The row of the host, else that of its neighbours which is free or the oldest.
 * Two processes that take one row for two hosts at once lose one of them, which
 * its next update brings back.
 */
void
seen_note(struct seen *s, const char *host, int64_t at)
{
	uint64_t hash = hash_of(host);
	struct row *row = &s->rows[hash % s->count];

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		struct row *next = &s->rows[(hash + i) % s->count];

		if (atomic_load(&next->host) == hash) {
			if (at - atomic_load(&next->at) >= FINE_S)
				atomic_store(&next->at, at);
			return;
		}
		if (atomic_load(&next->at) < atomic_load(&row->at))
			row = next;
	}
	atomic_store(&row->host, hash);
	atomic_store(&row->at, at);
}

int64_t
seen_last(const struct seen *s, const char *host)
{
	uint64_t hash = hash_of(host);

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		const struct row *next = &s->rows[(hash + i) % s->count];

		if (atomic_load(&next->host) == hash)
			return atomic_load(&next->at);
	}
	return 0;
}
