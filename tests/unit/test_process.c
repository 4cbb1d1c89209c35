/*
 * test_process.c - what a child hears that was told to end before it listened.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/process.h"

static volatile sig_atomic_t heard;

static void
on_term(int sig)
{
	(void)sig;
	heard = 1;
}

/* As the parent left it: the signal is blocked, and has come already. */
static int
child_of(void (*handler)(int))
{
	sigset_t term;
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		raise(SIGTERM);
		process_default_signals(handler);
		_exit(heard ? 7 : 8);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_a_signal_that_came_before(void **state)
{
	int status = child_of(on_term);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	status = child_of(NULL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signal_that_came_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
