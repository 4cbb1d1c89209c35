/*
 * card.h - one host on the page of the status.
 */
#ifndef PAGE_CARD_H
#define PAGE_CARD_H

#include "page/html.h"
#include "page/page.h"
#include "page/timeline.h"

#define CARD_SOON_DAYS 14 /* a certificate that ends within them is marked */

struct card {
	const struct account_settings *account;
	const struct host_settings *host;
	const struct state_host *known;	 /* NULL: nothing is known of it */
	const struct timeline *timeline; /* NULL: it could not be read */
	bool unreadable; /* the store is, so known says nothing */
};

/* Writes it, as p->account or an operator may see it. */
void card_write(const struct card *c, const struct page *p, struct html *h);

#endif
