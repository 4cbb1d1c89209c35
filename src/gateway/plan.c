#include "config.h"

#include <stdlib.h>

#include "address/special.h"
#include "gateway/plan.h"

static void
add_host(struct update *u, const struct host_settings *host)
{
	for (size_t i = 0; i < u->host_count; i++)
		if (u->hosts[i] == host)
			return;
	u->hosts[u->host_count++] = host;
}

/* Takes the hosts that the claim names, or all of the account. */
static void
choose_hosts(struct update *u)
{
	const struct account_settings *account = u->login.account;
	const struct claim *c = &u->claim;

	for (size_t i = 0; c->has_names && i < c->name_count; i++)
		add_host(u, c->names[i]);
	for (size_t i = 0; !c->has_names && i < account->host_count; i++)
		add_host(u, &account->hosts[i]);
}

static bool
allowed(const struct host_settings *host, const struct address *a)
{
	for (size_t i = 0; i < host->allow_count; i++)
		if (network_contains(&host->allow[i], a))
			return true;
	return false;
}

/* Is an address that is not public to be left out without complaint? */
static bool
only_public(const struct host_settings *host, const struct address *a)
{
	return a->family == AF_INET ? host->ipv4 == IPV4_IF_PUBLIC :
				      host->ipv6_if_public;
}

static struct record *
add_record(struct update *u, const struct host_settings *host,
    const struct address *a)
{
	struct record *r = &u->records[u->record_count++];

	*r = (struct record){ .host = host,
		.address = *a,
		.verdict = VERDICT_OPEN };
	return r;
}

/* verdict says whether it is an error, or not wanted then. */
static void
refuse(struct record *r, enum verdict verdict, const char *why)
{
	error_set(&r->refusal, ERR_ADDRESS, "%s", why);
	r->verdict = verdict;
	r->why = &r->refusal;
}

/* Adds an address, and judges at once one that nobody could reach. */
static void
add_address(struct update *u, const struct host_settings *host,
    const struct address *a)
{
	struct record *r = add_record(u, host, a);
	const char *special = special_name(a);
	enum special_own own;

	if (allowed(host, a))
		return;
	if (special != NULL) {
		refuse(r,
		    only_public(host, a) ? VERDICT_SKIPPED : VERDICT_ADDRESS,
		    special);
		return;
	}
	own = special_own(a);
	if (own == OWN_OURS)
		refuse(r, VERDICT_ADDRESS, "an address of this machine");
	else if (own == OWN_UNKNOWN)
		refuse(r, VERDICT_BUSY,
		    "the addresses of this machine are not known now");
}

static void
add_removal(struct update *u, const struct host_settings *host, int family)
{
	const struct address none = { .family = family };
	struct record *r = add_record(u, host, &none);

	r->remove = true;
	if (host->removal)
		return;
	refuse(r, VERDICT_ADDRESS, "its host has no \"removal\": true");
}

static void
plan_ipv4(struct update *u, const struct host_settings *host)
{
	const struct claim_address *c = &u->claim.ipv4;

	if (host->ipv4 == IPV4_NONE || !c->given)
		return;
	if (c->remove)
		add_removal(u, host, AF_INET);
	else
		add_address(u, host, &c->address);
}

/* A prefix that is too short is a matter of the hosts that want more of it. */
static void
plan_prefix(struct update *u, const struct host_settings *host)
{
	const struct prefix *p = &u->claim.prefix;
	struct address made = p->address;
	struct error why;

	if (prefix_join(&made, p, host->prefix_length, &host->suffix, &why) ==
	    ERR_OK) {
		add_address(u, host, &made);
		return;
	}
	address_mask(&made, p->length);
	refuse(add_record(u, host, &made), VERDICT_ADDRESS, why.text);
}

static void
plan_ipv6(struct update *u, const struct host_settings *host)
{
	const struct claim_address *c = &u->claim.ipv6;

	if (host->ipv6 == IPV6_NONE)
		return;
	if (c->given && c->remove)
		add_removal(u, host, AF_INET6);
	else if (host->ipv6 == IPV6_ROUTER && c->given)
		add_address(u, host, &c->address);
	else if (host->ipv6 == IPV6_PREFIX && u->claim.has_prefix)
		plan_prefix(u, host);
}

enum err
plan_make(struct update *u)
{
	choose_hosts(u);
	if ((u->records = calloc(2 * u->host_count, sizeof *u->records)) ==
	    NULL)
		return error_memory(&u->why);
	for (size_t i = 0; i < u->host_count; i++) {
		plan_ipv4(u, u->hosts[i]);
		plan_ipv6(u, u->hosts[i]);
	}
	if (u->record_count == 0)
		return error_set(&u->why, ERR_REQUEST,
		    "no address for any "
		    "host: send ipv4, ipv6 or prefix");
	return ERR_OK;
}
