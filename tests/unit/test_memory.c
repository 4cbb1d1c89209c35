/*
 * test_memory.c - which logins are remembered, by whom and for how long.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "account/memory.h"
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
	struct memory *m = memory_new(10), *another = memory_new(10);

	(void)state;
	assert_non_null(m);
	assert_false(memory_knows(m, &one, "router:token"));
	memory_add(m, &one, "router:token");
	assert_true(memory_knows(m, &one, "router:token"));
	/* Only that credential, for that verifier, of this start. */
	assert_false(memory_knows(m, &one, "router:token2"));
	assert_false(memory_knows(m, &one, "router:toke"));
	assert_false(memory_knows(m, &one, ""));
	assert_false(memory_knows(m, &other, "router:token"));
	assert_false(memory_knows(another, &one, "router:token"));
	memory_free(m);
	memory_free(another);
	memory_free(NULL);
}

/* It is forgotten when nobody came for so long, and not before. */
static void
test_forgets(void **state)
{
	struct memory *m = memory_new(10);

	(void)state;
	memory_add(m, &one, "router:token");
	now += MEMORY_TIME - 1;
	assert_true(memory_knows(m, &one, "router:token"));
	now += MEMORY_TIME - 1;
	assert_true(memory_knows(m, &one, "router:token"));
	now += MEMORY_TIME;
	assert_false(memory_knows(m, &one, "router:token"));
	memory_add(m, &one, "router:token");
	assert_true(memory_knows(m, &one, "router:token"));
	memory_free(m);
}

/* What one process learns the others know. */
static void
test_shared(void **state)
{
	struct memory *m = memory_new(10);
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		memory_add(m, &one, "router:token");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(memory_knows(m, &one, "router:token"));
	memory_free(m);
}

/* There is room for as many as was asked for; more push out the oldest. */
static void
test_room(void **state)
{
	struct memory *m = memory_new(1000);
	size_t known = 0;
	char text[32];

	(void)state;
	assert_true(memory_room(m) >= 1000);
	for (int i = 0; i < 100000; i++) {
		now++;
		snprintf(text, sizeof text, "router%d:token", i);
		memory_add(m, &one, text);
		ROW(memory_knows(m, &one, text), "%s is not known", text);
	}
	for (int i = 99000; i < 100000; i++) {
		snprintf(text, sizeof text, "router%d:token", i);
		known += memory_knows(m, &one, text);
	}
	ROW(known > 900, "only %zu of the last 1000 are known", known);
	memory_free(m);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_knows),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
