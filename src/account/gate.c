#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "account/gate.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/shared.h"

#define TICK_NS 2000000L

struct gate {
	_Atomic uint64_t *holders; /* shared: the places, then the queue; see
				      base/alive.h */
	unsigned int places;
	unsigned int queue;
};

struct gate *
gate_new(unsigned int places, unsigned int queue)
{
	struct gate *g = malloc(sizeof *g);

	if (g == NULL)
		return NULL;
	*g = (struct gate){ shared_new((places + queue) * sizeof *g->holders),
		places, queue };
	if (g->holders != NULL)
		return g;
	free(g);
	return NULL;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	shared_free(g->holders, (g->places + g->queue) * sizeof *g->holders);
	free(g);
}

/* Takes one of count places from first on: a free one, or a dead holder's. */
static bool
take(const struct gate *g, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		uint64_t holder = 0;

		if (atomic_compare_exchange_strong(&g->holders[i], &holder,
			alive_mark()) ||
		    (!alive_check(holder) &&
			atomic_compare_exchange_strong(&g->holders[i], &holder,
			    alive_mark())))
			return true;
	}
	return false;
}

static void
give_back(const struct gate *g, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		uint64_t me = alive_mark();

		(void)atomic_compare_exchange_strong(&g->holders[i], &me, 0);
	}
}

bool
gate_enter(const struct gate *g)
{
	const struct timespec tick = { 0, TICK_NS };
	int64_t until = clock_now() + GATE_WAIT_MS;
	bool inside = take(g, 0, g->places);

	if (!inside && take(g, g->places, g->queue)) {
		while (
		    !(inside = take(g, 0, g->places)) && clock_left(until) > 0)
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
