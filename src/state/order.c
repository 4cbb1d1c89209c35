#include "config.h"

#include <string.h>

#include "state/order.h"

static bool
same_claim(const struct turn *a, const struct turn *b)
{
	return memcmp(a->claim, b->claim, ORDER_CLAIM_LEN) == 0;
}

static bool
is_later(const struct turn *a, const struct turn *b)
{
	return a->arrival != b->arrival ? a->arrival > b->arrival :
					  a->id > b->id;
}

/*
 * Is there a different claim that reached the front after t?  Only one that was
 * accepted of late counts, and only if it is not later by more than a request
 * can be old: a front whose clock was set back would otherwise be superseded.
 */
static bool
is_superseded(const struct order *o, const struct turn *t, int64_t now)
{
	return o->newest.id != 0 && o->newest_at + ORDER_NEWEST_MS > now &&
	    o->newest.arrival <= t->arrival + ORDER_NEWEST_MS * INT64_C(1000) &&
	    !same_claim(&o->newest, t) && is_later(&o->newest, t);
}

static bool
has_holder(const struct order *o, int64_t now)
{
	return o->holder.id != 0 && o->lease > now;
}

enum order_answer
order_take(struct order *o, const struct turn *t, int64_t now)
{
	if (is_superseded(o, t, now))
		return ORDER_SUPERSEDED;
	if (o->newest.id == 0 || !same_claim(&o->newest, t) ||
	    is_later(t, &o->newest)) {
		o->newest = *t;
		o->newest_at = now;
	}
	if (has_holder(o, now) && o->holder.id != t->id)
		return ORDER_WAIT;
	/*
	 * Only what ended after t began was true of the time of t; in the same
	 * millisecond, t may be the next request of the client that was told.
	 */
	if (o->shared_at > t->began && o->shared_at + ORDER_SHARED_MS > now &&
	    memcmp(o->shared, t->claim, ORDER_CLAIM_LEN) == 0)
		return ORDER_SHARED;
	o->holder = *t;
	o->lease = now + ORDER_LEASE_MS;
	return ORDER_MINE;
}

enum order_answer
order_keep(struct order *o, const struct turn *t, int64_t now)
{
	if (o->holder.id != t->id || is_superseded(o, t, now))
		return ORDER_SUPERSEDED;
	/* The lease is not extended each time: a change costs a commit. */
	if (o->lease - now < ORDER_LEASE_MS / 2)
		o->lease = now + ORDER_LEASE_MS;
	return ORDER_MINE;
}

void
order_give(struct order *o, const struct turn *t, const int *verdicts,
    int64_t now)
{
	if (o->holder.id != t->id)
		return;
	o->holder = (struct turn){ .id = 0 };
	o->lease = 0;
	if (verdicts == NULL)
		return;
	memcpy(o->shared, t->claim, ORDER_CLAIM_LEN);
	memcpy(o->verdicts, verdicts, sizeof o->verdicts);
	o->shared_at = now;
}
