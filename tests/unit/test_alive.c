/*
 * test_alive.c - a process that died is dead, whoever has its number now.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/alive.h"
#include "base/self.h"

static void
test_self(void **state)
{
	(void)state;
	assert_int_equal(self_pid(), getpid());
	assert_true(alive_check(alive_mark()));
	assert_false(alive_check(0));
}

/* A process with the number of this one, and another moment of its start. */
static void
test_number_used_again(void **state)
{
	uint64_t mark = alive_mark(), pid = (uint64_t)getpid(), other = mark;

	(void)state;
	for (unsigned int bit = 22; bit < 40; bit++) {
		other = mark ^ (UINT64_C(1) << bit);
		assert_int_equal(other & 0x3fffff, pid);
		ROW(!alive_check(other), "bit %u", bit);
	}
	ROWS_END();
}

/* Of a process that looked while /proc was not there, the pid has to do. */
static void
test_without_proc(void **state)
{
	(void)state;
	assert_true(alive_check((uint64_t)getpid()));
	assert_false(alive_check(0));
}

/* What ddnsgate top reads may be of another version. */
static void
test_activities(void **state)
{
	_Atomic int cell = -1;

	(void)state;
	assert_string_equal(activity_name(ACTIVITY_LOGIN), "login");
	assert_string_equal(activity_name(-1), "?");
	assert_string_equal(activity_name(ACTIVITY__COUNT), "?");
	activity_pass(ACTIVITY_LOGIN);
	activity_show("a test", NULL);
	activity_set(ACTIVITY_STATE);
	activity_show("a test", &cell);
	activity_set(ACTIVITY_STATE);
	assert_int_equal(atomic_load(&cell), ACTIVITY_STATE);
}

static void
test_child(void **state)
{
	_Atomic uint64_t place = 0;
	uint64_t mark;
	int fds[2];
	pid_t pid;

	(void)state;
	assert_true(alive_take(&place));
	assert_true(place == alive_mark());
	assert_false(alive_take(&place));
	alive_give_back(&place);
	assert_true(place == 0);
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		if (self_pid() != getpid())
			_exit(1);
		mark = alive_mark();
		(void)!write(fds[1], &mark, sizeof mark);
		pause();
	}
	assert_int_equal(read(fds[0], &mark, sizeof mark), sizeof mark);
	assert_true(mark != alive_mark());
	assert_true(alive_check(mark));
	place = mark;
	assert_false(alive_take(&place));
	alive_give_back(&place);
	assert_true(place == mark);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(alive_check(mark));
	assert_true(alive_take(&place));
	assert_true(place == alive_mark());
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_number_used_again),
		cmocka_unit_test(test_without_proc),
		cmocka_unit_test(test_activities),
		cmocka_unit_test(test_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
