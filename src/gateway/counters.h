/*
 * counters.h - what the metrics count in: memory that all workers share.
 *
 * For metrics.c, which counts, and view/counts.c, which shows the counters.
 */
#ifndef GATEWAY_COUNTERS_H
#define GATEWAY_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "config/settings.h"
#include "gateway/metrics.h"

/*
 * Room for the providers of two configurations, so that a worker of the old one
 * never counts in a place of the new one.
 */
#define COUNTERS_PLACES (2 * SETTINGS_PROVIDERS_MAX)

/*
 * A histogram has a bucket for each of these upper ends, in milliseconds, and
 * one more for what is above all of them.
 */
#define COUNTERS_ENDS 12
extern const int counters_ends[COUNTERS_ENDS];

struct histogram {
	_Atomic uint64_t buckets[COUNTERS_ENDS + 1];
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
	struct place places[COUNTERS_PLACES];
	int64_t began; /* seconds since 1970 */
};

struct metrics {
	const struct settings *settings;
	struct counters *counters;	      /* shared */
	size_t place[SETTINGS_PROVIDERS_MAX]; /* of each provider */
};

#endif
