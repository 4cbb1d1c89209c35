/*
 * resolver.h - the process that asks the resolver for addresses of providers
 * and receivers of news.
 *
 * The resolver may hang for as long as it likes, so no worker asks it.  This
 * process holds no token and no socket of clients; what it finds lies in
 * memory that it shares with the workers (provider/resolution.h).
 */
#ifndef POOL_RESOLVER_H
#define POOL_RESOLVER_H

#include "gateway/gateway.h"
#include "pool/scoreboard.h"

/*
 * So long at most the first worker waits for the first round: updates that came
 * before it would fail, and a resolver that hangs may hold nobody up.
 */
#define RESOLVER_FIRST_MS 2000

/*
 * Asks for each host of gateway_resolved() now, every 5 minutes, and soon after
 * it was found that none of its addresses answers.  Never returns; any signal
 * but SIGHUP and SIGUSR1 ends the process, and it exits with status 0 when its
 * sandbox is stale.  slot may be NULL; its stage becomes STAGE_SERVED after the
 * first round.  Call it in a child, where gateway_resolved(g, 0) is not NULL.
 */
_Noreturn void resolver_run(const struct gateway *g, struct slot *slot);

#endif
