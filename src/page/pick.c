#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "page/pick.h"

static bool
matches(const struct account_settings *a, const struct host_settings *h,
    const char *search)
{
	return strcasestr(h->name, search) != NULL ||
	    strcasestr(a->name, search) != NULL;
}

/* The accounts that p may see: its own, or all of them. */
static const struct account_settings *
accounts_of(const struct page *p, size_t *count)
{
	*count = p->account != NULL ? 1 : p->settings->account_count;
	return p->account != NULL ? p->account : p->settings->accounts;
}

/* Counts the matches, and takes those from k->first on that fit. */
static void
go_through(const struct page *p, struct pick *k)
{
	size_t count;
	const struct account_settings *a = accounts_of(p, &count), *end;

	k->total = k->count = 0;
	for (end = a + count; a != end; a++)
		for (size_t j = 0; j < a->host_count; j++) {
			if (*p->search != '\0' &&
			    !matches(a, &a->hosts[j], p->search))
				continue;
			if (++k->total < k->first || k->count == PAGE_HOSTS_MAX)
				continue;
			k->hosts[k->count].account = a;
			k->hosts[k->count++].host = &a->hosts[j];
		}
	k->pages = (k->total + PAGE_HOSTS_MAX - 1) / PAGE_HOSTS_MAX;
}

void
pick(struct pick *k, const struct page *p)
{
	/* No more pages than that can be counted. */
	const size_t last = SIZE_MAX / PAGE_HOSTS_MAX;

	k->number = p->number == 0 ? 1 : p->number < last ? p->number : last;
	k->first = (k->number - 1) * PAGE_HOSTS_MAX + 1;
	go_through(p, k);
	if (k->count > 0 || k->total == 0)
		return;
	k->number = k->pages;
	k->first = (k->number - 1) * PAGE_HOSTS_MAX + 1;
	go_through(p, k);
}
