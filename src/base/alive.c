#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alive.h"
#include "base/self.h"

#define PID_BITS 22 /* PID_MAX_LIMIT of Linux is 2^22 */

/*
 * Field 22 of /proc/PID/stat, in ticks since the boot; 0 if there is none.  The
 * second field is a name in parentheses that may hold anything.
 */
static uint64_t
start_of(pid_t pid)
{
	char name[32], text[1024], *rest;
	ssize_t n = -1;
	int fd;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) != -1) {
		n = read(fd, text, sizeof text - 1);
		close(fd);
	}
	if (n <= 0)
		return 0;
	text[n] = '\0';
	rest = strrchr(text, ')');
	for (int field = 2; rest != NULL && field < 22; field++)
		rest = strchr(rest + 1, ' ');
	return rest != NULL ? strtoull(rest, NULL, 10) : 0;
}

static uint64_t
mark_of(pid_t pid)
{
	return start_of(pid) << PID_BITS | (uint64_t)pid;
}

uint64_t
alive_mark(void)
{
	static uint64_t mark;
	static pid_t of;

	if (of != self_pid()) {
		of = self_pid();
		mark = mark_of(of);
	}
	return mark;
}

/* Without /proc, as in some sandboxes, the pid has to do. */
bool
alive_check(uint64_t mark)
{
	pid_t pid = (pid_t)(mark & ((1U << PID_BITS) - 1));
	uint64_t now;

	if (mark == 0 || (kill(pid, 0) == -1 && errno == ESRCH))
		return false;
	now = mark_of(pid);
	return now == mark || now >> PID_BITS == 0 || mark >> PID_BITS == 0;
}

/* The usual ones, which are free, cost no look at /proc. */
bool
alive_take(_Atomic uint64_t *place)
{
	uint64_t holder = 0;

	return atomic_compare_exchange_strong(place, &holder, alive_mark()) ||
	    (!alive_check(holder) &&
		atomic_compare_exchange_strong(place, &holder, alive_mark()));
}

void
alive_give_back(_Atomic uint64_t *place)
{
	uint64_t mine = alive_mark();

	(void)atomic_compare_exchange_strong(place, &mine, 0);
}
