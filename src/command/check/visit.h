/*
 * visit.h - connects to the providers, without a token.
 */
#ifndef COMMAND_CHECK_VISIT_H
#define COMMAND_CHECK_VISIT_H

#include <stdbool.h>

#include "gateway/gateway.h"

/*
 * Makes a TLS connection to each known address of each provider that has a
 * description, and ends it; at most 5 seconds for all addresses of one host.
 * Prints to standard output, unless quiet, until when the certificates are
 * valid, or why an address will not do; and to standard error each host that
 * no address of leads to.  False: there was one.
 */
bool visit_providers(const struct gateway *g, bool quiet);

#endif
