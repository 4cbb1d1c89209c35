#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alive.h"
#include "base/shared.h"
#include "gateway/slow.h"

#define SILENT_MAX 4096 /* accounts without an answer that are remembered */
#define NEXT_MAX   256	/* accounts of which an update waits for a place */
#define NEXT_US	   120000000 /* further apart: a clock was set back */

/* One worker at slow work. */
struct place {
	_Atomic uint64_t holder; /* alive_mark(); 0: free */
	_Atomic uint64_t account;
};

struct table {
	_Atomic uint64_t silent[SILENT_MAX]; /* hashes of accounts */
	_Atomic int64_t next[NEXT_MAX];	     /* the latest arrival that waits */
	struct place places[];
};

struct slow {
	struct table *table; /* shared */
	size_t size;
	unsigned int places, of_account, of_silent;
};

static unsigned int
at_least(unsigned int least, unsigned int n)
{
	return n > least ? n : least;
}

struct slow *
slow_new(unsigned int workers)
{
	struct slow *s = malloc(sizeof *s);

	if (s == NULL)
		return NULL;
	*s = (struct slow){ .places = at_least(1, workers * 3 / 4),
		.of_account = at_least(2, workers / 4),
		.of_silent = at_least(1, workers / 4) };
	s->size = sizeof *s->table + s->places * sizeof s->table->places[0];
	if ((s->table = shared_new(s->size)) != NULL)
		return s;
	free(s);
	return NULL;
}

void
slow_free(struct slow *s)
{
	if (s == NULL)
		return;
	shared_free(s->table, s->size);
	free(s);
}

void
slow_inherit(struct slow *s, const struct slow *from)
{
	for (size_t i = 0; i < SILENT_MAX; i++)
		atomic_store(&s->table->silent[i],
		    atomic_load(&from->table->silent[i]));
}

/* FNV-1a; never 0. */
static uint64_t
hash_of(const char *account)
{
	uint64_t h = 14695981039346656037U;

	for (; *account != '\0'; account++)
		h = (h ^ (unsigned char)*account) * 1099511628211U;
	return h != 0 ? h : 1;
}

static bool
is_silent(const struct slow *s, uint64_t account)
{
	return atomic_load(&s->table->silent[account % SILENT_MAX]) == account;
}

/*
 * How many work for the account, and how many for silent ones, this worker
 * among them if it has a place.  A place whose holder died is not counted.
 */
static void
count(const struct slow *s, uint64_t account, unsigned int *same,
    unsigned int *silent)
{
	*same = *silent = 0;
	for (unsigned int i = 0; i < s->places; i++) {
		const struct place *p = &s->table->places[i];
		uint64_t of = atomic_load(&p->account);

		if (!alive_check(atomic_load(&p->holder)))
			continue;
		*same += of == account;
		*silent += is_silent(s, of);
	}
}

/* A place that is free, or whose holder died; NULL if there is none. */
static struct place *
take(const struct slow *s, uint64_t account)
{
	for (unsigned int i = 0; i < s->places; i++) {
		struct place *p = &s->table->places[i];
		uint64_t holder = atomic_load(&p->holder);

		if (alive_check(holder) ||
		    !atomic_compare_exchange_strong(&p->holder, &holder,
			alive_mark()))
			continue;
		atomic_store(&p->account, account);
		return p;
	}
	return NULL;
}

/* Two that enter at once may both find one too many: then both leave. */
bool
slow_enter(struct slow *s, const char *account)
{
	uint64_t hash = hash_of(account);
	unsigned int same, silent;
	struct place *p = take(s, hash);

	if (p == NULL)
		return false;
	count(s, hash, &same, &silent);
	if (same <= s->of_account &&
	    (!is_silent(s, hash) || silent <= s->of_silent))
		return true;
	atomic_store(&p->holder, 0);
	return false;
}

bool
slow_next(struct slow *s, const char *account, int64_t arrival)
{
	uint64_t hash = hash_of(account);
	_Atomic int64_t *next = &s->table->next[hash % NEXT_MAX];
	int64_t latest = atomic_load(next);
	unsigned int same, silent;

	count(s, hash, &same, &silent);
	if (same < s->of_account)
		return false;
	do {
		if (latest > arrival && latest - arrival < NEXT_US)
			return false;
	} while (!atomic_compare_exchange_weak(next, &latest, arrival));
	return true;
}

unsigned int
slow_count(const struct slow *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->places; i++)
		n += alive_check(atomic_load(&s->table->places[i].holder));
	return n;
}

void
slow_leave(struct slow *s, const char *account, bool answered)
{
	uint64_t hash = hash_of(account), mark = alive_mark();
	_Atomic uint64_t *silent = &s->table->silent[hash % SILENT_MAX];

	if (!answered)
		atomic_store(silent, hash);
	else if (is_silent(s, hash))
		atomic_store(silent, 0);
	for (unsigned int i = 0; i < s->places; i++) {
		uint64_t mine = mark;

		(void)
		    atomic_compare_exchange_strong(&s->table->places[i].holder,
			&mine, 0);
	}
}
