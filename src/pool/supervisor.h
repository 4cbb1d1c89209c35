/*
 * supervisor.h - keeps the workers alive; never reads what a client sends.
 */
#ifndef POOL_SUPERVISOR_H
#define POOL_SUPERVISOR_H

#include "gateway/gateway.h"

/*
 * Runs the pool of g on listener until SIGTERM, SIGQUIT, SIGINT or SIGUSR1:
 * then the workers finish what they do, and a second such signal kills them.
 * SIGHUP reads the configuration again; a wrong one changes nothing.  Takes g.
 * Returns the exit status, in a worker as well as in the supervisor.
 */
int supervisor_run(struct gateway *g, int listener);

/*
 * One worker and nobody above it, for managers that count processes
 * themselves.  Takes g; returns the exit status.
 */
int supervisor_single(struct gateway *g, int listener);

#endif
