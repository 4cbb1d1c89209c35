/*
 * gateway.h - all that one configuration stands for, ready to answer requests.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "account/account.h"
#include "base/error.h"
#include "config/settings.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "https/exchange.h"
#include "proof/proof.h"
#include "provider/provider.h"
#include "tls/trust.h"

struct gateway {
	const struct settings *settings;
	struct accounts *accounts;
	struct trust *trust; /* of proofs and providers */
	struct prover *prover;
	struct providers *providers;
};

/*
 * Reads a configuration and all that it names: verifiers, CA files,
 * descriptions of providers.  To be called before the fork, so that
 * the workers share the pages.  NULL on the first error.
 */
struct gateway *gateway_new(const char *file, struct error *why);
void gateway_free(struct gateway *g);

/*
 * Makes the reply to a request, and writes the request's line into the log.
 * x: the connections of this worker to providers.  The reply is the caller's
 * to send and to end, whatever it was before.
 */
void gateway_handle(const struct gateway *g, struct exchanges *x,
    const struct request *q, struct reply *reply);

#endif
