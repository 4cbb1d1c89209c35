/*
 * supervisor.h - keeps the workers alive; never reads what a client sends.
 */
#ifndef POOL_SUPERVISOR_H
#define POOL_SUPERVISOR_H

#include "gateway/gateway.h"
#include "pool/listener.h"

/*
 * Runs the pool of g on l until SIGTERM, SIGQUIT or SIGINT: then the workers
 * finish what they do, and a second such signal kills them.  SIGHUP reads the
 * configuration again; a wrong one changes nothing.  SIGUSR1 opens the log
 * again.  Takes g and l.  Returns the exit status: EXIT_FAILURE where there was
 * no memory to go on.
 */
int supervisor_run(struct gateway *g, struct listener *l);

#endif
