/*
 * history.c - what changed and what was refused, a page at a time.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "page/events.h"
#include "page/frame.h"
#include "page/link.h"
#include "page/refusal.h"
#include "page/when.h"

/* An account chooses one of its hosts, an operator names any. */
static void
put_choice(struct html *h, const struct page *p)
{
	html_open(h, "select");
	html_attribute(h, "name", "host");
	html_open(h, "option");
	html_attribute(h, "value", "");
	html_text(h, "all hosts");
	html_close(h);
	for (size_t i = 0; i < p->account->host_count; i++) {
		const char *name = p->account->hosts[i].name;

		html_open(h, "option");
		html_attribute(h, "value", name);
		if (strcasecmp(name, p->host) == 0)
			html_attribute(h, "selected", NULL);
		html_text(h, name);
		html_close(h);
	}
	html_close(h);
}

static void
put_filter(struct html *h, const struct page *p)
{
	frame_form(h, "history");
	frame_field(h, "Host");
	if (p->account != NULL)
		put_choice(h, p);
	else
		frame_input(h, "host", "search", p->host);
	html_close(h);
	frame_field(h, "Since");
	frame_input(h, "since", "date", p->since);
	html_close(h);
	html_element(h, "button", NULL, "Show");
	html_close(h);
}

/* An address, or that there is none. */
static void
put_value(struct html *h, const char *text)
{
	if (strcmp(text, "none") == 0) {
		html_text(h, "no address");
		return;
	}
	html_open(h, "span");
	html_attribute(h, "class", "address");
	html_foreign(h, text);
	html_close(h);
}

/* What was before may not be known. */
static void
put_change(struct html *h, const struct event *e)
{
	html_open(h, "p");
	html_attribute(h, "class", "change");
	html_foreign(h, refusal_family(e->type));
	if (e->refused) {
		html_text(h, " ");
		put_value(h, e->new);
		html_text(h, *e->old != '\0' ? ", instead of " : "");
	} else {
		html_text(h, *e->old != '\0' ? " from " : " is now ");
	}
	if (*e->old != '\0')
		put_value(h, e->old);
	if (!e->refused) {
		html_text(h, *e->old != '\0' ? " to " : "");
		put_value(h, e->new);
	}
	html_close(h);
}

/* May whoever looks know what was found at the address? */
static bool
is_open(const struct page *p, const struct event *e)
{
	return p->account == NULL || !e->refused ||
	    refusal_is_open(e->verdict, e->source, e->new);
}

static void
put_refusal(struct html *h, const struct page *p, const struct event *e)
{
	bool open = is_open(p, e);

	html_open(h, "p");
	html_attribute(h, "class", "reason");
	html_foreign(h, refusal_words(e->verdict));
	if (open && *e->reason != '\0') {
		html_text(h, ": ");
		html_foreign(h, e->reason);
	}
	html_close(h);
	html_open(h, "p");
	html_element(h, "b", NULL, "What to do: ");
	html_text(h,
	    open ? refusal_advice(e->verdict, e->reason) : refusal_checks);
	html_close(h);
}

static void
put_fact(struct html *h, const char *name, const char *text)
{
	if (*text == '\0')
		return;
	html_open(h, "div");
	html_element(h, "dt", NULL, name);
	html_open(h, "dd");
	html_foreign(h, text);
	html_close(h);
	html_close(h);
}

static void
put_times(struct html *h, const struct event *e)
{
	html_open(h, "div");
	html_element(h, "dt", NULL, "Took");
	html_open(h, "dd");
	html_printf(h, "proof %d ms, provider %d ms", e->proof_ms,
	    e->provider_ms);
	html_close(h);
	html_close(h);
}

static void
put_details(struct html *h, const struct page *p, const struct event *e)
{
	char text[WHEN_TEXT_MAX];

	html_open(h, "details");
	html_element(h, "summary", NULL, "Details");
	html_open(h, "dl");
	put_fact(h, "Asked from", e->source);
	if (is_open(p, e)) {
		put_times(h, e);
		put_fact(h, "Certificate by", e->issuer);
		put_fact(h, "Ends on",
		    e->expiry != 0 ? when_text(e->expiry, text) : "");
		put_fact(h, "Serial", e->serial);
		put_fact(h, "Key, SHA-256", e->key);
	}
	html_close(h);
	html_close(h);
}

/* The time of the day; its date is in the heading above. */
static void
put_time(struct html *h, int64_t at)
{
	char text[WHEN_TEXT_MAX];

	html_open(h, "time");
	html_attribute(h, "datetime", when_iso(at, text));
	html_text(h, when_time(at, text));
	html_close(h);
}

static void
put_event(struct html *h, const struct page *p, const struct event *e)
{
	html_open(h, "li");
	html_attribute(h, "class", e->refused ? "event bad" : "event good");
	html_open(h, "p");
	html_attribute(h, "class", "what");
	frame_icon(h, e->refused ? ICON_BAD : ICON_GOOD);
	html_element(h, "b", NULL, e->refused ? " Refused " : " Changed ");
	html_open(h, "span");
	html_attribute(h, "class", "name");
	html_foreign(h, e->host);
	html_close(h);
	html_text(h, " ");
	put_time(h, e->at);
	if (p->account == NULL) {
		html_open(h, "span");
		html_attribute(h, "class", "aside");
		html_text(h, " account ");
		html_foreign(h, e->account);
		html_close(h);
	}
	html_close(h);
	put_change(h, e);
	if (e->refused)
		put_refusal(h, p, e);
	put_details(h, p, e);
	html_close(h);
}

/* A heading for each day, and its events. */
static void
put_days(struct html *h, const struct page *p, const struct events *e)
{
	char day[WHEN_TEXT_MAX] = "", this[WHEN_TEXT_MAX];

	for (size_t i = 0; i < e->count; i++) {
		if (strcmp(when_day(e->list[i].at, this), day) != 0) {
			if (*day != '\0')
				html_close(h);
			strcpy(day, this);
			html_element(h, "h2", "day", day);
			html_open(h, "ol");
			html_attribute(h, "class", "events");
		}
		put_event(h, p, &e->list[i]);
	}
	if (e->count > 0)
		html_close(h);
}

static void
put_link(struct html *h, const struct page *p, const char *before,
    const char *text)
{
	struct buffer url = { .max = LINK_MAX };

	buffer_puts(&url, "history");
	link_add(&url, "host", p->host);
	link_add(&url, "since", p->since);
	link_add(&url, "before", before);
	frame_link(h, &url, text);
	buffer_free(&url);
}

static void
put_pages(struct html *h, const struct page *p, const struct events *e)
{
	if (!e->more && *p->before == '\0')
		return;
	html_open(h, "nav");
	html_attribute(h, "class", "pages");
	html_attribute(h, "aria-label", "More events");
	if (*p->before != '\0')
		put_link(h, p, NULL, "Latest");
	if (e->more)
		put_link(h, p, e->list[e->count - 1].mark, "Older");
	html_close(h);
}

static void
put_notes(struct html *h, const struct page *p, const struct events *e)
{
	int64_t since;

	if (*p->since != '\0' && !when_parse(p->since, p->now, true, &since))
		html_element(h, "p", "note",
		    "Since is a date, as 2026-11-28, or how long ago, as 12h "
		    "or 7d; all days are shown.");
	if (e->result != ERR_OK)
		frame_no_store(h, p);
	else if (e->late)
		html_element(h, "p", "note",
		    "The state answers slowly now; some events are missing.");
	else if (e->count == 0)
		html_element(h, "p", "note",
		    *p->before != '\0' ? "Nothing is older." :
					 "Nothing has happened yet, or nothing "
					 "that is asked for here.");
}

void
page_history(const struct page *p, struct buffer *to)
{
	struct events *e = calloc(1, sizeof *e);
	struct html h = { .to = to };

	if (e == NULL) {
		to->failed = true;
		return;
	}
	events_read(e, p);
	frame_begin(&h, p, "history", "History");
	put_filter(&h, p);
	put_notes(&h, p, e);
	put_days(&h, p, e);
	put_pages(&h, p, e);
	frame_end(&h, p);
	free(e);
}
