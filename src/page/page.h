/*
 * page.h - what a person with a browser sees: the hosts, and what happened.
 *
 * Plain HTML with SVG inside, without a script.  Whatever came from a host, an
 * issuer or a provider is the text of a stranger; see html.h.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stdint.h>

#include "base/buffer.h"
#include "config/settings.h"
#include "state/state.h"

#define PAGE_HOSTS_MAX	30 /* on one page */
#define PAGE_EVENTS_MAX 50
#define PAGE_STORE_MS	1500 /* after that the store is asked no more */

/* Who looks, and what for.  Strings are borrowed, and never NULL. */
struct page {
	const struct settings *settings;
	struct store *store;			/* NULL: there is none */
	const struct account_settings *account; /* NULL: an operator, for all */
	const char *user;			/* who logged in */
	const char *search; /* part of the name of a host or an account */
	const char *host;   /* of the history; "": all */
	const char *since;  /* of the history; "": from the first on */
	const char *before; /* a mark of the history; "": the latest */
	size_t number;	    /* of the page, from 1 on */
	int64_t now;	    /* seconds since 1970 */
	int64_t deadline;   /* clock_now() + PAGE_STORE_MS */
};

/* Writes the whole document; to->failed if it does not fit. */
void page_status(const struct page *p, struct buffer *to);
void page_history(const struct page *p, struct buffer *to);

/* A document that says a sentence, in place of one of those. */
void page_sentence(const char *title, const char *text, struct buffer *to);

/*
 * The value of Content-Security-Policy under which each of them is shown: no
 * script, nothing from elsewhere, and no style but theirs.
 */
const char *page_policy(void);

#endif
