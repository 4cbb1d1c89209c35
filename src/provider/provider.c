#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "provider/dns/rfc2136.h"
#include "provider/provider.h"
#include "tls/trust.h"

struct providers {
	struct provider *list;
	size_t count;
	struct resolution *resolutions; /* one an endpoint */
};

/* The endpoints of all providers, counted through. */
static struct endpoint *
endpoint_at(const struct providers *p, size_t i)
{
	struct provider *one = &p->list[i / 2];

	return i % 2 == 0 ? &one->at : &one->begin;
}

static enum err
provider_read(struct provider *p, const char *file, struct error *why)
{
	if (strcmp(p->settings->description, RFC2136_NAME) == 0)
		return rfc2136_read(&p->at, file, why);
	return rest_read(&p->rest, &p->at, &p->begin, file, why);
}

struct providers *
providers_new(const struct settings *s, struct error *why)
{
	struct providers *p = calloc(1, sizeof *p);
	size_t n = s->provider_count;

	if (p == NULL || (p->list = calloc(n, sizeof *p->list)) == NULL ||
	    (p->resolutions = resolution_new(2 * n)) == NULL) {
		error_memory(why);
		goto fail;
	}
	p->count = n;
	for (size_t i = 0; i < 2 * n; i++) {
		struct endpoint *e = endpoint_at(p, i);

		e->settings = p->list[i / 2].settings = &s->providers[i / 2];
		if (e->settings->address_count == 0)
			e->resolution = resolution_at(p->resolutions, i);
	}
	for (size_t i = 0; i < n; i++)
		if (provider_read(&p->list[i], s->file, why) != ERR_OK)
			goto fail;
	return p;
fail:
	providers_free(p);
	return NULL;
}

void
providers_free(struct providers *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++) {
		rest_end(&p->list[i].rest);
		endpoint_end(&p->list[i].at);
		endpoint_end(&p->list[i].begin);
	}
	resolution_free(p->resolutions, 2 * p->count);
	free(p->list);
	free(p);
}

const struct provider *
providers_get(const struct providers *p, size_t index)
{
	return &p->list[index];
}

enum err
provider_trust(const struct provider *p, struct trust *trust, struct error *why)
{
	if (p->rest.description == NULL ||
	    trust_load(trust, p->settings->ca, why) == ERR_OK)
		return ERR_OK;
	return error_prefix(why, "/providers/%s", p->settings->name);
}

void
providers_resolve(struct providers *p)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		(void)endpoint_resolve(endpoint_at(p, i));
}

const struct endpoint *
providers_resolved(const struct providers *p, size_t index)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		if (endpoint_is_resolved(endpoint_at(p, i)) && index-- == 0)
			return endpoint_at(p, i);
	return NULL;
}

void
providers_inherit(struct providers *p, const struct providers *from)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		for (size_t j = 0; j < 2 * from->count; j++) {
			const struct endpoint *to = endpoint_at(p, i);
			const struct endpoint *of = endpoint_at(from, j);
			struct address known[RESOLUTION_MAX];
			size_t count;

			if (!endpoint_is_resolved(to) ||
			    !endpoint_is_resolved(of) ||
			    strcmp(to->host, of->host) != 0)
				continue;
			count = resolution_get(of->resolution, known);
			resolution_set(to->resolution, known, count);
		}
}

void
provider_publish(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, long *retry_after)
{
	assert(count <= PUBLICATIONS_MAX);
	*retry_after = 0;
	if (p->rest.description != NULL)
		rest_publish(&p->rest, x, token, records, count, deadline,
		    retry_after);
	else
		rfc2136_publish(&p->at, token, records, count, deadline);
}

void
provider_rehearse(const struct provider *p, FILE *to,
    struct publication *const records[], size_t count)
{
	assert(count <= PUBLICATIONS_MAX);
	if (p->rest.description != NULL)
		rest_rehearse(&p->rest, to, records, count);
	else
		rfc2136_rehearse(&p->at, to, records, count);
}
