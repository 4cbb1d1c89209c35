/*
 * test_backoff.c - a child that has served is replaced at once, and the pause
 * for others does not grow with the number of those that die together.
 */
#include "unit.h"

#include "pool/backoff.h"

/* One after the other: a death at now of a child that was born at born. */
static const struct {
	int64_t now, born;
	bool served, others;
	int left; /* ms afterwards until the next start */
	const char *why;
} deaths[] = {
	{ .now = 5000,
	    .born = 0,
	    .served = true,
	    .left = 0,
	    .why = "it has served" },
	{ .now = 6000, .born = 5000, .left = 100, .why = "the first one" },
	{ .now = 6001, .born = 5000, .left = 99, .why = "died with it" },
	{ .now = 6002, .born = 5001, .left = 98, .why = "and this one" },
	{ .now = 6200, .born = 6101, .left = 200, .why = "its successor" },
	{ .now = 6500, .born = 6401, .left = 400, .why = "the next" },
	{ .now = 6501, .born = 6401, .left = 399, .why = "of that batch" },
	{ .now = 7000, .born = 6901, .left = 800, .why = "doubled" },
	{ .now = 8000, .born = 7900, .left = 1600, .why = "doubled again" },
	{ .now = 10000,
	    .born = 9900,
	    .others = true,
	    .left = 1000,
	    .why = "others serve" },
	{ .now = 12000,
	    .born = 11900,
	    .others = true,
	    .left = 1000,
	    .why = "others still serve" },
	{ .now = 14000, .born = 13900, .left = 2000, .why = "nobody does" },
	{ .now = 20000, .born = 19900, .left = 4000, .why = "4 s" },
	{ .now = 30000, .born = 29900, .left = 8000, .why = "8 s" },
	{ .now = 40000, .born = 39900, .left = 16000, .why = "16 s" },
	{ .now = 60000, .born = 59900, .left = 30000, .why = "at most" },
	{ .now = 99000, .born = 98900, .left = 30000, .why = "not more" },
	{ .now = 99500,
	    .born = 98950,
	    .served = true,
	    .left = 0,
	    .why = "one has served, so it can be done" },
	{ .now = 99600, .born = 99550, .left = 100, .why = "from the start" },
};

static void
test_deaths(void **state)
{
	struct backoff b = { .pause = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(deaths); i++) {
		int left;

		backoff_death(&b, deaths[i].now, deaths[i].born,
		    deaths[i].served, deaths[i].others);
		left = backoff_left(&b, deaths[i].now);
		ROW(left == deaths[i].left, "%s: %d ms, not %d", deaths[i].why,
		    left, deaths[i].left);
	}
	ROWS_END();
	backoff_reset(&b);
	assert_int_equal(backoff_left(&b, 99600), 0);
}

/* 32 workers that cannot start cost one pause a round, not 32. */
static void
test_all_at_once(void **state)
{
	struct backoff b = { .pause = 0 };

	(void)state;
	for (int i = 0; i < 32; i++)
		backoff_death(&b, 1000 + i, 900, false, false);
	assert_int_equal(backoff_left(&b, 1000), 100);
	backoff_failure(&b, 2000, false);
	assert_int_equal(backoff_left(&b, 2000), 200);
	assert_int_equal(backoff_left(&b, 2200), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
