#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "page/events.h"
#include "page/when.h"

static void
copy(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text != NULL ? text : "");
}

#define COPY(to, text) copy(to, sizeof(to), text)

static void
take(struct event *to, const struct state_event *e)
{
	*to = (struct event){ .at = e->at,
		.expiry = e->expiry,
		.proof_ms = e->proof_ms,
		.provider_ms = e->provider_ms,
		.refused = e->reason != NULL };
	COPY(to->mark, e->mark);
	COPY(to->source, e->source);
	COPY(to->account, e->account);
	COPY(to->host, e->host);
	COPY(to->type, e->type);
	COPY(to->old, e->old);
	COPY(to->new, e->new);
	COPY(to->verdict, e->verdict);
	COPY(to->reason, e->reason);
	COPY(to->issuer, e->issuer);
	COPY(to->serial, e->serial);
	COPY(to->key, e->key);
}

/* The events of one search, behind those of the searches before it. */
struct search {
	struct events *to;
	size_t count; /* of this one */
};

static bool
see(const struct state_event *e, void *data)
{
	struct search *r = data;

	take(&r->to->list[r->to->count++], e);
	return ++r->count <= PAGE_EVENTS_MAX;
}

/* The latest first. */
static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct event *)b)->mark,
	    ((const struct event *)a)->mark);
}

/* Adds the events of one search, and keeps one more than a page has. */
static void
add(struct events *e, const struct page *p, const struct state_search *what)
{
	struct search r = { .to = e };

	if (clock_left(p->deadline) == 0)
		e->late = true;
	if (e->late || e->result != ERR_OK)
		return;
	e->result = store_history(p->store, what, see, &r);
	if (e->count > r.count)
		qsort(e->list, e->count, sizeof *e->list, compare);
	if (e->count > PAGE_EVENTS_MAX + 1)
		e->count = PAGE_EVENTS_MAX + 1;
}

void
events_read(struct events *e, const struct page *p)
{
	struct state_search what = { .most = PAGE_EVENTS_MAX + 1,
		.before = *p->before != '\0' ? p->before : NULL,
		.host = *p->host != '\0' ? p->host : NULL };
	const struct account_settings *a = p->account;

	e->count = 0;
	e->more = e->late = false;
	e->result = p->store != NULL ? ERR_OK : ERR_UNREACHABLE;
	if (!when_parse(p->since, p->now, true, &what.since))
		what.since = 0;
	if (a == NULL) {
		add(e, p, &what);
	} else {
		what.account = a->name;
		for (size_t i = 0; i < a->host_count; i++) {
			what.host = a->hosts[i].name;
			if (*p->host == '\0' ||
			    strcasecmp(p->host, what.host) == 0)
				add(e, p, &what);
		}
	}
	if (e->count > PAGE_EVENTS_MAX) {
		e->more = true;
		e->count = PAGE_EVENTS_MAX;
	}
}
