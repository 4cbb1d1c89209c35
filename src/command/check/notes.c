#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "command/check/notes.h"
#include "provider/description/description.h"
#include "provider/endpoint.h"

#define REQUEST_MAX \
	4096 /* the bytes of a base and its path that are looked for */

/* A host, and the account that has it. */
struct owned {
	const struct host_settings *host;
	const struct account_settings *account;
};

static int
compare_owned(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int diff = strcmp(x->host->name, y->host->name);

	return diff != 0 ? diff : strcmp(x->account->name, y->account->name);
}

/* All hosts of all accounts, by name; NULL without memory. */
static struct owned *
sort_hosts(const struct settings *s, size_t *count)
{
	struct owned *all;
	size_t n = 0;

	for (size_t i = 0; i < s->account_count; i++)
		n += s->accounts[i].host_count;
	if ((all = calloc(n, sizeof *all)) == NULL)
		return NULL;
	*count = n;
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			all[--n] = (struct owned){ &s->accounts[i].hosts[j],
				&s->accounts[i] };
	qsort(all, *count, sizeof *all, compare_owned);
	return all;
}

/* Each host that follows itself in the sorted list. */
static void
note_shared_hosts(const struct settings *s)
{
	size_t count = 0, end;
	struct owned *all = sort_hosts(s, &count);

	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count; end++)
			if (strcmp(all[i].host->name, all[end].host->name) != 0)
				break;
		if (end == i + 1)
			continue;
		printf("note: %s is in %zu accounts:", all[i].host->name,
		    end - i);
		for (size_t j = i; j < end; j++)
			printf(" %s", all[j].account->name);
		printf("; it has the addresses of whichever reports last\n");
	}
	free(all);
}

static void
note_ttls(const struct account_settings *a, const struct provider *p)
{
	for (size_t i = 0; i < a->host_count; i++) {
		int64_t wanted = a->hosts[i].ttl, ttl;

		if (wanted == 0)
			continue;
		ttl = description_ttl(provider_description(p), wanted);
		if (ttl != wanted)
			printf("note: %s: provider %s takes no TTL of %" PRId64
			       " s; it will be %" PRId64 " s\n",
			    a->hosts[i].name,
			    provider_endpoint(p)->settings->name, wanted, ttl);
	}
}

/* The requests that would be sent for a host, as text; NULL without memory. */
static char *
rehearse(const struct provider *p)
{
	struct publication record = { .name = "www.example.org",
		.zone = "example.org",
		.address = { AF_INET, { 192, 0, 2, 1 } } };
	struct publication *const list[] = { &record };
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return NULL;
	provider_rehearse(p, to, list, 1);
	return fclose(to) == 0 ? text : NULL;
}

/* Would a request begin with the base, and then repeat this end of it? */
static bool
is_repeated(const struct provider *p, const char *end, const char *requests)
{
	const struct endpoint *e = provider_endpoint(p);
	struct buffer twice = { .max = REQUEST_MAX };
	bool found =
	    buffer_printf(&twice, "%s%s%s/", e->origin, e->path, end) &&
	    strstr(requests, twice.data) != NULL;

	buffer_free(&twice);
	return found;
}

static void
note_base(const struct provider *p)
{
	const struct endpoint *e = provider_endpoint(p);
	const char *end = e->path;
	char *requests = *end != '\0' ? rehearse(p) : NULL;

	/* From "/x/api/v1" on: that, "/api/v1", "/v1". */
	while (requests != NULL && end != NULL && *end == '/' &&
	    !is_repeated(p, end, requests))
		end = strchr(end + 1, '/');
	if (requests != NULL && end != NULL)
		printf("note: provider %s: the requests would go to "
		       "%s%s%s/..., for the description adds %s by itself; "
		       "take it out of \"base\"\n",
		    e->settings->name, e->origin, e->path, end, end);
	free(requests);
}

void
notes_print(const struct gateway *g)
{
	const struct settings *s = g->settings;

	for (size_t i = 0; i < s->provider_count; i++)
		if (provider_description(providers_get(g->providers, i)) !=
		    NULL)
			note_base(providers_get(g->providers, i));
	for (size_t i = 0; i < s->account_count; i++) {
		const struct provider *p =
		    providers_get(g->providers, s->accounts[i].provider);

		if (provider_description(p) != NULL)
			note_ttls(&s->accounts[i], p);
	}
	note_shared_hosts(s);
}
