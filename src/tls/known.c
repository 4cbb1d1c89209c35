#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "tls/known.h"

/* An id is looked for in the ways of one set, which its first byte names. */
#define WAYS 4
#define SETS (KNOWN_ROOM / WAYS)
_Static_assert(SETS <= 256, "one byte names a set");

/* True from since on, and before until; both 0: none. */
struct entry {
	uint8_t id[KNOWN_ID_LEN];
	int64_t since, until;
	struct certificate_seen seen;
};

struct known {
	struct entry entries[SETS][WAYS];
};

struct known *
known_new(void)
{
	return calloc(1, sizeof(struct known));
}

void
known_free(struct known *k)
{
	free(k);
}

/* Before each part stands its length, so that no two questions look alike. */
static bool
add_part(gnutls_hash_hd_t hash, const void *bytes, size_t len)
{
	uint64_t count = len;

	return gnutls_hash(hash, &count, sizeof count) == 0 &&
	    (len == 0 || gnutls_hash(hash, bytes, len) == 0);
}

bool
known_identify(const struct known_question *q, uint8_t id[KNOWN_ID_LEN])
{
	gnutls_hash_hd_t hash;
	bool good;

	if (q->count == 0 || gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		return false;
	good = add_part(hash, q->host, strlen(q->host)) &&
	    add_part(hash, q->purpose, strlen(q->purpose)) &&
	    add_part(hash, q->trust, KNOWN_ID_LEN);
	for (unsigned int i = 0; i < q->count && good; i++)
		good = add_part(hash, q->chain[i].data, q->chain[i].size);
	gnutls_hash_deinit(hash, id);
	return good;
}

bool
known_has(const struct known *k, const uint8_t id[KNOWN_ID_LEN], time_t now,
    struct certificate_seen *seen)
{
	const struct entry *set = k != NULL ? k->entries[id[0] % SETS] : NULL;

	for (size_t i = 0; set != NULL && i < WAYS; i++) {
		/* A clock that was set back is before since. */
		if (now < set[i].since || now >= set[i].until ||
		    memcmp(set[i].id, id, KNOWN_ID_LEN) != 0)
			continue;
		*seen = set[i].seen;
		return true;
	}
	return false;
}

void
known_add(struct known *k, const uint8_t id[KNOWN_ID_LEN], time_t now,
    time_t until, const struct certificate_seen *seen)
{
	struct entry *set, *to;

	if (k == NULL || until <= now)
		return;
	set = k->entries[id[0] % SETS];
	to = set;
	for (size_t i = 1; i < WAYS; i++)
		if (set[i].until < to->until)
			to = &set[i];
	for (size_t i = 0; i < WAYS; i++)
		if (memcmp(set[i].id, id, KNOWN_ID_LEN) == 0)
			to = &set[i];
	memcpy(to->id, id, KNOWN_ID_LEN);
	to->since = now;
	to->until = until < now + KNOWN_SECONDS ? until : now + KNOWN_SECONDS;
	to->seen = *seen;
}
