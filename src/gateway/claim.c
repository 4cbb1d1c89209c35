#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address/hostname.h"
#include "gateway/claim.h"

#define VALUE_MAX 512 /* bytes of one address value */
#define BLANKS	  " \t"
#define REMOVE	  "none"

/* The names that clients have for them: docs/reference/protocols.md 2.6. */
static const char *const ipv4_names[] = { "ipv4", "myipv4", "ipaddr", "addr",
	NULL };
static const char *const ipv6_names[] = { "ipv6", "myipv6", "myip6", "ip6",
	"ip6addr", NULL };
static const char *const mixed_names[] = { "myip", "ip", NULL };
static const char *const prefix_names[] = { "prefix", "ipv6prefix",
	"ip6lanprefix", "ipv6lanprefix", NULL };
static const char *const host_names[] = { "hostname", "domain", "host_id",
	NULL };

static bool
is_one_of(const char *name, const char *const names[])
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static enum err
set_address(struct claim_address *to, const struct address *a, bool none,
    const char *name, struct error *why)
{
	if (to->given &&
	    (to->remove != none || (!none && !address_equal(&to->address, a))))
		return error_set(why, ERR_REQUEST,
		    "%s: a second, other address", name);
	to->given = true;
	to->remove = none;
	if (!none)
		to->address = *a;
	return ERR_OK;
}

/*
 * UniFi puts the name of the host behind the last parameter
 * (docs/reference/protocols.md 2.3).  No address ends in a dot and a word, as
 * names do.
 */
static void
cut_host(char *value, const struct account_settings *account)
{
	size_t len = strlen(value), longest = 0;

	for (size_t i = 0; i < account->host_count; i++) {
		const char *name = account->hosts[i].name;
		size_t n = strlen(name);

		if (n < len && n > longest &&
		    strcasecmp(value + len - n, name) == 0)
			longest = n;
	}
	value[len - longest] = '\0';
}

/* One address of a list, perhaps with the length of its network. */
static enum err
read_item(struct claim *c, const char *item, const char *name, bool ipv4,
    bool ipv6, struct error *why)
{
	struct address a;
	unsigned int length;
	enum err rc = ERR_OK;

	if (strcasecmp(item, REMOVE) == 0) {
		if (ipv4)
			rc = set_address(&c->ipv4, NULL, true, name, why);
		if (rc == ERR_OK && ipv6)
			rc = set_address(&c->ipv6, NULL, true, name, why);
		return rc;
	}
	if (address_parse_length(&a, &length, item)) {
		if (a.family == AF_INET && ipv4)
			return set_address(&c->ipv4, &a, false, name, why);
		if (a.family == AF_INET6 && ipv6)
			return set_address(&c->ipv6, &a, false, name, why);
	}
	return error_set(why, ERR_REQUEST, "%s: not an %s address", name,
	    ipv4 && ipv6 ? "IP" :
		ipv4	 ? "IPv4" :
			   "IPv6");
}

static enum err
read_addresses(struct claim *c, const struct parameter *p, bool ipv4, bool ipv6,
    const struct account_settings *account, struct error *why)
{
	char value[VALUE_MAX], *rest = value, *item;
	enum err rc;

	if (strlen(p->value) >= sizeof value)
		return error_set(why, ERR_REQUEST, "%s: too long", p->name);
	strcpy(value, p->value);
	cut_host(value, account);
	while ((item = strsep(&rest, "," BLANKS)) != NULL)
		if (*item != '\0' &&
		    (rc = read_item(c, item, p->name, ipv4, ipv6, why)) !=
			ERR_OK)
			return rc;
	return ERR_OK;
}

static enum err
read_prefix(struct claim *c, const struct parameter *p,
    const struct account_settings *account, struct error *why)
{
	struct prefix prefix;
	char value[VALUE_MAX];

	if (strlen(p->value) >= sizeof value)
		return error_set(why, ERR_REQUEST, "%s: too long", p->name);
	strcpy(value, p->value + strspn(p->value, BLANKS));
	cut_host(value, account);
	value[strcspn(value, BLANKS)] = '\0';
	if (*value == '\0')
		return ERR_OK;
	if (strcasecmp(value, REMOVE) == 0)
		return set_address(&c->ipv6, NULL, true, p->name, why);
	if (!prefix_parse(&prefix, value))
		return error_set(why, ERR_REQUEST, "%s: not an IPv6 prefix",
		    p->name);
	if (c->has_prefix &&
	    (prefix.length != c->prefix.length ||
		!address_equal(&prefix.address, &c->prefix.address)))
		return error_set(why, ERR_REQUEST, "%s: a second, other prefix",
		    p->name);
	c->prefix = prefix;
	c->has_prefix = true;
	return ERR_OK;
}

static const struct host_settings *
find_host(const struct account_settings *account, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < account->host_count; i++) {
		const char *own = account->hosts[i].name;

		if (strcmp(own, name) == 0)
			return &account->hosts[i];
		/* UniFi sends a name twice: docs/reference/protocols.md 2.3. */
		if (2 * strlen(own) == len &&
		    strncmp(own, name, len / 2) == 0 &&
		    strcmp(own, name + len / 2) == 0)
			return &account->hosts[i];
	}
	return NULL;
}

static enum err
read_name(struct claim *c, const char *text,
    const struct account_settings *account, size_t names_max, struct error *why)
{
	char *name = hostname_normalise(text, true);
	const struct host_settings *host;

	if (name == NULL || strchr(name, '.') == NULL) {
		free(name);
		return error_set(why, ERR_NOT_A_NAME,
		    "hostname: not a full host name");
	}
	host = find_host(account, name);
	free(name);
	if (host == NULL)
		return error_set(why, ERR_NOT_YOURS,
		    "hostname: not one of the account's");
	if (c->name_count == names_max)
		return error_set(why, ERR_TOO_MANY_NAMES,
		    "hostname: more than %zu names", names_max);
	c->names[c->name_count++] = host;
	return ERR_OK;
}

static enum err
read_names(struct claim *c, const struct parameter *p,
    const struct account_settings *account, size_t names_max, struct error *why)
{
	char *copy, *rest, *item;
	enum err rc = ERR_OK;

	/* ddclient: host_id has the name (docs/reference/protocols.md 2.4). */
	if (strcmp(p->value, "YES") == 0)
		return ERR_OK;
	if ((copy = rest = strdup(p->value)) == NULL)
		return error_memory(why);
	while (rc == ERR_OK && (item = strsep(&rest, "," BLANKS)) != NULL) {
		if (*item == '\0')
			continue;
		c->has_names = true;
		rc = read_name(c, item, account, names_max, why);
	}
	free(copy);
	return rc;
}

static enum err
read_parameter(struct claim *c, const struct parameter *p,
    const struct account_settings *account, size_t names_max, struct error *why)
{
	if (is_one_of(p->name, ipv4_names))
		return read_addresses(c, p, true, false, account, why);
	if (is_one_of(p->name, ipv6_names))
		return read_addresses(c, p, false, true, account, why);
	if (is_one_of(p->name, mixed_names))
		return read_addresses(c, p, true, true, account, why);
	if (is_one_of(p->name, prefix_names))
		return read_prefix(c, p, account, why);
	if (is_one_of(p->name, host_names))
		return read_names(c, p, account, names_max, why);
	return ERR_OK;
}

/* For devices that do not say their address; what they do say goes first. */
static void
read_connection(struct claim *c, const struct request *q)
{
	struct address source;

	if (!request_source(q, &source))
		return;
	if (source.family == AF_INET && !c->ipv4.given)
		c->ipv4 = (struct claim_address){ true, false, source };
	if (source.family != AF_INET6)
		return;
	if (!c->has_prefix)
		c->prefix = (struct prefix){ source, 64 };
	c->has_prefix = true;
	if (!c->ipv6.given)
		c->ipv6 = (struct claim_address){ true, false, source };
}

static bool
is_yes(const char *value)
{
	return value != NULL &&
	    (strcasecmp(value, "yes") == 0 || strcmp(value, "1") == 0 ||
		strcasecmp(value, "true") == 0);
}

enum err
claim_read(struct claim *c, const struct request *q,
    const struct account_settings *account, size_t names_max, struct error *why)
{
	enum err rc;

	*c = (struct claim){ .name_count = 0 };
	for (size_t i = 0; i < q->parameter_count; i++)
		if ((rc = read_parameter(c, &q->parameters[i], account,
			 names_max, why)) != ERR_OK)
			return rc;
	c->force = is_yes(request_parameter(q, "force"));
	if (account->from_connection)
		read_connection(c, q);
	return ERR_OK;
}

bool
claim_credential(const struct request *q, const char **user, const char **token)
{
	*user = request_parameter(q, "username");
	*token = request_parameter(q, "password");
	return *user != NULL && *token != NULL;
}
