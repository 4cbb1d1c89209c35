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
#include "base/watchdog.h"

/* The signal handler needs them all; there is one watchdog in a process. */
static timer_t timer;
static pid_t owner; /* of timer; 0: none was made */
static struct log_line last_words;

/* Calls nothing that is not safe in a signal handler (signal-safety(7)). */
static void
on_expiry(int sig)
{
	(void)sig;
	log_write(&last_words);
	_exit(EXIT_FAILURE);
}

static bool
timer_make(void)
{
	struct sigaction sa = { .sa_handler = on_expiry };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGVTALRM };

	if (owner == getpid())
		return true;
	sigfillset(&sa.sa_mask);
	if (sigaction(SIGVTALRM, &sa, NULL) == -1 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
		return false;
	owner = getpid();
	return true;
}

void
watchdog_start(int64_t deadline, const char *work)
{
	struct itimerspec t = { .it_value = { (time_t)(deadline / 1000),
				    (long)(deadline % 1000) * 1000000L } };
	sigset_t expiry;

	sigemptyset(&expiry);
	sigaddset(&expiry, SIGVTALRM);
	log_prepare(&last_words,
	    time(NULL) + (clock_left(deadline) + 500) / 1000,
	    "%.*s lasted too long, and the process ends itself",
	    WATCHDOG_TEXT_MAX, work);
	if (!timer_make() ||
	    timer_settime(timer, TIMER_ABSTIME, &t, NULL) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &expiry, NULL) == -1)
		log_warn("nothing watches over %.*s: %s", WATCHDOG_TEXT_MAX,
		    work, strerror(errno));
}

void
watchdog_stop(void)
{
	static const struct itimerspec off;

	if (owner == getpid())
		(void)timer_settime(timer, 0, &off, NULL);
}
