/*
 * look.h - the pages that a person looks at: /status and /history.
 */
#ifndef GATEWAY_VIEW_LOOK_H
#define GATEWAY_VIEW_LOOK_H

#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/tools.h"

/*
 * Fills the reply with the page, for the account or the operator who logs in;
 * or with why not.  No place for slow work is taken, and the store is waited
 * for as long as page.h says.
 */
void look_status(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r);
void look_history(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r);

#endif
