#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "address/prefix.h"
#include "config/host.h"

#define TTL_MAX 2147483647 /* RFC 2181 section 8 */

bool
echo_valid(const char *path)
{
	if (*path != '/' || strlen(path) > 1024)
		return false;
	for (; *path != '\0'; path++)
		if (*path < 0x21 || *path > 0x7e)
			return false;
	return true;
}

/* The members of a proof that others exclude. */
struct proof_members {
	struct reader port, request, ca, pins, echo;
};

/*
 * A copy of count elements, NULL for none: most hosts have none, and there are
 * many hosts.  False without memory.
 */
static bool
keep(void **to, const void *from, size_t count, size_t size)
{
	*to = NULL;
	if (count == 0)
		return true;
	if ((*to = malloc(count * size)) == NULL)
		return false;
	memcpy(*to, from, count * size);
	return true;
}

static bool
keep_pins(struct proof_settings *to, const uint8_t (*pins)[PIN_LEN],
    size_t count)
{
	void *copy;

	if (!keep(&copy, pins, count, sizeof *pins))
		return false;
	to->pins = copy;
	to->pin_count = count;
	return true;
}

static bool
keep_networks(struct host_settings *to, const struct network *allow,
    size_t count)
{
	void *copy;

	if (!keep(&copy, allow, count, sizeof *allow))
		return false;
	to->allow = copy;
	to->allow_count = count;
	return true;
}

static void
read_pins(const struct reader *r, struct proof_settings *to)
{
	uint8_t pins[SETTINGS_PINS_MAX][PIN_LEN];
	size_t count = reader_array(r, SETTINGS_PINS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		const char *text = reader_string(&e, NULL);

		if (text == NULL)
			return;
		if (!pin_parse(pins[i], text)) {
			reader_fail(&e,
			    "must be \"sha256//\" and 44 characters of "
			    "base64, or 64 hex digits");
			return;
		}
	}
	if (!keep_pins(to, pins, count))
		reader_no_memory(r);
}

static void
read_networks(const struct reader *r, struct host_settings *to)
{
	struct network allow[SETTINGS_ALLOW_MAX];

	if (!keep_networks(to, allow, networks_read(r, allow)))
		reader_no_memory(r);
}

/* Do the members, each of them good, go together? */
static void
check_proof(const struct reader *r, const struct proof_members *m,
    const struct proof_settings *p)
{
	if (p->echo != NULL && !echo_valid(p->echo))
		reader_fail(&m->echo,
		    "must be a path from / on, without blanks");
	if (p->kind == PROOF_PIN && p->pin_count == 0)
		reader_fail(r, "\"kind\": \"pin\" needs \"pins\": [ ... ]");
	if (p->kind != PROOF_PIN && m->pins.present)
		reader_fail(&m->pins, "only \"kind\": \"pin\" looks at pins");
	if (p->kind != PROOF_CERTIFICATE && m->ca.present)
		reader_fail(&m->ca,
		    "only \"kind\": \"certificate\" looks at a CA");
	if (p->kind == PROOF_NONE &&
	    (m->port.present || m->request.present || m->echo.present))
		reader_fail(r,
		    "\"kind\": \"none\" connects nowhere; remove port, request "
		    "and echo");
	if (p->request == PROOF_TLS && m->echo.present)
		reader_fail(&m->echo,
		    "cannot be asked for with \"request\": \"tls\"");
}

static void
read_proof(struct reader *r, struct proof_settings *to, const char *ca)
{
	static const char *const kinds[] = {
		[PROOF_CERTIFICATE] = "certificate",
		[PROOF_PIN] = "pin",
		[PROOF_NONE] = "none",
		[PROOF_NONE + 1] = NULL,
	};
	static const char *const requests[] = {
		[PROOF_HEAD] = "HEAD /",
		[PROOF_TLS] = "tls",
		[PROOF_TLS + 1] = NULL,
	};
	struct proof_members m;

	(void)reader_object(r);
	to->kind =
	    (enum proof_kind)read_word(r, "kind", kinds, PROOF_CERTIFICATE);
	m.port = reader_member(r, "port");
	to->port = (uint16_t)reader_integer(&m.port, 1, 65535, 443);
	m.request = reader_member(r, "request");
	to->request =
	    (enum proof_request)reader_word(&m.request, requests, PROOF_HEAD);
	m.ca = reader_member(r, "ca");
	to->ca = reader_filename(&m.ca, ca);
	m.pins = reader_member(r, "pins");
	read_pins(&m.pins, to);
	m.echo = reader_member(r, "echo");
	to->echo = reader_string(&m.echo, NULL);
	read_end(r);
	check_proof(r, &m, to);
}

static enum ipv4_source
read_ipv4(const struct reader *r)
{
	if (reader_is(r, "if-public"))
		return IPV4_IF_PUBLIC;
	if (r->value != NULL &&
	    !json_object_is_type(r->value, json_type_boolean))
		reader_fail(r, "must be true, false or \"if-public\"");
	return reader_bool(r, false) ? IPV4_ROUTER : IPV4_NONE;
}

/* EUI-64 of a MAC address: RFC 4291, appendix A. */
static bool
parse_mac(struct address *suffix, const char *text)
{
	unsigned int b[6];
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
		&b[3], &b[4], &b[5], &end) != 6 ||
	    strlen(text) != 17 || end != 17)
		return false;
	*suffix = (struct address){ .family = AF_INET6,
		.bytes = { [8] = (uint8_t)(b[0] ^ 2),
		    (uint8_t)b[1],
		    (uint8_t)b[2],
		    0xff,
		    0xfe,
		    (uint8_t)b[3],
		    (uint8_t)b[4],
		    (uint8_t)b[5] } };
	return true;
}

/* Is no bit set from first on, up to but not including end? */
static bool
is_zero(const struct address *a, unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		if ((a->bytes[i / 8] & (0x80 >> i % 8)) != 0)
			return false;
	return true;
}

/* The number of a /64 in hexadecimal digits; 0 if it is not given. */
static uint64_t
read_subnet(const struct reader *r)
{
	const char *text = reader_string(r, "0");

	if (strlen(text) > 16 ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text)) {
		reader_fail(r, "must be a hexadecimal number, as \"fc\"");
		return 0;
	}
	return strtoull(text, NULL, 16);
}

static void
check_suffix(const struct reader *r, const struct address *suffix,
    unsigned int bits)
{
	if (!suffix_fits(suffix, bits))
		reader_fail(r,
		    "has bits inside the /%u that the provider gives; they "
		    "would change the prefix",
		    bits);
	/* RFC 4291 section 2.6.1: any router of the subnet answers there. */
	if (is_zero(suffix, bits > 64 ? bits : 64, 128))
		reader_fail(r,
		    "names no host, but the subnet itself; write the end of "
		    "the host's address, as \"::8\"");
}

static unsigned int
read_length(const struct reader *r)
{
	return (unsigned int)reader_integer(r, 16, 127, 0);
}

static void
read_ipv6(struct reader *r, struct host_settings *to)
{
	struct reader length, suffix, subnet;
	struct address a = { .family = AF_INET6 };
	const char *text;
	uint64_t n;

	if (!r->present)
		return;
	to->ipv6_if_public = reader_is(r, "if-public");
	if (to->ipv6_if_public || reader_is(r, "router")) {
		to->ipv6 = IPV6_ROUTER;
		return;
	}
	if (r->value != NULL &&
	    !json_object_is_type(r->value, json_type_object))
		reader_fail(r,
		    "must be \"router\", \"if-public\", or "
		    "{ \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\" }");
	if (!reader_object(r))
		return;
	length = reader_member(r, "prefix_length");
	suffix = reader_member(r, "suffix");
	subnet = reader_member(r, "subnet");
	to->ipv6_if_public = read_bool(r, "if_public", false);
	read_end(r);
	reader_required(&length);
	reader_required(&suffix);
	to->ipv6 = IPV6_PREFIX;
	to->prefix_length = read_length(&length);
	if ((text = reader_string(&suffix, NULL)) != NULL &&
	    !parse_mac(&a, text) && !address_parse(&a, AF_INET6, text))
		reader_fail(&suffix,
		    "must be an IPv6 address, as \"0:0:0:fc::8\", or a MAC "
		    "address");
	n = read_subnet(&subnet);
	to->suffix = a;
	for (int i = 7; i >= 0; i--, n >>= 8)
		to->suffix.bytes[i] |= (uint8_t)n;
	check_suffix(&suffix, &to->suffix, to->prefix_length);
	if (subnet.present && !is_zero(&a, 0, 64))
		reader_fail(&subnet,
		    "goes with a MAC address, or a suffix such as \"::8\"; "
		    "this suffix holds a subnet already");
}

size_t
networks_read(const struct reader *r,
    struct network to[static SETTINGS_ALLOW_MAX])
{
	size_t count = reader_array(r, SETTINGS_ALLOW_MAX);

	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		const char *text = reader_string(&e, NULL);

		if (text == NULL)
			return 0;
		if (!network_parse(&to[i], text)) {
			reader_fail(&e,
			    "must be a network with no bit behind its length, "
			    "as \"10.0.0.0/8\"");
			return 0;
		}
	}
	return count;
}

static void
read_zone(const struct reader *r, struct host_settings *to)
{
	const char *text = reader_string(r, NULL);

	if (text == NULL)
		return;
	if ((to->zone = hostname_normalise(text, false)) == NULL ||
	    !hostname_within(to->name, to->zone))
		reader_fail(r, "must be the name of the host or an end of it");
	else if (strchr(to->zone, '.') == NULL)
		reader_fail(r,
		    "is a zone of one label, whose records are no customer's; "
		    "write your own zone, as \"example.org\"");
}

/* Checks that the members of a host, each of them good, go together. */
static void
check_host(const struct reader *r, const struct host_settings *h)
{
	if (h->ipv4 == IPV4_NONE && h->ipv6 == IPV6_NONE)
		reader_fail(r,
		    "has no address; add \"ipv4\": true, \"ipv6\", or both");
	if (h->name[0] == '*' && h->proof.kind != PROOF_NONE)
		reader_fail(r,
		    "no server can prove a wildcard; write \"proof\": { "
		    "\"kind\": \"none\" }");
}

/* Reads the members that "defaults" may hold as well as a host. */
static void
read_common(struct reader *r, struct host_settings *to, const char *ca)
{
	struct reader m;

	to->ttl = read_integer(r, "ttl", 1, TTL_MAX, 0);
	m = reader_member(r, "proof");
	read_proof(&m, &to->proof, ca);
	m = reader_member(r, "allow");
	read_networks(&m, to);
	to->partial = read_bool(r, "partial", false);
	to->removal = read_bool(r, "removal", false);
	to->replace_set = read_bool(r, "replace_set", false);
}

void
host_read(struct reader *r, struct host_settings *to, const char *ca)
{
	struct reader m;

	if ((to->name = hostname_normalise(r->name, true)) == NULL ||
	    strchr(to->name, '.') == NULL) {
		reader_fail(r,
		    "is not a host name; write it in full, as "
		    "\"home.example.org\"");
		return;
	}
	if (!reader_object(r))
		return;
	m = reader_member(r, "ipv4");
	to->ipv4 = read_ipv4(&m);
	m = reader_member(r, "ipv6");
	m.defaults = r->defaults; /* may have a prefix_length */
	read_ipv6(&m, to);
	m = reader_member(r, "zone");
	read_zone(&m, to);
	read_common(r, to, ca);
	read_end(r);
	check_host(r, to);
}

void
host_check_defaults(struct reader *r)
{
	struct host_settings ignored = { .name = NULL };
	struct reader ipv4 = reader_member(r, "ipv4");
	struct reader length = reader_member(r, "prefix_length");

	(void)read_ipv4(&ipv4);
	(void)read_length(&length);
	read_common(r, &ignored, "");
	host_end(&ignored);
}

bool
text_copy(const char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return text == NULL || *to != NULL;
}

bool
host_copy(struct host_settings *to, const struct host_settings *from,
    const char *ca)
{
	const char *name, *zone;
	bool ok = true;

	*to = *from;
	ok &= text_copy(&name, from->name);
	ok &= text_copy(&zone, from->zone);
	ok &= text_copy(&to->proof.echo, from->proof.echo);
	to->name = (char *)(uintptr_t)name;
	to->zone = (char *)(uintptr_t)zone;
	if (from->proof.ca != NULL && strcmp(from->proof.ca, ca) == 0)
		to->proof.ca = ca;
	else
		ok &= text_copy(&to->proof.ca, from->proof.ca);
	to->allow = NULL;
	to->proof.pins = NULL;
	ok &= keep_networks(to, from->allow, from->allow_count);
	ok &= keep_pins(&to->proof, (const uint8_t(*)[PIN_LEN])from->proof.pins,
	    from->proof.pin_count);
	return ok;
}

void
host_end(struct host_settings *h)
{
	free(h->name);
	free(h->zone);
	free(h->allow);
	free(h->proof.pins);
}
