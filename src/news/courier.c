#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "news/courier.h"
#include "news/feed.h"
#include "news/bulletin.h"

#define SEND_MS	       10000
#define PAUSE_MS       2000 /* after the first failure */
#define PAUSE_MS_MAX   3600000
#define LOOK_MS	       1000 /* between two looks at a store of one machine */
#define LOOK_SHARED_MS 4000 /* and of several */
#define WARN_MS	       3600000
#define PATH_LEN_MAX   8192
#define ANSWER_MAX     (64UL << 10)

struct courier {
	const struct receiver *to;
	struct feed *feed;
	struct news_list list; /* what is under way, or was not taken */
	struct exchange *under_way;
	int64_t due;	/* of the next look or try */
	int pause;	/* ms, after the failure that came last; 0: none */
	int64_t warned; /* of a failure that lasts */
};

struct couriers {
	struct courier list[RECEIVERS_MAX];
	size_t count;
	struct exchanges *exchanges;
	int look_ms;
};

struct couriers *
couriers_new(const struct receivers *r, const struct state *s, struct store *st,
    struct exchanges *x)
{
	struct couriers *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->exchanges = x;
	c->look_ms = state_late_s(s) > 0 ? LOOK_SHARED_MS : LOOK_MS;
	for (; c->count < r->count; c->count++) {
		struct courier *one = &c->list[c->count];

		one->to = &r->list[c->count];
		one->feed = feed_new(one->to->settings, s, st, r->began);
		if (one->feed == NULL) {
			couriers_free(c);
			return NULL;
		}
	}
	return c;
}

void
couriers_free(struct couriers *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		exchange_end(c->list[i].under_way);
		news_clear(&c->list[i].list);
		feed_free(c->list[i].feed);
	}
	free(c);
}

/*
 * One message
 */

/* Takes over neither header; NULL without memory. */
static struct curl_slist *
make_headers(const struct bulletin *m, const char *secret)
{
	struct buffer type = { .max = 128 };
	struct curl_slist *list = NULL, *more;

	if (buffer_printf(&type, "Content-Type: %s", m->type))
		list = curl_slist_append(NULL, type.data);
	buffer_free(&type);
	if (list == NULL || secret == NULL)
		return list;
	if ((more = curl_slist_append(list, secret)) == NULL)
		curl_slist_free_all(list);
	return more;
}

static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *h = list; h != NULL; h = h->next)
		secret_wipe_string(h->data);
	curl_slist_free_all(list);
}

static struct exchange *
post(const struct receiver *to, struct exchanges *x, const struct bulletin *m,
    const char *path, const char *secret, int64_t deadline, struct error *why)
{
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	const struct target target = { to->at.host, to->at.port, addresses,
		endpoint_addresses(&to->at, addresses),
		to->settings->server.ca };
	struct curl_slist *headers = make_headers(m, secret);
	const struct exchange_request request = { .method = "POST",
		.path = path,
		.headers = headers,
		.body = m->body.data,
		.body_len = m->body.len,
		.answer_max = ANSWER_MAX };
	struct exchange *made = NULL;

	if (headers == NULL)
		error_memory(why);
	else if (target.address_count == 0)
		error_set(why, ERR_UNREACHABLE,
		    "the resolver knows no address of %s", to->at.host);
	else
		made = exchange_start(x, &target, &request, deadline, why);
	free_headers(headers);
	return made;
}

static struct exchange *
start(const struct receiver *to, const struct news_list *list,
    struct exchanges *x, int64_t deadline, struct error *why)
{
	struct buffer path = { .max = PATH_LEN_MAX };
	struct buffer secret = { .max = PATH_LEN_MAX };
	struct exchange *made = NULL;
	struct bulletin m;

	if (!bulletin_make(&m, to->settings, list))
		error_memory(why);
	else if (receiver_address(to, &path, &secret, why) == ERR_OK)
		made = post(to, x, &m, path.data, secret.data, deadline, why);
	bulletin_free(&m);
	buffer_free(&path);
	buffer_free(&secret);
	return made;
}

/* Was it taken?  What the receiver answered is shown to nobody. */
static enum err
conclude(const struct receiver *to, const struct exchange *x, long *retry_after,
    struct error *why)
{
	const struct exchange_answer *answer;

	*retry_after = 0;
	if (exchange_result(x, &answer, why) != ERR_OK) {
		if (why->code == ERR_UNREACHABLE)
			endpoint_want_addresses(&to->at);
		return why->code;
	}
	*retry_after = answer->retry_after;
	if (answer->status >= 200 && answer->status < 300)
		return ERR_OK;
	return error_set(why, ERR_REFUSED, "%s answers HTTP %ld%s",
	    to->at.origin, answer->status,
	    answer->status >= 300 && answer->status < 400 ?
		"; name the URL that it leads to" :
		"");
}

enum err
courier_send(const struct receiver *to, const struct news_list *list,
    struct exchanges *x, int64_t deadline, struct error *why)
{
	struct exchange *made = start(to, list, x, deadline, why);
	long ignored;
	enum err rc;

	if (made == NULL)
		return why->code;
	while (!exchange_done(made))
		(void)exchanges_wait(x, deadline);
	rc = conclude(to, made, &ignored, why);
	exchange_end(made);
	return rc;
}

/*
 * All of them
 */

static void
failed(struct courier *c, long retry_after, const struct error *why)
{
	int64_t now = clock_now();

	c->pause = c->pause == 0	? PAUSE_MS :
	    c->pause < PAUSE_MS_MAX / 2 ? 2 * c->pause :
					  PAUSE_MS_MAX;
	if (retry_after * 1000 > c->pause)
		c->pause = retry_after * 1000 < PAUSE_MS_MAX ?
		    (int)(retry_after * 1000) :
		    PAUSE_MS_MAX;
	c->due = now + c->pause;
	news_clear(&c->list);
	if (c->warned != 0 && now - c->warned < WARN_MS)
		return;
	c->warned = now;
	log_warn("notify %s: %s; it is told later, until it takes the news",
	    c->to->settings->name, why->text);
}

static void
succeeded(struct courier *c)
{
	if (c->warned != 0)
		log_info("notify %s: it takes the news again",
		    c->to->settings->name);
	c->warned = 0;
	c->pause = 0;
	c->due = clock_now();
	/* What is not kept is told twice. */
	(void)feed_told(c->feed, &c->list);
	news_clear(&c->list);
}

static void
finish(struct courier *c)
{
	struct error why;
	long retry_after;
	enum err rc = conclude(c->to, c->under_way, &retry_after, &why);

	exchange_end(c->under_way);
	c->under_way = NULL;
	if (rc == ERR_OK)
		succeeded(c);
	else
		failed(c, retry_after, &why);
}

static void
look(struct courier *c, struct exchanges *x, int look_ms)
{
	int64_t now = clock_now();
	struct error why;

	c->due = now + look_ms;
	if (feed_look(c->feed, &c->list) != ERR_OK) {
		news_clear(&c->list);
		return;
	}
	if (c->list.count == 0)
		return;
	c->under_way = start(c->to, &c->list, x, now + SEND_MS, &why);
	if (c->under_way == NULL)
		failed(c, 0, &why);
}

void
couriers_step(struct couriers *c, bool may_begin)
{
	for (size_t i = 0; i < c->count; i++) {
		struct courier *one = &c->list[i];

		if (one->under_way != NULL && exchange_done(one->under_way))
			finish(one);
		if (may_begin && one->under_way == NULL &&
		    clock_left(one->due) == 0)
			look(one, c->exchanges, c->look_ms);
	}
}

bool
couriers_busy(const struct couriers *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].under_way != NULL)
			return true;
	return false;
}
