#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/self.h"
#include "base/watchdog.h"

/* The signal handler needs them all; there is one watchdog in a process. */
static timer_t timer;
static pid_t owner; /* of timer; 0: none was made */
static volatile sig_atomic_t watching;
static volatile int64_t until; /* the deadline */
static int64_t set;	       /* when the timer expires */
static struct log_line last_words;

/* Calls nothing that is not safe in a signal handler (signal-safety(7)). */
static void
on_expiry(int sig)
{
	(void)sig;
	/* The timer is not stopped: it may be that of work that is done. */
	if (!watching || clock_left(until) > 0)
		return;
	log_write(&last_words);
	_exit(EXIT_FAILURE);
}

static bool
timer_make(void)
{
	struct sigaction sa = { .sa_handler = on_expiry };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGVTALRM };

	sigset_t expiry;

	if (owner == self_pid())
		return true;
	sigfillset(&sa.sa_mask);
	sigemptyset(&expiry);
	sigaddset(&expiry, SIGVTALRM);
	if (sigaction(SIGVTALRM, &sa, NULL) == -1 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &expiry, NULL) == -1)
		return false;
	owner = self_pid();
	set = 0;
	return true;
}

/*
 * Sets the timer a little late, so that the deadlines of the next works, if
 * they are as short, need no system call.
 */
static bool
timer_set(int64_t deadline)
{
	int64_t late = deadline + WATCHDOG_LATE_MS;
	struct itimerspec t = { .it_value = { (time_t)(late / 1000),
				    (long)(late % 1000) * 1000000L } };

	if (set >= deadline && set <= late && clock_left(set) > 0)
		return true;
	if (timer_settime(timer, TIMER_ABSTIME, &t, NULL) == -1)
		return false;
	set = late;
	return true;
}

/* Writes the last words, unless they are the same as the last time. */
static void
prepare(time_t when, const char *work)
{
	static char known[WATCHDOG_TEXT_MAX + 1];
	static time_t known_when;

	if (when == known_when && strncmp(work, known, WATCHDOG_TEXT_MAX) == 0)
		return;
	known_when = when;
	snprintf(known, sizeof known, "%s", work);
	log_prepare(&last_words, when,
	    "%s lasted too long, and the process ends itself", known);
}

void
watchdog_start(int64_t deadline, const char *work)
{
	watching = 0;
	until = deadline;
	prepare(time(NULL) + (clock_left(deadline) + 500) / 1000, work);
	watching = 1;
	if (!timer_make() || !timer_set(deadline))
		log_warn("nothing watches over %.*s: %s", WATCHDOG_TEXT_MAX,
		    work, strerror(errno));
}

void
watchdog_stop(void)
{
	watching = 0;
}
