/*
 * fuzz_plan.c - from the hosts of an account and what a router claims to the
 * records that would be published.
 *
 * The input is text: a line a host, "IPV4 IPV6 FLAGS LENGTH SUFFIX ALLOW", an
 * empty line, and then the claim: IPv4, IPv6, prefix, each on a line, and the
 * numbers of the hosts that it names.
 */
#include "fuzz.h"

#include "address/prefix.h"
#include "address/special.h"
#include "gateway/plan.h"

#define HOSTS_MAX 4
#define REMOVAL	  1
#define PUBLIC	  2 /* IPv6 only if it is public */

const char fuzz_name[] = "plan";

static unsigned int
number(char **line, unsigned int limit)
{
	char *word = strsep(line, " ");

	return word != NULL ? (unsigned int)strtoul(word, NULL, 10) % limit : 0;
}

/* As a configuration can say it; what it cannot say is changed. */
static void
read_host(struct host_settings *h, struct network *network, char *line)
{
	unsigned int flags;
	char *suffix, *allow;

	h->ipv4 = (enum ipv4_source)number(&line, 3);
	h->ipv6 = (enum ipv6_source)number(&line, 3);
	flags = number(&line, 4);
	h->removal = (flags & REMOVAL) != 0;
	h->ipv6_if_public = (flags & PUBLIC) != 0;
	h->prefix_length = 16 + number(&line, 112);
	suffix = strsep(&line, " ");
	allow = strsep(&line, " ");
	if (suffix == NULL || !address_parse(&h->suffix, AF_INET6, suffix) ||
	    !suffix_fits(&h->suffix, h->prefix_length))
		h->suffix = (struct address){ AF_INET6, { [15] = 8 } };
	h->suffix.family = AF_INET6;
	if (!suffix_fits(&h->suffix, h->prefix_length))
		h->suffix.bytes[15] = 1;
	h->allow = network;
	if (allow != NULL && network_parse(network, allow))
		h->allow_count = 1;
}

static void
read_address(struct claim_address *c, int family, const char *text)
{
	c->remove = strcmp(text, "none") == 0;
	c->given = c->remove || address_parse(&c->address, family, text);
}

static void
read_claim(struct claim *c, const struct account_settings *account, char **rest)
{
	char *line;

	read_address(&c->ipv4, AF_INET, fuzz_line(rest));
	read_address(&c->ipv6, AF_INET6, fuzz_line(rest));
	c->has_prefix = address_parse_length(&c->prefix.address,
			    &c->prefix.length, fuzz_line(rest)) &&
	    c->prefix.address.family == AF_INET6;
	for (line = fuzz_line(rest); line != NULL && *line != '\0';) {
		unsigned int n =
		    number(&line, (unsigned int)account->host_count);

		c->has_names = true;
		if (c->name_count < CLAIM_NAMES_MAX)
			c->names[c->name_count++] = &account->hosts[n];
	}
}

/* The address behind the prefix, bit by bit, in the plainest way. */
static bool
is_behind(const struct address *a, const struct prefix *p,
    const struct host_settings *h)
{
	for (unsigned int bit = 0; bit < 128; bit++) {
		const struct address *of =
		    bit < h->prefix_length ? &p->address : &h->suffix;
		unsigned int mask = 0x80U >> bit % 8;

		if ((a->bytes[bit / 8] & mask) != (of->bytes[bit / 8] & mask))
			return false;
	}
	return p->length >= h->prefix_length;
}

static void
check_open(const struct update *u, const struct record *r)
{
	const struct claim *c = &u->claim;
	const struct host_settings *h = r->host;
	bool four = r->address.family == AF_INET;
	const struct claim_address *said = four ? &c->ipv4 : &c->ipv6;

	if (r->remove) {
		assert(h->removal && said->remove);
		return;
	}
	assert(special_name(&r->address) == NULL ||
	    (h->allow_count == 1 &&
		network_contains(&h->allow[0], &r->address)));
	if (four || h->ipv6 == IPV6_ROUTER)
		assert(
		    said->given && address_equal(&r->address, &said->address));
	else
		assert(is_behind(&r->address, &c->prefix, h));
}

static void
check(const struct update *u)
{
	assert(u->record_count > 0 && u->record_count <= 2 * u->host_count);
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		for (size_t j = 0; j < i; j++)
			assert(u->records[j].host != r->host ||
			    u->records[j].address.family != r->address.family);
		assert(r->address.family == AF_INET ?
			r->host->ipv4 != IPV4_NONE :
			r->host->ipv6 != IPV6_NONE);
		if (record_is_open(r))
			check_open(u, r);
		else
			assert(r->why != NULL && *r->why->text != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *line;
	struct host_settings hosts[HOSTS_MAX] = { { .name = NULL } };
	struct network networks[HOSTS_MAX];
	struct account_settings account = { .name = "router", .hosts = hosts };
	struct update u = { .login.account = &account };

	for (line = fuzz_line(&rest); *line != '\0'; line = fuzz_line(&rest))
		if (account.host_count < HOSTS_MAX) {
			read_host(&hosts[account.host_count],
			    &networks[account.host_count], line);
			account.host_count++;
		}
	if (account.host_count > 0) {
		read_claim(&u.claim, &account, &rest);
		if (plan_make(&u) == ERR_OK)
			check(&u);
	}
	free(u.records);
	free(text);
	return 0;
}
