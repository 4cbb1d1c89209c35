#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alive.h"
#include "base/clock.h"
#include "base/fnv.h"
#include "base/shared.h"
#include "gateway/targets.h"

#define KNOWN_MAX 8192 /* networks in which a proof has succeeded */

#define WAITING_MIN 3 /* workers that may wait for one network, in any pool */

#define IPV4_BITS 24
#define IPV6_BITS 48

/* In the lowest bit of a hash of the table: did the last proof succeed? */
#define SUCCEEDED 1U

/* Who has failed lets those go first who have not. */
enum stage { WAITS_LAST, WAITS, CONNECTS };

/* What one worker connects to, or waits for. */
struct place {
	_Atomic uint64_t holder; /* alive_mark(); 0: free */
	_Atomic int stage;	 /* enum stage */
	_Atomic int64_t since; /* the moment it began to connect; 0: not yet */
	_Atomic uint64_t networks[TARGET_NETWORKS_MAX];
};

struct table {
	_Atomic uint64_t known[KNOWN_MAX];
	struct place places[];
};

struct targets {
	struct table *table; /* shared */
	size_t size;
	unsigned int places;
	unsigned int waiting; /* that may wait for one network */
};

struct targets *
targets_new(unsigned int workers)
{
	struct targets *t = malloc(sizeof *t);

	if (t == NULL)
		return NULL;
	t->places = workers;
	t->waiting = workers / 4 > WAITING_MIN ? workers / 4 : WAITING_MIN;
	t->size = sizeof *t->table + workers * sizeof t->table->places[0];
	if ((t->table = shared_new(t->size)) != NULL)
		return t;
	free(t);
	return NULL;
}

void
targets_free(struct targets *t)
{
	if (t == NULL)
		return;
	shared_free(t->table, t->size);
	free(t);
}

void
targets_inherit(struct targets *t, const struct targets *from)
{
	for (size_t i = 0; i < KNOWN_MAX; i++)
		atomic_store(&t->table->known[i],
		    atomic_load(&from->table->known[i]));
}

/* Of the network of an address; never 0, without the lowest bit. */
static uint64_t
hash_of(const struct address *a)
{
	struct address network = *a;
	uint64_t h;

	address_mask(&network, a->family == AF_INET ? IPV4_BITS : IPV6_BITS);
	h = fnv_hash(network.bytes, sizeof network.bytes) &
	    ~(uint64_t)SUCCEEDED;
	return h != 0 ? h : SUCCEEDED << 1;
}

void
target_add(struct target_networks *wanted, const struct address *a)
{
	uint64_t hash = hash_of(a);
	size_t i = 0;

	while (i < TARGET_NETWORKS_MAX && wanted->hashes[i] != 0 &&
	    wanted->hashes[i] != hash)
		i++;
	if (i < TARGET_NETWORKS_MAX)
		wanted->hashes[i] = hash;
}

static _Atomic uint64_t *
known_of(const struct targets *t, uint64_t network)
{
	return &t->table->known[(network >> 1) % KNOWN_MAX];
}

/* May several connect to the network, this account among them? */
static bool
is_open(const struct targets *t, uint64_t network, bool has_failed)
{
	uint64_t known = atomic_load(known_of(t, network));

	return known == (network | SUCCEEDED) ||
	    (known == network && !has_failed);
}

static bool
holds(const struct place *p, uint64_t network)
{
	for (size_t i = 0; i < TARGET_NETWORKS_MAX; i++)
		if (atomic_load(&p->networks[i]) == network)
			return true;
	return false;
}

/* Does another worker have the place, and want the network? */
static bool
is_rival(const struct place *p, uint64_t network)
{
	uint64_t holder = atomic_load(&p->holder);

	return holder != alive_mark() && holds(p, network) &&
	    alive_check(holder);
}

/* Another one that is at that stage of the network at least, or NULL. */
static const struct place *
find_rival(const struct targets *t, uint64_t network, enum stage least)
{
	for (unsigned int i = 0; i < t->places; i++) {
		const struct place *p = &t->table->places[i];

		if (atomic_load(&p->stage) >= (int)least &&
		    is_rival(p, network))
			return p;
	}
	return NULL;
}

/*
 * Is the one that connects slow, and do as many wait before this place as may?
 * Whoever is quick holds nobody up, however many there are.
 */
static bool
is_crowded(const struct targets *t, uint64_t network, const struct place *own)
{
	const struct place *first = find_rival(t, network, CONNECTS);
	int64_t since = first != NULL ? atomic_load(&first->since) : 0;
	unsigned int waiting = 0;

	if (since == 0 || clock_now() - since < TARGETS_SLOW_MS)
		return false;
	for (const struct place *p = t->table->places; p < own; p++)
		waiting += atomic_load(&p->stage) < (int)CONNECTS &&
		    is_rival(p, network);
	return waiting >= t->waiting;
}

/* The place of this worker; NULL: it has none. */
static struct place *
own_place(const struct targets *t)
{
	for (unsigned int i = 0; i < t->places; i++)
		if (atomic_load(&t->table->places[i].holder) == alive_mark())
			return &t->table->places[i];
	return NULL;
}

/* One that was free, with those networks; NULL if none is. */
static struct place *
take(const struct targets *t, const struct target_networks *wanted)
{
	for (unsigned int i = 0; i < t->places; i++) {
		struct place *p = &t->table->places[i];

		if (!alive_take(&p->holder))
			continue;
		for (size_t j = 0; j < TARGET_NETWORKS_MAX; j++)
			atomic_store(&p->networks[j], wanted->hashes[j]);
		return p;
	}
	return NULL;
}

static void
give_back(struct place *p)
{
	for (size_t i = 0; i < TARGET_NETWORKS_MAX; i++)
		atomic_store(&p->networks[i], 0);
	atomic_store(&p->stage, WAITS_LAST);
	atomic_store(&p->since, 0);
	atomic_store(&p->holder, 0);
}

/* A network that this worker must wait for; 0: none.  *holder: who has it. */
static uint64_t
occupied_one(const struct targets *t, const struct target_networks *wanted,
    bool has_failed, uint64_t *holder)
{
	const struct place *p;

	*holder = 0;
	for (size_t i = 0; i < TARGET_NETWORKS_MAX; i++) {
		uint64_t network = wanted->hashes[i];

		if (network == 0 || is_open(t, network, has_failed))
			continue;
		p = find_rival(t, network, has_failed ? WAITS : CONNECTS);
		if (p == NULL)
			continue;
		*holder = atomic_load(&p->holder);
		return network;
	}
	return 0;
}

/* It is written down before the others are looked at, so one of two sees. */
enum targets_answer
targets_enter(struct targets *t, const struct target_networks *wanted,
    bool has_failed, uint64_t *holder)
{
	struct place *p = own_place(t);
	uint64_t network;

	*holder = 0;
	if (wanted->hashes[0] == 0 ||
	    (p == NULL && (p = take(t, wanted)) == NULL))
		return TARGETS_FREE;
	atomic_store(&p->stage, CONNECTS);
	network = occupied_one(t, wanted, has_failed, holder);
	if (network == 0) {
		atomic_store(&p->since, clock_now());
		return TARGETS_FREE;
	}
	atomic_store(&p->stage, has_failed ? WAITS_LAST : WAITS);
	if (!is_crowded(t, network, p))
		return TARGETS_WAIT;
	give_back(p);
	return TARGETS_CROWDED;
}

/* Where no proof has succeeded nothing is known, and stays so if one fails. */
void
targets_judge(struct targets *t, const struct address *a, bool proved)
{
	uint64_t network = hash_of(a);
	_Atomic uint64_t *known = known_of(t, network);

	if (proved)
		atomic_store(known, network | SUCCEEDED);
	else if (atomic_load(known) == (network | SUCCEEDED))
		atomic_store(known, network);
}

void
targets_leave(struct targets *t)
{
	struct place *p = own_place(t);

	if (p != NULL)
		give_back(p);
}
