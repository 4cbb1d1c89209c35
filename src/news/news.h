/*
 * news.h - what happened, as one is told.
 *
 * Texts are of visible ASCII characters alone, whatever a host, an issuer or a
 * provider has said.
 */
#ifndef NEWS_NEWS_H
#define NEWS_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "config/receiver.h"
#include "news/outages.h"
#include "state/state.h"

#define NEWS_MAX      20   /* in one message */
#define NEWS_TEXT_MAX 3000 /* bytes of them; ntfy makes a file of 4096 */

struct news {
	enum news_kind kind;
	bool bad;		      /* somebody should act */
	char mark[STATE_MARK_MAX];    /* of an event of the history, or "" */
	char subject[STATE_TEXT_MAX]; /* else what it is about */
	int64_t value;		      /* and the moment that it tells of it */
	int64_t at;		      /* seconds since 1970 */
	json_object *fields;	      /* all there is to tell, for programs */
	char *title;		      /* "home.example.org: a new address" */
	char *text;		      /* more, in one or more lines */
};

/* What can be told at once. */
struct news_list {
	struct news items[NEWS_MAX];
	size_t count;
	size_t bytes; /* of all titles and texts */
};

/* Which kind of news an event of the history is. */
enum news_kind news_kind_of(const struct state_event *e);

/* False: the list is full, or there is no memory. */
bool news_add_event(struct news_list *list, const struct state_event *e);

/*
 * The same for what the clock brings: the certificate of a host ends at that
 * moment; a host was updated last then; a provider has failed as o says.
 */
bool news_add_certificate(struct news_list *list, const char *host,
    const char *account, int64_t expiry, int64_t now);
bool news_add_silent(struct news_list *list, const char *host,
    const char *account, int64_t last, int64_t now);
bool news_add_outage(struct news_list *list, const char *provider,
    const struct outage *o);

/* A message that says where it comes from, for a trial. */
bool news_add_trial(struct news_list *list, const char *machine);

/* What is wrong with the service, in a line; for pings. */
bool news_add_fault(struct news_list *list, const char *fault);

/* Takes one out of the list. */
void news_remove(struct news_list *list, size_t index);

/* Empties it. */
void news_clear(struct news_list *list);

#endif
