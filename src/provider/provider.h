/*
 * provider.h - write addresses into the public DNS.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "provider/exchange.h"

#define PROVIDER_RECORDS_MAX	(2 * SETTINGS_HOSTS_MAX)	/* in one run */

struct description;
struct resolution;
struct providers;	/* all of the configuration, ready; made before the fork */

/* One provider of the configuration. */
struct provider {
	const struct provider_settings	*settings;
	struct description		*description;	/* NULL: rfc2136.h */
	json_object			*variables;	/* "config.x" -> value */
	char				*host;		/* to connect to */
	uint16_t			 port;
	char				*origin;	/* "https://host", or
							   words for people */
	char				*path;		/* "" or "/api" */
	struct resolution		*resolution;	/* NULL: pinned */
	const struct provider		*begin;		/* another host; or NULL */
};

/* One address to be published, and what came of it. */
struct provider_record {
	const char	*name;		/* normalised; may begin with "*." */
	const char	*zone;		/* NULL: the provider knows */
	int64_t		 ttl;		/* seconds, 0: as it is, or default */
	struct address	 address;	/* its family says A or AAAA */
	bool		 remove;	/* take away what is there instead */

	enum err	 result;	/* ERR_OK: the provider holds it now */
	bool		 changed;	/* false: it held it before */
	struct error	 why;
};

/*
 * Reads the description of every provider of s and checks it against the
 * settings.  s must outlive the result.  NULL on the first error.
 */
struct providers *providers_new(const struct settings *s, struct error *why);
void		 providers_free(struct providers *p);

/* By the index that account_settings has. */
const struct provider *providers_get(const struct providers *p, size_t index);

/*
 * Asks the resolver, once, for each provider whose addresses are not pinned;
 * what was known stays where it fails, which is logged.  May take long.
 */
void		 providers_resolve(struct providers *p);

/*
 * providers_resolve() now, every 5 minutes, and soon after a request found
 * that no address answers.  Never returns; false at once when every
 * provider is pinned.
 */
bool		 providers_keep_resolving(struct providers *p);

/* Takes over what another configuration knew of the same hosts. */
void		 providers_inherit(struct providers *p,
		    const struct providers *from);

/* The pinned addresses, or those that are known by now; returns how many. */
size_t		 provider_addresses(const struct provider *p,
		    struct address to[static SETTINGS_ADDRESSES_MAX]);

/* "A" or "AAAA". */
const char	*record_type(const struct address *a);

/*
 * Brings the records to the provider, those of one request together, and
 * judges each.  Reads before it writes; never writes what is already so.  The
 * number of requests is bounded by the description; all end by deadline.  At
 * most PROVIDER_RECORDS_MAX records.
 * *retry_after gets the seconds that the provider asked for, or 0.
 */
void		 provider_publish(const struct provider *p,
		    struct exchange *x, const char *token,
		    struct provider_record *records, size_t count,
		    int64_t deadline, long *retry_after);

/*
 * Prints the requests that provider_publish() would send, and sends none.  The
 * token is masked, "<id>" stands for what an answer would give, and every
 * step is shown, whatever its condition.  A zone that is not given is taken
 * to have two labels.
 */
void		 provider_rehearse(const struct provider *p, FILE *to,
		    struct provider_record *records, size_t count);

#endif
