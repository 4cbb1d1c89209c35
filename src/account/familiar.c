#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "account/familiar.h"
#include "base/clock.h"
#include "base/shared.h"

#define WAYS	  4
#define USERS_MIN 1024
#define TIME_BITS 40 /* ms: 34 years */
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/*
 * A pair in one word: 24 bits that tell it from others of its set, and the time
 * of its last try.  0: nobody's.
 */
struct familiar {
	_Atomic uint64_t *words; /* shared */
	size_t sets;		 /* of WAYS, a power of two */
	uint8_t key[16];
};

struct pair {
	_Atomic uint64_t *set;
	uint64_t tag;
};

struct familiar *
familiar_new(size_t users)
{
	struct familiar *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	for (f->sets = USERS_MIN / WAYS; f->sets * WAYS < 2 * users;)
		f->sets *= 2;
	f->words = shared_new(f->sets * WAYS * sizeof *f->words);
	if (f->words != NULL &&
	    gnutls_rnd(GNUTLS_RND_NONCE, f->key, sizeof f->key) == 0)
		return f;
	familiar_free(f);
	return NULL;
}

void
familiar_free(struct familiar *f)
{
	if (f == NULL)
		return;
	shared_free(f->words, f->sets * WAYS * sizeof *f->words);
	free(f);
}

static struct pair
find(const struct familiar *f, const char *user, const struct address *source)
{
	uint8_t digest[32] = { 0 };
	gnutls_hmac_hd_t hmac;
	uint64_t hash;

	/* Without memory all share one pair: a few try more often. */
	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, f->key, sizeof f->key) >=
	    0) {
		(void)gnutls_hmac(hmac, source->bytes,
		    source->family == AF_INET ? 4 : 8);
		(void)gnutls_hmac(hmac, user, strlen(user));
		gnutls_hmac_deinit(hmac, digest);
	}
	memcpy(&hash, digest, sizeof hash);
	return (struct pair){ &f->words[(hash & (f->sets - 1)) * WAYS],
		hash & ~TIME_MASK };
}

/* The pair's own word, or NULL. */
static _Atomic uint64_t *
find_word(const struct pair *p)
{
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load(&p->set[i]);

		if (word != 0 && (word & ~TIME_MASK) == p->tag)
			return &p->set[i];
	}
	return NULL;
}

void
familiar_add(struct familiar *f, const char *user, const struct address *source)
{
	struct pair p = find(f, user, source);
	_Atomic uint64_t *at = find_word(&p);
	int64_t before = clock_now() - FAMILIAR_INTERVAL_MS;

	if (at != NULL)
		return;
	at = &p.set[0];
	for (size_t i = 1; i < WAYS; i++)
		if ((atomic_load(&p.set[i]) & TIME_MASK) <
		    (atomic_load(at) & TIME_MASK))
			at = &p.set[i];
	atomic_store(at, p.tag | (uint64_t)(before > 0 ? before : 1));
}

bool
familiar_knows(const struct familiar *f, const char *user,
    const struct address *source)
{
	struct pair p = find(f, user, source);

	return find_word(&p) != NULL;
}

bool
familiar_try(struct familiar *f, const char *user, const struct address *source)
{
	struct pair p = find(f, user, source);
	_Atomic uint64_t *at = find_word(&p);
	int64_t now = clock_now();
	uint64_t word;

	if (at == NULL)
		return false;
	word = atomic_load(at);
	return (word & ~TIME_MASK) == p.tag &&
	    (int64_t)(word & TIME_MASK) + FAMILIAR_INTERVAL_MS <= now &&
	    atomic_compare_exchange_strong(at, &word,
		p.tag | ((uint64_t)now & TIME_MASK));
}
