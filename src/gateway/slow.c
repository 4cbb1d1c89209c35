#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alive.h"
#include "base/clock.h"
#include "base/fnv.h"
#include "base/shared.h"
#include "gateway/slow.h"

#define SILENT_MAX  4096 /* accounts and providers that gave no answer */
#define NEXT_MAX    256	 /* accounts of which an update waits for a place */
#define WAITING_MAX 16	 /* workers that wait for a place of another account */
#define NEXT_US	    120000000 /* further apart: a clock was set back */

/* One worker at slow work. */
struct place {
	_Atomic uint64_t holder; /* alive_mark(); 0: free */
	_Atomic uint64_t account;
	_Atomic uint64_t provider;
	_Atomic int64_t quiet;	/* see slow_quiet() */
	_Atomic uint64_t asked; /* who asks for the place: alive_mark(), or 0 */
};

struct table {
	_Atomic uint64_t silent[SILENT_MAX]; /* hashes of accounts */
	_Atomic int64_t next[NEXT_MAX];	     /* the latest arrival that waits */
	_Atomic uint64_t waiting[WAITING_MAX]; /* alive_mark() */
	struct place places[];
};

struct slow {
	struct table *table; /* shared */
	size_t size;
	unsigned int places, of_account, of_silent, of_provider, waiting;
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
	s->of_provider = at_least(1, s->places - s->places / 4);
	s->waiting = (workers - s->places) / 2;
	if (s->waiting > WAITING_MAX)
		s->waiting = WAITING_MAX;
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

/* Never 0. */
static uint64_t
hash_of(const char *account)
{
	uint64_t h = fnv_hash(account, strlen(account));

	return h != 0 ? h : 1;
}

static bool
is_silent(const struct slow *s, uint64_t hash)
{
	return hash != 0 &&
	    atomic_load(&s->table->silent[hash % SILENT_MAX]) == hash;
}

/* One provider and an account of the same name are not the same. */
static uint64_t
hash_of_provider(const char *provider)
{
	return provider != NULL ? ~hash_of(provider) : 0;
}

struct counts {
	unsigned int all, account, provider, silent;
};

static bool
is_weak(const struct slow *s, uint64_t account, uint64_t provider)
{
	return is_silent(s, account) || is_silent(s, provider);
}

/*
 * How many work, in all, for the account, for the provider, and for silent
 * ones; this worker among them if it has a place.  A place whose holder died is
 * not counted.
 */
static struct counts
count(const struct slow *s, uint64_t account, uint64_t provider)
{
	struct counts c = { 0, 0, 0, 0 };

	for (unsigned int i = 0; i < s->places; i++) {
		const struct place *p = &s->table->places[i];
		uint64_t a = atomic_load(&p->account);
		uint64_t pr = atomic_load(&p->provider);

		if (!alive_check(atomic_load(&p->holder)))
			continue;
		c.all++;
		c.account += a == account;
		c.provider += provider != 0 && pr == provider;
		c.silent += is_weak(s, a, pr);
	}
	return c;
}

/* How many more an account that may have another could get. */
static unsigned int
room(const struct slow *s, const struct counts *c)
{
	unsigned int all = s->places > c->all ? s->places - c->all : 0;
	unsigned int of_provider =
	    s->of_provider > c->provider ? s->of_provider - c->provider : 0;

	return all < of_provider ? all : of_provider;
}

/* A place that is free, or whose holder died; NULL if there is none. */
static struct place *
take(const struct slow *s, uint64_t account, uint64_t provider)
{
	for (unsigned int i = 0; i < s->places; i++) {
		struct place *p = &s->table->places[i];

		if (!alive_take(&p->holder))
			continue;
		atomic_store(&p->account, account);
		atomic_store(&p->provider, provider);
		atomic_store(&p->quiet, 0);
		atomic_store(&p->asked, 0);
		return p;
	}
	return NULL;
}

/* The place of this worker, or NULL. */
static struct place *
own_place(const struct slow *s)
{
	for (unsigned int i = 0; i < s->places; i++)
		if (atomic_load(&s->table->places[i].holder) == alive_mark())
			return &s->table->places[i];
	return NULL;
}

/*
 * Waiting for a place of another account
 */

/* How many workers but this one wait; *mine: does this one? */
static unsigned int
count_waiting(const struct slow *s, bool *mine)
{
	unsigned int n = 0;

	*mine = false;
	for (unsigned int i = 0; i < WAITING_MAX; i++) {
		uint64_t mark = atomic_load(&s->table->waiting[i]);

		if (mark == alive_mark())
			*mine = true;
		else
			n += alive_check(mark);
	}
	return n;
}

static bool
start_waiting(const struct slow *s)
{
	bool mine;

	if (count_waiting(s, &mine) >= s->waiting)
		return false;
	for (unsigned int i = 0; i < WAITING_MAX && !mine; i++)
		mine = alive_take(&s->table->waiting[i]);
	return mine;
}

void
slow_stop_waiting(struct slow *s)
{
	for (unsigned int i = 0; i < WAITING_MAX; i++)
		alive_give_back(&s->table->waiting[i]);
	for (unsigned int i = 0; i < s->places; i++)
		alive_give_back(&s->table->places[i].asked);
}

/*
 * Asks one holder to give way that has waited for an answer for long enough: a
 * silent one first, else the one that has waited longest.  One at a time.
 */
static void
ask_one(const struct slow *s, bool silent_only)
{
	int64_t now = clock_now(), longest = 0;
	struct place *found = NULL;
	bool found_weak = false;
	uint64_t free = 0;

	for (unsigned int i = 0; i < s->places; i++) {
		struct place *p = &s->table->places[i];
		int64_t quiet = atomic_load(&p->quiet);
		bool weak = is_weak(s, atomic_load(&p->account),
		    atomic_load(&p->provider));

		if (atomic_load(&p->asked) == alive_mark())
			return;
		if (quiet == 0 || now - quiet < SLOW_QUIET_MS ||
		    atomic_load(&p->asked) != 0 || (silent_only && !weak) ||
		    (found_weak && !weak) ||
		    (found_weak == weak && now - quiet <= longest))
			continue;
		found = p;
		found_weak = weak;
		longest = now - quiet;
	}
	if (found != NULL)
		(void)atomic_compare_exchange_strong(&found->asked, &free,
		    alive_mark());
}

/* Two that enter at once may both find one too many: then both leave. */
bool
slow_enter(struct slow *s, const char *account, const char *provider)
{
	uint64_t hash = hash_of(account), of = hash_of_provider(provider);
	struct place *p = take(s, hash, of);
	bool weak = is_weak(s, hash, of), mine;
	unsigned int waiting;
	struct counts c;

	if (p == NULL)
		return false;
	c = count(s, hash, of);
	waiting = count_waiting(s, &mine);
	if (c.account <= s->of_account && c.provider <= s->of_provider &&
	    (!weak || c.silent <= s->of_silent) &&
	    (mine || waiting == 0 || room(s, &c) >= waiting))
		return true;
	atomic_store(&p->holder, 0);
	if (weak && c.silent > s->of_silent)
		ask_one(s, true);
	return false;
}

/* May the update wait, since the account holds all that it can have? */
static bool
is_newest(const struct slow *s, uint64_t account, int64_t arrival)
{
	_Atomic int64_t *next = &s->table->next[account % NEXT_MAX];
	int64_t latest = atomic_load(next);

	do {
		if (latest > arrival && latest - arrival < NEXT_US)
			return false;
	} while (!atomic_compare_exchange_weak(next, &latest, arrival));
	return true;
}

bool
slow_next(struct slow *s, const char *account, const char *provider,
    int64_t arrival)
{
	uint64_t hash = hash_of(account), of = hash_of_provider(provider);
	struct counts c = count(s, hash, of);

	if (c.account >= s->of_account)
		return is_newest(s, hash, arrival);
	if (is_weak(s, hash, of) || room(s, &c) > 0 || !start_waiting(s))
		return false;
	ask_one(s, false);
	return true;
}

void
slow_quiet(struct slow *s, int64_t since)
{
	struct place *p = own_place(s);

	if (p != NULL)
		atomic_store(&p->quiet, since);
}

bool
slow_is_asked(const struct slow *s)
{
	const struct place *p = own_place(s);

	return p != NULL && atomic_load(&p->asked) != 0 &&
	    atomic_load(&p->quiet) != 0;
}

void
slow_ask(const struct slow *s, uint64_t holder)
{
	int64_t now = clock_now();

	for (unsigned int i = 0; i < s->places; i++) {
		struct place *p = &s->table->places[i];
		int64_t quiet = atomic_load(&p->quiet);
		uint64_t free = 0;

		if (atomic_load(&p->holder) == holder && quiet != 0 &&
		    now - quiet >= SLOW_QUIET_MS &&
		    is_silent(s, atomic_load(&p->account)))
			(void)atomic_compare_exchange_strong(&p->asked, &free,
			    alive_mark());
	}
}

bool
slow_is_silent(const struct slow *s, const char *account)
{
	return is_silent(s, hash_of(account));
}

unsigned int
slow_count(const struct slow *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->places; i++)
		n += alive_check(atomic_load(&s->table->places[i].holder));
	return n;
}

static void
judge(struct slow *s, uint64_t hash, bool answered)
{
	_Atomic uint64_t *silent = &s->table->silent[hash % SILENT_MAX];

	if (!answered)
		atomic_store(silent, hash);
	else if (is_silent(s, hash))
		atomic_store(silent, 0);
}

void
slow_judge_provider(struct slow *s, const char *provider, bool answered)
{
	judge(s, hash_of_provider(provider), answered);
}

void
slow_leave(struct slow *s, const char *account, bool answered)
{
	struct place *p = own_place(s);

	judge(s, hash_of(account), answered);
	if (p != NULL)
		alive_give_back(&p->holder);
}
