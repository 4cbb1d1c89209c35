#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/lack.h"
#include "gateway/dyndns2.h"
#include "gateway/metrics.h"
#include "gateway/native.h"
#include "gateway/refusals.h"
#include "gateway/report.h"
#include "gateway/routes.h"
#include "gateway/update.h"
#include "gateway/view/health.h"
#include "gateway/view/look.h"
#include "gateway/view/scrape.h"
#include "news/seen.h"

static void
checkip(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	(void)g;
	(void)t;
	dyndns2_checkip(q, r);
}

/* A path that is no update, and who answers there. */
static const struct page {
	const char *path;
	enum protocol protocol;
	void (*answer)(const struct gateway *g, struct gateway_tools *t,
	    const struct request *q, struct reply *r);
} pages[] = {
	{ "/nic/checkip", PROTOCOL_CHECKIP, checkip },
	{ "/checkip", PROTOCOL_CHECKIP, checkip },
	{ "/healthz", PROTOCOL_HEALTH, health_reply },
	{ "/metrics", PROTOCOL_METRICS, scrape_reply },
	{ "/status", PROTOCOL_PAGE, look_status },
	{ "/history", PROTOCOL_PAGE, look_history },
};

/* NULL: the path is none of a page. */
static const struct page *
find_page(const char *path)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
	return NULL;
}

/* Each protocol has a path, its own words, and no say in what is done. */
static const struct route {
	const char *path;
	enum protocol protocol;
	struct claim_rules rules;
	void (*reply)(const struct update *u, struct reply *r);
} routes[] = {
	{ "/update", PROTOCOL_NATIVE, { CLAIM_NAMES_MAX, false },
	    native_reply },
	{ "/nic/update", PROTOCOL_DYNDNS2, { DYNDNS2_NAMES_MAX, true },
	    dyndns2_reply },
	{ "/v3/update", PROTOCOL_DYNDNS2, { DYNDNS2_NAMES_MAX, true },
	    dyndns2_reply },
};

/* The reply to any other path. */
static const struct route nowhere = { NULL, PROTOCOL_OTHER, { 0, false },
	native_reply };

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return &nowhere;
}

/* Is it an update at all? */
static enum err
check(const struct request *q, const struct route *route, struct error *why)
{
	if (q->why.code != ERR_OK)
		return error_set(why, q->why.code, "%s", q->why.text);
	if (route == &nowhere)
		return error_set(why, ERR_NOT_FOUND, "notfound");
	if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "POST") != 0)
		return error_set(why, ERR_METHOD, "method");
	return ERR_OK;
}

/* Tells everybody which hosts were refused, once all have their verdicts. */
static void
share_refusals(const struct gateway_tools *t, const struct update *u)
{
	for (size_t i = 0; i < u->host_count && t->refusals != NULL; i++) {
		enum verdict v = update_host_verdict(u, u->hosts[i]);

		if (v == VERDICT_ADDRESS || v == VERDICT_PROOF ||
		    v == VERDICT_PROVIDER)
			refusals_add(t->refusals, u->hosts[i]->name,
			    clock_now());
	}
}

/* Notes the hosts that are as their router wants them. */
static void
share_seen(const struct update *u)
{
	struct seen *seen = u->gateway->seen;
	int64_t now = seen != NULL ? (int64_t)time(NULL) : 0;

	for (size_t i = 0; i < u->host_count && seen != NULL; i++)
		if (update_has_host(u, u->hosts[i]) &&
		    !verdict_is_failure(update_host_verdict(u, u->hosts[i])))
			seen_note(seen, u->hosts[i]->name, now);
}

static void
handle_update(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *reply)
{
	const struct route *route = find_route(q->path);
	struct update *u = calloc(1, sizeof *u);

	t->tally = tally_new(route->protocol);
	t->tally.outcome = OUTCOME_FAULT;
	if (u == NULL) {
		reply->status = 503;
		reply->retry_after = REPLY_RETRY_AFTER;
		buffer_puts(&reply->body, "busy\n");
		return;
	}
	*u = (struct update){ .gateway = g,
		.exchanges = t->exchanges,
		.store = t->store,
		.request = q,
		.rules = route->rules };
	memcpy(u->id, q->id, sizeof u->id);
	if ((u->result = check(q, route, &u->why)) == ERR_OK)
		update_run(u);
	/* Nobody is told that an error of theirs is what was a lack of ours. */
	if (u->result != ERR_OK && u->result != ERR_ABANDONED && heap_lacked())
		u->result = error_memory(&u->why);
	route->reply(u, reply);
	report_update(u, reply);
	tally_update(&t->tally, u);
	if (update_is_late(u) || update_is_unchecked(u)) {
		t->late = u;
		return;
	}
	share_refusals(t, u);
	share_seen(u);
	update_end(u);
	free(u);
}

/* Somebody should act, though the request itself may have gone well. */
static void
tell_lack(void)
{
	if (heap_strained() || heap_lacked())
		lack_tell("malloc", ENOMEM);
}

static void
answer(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *reply)
{
	const struct page *page = find_page(q->path);

	*reply = (struct reply){ .body.max = REPLY_BODY_MAX,
		.json = q->json,
		.id = q->id,
		.head = strcmp(q->method, "HEAD") == 0 };
	if (page == NULL || q->why.code != ERR_OK) {
		handle_update(g, t, q, reply);
		return;
	}
	t->tally = tally_new(page->protocol);
	page->answer(g, t, q, reply);
	tally_page(&t->tally, reply->status);
}

void
gateway_handle(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *reply)
{
	answer(g, t, q, reply);
	tell_lack();
}

void
gateway_count(const struct gateway *g, const struct gateway_tools *t)
{
	metrics_count(g->metrics, &t->tally);
}

void
gateway_go_on(struct gateway_tools *t, int64_t until)
{
	if (t->late != NULL && update_is_unchecked(t->late)) {
		update_check_late(t->late);
		gateway_give_up(t);
		return;
	}
	if (t->late == NULL || !update_go_on(t->late, until))
		return;
	share_refusals(t, t->late);
	share_seen(t->late);
	report_late(t->late);
	t->tally = tally_new(PROTOCOL_NONE);
	tally_call(&t->tally, t->late);
	metrics_count(t->late->gateway->metrics, &t->tally);
	gateway_give_up(t);
}

void
gateway_give_up(struct gateway_tools *t)
{
	if (t->late == NULL)
		return;
	update_end(t->late);
	free(t->late);
	t->late = NULL;
}
