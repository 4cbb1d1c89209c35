/*
 * sandbox.h - what each kind of process gives up before it meets a stranger.
 *
 * System calls (calls.h), files, ports and signals (landlock.h), limits, and
 * descriptors.  What a kind needs stands in sandbox.c; docs/architecture.md
 * says what is left to a process that was taken over.
 */
#ifndef POOL_SANDBOX_H
#define POOL_SANDBOX_H

#include <stdbool.h>

#include "gateway/gateway.h"

enum sandbox_kind {
	SANDBOX_SUPERVISOR, /* and the one process of serve --single */
	SANDBOX_WORKER,
	SANDBOX_NAMES,
	SANDBOX_WATCHER,
	SANDBOX_NOTIFIER,
};

/*
 * What a whole process shall not do: for the command serve, before it reads
 * anything.  No core, no new privileges, no other process may look into it.
 */
void sandbox_harden(void);

/*
 * Makes ready what all workers of g will have in common, before the first of
 * them is forked.
 */
void sandbox_prepare(const struct gateway *g);

/*
 * Enters the sandbox of that kind, for good; children can only narrow it.
 * Call it as late as can be: after the fork, when everything that needs more
 * is open.  g may change later for a supervisor only.  What the kernel cannot
 * do, or a container does not allow, is logged once, by the supervisor, and
 * nobody does it.  False: it should work, but did not, which is logged, and
 * the process must end.
 */
bool sandbox_enter(enum sandbox_kind kind, const struct gateway *g);

/*
 * Was a file replaced that this process may read by its rules, as the new
 * resolv.conf(5) of another network?  Then the process must give way to a new
 * one, whose rules allow it.
 */
bool sandbox_is_stale(void);

#endif
