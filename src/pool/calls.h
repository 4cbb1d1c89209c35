/*
 * calls.h - the system calls that each kind of process may make: seccomp(2).
 *
 * One table, in calls.c, with a reason for each.  Whatever is not in it ends
 * the process: the kernel sends SIGSYS, a handler names the call in the log,
 * and the signal does its default.  The handler cannot be replaced, since
 * sigaction(2) of SIGSYS is not in the table either.
 */
#ifndef POOL_CALLS_H
#define POOL_CALLS_H

#include <stdbool.h>

#include "base/error.h"

/* Who makes a call; the bits of a process that is several things add up. */
#define CALLS_SUPERVISOR (1U << 0) /* includes what its children need */
#define CALLS_WORKER	 (1U << 1)
#define CALLS_NAMES	 (1U << 2) /* resolver.h */
#define CALLS_WATCHER	 (1U << 3)
#define CALLS_NOTIFIER	 (1U << 4)
#define CALLS_DATABASE	 (1U << 5) /* speaks to PostgreSQL as well */
#define CALLS_SYSLOG	 (1U << 6) /* writes to syslogd */
#define CALLS_CHECKS	 (1U << 7) /* a build with sanitizers or coverage */

/* Was it built with libseccomp? */
bool calls_limited(void);

/*
 * Makes the filter for such a process ready, for all later forks that are to be
 * limited so: to make one takes half a millisecond.  Without memory each makes
 * its own.
 */
void calls_prepare(unsigned int who);

/*
 * From now on this process and its children make only these calls, and title
 * ("worker") says in the log who made another one.  SIGSYS must never be
 * blocked.  Does nothing in a build without libseccomp.  ERR_SYSTEM: the kernel
 * does not do it, or there is no memory.
 */
enum err calls_limit(unsigned int who, const char *title, struct error *why);

#endif
