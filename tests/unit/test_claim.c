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
static const struct claim_rules rules = { .names_max = 3 };
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
	/* In any case, and escaped for HTML. */
	{ "IPV4=1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "MyIP=1.2.3.4&amp;MYIPV6=2a01::1&amp;amp;HostName=example.org",
	    "4=1.2.3.4 6=2a01::1 example.org", ERR_OK, NULL },
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
	{ "ipv6=2a01::1%eth0", "6=2a01::1", ERR_OK, NULL },
	{ "ipv6=2a01::1/64x", NULL, ERR_REQUEST, "ipv6: not an IPv6 address" },
	{ "myip=localhost", NULL, ERR_REQUEST, "myip: not an IP address" },
	{ "prefix=1.2.3.0/24", NULL, ERR_REQUEST,
	    "prefix: not an IPv6 prefix" },
	{ "prefix=2a01::/200", NULL, ERR_REQUEST,
	    "prefix: not an IPv6 prefix" },
	{ "ipv4=delete", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv6=::ffff:1.2.3.4", NULL, ERR_REQUEST,
	    "ipv6: not an IPv6 address" },
	{ "prefix=::ffff:1.2.3.4", NULL, ERR_REQUEST,
	    "prefix: not an IPv6 prefix" },
	{ "ipv4=1.2.3.0/24", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	{ "ipv4=2a01::/56", NULL, ERR_REQUEST, "ipv4: not an IPv4 address" },
	/* An IPv4 address in the other spelling is one. */
	{ "ipv4=::ffff:1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	{ "myip=::FFFF:102:304,2a01::1", "4=1.2.3.4 6=2a01::1", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&myip=::ffff:1.2.3.4", "4=1.2.3.4", ERR_OK, NULL },
	/* A length behind an address. */
	{ "myip=1.2.3.4,2a01:1:de00::/59", "4=1.2.3.4 p=2a01:1:de00::/59",
	    ERR_OK, NULL },
	{ "ipv6=2a01:1:de00::/59", "p=2a01:1:de00::/59", ERR_OK, NULL },
	{ "ipv6=2a01:1:de00::5/59", "6=2a01:1:de00::5", ERR_OK, NULL },
	{ "ipv6=2a01:1:de00::/59&prefix=2a02::/56", "p=2a02::/56", ERR_OK,
	    NULL },
	{ "prefix=2a02::/56&ipv6=2a01:1:de00::/59", "p=2a02::/56", ERR_OK,
	    NULL },
	{ "ipv6=2a01::/56,2a02::/56", NULL, ERR_REQUEST,
	    "ipv6: a second, other prefix" },
	/* None now: the other family goes on. */
	{ "ipv4=1.2.3.4&prefix=::/64", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&prefix=fe80::/64", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&myipv6=no", "4=1.2.3.4", ERR_OK, NULL },
	{ "myipv4=preserve&ipv6=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "ipv4=0.0.0.0&ipv6=2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&ipv6=::", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&ipv6=fe80::1%eth0", "4=1.2.3.4", ERR_OK, NULL },
	{ "ipv4=<ipaddr>&ipv6=<ip6addr>&prefix=<ip6lanprefix>", "", ERR_OK,
	    NULL },
	{ "myip=__MYIP__,2a01::1", "6=2a01::1", ERR_OK, NULL },
	{ "myip=%i&ipv6=[IP]&ip6=${ip}&prefix=%PREFIX%", "", ERR_OK, NULL },
	{ "ipv4=1.2.3.4&ipv6=null&prefix=undefined", "4=1.2.3.4", ERR_OK,
	    NULL },
	{ "ipv4=no&ipv4=none", "4=none", ERR_OK, NULL },
	/* Forms with one meaning. */
	{ "prefix=2a01:c22:b045:de00", "p=2a01:c22:b045:de00::/64", ERR_OK,
	    NULL },
	{ "prefix=2a01:c22:b045:de00/56", "p=2a01:c22:b045:de00::/56", ERR_OK,
	    NULL },
	{ "ipv6=[2a01::1]&prefix=[2a01::]/56", "6=2a01::1 p=2a01::/56", ERR_OK,
	    NULL },
	{ "prefix=fd00:1::/64,2a01::/56", "p=2a01::/56", ERR_OK, NULL },
	{ "prefix=2a01::/56,fd00:1::/64", "p=2a01::/56", ERR_OK, NULL },
	{ "ipv6=fd00::1,2a01::1,fd00::2", "6=2a01::1", ERR_OK, NULL },
	{ "prefix=fd00:1::/64", "p=fd00:1::/64", ERR_OK, NULL },
	{ "prefix=fd00:1::/64,fd00:2::/64", NULL, ERR_REQUEST,
	    "prefix: a second, other prefix" },
	{ "myip=1.2.3.4,10.0.0.1", NULL, ERR_REQUEST,
	    "myip: a second, other address" },
	/* Removing. */
	{ "ipv4=none", "4=none", ERR_OK, NULL },
	{ "ipv4=none&ipv4=none", "4=none", ERR_OK, NULL },
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
	/* As many as the account has, if these are more than the rules say. */
	{ "hostname=example.org,example.org,example.org,example.org",
	    "example.org,example.org,example.org,example.org", ERR_OK, NULL },
	{ "hostname=example.org,example.org,example.org,example.org,"
	  "example.org",
	    NULL, ERR_TOO_MANY_NAMES, "hostname: more than 4 names" },
	/* Whatever the parameter is called, a name narrows. */
	{ "host=home.example.org", "home.example.org", ERR_OK, NULL },
	{ "HOST_ID=home.example.org", "home.example.org", ERR_OK, NULL },
	{ "amp;hostname=home.example.org", "home.example.org", ERR_OK, NULL },
	{ "hostnme=home.example.org", "home.example.org", ERR_OK, NULL },
	{ "hst=x,home.example.org", NULL, ERR_NOT_A_NAME,
	    "hostname: not a full host name" },
	{ "hst=old.example.org", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	{ "hst=home", NULL, ERR_NOT_A_NAME, "hostname: not a full host name" },
	{ "hst=m\xc3\xbcller", NULL, ERR_NOT_A_NAME,
	    "hostname: not a full host name" },
	{ "hst=cellar", "", ERR_OK, NULL },
	{ "hst=a.b&ver=1.23", "", ERR_OK, NULL },
	/* As long as a name that is sent twice. */
	{ "hostname=example.orgexample.net", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	{ "hostname=other12345.example.org", NULL, ERR_NOT_YOURS,
	    "hostname: not one of the account's" },
	/* What is none, or is needed by nobody. */
	{ "v=1.2.3&agent=x/3.10&mx=mail.example.org&system=dyndns", "", ERR_OK,
	    NULL },
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
		rc = claim_read(&w, &q, &account, &rules, &why);
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

/* Where names are needed, none of several hosts is meant without. */
static void
test_needed(void **state)
{
	static const struct claim_rules needed = { 3, true };
	static const struct {
		const char *query;
		bool all_hosts;
		size_t host_count;
		enum err code;
	} rows[] = {
		{ "myip=1.2.3.4", false, 4, ERR_NOT_A_NAME },
		{ "myip=1.2.3.4", false, 1, ERR_OK },
		{ "myip=1.2.3.4", true, 4, ERR_OK },
		{ "myip=1.2.3.4&hostname=", false, 4, ERR_NOT_A_NAME },
		{ "myip=1.2.3.4&hostname=YES", false, 4, ERR_NOT_A_NAME },
		{ "myip=1.2.3.4&hostname=example.org", false, 4, ERR_OK },
		{ "myip=1.2.3.4&host=example.org", false, 4, ERR_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct account_settings a = account;
		char *text = strdup(rows[i].query);
		struct error why = { .text = "" };
		struct request q;
		struct claim w;

		assert_non_null(text);
		a.host_count = rows[i].host_count;
		a.all_hosts = rows[i].all_hosts;
		start(&q, text, "89.14.163.156");
		ROW(claim_read(&w, &q, &a, &needed, &why) == rows[i].code,
		    "%s, %zu hosts: %s", rows[i].query, rows[i].host_count,
		    why.text);
		free(text);
	}
	ROWS_END();
}

/* Names for the log: no value, and nothing that could be one. */
static void
test_ignored(void **state)
{
	static const struct {
		const char *query, *names;
		size_t more;
	} rows[] = {
		{ "ipv4=1.2.3.4&hostname=example.org&system=dyndns", "", 0 },
		{ "ipv4=1.2.3.4&x=1&y=&Ipv5=2", "x Ipv5 ", 0 },
		{ "a_b=1&c-d=1&e+f=1", "a_b c-d ", 1 },
		{ "secret&x=", "", 0 },
		{ "se cret=1&a.b=1&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1&1=1", "",
		    4 },
		{ "password=ab&cd=ef", "", 1 },
		{ "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1", "a b c d e f g h ",
		    2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = strdup(rows[i].query), got[256] = "";
		struct error why = { .text = "" };
		struct request q;
		struct claim w;

		assert_non_null(text);
		start(&q, text, "89.14.163.156");
		ROW(claim_read(&w, &q, &account, &rules, &why) == ERR_OK,
		    "%s: %s", rows[i].query, why.text);
		for (size_t j = 0; j < w.ignored_count; j++) {
			strcat(got, w.ignored[j]);
			strcat(got, " ");
		}
		ROW(unit_same(got, rows[i].names) &&
			w.ignored_more == rows[i].more,
		    "%s: %sand %zu", rows[i].query, got, w.ignored_more);
		free(text);
	}
	ROWS_END();
}

static void
test_credential(void **state)
{
	static const struct {
		const char *query, *user, *token;
	} rows[] = {
		{ "username=a&password=b", "a", "b" },
		{ "Username=a&amp;PASSWORD=b", "a", "b" },
		{ "username=a", NULL, NULL },
		{ "username=&password=b", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = strdup(rows[i].query);
		const char *user, *token;
		struct request q;
		bool found;

		assert_non_null(text);
		start(&q, text, "89.14.163.156");
		found = claim_credential(&q, &user, &token);
		ROW(found == (rows[i].user != NULL) &&
			(!found ||
			    (unit_same(user, rows[i].user) &&
				unit_same(token, rows[i].token))),
		    "%s", rows[i].query);
		free(text);
	}
	ROWS_END();
}

/* A value of any length. */
static void
test_long(void **state)
{
	static const size_t lengths[] = { 511, 512, 4000 };
	static const char *const names[] = { "ipv4", "prefix", "hostname",
		"unknown" };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths) * COUNT(names); i++) {
		const char *name = names[i % COUNT(names)];
		size_t len = lengths[i / COUNT(names)];
		struct error why = { .text = "" };
		char *text = malloc(len + 1);
		struct request q = { .source = "", .parameter_count = 1 };
		struct claim w;

		assert_non_null(text);
		memset(text, '1', len);
		text[len] = '\0';
		q.parameters[0] =
		    (struct parameter){ (char *)(uintptr_t)name, text };
		/* One that nobody knows may hold what it likes. */
		ROW((claim_read(&w, &q, &account, &rules, &why) == ERR_OK) ==
			(strcmp(name, "unknown") == 0),
		    "%s of %zu", name, len);
		ROW(strlen(why.text) < 80, "%s", why.text);
		free(text);
	}
	ROWS_END();
}

/* What says that a router wants its records written in any case. */
static void
test_force(void **state)
{
	static const struct {
		const char *query;
		bool force;
	} rows[] = { { "ipv4=1.2.3.4", false }, { "force=1", true },
		{ "force=Yes", true }, { "force=true", true },
		{ "force=no", false }, { "force=", false },
		{ "force=&force=1", true }, { "force=2", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = strdup(rows[i].query);
		struct error why = { .text = "" };
		struct request q;
		struct claim w;

		assert_non_null(text);
		start(&q, text, "89.14.163.156");
		ROW(claim_read(&w, &q, &account, &rules, &why) == ERR_OK &&
			w.force == rows[i].force,
		    "%s: %s", rows[i].query, why.text);
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
	/* A web server with one socket for both families. */
	{ "", "::ffff:89.14.163.156", "4=89.14.163.156" },
	{ "ipv4=no&ipv6=2a02::1", "89.14.163.156",
	    "4=89.14.163.156 6=2a02::1" },
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
		ROW(claim_read(&w, &q, &account, &rules, &why) == ERR_OK &&
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
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_force),
		cmocka_unit_test(test_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
