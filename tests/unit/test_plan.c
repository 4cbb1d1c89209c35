/*
 * test_plan.c - from hosts and a claim to records, some of them judged.
 */
#include "unit.h"

#include <ifaddrs.h>

#include "gateway/plan.h"

#define HOSTS_MAX 3

/* A host in short; suffix behind a /56 if ipv6 is IPV6_PREFIX. */
struct host {
	const char *name; /* NULL: the end */
	enum ipv4_source ipv4;
	enum ipv6_source ipv6;
	const char *suffix;
	const char *allow; /* "if6": IPv6 only if it is public */
	bool removal;
};

static const struct {
	const char *title;
	struct host hosts[HOSTS_MAX + 1];
	const char *ipv4; /* "none", an address, or NULL */
	const char *ipv6;
	const char *prefix;
	const char *names;   /* "1,0": indices; NULL: all */
	const char *records; /* NULL: refused */
	const char *why;
} plans[] = {
	{ "the reference case",
	    { { "chaos-wg.net", IPV4_ROUTER, IPV6_PREFIX, "0:0:0:fc::8", NULL,
		false } },
	    "89.14.163.156", "2a01:c22:b200:69f9:1234:56ff:fe78:9abc",
	    "2a01:c22:b045:de00::/64", NULL,
	    "chaos-wg.net A 89.14.163.156 open\n"
	    "chaos-wg.net AAAA 2a01:c22:b045:defc::8 open\n",
	    NULL },
	{ "the router's own IPv6",
	    { { "a.net", IPV4_NONE, IPV6_ROUTER, NULL, NULL, false } },
	    "89.14.163.156", "2a01:c22::1", "2a01:c22:b045:de00::/64", NULL,
	    "a.net AAAA 2a01:c22::1 open\n", NULL },
	{ "what is not mentioned stays",
	    { { "a.net", IPV4_ROUTER, IPV6_ROUTER, NULL, NULL, false } },
	    "89.14.163.156", NULL, NULL, NULL, "a.net A 89.14.163.156 open\n",
	    NULL },
	{ "every host that has such an address",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false },
		{ "b.net", IPV4_NONE, IPV6_ROUTER, NULL, NULL, false },
		{ "c.net", IPV4_ROUTER, IPV6_PREFIX, "::8", NULL, false } },
	    "89.14.163.156", "2a01:c22::1", NULL, NULL,
	    "a.net A 89.14.163.156 open\n"
	    "b.net AAAA 2a01:c22::1 open\n"
	    "c.net A 89.14.163.156 open\n",
	    NULL },
	{ "named hosts alone, each once",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false },
		{ "b.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false },
		{ "c.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false } },
	    "89.14.163.156", NULL, NULL, "2,0,2",
	    "c.net A 89.14.163.156 open\n"
	    "a.net A 89.14.163.156 open\n",
	    NULL },
	/* Addresses that nobody could reach. */
	{ "special addresses",
	    { { "a.net", IPV4_ROUTER, IPV6_ROUTER, NULL, NULL, false } },
	    "192.168.178.1", "fd00::1", NULL, NULL,
	    "a.net A 192.168.178.1 address [private use, RFC 1918]\n"
	    "a.net AAAA fd00::1 address [unique local, RFC 4193]\n",
	    NULL },
	{ "a prefix that is not public",
	    { { "a.net", IPV4_NONE, IPV6_PREFIX, "0:0:0:fc::8", NULL, false } },
	    NULL, NULL, "fd00:1:2::/64", NULL,
	    "a.net AAAA fd00:1:2:fc::8 address "
	    "[unique local, RFC 4193]\n",
	    NULL },
	{ "opened by allow, for this host and this network",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, "192.168.0.0/16",
		  false },
		{ "b.net", IPV4_ROUTER, IPV6_NONE, NULL, "10.0.0.0/8",
		    false } },
	    "192.168.178.1", NULL, NULL, NULL,
	    "a.net A 192.168.178.1 open\n"
	    "b.net A 192.168.178.1 address [private use, RFC 1918]\n",
	    NULL },
	{ "of our own, though allow could open it",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, "127.0.0.0/8", false },
		{ "b.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false } },
	    "127.0.0.1", NULL, NULL, NULL,
	    "a.net A 127.0.0.1 open\n"
	    "b.net A 127.0.0.1 address [loopback, RFC 1122]\n",
	    NULL },
	{ "only if it is public",
	    { { "a.net", IPV4_IF_PUBLIC, IPV6_ROUTER, NULL, NULL, false } },
	    "100.64.1.2", "2a01:c22::1", NULL, NULL,
	    "a.net A 100.64.1.2 left [shared address space (CGN), RFC 6598]\n"
	    "a.net AAAA 2a01:c22::1 open\n",
	    NULL },
	{ "and it is",
	    { { "a.net", IPV4_IF_PUBLIC, IPV6_NONE, NULL, NULL, false } },
	    "89.14.163.156", NULL, NULL, NULL, "a.net A 89.14.163.156 open\n",
	    NULL },
	{ "only if it is public, of IPv6",
	    { { "a.net", IPV4_ROUTER, IPV6_ROUTER, NULL, "if6", false },
		{ "b.net", IPV4_NONE, IPV6_PREFIX, "::8", "if6", false } },
	    "89.14.163.156", "fd00::1", "fd00:1:2::/64", NULL,
	    "a.net A 89.14.163.156 open\n"
	    "a.net AAAA fd00::1 left [unique local, RFC 4193]\n"
	    "b.net AAAA fd00:1:2::8 left [unique local, RFC 4193]\n",
	    NULL },
	/* Removing. */
	{ "as the host allows",
	    { { "a.net", IPV4_ROUTER, IPV6_PREFIX, "::8", NULL, true },
		{ "b.net", IPV4_ROUTER, IPV6_ROUTER, NULL, NULL, false } },
	    "none", "none", NULL, NULL,
	    "a.net A none open\n"
	    "a.net AAAA none open\n"
	    "b.net A none address [its host has no \"removal\": true]\n"
	    "b.net AAAA none address [its host has no \"removal\": true]\n",
	    NULL },
	{ "goes before what is sent beside it",
	    { { "a.net", IPV4_NONE, IPV6_PREFIX, "::8", NULL, true } }, NULL,
	    "none", "2a01:c22:b045:de00::/64", NULL, "a.net AAAA none open\n",
	    NULL },
	{ "not of a family that the host has not",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, true } },
	    "89.14.163.156", "none", NULL, NULL, "a.net A 89.14.163.156 open\n",
	    NULL },
	/* Nothing to do, or nothing that could be done. */
	{ "nothing is mentioned",
	    { { "a.net", IPV4_ROUTER, IPV6_ROUTER, NULL, NULL, false } }, NULL,
	    NULL, NULL, NULL, NULL,
	    "no address for any host: send ipv4, ipv6 or prefix" },
	{ "nothing that a host has",
	    { { "a.net", IPV4_NONE, IPV6_PREFIX, "::8", NULL, false } },
	    "89.14.163.156", "2a01:c22::1", NULL, NULL, NULL,
	    "no address for any host: send ipv4, ipv6 or prefix" },
	{ "nothing that the named host has",
	    { { "a.net", IPV4_ROUTER, IPV6_NONE, NULL, NULL, false },
		{ "b.net", IPV4_NONE, IPV6_ROUTER, NULL, NULL, false } },
	    "89.14.163.156", NULL, NULL, "1", NULL,
	    "no address for any host: send ipv4, ipv6 or prefix" },
	/* One host that does not fit stops no other. */
	{ "a prefix that is too short for one",
	    { { "a.net", IPV4_ROUTER, IPV6_PREFIX, "0:0:0:fc::8", NULL, false },
		{ "b.net", IPV4_ROUTER, IPV6_ROUTER, NULL, NULL, false } },
	    "89.14.163.156", NULL, "2a01:c22:b045::/48", NULL,
	    "a.net A 89.14.163.156 open\n"
	    "a.net AAAA 2a01:c22:b045:: address "
	    "[prefix: /48 is shorter than the /56 that the host needs]\n"
	    "b.net A 89.14.163.156 open\n",
	    NULL },
};

static size_t
hosts_start(struct host_settings to[], struct network networks[],
    const struct host from[])
{
	size_t n = 0;

	for (; n < HOSTS_MAX && from[n].name != NULL; n++) {
		to[n] = (struct host_settings){ .ipv4 = from[n].ipv4,
			.name = (char *)(uintptr_t)from[n].name,
			.ipv6 = from[n].ipv6,
			.prefix_length = 56,
			.removal = from[n].removal };
		if (from[n].suffix != NULL)
			assert_true(address_parse(&to[n].suffix, AF_INET6,
			    from[n].suffix));
		to[n].ipv6_if_public = unit_same(from[n].allow, "if6");
		if (from[n].allow != NULL && !to[n].ipv6_if_public) {
			to[n].allow = &networks[n];
			to[n].allow_count = 1;
			assert_true(network_parse(&networks[n], from[n].allow));
		}
	}
	return n;
}

static void
claim_start(struct claim_address *to, const char *text)
{
	to->given = text != NULL;
	to->remove = text != NULL && strcmp(text, "none") == 0;
	if (to->given && !to->remove)
		assert_true(address_parse_any(&to->address, text));
}

static void
show(const struct update *u, char *out, size_t size)
{
	char text[ADDRESS_TEXT_MAX];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		n += (size_t)snprintf(out + n, size - n, "%s %s %s %s",
		    r->host->name, r->address.family == AF_INET ? "A" : "AAAA",
		    r->remove ? "none" : address_format(&r->address, text),
		    r->verdict == VERDICT_OPEN ? "open" :
						 verdict_word(r->verdict));
		if (r->why != NULL)
			n += (size_t)snprintf(out + n, size - n, " [%s]",
			    r->why->text);
		n += (size_t)snprintf(out + n, size - n, "\n");
		assert_null(r->proof.how);
	}
}

static void
test_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++) {
		struct host_settings hosts[HOSTS_MAX];
		struct network networks[HOSTS_MAX];
		struct account_settings account = { .hosts = hosts,
			.host_count =
			    hosts_start(hosts, networks, plans[i].hosts) };
		struct update u = { .login.account = &account };
		const char *c = plans[i].names;
		char got[1024];
		enum err rc;

		claim_start(&u.claim.ipv4, plans[i].ipv4);
		claim_start(&u.claim.ipv6, plans[i].ipv6);
		if (plans[i].prefix != NULL)
			assert_true(
			    u.claim.has_prefix =
				address_parse_length(&u.claim.prefix.address,
				    &u.claim.prefix.length, plans[i].prefix));
		for (; c != NULL && *c != '\0'; c++)
			if (*c != ',')
				u.claim.names[u.claim.name_count++] =
				    &hosts[*c - '0'];
		u.claim.has_names = c != NULL;
		rc = plan_make(&u);
		show(&u, got, sizeof got);
		if (plans[i].records != NULL)
			ROW(rc == ERR_OK && unit_same(got, plans[i].records),
			    "%s:\n%s%s", plans[i].title, got, u.why.text);
		else
			ROW(rc == ERR_REQUEST &&
				unit_same(u.why.text, plans[i].why),
			    "%s: %s", plans[i].title, u.why.text);
		update_end(&u);
	}
	ROWS_END();
}

static bool no_interfaces;

UNIT_BETWEEN(no_interfaces, int, getifaddrs, -1, (struct ifaddrs * *list),
    (list))

/* What may be an address of this machine is not published, nor refused. */
static void
test_own_unknown(void **state)
{
	struct host_settings host = { .name = (char *)(uintptr_t) "a.net",
		.ipv4 = IPV4_ROUTER };
	struct account_settings account = { .hosts = &host, .host_count = 1 };
	struct update u = { .login.account = &account };
	char got[256];

	(void)state;
	claim_start(&u.claim.ipv4, "89.14.163.156");
	no_interfaces = true;
	assert_int_equal(plan_make(&u), ERR_OK);
	no_interfaces = false;
	show(&u, got, sizeof got);
	assert_string_equal(got,
	    "a.net A 89.14.163.156 busy [the addresses of this machine are not "
	    "known now]\n");
	update_end(&u);
}

/* As many hosts as an account can have, with two addresses each. */
static void
test_many(void **state)
{
	static struct host_settings hosts[SETTINGS_HOSTS_MAX];
	struct account_settings account = { .hosts = hosts,
		.host_count = SETTINGS_HOSTS_MAX };
	struct update u = { .login.account = &account };

	(void)state;
	for (size_t i = 0; i < SETTINGS_HOSTS_MAX; i++)
		hosts[i] = (struct host_settings){ .ipv4 = IPV4_ROUTER,
			.name = (char *)(uintptr_t) "a.net",
			.ipv6 = IPV6_ROUTER };
	claim_start(&u.claim.ipv4, "89.14.163.156");
	claim_start(&u.claim.ipv6, "2a01:c22::1");
	assert_int_equal(plan_make(&u), ERR_OK);
	assert_int_equal(u.record_count, 2 * SETTINGS_HOSTS_MAX);
	update_end(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_unknown), /* before they are known */
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
