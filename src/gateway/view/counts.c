#include "config.h"

#include <stdatomic.h>
#include <stdio.h>

#include "gateway/counters.h"
#include "gateway/view/counts.h"
#include "gateway/view/exposition.h"

#define END_MAX 16 /* bytes of the upper end of a bucket, as text */

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
	for (size_t i = 0; i <= COUNTERS_ENDS; i++) {
		count += value(&h->buckets[i]);
		if (i < COUNTERS_ENDS)
			snprintf(end, sizeof end, "%g",
			    counters_ends[i] / 1000.0);
		*le = (struct label){ "le", i < COUNTERS_ENDS ? end : "+Inf" };
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
counts_print(const struct metrics *m, struct buffer *b)
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
