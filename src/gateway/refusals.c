#include "config.h"

#include <ctype.h>

#include "gateway/refusals.h"

#define NEIGHBOURS 8 /* rows that a host may have */

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
 * Takes the row of the host, else that of its neighbours which is free or the
 * oldest.  Two processes that take one row for two hosts count as one: it is a
 * figure for people.
 */
void
refusals_add(struct refusals *r, const char *host, int64_t now)
{
	uint64_t hash = hash_of(host);
	size_t row = hash % REFUSALS_MAX;

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		size_t next = (hash + i) % REFUSALS_MAX;

		if (atomic_load(&r->rows[next].host) == hash) {
			row = next;
			break;
		}
		if (atomic_load(&r->rows[next].at) <
		    atomic_load(&r->rows[row].at))
			row = next;
	}
	atomic_store(&r->rows[row].host, hash);
	atomic_store(&r->rows[row].at, now);
}

size_t
refusals_count(const struct refusals *r, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < REFUSALS_MAX; i++)
		if (atomic_load(&r->rows[i].host) != 0 &&
		    now - atomic_load(&r->rows[i].at) < REFUSALS_SPAN_MS)
			n++;
	return n;
}
