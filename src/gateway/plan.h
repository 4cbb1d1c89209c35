/*
 * plan.h - which records does a claim ask for?
 */
#ifndef GATEWAY_PLAN_H
#define GATEWAY_PLAN_H

#include "gateway/update.h"

/*
 * From the account's hosts and u->claim to u->hosts and u->records, each open
 * or judged already: VERDICT_ADDRESS or VERDICT_SKIPPED.  What the claim does
 * not mention stays as it is published.  ERR_REQUEST if it mentions nothing
 * that any of the hosts has.
 */
enum err plan_make(struct update *u);

#endif
