/*
 * test_slow.c - how many may wait for others, each of them a process.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alive.h"
#include "base/clock.h"
#include "gateway/slow.h"

#define WORKERS_MAX 40

/* Workers that took a place, and hold it until they are killed. */
struct crowd {
	pid_t pids[WORKERS_MAX];
	size_t count;
};

/* One worker more for the account; did it get a place? */
static bool
join_at(struct crowd *c, struct slow *s, const char *account,
    const char *provider)
{
	int ready[2];
	char got = 0;

	assert_int_equal(pipe(ready), 0);
	if ((c->pids[c->count] = fork()) == 0) {
		got = slow_enter(s, account, provider) ? 'y' : 'n';
		(void)!write(ready[1], &got, 1);
		pause();
		_exit(0);
	}
	assert_true(c->pids[c->count++] > 0);
	assert_int_equal(read(ready[0], &got, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return got == 'y';
}

static bool
join(struct crowd *c, struct slow *s, const char *account)
{
	return join_at(c, s, account, NULL);
}

/* May another process wait for a place for the account? */
static bool
waits(struct slow *s, const char *account)
{
	int status = 2;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(slow_next(s, account, NULL, 1) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status) == 0;
}

static void
kill_all(struct crowd *c)
{
	for (size_t i = 0; i < c->count; i++) {
		kill(c->pids[i], SIGKILL);
		waitpid(c->pids[i], NULL, 0);
	}
	c->count = 0;
}

static const struct {
	unsigned int workers, all, of_account;
} pools[] = {
	{ 32, 24, 8 },
	{ 8, 6, 2 },
	{ 4, 3, 2 },
	{ 1, 1, 1 },
};

static void
test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		struct slow *s = slow_new(pools[i].workers);
		struct crowd c = { .count = 0 };
		unsigned int got = 0;
		char account[16];

		while (join(&c, s, "one"))
			got++;
		ROW(got == pools[i].of_account, "%u workers: %u of an account",
		    pools[i].workers, got);
		for (unsigned int n = got; n < pools[i].all; n++) {
			snprintf(account, sizeof account, "a%u", n);
			ROW(join(&c, s, account), "%u workers: %u is too many",
			    pools[i].workers, n);
		}
		ROW(!join(&c, s, "last"), "%u workers: one more than %u",
		    pools[i].workers, pools[i].all);
		/* The places of those that died are free again. */
		kill_all(&c);
		ROW(join(&c, s, "one"), "%u workers: places of the dead",
		    pools[i].workers);
		kill_all(&c);
		slow_free(s);
	}
	ROWS_END();
}

/* Accounts that got no answer share a quarter, until they get one. */
static void
test_silent(void **state)
{
	struct slow *s = slow_new(8), *next;
	struct crowd c = { .count = 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		const char *const accounts[] = { "a", "b", "c", "d" };

		assert_true(slow_enter(s, accounts[i], NULL));
		slow_leave(s, accounts[i], false);
	}
	next = slow_new(8);
	slow_inherit(next, s);
	slow_free(s);
	s = next;
	assert_true(join(&c, s, "a"));
	assert_true(join(&c, s, "b"));
	assert_false(join(&c, s, "c"));
	assert_true(join(&c, s, "good"));
	kill_all(&c);
	assert_true(slow_enter(s, "c", NULL));
	slow_leave(s, "c", true);
	assert_true(join(&c, s, "a"));
	assert_true(join(&c, s, "b"));
	assert_true(join(&c, s, "c"));
	assert_false(join(&c, s, "d"));
	kill_all(&c);
	slow_free(s);
}

/*
 * Of the updates that wait for a place of their account it is the newest, in
 * whatever order they ask.
 */
static void
test_next(void **state)
{
	const int64_t noon = 1795867200000000;
	struct slow *s = slow_new(8);
	struct crowd c = { .count = 0 };
	int status = 1;
	pid_t pid;

	(void)state;
	assert_false(slow_next(s, "one", NULL, noon));
	assert_true(join(&c, s, "one"));
	assert_false(slow_next(s, "one", NULL, noon));
	assert_true(join(&c, s, "one"));
	assert_true(slow_next(s, "one", NULL, noon));
	assert_true(slow_next(s, "one", NULL, noon));
	assert_false(slow_next(s, "two", NULL, noon));
	/* An older one that asks later is not the next, and ends no wait. */
	assert_false(slow_next(s, "one", NULL, noon - 1));
	assert_true(slow_next(s, "one", NULL, noon));
	if ((pid = fork()) == 0)
		_exit(slow_next(s, "one", NULL, noon + 1) ? 0 : 1);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_false(slow_next(s, "one", NULL, noon));
	/* The clock was set back by an hour. */
	assert_true(slow_next(s, "one", NULL, noon - 3600000000));
	kill_all(&c);
	assert_false(slow_next(s, "one", NULL, noon + 2));
	slow_free(s);
}

/* Where all places are taken, one that has had no answer gives way. */
static void
test_give_way(void **state)
{
	struct slow *s = slow_new(8);
	struct crowd c = { .count = 0 };
	int64_t now = clock_now();

	(void)state;
	assert_true(slow_enter(s, "own", NULL));
	for (int i = 0; i < 5; i++) {
		char account[16];

		snprintf(account, sizeof account, "a%d", i);
		assert_true(join(&c, s, account));
	}
	/* Nobody has waited for long enough: it may wait, and nobody is asked.
	 */
	assert_false(slow_is_asked(s));
	assert_true(waits(s, "good"));
	assert_false(slow_is_asked(s));
	slow_quiet(s, now - SLOW_QUIET_MS);
	assert_true(waits(s, "good"));
	assert_true(slow_is_asked(s));
	slow_quiet(s, 0);
	assert_false(slow_is_asked(s));
	/* An account without an answer neither waits nor asks. */
	slow_leave(s, "bad", false);
	assert_true(join(&c, s, "a5"));
	assert_false(waits(s, "bad"));
	kill_all(&c);
	assert_false(waits(s, "good"));
	slow_free(s);
}

/* Who is in the way may be asked by name, once it has waited long enough. */
static void
test_ask(void **state)
{
	struct slow *s = slow_new(8);
	struct crowd c = { .count = 0 };

	(void)state;
	/* Without a place nobody is asked for one. */
	slow_quiet(s, clock_now() - SLOW_QUIET_MS);
	slow_ask(s, alive_mark());
	assert_false(slow_is_asked(s));
	assert_true(slow_enter(s, "own", NULL));
	assert_true(join(&c, s, "other"));
	slow_ask(s, alive_mark());
	assert_false(slow_is_asked(s));
	slow_quiet(s, clock_now() - SLOW_QUIET_MS + 60000);
	slow_ask(s, alive_mark());
	assert_false(slow_is_asked(s));
	slow_quiet(s, clock_now() - SLOW_QUIET_MS);
	slow_ask(s, alive_mark());
	assert_false(slow_is_asked(s));
	slow_leave(s, "own", false);
	assert_true(slow_enter(s, "own", NULL));
	slow_ask(s, alive_mark());
	assert_false(slow_is_asked(s));
	slow_quiet(s, clock_now() - SLOW_QUIET_MS);
	slow_ask(s, alive_mark() + 1);
	assert_false(slow_is_asked(s));
	slow_ask(s, alive_mark());
	assert_true(slow_is_asked(s));
	kill_all(&c);
	slow_leave(s, "own", false);
	assert_true(slow_is_silent(s, "own"));
	assert_false(slow_is_silent(s, "other"));
	slow_free(s);
}

/* Of several providers one that hangs leaves places for the others. */
static void
test_provider(void **state)
{
	struct slow *s = slow_new(8);
	struct crowd c = { .count = 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		char account[16];

		snprintf(account, sizeof account, "a%d", i);
		assert_true(join_at(&c, s, account, "hangs"));
	}
	assert_false(join_at(&c, s, "a5", "hangs"));
	assert_true(join_at(&c, s, "b", "works"));
	kill_all(&c);
	slow_judge_provider(s, "hangs", false);
	assert_true(join_at(&c, s, "a0", "hangs"));
	assert_true(join_at(&c, s, "a1", "hangs"));
	assert_false(join_at(&c, s, "a2", "hangs"));
	slow_judge_provider(s, "hangs", true);
	assert_true(join_at(&c, s, "a2", "hangs"));
	kill_all(&c);
	slow_free(s);
}

/* A mark is that of one process, not of whoever gets its number. */
static void
test_alive(void **state)
{
	uint64_t mine = alive_mark();
	pid_t pid;

	(void)state;
	assert_true(alive_check(mine));
	assert_false(alive_check(0));
	/* The same pid, started at another moment. */
	assert_false(alive_check(mine + (1U << 22)));
	if ((pid = fork()) == 0)
		_exit(alive_mark() != mine && alive_check(mine) ? 0 : 1);
	int status = 1;

	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_false(alive_check((mine & ~((1ULL << 22) - 1)) | (uint64_t)pid));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_give_way),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_provider),
		cmocka_unit_test(test_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
