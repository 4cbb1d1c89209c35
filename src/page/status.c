/*
 * status.c - the hosts, a page at a time.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "page/card.h"
#include "page/frame.h"
#include "page/link.h"
#include "page/pick.h"

/* What a card shows. */
struct host {
	struct card card;
	struct state_host known;
	struct timeline timeline;
};

/* How far the store could be read for a page. */
struct reading {
	bool gave_out;	/* it did not answer */
	bool timed_out; /* it took too long, and is asked no more */
};

static void
put_search(struct html *h, const struct page *p)
{
	frame_form(h, "status");
	frame_field(h, "Host or account");
	frame_input(h, "q", "search", p->search);
	html_close(h);
	html_element(h, "button", NULL, "Search");
	html_close(h);
}

static void
put_count(struct html *h, const struct pick *k)
{
	html_open(h, "p");
	html_attribute(h, "class", "count");
	if (k->total == 0)
		html_text(h, "No host is so named.");
	else if (k->pages == 1)
		html_printf(h, "%zu host%s", k->total,
		    k->total == 1 ? "" : "s");
	else
		html_printf(h, "Hosts %zu to %zu of %zu", k->first,
		    k->first + k->count - 1, k->total);
	if (k->total > 0)
		html_text(h,
		    ".  The lines below are the last 30 days: a bar is as "
		    "long as an address lasted, and a mark under it is a "
		    "refusal.");
	html_close(h);
}

static void
put_page_link(struct html *h, const struct page *p, size_t number,
    const char *text)
{
	struct buffer url = { .max = LINK_MAX };

	buffer_puts(&url, "status");
	link_add(&url, "q", p->search);
	link_add_number(&url, "page", number);
	frame_link(h, &url, text);
	buffer_free(&url);
}

static void
put_pages(struct html *h, const struct page *p, const struct pick *k)
{
	if (k->pages < 2)
		return;
	html_open(h, "nav");
	html_attribute(h, "class", "pages");
	html_attribute(h, "aria-label", "More hosts");
	if (k->number > 1) {
		put_page_link(h, p, 1, "First");
		put_page_link(h, p, k->number - 1, "Previous");
	}
	html_open(h, "span");
	html_printf(h, "Page %zu of %zu", k->number, k->pages);
	html_close(h);
	if (k->number < k->pages) {
		put_page_link(h, p, k->number + 1, "Next");
		put_page_link(h, p, k->pages, "Last");
	}
	html_close(h);
}

/*
 * Reads a host, as long as the store answers; a page that is late does without.
 */
static void
look(const struct page *p, struct host *a, struct reading *r)
{
	enum err rc = ERR_UNREACHABLE;

	if (clock_left(p->deadline) == 0)
		r->timed_out = true;
	if (!r->gave_out && !r->timed_out)
		rc = store_host(p->store, a->card.host->name, &a->known);
	a->card.unreadable = rc != ERR_OK && rc != ERR_NOT_FOUND;
	if (rc == ERR_OK)
		a->card.known = &a->known;
	else if (a->card.unreadable && !r->timed_out)
		r->gave_out = true;
	if (rc == ERR_OK && clock_left(p->deadline) > 0 &&
	    timeline_read(&a->timeline, p->store, a->card.host->name,
		p->account != NULL ? p->account->name : NULL, p->now) == ERR_OK)
		a->card.timeline = &a->timeline;
}

static void
put_hosts(struct html *h, const struct page *p, const struct pick *k,
    struct host *all)
{
	struct reading r = { .gave_out = p->store == NULL };

	for (size_t i = 0; i < k->count; i++) {
		all[i].card = (struct card){ .account = k->hosts[i].account,
			.host = k->hosts[i].host };
		look(p, &all[i], &r);
	}
	if (r.gave_out)
		frame_no_store(h, p);
	else if (r.timed_out)
		html_element(h, "p", "note",
		    "The state answers slowly now; some hosts are shown "
		    "without what is known of them.");
	for (size_t i = 0; i < k->count && !h->to->failed; i++)
		card_write(&all[i].card, p, h);
}

void
page_status(const struct page *p, struct buffer *to)
{
	struct host *all = calloc(PAGE_HOSTS_MAX, sizeof *all);
	struct html h = { .to = to };
	struct pick k;

	if (all == NULL) {
		to->failed = true;
		return;
	}
	pick(&k, p);
	frame_begin(&h, p, "status", "Status");
	if (p->account == NULL || p->account->host_count > PAGE_HOSTS_MAX)
		put_search(&h, p);
	put_count(&h, &k);
	put_hosts(&h, p, &k, all);
	put_pages(&h, p, &k);
	frame_end(&h, p);
	free(all);
}
