/*
 * work.h - the slow part of an update: proofs and the provider, in one loop.
 *
 * While the proofs run the provider is connected to and read; the records of a
 * host are written once all its proofs are there.  What was begun at the
 * provider when the router gets its reply is finished after it.
 */
#ifndef GATEWAY_WORK_H
#define GATEWAY_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/update.h"

struct work; /* of one update */

/*
 * Begins with the records that are open.  By the deadline the router has its
 * reply, which bounds the proofs; late: when the provider's last request ends.
 * NULL: out of memory, and those records are "busy".  u must outlive it.
 */
struct work *work_start(struct update *u, int64_t deadline, int64_t late);

/*
 * Works until everything has its verdict, or until the router gets its reply:
 * at the deadline, or UPDATE_PROVIDER_MS after the last proof.  Hosts that
 * another update supersedes are given up meanwhile.
 */
void work_run(struct work *w);

/* Goes on after the reply, until the moment or until every record is done. */
void work_go_on(struct work *w, int64_t until);

/*
 * Is something written, or being written, at the provider that is not whole, or
 * read there from a list of which some pages have come?
 */
bool work_goes_on(const struct work *w);

/* Gives up what is open, which becomes "busy".  NULL is fine. */
void work_end(struct work *w);

#endif
