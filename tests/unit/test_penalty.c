/*
 * test_penalty.c - who has to wait, and for how long.
 */
#include "unit.h"

#include "account/penalty.h"
#include "base/clock.h"

/* Stands before ours: time passes as the test likes. */
static int64_t now = 1;

int64_t __wrap_clock_now(void);

int64_t
__wrap_clock_now(void)
{
	return now;
}

static long
wait_of(const struct penalties *p, const char *text)
{
	struct address a;

	assert_true(address_parse_any(&a, text));
	return penalty_wait(p, &a);
}

static void
add(struct penalties *p, const char *text, int times)
{
	struct address a;

	assert_true(address_parse_any(&a, text));
	while (times-- > 0)
		penalty_add(p, &a);
}

/* So many failures of one, and whom they hold up. */
static const struct {
	const char *source;
	int failures;
	const char *asks;
	long wait; /* seconds */
} rows[] = {
	{ "192.0.2.1", PENALTY_BURST - 1, "192.0.2.1", 0 },
	{ "192.0.2.1", PENALTY_BURST, "192.0.2.1", 60 },
	{ "192.0.2.1", PENALTY_BURST + 1, "192.0.2.1", 120 },
	{ "192.0.2.1", PENALTY_BURST, "192.0.2.2", 0 },
	{ "192.0.2.1", PENALTY_BURST, "2001:db8::1", 0 },
	/* As a web server may write it. */
	{ "::ffff:192.0.2.1", PENALTY_BURST, "192.0.2.1", 60 },
	{ "::ffff:192.0.2.1", PENALTY_BURST, "::ffff:192.0.2.2", 0 },
	/* Whoever has one address of a /64 has all of them. */
	{ "2001:db8:1:2::1", PENALTY_BURST, "2001:db8:1:2:ffff::", 60 },
	{ "2001:db8:1:2::1", PENALTY_BURST, "2001:db8:1:3::1", 0 },
	{ "2001:db8:1:2::1", PENALTY_BURST, "2001:db8:2:2::1", 0 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct penalties *p = penalties_new();
		long wait;

		add(p, rows[i].source, rows[i].failures);
		wait = wait_of(p, rows[i].asks);
		ROW(wait == rows[i].wait, "%d of %s: %s waits %ld s",
		    rows[i].failures, rows[i].source, rows[i].asks, wait);
		penalties_free(p);
	}
	ROWS_END();
}

/* Many /64 of one /48 are one attacker. */
static void
test_wide(void **state)
{
	struct penalties *p = penalties_new();
	char text[64];

	(void)state;
	for (int i = 0; i < PENALTY_BURST * PENALTY_NETS; i++) {
		assert_int_equal(wait_of(p, "2001:db8:1:ffff::1"), 0);
		snprintf(text, sizeof text, "2001:db8:1:%x::1", i);
		add(p, text, 1);
	}
	assert_int_equal(wait_of(p, "2001:db8:1:ffff::1"), 15);
	assert_int_equal(wait_of(p, "2001:db8:2:ffff::1"), 0);
	penalties_free(p);
}

/* One is forgiven each minute, and in the end all. */
static void
test_time(void **state)
{
	struct penalties *p = penalties_new();

	(void)state;
	add(p, "192.0.2.1", PENALTY_BURST);
	now += PENALTY_INTERVAL_MS - 1;
	assert_int_equal(wait_of(p, "192.0.2.1"), 1);
	now++;
	assert_int_equal(wait_of(p, "192.0.2.1"), 0);
	add(p, "192.0.2.1", 1);
	assert_int_equal(wait_of(p, "192.0.2.1"), 60);
	now += (int64_t)PENALTY_BURST * PENALTY_INTERVAL_MS;
	add(p, "192.0.2.1", PENALTY_BURST - 1);
	assert_int_equal(wait_of(p, "192.0.2.1"), 0);
	penalties_free(p);
}

/* Who fails now is held up, whatever else fills the table. */
static void
test_flood(void **state)
{
	struct penalties *p = penalties_new();
	char text[64];

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		snprintf(text, sizeof text, "2001:db8:%x:%x::", i >> 16,
		    i & 0xffff);
		add(p, text, 1);
		now += 1;
	}
	add(p, "192.0.2.1", PENALTY_BURST);
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "2001:db9:%x:%x::", i >> 16,
		    i & 0xffff);
		add(p, text, 1);
	}
	assert_int_equal(wait_of(p, "192.0.2.1"), 60);
	penalties_free(p);
	penalties_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
