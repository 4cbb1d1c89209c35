#include "config.h"

#include <string.h>

#include <gnutls/crypto.h>

#include "address/hostname.h"
#include "state/published.h"

#define ENTRIES_MIN  64 /* and so many for each host, so that few share one */
#define ENTRIES_HOST 4

static void
grow(struct published *p, uint32_t mask)
{
	if (atomic_load(&p->mask) < mask)
		atomic_store(&p->mask, mask);
}

void
published_grow(struct published *p, size_t hosts)
{
	uint32_t n = ENTRIES_MIN;

	while (n / ENTRIES_HOST < hosts && n < PUBLISHED_MAX)
		n *= 2;
	grow(p, n - 1);
}

void
published_grow_like(struct published *p, const struct published *other)
{
	grow(p, atomic_load(&other->mask));
}

/* FNV-1a: who has names with the same hash makes only those hosts slower. */
static uint32_t
hash_of(const char *host)
{
	uint32_t h = 2166136261U;

	for (; *host != '\0'; host++)
		h = (h ^ (unsigned char)*host) * 16777619U;
	return h ^ h >> 16;
}

/* All that an entry stands for. */
struct meaning {
	uint64_t version;
	int64_t at;
	uint8_t settings[STATE_DIGEST_LEN];
	uint8_t kinds[STATE_FAMILIES];
	uint8_t addresses[STATE_FAMILIES][16];
	uint8_t context[PUBLISHED_CONTEXT_MAX];
	char host[HOSTNAME_MAX];
};

/* False: it has none, so that nothing is believed. */
static bool
digest(const struct published_query *q, int64_t at, uint64_t to[static 2])
{
	const struct state_claim *c = q->claim;
	struct meaning m;
	uint64_t hash[4];
	size_t len = strlen(c->host);

	if (len > sizeof m.host || q->context_len > sizeof m.context)
		return false;
	memset(&m, 0, sizeof m);
	m.version = q->version;
	m.at = at;
	memcpy(m.settings, c->settings, sizeof m.settings);
	for (int f = 0; f < STATE_FAMILIES; f++) {
		m.kinds[f] = (uint8_t)c->wanted[f].kind;
		if (c->wanted[f].kind == VALUE_ADDRESS)
			memcpy(m.addresses[f], c->wanted[f].address.bytes,
			    sizeof m.addresses[f]);
	}
	if (q->context_len > 0)
		memcpy(m.context, q->context, q->context_len);
	memcpy(m.host, c->host, len);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, &m,
		offsetof(struct meaning, host) + len, hash) != 0)
		return false;
	memcpy(to, hash, 2 * sizeof *to);
	return true;
}

bool
published_ask(struct published *p, struct published_query *q, int64_t *at)
{
	uint64_t told[2];

	q->entry = &p->entries[hash_of(q->claim->host) & atomic_load(&p->mask)];
	q->version = atomic_load(&q->entry->version);
	*at = atomic_load(&q->entry->at);
	return *at != 0 && digest(q, *at, told) &&
	    atomic_load(&q->entry->digest[0]) == told[0] &&
	    atomic_load(&q->entry->digest[1]) == told[1];
}

void
published_tell(const struct published_query *q, int64_t at)
{
	uint64_t told[2];

	if (!digest(q, at, told))
		return;
	atomic_store(&q->entry->at, at);
	atomic_store(&q->entry->digest[0], told[0]);
	atomic_store(&q->entry->digest[1], told[1]);
}

/*
 * If the entries became more meanwhile, others may use another one already;
 * whoever does so from now on reads a store that has the change.
 */
void
published_drop(struct published *p, const char *host)
{
	uint32_t hash = hash_of(host), mask;

	do {
		mask = atomic_load(&p->mask);
		atomic_fetch_add(&p->entries[hash & mask].version, 1);
	} while (mask != atomic_load(&p->mask));
}
