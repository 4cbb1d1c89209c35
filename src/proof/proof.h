/*
 * proof.h - does the host that the operator named stand at this address?
 *
 * A TLS connection to that very address, with the host in SNI; never through
 * DNS, whose answer is the old address.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"

#define PROOF_MAX (2 * SETTINGS_HOSTS_MAX) /* in one run */

struct prover; /* trust and cipher choice; made before the fork */

/* One question, and its answer. */
struct proof {
	const char *host; /* normalised name */
	struct address address;
	const struct proof_settings *how;

	enum err result;  /* ERR_OK: proved */
	struct error why; /* set if not proved */
	int started;	  /* ms after the run's start */
	int ended;
};

/* NULL on failure, told in why.  Release with prover_free(); NULL is fine. */
struct prover *prover_new(struct error *why);
void prover_free(struct prover *p);

/*
 * Loads what a proof of this kind needs, such as its CA file.  To be called
 * for each proof_settings that will be used, before the fork.
 */
enum err prover_prepare(struct prover *p, const struct proof_settings *how,
    struct error *why);

/*
 * Runs up to PROOF_MAX proofs at the same time, in one loop, until each has
 * an answer or deadline (see clock.h) has passed; what has no answer by then
 * is not proved.  Each may read 256 kB and needs two descriptors at most.
 */
void prover_run(struct prover *p, struct proof *const list[], size_t count,
    int64_t deadline);

#endif
