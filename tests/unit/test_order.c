/*
 * test_order.c - whose turn it is, whichever update asks when.
 */
#include "unit.h"

#include "state/order.h"

static struct turn
turn_of(uint64_t id, int64_t arrival, char claim)
{
	struct turn t = { .id = id, .arrival = arrival, .began = 1000 };

	memset(t.claim, claim, sizeof t.claim);
	return t;
}

/* One call, and what it must answer. */
static const struct step {
	enum { TAKE, KEEP, GIVE, GIVE_UP } call;
	uint64_t id; /* the arrival of an update is 100 * its id */
	char claim;
	int64_t now;
	enum order_answer answer;
} stories[][10] = {
	/* One after the other. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { KEEP, 1, 'A', 1100, ORDER_MINE },
	    { GIVE, 1, 'A', 1200, ORDER_MINE },
	    { TAKE, 2, 'B', 1300, ORDER_MINE },
	    { GIVE, 2, 'B', 1400, ORDER_MINE } },
	/* An equal claim waits, and shares. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'A', 1100, ORDER_WAIT },
	    { KEEP, 1, 'A', 1150, ORDER_MINE },
	    { GIVE, 1, 'A', 1200, ORDER_MINE },
	    { TAKE, 2, 'A', 1250, ORDER_SHARED } },
	/* One that did not get so far has nothing to share. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'A', 1100, ORDER_WAIT },
	    { GIVE_UP, 1, 'A', 1200, ORDER_MINE },
	    { TAKE, 2, 'A', 1250, ORDER_MINE } },
	/* A newer claim stops the older, and waits until it has stopped. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'B', 1100, ORDER_WAIT },
	    { KEEP, 1, 'A', 1150, ORDER_SUPERSEDED },
	    { TAKE, 2, 'B', 1160, ORDER_WAIT },
	    { GIVE_UP, 1, 'A', 1200, ORDER_MINE },
	    { TAKE, 2, 'B', 1250, ORDER_MINE } },
	/* An older one that comes late, or again. */
	{ { TAKE, 2, 'B', 1000, ORDER_MINE },
	    { TAKE, 1, 'A', 1100, ORDER_SUPERSEDED },
	    { KEEP, 2, 'B', 1150, ORDER_MINE },
	    { GIVE, 2, 'B', 1200, ORDER_MINE },
	    { TAKE, 1, 'A', 1300, ORDER_SUPERSEDED },
	    { TAKE, 3, 'A', 1400, ORDER_MINE } },
	/* The one in the middle never has its turn. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'B', 1100, ORDER_WAIT },
	    { TAKE, 3, 'A', 1200, ORDER_WAIT },
	    { TAKE, 2, 'B', 1250, ORDER_SUPERSEDED },
	    { KEEP, 1, 'A', 1300, ORDER_MINE },
	    { GIVE, 1, 'A', 1350, ORDER_MINE },
	    { TAKE, 3, 'A', 1400, ORDER_SHARED } },
	/* A holder that died leaves its turn when the lease ends. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'B', 2900, ORDER_WAIT },
	    { TAKE, 2, 'B', 3000, ORDER_MINE },
	    { KEEP, 1, 'A', 3050, ORDER_SUPERSEDED } },
	/* So does one that was only asleep, for an equal claim. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'A', 3000, ORDER_MINE },
	    { KEEP, 1, 'A', 3050, ORDER_SUPERSEDED },
	    { GIVE, 1, 'A', 3060, ORDER_MINE },
	    { KEEP, 2, 'A', 3100, ORDER_MINE } },
	/* Who goes on keeps it for longer than a lease. */
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { KEEP, 1, 'A', 2500, ORDER_MINE },
	    { KEEP, 1, 'A', 4000, ORDER_MINE },
	    { TAKE, 2, 'B', 5000, ORDER_WAIT } },
	/* A front whose clock was set back is believed again after a minute. */
	{ { TAKE, 9, 'A', 1000, ORDER_MINE },
	    { GIVE, 9, 'A', 1100, ORDER_MINE },
	    { TAKE, 2, 'B', 60999, ORDER_SUPERSEDED },
	    { TAKE, 2, 'B', 61000, ORDER_MINE } },
	/* At once, if it was set back by more than that. */
	{ { TAKE, 600009, 'A', 1000, ORDER_MINE },
	    { GIVE, 600009, 'A', 1100, ORDER_MINE },
	    { TAKE, 9, 'B', 1200, ORDER_SUPERSEDED },
	    { TAKE, 8, 'B', 1300, ORDER_MINE } },
	/*
	 * Verdicts of before the update began, or of long ago, are not shared.
	 */
	{ { TAKE, 1, 'A', 800, ORDER_MINE }, { GIVE, 1, 'A', 999, ORDER_MINE },
	    { TAKE, 2, 'A', 1000, ORDER_MINE } },
	{ { TAKE, 1, 'A', 800, ORDER_MINE }, { GIVE, 1, 'A', 1000, ORDER_MINE },
	    { TAKE, 2, 'A', 1000, ORDER_MINE } },
	{ { TAKE, 1, 'A', 1000, ORDER_MINE },
	    { GIVE, 1, 'A', 1100, ORDER_MINE },
	    { TAKE, 2, 'A', 11100, ORDER_MINE } },
};

static void
test_stories(void **state)
{
	static const int verdicts[ORDER_VERDICTS] = { 3, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT(stories); i++) {
		struct order o = { .lease = 0 };

		for (const struct step *s = stories[i]; s->id != 0; s++) {
			struct turn t =
			    turn_of(s->id, 100 * (int64_t)s->id, s->claim);
			enum order_answer got = s->answer;

			if (s->call == TAKE)
				got = order_take(&o, &t, s->now);
			else if (s->call == KEEP)
				got = order_keep(&o, &t, s->now);
			else
				order_give(&o, &t,
				    s->call == GIVE ? verdicts : NULL, s->now);
			ROW(got == s->answer, "story %zu, step %td: %d", i,
			    s - stories[i], (int)got);
			ROW(got != ORDER_SHARED || o.verdicts[1] == 4,
			    "story %zu: shares %d", i, o.verdicts[1]);
		}
	}
	ROWS_END();
}

/*
 * Some updates of one host, in any order: each takes its turn, asks whether it
 * may go on, writes to the provider, and gives the turn back.
 */
#define UPDATES 4

struct update {
	struct turn turn;
	enum { NEW, AT_WORK, MAY_WRITE, WRITTEN, DONE, REFUSED } at;
};

static unsigned int
next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

/* One step of an update; *provider is what the provider has. */
static void
advance(struct update *u, struct order *o, int64_t now, char *provider)
{
	static const int verdicts[ORDER_VERDICTS] = { 1, 1 };
	enum order_answer answer;

	switch (u->at) {
	case NEW:
		answer = order_take(o, &u->turn, now);
		u->at = answer == ORDER_MINE ? AT_WORK :
		    answer == ORDER_WAIT     ? NEW :
		    answer == ORDER_SHARED   ? DONE :
					       REFUSED;
		break;
	case AT_WORK:
		u->at = MAY_WRITE;
		if (order_keep(o, &u->turn, now) != ORDER_MINE) {
			order_give(o, &u->turn, NULL, now);
			u->at = REFUSED;
		}
		break;
	case MAY_WRITE:
		*provider = (char)u->turn.claim[0];
		u->at = WRITTEN;
		break;
	case WRITTEN:
		order_give(o, &u->turn, verdicts, now);
		u->at = DONE;
		break;
	default:
		break;
	}
}

static void
play(unsigned int seed)
{
	struct order o = { .lease = 0 };
	struct update updates[UPDATES] = { { .at = NEW } };
	char provider = '-';
	int64_t now = 1000;
	bool open = true;

	for (unsigned int i = 0; i < UPDATES; i++)
		updates[i].turn = turn_of(i + 1, 100 + i,
		    (char)('A' + next_random(&seed) % 3));
	while (open) {
		unsigned int holders = 0;

		advance(&updates[next_random(&seed) % UPDATES], &o, now++,
		    &provider);
		open = false;
		for (unsigned int i = 0; i < UPDATES; i++) {
			open = open || updates[i].at < DONE;
			holders += updates[i].at > NEW && updates[i].at < DONE;
		}
		ROW(holders <= 1, "seed %u: %u at work", seed, holders);
	}
	ROW(updates[UPDATES - 1].at == DONE, "the newest was refused");
	ROW(provider == (char)updates[UPDATES - 1].turn.claim[0],
	    "the provider has %c, not the newest %c", provider,
	    (char)updates[UPDATES - 1].turn.claim[0]);
}

static void
test_any_order(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20000; seed++)
		play(seed);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
