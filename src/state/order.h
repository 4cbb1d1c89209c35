/*
 * order.h - whose turn is it, when several updates want one host?
 *
 * Two updates of a host never overlap in their slow part, over all workers and
 * all machines that share a store.  The rules stand here, without a clock or a
 * store, so that every interleaving can be tried:
 *
 *  - The claim that reached the front last is the newest.  An update with an
 *    older, different claim is superseded: it writes nothing more.
 *  - A claim equal to the one at work waits for it, and shares its verdicts.
 *  - A different, newer one waits until the one at work has stopped.
 *
 * A store keeps one struct order a host, and changes it in a transaction.
 */
#ifndef STATE_ORDER_H
#define STATE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_CLAIM_LEN 16 /* bytes of SHA-256 over what a claim asks for */
#define ORDER_VERDICTS	2  /* one a family: IPv4, IPv6 */

#define ORDER_LEASE_MS	2000  /* a holder that is silent for so long is dead */
#define ORDER_NEWEST_MS 60000 /* no request is older than that */
#define ORDER_SHARED_MS 10000 /* verdicts are shared for so long */

/* One update of one host. */
struct turn {
	uint64_t id;	 /* random, not 0: tells equal claims apart */
	int64_t arrival; /* us since 1970, by the clock of the front */
	int64_t began;	 /* ms of the store's clock: when it first asked */
	uint8_t claim[ORDER_CLAIM_LEN];
};

/* The record that a store keeps of a host; all zero until an update asks. */
struct order {
	struct turn newest; /* the newest claim that was accepted */
	int64_t newest_at;  /* ms of the store's clock */
	struct turn holder; /* whose turn it is; .id 0: nobody's */
	int64_t lease;	    /* ms of the store's clock: until then */
	uint8_t shared[ORDER_CLAIM_LEN]; /* the last claim that was finished, */
	int64_t shared_at;		 /* when it was, */
	int verdicts[ORDER_VERDICTS];	 /* and what came of it */
};

enum order_answer {
	ORDER_MINE,	   /* go on: nobody else is at work */
	ORDER_WAIT,	   /* another one is; ask again soon */
	ORDER_SHARED,	   /* an equal claim was finished meanwhile */
	ORDER_SUPERSEDED,  /* a newer claim is there: write nothing more */
	ORDER_OUT_OF_REACH /* the store does not answer; never from order_*() */
};

/*
 * May t begin at now?  Changes *o, which the caller then commits.  With
 * ORDER_SHARED o->verdicts holds those to share.
 */
enum order_answer order_take(struct order *o, const struct turn *t,
    int64_t now);

/*
 * May t, which was ORDER_MINE, go on?  Extends its lease.  ORDER_MINE, or
 * ORDER_SUPERSEDED, also when its lease had ended and another one began.
 */
enum order_answer order_keep(struct order *o, const struct turn *t,
    int64_t now);

/*
 * Ends the turn of t.  Its verdicts are kept for those that wait with an equal
 * claim; NULL: it did not get so far, and the next one begins anew.
 */
void order_give(struct order *o, const struct turn *t, const int *verdicts,
    int64_t now);

#endif
