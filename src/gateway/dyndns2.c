#include "config.h"

#include "gateway/dyndns2.h"

#define RETRY_AFTER 60 /* seconds, when the provider named no time */

struct answer_word {
	const char *word;
	int status;
};

/*
 * What passes by itself is 503, so that clients come back: a proof fails while
 * a line is still coming up.  What only a person can mend is 4xx, at which
 * some give up for good, as they should.
 */
static const struct answer_word answers[] = {
	[VERDICT_LEFT] = { "nochg", 200 },
	[VERDICT_NOCHG] = { "nochg", 200 },
	[VERDICT_GOOD] = { "good", 200 },
	[VERDICT_OPEN] = { "911", 503 },
	[VERDICT_HELD] = { "dnserr", 503 },
	[VERDICT_ADDRESS] = { "dnserr", 400 },
	[VERDICT_PROOF] = { "dnserr", 503 },
	[VERDICT_PROVIDER] = { "dnserr", 502 },
	[VERDICT_BUSY] = { "911", 503 },
};
_Static_assert(sizeof answers / sizeof *answers == VERDICT__MAX,
    "a word per verdict");

/* Where there are no verdicts. */
static struct answer_word
answer_to(enum err result)
{
	switch (result) {
	case ERR_AUTH:
		return (struct answer_word){ "badauth", 401 };
	case ERR_NOT_YOURS:
		return (struct answer_word){ "nohost", 403 };
	case ERR_NOT_A_NAME:
		return (struct answer_word){ "notfqdn", 400 };
	case ERR_TOO_MANY_NAMES:
		return (struct answer_word){ "numhost", 400 };
	case ERR_REQUEST:
		return (struct answer_word){ "dnserr", 400 };
	default:
		return (struct answer_word){ "911", 503 };
	}
}

static void
put_address(struct buffer *body, const char **separator,
    const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	buffer_printf(body, "%s%s", *separator, address_format(a, text));
	*separator = ",";
}

/*
 * The addresses that the client sent: it compares them with what it knows.
 * One that sent a prefix alone hears what was made of it.
 */
static void
put_addresses(const struct update *u, const struct host_settings *host,
    struct buffer *body)
{
	const struct claim *c = &u->claim;
	bool ipv4 = c->ipv4.given && !c->ipv4.remove;
	bool ipv6 = c->ipv6.given && !c->ipv6.remove;
	const char *separator = " ";

	if (ipv4)
		put_address(body, &separator, &c->ipv4.address);
	if (ipv6)
		put_address(body, &separator, &c->ipv6.address);
	for (size_t i = 0; !ipv4 && !ipv6 && i < u->record_count; i++)
		if (u->records[i].host == host && !u->records[i].remove)
			put_address(body, &separator, &u->records[i].address);
}

static void
put_line(const struct update *u, const struct host_settings *host,
    struct reply *r)
{
	enum verdict v = update_host_verdict(u, host);

	buffer_puts(&r->body, answers[v].word);
	if (answers[v].status == 200 && update_has_host(u, host))
		put_addresses(u, host, &r->body);
	buffer_puts(&r->body, "\n");
}

/* The status of the worst line is that of the answer. */
static int
worst_status(const struct update *u)
{
	enum verdict worst = VERDICT_LEFT;

	for (size_t i = 0; i < u->host_count; i++)
		if (update_host_verdict(u, u->hosts[i]) > worst)
			worst = update_host_verdict(u, u->hosts[i]);
	return answers[worst].status;
}

void
dyndns2_reply(const struct update *u, struct reply *r)
{
	const struct claim *c = &u->claim;
	struct answer_word a = answer_to(u->result);

	r->json = false;
	if (u->result != ERR_OK) {
		r->status = a.status;
		buffer_printf(&r->body, "%s\n", a.word);
	} else {
		r->status = worst_status(u);
		for (size_t i = 0; c->has_names && i < c->name_count; i++)
			put_line(u, c->names[i], r);
		for (size_t i = 0; !c->has_names && i < u->host_count; i++)
			put_line(u, u->hosts[i], r);
	}
	if (r->status == 503)
		r->retry_after =
		    u->retry_after > 0 ? u->retry_after : RETRY_AFTER;
}

void
dyndns2_error(struct reply *r, int status, const char *why)
{
	(void)why;
	r->json = false;
	r->status = status;
	buffer_puts(&r->body, status == 405 ? "badagent\n" : "dnserr\n");
}

void
dyndns2_checkip(const struct request *q, struct reply *r)
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	r->json = false;
	if (!address_parse_any(&a, q->source)) {
		dyndns2_error(r, 400, "no source address");
		return;
	}
	r->status = 200;
	buffer_printf(&r->body, "Current IP Address: %s\n",
	    address_format(&a, text));
}
