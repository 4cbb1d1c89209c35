/*
 * status.h - what a service manager is told of the pool (sd_notify(3)).
 */
#ifndef POOL_STATUS_H
#define POOL_STATUS_H

#include "pool/pool.h"

/*
 * Tells the service manager, and by it whoever asks for the status, how the
 * pool is, if that has changed; state, such as "READY=1", or NULL, goes along.
 */
void status_tell(struct pool *p, const char *state);

/*
 * Feeds the manager's watchdog, unless no worker has been alive for long,
 * though all is done to have one: then a new start may help.
 */
void status_feed_watchdog(struct pool *p);

/* "s", or "" after a one. */
const char *status_plural(size_t n);

#endif
