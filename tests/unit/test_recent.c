/*
 * test_recent.c - which logins are remembered, by whom and for how long.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "account/recent.h"
#include "base/clock.h"

/* Stands before ours: time passes as the test likes. */
static int64_t now = 1;

int64_t __wrap_clock_now(void);

int64_t
__wrap_clock_now(void)
{
	return now;
}

static const struct verifier one = { .key = { 1 } }, other = { .key = { 2 } };

static void
test_knows(void **state)
{
	struct recent *m = recent_new(10), *another = recent_new(10);

	(void)state;
	assert_non_null(m);
	assert_false(recent_knows(m, &one, "router:token"));
	recent_add(m, &one, "router:token");
	assert_true(recent_knows(m, &one, "router:token"));
	/* Only that credential, for that verifier, of this start. */
	assert_false(recent_knows(m, &one, "router:token2"));
	assert_false(recent_knows(m, &one, "router:toke"));
	assert_false(recent_knows(m, &one, ""));
	assert_false(recent_knows(m, &other, "router:token"));
	assert_false(recent_knows(another, &one, "router:token"));
	recent_free(m);
	recent_free(another);
	recent_free(NULL);
}

/* It is forgotten when nobody came for so long, and not before. */
static void
test_forgets(void **state)
{
	struct recent *m = recent_new(10);

	(void)state;
	recent_add(m, &one, "router:token");
	now += RECENT_MS - 1;
	assert_true(recent_knows(m, &one, "router:token"));
	now += RECENT_MS - 1;
	assert_true(recent_knows(m, &one, "router:token"));
	now += RECENT_MS;
	assert_false(recent_knows(m, &one, "router:token"));
	recent_add(m, &one, "router:token");
	assert_true(recent_knows(m, &one, "router:token"));
	recent_free(m);
}

/* What one process learns the others know. */
static void
test_shared(void **state)
{
	struct recent *m = recent_new(10);
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		recent_add(m, &one, "router:token");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(recent_knows(m, &one, "router:token"));
	recent_free(m);
}

/* There is room for as many as was asked for; more push out the oldest. */
static void
test_room(void **state)
{
	struct recent *m = recent_new(1000);
	size_t known = 0;
	char text[32];

	(void)state;
	assert_true(recent_room(m) >= 1000);
	for (int i = 0; i < 100000; i++) {
		now++;
		snprintf(text, sizeof text, "router%d:token", i);
		recent_add(m, &one, text);
		ROW(recent_knows(m, &one, text), "%s is not known", text);
	}
	for (int i = 99000; i < 100000; i++) {
		snprintf(text, sizeof text, "router%d:token", i);
		known += recent_knows(m, &one, text);
	}
	ROW(known > 900, "only %zu of the last 1000 are known", known);
	recent_free(m);
	ROWS_END();
}

/* A larger table takes over each login, and when it is forgotten. */
static void
test_copy(void **state)
{
	struct recent *m = recent_new(20), *larger = recent_new(2000);
	size_t known = 0, before = 0;
	char text[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "router%d:token", i);
		recent_add(m, &one, text);
	}
	/* Of more than four in a set some are forgotten. */
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "router%d:token", i);
		before += recent_knows(m, &one, text);
	}
	now += RECENT_MS / 2;
	recent_copy(larger, m);
	recent_free(m);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "router%d:token", i);
		known += recent_knows(larger, &one, text);
	}
	assert_true(before > 10);
	assert_int_equal(known, before);
	assert_false(recent_knows(larger, &other, "router1:token"));
	recent_free(larger);

	m = recent_new(20);
	larger = recent_new(2000);
	recent_add(m, &one, "router:token");
	now += RECENT_MS / 2;
	recent_copy(larger, m);
	now += RECENT_MS - RECENT_MS / 2;
	assert_false(recent_knows(larger, &one, "router:token"));
	recent_free(m);
	recent_free(larger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_knows),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
