#include "config.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/hostname.h"
#include "provider/description.h"
#include "provider/provider.h"
#include "provider/resolution.h"
#include "provider/rfc2136.h"

/* Milliseconds. */
#define RESOLVE_AGAIN	300000
#define RESOLVE_DOUBTED	10000	/* at the earliest, when no address answers */
#define RESOLVE_FAILED	10000
#define RESOLVE_TICK	500

_Static_assert(RESOLUTION_MAX == SETTINGS_ADDRESSES_MAX,
    "as many addresses found as pinned");

struct providers {
	struct provider		*list;
	size_t			 count;
	size_t			 hosts;		/* with those of begin, behind */
	struct resolution	*resolutions;	/* one a host */
};

/* The operator's own file of that name goes before ours. */
static char *
find_file(const char *name)
{
	static const char *const directories[] = {
		PROVIDERS_SYSCONFDIR, PROVIDERS_DATADIR,
	};
	struct buffer file = { .max = 4096 };

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		buffer_clear(&file);
		buffer_printf(&file, "%s/%s.json", directories[i], name);
		if (!file.failed && access(file.data, F_OK) == 0)
			return buffer_take(&file);
	}
	buffer_free(&file);
	return NULL;
}

/* Does the operator give what the description needs, and no more? */
static enum err
bind_variables(struct provider *p, const char *file, struct error *why)
{
	json_object *given = p->settings->variables;
	const char *name = p->settings->name;

	if ((p->variables = json_object_new_object()) == NULL)
		return error_set(why, ERR_MEMORY, "out of memory");
	if (given != NULL) {
		json_object_object_foreach(given, key, value) {
			char variable[64];

			if (snprintf(variable, sizeof variable, "config.%s",
			    key) >= (int)sizeof variable ||
			    !json_object_object_get_ex(
			    p->description->variables, variable, NULL))
				return error_set(why, ERR_CONFIG,
				    "%s: /providers/%s/config/%s: provider "
				    "%s has no such variable", file, name, key,
				    p->description->name);
			json_object_object_add(p->variables, variable,
			    json_object_get(value));
		}
	}
	json_object_object_foreach(p->description->variables, key, needed) {
		if (json_object_get_boolean(needed) &&
		    !json_object_object_get_ex(p->variables, key, NULL))
			return error_set(why, ERR_CONFIG, "%s: /providers/%s/"
			    "config/%s: is missing; provider %s needs it",
			    file, name, key + strlen("config."),
			    p->description->name);
	}
	return ERR_OK;
}

/* Takes the URL apart; only https, a name, a port and a path may be in it. */
static enum err
read_base(struct provider *p, const char *url, struct error *why)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL,
	    *query = NULL, *user = NULL, *fragment = NULL;
	struct buffer origin = { .max = 512 };
	enum err rc = ERR_CONFIG;
	size_t len;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
	    CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK) {
		error_set(why, rc, "\"%s\" is not a URL", url);
		goto out;
	}
	curl_url_get(u, CURLUPART_QUERY, &query, 0);
	curl_url_get(u, CURLUPART_USER, &user, 0);
	curl_url_get(u, CURLUPART_FRAGMENT, &fragment, 0);
	if (strcmp(scheme, "https") != 0 || query != NULL || user != NULL ||
	    fragment != NULL) {
		error_set(why, rc,
		    "\"%s\" must be https://host, with a port and a path at "
		    "most", url);
		goto out;
	}
	if ((p->host = hostname_normalise(host, false)) == NULL) {
		error_set(why, rc, "\"%s\" must name the host of the "
		    "certificate, not its address; addresses go into "
		    "\"addresses\"", url);
		goto out;
	}
	p->port = (uint16_t)strtoul(port, NULL, 10);
	buffer_printf(&origin, p->port != 443 ? "https://%s:%u" : "https://%s",
	    p->host, (unsigned int)p->port);
	for (len = strlen(path); len > 0 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	if ((p->path = strdup(path)) == NULL ||
	    (p->origin = buffer_take(&origin)) == NULL) {
		rc = error_set(why, ERR_MEMORY, "out of memory");
		goto out;
	}
	rc = ERR_OK;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(path);
	curl_free(query);
	curl_free(user);
	curl_free(fragment);
	curl_url_cleanup(u);
	buffer_free(&origin);
	return rc;
}

/* begin: room for the host of begin's steps, if it is another. */
static enum err
provider_read(struct provider *p, struct provider *begin,
    const char *settings_file, struct error *why)
{
	const struct provider_settings *s = p->settings;
	json_object *base = NULL;
	const char *url;
	char *file;
	enum err rc;

	if (strcmp(s->description, RFC2136_NAME) == 0)
		return rfc2136_read(p, settings_file, why);
	if ((file = find_file(s->description)) == NULL)
		return error_set(why, ERR_CONFIG, "%s: /providers/%s: there is "
		    "no %s.json in " PROVIDERS_SYSCONFDIR " or "
		    PROVIDERS_DATADIR, settings_file, s->name, s->description);
	p->description = description_read(file, why);
	free(file);
	if (p->description == NULL)
		return why->code;
	if ((rc = bind_variables(p, settings_file, why)) != ERR_OK)
		return rc;
	url = p->description->base;
	if (json_object_object_get_ex(p->variables, "config.base", &base))
		url = json_object_get_string(base);
	rc = read_base(p, url, why);
	if (rc == ERR_OK && p->description->begin_base != NULL) {
		p->begin = begin;
		rc = read_base(begin, p->description->begin_base, why);
	}
	if (rc != ERR_OK)
		error_prefix(why, "%s: /providers/%s", settings_file, s->name);
	return rc;
}

struct providers *
providers_new(const struct settings *s, struct error *why)
{
	struct providers *p = calloc(1, sizeof *p);
	size_t n = s->provider_count;

	if (p == NULL || (p->list = calloc(2 * n, sizeof *p->list)) == NULL ||
	    (p->resolutions = resolution_new(2 * n)) == NULL) {
		error_set(why, ERR_MEMORY, "out of memory");
		goto fail;
	}
	p->count = n;
	p->hosts = 2 * n;
	for (size_t i = 0; i < 2 * n; i++) {
		p->list[i].settings = &s->providers[i % n];
		if (s->providers[i % n].address_count == 0)
			p->list[i].resolution =
			    resolution_at(p->resolutions, i);
	}
	for (size_t i = 0; i < n; i++)
		if (provider_read(&p->list[i], &p->list[n + i], s->file, why)
		    != ERR_OK)
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
	for (size_t i = 0; i < p->hosts; i++) {
		description_free(p->list[i].description);
		json_object_put(p->list[i].variables);
		free(p->list[i].host);
		free(p->list[i].origin);
		free(p->list[i].path);
	}
	resolution_free(p->resolutions, p->hosts);
	free(p->list);
	free(p);
}

const struct provider *
providers_get(const struct providers *p, size_t index)
{
	return &p->list[index];
}

const char *
record_type(const struct address *a)
{
	return a->family == AF_INET ? "A" : "AAAA";
}

/* Is there a host that the resolver must be asked for? */
static bool
is_resolved(const struct provider *p)
{
	return p->resolution != NULL && p->host != NULL;
}

static bool
resolve(const struct provider *p)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_ADDRCONFIG }, *list, *i;
	struct address found[RESOLUTION_MAX];
	size_t count = 0;
	int rc = getaddrinfo(p->host, NULL, &hints, &list);

	if (rc != 0) {
		log_warn("provider %s: %s: %s; its addresses stay as they "
		    "were", p->settings->name, p->host, gai_strerror(rc));
		return false;
	}
	for (i = list; i != NULL && count < RESOLUTION_MAX; i = i->ai_next)
		if (address_from_sockaddr(&found[count], i->ai_addr))
			count++;
	freeaddrinfo(list);
	if (count > 0)
		resolution_set(p->resolution, found, count);
	return count > 0;
}

void
providers_resolve(struct providers *p)
{
	for (size_t i = 0; i < p->hosts; i++)
		if (is_resolved(&p->list[i]))
			(void)resolve(&p->list[i]);
}

bool
providers_keep_resolving(struct providers *p)
{
	struct timespec tick = { 0, RESOLVE_TICK * 1000000L };
	int64_t due[2 * SETTINGS_PROVIDERS_MAX] = { 0 };
	int64_t last[2 * SETTINGS_PROVIDERS_MAX] = { 0 };
	bool any = false;

	for (size_t i = 0; i < p->hosts; i++)
		any = any || is_resolved(&p->list[i]);
	while (any) {
		for (size_t i = 0; i < p->hosts; i++) {
			const struct provider *one = &p->list[i];

			if (!is_resolved(one))
				continue;
			if (resolution_take_doubt(one->resolution) &&
			    due[i] > last[i] + RESOLVE_DOUBTED)
				due[i] = last[i] + RESOLVE_DOUBTED;
			if (clock_now() < due[i])
				continue;
			due[i] = resolve(one) ? RESOLVE_AGAIN : RESOLVE_FAILED;
			last[i] = clock_now();
			due[i] += last[i];
		}
		nanosleep(&tick, NULL);
	}
	return false;
}

void
providers_inherit(struct providers *p, const struct providers *from)
{
	for (size_t i = 0; i < p->hosts; i++)
		for (size_t j = 0; j < from->hosts; j++) {
			struct address known[RESOLUTION_MAX];
			size_t count;

			if (!is_resolved(&p->list[i]) ||
			    !is_resolved(&from->list[j]) ||
			    strcmp(p->list[i].host, from->list[j].host) != 0)
				continue;
			count = resolution_get(from->list[j].resolution, known);
			resolution_set(p->list[i].resolution, known, count);
		}
}

size_t
provider_addresses(const struct provider *p,
    struct address to[static SETTINGS_ADDRESSES_MAX])
{
	if (p->resolution != NULL)
		return resolution_get(p->resolution, to);
	memcpy(to, p->settings->addresses, sizeof p->settings->addresses);
	return p->settings->address_count;
}
