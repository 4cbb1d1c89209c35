/*
 * routes.h - from the path of a request to whoever makes its reply: an update
 * by the words of its protocol, or a page.
 */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include <stdint.h>

#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/tools.h"

/*
 * Makes the reply to a request, and writes the request's line into the log.
 * The reply is the caller's to send while q is there, and to end, whatever it
 * was before.  Just before it is sent gateway_count() is due.
 */
void gateway_handle(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *reply);

/* Counts the request in the metrics; makes no system call. */
void gateway_count(const struct gateway *g, const struct gateway_tools *t);

/*
 * Goes on with what t->late was begun at a provider when its router got the
 * reply, until it is finished, which is logged and makes t->late NULL, or until
 * the moment comes.  To be called after each gateway_handle() until t->late is
 * NULL.
 */
void gateway_go_on(struct gateway_tools *t, int64_t until);

/* Gives it up: the next update of its hosts begins anew. */
void gateway_give_up(struct gateway_tools *t);

#endif
