/*
 * scrape.h - /metrics: what Prometheus comes to read.
 */
#ifndef GATEWAY_VIEW_SCRAPE_H
#define GATEWAY_VIEW_SCRAPE_H

#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/tools.h"

/* More hosts than that are not shown one by one. */
#define SCRAPE_HOSTS_MAX 1000

/*
 * Replies with all counters, and with what is so now: workers, state, hosts.
 * For the addresses of "metrics", and for operators.
 */
void scrape_reply(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r);

#endif
