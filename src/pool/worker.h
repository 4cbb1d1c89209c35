/*
 * worker.h - a process that answers one request after the other.
 */
#ifndef POOL_WORKER_H
#define POOL_WORKER_H

#include "gateway/gateway.h"
#include "pool/scoreboard.h"

/*
 * Serves until SIGTERM, SIGQUIT, SIGINT or SIGUSR1, which let the request at
 * hand be finished.  Blocks every signal that it waits for.  slot may be NULL.
 * Returns the exit status.
 */
int worker_run(const struct gateway *g, int listener, struct slot *slot);

#endif
