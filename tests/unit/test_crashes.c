/*
 * test_crashes.c - when a pool is in a crash loop, and when no more; and how
 * many hosts were refused lately.
 */
#include "unit.h"

#include "gateway/refusals.h"
#include "pool/crashes.h"

static struct crashes c;

/* The moment's death is number n of a row, one each step_ms. */
static const struct {
	const char *why;
	unsigned int workers, deaths;
	int64_t step_ms;
	uint64_t replies; /* between two of them */
	unsigned int loop_at;
} rows[] = {
	{ "twice the pool is not yet a loop", 4, 8, 10, 0, 0 },
	{ "one more is", 4, 9, 10, 0, 9 },
	{ "a pool of one", 1, 3, 10, 0, 3 },
	{ "the largest pool", 256, 513, 10, 0, 513 },
	{ "all within a minute", 4, 40, 7500, 0, 9 },
	{ "but not in more", 4, 40, 7501, 0, 0 },
	{ "among replies each death is worth a worker", 4, 100, 10, 2, 0 },
	{ "one reply each: a worker serves and dies", 4, 100, 10, 1, 9 },
};

static void
test_loop(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int at = 0;

		crashes_reset(&c);
		for (unsigned int n = 1; n <= rows[i].deaths; n++)
			if (crashes_add(&c, 1000 + n * rows[i].step_ms,
				rows[i].workers, n * rows[i].replies) &&
			    at == 0)
				at = n;
		ROW(at == rows[i].loop_at, "%s: at %u, not %u", rows[i].why, at,
		    rows[i].loop_at);
		assert_int_equal(c.loop, at != 0);
	}
	ROWS_END();
}

/* It is told once, and ends with a worker that lives for ten seconds. */
static void
test_end(void **state)
{
	(void)state;
	crashes_reset(&c);
	assert_false(crashes_lives(&c, 99000, 0));
	for (int n = 0; n < 3; n++)
		assert_int_equal(crashes_add(&c, 1000 + n, 1, 0), n == 2);
	assert_false(crashes_add(&c, 1100, 1, 0));
	assert_false(crashes_lives(&c, 12099, 2100));
	assert_true(c.loop);
	assert_true(crashes_lives(&c, 12100, 2100));
	assert_false(c.loop);
	assert_false(crashes_add(&c, 12200, 1, 0));
}

/* The ring is longer than a loop of few: its oldest death is not the first. */
static void
test_ring(void **state)
{
	(void)state;
	crashes_reset(&c);
	for (int n = 0; n < 2000; n++)
		assert_false(crashes_add(&c, n * 60000LL, 2, 0));
	for (int n = 0; n < 5; n++)
		assert_int_equal(crashes_add(&c, 2000 * 60000LL + n, 2, 0),
		    n == 4);
}

static void
test_refusals(void **state)
{
	static struct refusals r;
	char host[32];

	(void)state;
	assert_int_equal(refusals_count(&r, 1), 0);
	refusals_add(&r, "a.example.org", 1000);
	refusals_add(&r, "A.example.org", 2000);
	refusals_add(&r, "b.example.org", 3000);
	assert_int_equal(refusals_count(&r, 3000), 2);
	assert_int_equal(refusals_count(&r, 1999 + REFUSALS_SPAN_MS), 2);
	assert_int_equal(refusals_count(&r, 2000 + REFUSALS_SPAN_MS), 1);
	assert_int_equal(refusals_count(&r, 3000 + REFUSALS_SPAN_MS), 0);
	/* Rows that are long past are taken again. */
	for (int i = 0; i < 1000; i++) {
		snprintf(host, sizeof host, "h%d.example.org", i);
		refusals_add(&r, host, 3000 + REFUSALS_SPAN_MS);
	}
	assert_int_equal(refusals_count(&r, 3000 + REFUSALS_SPAN_MS), 1000);
	for (int i = 0; i < 20000; i++) {
		snprintf(host, sizeof host, "x%d.example.org", i);
		refusals_add(&r, host, 5000 + REFUSALS_SPAN_MS);
	}
	assert_in_range(refusals_count(&r, 5000 + REFUSALS_SPAN_MS), 4000,
	    REFUSALS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
