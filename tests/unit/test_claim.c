/*
 * test_claim.c - one meaning for the words of every client.
 */
#include "unit.h"

#include "gateway/claim.h"

static struct host_settings hosts[] = {
	{ .name = (char *)(uintptr_t) "example.org", .ipv4 = IPV4_ROUTER },
	{ .name = (char *)(uintptr_t) "home.example.org", .ipv4 = IPV4_ROUTER },
	{ .name = (char *)(uintptr_t) "*.home.example.org",
	    .ipv4 = IPV4_ROUTER },
	{ .name = (char *)(uintptr_t) "xn--mller-kva.example",
	    .ipv4 = IPV4_ROUTER },
};
static struct account_settings account = {
	.name = "router",
	.hosts = hosts,
	.host_count = COUNT(hosts),
};

/* "a=1&b=2", decoded already. */
static void
start(struct request *q, char *text, const char *source)
{
	char *field;

	*q = (struct request){ .source = source };
	while (*text != '\0' && (field = strsep(&text, "&")) != NULL) {
		struct parameter *p = &q->parameters[q->parameter_count++];

		assert_true(q->parameter_count <= REQUEST_PARAMETERS_MAX);
		p->name = strsep(&field, "=");
		p->value = field != NULL ? field : p->name + strlen(p->name);
		if (text == NULL)
			break;
	}
}

/* "4=ADDRESS 6=none p=PREFIX/LENGTH NAME,NAME" */
static const char *
show(const struct claim *c)
{
	static char out[1024];
	const struct claim_address *families[] = { &c->ipv4, &c->ipv6 };
	char text[ADDRESS_TEXT_MAX];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < 2; i++)
		if (families[i]->given)
			n += (size_t)snprintf(out + n, sizeof out - n,
			    "%s%s=%s", n > 0 ? " " : "", i == 0 ? "4" : "6",
			    families[i]->remove ?
				"none" :
				address_format(&families[i]->address, text));
	if (c->has_prefix)
		n += (size_t)snprintf(out + n, sizeof out - n, "%sp=%s/%u",
		    n > 0 ? " " : "", address_format(&c->prefix.address, text),
		    c->prefix.length);
	for (size_t i = 0; i < c->name_count; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s",
		    i > 0     ? "," :
			n > 0 ? " " :
				"",
		    c->names[i]->name);
	if (c->has_names != (c->name_count > 0))
		snprintf(out + n, sizeof out - n, " (has_names is wrong)");
	return out;
}

static const struct {
	const char *query;
	const char *claim; /* NULL: refused */
	enum err code;
	const char *why;
} claimes[] = {
	{ "", "", ERR_OK, NULL },
	{ "x=1&y=2", "", ERR_OK, NULL },
	/* The reference case. */
	{ "ipv4=89.14.163.156&ipv6=2a01:c22:b200:69f9:1234:56ff:fe78:9abc&"
	  "prefix=2a01:c22:b045:de00::/64",
	    "4=89.14.163.156 6=2a01:c22:b200:69f9:1234:56ff:fe78:9abc "
	    "p=2a01:c22:b045:de00::/64",
	    ERR_OK, NULL },
	/* An empty value is an absent one. */
	{ "ipv4=&ipv6=&prefix=&hostname=", "", ERR_OK, NULL },
	{ "ipv4=%20&prefix= \t&hostname= ,", NULL, ERR_REQUEST,
	    "ipv4: not an IPv4 address" },
	{ "ipv4= &prefix= \t&hostname= ,", "", ERR_OK, NULL },
	/* Other words. */
	{ "myipv4=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipaddr=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "addr=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "myipv6=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "myip6=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "ip6=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "ip6addr=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "myip=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "myip=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "ip=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv6prefix=2a01::/56", "p=2a01::/56", ERR_OK, NULL },
	{ "ip6lanprefix=2a01::/59", "p=2a01::/59", ERR_OK, NULL },
	{ "ipv6lanprefix=2a01::/64", "p=2a01::/64", ERR_OK, NULL },
	{ "IPV4=1.2.3.4", "", ERR_OK, NULL },
	/* Lists, blanks, lengths. */
	{ "myip=1.2.3.4,2a01::1", "4=1.2.3.4 6=2a01::1", ERR_OK, NULL },
	{ "myip=2a01::1, 1.2.3.4 ", "4=1.2.3.4 6=2a01::1", ERR_OK, NULL },
	{ "myip=1.2.3.4/24", "4=1.2.3.4", ERR_OK, NULL },
	{ "myip=2a01::1/64", "6=2a01::1", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&myip=1.2.3.4,2a01::1", "4=1.2.3.4 6=2a01::1", ERR_OK,
	    NULL },
	{ "ipv4=1.2.3.4&ipv4=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&ipv4=1.2.3.5", NULL, ERR_REQUEST,
	    "ipv4: a second, other address" },
	{ "ipv4=1.2.3.4&myip=1.2.3.5", NULL, ERR_REQUEST,
	    "myip: a second, other address" },
	{ "myip=1.2.3.4,1.2.3.5", NULL, ERR_REQUEST,
	    "myip: a second, other address" },
	{ "prefix=2a01::/56&prefix=2a01::/56", "p=2a01::/56", ERR_OK, NULL },
	{ "prefix=2a01::/56&ip6lanprefix=2a01::/57", NULL, ERR_REQUEST,
	    "ip6lanprefix: a second, other prefix" },
	{ "prefix=2a01::/56&prefix=2a02::/56", NULL, ERR_REQUEST,
	    "prefix: a second, other prefix" },
	/* What is none. */
	{ "ipv4=2a01::1", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv6=1.2.3.4", NULL, ERR_REQUEST, "ipv6: not an IPv6 address" },
	{ "ipv4=1.2.3", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv4=0x7f.0.0.1", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv4=127.1", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv4=1.2.3.4/33", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv6=fe80::1%eth0", NULL, ERR_REQUEST, "ipv6: not an IPv6 address" },
	{ "ipv6=2a01::1/64x", NULL, ERR_REQUEST, "ipv6: not an IPv6 address" },
	{ "myip=localhost", NULL, ERR_REQUEST, "myip: not an IP address" },
	{ "prefix=1.2.3.0/24", NULL, ERR_REQUEST,
	    "prefix: not an IPv6 prefix" },
	{ "prefix=2a01::/200", NULL, ERR_REQUEST,
	    "prefix: not an IPv6 prefix" },
	{ "ipv4=<ipaddr>", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	/* Removing. */
	{ "ipv4=none", "4=none", ERR_OK, NULL },
	{ "ipv6=None", "6=none", ERR_OK, NULL },
	{ "prefix=NONE", "6=none", ERR_OK, NULL },
	{ "myip=none", "4=none 6=none", ERR_OK, NULL },
	{ "ipv4=none&ipv4=1.2.3.4", NULL, ERR_REQUEST,
	    "ipv4: a second, other address" },
	{ "ipv4=1.2.3.4&myip=none", NULL, ERR_REQUEST,
	    "myip: a second, other address" },
	/* Names. */
	{ "hostname=home.example.org", "home.example.org", ERR_OK, NULL },
	{ "domain=Home.Example.ORG.", "home.example.org", ERR_OK, NULL },
	{ "hostname=YES&host_id=home.example.org", "home.example.org", ERR_OK,
	    NULL },
	{ "hostname=home.example.org,example.org",
	    "home.example.org,example.org", ERR_OK, NULL },
	{ "hostname=example.org, home.example.org,",
	    "example.org,home.example.org", ERR_OK, NULL },
	{ "hostname=example.org,example.org", "example.org,example.org", ERR_OK,
	    NULL },
	{ "hostname=*.home.example.org", "*.home.example.org", ERR_OK, NULL },
	{ "hostname=m\xc3\xbcller.example", "xn--mller-kva.example", ERR_OK,
	    NULL },
	{ "hostname=home", NULL, ERR_NOT_A_NAME,
	    "hostname: not a full host name" },
	{ "hostname=1.2.3.4", NULL, ERR_NOT_A_NAME,
	    "hostname: not a full host name" },
	{ "hostname=a..b", NULL, ERR_NOT_A_NAME,
	    "hostname: not a full host name" },
	{ "hostname=other.example.org", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	{ "hostname=home.example.org,other.example.org", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	{ "hostname=x.home.example.org", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	{ "hostname=example.org,example.org,example.org,example.org", NULL,
	    ERR_TOO_MANY_NAMES, "hostname: more than 3 names" },
	/* UniFi: the name twice, or behind the address. */
	{ "hostname=home.example.orghome.example.org", "home.example.org",
	    ERR_OK, NULL },
	{ "myip=1.2.3.4xn--mller-kva.example", "4=1.2.3.4", ERR_OK, NULL },
	{ "myip=1.2.3.4home.example.org", "4=1.2.3.4", ERR_OK, NULL },
	{ "prefix=2a01::/56home.example.org", "p=2a01::/56", ERR_OK, NULL },
};

static void
test_claimes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(claimes); i++) {
		char *text = strdup(claimes[i].query);
		struct error why = { .text = "" };
		struct request q;
		struct claim w;
		enum err rc;

		assert_non_null(text);
		start(&q, text, "89.14.163.156");
		rc = claim_read(&w, &q, &account, 3, &why);
		if (claimes[i].claim != NULL)
			ROW(rc == ERR_OK &&
				unit_same(show(&w), claimes[i].claim),
			    "%s: %s %s", claimes[i].query, show(&w), why.text);
		else
			ROW(rc == claimes[i].code &&
				unit_same(why.text, claimes[i].why),
			    "%s: %d \"%s\"", claimes[i].query, rc, why.text);
		free(text);
	}
	ROWS_END();
}

/* A value of any length. */
static void
test_long(void **state)
{
	static const size_t lengths[] = { 511, 512, 4000 };
	static const char *const names[] = { "ipv4", "prefix", "hostname" };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths) * COUNT(names); i++) {
		struct error why = { .text = "" };
		char *text = malloc(lengths[i / 3] + 1);
		struct request q = { .source = "", .parameter_count = 1 };
		struct claim w;

		assert_non_null(text);
		memset(text, '1', lengths[i / 3]);
		text[lengths[i / 3]] = '\0';
		q.parameters[0] =
		    (struct parameter){ (char *)(uintptr_t)names[i % 3], text };
		ROW(claim_read(&w, &q, &account, 3, &why) != ERR_OK,
		    "%s of %zu", names[i % 3], lengths[i / 3]);
		ROW(strlen(why.text) < 80, "%s", why.text);
		free(text);
	}
	ROWS_END();
}

/* For accounts that take addresses from the connection. */
static const struct {
	const char *query;
	const char *source;
	const char *claim;
} connections[] = {
	{ "", "89.14.163.156", "4=89.14.163.156" },
	{ "", "2a01:c22::7", "6=2a01:c22::7 p=2a01:c22::7/64" },
	{ "ipv4=1.2.3.4", "89.14.163.156", "4=1.2.3.4" },
	{ "ipv4=1.2.3.4", "2a01:c22::7",
	    "4=1.2.3.4 6=2a01:c22::7 p=2a01:c22::7/64" },
	{ "ipv6=2a02::1", "2a01:c22::7", "6=2a02::1 p=2a01:c22::7/64" },
	{ "prefix=2a02::/56", "2a01:c22::7", "6=2a01:c22::7 p=2a02::/56" },
	{ "ipv4=none", "89.14.163.156", "4=none" },
	{ "", "unix:", "" },
	{ "", "", "" },
};

static void
test_connection(void **state)
{
	(void)state;
	account.from_connection = true;
	for (size_t i = 0; i < COUNT(connections); i++) {
		char *text = strdup(connections[i].query);
		struct error why = { .text = "" };
		struct request q;
		struct claim w;

		assert_non_null(text);
		start(&q, text, connections[i].source);
		ROW(claim_read(&w, &q, &account, 3, &why) == ERR_OK &&
			unit_same(show(&w), connections[i].claim),
		    "%s from %s: %s", connections[i].query,
		    connections[i].source, show(&w));
		free(text);
	}
	account.from_connection = false;
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claimes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
