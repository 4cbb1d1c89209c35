/*
 * attempt.h - one connection to an address, from connect() to what it showed.
 *
 * It never blocks: the owner waits until attempt_fd() is ready for
 * attempt_events() and then calls attempt_step().
 */
#ifndef PROOF_ATTEMPT_H
#define PROOF_ATTEMPT_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "tls/trust.h"

struct attempt;

enum attempt_outcome {
	ATTEMPT_UNDER_WAY,
	ATTEMPT_PROVED,
	ATTEMPT_REFUSED, /* what the host showed is no proof */
	ATTEMPT_NOT_YET, /* nobody answered, or not to the end */
	ATTEMPT_LACKING	 /* we have no descriptor or no memory for it */
};

/* What to ask, and by what to judge the answer; all of it is borrowed. */
struct attempt_terms {
	const char *host; /* normalised name */
	const struct address *address;
	const struct proof_settings *how;	 /* not of kind PROOF_NONE */
	const struct authorities *trust;	 /* CAs, or none */
	gnutls_certificate_credentials_t nobody; /* trust_nobody() */
	gnutls_priority_t priority;
	struct certificate_names *names; /* to be filled; or NULL */
};

/*
 * Starts to connect; terms must outlive the attempt.  One that could not even
 * start has its outcome at once.  NULL: out of memory.  Release with
 * attempt_free(), which also closes the connection; NULL is fine there.
 */
struct attempt *attempt_start(const struct attempt_terms *terms);
void attempt_free(struct attempt *a);

/*
 * The descriptor to wait for and what poll(2) should wait for; -1 at the end.
 */
int attempt_fd(const struct attempt *a);
short attempt_events(const struct attempt *a);

/* Does all that can be done without waiting. */
enum attempt_outcome attempt_step(struct attempt *a);

/* Ends an attempt whose time is up: attempt_why() says what was missing. */
void attempt_expire(struct attempt *a);

enum attempt_outcome attempt_outcome(const struct attempt *a);

/* Has somebody accepted the connection? */
bool attempt_connected(const struct attempt *a);

/* The certificate that the host showed; empty if it came to none. */
const struct certificate_seen *attempt_seen(const struct attempt *a);

/* Why it is not proved; empty while it is under way or proved. */
const struct error *attempt_why(const struct attempt *a);

#endif
