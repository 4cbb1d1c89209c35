#include "config.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "account/gate.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/shared.h"

#define TICK_NS 2000000L

#define LANE 4

/* What all workers share; who holds a place or waits: see base/alive.h. */
struct table {
	_Atomic unsigned int turn; /* odd: the lane's */
	_Atomic uint64_t lane[LANE];
	_Atomic unsigned int ranks[LANE];
	_Atomic uint64_t holders[]; /* the places, then the queue */
};

struct gate {
	struct table *table;
	size_t size;
	_Atomic uint64_t *holders; /* of the table */
	unsigned int places;
	unsigned int queue;
};

struct gate *
gate_new(unsigned int places, unsigned int queue)
{
	struct gate *g = malloc(sizeof *g);

	if (g == NULL)
		return NULL;
	*g = (struct gate){ .places = places,
		.queue = queue,
		.size = sizeof *g->table +
		    (places + queue) * sizeof g->table->holders[0] };
	if ((g->table = shared_new(g->size)) != NULL) {
		g->holders = g->table->holders;
		return g;
	}
	free(g);
	return NULL;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	shared_free(g->table, g->size);
	free(g);
}

/* Takes one of count places from first on: a free one, or a dead holder's. */
static bool
take(const struct gate *g, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++)
		if (alive_take(&g->holders[i]))
			return true;
	return false;
}

static void
give_back(const struct gate *g, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++)
		alive_give_back(&g->holders[i]);
}

/* Where in the lane the one with the lowest rank waits; -1: nobody does. */
static int
first_in_lane(const struct table *t)
{
	int first = -1;

	for (int i = 0; i < LANE; i++)
		if (atomic_load(&t->lane[i]) != 0 &&
		    (first == -1 ||
			atomic_load(&t->ranks[i]) <
			    atomic_load(&t->ranks[first])) &&
		    alive_check(atomic_load(&t->lane[i])))
			first = i;
	return first;
}

/* Does somebody live wait in the queue? */
static bool
queue_waits(const struct gate *g)
{
	for (unsigned int i = g->places; i < g->places + g->queue; i++)
		if (atomic_load(&g->holders[i]) != 0 &&
		    alive_check(atomic_load(&g->holders[i])))
			return true;
	return false;
}

/* A place for one of the queue, unless it is the lane's turn. */
static bool
take_live(const struct gate *g)
{
	struct table *t = g->table;

	if (atomic_load(&t->turn) % 2 == 1 && first_in_lane(t) != -1)
		return false;
	if (!take(g, 0, g->places))
		return false;
	atomic_store(&t->turn, 1);
	return true;
}

/* A place for the first of the lane, who waits at index mine. */
static bool
take_late(const struct gate *g, int mine)
{
	struct table *t = g->table;

	if (first_in_lane(t) != mine ||
	    (atomic_load(&t->turn) % 2 == 0 && queue_waits(g)) ||
	    !take(g, 0, g->places))
		return false;
	atomic_store(&t->turn, 0);
	return true;
}

/*
 * Where rank may enter the lane: a free index, or that of the highest rank
 * above it; -1: nowhere.  *last gets who is there.
 */
static int
place_in_lane(const struct table *t, unsigned int rank, uint64_t *last)
{
	int worst = -1;

	for (int i = 0; i < LANE; i++) {
		unsigned int r = atomic_load(&t->ranks[i]);
		uint64_t holder = atomic_load(&t->lane[i]);

		if (!alive_check(holder))
			r = UINT_MAX;
		if (r <= rank ||
		    (worst != -1 && r <= atomic_load(&t->ranks[worst]) &&
			r != UINT_MAX))
			continue;
		worst = i;
		*last = holder;
		if (r == UINT_MAX)
			break;
	}
	return worst;
}

/* Of two that want one index, the one that comes too late looks again. */
static int
enter_lane(struct table *t, unsigned int rank)
{
	for (int tries = 0; tries < LANE * LANE; tries++) {
		uint64_t last = 0;
		int i = place_in_lane(t, rank, &last);

		if (i == -1)
			return -1;
		if (!atomic_compare_exchange_strong(&t->lane[i], &last,
			alive_mark()))
			continue;
		atomic_store(&t->ranks[i], rank);
		return i;
	}
	return -1;
}

bool
gate_enter_late(const struct gate *g, unsigned int rank)
{
	const struct timespec tick = { 0, TICK_NS };
	int64_t until = clock_now() + GATE_LATE_WAIT_MS;
	int mine = enter_lane(g->table, rank);
	uint64_t me = alive_mark();
	bool inside = false;

	if (mine == -1)
		return false;
	while (atomic_load(&g->table->lane[mine]) == me &&
	    !(inside = take_late(g, mine)) && clock_left(until) > 0)
		nanosleep(&tick, NULL);
	alive_give_back(&g->table->lane[mine]);
	return inside;
}

bool
gate_enter(const struct gate *g)
{
	const struct timespec tick = { 0, TICK_NS };
	int64_t until = clock_now() + GATE_WAIT_MS;
	bool inside = take_live(g);

	if (!inside && take(g, g->places, g->queue)) {
		while (!(inside = take_live(g)) && clock_left(until) > 0)
			nanosleep(&tick, NULL);
		give_back(g, g->places, g->queue);
	}
	return inside;
}

void
gate_leave(const struct gate *g)
{
	give_back(g, 0, g->places);
}

unsigned int
gate_waiting(const struct gate *g)
{
	unsigned int count = 0;

	for (unsigned int i = g->places; i < g->places + g->queue; i++)
		if (atomic_load(&g->holders[i]) != 0)
			count++;
	return count;
}

unsigned int
gate_waiting_late(const struct gate *g)
{
	unsigned int count = 0;

	for (int i = 0; i < LANE; i++)
		if (atomic_load(&g->table->lane[i]) != 0)
			count++;
	return count;
}
