#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "news/bulletin.h"
#include "news/courier.h"
#include "news/feed.h"
#include "news/mail.h"

#define SEND_MS	       10000
#define PAUSE_MS       2000 /* after the first failure */
#define PAUSE_MS_MAX   3600000
#define LOOK_MS	       1000 /* between two looks at a store of one machine */
#define LOOK_SHARED_MS 2000 /* and of several */
#define WARN_MS	       3600000
#define PATH_LEN_MAX   8192
#define TICK_MS	       100  /* between two looks at deadlines of mails */
#define FIRST_PING_MS  3000 /* the workers come up meanwhile */
#define FAULT_MAX      512
#define ANSWER_MAX     (64UL << 10)

/* A message on its way: one of these; both NULL: none is. */
struct delivery {
	struct exchange *post;
	struct mail *mail;
};

/* By which it goes. */
struct ways {
	struct exchanges *exchanges;
	struct mails *mails;
};

struct courier {
	const struct receiver *to;
	struct feed *feed;
	struct news_list list; /* what is under way, or was not taken */
	struct delivery under_way;
	bool pings; /* what is under way is a ping, and no news */
	int64_t ping_at;
	int64_t due;	/* of the next look or try */
	int pause;	/* ms, after the failure that came last; 0: none */
	int64_t warned; /* of a failure that lasts */
};

struct couriers {
	struct courier list[RECEIVERS_MAX];
	size_t count;
	struct ways ways;
	struct feed_source source;
	courier_fault *fault;
	const void *data; /* of it */
	int look_ms;
};

static bool
is_under_way(const struct delivery *d)
{
	return d->post != NULL || d->mail != NULL;
}

static bool
is_done(const struct delivery *d)
{
	return (d->post != NULL && exchange_done(d->post)) ||
	    (d->mail != NULL && mail_done(d->mail));
}

static void
end(struct delivery *d)
{
	exchange_end(d->post);
	mail_end(d->mail);
	*d = (struct delivery){ NULL, NULL };
}

struct couriers *
couriers_new(const struct receivers *r, const struct feed_source *from,
    struct exchanges *x, courier_fault *fault, const void *data)
{
	struct couriers *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->ways.exchanges = x;
	if ((c->ways.mails = mails_new()) == NULL) {
		free(c);
		return NULL;
	}
	c->source = *from;
	c->fault = fault;
	c->data = data;
	c->look_ms = state_late_s(from->state) > 0 ? LOOK_SHARED_MS : LOOK_MS;
	for (; c->count < r->count; c->count++) {
		struct courier *one = &c->list[c->count];

		one->to = &r->list[c->count];
		one->ping_at = clock_now() + FIRST_PING_MS;
		one->feed = feed_new(one->to->settings, &c->source);
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
		end(&c->list[i].under_way);
		news_clear(&c->list[i].list);
		feed_free(c->list[i].feed);
	}
	mails_free(c->ways.mails);
	free(c);
}

/*
 * One message
 */

/* False: there is no memory. */
static bool
add_secret(struct bulletin *b, const struct buffer *header)
{
	struct curl_slist *more;

	if (header->len == 0)
		return true;
	if ((more = curl_slist_append(b->headers, header->data)) != NULL)
		b->headers = more;
	return more != NULL;
}

static struct exchange *
post(const struct receiver *to, struct exchanges *x, const struct bulletin *b,
    const char *path, int64_t deadline, struct error *why)
{
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	const struct target target = { to->at.host, to->at.port, addresses,
		endpoint_addresses(&to->at, addresses),
		to->settings->server.ca };
	const struct exchange_request request = { .method = b->method,
		.path = path,
		.headers = b->headers,
		.body = b->body.data,
		.body_len = b->body.len,
		.answer_max = ANSWER_MAX };

	if (target.address_count > 0)
		return exchange_start(x, &target, &request, deadline, why);
	error_set(why, ERR_UNREACHABLE, "the resolver knows no address of %s",
	    to->at.host);
	return NULL;
}

static struct exchange *
start_post(const struct receiver *to, struct exchanges *x, struct bulletin *b,
    int64_t deadline, struct error *why)
{
	struct buffer path = { .max = PATH_LEN_MAX };
	struct buffer secret = { .max = PATH_LEN_MAX };
	struct exchange *made = NULL;

	if (receiver_address(to, b->ending, b->query.data, &path, &secret,
		why) == ERR_OK) {
		if (add_secret(b, &secret))
			made = post(to, x, b, path.data, deadline, why);
		else
			error_memory(why);
	}
	if (secret.len > 0)
		for (struct curl_slist *h = b->headers; h != NULL; h = h->next)
			secret_wipe_string(h->data);
	buffer_free(&path);
	buffer_free(&secret);
	return made;
}

/* False: it did not begin, and why says so. */
static bool
start(struct delivery *d, const struct receiver *to,
    const struct news_list *list, const struct ways *w, int64_t deadline,
    struct error *why)
{
	struct bulletin b;

	if (!bulletin_make(&b, to->settings, list)) {
		error_memory(why);
	} else if (to->settings->mail == NULL) {
		d->post = start_post(to, w->exchanges, &b, deadline, why);
	} else {
		d->mail = mail_start(w->mails, to->settings, b.title.data,
		    b.body.data, deadline);
		if (d->mail == NULL)
			error_memory(why);
	}
	bulletin_free(&b);
	return is_under_way(d);
}

/* What the receiver answered is shown to nobody. */
static enum err
conclude_post(const struct receiver *to, const struct exchange *x,
    long *retry_after, struct error *why)
{
	const struct exchange_answer *answer;

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

/* Was it taken?  Ends the delivery. */
static enum err
conclude(struct delivery *d, const struct receiver *to, long *retry_after,
    struct error *why)
{
	enum err rc;

	*retry_after = 0;
	if (d->mail != NULL)
		rc = mail_result(d->mail, why);
	else
		rc = conclude_post(to, d->post, retry_after, why);
	end(d);
	return rc;
}

static void
wait_for(const struct ways *w, int64_t until)
{
	struct pollfd fds[MAILS_FDS_MAX];
	size_t count = mails_fds(w->mails, fds);

	(void)exchanges_wait_with(w->exchanges, fds, count, until);
	mails_step(w->mails);
}

enum err
courier_send(const struct receiver *to, const struct news_list *list,
    struct exchanges *x, int64_t deadline, struct error *why)
{
	const struct ways w = { x, mails_new() };
	struct delivery d = { NULL, NULL };
	enum err rc = ERR_MEMORY;
	long ignored;

	if (w.mails == NULL)
		return error_memory(why);
	if (start(&d, to, list, &w, deadline, why)) {
		while (!is_done(&d))
			wait_for(&w, clock_now() + TICK_MS);
		rc = conclude(&d, to, &ignored, why);
	} else {
		rc = why->code;
	}
	mails_free(w.mails);
	return rc;
}

/*
 * All of them
 */

/* The next pause after a failure, in ms. */
static int
longer(const struct courier *c, long retry_after)
{
	int64_t ping_ms = c->to->settings->every_ms, most = PAUSE_MS_MAX;
	int64_t pause = c->pause == 0 ? PAUSE_MS : 2 * (int64_t)c->pause;

	if (ping_ms != 0 && ping_ms < most)
		most = ping_ms;
	if (pause < retry_after * 1000)
		pause = retry_after * 1000;
	return (int)(pause < most ? pause : most);
}

static void
failed(struct courier *c, long retry_after, const struct error *why)
{
	int64_t now = clock_now();

	c->pause = longer(c, retry_after);
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
	c->ping_at = c->due + c->to->settings->every_ms;
	/* What is not kept is told twice. */
	if (!c->pings)
		(void)feed_told(c->feed, &c->list);
	news_clear(&c->list);
}

static void
finish(struct courier *c)
{
	struct error why;
	long retry_after;
	enum err rc = conclude(&c->under_way, c->to, &retry_after, &why);

	if (rc == ERR_OK)
		succeeded(c);
	else
		failed(c, retry_after, &why);
}

/* Is a ping due?  Then it says what is wrong, if anything is. */
static bool
take_ping(struct courier *c, const struct couriers *all)
{
	struct buffer fault = { .max = FAULT_MAX };

	if (c->to->settings->every_ms == 0 || clock_left(c->ping_at) > 0)
		return false;
	all->fault(all->data, &fault);
	if (fault.len > 0)
		(void)news_add_fault(&c->list, fault.data);
	buffer_free(&fault);
	return true;
}

static void
look(struct courier *c, const struct couriers *all)
{
	int64_t now = clock_now();
	struct error why;

	c->due = now + all->look_ms;
	if (feed_look(c->feed, &c->list) != ERR_OK)
		news_clear(&c->list);
	c->pings = c->list.count == 0;
	if (c->pings && !take_ping(c, all))
		return;
	if (!start(&c->under_way, c->to, &c->list, &all->ways, now + SEND_MS,
		&why))
		failed(c, 0, &why);
}

void
couriers_step(struct couriers *c, bool may_begin)
{
	for (size_t i = 0; i < c->count; i++) {
		struct courier *one = &c->list[i];

		if (is_done(&one->under_way))
			finish(one);
		if (may_begin && !is_under_way(&one->under_way) &&
		    clock_left(one->due) == 0)
			look(one, c);
	}
}

bool
couriers_busy(const struct couriers *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_under_way(&c->list[i].under_way))
			return true;
	return false;
}

void
couriers_wait(struct couriers *c, int64_t until)
{
	wait_for(&c->ways, until);
}
