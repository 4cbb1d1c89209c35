#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "address/hostname.h"
#include "base/buffer.h"
#include "base/lack.h"
#include "base/log.h"
#include "provider/endpoint.h"

_Static_assert(RESOLUTION_MAX == SETTINGS_ADDRESSES_MAX,
    "as many addresses found as pinned");

/* A URL taken apart by curl_url_get(); NULL for what it does not have. */
struct url_parts {
	char *scheme, *host, *port, *path, *query, *user, *fragment;
};

static enum err
read_parts(struct endpoint *e, const struct url_parts *p, const char *url,
    struct error *why)
{
	struct buffer origin = { .max = 512 };

	if (p->scheme == NULL || p->host == NULL || p->port == NULL ||
	    p->path == NULL)
		return error_set(why, ERR_CONFIG, "\"%s\" is not a URL", url);
	if (strcmp(p->scheme, "https") != 0 || p->query != NULL ||
	    p->user != NULL || p->fragment != NULL)
		return error_set(why, ERR_CONFIG,
		    "\"%s\" must be "
		    "https://host, with a port and a path at most",
		    url);
	if ((e->host = hostname_normalise(p->host, false)) == NULL)
		return error_set(why, ERR_CONFIG,
		    "\"%s\" must name the host "
		    "of the certificate, not its address; addresses go into "
		    "\"addresses\"",
		    url);
	e->port = (uint16_t)strtoul(p->port, NULL, 10);
	buffer_printf(&origin, e->port != 443 ? "https://%s:%u" : "https://%s",
	    e->host, (unsigned int)e->port);
	for (size_t n = strlen(p->path); n > 0 && p->path[n - 1] == '/'; n--)
		p->path[n - 1] = '\0';
	e->path = strdup(p->path);
	e->origin = buffer_take(&origin);
	return e->path != NULL && e->origin != NULL ? ERR_OK :
						      error_memory(why);
}

enum err
endpoint_read(struct endpoint *e, const char *url, struct error *why)
{
	struct url_parts p = { .scheme = NULL };
	CURLU *u = curl_url();
	enum err rc;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_SCHEME, &p.scheme, 0);
		curl_url_get(u, CURLUPART_HOST, &p.host, 0);
		curl_url_get(u, CURLUPART_PORT, &p.port, CURLU_DEFAULT_PORT);
		curl_url_get(u, CURLUPART_PATH, &p.path, 0);
		curl_url_get(u, CURLUPART_QUERY, &p.query, 0);
		curl_url_get(u, CURLUPART_USER, &p.user, 0);
		curl_url_get(u, CURLUPART_FRAGMENT, &p.fragment, 0);
	}
	rc = read_parts(e, &p, url, why);
	curl_free(p.scheme);
	curl_free(p.host);
	curl_free(p.port);
	curl_free(p.path);
	curl_free(p.query);
	curl_free(p.user);
	curl_free(p.fragment);
	curl_url_cleanup(u);
	return rc;
}

void
endpoint_end(struct endpoint *e)
{
	free(e->host);
	free(e->origin);
	free(e->path);
	e->host = e->origin = e->path = NULL;
}

size_t
endpoint_addresses(const struct endpoint *e,
    struct address to[static SETTINGS_ADDRESSES_MAX])
{
	if (e->resolution != NULL)
		return resolution_get(e->resolution, to);
	memcpy(to, e->settings->addresses, sizeof e->settings->addresses);
	return e->settings->address_count;
}

void
endpoint_want_addresses(const struct endpoint *e)
{
	if (e->resolution != NULL)
		resolution_want(e->resolution);
}

bool
endpoint_is_resolved(const struct endpoint *e)
{
	return e->resolution != NULL && e->host != NULL;
}

/* The resolver failed with rc and left errno, which was 0 before. */
static void
tell_failure(const struct endpoint *e, int rc)
{
	/* It waits for sockets, so EAGAIN is no lack; see lack.h. */
	if (errno != EAGAIN && lack_is(errno))
		lack_tell("getaddrinfo", errno);
	else if (rc == EAI_MEMORY)
		lack_tell("getaddrinfo", ENOMEM);
	else
		log_warn("%s %s: %s: %s; its addresses stay as they were",
		    e->what, e->settings->name, e->host, gai_strerror(rc));
}

bool
endpoint_resolve(const struct endpoint *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG },
			*list;
	struct address found[RESOLUTION_MAX];
	size_t count = 0;
	int rc;

	if (!endpoint_is_resolved(e))
		return true;
	errno = 0;
	if ((rc = getaddrinfo(e->host, NULL, &hints, &list)) != 0) {
		tell_failure(e, rc);
		return false;
	}
	for (const struct addrinfo *i = list;
	     i != NULL && count < RESOLUTION_MAX; i = i->ai_next)
		if (address_from_sockaddr(&found[count], i->ai_addr))
			count++;
	freeaddrinfo(list);
	if (count > 0)
		resolution_set(e->resolution, found, count);
	return count > 0;
}
