/*
 * test_prefix.c - the address of a host behind a delegated prefix.
 */
#include "unit.h"

#include "address/prefix.h"

static const struct {
	const char *suffix;
	unsigned int length;
	bool fits;
} fits[] = {
	{ "0:0:0:fc::8", 56, true },
	{ "0:0:0:ff::8", 56, true },
	{ "0:0:0:100::8", 56, false },
	{ "0:0:0:fc::8", 57, false },
	{ "0:0:0:7f::8", 57, true },
	{ "0:0:0:fc::8", 64, false },
	{ "::8", 64, true },
	{ "0:0:0:1::", 64, false },
	{ "::8000:0:0:0", 64, true },
	{ "::8000:0:0:0", 65, false },
	{ "::", 127, true },
	{ "::1", 127, true },
	{ "::1", 128, false },
	{ "8000::", 1, false },
	{ "ffff::", 0, true },
};

static void
test_suffix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fits); i++) {
		struct address suffix;

		assert_true(address_parse(&suffix, AF_INET6, fits[i].suffix));
		ROW(suffix_fits(&suffix, fits[i].length) == fits[i].fits,
		    "%s behind /%u", fits[i].suffix, fits[i].length);
	}
	ROWS_END();
}

static const struct {
	const char *sent;
	unsigned int length; /* of the delegation */
	const char *suffix;
	const char *host; /* NULL: refused */
	const char *why;
} joins[] = {
	/* The reference case: a /56, told as the router's own /64. */
	{ "2a01:c22:b045:de00::/64", 56, "0:0:0:fc::8", "2a01:c22:b045:defc::8",
	    NULL },
	{ "2a01:c22:b045:de00::/56", 56, "0:0:0:fc::8", "2a01:c22:b045:defc::8",
	    NULL },
	{ "2a01:c22:b045:de00::", 56, "0:0:0:fc::8", "2a01:c22:b045:defc::8",
	    NULL },
	/* The router's subnet, and its own address, are taken off. */
	{ "2a01:c22:b045:de77:1234:56ff:fe78:9abc/64", 56, "0:0:0:fc::8",
	    "2a01:c22:b045:defc::8", NULL },
	{ "2a01:c22:b045:de77::/64", 64, "::8", "2a01:c22:b045:de77::8", NULL },
	{ "2a01:c22:b045:de77::/64", 48, "0:0:0:1::8", "2a01:c22:b045:1::8",
	    NULL },
	{ "2a01:c22:b045:de80::/60", 57, "0:0:0:7c::8", "2a01:c22:b045:defc::8",
	    NULL },
	{ "2a01:c22:b045:de00::/48", 56, "0:0:0:fc::8", NULL,
	    "prefix: /48 is shorter than the /56 that the host needs" },
	{ "2a01:c22:b045:de00::/55", 56, "0:0:0:fc::8", NULL,
	    "prefix: /55 is shorter than the /56 that the host needs" },
	{ "::/0", 56, "0:0:0:fc::8", NULL,
	    "prefix: /0 is shorter than the /56 that the host needs" },
	/* Not a public address; that is not for this module to judge. */
	{ "fd00::/56", 56, "0:0:0:fc::8", "fd00:0:0:fc::8", NULL },
};

static void
test_join(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(joins); i++) {
		struct address suffix, host = { .family = 0 };
		struct error why = { .code = ERR_OK };
		struct prefix p;
		enum err rc;

		assert_true(
		    address_parse_length(&p.address, &p.length, joins[i].sent));
		assert_true(address_parse(&suffix, AF_INET6, joins[i].suffix));
		rc = prefix_join(&host, &p, joins[i].length, &suffix, &why);
		if (joins[i].host != NULL)
			ROW(rc == ERR_OK && host.family == AF_INET6 &&
				unit_same(address_format(&host, text),
				    joins[i].host),
			    "%s: became %s", joins[i].sent, text);
		else
			ROW(rc == ERR_ADDRESS && why.code == ERR_ADDRESS &&
				unit_same(why.text, joins[i].why),
			    "%s: %s", joins[i].sent, why.text);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suffix),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
