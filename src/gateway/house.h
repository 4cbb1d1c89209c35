/*
 * house.h - all that one configuration stands for, ready to serve.
 */
#ifndef GATEWAY_HOUSE_H
#define GATEWAY_HOUSE_H

#include "account/account.h"
#include "base/error.h"
#include "config/settings.h"
#include "proof/proof.h"
#include "https/exchange.h"
#include "provider/provider.h"

struct house {
	const struct settings *settings;
	struct accounts *accounts;
	struct prover *prover;
	struct providers *providers;
	struct exchange *exchange; /* a worker's own; or NULL */
};

/*
 * Reads a configuration and all that it names: verifiers, CA files,
 * descriptions of providers.  To be called before the fork, so that
 * the workers share the pages.  NULL on the first error.
 */
struct house *house_new(const char *file, struct error *why);
void house_free(struct house *h);

#endif
