/*
 * plan.h - which records does this request ask for?
 */
#ifndef GATEWAY_PLAN_H
#define GATEWAY_PLAN_H

#include "gateway/update.h"

/*
 * From the account's hosts and the parameters of the request to u->hosts and
 * u->records, each open or judged VERDICT_ADDRESS.  An absent or empty
 * parameter keeps what is published.  ERR_REQUEST or UPDATE_NOT_YOURS: the
 * request as a whole is wrong.
 */
enum err plan_make(struct update *u);

#endif
