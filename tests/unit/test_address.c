/*
 * test_address.c - which spellings are an address, and which are not.
 */
#include "unit.h"

#include <arpa/inet.h>

#include "address/address.h"

static const struct {
	int family;
	const char *in;
	const char *out; /* NULL: refused */
} parses[] = {
	{ AF_INET, "89.14.163.156", "89.14.163.156" },
	{ AF_INET, "0.0.0.0", "0.0.0.0" },
	{ AF_INET, "255.255.255.255", "255.255.255.255" },
	{ AF_INET, "127.1", NULL },
	{ AF_INET, "127.0.1", NULL },
	{ AF_INET, "2130706433", NULL },
	{ AF_INET, "0x7f.0.0.1", NULL },
	{ AF_INET, "0x7f000001", NULL },
	{ AF_INET, "0177.0.0.1", NULL },
	{ AF_INET, "127.0.0.01", NULL },
	{ AF_INET, "01.2.3.4", NULL },
	{ AF_INET, "00.0.0.0", NULL },
	{ AF_INET, "256.1.1.1", NULL },
	{ AF_INET, "1.2.3.999999999999", NULL },
	{ AF_INET, "1.2.3", NULL },
	{ AF_INET, "1.2.3.4.5", NULL },
	{ AF_INET, "1.2.3.4.", NULL },
	{ AF_INET, ".1.2.3.4", NULL },
	{ AF_INET, "1..3.4", NULL },
	{ AF_INET, "1.2.3.4 ", NULL },
	{ AF_INET, " 1.2.3.4", NULL },
	{ AF_INET, "1.2.3.4\n", NULL },
	{ AF_INET, "1.2.3.4x", NULL },
	{ AF_INET, "1.2.3.4/32", NULL },
	{ AF_INET, "1.2.3.4:80", NULL },
	{ AF_INET, "-1.2.3.4", NULL },
	{ AF_INET, "+1.2.3.4", NULL },
	{ AF_INET, "1.2.3.4,5.6.7.8", NULL },
	{ AF_INET, "\xd9\xa1.2.3.4", NULL }, /* ARABIC DIGIT ONE */
	{ AF_INET, "localhost", NULL },
	{ AF_INET, "eth0", NULL },
	{ AF_INET, "", NULL },
	{ AF_INET, "::1", NULL },
	{ AF_INET, "::ffff:1.2.3.4", NULL },
	{ AF_INET6, "2a01:c22:b045:defc::8", "2a01:c22:b045:defc::8" },
	{ AF_INET6, "2A01:0C22:B045:DEFC:0:0:0:8", "2a01:c22:b045:defc::8" },
	{ AF_INET6, "::", "::" },
	{ AF_INET6, "0:0:0:0:0:0:0:0", "::" },
	{ AF_INET6, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ AF_INET6, "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
	/* Still IPv6, where IPv6 alone is read; special.c refuses it. */
	{ AF_INET6, "::ffff:89.14.163.156", "::ffff:89.14.163.156" },
	{ AF_INET6, "::ffff:590e:a39c", "::ffff:89.14.163.156" },
	{ AF_INET6, "1:2:3:4:5:6:7", NULL },
	{ AF_INET6, "1:2:3:4:5:6:7:8:9", NULL },
	{ AF_INET6, "1::2::3", NULL },
	{ AF_INET6, ":::", NULL },
	{ AF_INET6, ":1::", NULL },
	{ AF_INET6, "1:", NULL },
	{ AF_INET6, "12345::", NULL },
	{ AF_INET6, "00001::", NULL },
	{ AF_INET6, "g::1", NULL },
	{ AF_INET6, "::1.2.3", NULL },
	{ AF_INET6, "::1.2.3.04", NULL },
	{ AF_INET6, "::1.2.3.4:5", NULL },
	{ AF_INET6, "fe80::1%eth0", NULL },
	{ AF_INET6, "fe80::1%1", NULL },
	{ AF_INET6, "fe80::1%", NULL },
	{ AF_INET6, "[::1]", NULL },
	{ AF_INET6, "::1 ", NULL },
	{ AF_INET6, " ::1", NULL },
	{ AF_INET6, "::1\n", NULL },
	{ AF_INET6, "::1/128", NULL },
	{ AF_INET6, "0x1::1", NULL },
	{ AF_INET6, "89.14.163.156", NULL },
	{ AF_INET6, "", NULL },
};

static void
test_parse(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(parses); i++) {
		struct address a = { .family = -1, .bytes = { 1, 2, 3 } };
		bool ok = address_parse(&a, parses[i].family, parses[i].in);

		ROW(ok == (parses[i].out != NULL), "\"%s\": %s", parses[i].in,
		    ok ? "taken" : "refused");
		if (!ok) {
			ROW(a.family == -1 && a.bytes[0] == 1,
			    "\"%s\": refused, yet written", parses[i].in);
			continue;
		}
		ROW(a.family == parses[i].family &&
			unit_same(address_format(&a, text), parses[i].out),
		    "\"%s\": became %s", parses[i].in, text);
	}
	ROWS_END();
}

/* The bytes behind an IPv4 address are part of what is compared. */
static void
test_parse_clears(void **state)
{
	struct address a = { .family = AF_INET6 }, b = { .family = AF_INET };

	(void)state;
	memset(a.bytes, 0xff, sizeof a.bytes);
	assert_true(address_parse(&a, AF_INET, "1.2.3.4"));
	b.bytes[0] = 1, b.bytes[1] = 2, b.bytes[2] = 3, b.bytes[3] = 4;
	assert_true(address_equal(&a, &b));
}

static void
test_parse_any(void **state)
{
	struct address a;

	(void)state;
	assert_true(address_parse_any(&a, "192.0.2.1"));
	assert_int_equal(a.family, AF_INET);
	assert_int_equal(address_bits(&a), 32);
	assert_true(address_parse_any(&a, "2001:db8::1"));
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(address_bits(&a), 128);
	assert_false(address_parse_any(&a, "home.example.org"));
	assert_false(address_parse_any(&a, ""));
}

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
	unsigned int length;
} lengths[] = {
	{ "2a01:c22:b045:de00::/64", "2a01:c22:b045:de00::", 64 },
	{ "2a01:c22:b045:de00::8/56", "2a01:c22:b045:de00::8", 56 },
	{ "2a01:c22:b045:de00::", "2a01:c22:b045:de00::", 128 },
	{ "::/0", "::", 0 },
	{ "::/128", "::", 128 },
	{ "10.0.0.0/8", "10.0.0.0", 8 },
	{ "10.0.0.0", "10.0.0.0", 32 },
	{ "10.0.0.0/0", "10.0.0.0", 0 },
	{ "::/129", NULL, 0 },
	{ "10.0.0.0/33", NULL, 0 },
	{ "::/4294967360", NULL, 0 },
	{ "::/18446744073709551680", NULL, 0 },
	{ "::/", NULL, 0 },
	{ "::/ 64", NULL, 0 },
	{ "::/64 ", NULL, 0 },
	{ "::/+64", NULL, 0 },
	{ "::/-1", NULL, 0 },
	{ "::/0x40", NULL, 0 },
	{ "::/6.4", NULL, 0 },
	{ "::/64/64", NULL, 0 },
	{ "/64", NULL, 0 },
	{ "fe80::1%eth0/64", NULL, 0 },
	{ "10.0.0.0/255.0.0.0", NULL, 0 },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", NULL, 0 },
	{ "", NULL, 0 },
};

static void
test_parse_length(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct address a;
		unsigned int length = 999;
		bool ok = address_parse_length(&a, &length, lengths[i].in);

		ROW(ok == (lengths[i].out != NULL), "\"%s\": %s", lengths[i].in,
		    ok ? "taken" : "refused");
		if (ok)
			ROW(unit_same(address_format(&a, text),
				lengths[i].out) &&
				length == lengths[i].length,
			    "\"%s\": became %s/%u", lengths[i].in, text,
			    length);
	}
	ROWS_END();
}

static const struct {
	const char *in;
	unsigned int length;
	const char *out;
} masks[] = {
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, "::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "8000::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 7, "fe00::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8, "ff00::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9, "ff80::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 64,
	    "ffff:ffff:ffff:ffff::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 127,
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128,
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "2a01:c22:b045:deff::", 56, "2a01:c22:b045:de00::" },
	{ "255.255.255.255", 0, "0.0.0.0" },
	{ "255.255.255.255", 12, "255.240.0.0" },
	{ "255.255.255.255", 32, "255.255.255.255" },
};

static void
test_mask(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		struct address a;

		assert_true(address_parse_any(&a, masks[i].in));
		address_mask(&a, masks[i].length);
		ROW(unit_same(address_format(&a, text), masks[i].out),
		    "%s/%u: became %s", masks[i].in, masks[i].length, text);
	}
	ROWS_END();
}

static const struct {
	const char *network; /* refused if both others are NULL */
	const char *inside;
	const char *outside;
} networks[] = {
	{ "10.0.0.0/8", "10.255.255.255", "11.0.0.0" },
	{ "10.0.0.0/8", "10.0.0.0", "9.255.255.255" },
	{ "10.0.0.0/8", "10.0.0.0", "a00::" },
	{ "172.16.0.0/12", "172.31.255.255", "172.32.0.0" },
	{ "192.0.2.7", "192.0.2.7", "192.0.2.6" },
	{ "0.0.0.0/0", "255.255.255.255", "::" },
	{ "::/0", "ffff::", "0.0.0.0" },
	/* The mapped form is the IPv4 one, of an address and of a network. */
	{ "10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1" },
	{ "::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.1" },
	{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::" },
	{ "fd00::1/128", "fd00::1", "fd00::" },
	{ "10.0.0.1/8", NULL, NULL },
	{ "10.128.0.0/8", NULL, NULL },
	{ "2001:db8::1/32", NULL, NULL },
	{ "::1/0", NULL, NULL },
	{ "10.0.0.0/33", NULL, NULL },
	{ "lan", NULL, NULL },
};

static void
test_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		struct network n;
		struct address a;
		bool ok = network_parse(&n, networks[i].network);

		ROW(ok == (networks[i].inside != NULL), "%s: %s",
		    networks[i].network, ok ? "taken" : "refused");
		if (!ok || networks[i].inside == NULL)
			continue;
		assert_true(address_parse_any(&a, networks[i].inside));
		ROW(network_contains(&n, &a), "%s lacks %s",
		    networks[i].network, networks[i].inside);
		assert_true(address_parse_any(&a, networks[i].outside));
		ROW(!network_contains(&n, &a), "%s holds %s",
		    networks[i].network, networks[i].outside);
	}
	ROWS_END();
}

static void
test_sockaddr(void **state)
{
	static const char *const texts[] = { "89.14.163.156",
		"2a01:c22:b045:defc::8" };
	struct sockaddr_storage ss;
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct address a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_true(address_parse_any(&a, texts[i]));
		memset(&ss, 0xff, sizeof ss);
		assert_int_equal(address_sockaddr(&a, 443, &ss),
		    i == 0 ? sizeof(struct sockaddr_in) :
			     sizeof(struct sockaddr_in6));
		assert_int_equal(ss.ss_family, a.family);
		assert_int_equal(ntohs(i == 0 ?
					 ((struct sockaddr_in *)&ss)->sin_port :
					 ((struct sockaddr_in6 *)&ss)
					     ->sin6_port),
		    443);
		assert_true(address_from_sockaddr(&b, (struct sockaddr *)&ss));
		assert_true(address_equal(&a, &b));
	}
	assert_false(address_from_sockaddr(&b, &other));
}

static void
same_text(const struct address *a)
{
	char ours[ADDRESS_TEXT_MAX], theirs[ADDRESS_TEXT_MAX];

	assert_non_null(inet_ntop(a->family, a->bytes, theirs, sizeof theirs));
	assert_string_equal(address_format(a, ours), theirs);
}

/* Every pattern of zeros, with groups of each length, and all of one byte. */
static void
test_format(void **state)
{
	static const uint16_t groups[] = { 0x1, 0x10, 0x203, 0xa0b0, 0xffff };
	struct address a = { .family = AF_INET6 }, none = { .family = 0 };
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (unsigned int zeros = 0; zeros < 256; zeros++)
		for (size_t g = 0; g < COUNT(groups); g++) {
			for (size_t i = 0; i < 8; i++) {
				uint16_t n = zeros >> i & 1 ? 0 : groups[g];

				a.bytes[2 * i] = (uint8_t)(n >> 8);
				a.bytes[2 * i + 1] = (uint8_t)n;
			}
			same_text(&a);
		}
	a = (struct address){ .family = AF_INET };
	for (unsigned int n = 0; n < 256; n++) {
		for (size_t i = 0; i < 4; i++)
			a.bytes[i] = (uint8_t)(n + 85 * i);
		same_text(&a);
	}
	assert_string_equal(address_format(&none, text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_clears),
		cmocka_unit_test(test_parse_any),
		cmocka_unit_test(test_parse_length),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
