/*
 * slow.h - how many workers may wait for somebody else at the same time.
 *
 * A proof and a provider may take seconds.  If every worker could be held by
 * them, web servers that swallow packets, or one provider that hangs, would
 * starve everybody.  So a part of the workers always answers at once: nochg, a
 * wrong login, health, busy.  The places are shared memory; that of a worker
 * that died is free again.
 */
#ifndef GATEWAY_SLOW_H
#define GATEWAY_SLOW_H

#include <stdbool.h>
#include <stdint.h>

struct slow;

/*
 * For a pool of that many workers: 3 of 4 may be slow, at least 1.  Of one
 * account it is 1 of 4, and at least 2, for an equal update waits for the
 * first; of all accounts whose last proof got no answer 1 of 4, and at least
 * 1.  To be made before the fork; NULL without memory.
 */
struct slow *slow_new(unsigned int workers);
void slow_free(struct slow *s);

/* Takes over which accounts got no answer. */
void slow_inherit(struct slow *s, const struct slow *from);

/*
 * Takes a place for a worker's slow work for an account.  False: there is none,
 * the router must come again.  A worker has one place at most.
 */
bool slow_enter(struct slow *s, const char *account);

/*
 * After slow_enter() said no: may this worker wait for a place, and ask again
 * soon?  It may if the account itself holds all that it can have, and if no
 * update of the account that reached the front later has asked the same of
 * late.  arrival: when this update reached the front, in microseconds since
 * 1970.  The order of arrival decides, as it decides whose claim is the newer
 * one (state/order.h): of several workers that ask at once, the one that waits
 * is the one whose claim makes the others stop.
 */
bool slow_next(struct slow *s, const char *account, int64_t arrival);

/* How many workers have a place now. */
unsigned int slow_count(const struct slow *s);

/* Gives the place back; answered: did every host that was asked answer? */
void slow_leave(struct slow *s, const char *account, bool answered);

#endif
