/*
 * metrics.h - what has happened since the service started, counted.
 *
 * The counters lie in memory that all workers share, and have no lock that one
 * could die with.  What a request adds is put together first, and counted in
 * one go just before its reply leaves, with no system call in between: so a
 * request that was answered is counted once, whatever happens to its worker
 * afterwards.  A reload takes the counters over.
 */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "account/account.h"
#include "base/error.h"
#include "config/settings.h"

struct update;

/* Who asked, by the path. */
enum protocol {
	PROTOCOL_NONE, /* no request: what an update did after its reply */
	PROTOCOL_NATIVE,
	PROTOCOL_DYNDNS2,
	PROTOCOL_CHECKIP,
	PROTOCOL_PAGE, /* for people */
	PROTOCOL_METRICS,
	PROTOCOL_HEALTH,
	PROTOCOL_OTHER, /* any other path */
	PROTOCOL__COUNT
};

/* What came of a request. */
enum outcome {
	OUTCOME_GOOD,
	OUTCOME_NOCHG,
	OUTCOME_LEFT,
	OUTCOME_HELD,
	OUTCOME_ADDRESS,
	OUTCOME_PROOF,
	OUTCOME_PROVIDER,
	OUTCOME_BUSY,
	OUTCOME_LOGIN,
	OUTCOME_LIMIT,
	OUTCOME_LOGINS_BUSY,
	OUTCOME_UPDATES_BUSY,
	OUTCOME_REQUEST,
	OUTCOME_HOST,
	OUTCOME_PATH,
	OUTCOME_METHOD,
	OUTCOME_ABANDONED,
	OUTCOME_FAULT,
	OUTCOME__COUNT
};

enum login_outcome {
	LOGIN_NOT_TRIED,
	LOGIN_NONE,   /* there was no credential */
	LOGIN_RECENT, /* right, and known from a moment ago */
	LOGIN_RIGHT,
	LOGIN_WRONG,
	LOGIN_LIMIT, /* not looked at: too many failed from there */
	LOGIN_BUSY,  /* not looked at: too many at the same time */
	LOGIN__COUNT
};

enum proof_outcome {
	PROOF_GOOD,
	PROOF_REFUSED, /* the host showed something else */
	PROOF_NO_ANSWER,
	PROOF_FAULT, /* a lack of our own; or nobody waited for the end */
	PROOF__COUNT
};

/* What came of the requests of one update to its provider. */
enum call_outcome {
	CALL_NONE,
	CALL_WRITTEN,
	CALL_UNCHANGED, /* it had everything already */
	CALL_READ,	/* only read, for nothing was to be written */
	CALL_REFUSED,
	CALL_TOKEN,
	CALL_ZONE,
	CALL_BUSY,
	CALL_UNREACHABLE,
	CALL_FAULT,
	CALL__COUNT
};

#define TALLY_FAMILIES 2 /* IPv4, IPv6 */

/* What one request adds.  A span of -1 ms is none. */
struct tally {
	enum protocol protocol;
	enum outcome outcome;
	enum login_outcome login;
	unsigned int proofs[TALLY_FAMILIES][PROOF__COUNT];
	enum call_outcome call;
	size_t provider; /* of the call: index into those of the settings */
	int whole_ms, login_ms, proofs_ms, provider_ms;
};

/* Nothing yet, of a request by that protocol. */
struct tally tally_new(enum protocol protocol);

/* The outcome of a login that ended with rc. */
enum login_outcome tally_login(const struct login *l, enum err rc);

/* What an update adds when its reply is ready; without a call that goes on. */
void tally_update(struct tally *t, const struct update *u);

/* What the call of an update adds, once it has ended. */
void tally_call(struct tally *t, const struct update *u);

/* The outcome of a page, by the HTTP status of its reply. */
void tally_page(struct tally *t, int status);

struct metrics; /* of one configuration */

/* Before the fork.  s must outlive the result.  NULL without memory. */
struct metrics *metrics_new(const struct settings *s);
void metrics_free(struct metrics *m);

/*
 * Goes on with the counters of another configuration; those of a provider go
 * with its name.  from can only be freed afterwards.
 */
void metrics_inherit(struct metrics *m, struct metrics *from);

/* When counting began, in seconds since 1970. */
int64_t metrics_began(const struct metrics *m);

/* Counts what a request adds. */
void metrics_count(struct metrics *m, const struct tally *t);

#endif
