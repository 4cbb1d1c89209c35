/*
 * proof.h - does the host that the operator named stand at this address?
 *
 * A TLS connection to that very address, with the host in SNI; never through
 * DNS, whose answer is the old address.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "tls/verify.h"

#define PROOF_MAX (2 * SETTINGS_HOSTS_MAX) /* in one run */

struct trust;
struct prover; /* trust and cipher choice; made before the fork */

/* What is to be proved, and whether it was. */
struct proof {
	const char *host; /* normalised name */
	struct address address;
	const struct proof_settings *how;

	/*
	 * ERR_OK: proved.  ERR_PROOF: not proved.  Another code: we lack
	 * memory or descriptors, which says nothing of the host.
	 */
	bool done; /* the rest is final */
	enum err result;
	struct error why; /* set if not proved */

	/* What the host showed last, proved or not; empty: nothing. */
	struct certificate_seen seen;
	struct certificate_names *names; /* the same; NULL: not wanted */

	/*
	 * Milliseconds from proofs_start() to the first connect, and the end.
	 */
	int started, ended;
};

/*
 * trust gets the CA files of the proofs and must outlive the result.  NULL on
 * failure, told in why.  Release with prover_free(); NULL is fine.
 */
struct prover *prover_new(struct trust *trust, struct error *why);
void prover_free(struct prover *p);

/*
 * Loads what a proof of this kind needs, such as its CA file.  To be called
 * for each proof_settings that will be used, before the fork.
 */
enum err prover_prepare(struct prover *p, const struct proof_settings *how,
    struct error *why);

/*
 * The proofs of one update, all at the same time, as a part of a poll(2) loop
 * of the caller's own:
 *
 *	run = proofs_start(...);
 *	while (proofs_open(run)) {
 *		n = proofs_fds(run, fds);
 *		poll(fds, n, clock_left(proofs_wake(run)));
 *		proofs_step(run, fds);
 *	}
 *	proofs_end(run);
 *
 * "Not yet" is tried again until the deadline: no answer, a refused connect, a
 * connection that is cut before the answer.  What a host shows is final.  Each
 * proof needs two descriptors at most; each connection may read 256 kB.
 */
struct proofs;

#define PROOFS_FDS_MAX (2 * PROOF_MAX)

/*
 * Starts up to PROOF_MAX proofs; p and list must outlive the run.  deadline:
 * see clock.h; what has no answer by then is not proved.  NULL: out of memory,
 * which each proof then says.  Release with proofs_end().
 */
struct proofs *proofs_start(const struct prover *p, struct proof *const list[],
    size_t count, int64_t deadline);

/* Is there a proof that has no result yet? */
bool proofs_open(const struct proofs *run);

/* Has a host accepted a connection that is under way? */
bool proofs_connected(const struct proofs *run);

/* Fills fds, which has room for PROOFS_FDS_MAX; returns how many it filled. */
size_t proofs_fds(const struct proofs *run, struct pollfd fds[]);

/*
 * The moment at which proofs_step() must be called, even if nothing is ready.
 */
int64_t proofs_wake(const struct proofs *run);

/*
 * Goes on where fds, as proofs_fds() filled it and poll() answered, is ready.
 */
void proofs_step(struct proofs *run, const struct pollfd fds[]);

/* Closes what is still open, whose proofs have no result.  NULL is fine. */
void proofs_end(struct proofs *run);

/* The whole loop: returns when every proof has its result. */
void prover_run(struct prover *p, struct proof *const list[], size_t count,
    int64_t deadline);

#endif
