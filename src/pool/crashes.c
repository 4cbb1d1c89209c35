#include "config.h"

#include "pool/crashes.h"

#define RING                                   \
	(sizeof((struct crashes *)0)->deaths / \
	    sizeof *((struct crashes *)0)->deaths)

void
crashes_reset(struct crashes *c)
{
	c->next = c->count = 0;
	c->loop = false;
}

bool
crashes_add(struct crashes *c, int64_t now, unsigned int workers,
    uint64_t replies)
{
	size_t limit = 2 * (size_t)workers + 1, first;

	c->deaths[c->next].at = now;
	c->deaths[c->next].replies = replies;
	c->next = (c->next + 1) % RING;
	if (c->count < RING)
		c->count++;
	if (c->loop || c->count < limit)
		return false;
	first = (c->next + RING - limit) % RING;
	c->loop = now - c->deaths[first].at <= CRASHES_SPAN_MS &&
	    replies - c->deaths[first].replies < limit;
	return c->loop;
}

bool
crashes_lives(struct crashes *c, int64_t now, int64_t born)
{
	if (!c->loop || now - born < CRASHES_LIVED_MS)
		return false;
	crashes_reset(c);
	return true;
}
