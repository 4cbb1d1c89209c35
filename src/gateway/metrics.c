#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shared.h"
#include "gateway/counters.h"
#include "gateway/metrics.h"

const int counters_ends[COUNTERS_ENDS] = { 1, 5, 10, 25, 50, 100, 250, 500,
	1000, 2500, 5000, 10000 };

struct metrics *
metrics_new(const struct settings *s)
{
	struct metrics *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->settings = s;
	for (size_t i = 0; i < SETTINGS_PROVIDERS_MAX; i++)
		m->place[i] = i;
	if ((m->counters = shared_new(sizeof *m->counters)) != NULL) {
		m->counters->began = time(NULL);
		return m;
	}
	free(m);
	return NULL;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	shared_free(m->counters, sizeof *m->counters);
	free(m);
}

/* The place of the provider of that name, or COUNTERS_PLACES. */
static size_t
find_place(const struct metrics *m, const char *name)
{
	const struct settings *s = m->settings;

	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->providers[i].name, name) == 0)
			return m->place[i];
	return COUNTERS_PLACES;
}

void
metrics_inherit(struct metrics *m, struct metrics *from)
{
	const struct settings *s = m->settings;
	struct counters *own = m->counters;
	bool used[COUNTERS_PLACES] = { false };
	size_t free_one = 0;

	for (size_t i = 0; i < from->settings->provider_count; i++)
		used[from->place[i]] = true;
	m->counters = from->counters;
	from->counters = own;
	for (size_t i = 0; i < s->provider_count; i++) {
		size_t place = find_place(from, s->providers[i].name);

		if (place == COUNTERS_PLACES) {
			while (used[free_one])
				free_one++;
			place = free_one;
			used[place] = true;
			memset(&m->counters->places[place], 0,
			    sizeof m->counters->places[place]);
		}
		m->place[i] = place;
	}
}

int64_t
metrics_began(const struct metrics *m)
{
	return m->counters->began;
}

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void
add_span(struct histogram *h, int ms)
{
	size_t i = 0;

	if (ms < 0)
		return;
	while (i < COUNTERS_ENDS && ms > counters_ends[i])
		i++;
	add(&h->buckets[i], 1);
	add(&h->sum_ms, (uint64_t)ms);
}

void
metrics_count(struct metrics *m, const struct tally *t)
{
	struct counters *c = m->counters;
	struct place *place = &c->places[m->place[t->provider]];

	if (t->protocol != PROTOCOL_NONE)
		add(&c->requests[t->protocol][t->outcome], 1);
	if (t->login != LOGIN_NOT_TRIED)
		add(&c->logins[t->login], 1);
	for (size_t f = 0; f < TALLY_FAMILIES; f++)
		for (size_t i = 0; i < PROOF__COUNT; i++)
			if (t->proofs[f][i] > 0)
				add(&c->proofs[f][i], t->proofs[f][i]);
	add_span(&c->whole, t->whole_ms);
	add_span(&c->login, t->login_ms);
	add_span(&c->proof, t->proofs_ms);
	if (t->call != CALL_NONE) {
		add(&place->calls[t->call], 1);
		add_span(&place->duration, t->provider_ms);
	}
}
