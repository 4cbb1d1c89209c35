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

#define SLOW_QUIET_MS 500 /* without an answer, then a place may be asked for */

/*
 * For a pool of that many workers: 3 of 4 may be slow, at least 1.  Of one
 * account it is 1 of 4, and at least 2, for an equal update waits for the
 * first; of one provider, where there are several, 3 of 4 of the places; of all
 * accounts whose last proof failed, and of providers that gave no answer, 1 of
 * 4 workers, and at least 1.  To be made before the fork; NULL without memory.
 */
struct slow *slow_new(unsigned int workers);
void slow_free(struct slow *s);

/* Takes over which accounts and providers gave no answer. */
void slow_inherit(struct slow *s, const struct slow *from);

/*
 * Takes a place for a worker's slow work for an account.  False: there is none,
 * the router must come again.  A worker has one place at most.  provider: its
 * name, or NULL where there is only one.
 */
bool slow_enter(struct slow *s, const char *account, const char *provider);

/*
 * After slow_enter() said no: may this worker wait for a place, and ask again
 * soon?  It may if the account itself holds all that it can have, and if no
 * update of the account that reached the front later has asked the same of
 * late.  arrival: when this update reached the front, in microseconds since
 * 1970.  The order of arrival decides, as it decides whose claim is the newer
 * one (state/order.h): of several workers that ask at once, the one that waits
 * is the one whose claim makes the others stop.
 *
 * And it may if all places are taken, so that nobody else can have one, and few
 * wait already: then one of those that have waited for an answer for
 * SLOW_QUIET_MS is asked to give way.  slow_stop_waiting() ends that.
 */
bool slow_next(struct slow *s, const char *account, const char *provider,
    int64_t arrival);
void slow_stop_waiting(struct slow *s);

/*
 * Since when has the work waited for an answer, so that nothing is lost but
 * patience if it gives way?  A moment; 0: it does not.  To be told whenever it
 * changes.
 */
void slow_quiet(struct slow *s, int64_t since);

/* Is it asked to? */
bool slow_is_asked(const struct slow *s);

/*
 * Asks the worker with that alive_mark() to give way, if the last proof of its
 * account failed, if it has waited for an answer for SLOW_QUIET_MS, and if
 * nobody has asked it yet.
 */
void slow_ask(const struct slow *s, uint64_t holder);

/* Did the last proof of the account fail, or not even begin? */
bool slow_is_silent(const struct slow *s, const char *account);

/* How many workers have a place now. */
unsigned int slow_count(const struct slow *s);

/* Did the provider, not NULL, answer the last time? */
void slow_judge_provider(struct slow *s, const char *provider, bool answered);

/* Gives the place back; answered: has each proof begun, and did none fail? */
void slow_leave(struct slow *s, const char *account, bool answered);

#endif
