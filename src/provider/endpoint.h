/*
 * endpoint.h - the host that a provider is spoken to at.
 */
#ifndef PROVIDER_ENDPOINT_H
#define PROVIDER_ENDPOINT_H

#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "provider/resolution.h"

/* Release its strings with endpoint_end(). */
struct endpoint {
	char *host; /* to connect to; NULL: there is none */
	uint16_t port;
	char *origin; /* "https://host", or words */
	char *path;   /* "" or "/api" */

	/* Borrowed, from the settings and from whoever made it. */
	const char *what; /* "provider", for the log */
	const struct provider_settings *settings;
	struct resolution *resolution; /* NULL: pinned */
};

/*
 * Fills host, port, origin and path from a URL: https, a name, and a port and
 * a path at most.  ERR_CONFIG for any other; endpoint_end() is due all the
 * same, for what was filled by then.
 */
enum err endpoint_read(struct endpoint *e, const char *url, struct error *why);
void endpoint_end(struct endpoint *e);

/*
 * Copies the pinned addresses, or those that the resolver has found by now;
 * returns how many, which may be 0.
 */
size_t endpoint_addresses(const struct endpoint *e,
    struct address to[static SETTINGS_ADDRESSES_MAX]);

/*
 * Tells the process that resolves to ask again soon, as none of the addresses
 * answers.
 */
void endpoint_want_addresses(const struct endpoint *e);

/*
 * Asks the resolver, once, unless the addresses are pinned; false if it fails,
 * which is logged: what was known stays.  May take long.
 */
bool endpoint_resolve(const struct endpoint *e);

/* Must the resolver be asked? */
bool endpoint_is_resolved(const struct endpoint *e);

#endif
