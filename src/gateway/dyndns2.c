#include "config.h"

#include "gateway/dyndns2.h"

/*
 * A fault that passes by itself is 503, so that clients come back: a proof
 * fails while a line is still coming up.  One that only a person can mend is
 * 4xx, at which some clients give up for good (docs/reference/protocols.md
 * 1.4).
 */
static const struct wording verdicts[VERDICT__MAX] = {
	[VERDICT_SKIPPED] = { "nochg", 200, false },
	[VERDICT_NOCHG] = { "nochg", 200, false },
	[VERDICT_GOOD] = { "good", 200, false },
	[VERDICT_OPEN] = { "911", 503, true },
	[VERDICT_WITHHELD] = { "dnserr", 503, true },
	[VERDICT_ADDRESS] = { "dnserr", 400, false },
	[VERDICT_PROOF] = { "dnserr", 503, true },
	[VERDICT_PROVIDER] = { "dnserr", 502, false },
	[VERDICT_BUSY] = { "911", 503, true },
};

/* For an update without verdicts; ERR_OK stands for any other error. */
static const struct wording errors[ERR__MAX] = {
	[ERR_OK] = { "911", 503, true },
	[ERR_AUTH] = { "badauth", 401, false },
	[ERR_NOT_YOURS] = { "nohost", 403, false },
	[ERR_NOT_A_NAME] = { "notfqdn", 400, false },
	[ERR_TOO_MANY_NAMES] = { "numhost", 400, false },
	[ERR_REQUEST] = { "dnserr", 400, false },
	[ERR_METHOD] = { "badagent", 405, false },
};

static void
put_address(struct buffer *body, const char **separator,
    const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	buffer_printf(body, "%s%s", *separator, address_format(a, text));
	*separator = ",";
}

/*
 * Is the record's address one that the client sent as an address?  A record
 * with an address is not of a family that was taken away.
 */
static bool
was_sent(const struct claim *c, const struct record *r)
{
	const struct claim_address *sent =
	    r->address.family == AF_INET ? &c->ipv4 : &c->ipv6;

	return sent->given && address_equal(&sent->address, &r->address);
}

/*
 * Tells those of the published addresses that the client sent, for some
 * clients compare them with what they know (docs/reference/protocols.md 1.3);
 * if it sent none of them, but a prefix, those that were made of it.
 */
static void
put_addresses(const struct update *u, const struct host_settings *host,
    struct buffer *body)
{
	const char *separator = " ";

	for (int sent = 1; sent >= 0; sent--) {
		for (size_t i = 0; i < u->record_count; i++) {
			const struct record *r = &u->records[i];

			if (r->host == host && !r->remove &&
			    r->verdict != VERDICT_SKIPPED &&
			    was_sent(&u->claim, r) == (sent == 1))
				put_address(body, &separator, &r->address);
		}
		if (*separator == ',')
			return;
	}
}

static void
put_line(const struct update *u, const struct host_settings *host,
    struct reply *r)
{
	const struct wording *w = &verdicts[update_host_verdict(u, host)];

	buffer_puts(&r->body, w->word);
	if (w->status == 200 && update_has_host(u, host))
		put_addresses(u, host, &r->body);
	buffer_puts(&r->body, "\n");
}

void
dyndns2_reply(const struct update *u, struct reply *r)
{
	const struct wording *w = update_wording(u, verdicts, errors);
	const struct claim *c = &u->claim;

	r->json = false;
	reply_status(r, w, u->retry_after);
	if (u->result != ERR_OK) {
		buffer_printf(&r->body, "%s\n", w->word);
		return;
	}
	for (size_t i = 0; c->has_names && i < c->name_count; i++)
		put_line(u, c->names[i], r);
	for (size_t i = 0; !c->has_names && i < u->host_count; i++)
		put_line(u, u->hosts[i], r);
}

void
dyndns2_checkip(const struct request *q, struct reply *r)
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	r->json = false;
	if (!request_source(q, &a)) {
		r->status = 400;
		buffer_puts(&r->body, "dnserr\n");
		return;
	}
	r->status = 200;
	buffer_printf(&r->body, "Current IP Address: %s\n",
	    address_format(&a, text));
}
