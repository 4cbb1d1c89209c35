/*
 * test_targets.c - who may connect to a network, each of them a process.
 */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/targets.h"

static struct target_networks
target_of(const char *address)
{
	struct target_networks target = { .hashes = { 0 } };
	struct address a;

	assert_true(address_parse_any(&a, address));
	target_add(&target, &a);
	return target;
}

/* Another worker, which connects to the address until it is killed. */
static pid_t
connect_to(struct targets *t, const char *address)
{
	struct target_networks target = target_of(address);
	uint64_t holder;
	int ready[2];
	char got = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		got =
		    targets_enter(t, &target, false, &holder) == TARGETS_FREE ?
		    'y' :
		    'n';
		(void)!write(ready[1], &got, 1);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &got, 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(got, 'y');
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* May this process connect?  It does not stay. */
static bool
may(struct targets *t, const char *address, bool has_failed)
{
	struct target_networks target = target_of(address);
	uint64_t holder;
	bool is_free =
	    targets_enter(t, &target, has_failed, &holder) == TARGETS_FREE;

	assert_int_equal(holder == 0, is_free);
	return is_free;
}

/* Who has not failed goes first, once another one has left. */
static void
test_order(void **state)
{
	struct targets *t = targets_new(4);
	pid_t other = connect_to(t, "89.14.163.160");
	struct target_networks target = target_of("89.14.163.161");
	uint64_t holder;
	int status;
	pid_t pid;

	(void)state;
	assert_false(may(t, "89.14.163.161", true));
	assert_false(may(t, "89.14.163.161", false));
	end(other);
	if ((pid = fork()) == 0)
		_exit(targets_enter(t, &target, true, &holder));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), TARGETS_WAIT);
	/* Nor is one that only waits in the way of another such one. */
	end(connect_to(t, "89.14.163.161"));
	assert_true(may(t, "89.14.163.161", false));
	targets_leave(t);
	/* Who gives up says so. */
	other = connect_to(t, "89.14.163.160");
	assert_false(may(t, "89.14.163.161", false));
	targets_leave(t);
	end(other);
	end(connect_to(t, "89.14.163.161"));
	targets_free(t);
}

/* A worker that asks once, and stays there; what it was told. */
static enum targets_answer
ask(struct targets *t, pid_t *pid)
{
	struct target_networks target = target_of("89.14.163.161");
	enum targets_answer answer;
	uint64_t holder;
	int ready[2];

	assert_int_equal(pipe(ready), 0);
	if ((*pid = fork()) == 0) {
		answer = targets_enter(t, &target, false, &holder);
		(void)!write(ready[1], &answer, sizeof answer);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &answer, sizeof answer), sizeof answer);
	close(ready[0]);
	close(ready[1]);
	return answer;
}

static const struct {
	unsigned int workers, waiting;
} pools[] = { { 8, 3 }, { 16, 4 }, { 32, 8 } };

/* Of those that wait for one that is slow, only some may go on waiting. */
static void
test_crowd(void **state)
{
	const struct timespec slow = { TARGETS_SLOW_MS / 1000, 0 };
	pid_t pids[16];

	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		struct targets *t = targets_new(pools[i].workers);
		struct target_networks target = target_of("89.14.163.162");
		uint64_t holder;
		size_t count = 0;

		ROW(ask(t, &pids[count++]) == TARGETS_FREE, "the first one");
		while (count <= pools[i].waiting)
			ROW(ask(t, &pids[count++]) == TARGETS_WAIT,
			    "%u workers, %zu", pools[i].workers, count);
		(void)targets_enter(t, &target, false, &holder);
		nanosleep(&slow, NULL);
		ROW(targets_enter(t, &target, false, &holder) ==
			TARGETS_CROWDED,
		    "%u workers", pools[i].workers);
		end(pids[--count]);
		ROW(targets_enter(t, &target, false, &holder) == TARGETS_WAIT,
		    "%u workers, one less", pools[i].workers);
		while (count > 0)
			end(pids[--count]);
		targets_free(t);
	}
	ROWS_END();
}

/* All wait for one that has only just begun, however many they are. */
static void
test_quick(void **state)
{
	pid_t pids[12];
	int64_t took = TARGETS_SLOW_MS;
	bool all_wait = false;

	(void)state;
	/* On a machine that takes too long for that it is tried again. */
	for (int i = 0; i < 20 && took >= TARGETS_SLOW_MS; i++) {
		struct targets *t = targets_new(16);
		int64_t begun = clock_now();

		all_wait = ask(t, &pids[0]) == TARGETS_FREE;
		for (size_t n = 1; n < COUNT(pids); n++)
			if (ask(t, &pids[n]) != TARGETS_WAIT)
				all_wait = false;
		took = clock_now() - begun;
		for (size_t n = 0; n < COUNT(pids); n++)
			end(pids[n]);
		targets_free(t);
	}
	assert_true(all_wait);
}

/* A proof there that is over. */
static void
prove(struct targets *t, const char *address, bool proved)
{
	struct address a;

	assert_true(address_parse_any(&a, address));
	targets_judge(t, &a, proved);
}

static const struct {
	const char *held, *wanted;
	bool near;
} rows[] = {
	{ "89.14.163.160", "89.14.163.160", true },
	{ "89.14.163.160", "89.14.163.255", true },
	{ "89.14.163.160", "89.14.162.160", false },
	{ "89.14.163.160", "2a01:c22:b045::160", false },
	{ "2a01:c22:b045::160", "2a01:c22:b045:ffff::2", true },
	{ "2a01:c22:b045::160", "2a01:c22:b046::160", false },
};

/* Where no proof has succeeded, one connects at a time, whoever it is. */
static void
test_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct targets *t = targets_new(4);
		pid_t other = connect_to(t, rows[i].held);

		for (int failed = 0; failed < 2; failed++) {
			ROW(may(t, rows[i].wanted, failed) != rows[i].near,
			    "%s, then %s", rows[i].held, rows[i].wanted);
			targets_leave(t);
		}
		/* What a worker that died held is free. */
		end(other);
		ROW(may(t, rows[i].wanted, true), "%s", rows[i].wanted);
		/* It is free, too, for whoever holds it. */
		targets_leave(t);
		ROW(may(t, rows[i].wanted, true), "%s", rows[i].wanted);
		targets_free(t);
	}
	ROWS_END();
}

/* May it connect beside another one, after proofs that ended so? */
static const struct {
	const char *proofs; /* +: proved, -: failed */
	bool fine, failed;  /* the account whose last proof was so */
} histories[] = {
	{ "", false, false },
	{ "-", false, false },
	{ "+", true, true },
	{ "-+", true, true },
	{ "+-", true, false },
	{ "+--", true, false },
	{ "+-+", true, true },
};

static void
test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(histories); i++) {
		struct targets *old = targets_new(4), *t = targets_new(4);
		pid_t other;

		for (const char *p = histories[i].proofs; *p != '\0'; p++)
			prove(old, "89.14.163.7", *p == '+');
		/* A reload forgets nothing. */
		targets_inherit(t, old);
		targets_free(old);
		other = connect_to(t, "89.14.163.160");
		ROW(may(t, "89.14.163.161", false) == histories[i].fine,
		    "\"%s\"", histories[i].proofs);
		end(other);
		targets_leave(t);
		targets_free(t);
		t = targets_new(4);
		for (const char *p = histories[i].proofs; *p != '\0'; p++)
			prove(t, "89.14.163.7", *p == '+');
		other = connect_to(t, "89.14.163.160");
		ROW(may(t, "89.14.163.161", true) == histories[i].failed,
		    "\"%s\"", histories[i].proofs);
		end(other);
		targets_free(t);
	}
	ROWS_END();
}

/* One network of several is enough, and what proves nothing needs none. */
static void
test_several(void **state)
{
	struct targets *t = targets_new(4);
	struct target_networks two = target_of("2a01:c22:b045::160"),
			       none = { .hashes = { 0 } };
	struct address ipv4;
	uint64_t holder;
	pid_t other = connect_to(t, "89.14.163.160");

	(void)state;
	assert_true(address_parse_any(&ipv4, "89.14.163.161"));
	target_add(&two, &ipv4);
	assert_int_equal(targets_enter(t, &two, false, &holder), TARGETS_WAIT);
	assert_int_equal(holder & 0x3fffff, other);
	assert_int_equal(targets_enter(t, &none, true, &holder), TARGETS_FREE);
	targets_leave(t);
	assert_true(may(t, "2a01:c22:b045::161", true));
	targets_leave(t);
	end(other);
	assert_int_equal(targets_enter(t, &two, false, &holder), TARGETS_FREE);
	targets_leave(t);
	targets_leave(t);
	targets_free(t);
	targets_free(NULL);
}

/* Each network once, and no more than there is room for. */
static void
test_room(void **state)
{
	struct target_networks target = { .hashes = { 0 } };
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (int i = 0; i < 256; i++) {
		snprintf(text, sizeof text, "89.14.163.%d", i);
		assert_true(address_parse_any(&a, text));
		target_add(&target, &a);
	}
	assert_int_not_equal(target.hashes[0], 0);
	assert_int_equal(target.hashes[1], 0);
	for (int i = 0; i < 256; i++) {
		snprintf(text, sizeof text, "89.14.%d.1", i);
		assert_true(address_parse_any(&a, text));
		target_add(&target, &a);
	}
	for (size_t i = 0; i < TARGET_NETWORKS_MAX; i++)
		for (size_t j = 0; j < TARGET_NETWORKS_MAX; j++)
			ROW((target.hashes[i] == target.hashes[j]) == (i == j),
			    "%zu and %zu", i, j);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
