/*
 * hosts.h - what the store knows of an update's hosts, and what it learns.
 *
 * The steps of update_run() that speak with state.h, in their order.  Each of
 * them gives a verdict to the records that end there, and leaves the others
 * open.
 */
#ifndef GATEWAY_HOSTS_H
#define GATEWAY_HOSTS_H

#include "gateway/update.h"
#include "state/state.h"

/* One host of an update, as the store sees it. */
struct host_state {
	struct state_claim claim;
	struct state_value old[STATE_FAMILIES]; /* before the intent */
	struct turn turn;
	bool is_mine; /* its turn was taken, and not given back */
	int64_t kept; /* a moment at which it certainly was ours */
};

/*
 * "nochg" for each host of which everything that is open is published already;
 * "busy" for all where the store of several machines is out of reach.
 * ERR_MEMORY: nothing was done.
 */
enum err hosts_recall(struct update *u);

/*
 * Tells the updates that are under way what this one claims, so that those with
 * an older, different claim stop; a claim that is older itself becomes "busy".
 */
void hosts_announce(struct update *u);

/*
 * Takes the turn of each host that is open, and waits for it until deadline, a
 * moment of clock_now().  A host with a newer claim becomes "busy", one with an
 * equal claim that was under way gets the verdicts of that.
 */
void hosts_take_turns(struct update *u, int64_t deadline);

/*
 * To be called every HOSTS_TICK_MS while the update is at work: a host with a
 * newer claim becomes "busy".  False when nothing is open any more.
 */
#define HOSTS_TICK_MS 400
bool hosts_keep_turns(struct update *u);

/*
 * Says what is about to be written of a host, an index, before its first
 * write.  Where the store of several machines does not take it, the host
 * becomes "busy".
 */
void hosts_intend(struct update *u, size_t host);

/*
 * After the last verdict: keeps what is certainly published now, gives back the
 * turns, and adds to the history what changed and what was refused.  In any
 * case, also after an error.
 */
void hosts_learn(struct update *u);

#endif
