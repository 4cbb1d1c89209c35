/*
 * dyndns2.h - the answers of the protocol that Dyn made and every router
 * speaks, at /nic/update and /v3/update.
 *
 * help.dyn.com, "Remote Access API", and what clients make of it: never 200
 * for a failure, bare words, one line a name in the order of the request.
 */
#ifndef GATEWAY_DYNDNS2_H
#define GATEWAY_DYNDNS2_H

#include "gateway/reply.h"
#include "gateway/update.h"

#define DYNDNS2_NAMES_MAX \
	20 /* in one request, or all of the account; more: numhost */

/* One word a name, with the addresses that the client sent where it is good. */
void dyndns2_reply(const struct update *u, struct reply *r);

/* "Current IP Address: 192.0.2.1", as checkip.dyndns.org has it. */
void dyndns2_checkip(const struct request *q, struct reply *r);

#endif
