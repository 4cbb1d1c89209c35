/*
 * events.h - one page of the history, read from the store.
 */
#ifndef PAGE_EVENTS_H
#define PAGE_EVENTS_H

#include "page/html.h"
#include "page/page.h"

/* A copy of a struct state_event, cut where it is longer; "" for NULL. */
struct event {
	char mark[STATE_MARK_MAX];
	int64_t at, expiry;
	int proof_ms, provider_ms;
	bool refused;
	char source[64], account[ACCOUNT_NAME_MAX + 1], host[STATE_TEXT_MAX];
	char type[8], old[64], new[64], verdict[16];
	char reason[HTML_FOREIGN_MAX + 1], issuer[STATE_TEXT_MAX];
	char serial[64], key[72];
};

struct events {
	struct event list[2 * (PAGE_EVENTS_MAX + 1)]; /* the latest first */
	size_t count;				      /* to be shown */
	bool more;				      /* there are older ones */
	enum err result; /* ERR_OK, or why the store could not be read */
	bool late;	 /* it took too long, and something may be missing */
};

/*
 * The latest events that p asks for, before p->before: of an operator's p those
 * of p->host, or all; of an account's those of its hosts that are its own.
 */
void events_read(struct events *e, const struct page *p);

#endif
