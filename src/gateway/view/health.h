/*
 * health.h - /healthz: is the service as it should be?
 */
#ifndef GATEWAY_VIEW_HEALTH_H
#define GATEWAY_VIEW_HEALTH_H

#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/tools.h"

/*
 * Adds what is wrong with the service to a line, without names of files or
 * hosts; nothing, if all is well.  st is the store of the process that asks.
 */
void health_check(const struct gateway *g, const struct worker_counts *c,
    struct store *st, struct buffer *line);

/*
 * 200 and "ok" when workers answer, the state is usable and the configuration
 * is the one on disk; else 503 and one line that says what is wrong, without
 * names of files or hosts, for nobody logs in here.  Never waits for a host or
 * a provider.
 */
void health_reply(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r);

#endif
