#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "news/keeper.h"
#include "news/lookout.h"

/* A host that may be silent; another machine may have heard of it. */
struct candidate {
	char host[STATE_TEXT_MAX], account[STATE_TEXT_MAX];
	int64_t last;
};

struct look {
	struct lookout *lookout;
	struct news_list *list;
	int64_t now;
	/* Of what is told, that which still holds. */
	json_object *certificates, *silent;
	struct candidate candidates[NEWS_MAX];
	size_t count;
};

static bool
wants(const struct lookout *l, enum news_kind kind)
{
	return (l->to->kinds & (1U << kind)) != 0;
}

/* The moment that was told of the host; 0: none was. */
static int64_t
told_of(json_object *told, const char *host)
{
	json_object *at = NULL;

	(void)json_object_object_get_ex(told, host, &at);
	return json_object_get_int64(at);
}

static void
put(json_object *told, const char *host, int64_t value)
{
	if (json_object_object_length(told) < LOOKOUT_TOLD_MAX)
		(void)json_add_made(told, host, json_object_new_int64(value));
}

static bool
has_room(const json_object *told, const struct news_list *list)
{
	return (size_t)json_object_object_length(told) + list->count <
	    LOOKOUT_TOLD_MAX;
}

static void
look_at_certificate(struct look *l, const struct state_host *h)
{
	if (h->expiry == 0 ||
	    h->expiry - l->lookout->to->certificate_s > l->now)
		return;
	if (told_of(l->lookout->certificates, h->host) == h->expiry)
		put(l->certificates, h->host, h->expiry);
	else if (has_room(l->lookout->certificates, l->list))
		(void)news_add_certificate(l->list, h->host, h->account,
		    h->expiry, l->now);
}

static void
look_at_silence(struct look *l, const struct state_host *h)
{
	const struct seen *seen = l->lookout->seen;
	int64_t last = seen != NULL ? seen_last(seen, h->host) : 0;
	int64_t since;

	if (last < h->applied_at)
		last = h->applied_at;
	since = last > l->lookout->from ? last : l->lookout->from;
	if (last == 0 || since + l->lookout->to->silent_s > l->now)
		return;
	/* What is known of it may have been more exact before a crash. */
	if (told_of(l->lookout->silent, h->host) >= last) {
		put(l->silent, h->host, last);
	} else if (l->count < NEWS_MAX) {
		struct candidate *c = &l->candidates[l->count++];

		strcpy(c->host, h->host);
		strcpy(c->account, h->account);
		c->last = last;
	}
}

static bool
each_host(const struct state_host *h, void *data)
{
	struct look *l = data;

	/* Is it a host of the configuration, and not of one that was? */
	if (settings_host(settings_account(l->lookout->settings, h->account),
		h->host) == NULL)
		return true;
	if (wants(l->lookout, NEWS_CERTIFICATE))
		look_at_certificate(l, h);
	if (wants(l->lookout, NEWS_SILENT))
		look_at_silence(l, h);
	return true;
}

/* What the state has of a candidate is asked only now. */
static void
add_silent(struct look *l)
{
	struct lookout *o = l->lookout;

	for (size_t i = 0; i < l->count; i++) {
		const struct candidate *c = &l->candidates[i];
		int64_t kept = keeper_read(o->store, c->host);

		if (kept > c->last && o->seen != NULL)
			seen_note(o->seen, c->host, kept);
		if (kept > c->last && kept + o->to->silent_s > l->now)
			continue;
		if (has_room(o->silent, l->list))
			(void)news_add_silent(l->list, c->host, c->account,
			    kept > c->last ? kept : c->last, l->now);
	}
}

enum err
lookout_find(struct lookout *l, struct news_list *list)
{
	struct look look = { .lookout = l,
		.list = list,
		.now = time(NULL),
		.certificates = json_object_new_object(),
		.silent = json_object_new_object() };
	enum err rc = ERR_MEMORY;

	if (look.certificates != NULL && look.silent != NULL)
		rc = store_hosts(l->store, NULL, "", each_host, &look);
	if (rc != ERR_OK) {
		json_object_put(look.certificates);
		json_object_put(look.silent);
		return rc;
	}
	json_object_put(l->certificates);
	json_object_put(l->silent);
	l->certificates = look.certificates;
	l->silent = look.silent;
	add_silent(&look);
	return ERR_OK;
}

void
lookout_told(struct lookout *l, const struct news *n)
{
	if (n->kind == NEWS_CERTIFICATE)
		put(l->certificates, n->subject, n->value);
	else if (n->kind == NEWS_SILENT)
		put(l->silent, n->subject, n->value);
}
