/*
 * test_alive.c - a process that died is dead, whoever has its number now.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void
test_child(void **state)
{
	uint64_t mark;
	int fds[2];
	pid_t pid;

	(void)state;
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
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(alive_check(mark));
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_number_used_again),
		cmocka_unit_test(test_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
