/*
 * watcher.h - the process that looks whether accounts outside of the
 * configuration file have changed.
 *
 * Looking at 100,000 files takes a tenth of a second, in which the supervisor
 * could not see to its workers.
 */
#ifndef POOL_WATCHER_H
#define POOL_WATCHER_H

#include "gateway/gateway.h"
#include "pool/scoreboard.h"

/*
 * Milliseconds from one look to the next, after one that took that many: 1 to 3
 * seconds, and at most a twentieth of the time is spent looking.
 */
int watcher_pause(int64_t took_ms);

/*
 * Looks until something has changed since g was read, then exits with status 0;
 * any signal but SIGHUP and SIGUSR1 ends the process before.  The stage of slot
 * becomes STAGE_SERVED after the first look.  Call it in a child.
 */
_Noreturn void watcher_run(const struct gateway *g, struct slot *slot);

#endif
