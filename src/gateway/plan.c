#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "address/prefix.h"
#include "address/special.h"
#include "config/hostname.h"
#include "gateway/plan.h"

/* What the router sent, parsed. */
struct sent {
	struct address	ipv4, ipv6;
	struct prefix	prefix;
	bool		has_ipv4, has_ipv6, has_prefix;
};

static enum err
read_parameter(const struct update *u, const char *name, const char **value,
    struct error *why)
{
	bool twice = false;

	*value = request_parameter(u->request, name, &twice);
	if (twice)
		return error_set(why, ERR_REQUEST, "%s: is there twice", name);
	return ERR_OK;
}

static enum err
read_sent(struct update *u, struct sent *s)
{
	const char *ipv4, *ipv6, *prefix;
	enum err rc;

	if ((rc = read_parameter(u, "ipv4", &ipv4, &u->why)) != ERR_OK ||
	    (rc = read_parameter(u, "ipv6", &ipv6, &u->why)) != ERR_OK ||
	    (rc = read_parameter(u, "prefix", &prefix, &u->why)) != ERR_OK)
		return rc;
	s->has_ipv4 = ipv4 != NULL;
	s->has_ipv6 = ipv6 != NULL;
	s->has_prefix = prefix != NULL;
	if (s->has_ipv4 && !address_parse(&s->ipv4, AF_INET, ipv4))
		return error_set(&u->why, ERR_REQUEST,
		    "ipv4: not an IPv4 address");
	if (s->has_ipv6 && !address_parse(&s->ipv6, AF_INET6, ipv6))
		return error_set(&u->why, ERR_REQUEST,
		    "ipv6: not an IPv6 address");
	if (s->has_prefix && !prefix_parse(&s->prefix, prefix))
		return error_set(&u->why, ERR_REQUEST,
		    "prefix: not an IPv6 prefix");
	return ERR_OK;
}

static const struct host_settings *
find_host(const struct account_settings *a, const char *name)
{
	for (size_t i = 0; i < a->host_count; i++)
		if (strcmp(a->hosts[i].name, name) == 0)
			return &a->hosts[i];
	return NULL;
}

static void
add_host(struct update *u, const struct host_settings *host)
{
	for (size_t i = 0; i < u->host_count; i++)
		if (u->hosts[i] == host)
			return;
	u->hosts[u->host_count++] = host;
}

/* All hosts of the account, or those of "hostname=a,b". */
static enum err
choose_hosts(struct update *u)
{
	const struct account_settings *account = u->login.account;
	const struct host_settings *host;
	const char *list, *item;
	char *copy, *rest;
	enum err rc;

	if ((rc = read_parameter(u, "hostname", &list, &u->why)) != ERR_OK)
		return rc;
	if (list == NULL) {
		for (size_t i = 0; i < account->host_count; i++)
			add_host(u, &account->hosts[i]);
		return ERR_OK;
	}
	if ((copy = rest = strdup(list)) == NULL)
		return error_set(&u->why, ERR_MEMORY, "out of memory");
	while (rc == ERR_OK && (item = strsep(&rest, ",")) != NULL) {
		char *name = hostname_normalise(item, true);

		host = name != NULL ? find_host(account, name) : NULL;
		if (host == NULL)
			rc = error_set(&u->why, UPDATE_NOT_YOURS,
			    "a hostname is not one of the account's");
		else
			add_host(u, host);
		free(name);
	}
	free(copy);
	return rc;
}

static bool
allowed(const struct host_settings *host, const struct address *a)
{
	for (size_t i = 0; i < host->allow_count; i++)
		if (network_contains(&host->allow[i], a))
			return true;
	return false;
}

/* Adds a record, and refuses it at once if nobody could reach it. */
static void
add_record(struct update *u, const struct host_settings *host,
    const struct address *a)
{
	struct record *r = &u->records[u->record_count++];
	const char *special = special_name(a);

	*r = (struct record){ .host = host, .address = *a,
	    .verdict = VERDICT_OPEN, .proof_started = -1 };
	if (allowed(host, a))
		return;
	if (special != NULL) {
		r->verdict = VERDICT_ADDRESS;
		error_set(&r->why, ERR_ADDRESS, "%s", special);
	} else if (special_own(a)) {
		r->verdict = VERDICT_ADDRESS;
		error_set(&r->why, ERR_ADDRESS, "an address of this machine");
	}
}

static enum err
add_records(struct update *u, const struct sent *s)
{
	if ((u->records = calloc(2 * u->host_count, sizeof *u->records)) ==
	    NULL)
		return error_set(&u->why, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < u->host_count; i++) {
		const struct host_settings *host = u->hosts[i];
		struct address made;

		if (host->ipv4 && s->has_ipv4)
			add_record(u, host, &s->ipv4);
		if (host->ipv6 == IPV6_ROUTER && s->has_ipv6)
			add_record(u, host, &s->ipv6);
		if (host->ipv6 != IPV6_PREFIX || !s->has_prefix)
			continue;
		if (prefix_join(&made, &s->prefix, host->prefix_length,
		    &host->suffix, &u->why) != ERR_OK)
			return ERR_REQUEST;
		add_record(u, host, &made);
	}
	return ERR_OK;
}

enum err
plan_make(struct update *u)
{
	struct sent sent;
	enum err rc;

	if ((rc = read_sent(u, &sent)) != ERR_OK ||
	    (rc = choose_hosts(u)) != ERR_OK ||
	    (rc = add_records(u, &sent)) != ERR_OK)
		return rc;
	if (u->record_count == 0)
		return error_set(&u->why, ERR_REQUEST, "no address for any "
		    "host: send ipv4, ipv6 or prefix");
	return ERR_OK;
}
