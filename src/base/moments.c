#include "config.h"

#include <ctype.h>

#include "base/moments.h"

#define NEIGHBOURS 8 /* rows that a name may have */

/* FNV-1a; never 0. */
static uint64_t
hash_of(const char *name)
{
	uint64_t h = 14695981039346656037U;

	for (; *name != '\0'; name++)
		h = (h ^ (uint64_t)tolower((unsigned char)*name)) *
		    1099511628211U;
	return h != 0 ? h : 1;
}

void
moments_note(struct moment rows[], size_t count, const char *name, int64_t at,
    int64_t fine)
{
	uint64_t hash = hash_of(name);
	struct moment *row = &rows[hash % count];

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		struct moment *next = &rows[(hash + i) % count];

		if (atomic_load(&next->name) == hash) {
			if (at - atomic_load(&next->at) >= fine)
				atomic_store(&next->at, at);
			return;
		}
		if (atomic_load(&next->at) < atomic_load(&row->at))
			row = next;
	}
	atomic_store(&row->name, hash);
	atomic_store(&row->at, at);
}

int64_t
moments_last(const struct moment rows[], size_t count, const char *name)
{
	uint64_t hash = hash_of(name);

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		const struct moment *next = &rows[(hash + i) % count];

		if (atomic_load(&next->name) == hash)
			return atomic_load(&next->at);
	}
	return 0;
}
