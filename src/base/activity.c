#include "config.h"

#include <bsd/unistd.h>
#include <stddef.h>
#include <string.h>

#include "base/activity.h"

static const char *const names[] = {
	[ACTIVITY_IDLE] = "idle",
	[ACTIVITY_READING] = "reading",
	[ACTIVITY_LOGIN] = "login",
	[ACTIVITY_STATE] = "state",
	[ACTIVITY_WAITING] = "waiting for its turn",
	[ACTIVITY_PROOF] = "proof",
	[ACTIVITY_PROVIDER] = "provider",
	[ACTIVITY_REPLY] = "reply",
	[ACTIVITY_FINISHING] = "provider, after the reply",
};
_Static_assert(sizeof names / sizeof *names == ACTIVITY__COUNT,
    "a name per activity");

/* Of this process; a title belongs to a process as its pid does. */
static const char *process;
static _Atomic int *cell;
static int least; /* characters of a title */
static int shown; /* in the title; -1: none yet */

void
activity_setup(int argc, char *argv[], char *envp[])
{
	/*
	 * Where a title is shorter than the program's name, libbsd ends that
	 * with a full stop, which ps(1) would show.
	 */
	least = argc > 0 ? (int)strlen(argv[0]) : 0;
	setproctitle_init(argc, argv, envp);
}

void
activity_show(const char *what, _Atomic int *where)
{
	process = what;
	cell = where;
	shown = -1;
	setproctitle("%-*s", least, what);
}

void
activity_set(enum activity a)
{
	activity_pass(a);
	if (process == NULL || shown == (int)a)
		return;
	setproctitle("%s, %-*s", process, least, names[a]);
	shown = (int)a;
}

void
activity_pass(enum activity a)
{
	if (process != NULL && cell != NULL)
		atomic_store(cell, (int)a);
}

const char *
activity_name(int a)
{
	return a >= 0 && a < ACTIVITY__COUNT ? names[a] : "?";
}
