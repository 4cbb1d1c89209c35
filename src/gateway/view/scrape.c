#include "config.h"

#include <time.h>

#include "gateway/metrics.h"
#include "gateway/slow.h"
#include "gateway/view/counts.h"
#include "gateway/view/entrance.h"
#include "gateway/view/exposition.h"
#include "gateway/view/scrape.h"

static bool
is_allowed(const struct metrics_settings *s, const struct request *q)
{
	struct address source;

	if (!request_source(q, &source))
		return false;
	for (size_t i = 0; i < s->allow_count; i++)
		if (network_contains(&s->allow[i], &source))
			return true;
	return false;
}

static void
print_gauge(struct buffer *b, const char *name, const char *help, int64_t value)
{
	exposition_metric(b, name, "gauge", help);
	exposition_integer(b, name, "", NULL, value);
}

static void
print_counter(struct buffer *b, const char *name, const char *help,
    uint64_t value)
{
	exposition_metric(b, name, "counter", help);
	exposition_integer(b, name, "", NULL, (int64_t)value);
}

static void
print_service(const struct gateway *g, struct buffer *b)
{
	static const struct label version[] = { { "version", PACKAGE_VERSION },
		{ NULL, NULL } };
	static const char name[] = "ddnsgate_info";

	exposition_metric(b, name, "gauge", "The version that runs.");
	exposition_integer(b, name, "", version, 1);
	print_gauge(b, "ddnsgate_start_time_seconds",
	    "When counting began, in seconds since 1970.",
	    metrics_began(g->metrics));
}

static void
print_workers(const struct gateway *g, const struct gateway_tools *t,
    struct buffer *b)
{
	static const char name[] = "ddnsgate_workers";
	struct worker_counts c;
	unsigned int slow = slow_count(g->slow);

	if (t->count_workers == NULL)
		return;
	t->count_workers(t->board, &c);
	if (slow > c.busy)
		slow = c.busy;
	const struct {
		const char *state;
		unsigned int count;
	} states[] = { { "idle", c.all - c.busy }, { "busy", c.busy - slow },
		{ "slow", slow } };

	exposition_metric(b, name, "gauge",
	    "Workers; slow ones wait for a host or a provider.");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		const struct label labels[] = { { "state", states[i].state },
			{ NULL, NULL } };

		exposition_integer(b, name, "", labels, states[i].count);
	}
}

static void
print_state(const struct gateway *g, struct store *st, struct buffer *b)
{
	struct error ignored;
	int64_t intents;

	print_counter(b, "ddnsgate_store_errors_total",
	    "Times that the state could not be read or written.",
	    state_errors(g->state));
	print_counter(b, "ddnsgate_store_replaced_total",
	    "Damaged files of the state that were moved aside.",
	    state_moved(g->state));
	print_gauge(b, "ddnsgate_store_usable",
	    "1 if the state can be used now, else 0.",
	    store_check(st, &ignored) == ERR_OK);
	if (store_count_intents(st, &intents) == ERR_OK)
		print_gauge(b, "ddnsgate_open_intents",
		    "Hosts with a write under way, or cut off.", intents);
}

/* What is known of each host, in two lists. */
struct hosts {
	const struct settings *settings;
	struct buffer ages, ends;
	int64_t now;
};

#define AGE_NAME "ddnsgate_host_update_age_seconds"
#define END_NAME "ddnsgate_host_certificate_expiry_timestamp_seconds"

static bool
each_host(const struct state_host *h, void *data)
{
	struct hosts *list = data;
	const struct label labels[] = { { "host", h->host },
		{ "account", h->account }, { NULL, NULL } };

	/* Is it still one of the configuration? */
	if (settings_host(settings_account(list->settings, h->account),
		h->host) == NULL)
		return true;
	if (h->applied_at != 0)
		exposition_integer(&list->ages, AGE_NAME, "", labels,
		    list->now - h->applied_at);
	if (h->expiry != 0)
		exposition_integer(&list->ends, END_NAME, "", labels,
		    h->expiry);
	return true;
}

static void
print_hosts(const struct gateway *g, struct store *st, struct buffer *b)
{
	struct hosts list = { .settings = g->settings,
		.ages.max = REPLY_PAGE_MAX,
		.ends.max = REPLY_PAGE_MAX,
		.now = time(NULL) };

	if (!g->settings->metrics.hosts ||
	    settings_count_hosts(g->settings) > SCRAPE_HOSTS_MAX)
		return;
	if (store_hosts(st, NULL, "", each_host, &list) == ERR_OK) {
		exposition_metric(b, AGE_NAME, "gauge",
		    "Since the host was proved and published last.");
		if (list.ages.len > 0)
			buffer_puts(b, list.ages.data);
		exposition_metric(b, END_NAME, "gauge",
		    "When the certificate of its last proof ends.");
		if (list.ends.len > 0)
			buffer_puts(b, list.ends.data);
	}
	buffer_free(&list.ages);
	buffer_free(&list.ends);
}

/* May it be shown?  If not, the reply says so. */
static bool
enter(const struct gateway *g, struct gateway_tools *t, const struct request *q,
    struct reply *r)
{
	const struct settings *s = g->settings;
	struct login login;
	bool right;

	if (is_allowed(&s->metrics, q))
		return true;
	if (s->operator_count == 0) {
		r->status = 404;
		buffer_puts(&r->body, "notfound\n");
		return false;
	}
	right = entrance_login(g, t, q, false, &login, r);
	login_end(&login);
	return right;
}

void
scrape_reply(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	r->json = false;
	if (!enter(g, t, q, r))
		return;
	r->status = 200;
	r->type = EXPOSITION_TYPE;
	r->body.max = REPLY_PAGE_MAX;
	print_service(g, &r->body);
	counts_print(g->metrics, &r->body);
	print_workers(g, t, &r->body);
	print_state(g, t->store, &r->body);
	print_hosts(g, t->store, &r->body);
	/* A part of it would be taken for the whole. */
	if (r->body.failed) {
		buffer_clear(&r->body);
		r->status = 503;
		r->type = NULL;
		buffer_puts(&r->body, "busy\n");
	}
}
