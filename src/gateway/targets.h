/*
 * targets.h - the networks that proofs connect to, one connection at a time.
 *
 * A proof connects to whatever address an account claims, so accounts could
 * turn the pool against a network of somebody else.  Therefore only one update
 * at a time connects to a network in which no proof has ever succeeded; and of
 * the accounts whose last proof failed, only one at a time to a network in
 * which the last proof failed.  Neighbours whose proofs succeed do not wait for
 * each other, as a network holds many customers of one access provider.
 *
 * What counts is the update: its hosts, which the operator named, are proved at
 * once.  The table is shared memory; what a worker that died held is free.
 */
#ifndef GATEWAY_TARGETS_H
#define GATEWAY_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"

struct targets;

/* For so many workers.  To be made before the fork; NULL without memory. */
struct targets *targets_new(unsigned int workers);
void targets_free(struct targets *t);

/* Takes over what is known of networks. */
void targets_inherit(struct targets *t, const struct targets *from);

/*
 * The networks of one update, as hashes; all zero to begin with.  An update has
 * three: that of its IPv4 address, of its IPv6 address and of its prefix.
 */
#define TARGET_NETWORKS_MAX 4
struct target_networks {
	uint64_t hashes[TARGET_NETWORKS_MAX]; /* 0: no more */
};

/*
 * Adds the network of an address: its /24 (IPv4), the smallest that providers
 * route to each other, or its /48 (IPv6), the most that a site gets (RFC 6177).
 * More than TARGET_NETWORKS_MAX, as a prefix shorter than a /48 may have, are
 * left out.
 */
void target_add(struct target_networks *wanted, const struct address *a);

/*
 * May this worker connect to the networks now?  has_failed: did the last proof
 * of the account fail?  Unless they are free another one is in the way:
 * *holder, its alive_mark().  This one waits then, until it asks again or
 * leaves; whoever has not failed goes before those that have.  CROWDED: it does
 * not wait, since the one that connects has had no success for TARGETS_SLOW_MS,
 * and a quarter of the workers, at least three, wait already.  Two that enter
 * at once may both have to wait.
 */
#define TARGETS_SLOW_MS 1000
enum targets_answer { TARGETS_FREE, TARGETS_WAIT, TARGETS_CROWDED };
enum targets_answer targets_enter(struct targets *t,
    const struct target_networks *wanted, bool has_failed, uint64_t *holder);

/* A proof at the address has ended, and has succeeded or not. */
void targets_judge(struct targets *t, const struct address *a, bool proved);

/* This worker connects no more, nor waits. */
void targets_leave(struct targets *t);

#endif
