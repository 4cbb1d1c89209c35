#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shared.h"
#include "gateway/exposition.h"
#include "gateway/metrics.h"

/*
 * Room for those of two configurations, so that a worker of the old one never
 * counts in a place of the new one.
 */
#define PLACES (2 * SETTINGS_PROVIDERS_MAX)

/* Upper ends of the buckets, in milliseconds; the last bucket has none. */
static const int ends[] = { 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000,
	10000 };
#define ENDS	(sizeof ends / sizeof *ends)
#define END_MAX 16 /* bytes of one as text */

struct histogram {
	_Atomic uint64_t buckets[ENDS + 1];
	_Atomic uint64_t sum_ms;
};

/* What is counted for one provider. */
struct place {
	_Atomic uint64_t calls[CALL__COUNT];
	struct histogram duration;
};

struct counters {
	_Atomic uint64_t requests[PROTOCOL__COUNT][OUTCOME__COUNT];
	_Atomic uint64_t logins[LOGIN__COUNT];
	_Atomic uint64_t proofs[TALLY_FAMILIES][PROOF__COUNT];
	struct histogram whole, login, proof;
	struct place places[PLACES];
	int64_t began; /* seconds since 1970 */
};

struct metrics {
	const struct settings *settings;
	struct counters *counters;	      /* shared */
	size_t place[SETTINGS_PROVIDERS_MAX]; /* of each provider */
};

static const char *const protocols[] = {
	[PROTOCOL_NONE] = "none",
	[PROTOCOL_NATIVE] = "update",
	[PROTOCOL_DYNDNS2] = "dyndns2",
	[PROTOCOL_CHECKIP] = "checkip",
	[PROTOCOL_PAGE] = "page",
	[PROTOCOL_METRICS] = "metrics",
	[PROTOCOL_HEALTH] = "health",
	[PROTOCOL_OTHER] = "other",
};
_Static_assert(sizeof protocols / sizeof *protocols == PROTOCOL__COUNT,
    "a word per protocol");

static const char *const outcomes[] = {
	[OUTCOME_GOOD] = "good",
	[OUTCOME_NOCHG] = "nochg",
	[OUTCOME_LEFT] = "left",
	[OUTCOME_HELD] = "held",
	[OUTCOME_ADDRESS] = "address",
	[OUTCOME_PROOF] = "proof",
	[OUTCOME_PROVIDER] = "provider",
	[OUTCOME_BUSY] = "busy",
	[OUTCOME_LOGIN] = "login",
	[OUTCOME_LIMIT] = "limit",
	[OUTCOME_LOGINS_BUSY] = "logins_busy",
	[OUTCOME_UPDATES_BUSY] = "updates_busy",
	[OUTCOME_REQUEST] = "request",
	[OUTCOME_HOST] = "host",
	[OUTCOME_PATH] = "path",
	[OUTCOME_METHOD] = "method",
	[OUTCOME_ABANDONED] = "abandoned",
	[OUTCOME_FAULT] = "fault",
};
_Static_assert(sizeof outcomes / sizeof *outcomes == OUTCOME__COUNT,
    "a word per outcome");

static const char *const logins[] = {
	[LOGIN_NOT_TRIED] = "not_tried",
	[LOGIN_NONE] = "none",
	[LOGIN_RECENT] = "recent",
	[LOGIN_RIGHT] = "right",
	[LOGIN_WRONG] = "wrong",
	[LOGIN_LIMIT] = "limit",
	[LOGIN_BUSY] = "busy",
};
_Static_assert(sizeof logins / sizeof *logins == LOGIN__COUNT,
    "a word per outcome");

static const char *const families[] = { "ipv4", "ipv6" };
_Static_assert(sizeof families / sizeof *families == TALLY_FAMILIES,
    "a word per family");

static const char *const proofs[] = {
	[PROOF_GOOD] = "good",
	[PROOF_REFUSED] = "refused",
	[PROOF_NO_ANSWER] = "no_answer",
	[PROOF_FAULT] = "fault",
};
_Static_assert(sizeof proofs / sizeof *proofs == PROOF__COUNT,
    "a word per outcome");

static const char *const calls[] = {
	[CALL_NONE] = "none",
	[CALL_WRITTEN] = "written",
	[CALL_UNCHANGED] = "unchanged",
	[CALL_READ] = "read",
	[CALL_REFUSED] = "refused",
	[CALL_TOKEN] = "token",
	[CALL_ZONE] = "zone",
	[CALL_BUSY] = "busy",
	[CALL_UNREACHABLE] = "unreachable",
	[CALL_FAULT] = "fault",
};
_Static_assert(sizeof calls / sizeof *calls == CALL__COUNT,
    "a word per outcome");

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

/* The place of the provider of that name, or PLACES. */
static size_t
find_place(const struct metrics *m, const char *name)
{
	const struct settings *s = m->settings;

	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->providers[i].name, name) == 0)
			return m->place[i];
	return PLACES;
}

void
metrics_inherit(struct metrics *m, struct metrics *from)
{
	const struct settings *s = m->settings;
	struct counters *own = m->counters;
	bool used[PLACES] = { false };
	size_t free_one = 0;

	for (size_t i = 0; i < from->settings->provider_count; i++)
		used[from->place[i]] = true;
	m->counters = from->counters;
	from->counters = own;
	for (size_t i = 0; i < s->provider_count; i++) {
		size_t place = find_place(from, s->providers[i].name);

		if (place == PLACES) {
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
	while (i < ENDS && ms > ends[i])
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

static int64_t
value(const _Atomic uint64_t *counter)
{
	return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

/* The samples of a histogram; label may be NULL. */
static void
print_histogram(struct buffer *b, const char *name, const struct label *label,
    const struct histogram *h)
{
	char end[END_MAX];
	struct label labels[3] = { { NULL, NULL } };
	struct label *le = labels;
	int64_t count = 0;

	if (label != NULL)
		*le++ = *label;
	for (size_t i = 0; i <= ENDS; i++) {
		count += value(&h->buckets[i]);
		if (i < ENDS)
			snprintf(end, sizeof end, "%g", ends[i] / 1000.0);
		*le = (struct label){ "le", i < ENDS ? end : "+Inf" };
		exposition_integer(b, name, "_bucket", labels, count);
	}
	*le = (struct label){ NULL, NULL };
	exposition_thousandths(b, name, "_sum", labels,
	    (uint64_t)value(&h->sum_ms));
	exposition_integer(b, name, "_count", labels, count);
}

/* One span, of all requests. */
static void
print_span(struct buffer *b, const char *name, const char *help,
    const struct histogram *h)
{
	exposition_metric(b, name, "histogram", help);
	print_histogram(b, name, NULL, h);
}

/* All outcomes of updates, and of other requests those that there were. */
static void
print_requests(const struct counters *c, struct buffer *b)
{
	static const char name[] = "ddnsgate_requests_total";

	exposition_metric(b, name, "counter",
	    "Requests that were answered, by protocol and outcome.");
	for (size_t p = PROTOCOL_NONE + 1; p < PROTOCOL__COUNT; p++)
		for (size_t o = 0; o < OUTCOME__COUNT; o++) {
			const struct label labels[] = { { "protocol",
							    protocols[p] },
				{ "outcome", outcomes[o] }, { NULL, NULL } };
			int64_t n = value(&c->requests[p][o]);

			if (n > 0 || p == PROTOCOL_NATIVE ||
			    p == PROTOCOL_DYNDNS2 || o == OUTCOME_GOOD)
				exposition_integer(b, name, "", labels, n);
		}
}

static void
print_logins(const struct counters *c, struct buffer *b)
{
	static const char name[] = "ddnsgate_logins_total";

	exposition_metric(b, name, "counter",
	    "Logins, by outcome; a recent one was right a moment ago.");
	for (size_t i = LOGIN_NOT_TRIED + 1; i < LOGIN__COUNT; i++) {
		const struct label labels[] = { { "outcome", logins[i] },
			{ NULL, NULL } };

		exposition_integer(b, name, "", labels, value(&c->logins[i]));
	}
}

/* Requests that found a queue full. */
static void
print_refusals(const struct counters *c, struct buffer *b)
{
	static const char name[] = "ddnsgate_queue_refusals_total";
	static const struct {
		const char *queue;
		enum outcome outcome;
	} queues[] = { { "logins", OUTCOME_LOGINS_BUSY },
		{ "updates", OUTCOME_UPDATES_BUSY } };

	exposition_metric(b, name, "counter",
	    "Requests that were told to come again, for the queue was full.");
	for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
		const struct label labels[] = { { "queue", queues[i].queue },
			{ NULL, NULL } };
		int64_t n = 0;

		for (size_t p = 0; p < PROTOCOL__COUNT; p++)
			n += value(&c->requests[p][queues[i].outcome]);
		exposition_integer(b, name, "", labels, n);
	}
}

static void
print_proofs(const struct counters *c, struct buffer *b)
{
	static const char name[] = "ddnsgate_proofs_total";

	exposition_metric(b, name, "counter",
	    "Proofs of addresses, by family and outcome.");
	for (size_t f = 0; f < TALLY_FAMILIES; f++)
		for (size_t i = 0; i < PROOF__COUNT; i++) {
			const struct label labels[] = { { "family",
							    families[f] },
				{ "outcome", proofs[i] }, { NULL, NULL } };

			exposition_integer(b, name, "", labels,
			    value(&c->proofs[f][i]));
		}
}

static void
print_providers(const struct metrics *m, struct buffer *b)
{
	static const char name[] = "ddnsgate_provider_calls_total";
	static const char span[] = "ddnsgate_provider_duration_seconds";
	const struct settings *s = m->settings;

	exposition_metric(b, name, "counter",
	    "Updates that called the provider, by outcome.");
	for (size_t p = 0; p < s->provider_count; p++)
		for (size_t i = CALL_NONE + 1; i < CALL__COUNT; i++) {
			const struct label labels[] = {
				{ "provider", s->providers[p].name },
				{ "outcome", calls[i] }, { NULL, NULL }
			};

			exposition_integer(b, name, "", labels,
			    value(&m->counters->places[m->place[p]].calls[i]));
		}
	exposition_metric(b, span, "histogram",
	    "From the begin of the proofs to the provider's last answer.");
	for (size_t p = 0; p < s->provider_count; p++) {
		const struct label label = { "provider", s->providers[p].name };

		print_histogram(b, span, &label,
		    &m->counters->places[m->place[p]].duration);
	}
}

void
metrics_print(const struct metrics *m, struct buffer *b)
{
	const struct counters *c = m->counters;

	print_requests(c, b);
	print_refusals(c, b);
	print_logins(c, b);
	print_proofs(c, b);
	print_providers(m, b);
	print_span(b, "ddnsgate_update_duration_seconds",
	    "From the first byte of an update to its reply.", &c->whole);
	print_span(b, "ddnsgate_login_duration_seconds",
	    "The time that logins took.", &c->login);
	print_span(b, "ddnsgate_proof_duration_seconds",
	    "The time that all proofs of an update took.", &c->proof);
}
