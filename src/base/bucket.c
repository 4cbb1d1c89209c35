#include "config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/bucket.h"
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
struct buckets {
	_Atomic uint64_t *words; /* shared */
	uint8_t key[16];
};

struct bucket {
	_Atomic uint64_t *set;
	uint64_t tag;
};

struct buckets *
buckets_new(void)
{
	struct buckets *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->words = shared_new(SETS * WAYS * sizeof *b->words);
	if (b->words != NULL &&
	    gnutls_rnd(GNUTLS_RND_NONCE, b->key, sizeof b->key) == 0)
		return b;
	buckets_free(b);
	return NULL;
}

void
buckets_free(struct buckets *b)
{
	if (b == NULL)
		return;
	shared_free(b->words, SETS * WAYS * sizeof *b->words);
	free(b);
}

static struct bucket
find(const struct buckets *b, const void *key, size_t len)
{
	uint8_t digest[32] = { 0 };
	uint64_t hash;

	/* Without memory all share one bucket, which errs on the safe side. */
	(void)gnutls_hmac_fast(GNUTLS_MAC_SHA256, b->key, sizeof b->key, key,
	    len, digest);
	memcpy(&hash, digest, sizeof hash);
	return (struct bucket){ &b->words[hash % SETS * WAYS],
		hash / SETS << TIME_BITS };
}

static bool
is_of(const struct bucket *k, uint64_t word)
{
	return word != 0 && (word & ~TIME_MASK) == k->tag;
}

/* The bucket's own word, else that which would be empty first. */
static _Atomic uint64_t *
find_word(const struct bucket *k)
{
	_Atomic uint64_t *first = &k->set[0];

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load(&k->set[i]);

		if (is_of(k, word))
			return &k->set[i];
		if ((word & TIME_MASK) < (atomic_load(first) & TIME_MASK))
			first = &k->set[i];
	}
	return first;
}

/* Milliseconds until the bucket is empty. */
static int64_t
left(const struct buckets *b, const void *key, size_t len)
{
	struct bucket k = find(b, key, len);
	uint64_t word = atomic_load(find_word(&k));
	int64_t ms = 0;

	if (is_of(&k, word))
		ms = (int64_t)(word & TIME_MASK) - clock_now();
	return ms > 0 ? ms : 0;
}

int64_t
bucket_level(const struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size)
{
	return (left(b, key, len) + size->interval_ms - 1) / size->interval_ms;
}

int64_t
bucket_wait(const struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size)
{
	int64_t wait =
	    left(b, key, len) - (size->drops - 1) * size->interval_ms;

	return wait > 0 ? wait : 0;
}

/* Moves the time at which the bucket will be empty. */
static void
move(const struct buckets *b, const void *key, size_t len, int64_t by)
{
	struct bucket k = find(b, key, len);
	_Atomic uint64_t *at = find_word(&k);
	uint64_t old = atomic_load(at), new;
	int64_t now = clock_now();

	do {
		int64_t empty = is_of(&k, old) ? (int64_t)(old & TIME_MASK) : 0;

		empty = (empty > now ? empty : now) + by;
		new = k.tag | ((uint64_t)(empty > 0 ? empty : 0) & TIME_MASK);
	} while (!atomic_compare_exchange_weak(at, &old, new));
}

void
bucket_add(struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size)
{
	move(b, key, len, size->interval_ms);
}

void
bucket_take_back(struct buckets *b, const void *key, size_t len,
    const struct bucket_size *size)
{
	move(b, key, len, -size->interval_ms);
}
