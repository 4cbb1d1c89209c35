/*
 * tools.h - the things that one worker has for itself, while it answers.
 */
#ifndef GATEWAY_TOOLS_H
#define GATEWAY_TOOLS_H

#include <stdbool.h>

#include "config/edition.h"
#include "gateway/metrics.h"
#include "https/exchange.h"
#include "state/state.h"

struct refusals;
struct update;

/* The workers of a pool, and those of them that are at work. */
struct worker_counts {
	unsigned int all, busy;
	bool outdated; /* the configuration on disk is not the one in force */
};

/* The things that one worker has for itself; never carry them across a fork. */
struct gateway_tools {
	struct edition edition; /* of the configuration, without a pool */
	struct tally tally;	/* what the present request adds */
	/* Counts the workers of the board; NULL: there is no pool. */
	void (*count_workers)(const void *board, struct worker_counts *c);
	const void *board;
	struct update *late; /* NULL, or one that goes on after its reply */
	struct exchanges *exchanges; /* connections to providers */
	struct store *store;	     /* connection to the state; or NULL */
	struct refusals *refusals;   /* of the pool; or NULL */
};

#endif
