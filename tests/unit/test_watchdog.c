/*
 * test_watchdog.c - work that never ends by itself is ended.
 */
#include "unit.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/watchdog.h"

#define SOON_MS 100
#define LONG_MS 60000

/* Deaf to every signal, as a worker inside a request. */
static void
spin(void)
{
	volatile int turns = 0;

	for (;;)
		turns++;
}

static void
endless(void)
{
	watchdog_start(clock_now() + SOON_MS, "the work\n\033 of a test");
	spin();
}

/* In a child of a process that has a watchdog, too. */
static void
endless_child(void)
{
	int status = 0;
	pid_t pid;

	watchdog_start(clock_now() + LONG_MS, "the parent's work");
	if ((pid = fork()) == 0)
		endless();
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

/* The second deadline counts, not the first. */
static void
restarted(void)
{
	watchdog_start(clock_now() + LONG_MS, "the first work");
	endless();
}

static void
stopped(void)
{
	struct timespec past = { 0, 3 * SOON_MS * 1000000L };

	watchdog_start(clock_now() + SOON_MS, "the work");
	watchdog_stop();
	nanosleep(&past, NULL);
	_exit(0);
}

/* A deadline that has passed ends it at once. */
static void
late(void)
{
	watchdog_start(clock_now() - SOON_MS, "the work");
	spin();
}

/* The deadline of work that is done is none of the next work's. */
static void
followed(void)
{
	struct timespec past = { 0, 3 * SOON_MS * 1000000L };

	watchdog_start(clock_now() + SOON_MS, "the first work");
	watchdog_stop();
	watchdog_start(clock_now() + LONG_MS, "the second work");
	nanosleep(&past, NULL);
	_exit(0);
}

/* The last words are those of the present work. */
static void
renamed(void)
{
	watchdog_start(clock_now() + SOON_MS, "the first work");
	watchdog_stop();
	watchdog_start(clock_now() + SOON_MS, "the second work");
	spin();
}

/* The kernel has no timer left for us: the work is done all the same. */
static void
unwatched(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_SIGPENDING, &none) == -1)
		_exit(98);
	watchdog_start(clock_now() + LONG_MS, "the work");
	watchdog_stop();
	_exit(0);
}

/* The kernel refuses one of the calls, each of which it needs. */
static size_t fails, calls;

UNIT_BETWEEN(++calls == fails, int, sigaction, -1,
    (int sig, const struct sigaction *to, struct sigaction *old),
    (sig, to, old))
UNIT_BETWEEN(++calls == fails, int, timer_create, -1,
    (clockid_t clock, struct sigevent *e, timer_t *t), (clock, e, t))
UNIT_BETWEEN(++calls == fails, int, sigprocmask, -1,
    (int how, const sigset_t *set, sigset_t *old), (how, set, old))
UNIT_BETWEEN(++calls == fails, int, timer_settime, -1,
    (timer_t t, int flags, const struct itimerspec *to, struct itimerspec *old),
    (t, flags, to, old))

static void
refused(void)
{
	for (fails = 1; fails <= 4; fails++) {
		calls = 0;
		watchdog_start(clock_now() + LONG_MS, "the work");
		watchdog_stop();
	}
	fails = 0;
	endless();
}

static const struct {
	const char *what;
	void (*child)(void);
	int status;
	const char *log; /* in what it wrote; NULL: it wrote nothing */
} rows[] = {
	{ "endless", endless, EXIT_FAILURE,
	    "warning: the work\\x0a\\x1b of a test lasted too long" },
	{ "endless child", endless_child, EXIT_FAILURE,
	    "the work\\x0a\\x1b of a test lasted too long" },
	{ "restarted", restarted, EXIT_FAILURE,
	    "the work\\x0a\\x1b of a test lasted too long" },
	{ "stopped", stopped, 0, NULL },
	{ "followed", followed, 0, NULL },
	{ "renamed", renamed, EXIT_FAILURE, "the second work lasted too long" },
	{ "unwatched", unwatched, 0,
	    "warning: nothing watches over the work: " },
	{ "refused", refused, EXIT_FAILURE, "nothing watches over the work: " },
	{ "late", late, EXIT_FAILURE, "the work lasted too long" },
};

static void
test_far(void **state)
{
	(void)state;
	assert_int_equal(clock_left(INT64_MAX), INT_MAX);
	assert_int_equal(clock_left(0), 0);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[4096];
		int ends[2], status = 0;
		ssize_t n;
		sigset_t all;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		if ((pid = fork()) == 0) {
			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL);
			dup2(ends[1], STDERR_FILENO);
			close(ends[1]);
			rows[i].child();
		}
		close(ends[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		n = read(ends[0], text, sizeof text - 1);
		close(ends[0]);
		text[n > 0 ? n : 0] = '\0';
		ROW(WIFEXITED(status) && WEXITSTATUS(status) == rows[i].status,
		    "%s: status 0x%x", rows[i].what, status);
		ROW(rows[i].log != NULL ? strstr(text, rows[i].log) != NULL :
					  n == 0,
		    "%s: it wrote \"%s\"", rows[i].what, text);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
