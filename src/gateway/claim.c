#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address/hostname.h"
#include "address/special.h"
#include "address/spelling.h"
#include "gateway/claim.h"

#define VALUE_MAX     512 /* bytes of the addresses in one value */
#define NAME_LOG_MAX  24  /* bytes of a parameter's name in the log */
#define BLANKS	      " \t"
#define REMOVE	      "none"
#define FAMILY_IPV4   1
#define FAMILY_IPV6   2
#define FAMILY_EITHER (FAMILY_IPV4 | FAMILY_IPV6)

/* The use of a parameter. */
enum meaning {
	MEANING_UNKNOWN,
	MEANING_IPV4,
	MEANING_IPV6,
	MEANING_EITHER, /* a list of both families */
	MEANING_PREFIX,
	MEANING_HOST,
	MEANING_USER,
	MEANING_TOKEN,
	MEANING_FORCE,
	MEANING_IDLE, /* clients send it, and nobody needs it */
};

/* The names that clients give parameters: docs/reference/protocols.md 2.6. */
static const struct word {
	const char *name;
	enum meaning meaning;
} words[] = {
	{ "ipv4", MEANING_IPV4 },
	{ "myipv4", MEANING_IPV4 },
	{ "ipaddr", MEANING_IPV4 },
	{ "addr", MEANING_IPV4 },
	{ "ipv6", MEANING_IPV6 },
	{ "myipv6", MEANING_IPV6 },
	{ "myip6", MEANING_IPV6 },
	{ "ip6", MEANING_IPV6 },
	{ "ip6addr", MEANING_IPV6 },
	{ "myip", MEANING_EITHER },
	{ "ip", MEANING_EITHER },
	{ "prefix", MEANING_PREFIX },
	{ "ipv6prefix", MEANING_PREFIX },
	{ "ip6lanprefix", MEANING_PREFIX },
	{ "ipv6lanprefix", MEANING_PREFIX },
	{ "hostname", MEANING_HOST },
	{ "hostnames", MEANING_HOST },
	{ "host", MEANING_HOST },
	{ "hosts", MEANING_HOST },
	{ "host_id", MEANING_HOST },
	{ "host_name", MEANING_HOST },
	{ "domain", MEANING_HOST },
	{ "domains", MEANING_HOST },
	{ "domainname", MEANING_HOST },
	{ "domain_name", MEANING_HOST },
	{ "fqdn", MEANING_HOST },
	{ "username", MEANING_USER },
	{ "password", MEANING_TOKEN },
	{ "force", MEANING_FORCE },
	{ "system", MEANING_IDLE },
	{ "wildcard", MEANING_IDLE },
	{ "mx", MEANING_IDLE },
	{ "backmx", MEANING_IDLE },
	{ "offline", MEANING_IDLE },
	{ "dualstack", MEANING_IDLE },
	{ "url", MEANING_IDLE },
};

/* An ampersand that was escaped for HTML leaves "amp;" before the next name. */
static const char *
bare_name(const char *name)
{
	while (strncasecmp(name, "amp;", 4) == 0)
		name += 4;
	return name;
}

static const struct word *
find_word(const char *name)
{
	static const struct word unknown = { "", MEANING_UNKNOWN };

	name = bare_name(name);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		/* The first letter tells most of them apart. */
		if ((*name | 0x20) == *words[i].name &&
		    strcasecmp(name, words[i].name) == 0)
			return &words[i];
	return &unknown;
}

/*
 * Where two networks are given, the public one is meant: routers list their
 * unique local addresses (RFC 4193) beside the global ones.
 */
static bool
is_beside(const struct address *local, const struct address *global)
{
	static const struct network unique_local = { { AF_INET6, { 0xfc } },
		7 };

	return network_contains(&unique_local, local) &&
	    special_name(global) == NULL;
}

static enum err
set_removal(struct claim_address *to, const char *name, struct error *why)
{
	if (to->given && !to->remove)
		return error_set(why, ERR_REQUEST,
		    "%s: a second, other address", name);
	to->given = to->remove = true;
	return ERR_OK;
}

static enum err
set_address(struct claim_address *to, const struct address *a, const char *name,
    struct error *why)
{
	bool same = to->given && !to->remove;

	if (same && is_beside(a, &to->address))
		return ERR_OK;
	if (to->given &&
	    !(same &&
		(address_equal(&to->address, a) || is_beside(&to->address, a))))
		return error_set(why, ERR_REQUEST,
		    "%s: a second, other address", name);
	to->given = true;
	to->address = *a;
	return ERR_OK;
}

/* A prefix that stands where an address should gives way to a named one. */
static enum err
set_prefix(struct claim *c, const struct prefix *p, bool named,
    const char *name, struct error *why)
{
	bool same = c->has_prefix && c->prefix_named == named;

	if (c->has_prefix && c->prefix_named && !named)
		return ERR_OK;
	if (same && is_beside(&p->address, &c->prefix.address))
		return ERR_OK;
	if (same && !is_beside(&c->prefix.address, &p->address) &&
	    (p->length != c->prefix.length ||
		!address_equal(&p->address, &c->prefix.address)))
		return error_set(why, ERR_REQUEST, "%s: a second, other prefix",
		    name);
	c->has_prefix = true;
	c->prefix_named = named;
	c->prefix = *p;
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

/* Reads one address of a list, or a prefix in its place. */
static enum err
read_address(struct claim *c, const char *element, const char *name,
    int families, struct error *why)
{
	struct prefix p;
	enum err rc = ERR_OK;

	if (strcasecmp(element, REMOVE) == 0) {
		if ((families & FAMILY_IPV4) != 0)
			rc = set_removal(&c->ipv4, name, why);
		if (rc == ERR_OK && (families & FAMILY_IPV6) != 0)
			rc = set_removal(&c->ipv6, name, why);
		return rc;
	}
	switch (spelling_read(&p, element)) {
	case SPELLING_ABSENT:
		return ERR_OK;
	case SPELLING_ADDRESS:
		if (p.address.family == AF_INET && (families & FAMILY_IPV4))
			return set_address(&c->ipv4, &p.address, name, why);
		if (p.address.family == AF_INET6 && (families & FAMILY_IPV6))
			return set_address(&c->ipv6, &p.address, name, why);
		break;
	case SPELLING_PREFIX:
		if ((families & FAMILY_IPV6) != 0)
			return set_prefix(c, &p, false, name, why);
		break;
	case SPELLING_NONE:
		break;
	}
	return error_set(why, ERR_REQUEST, "%s: not an %s address", name,
	    families == FAMILY_EITHER	? "IP" :
		families == FAMILY_IPV4 ? "IPv4" :
					  "IPv6");
}

/* The bits of a prefix behind its length may be anything. */
static enum err
read_prefix(struct claim *c, const char *element, const char *name,
    struct error *why)
{
	struct prefix p;
	enum spelling spelling;

	if (strcasecmp(element, REMOVE) == 0)
		return set_removal(&c->ipv6, name, why);
	spelling = spelling_read(&p, element);
	if (spelling == SPELLING_ABSENT)
		return ERR_OK;
	if (spelling == SPELLING_NONE || p.address.family != AF_INET6)
		return error_set(why, ERR_REQUEST, "%s: not an IPv6 prefix",
		    name);
	return set_prefix(c, &p, true, name, why);
}

/* A list of addresses or prefixes; name is the known spelling of p->name. */
static enum err
read_list(struct claim *c, const struct parameter *p, const struct word *w,
    const struct account_settings *account, struct error *why)
{
	int families = w->meaning == MEANING_IPV4 ? FAMILY_IPV4 :
	    w->meaning == MEANING_IPV6		  ? FAMILY_IPV6 :
						    FAMILY_EITHER;
	char value[VALUE_MAX], *rest = value, *element;
	enum err rc = ERR_OK;

	if (strlen(p->value) >= sizeof value)
		return error_set(why, ERR_REQUEST, "%s: too long", w->name);
	strcpy(value, p->value);
	cut_host(value, account);
	while (rc == ERR_OK && (element = strsep(&rest, "," BLANKS)) != NULL) {
		if (*element == '\0')
			continue;
		if (w->meaning == MEANING_PREFIX)
			rc = read_prefix(c, element, w->name, why);
		else
			rc = read_address(c, element, w->name, families, why);
	}
	return rc;
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
	char *copy, *rest, *element;
	enum err rc = ERR_OK;

	/* ddclient: host_id has the name (docs/reference/protocols.md 2.4). */
	if (strcmp(p->value, "YES") == 0)
		return ERR_OK;
	if ((copy = rest = strdup(p->value)) == NULL)
		return error_memory(why);
	while (rc == ERR_OK && (element = strsep(&rest, "," BLANKS)) != NULL) {
		if (*element == '\0')
			continue;
		c->has_names = true;
		rc = read_name(c, element, account, names_max, why);
	}
	free(copy);
	return rc;
}

/* The first label of one of the account's hosts, or a whole host name? */
static bool
looks_like_host(const char *element, const struct account_settings *account)
{
	char *name = hostname_normalise(element, true), *last;
	bool like = false;

	if (name == NULL)
		return false;
	last = strrchr(name, '.');
	if (last != NULL) {
		/* "1.2" is a version; the last label of a name has letters. */
		like = strlen(last) > 2 && isalpha((unsigned char)last[1]);
	} else {
		for (size_t i = 0; i < account->host_count; i++) {
			const char *own = account->hosts[i].name;
			size_t len = strlen(name);

			if (strncmp(own, name, len) == 0 && own[len] == '.')
				like = true;
		}
	}
	free(name);
	return like;
}

/* Does a parameter with a name of its own say which host is meant? */
static bool
names_host(const char *value, const struct account_settings *account)
{
	char element[HOSTNAME_MAX + 2];
	size_t len;

	for (; *value != '\0'; value += len) {
		value += strspn(value, "," BLANKS);
		len = strcspn(value, "," BLANKS);
		if (len == 0 || len >= sizeof element)
			continue;
		memcpy(element, value, len);
		element[len] = '\0';
		if (looks_like_host(element, account))
			return true;
	}
	return false;
}

/*
 * Notes a parameter that is of no use.  Its name is told only if it looks like
 * one: a token with an ampersand in it, sent without escapes, falls into
 * fields, too.
 */
static void
ignore(struct claim *c, const struct parameter *p, bool has_token)
{
	const char *name = bare_name(p->name);
	bool plain =
	    isalpha((unsigned char)*name) && strlen(name) <= NAME_LOG_MAX;

	if (*p->value == '\0')
		return;
	for (const char *s = name; plain && *s != '\0'; s++)
		plain = isalnum((unsigned char)*s) || *s == '_' || *s == '-';
	if (plain && !has_token && c->ignored_count < CLAIM_IGNORED_MAX)
		c->ignored[c->ignored_count++] = name;
	else
		c->ignored_more++;
}

/* The first value, if it is not empty. */
static const char *
value_of(const struct request *q, enum meaning meaning)
{
	for (size_t i = 0; i < q->parameter_count; i++)
		if (find_word(q->parameters[i].name)->meaning == meaning &&
		    *q->parameters[i].value != '\0')
			return q->parameters[i].value;
	return NULL;
}

/*
 * Takes the address of the connection, for devices that do not send theirs; an
 * address that a parameter gave goes first.
 */
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

static enum err
read_parameter(struct claim *c, const struct request *q, size_t i,
    const struct account_settings *account, size_t names_max, struct error *why)
{
	const struct parameter *p = &q->parameters[i];
	const struct word *w = find_word(p->name);

	switch (w->meaning) {
	case MEANING_IPV4:
	case MEANING_IPV6:
	case MEANING_EITHER:
	case MEANING_PREFIX:
		return read_list(c, p, w, account, why);
	case MEANING_HOST:
		return read_names(c, p, account, names_max, why);
	case MEANING_UNKNOWN:
		if (names_host(p->value, account))
			return read_names(c, p, account, names_max, why);
		ignore(c, p, value_of(q, MEANING_TOKEN) != NULL);
		break;
	case MEANING_USER:
	case MEANING_TOKEN:
	case MEANING_FORCE:
	case MEANING_IDLE:
		break;
	}
	return ERR_OK;
}

enum err
claim_read(struct claim *c, const struct request *q,
    const struct account_settings *account, const struct claim_rules *rules,
    struct error *why)
{
	size_t names_max = rules->names_max > account->host_count ?
	    rules->names_max :
	    account->host_count;
	enum err rc;

	*c = (struct claim){ .name_count = 0 };
	for (size_t i = 0; i < q->parameter_count; i++)
		if ((rc = read_parameter(c, q, i, account, names_max, why)) !=
		    ERR_OK)
			return rc;
	c->force = is_yes(value_of(q, MEANING_FORCE));
	if (rules->names_needed && !c->has_names && account->host_count > 1 &&
	    !account->all_hosts)
		return error_set(why, ERR_NOT_A_NAME,
		    "hostname: none of the account's hosts is named, and it "
		    "has no \"all_hosts\": true");
	if (account->from_connection)
		read_connection(c, q);
	return ERR_OK;
}

bool
claim_credential(const struct request *q, const char **user, const char **token)
{
	*user = value_of(q, MEANING_USER);
	*token = value_of(q, MEANING_TOKEN);
	return *user != NULL && *token != NULL;
}
