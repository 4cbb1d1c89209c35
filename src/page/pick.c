#include "config.h"

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

/*
 * Calls see() for each match, with its number from 0 on, until it returns
 * false; returns how many there were.
 */
static size_t
go_through(const struct page *p, struct pick *k,
    bool (*see)(struct pick *k, size_t i, const struct account_settings *a,
	const struct host_settings *h))
{
	size_t count, i = 0;
	const struct account_settings *a = accounts_of(p, &count), *end;

	for (end = a + count; a != end; a++)
		for (size_t j = 0; j < a->host_count; j++)
			if ((*p->search == '\0' ||
				matches(a, &a->hosts[j], p->search)) &&
			    !see(k, i++, a, &a->hosts[j]))
				return i;
	return i;
}

static bool
see_any(struct pick *k, size_t i, const struct account_settings *a,
    const struct host_settings *h)
{
	(void)k;
	(void)i;
	(void)a;
	(void)h;
	return true;
}

static bool
see_page(struct pick *k, size_t i, const struct account_settings *a,
    const struct host_settings *h)
{
	if (i + 1 < k->first)
		return true;
	k->hosts[k->count].account = a;
	k->hosts[k->count++].host = h;
	return k->count < PAGE_HOSTS_MAX;
}

void
pick(struct pick *k, const struct page *p)
{
	*k = (struct pick){ .number = p->number > 0 ? p->number : 1 };
	k->total = go_through(p, k, see_any);
	k->pages = (k->total + PAGE_HOSTS_MAX - 1) / PAGE_HOSTS_MAX;
	if (k->number > k->pages)
		k->number = k->pages > 0 ? k->pages : 1;
	k->first = (k->number - 1) * PAGE_HOSTS_MAX + 1;
	(void)go_through(p, k, see_page);
}

const struct host_settings *
pick_host(const struct page *p, const char *name)
{
	size_t count;
	const struct account_settings *a = accounts_of(p, &count), *end;

	for (end = a + count; a != end; a++)
		for (size_t j = 0; j < a->host_count; j++)
			if (strcasecmp(a->hosts[j].name, name) == 0)
				return &a->hosts[j];
	return NULL;
}
