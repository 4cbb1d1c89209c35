/*
 * pick.h - which hosts are on a page.
 */
#ifndef PAGE_PICK_H
#define PAGE_PICK_H

#include "page/page.h"

struct pick {
	size_t total; /* hosts that match, on all pages */
	size_t first; /* number of the first one here, from 1 on */
	size_t pages, number;
	size_t count;
	struct {
		const struct account_settings *account;
		const struct host_settings *host;
	} hosts[PAGE_HOSTS_MAX];
};

/*
 * The hosts of the account of p, or of all in the order of their names, whose
 * name or whose account's has p->search in it; those of page p->number, or of
 * the last page if there are fewer.
 */
void pick(struct pick *k, const struct page *p);

#endif
