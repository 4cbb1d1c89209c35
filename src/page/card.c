#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "page/card.h"
#include "page/frame.h"
#include "page/link.h"
#include "page/refusal.h"
#include "page/when.h"

#define DAY 86400

/* What there is to say of a host in one word. */
enum standing {
	STANDING_PUBLISHED,
	STANDING_REFUSED,
	STANDING_WRITING,
	STANDING_SILENT,
	STANDING_FOREIGN, /* another account has published it */
	STANDING_UNREADABLE
};

static const struct {
	const char *class, *text;
	enum icon icon;
} standings[] = {
	[STANDING_PUBLISHED] = { "state good", "Published", ICON_GOOD },
	[STANDING_REFUSED] = { "state bad", "Last update refused", ICON_BAD },
	[STANDING_WRITING] = { "state wait", "A write is not finished",
	    ICON_WAIT },
	[STANDING_SILENT] = { "state wait", "Waiting for the first update",
	    ICON_WAIT },
	[STANDING_FOREIGN] = { "state warn", "Published by another account",
	    ICON_WARN },
	[STANDING_UNREADABLE] = { "state wait", "Not known now", ICON_WAIT },
};

static enum standing
stand(const struct card *c)
{
	const struct state_host *k = c->known;

	if (c->unreadable)
		return STANDING_UNREADABLE;
	if (k == NULL ||
	    (k->applied_at == 0 && k->refused_at == 0 && !k->intent))
		return STANDING_SILENT;
	if (strcmp(k->account, c->account->name) != 0)
		return STANDING_FOREIGN;
	if (k->refused_at > k->applied_at)
		return STANDING_REFUSED;
	return k->intent ? STANDING_WRITING : STANDING_PUBLISHED;
}

static void
begin_row(struct html *h, const char *name)
{
	html_open(h, "div");
	html_element(h, "dt", NULL, name);
	html_open(h, "dd");
}

static void
end_row(struct html *h)
{
	html_close(h);
	html_close(h);
}

static void
put_since(struct html *h, int64_t since, int64_t now)
{
	char text[WHEN_TEXT_MAX];

	if (since == 0)
		return;
	html_open(h, "span");
	html_attribute(h, "class", "aside");
	html_text(h, " since ");
	frame_time(h, since);
	html_printf(h, ", %s", when_apart(since, now, text));
	html_close(h);
}

static void
put_address(struct html *h, const struct state_host *k, int family, int64_t now)
{
	const struct state_value *v = &k->value[family];
	char text[ADDRESS_TEXT_MAX];

	if (v->kind == VALUE_UNKNOWN)
		return;
	begin_row(h, family == STATE_IPV4 ? "IPv4" : "IPv6");
	if (v->kind == VALUE_ADDRESS)
		html_element(h, "span", "address",
		    address_format(&v->address, text));
	else
		html_text(h, "no address");
	put_since(h, k->since[family], now);
	end_row(h);
}

/* Not by its colour alone: an icon, and words. */
static void
put_expiry(struct html *h, int64_t expiry, int64_t now)
{
	char text[WHEN_TEXT_MAX];
	bool soon = expiry < now + CARD_SOON_DAYS * DAY;

	html_open(h, "span");
	html_attribute(h, "class", soon ? "soon" : "fine");
	if (soon)
		frame_icon(h, ICON_WARN);
	html_text(h,
	    expiry <= now ? " has ended on " :
		soon	  ? " ends soon, on " :
			    "valid until ");
	frame_time(h, expiry);
	html_printf(h, ", %s", when_apart(expiry, now, text));
	if (soon)
		html_text(h, ": renew it");
	html_close(h);
}

static void
put_proof(struct html *h, const struct card *c, int64_t now)
{
	char text[WHEN_TEXT_MAX];

	begin_row(h,
	    c->host->proof.kind == PROOF_NONE ? "Last change" : "Last proof");
	if (c->known->applied_at == 0) {
		html_text(h, "none yet");
	} else {
		frame_time(h, c->known->applied_at);
		html_open(h, "span");
		html_attribute(h, "class", "aside");
		html_printf(h, " %s",
		    when_apart(c->known->applied_at, now, text));
		html_close(h);
	}
	end_row(h);
	if (c->known->expiry == 0)
		return;
	begin_row(h, "Certificate");
	put_expiry(h, c->known->expiry, now);
	if (c->timeline != NULL && c->timeline->issuer[0] != '\0') {
		html_open(h, "span");
		html_attribute(h, "class", "aside");
		html_text(h, " issued by ");
		html_foreign(h, c->timeline->issuer);
		html_close(h);
	}
	end_row(h);
}

/* The reason and the advice, as far as whoever looks may know them. */
static void
put_reason(struct html *h, const struct refusal *r, bool is_open, bool is_past)
{
	if (is_open && *r->reason != '\0') {
		html_open(h, "p");
		html_attribute(h, "class", "reason");
		html_foreign(h, r->reason);
		html_close(h);
	}
	if (is_past)
		return;
	html_open(h, "p");
	html_element(h, "b", NULL, "What to do: ");
	html_text(h,
	    is_open ? refusal_advice(r->verdict, r->reason) : refusal_checks);
	html_close(h);
}

/* What was refused last, and what to do unless a later update was good. */
static void
put_refusal(struct html *h, const struct card *c, const struct page *p)
{
	const struct state_host *k = c->known;
	bool is_past = k->refused_at <= k->applied_at;
	char text[WHEN_TEXT_MAX];
	struct refusal r;

	refusal_read(&r, k->refused);
	html_open(h, "div");
	html_attribute(h, "class", is_past ? "note past" : "note bad");
	html_open(h, "p");
	html_open(h, "b");
	html_text(h, is_past ? "Refused before that" : "Refused");
	if (*r.type != '\0')
		html_printf(h, " (%s)", refusal_family(r.type));
	html_text(h, ": ");
	html_close(h);
	html_text(h, refusal_words(r.verdict));
	html_text(h, *r.verdict != '\0' ? ". " : "");
	html_open(h, "span");
	html_attribute(h, "class", "aside");
	frame_time(h, k->refused_at);
	html_printf(h, ", %s", when_apart(k->refused_at, p->now, text));
	html_close(h);
	html_close(h);
	put_reason(h, &r,
	    p->account == NULL || strcmp(r.verdict, "proof") != 0 ||
		(c->timeline != NULL && c->timeline->refusal_open),
	    is_past);
	html_close(h);
}

/* To whoever has a router, and has not told it yet whom to call. */
static void
put_next_step(struct html *h, const struct card *c, const struct page *p)
{
	html_open(h, "div");
	html_attribute(h, "class", "note");
	html_open(h, "p");
	html_element(h, "b", NULL, "Next step: ");
	html_text(h, "tell the router.  ");
	if (p->settings->url != NULL) {
		html_text(h, "It is to call ");
		html_open(h, "code");
		html_text(h, p->settings->url);
		html_text(h, "/update");
		html_close(h);
		html_text(h, " as user ");
	} else {
		html_text(h, "It logs in as user ");
	}
	html_open(h, "code");
	html_foreign(h, c->account->name);
	html_close(h);
	html_text(h, ", and its password is the token.");
	html_close(h);
	html_open(h, "p");
	html_text(h,
	    "What to enter where in a FRITZ!Box, the operator sees by ");
	html_open(h, "code");
	html_text(h, "ddnsgate router fritzbox --account ");
	html_foreign(h, c->account->name);
	html_close(h);
	html_text(h, "; ");
	html_element(h, "code", NULL, "ddnsgate router --list");
	html_text(h, " names the other devices.");
	html_close(h);
	html_close(h);
}

static void
put_head(struct html *h, const struct card *c, const struct page *p,
    enum standing standing)
{
	struct buffer url = { .max = LINK_MAX };

	html_open(h, "header");
	html_open(h, "h2");
	buffer_puts(&url, "history");
	link_add(&url, "host", c->host->name);
	html_open(h, "a");
	html_attribute_buffer(h, "href", &url);
	html_foreign(h, c->host->name);
	html_close(h);
	html_close(h);
	buffer_free(&url);
	html_open(h, "p");
	html_attribute(h, "class", standings[standing].class);
	frame_icon(h, standings[standing].icon);
	html_text(h, standings[standing].text);
	html_close(h);
	html_open(h, "p");
	html_attribute(h, "class", "of");
	if (p->account == NULL) {
		html_text(h, "account ");
		html_foreign(h, c->account->name);
		html_text(h, ", ");
	}
	html_text(h, "provider ");
	html_foreign(h, p->settings->providers[c->account->provider].name);
	if (c->account->disabled)
		html_text(h, ", the account is disabled");
	html_close(h);
	html_close(h);
}

static void
put_known(struct html *h, const struct card *c, const struct page *p,
    bool is_foreign)
{
	html_open(h, "dl");
	for (int f = 0; f < STATE_FAMILIES; f++)
		put_address(h, c->known, f, p->now);
	if (!is_foreign)
		put_proof(h, c, p->now);
	html_close(h);
	if (c->known->intent && !is_foreign)
		html_element(h, "p", "aside",
		    "A write is under way, or was cut off; the next update "
		    "of the router begins anew.");
}

void
card_write(const struct card *c, const struct page *p, struct html *h)
{
	enum standing standing = stand(c);
	/* What other accounts did is theirs; the addresses are public. */
	bool is_foreign = standing == STANDING_FOREIGN && p->account != NULL;

	html_open(h, "article");
	put_head(h, c, p, standing);
	if (standing == STANDING_SILENT)
		put_next_step(h, c, p);
	else if (standing != STANDING_UNREADABLE)
		put_known(h, c, p, is_foreign);
	if (c->known != NULL && !is_foreign && standing != STANDING_SILENT) {
		if (c->timeline != NULL)
			timeline_write(c->timeline, c->known, h);
		if (c->known->refused_at != 0)
			put_refusal(h, c, p);
	}
	html_close(h);
}
