#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "account/penalty.h"
#include "base/clock.h"
#include "base/shared.h"

#define SETS	  4096
#define WAYS	  4
#define TIME_BITS 40 /* ms: 34 years */
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/*
 * A bucket in one word: 24 bits that tell it from others of its set, and the
 * time at which it will be empty (the GCRA of ITU-T I.371, which needs no
 * other number).  0: nobody's.
 */
struct penalties {
	_Atomic uint64_t *words; /* shared */
	uint8_t key[16];	 /* nobody can aim at a set */
};

struct bucket {
	_Atomic uint64_t *set;
	uint64_t tag;
	int64_t burst;
	int64_t interval;
};

struct penalties *
penalties_new(void)
{
	struct penalties *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->words = shared_new(SETS * WAYS * sizeof *p->words);
	if (p->words != NULL &&
	    gnutls_rnd(GNUTLS_RND_NONCE, p->key, sizeof p->key) == 0)
		return p;
	penalties_free(p);
	return NULL;
}

void
penalties_free(struct penalties *p)
{
	if (p == NULL)
		return;
	shared_free(p->words, SETS * WAYS * sizeof *p->words);
	free(p);
}

/*
 * The bucket of the first len bytes of an address, which holds so many times
 * the failures of one address.
 */
static struct bucket
find_bucket(const struct penalties *p, const struct address *source, size_t len,
    int64_t times)
{
	uint8_t text[1 + sizeof source->bytes] = { (uint8_t)len };
	uint8_t digest[32] = { 0 };
	uint64_t hash;

	memcpy(text + 1, source->bytes, len);
	/* Without memory all share one bucket, which errs on the safe side. */
	(void)gnutls_hmac_fast(GNUTLS_MAC_SHA256, p->key, sizeof p->key, text,
	    1 + len, digest);
	memcpy(&hash, digest, sizeof hash);
	return (struct bucket){ &p->words[hash % SETS * WAYS],
		hash / SETS << TIME_BITS, PENALTY_BURST * times,
		PENALTY_INTERVAL_MS / times };
}

/* IPv4: one.  IPv6: two, the narrow one first. */
static size_t
find_buckets(const struct penalties *p, const struct address *source,
    struct bucket b[static 2])
{
	struct address ipv4;

	/* A web server may write an IPv4 address so; RFC 4291, 2.5.5.2. */
	if (address_unmap(&ipv4, source))
		source = &ipv4;
	if (source->family == AF_INET) {
		b[0] = find_bucket(p, source, 4, 1);
		return 1;
	}
	b[0] = find_bucket(p, source, 8, 1);
	b[1] = find_bucket(p, source, 6, PENALTY_NETS);
	return 2;
}

static int64_t
empty_at(const struct bucket *b)
{
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load(&b->set[i]);

		if (word != 0 && (word & ~TIME_MASK) == b->tag)
			return (int64_t)(word & TIME_MASK);
	}
	return 0;
}

long
penalty_wait(const struct penalties *p, const struct address *source)
{
	struct bucket b[2];
	size_t count = find_buckets(p, source, b);
	int64_t now = clock_now(), wait = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t over =
		    empty_at(&b[i]) - now - (b[i].burst - 1) * b[i].interval;

		if (over > wait)
			wait = over;
	}
	return (long)((wait + 999) / 1000);
}

/* The bucket's own word, else that which would be empty first. */
static _Atomic uint64_t *
find_word(const struct bucket *b)
{
	_Atomic uint64_t *first = &b->set[0];

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load(&b->set[i]);

		if (word != 0 && (word & ~TIME_MASK) == b->tag)
			return &b->set[i];
		if ((word & TIME_MASK) < (atomic_load(first) & TIME_MASK))
			first = &b->set[i];
	}
	return first;
}

void
penalty_add(struct penalties *p, const struct address *source)
{
	struct bucket b[2];
	size_t count = find_buckets(p, source, b);
	int64_t now = clock_now();

	for (size_t i = 0; i < count; i++) {
		_Atomic uint64_t *at = find_word(&b[i]);
		uint64_t old = atomic_load(at), new;

		do {
			int64_t empty = (old & ~TIME_MASK) == b[i].tag ?
			    (int64_t)(old & TIME_MASK) :
			    0;

			empty = (empty > now ? empty : now) + b[i].interval;
			new = b[i].tag | ((uint64_t)empty & TIME_MASK);
		} while (!atomic_compare_exchange_weak(at, &old, new));
	}
}
