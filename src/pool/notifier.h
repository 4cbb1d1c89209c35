/*
 * notifier.h - the process that tells people what is new.
 *
 * A receiver may take as long as it likes, so no worker speaks to one.  This
 * process reads the history of the state, holds no token and no socket of
 * clients, and nobody waits for it.
 */
#ifndef POOL_NOTIFIER_H
#define POOL_NOTIFIER_H

#include "gateway/gateway.h"
#include "pool/scoreboard.h"

/*
 * Tells the receivers of g what the history has, as news/courier.h does, as
 * long as no other process tells for the same store.  Never returns; SIGTERM
 * ends it with status 0, within half a second, and so does a stale sandbox.
 * The stage of slot becomes STAGE_SERVED after the first look.  board, by which
 * it sees whether all is well, may be NULL.  Call it in a child, where g has
 * receivers.
 */
_Noreturn void notifier_run(const struct gateway *g,
    const struct scoreboard *board, struct slot *slot);

#endif
