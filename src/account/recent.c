#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "account/recent.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/shared.h"

#define WAYS 4 /* entries that one login may use */

/* Half of HMAC-SHA-256, RFC 2104 section 5. */
struct tag {
	uint64_t half[2];
};

struct entry {
	_Atomic uint64_t half[2];
	_Atomic int64_t until; /* clock_now(); 0: empty */
};

struct recent {
	struct entry *entries; /* shared */
	size_t sets;	       /* of WAYS, a power of two */
	uint8_t key[32];
	gnutls_hmac_hd_t hmac; /* of that key; NULL: there is none */
};

/* Its output begins it anew, so that it is made once for all logins. */
static bool
make_hmac(struct recent *m)
{
	if (m->hmac != NULL)
		gnutls_hmac_deinit(m->hmac, NULL);
	if (gnutls_hmac_init(&m->hmac, GNUTLS_MAC_SHA256, m->key,
		sizeof m->key) < 0)
		m->hmac = NULL;
	return m->hmac != NULL;
}

struct recent *
recent_new(size_t logins)
{
	struct recent *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	/* Half of it stays empty, so that few sets overflow. */
	for (m->sets = 1; m->sets * WAYS < 2 * logins; m->sets *= 2)
		continue;
	m->entries = shared_new(m->sets * WAYS * sizeof *m->entries);
	if (m->entries != NULL &&
	    gnutls_rnd(GNUTLS_RND_KEY, m->key, sizeof m->key) == 0 &&
	    make_hmac(m))
		return m;
	recent_free(m);
	return NULL;
}

void
recent_free(struct recent *m)
{
	if (m == NULL)
		return;
	shared_free(m->entries, m->sets * WAYS * sizeof *m->entries);
	if (m->hmac != NULL)
		gnutls_hmac_deinit(m->hmac, NULL);
	secret_wipe(m->key, sizeof m->key);
	free(m);
}

size_t
recent_room(const struct recent *m)
{
	return m->sets * WAYS / 2;
}

/*
 * The entries where a login of that tag may be.  The tag alone decides, so
 * that entries can move to a table of another size.
 */
static struct entry *
set_of(const struct recent *m, const struct tag *tag)
{
	return &m->entries[(tag->half[0] & (m->sets - 1)) * WAYS];
}

/* As set_of(), and the tag of a login; NULL when there is no HMAC. */
static struct entry *
find_set(const struct recent *m, const struct verifier *v,
    const char *credential, struct tag *tag)
{
	uint8_t digest[32];

	if (m->hmac == NULL)
		return NULL;
	/* The lengths are fixed, so that no two pairs are the same bytes. */
	(void)gnutls_hmac(m->hmac, v->key, sizeof v->key);
	(void)gnutls_hmac(m->hmac, credential, strlen(credential));
	gnutls_hmac_output(m->hmac, digest);
	memcpy(tag, digest, sizeof *tag);
	secret_wipe(digest, sizeof digest);
	return set_of(m, tag);
}

bool
recent_knows(struct recent *m, const struct verifier *v, const char *credential)
{
	int64_t now = clock_now();
	struct tag tag, held;
	struct entry *set = find_set(m, v, credential, &tag);
	bool known = false;

	for (size_t i = 0; set != NULL && i < WAYS; i++) {
		int64_t until = atomic_load(&set[i].until);

		for (size_t h = 0; h < 2; h++)
			held.half[h] = atomic_load(&set[i].half[h]);
		if (!secret_equal(&held, &tag, sizeof tag) || until <= now)
			continue;
		known = true;
		/*
		 * Extend the entry only when a sixteenth of its life is gone,
		 * so that a hit does not dirty the shared cache line each time.
		 */
		if (until < now + RECENT_MS - RECENT_MS / 16)
			(void)atomic_compare_exchange_strong(&set[i].until,
			    &until, now + RECENT_MS);
	}
	secret_wipe(&tag, sizeof tag);
	secret_wipe(&held, sizeof held);
	return known;
}

bool
recent_remembers(const struct recent *m, const struct verifier *v,
    const char *credential)
{
	struct tag tag, held;
	struct entry *set = find_set(m, v, credential, &tag);
	bool known = false;

	for (size_t i = 0; set != NULL && i < WAYS; i++) {
		for (size_t h = 0; h < 2; h++)
			held.half[h] = atomic_load(&set[i].half[h]);
		known |= atomic_load(&set[i].until) != 0 &&
		    secret_equal(&held, &tag, sizeof tag);
	}
	secret_wipe(&tag, sizeof tag);
	secret_wipe(&held, sizeof held);
	return known;
}

/* Takes the place of the entry of its set that ends first. */
static void
put(const struct recent *m, const struct tag *tag, int64_t until)
{
	struct entry *set = set_of(m, tag), *oldest = set;

	for (size_t i = 1; i < WAYS; i++)
		if (atomic_load(&set[i].until) < atomic_load(&oldest->until))
			oldest = &set[i];
	atomic_store(&oldest->until, 0);
	for (size_t h = 0; h < 2; h++)
		atomic_store(&oldest->half[h], tag->half[h]);
	atomic_store(&oldest->until, until);
}

void
recent_add(struct recent *m, const struct verifier *v, const char *credential)
{
	struct tag tag;

	if (find_set(m, v, credential, &tag) != NULL)
		put(m, &tag, clock_now() + RECENT_MS);
	secret_wipe(&tag, sizeof tag);
}

void
recent_copy(struct recent *m, const struct recent *from)
{
	int64_t now = clock_now();
	struct tag tag;

	memcpy(m->key, from->key, sizeof m->key);
	(void)make_hmac(m);
	for (size_t i = 0; i < from->sets * WAYS; i++) {
		const struct entry *e = &from->entries[i];
		int64_t until = atomic_load(&e->until);

		for (size_t h = 0; h < 2; h++)
			tag.half[h] = atomic_load(&e->half[h]);
		if (until > now)
			put(m, &tag, until);
	}
	secret_wipe(&tag, sizeof tag);
}
