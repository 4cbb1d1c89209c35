/*
 * test_hostname.c - the one form of a host name.
 */
#include "unit.h"

#include "address/hostname.h"

#define LABEL63 \
	"a23456789-123456789-123456789-123456789-123456789-123456789-123"

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
	bool wildcard;
} names[] = {
	{ "home.example.org", "home.example.org", false },
	{ "Home.EXAMPLE.Org", "home.example.org", false },
	{ "home.example.org.", "home.example.org", false },
	{ "localhost", "localhost", false },
	{ "a.b", "a.b", false },
	{ "1.example", "1.example", false },
	{ "3com.example", "3com.example", false },
	{ "a--b.example", "a--b.example", false },
	{ "_dmarc.example.org", "_dmarc.example.org", false },
	{ LABEL63 ".example", LABEL63 ".example", false },
	/* IDNA 2008. */
	{ "m\xc3\xbcller.example", "xn--mller-kva.example", false },
	{ "M\xc3\x9cLLER.example", "xn--mller-kva.example", false },
	{ "mu\xcc\x88ller.example", "xn--mller-kva.example", false },
	{ "m\xc3\xbcller\xe3\x80\x82"
	  "example",
	    "xn--mller-kva.example", false },
	{ "xn--mller-kva.example", "xn--mller-kva.example", false },
	{ "XN--MLLER-KVA.example", "xn--mller-kva.example", false },
	{ "fa\xc3\x9f.example", "xn--fa-hia.example", false },
	{ "\xd0\xbf\xd1\x80.example", "xn--o1ac.example", false },
	/* Names with a star, for those who may. */
	{ "*.example.org", "*.example.org", true },
	{ "*.Example.Org.", "*.example.org", true },
	{ "home.example.org", "home.example.org", true },
	{ "*.example.org", NULL, false },
	{ "*", NULL, true },
	{ "*.", NULL, true },
	{ "*.*.example.org", NULL, true },
	{ "a.*.example.org", NULL, true },
	{ "*a.example.org", NULL, true },
	{ "a*.example.org", NULL, true },
	/* What is no name. */
	{ "", NULL, false },
	{ ".", NULL, false },
	{ "..", NULL, false },
	{ ".example.org", NULL, false },
	{ "home..example.org", NULL, false },
	{ "home.example.org..", NULL, false },
	{ "-home.example.org", NULL, false },
	{ "home-.example.org", NULL, false },
	{ "home.-example.org", NULL, false },
	{ "ho me.example.org", NULL, false },
	{ " home.example.org", NULL, false },
	{ "home.example.org ", NULL, false },
	{ "home.example.org\n", NULL, false },
	{ "home\n.example.org", NULL, false },
	{ "m\xc3\xbcller\n.example", NULL, false },
	{ "m\xc3\xbcller .example", NULL, false },
	{ "home.example.org/x", NULL, false },
	{ "home.example.org:443", NULL, false },
	{ "home.example.org?", NULL, false },
	{ "home.example.org#", NULL, false },
	{ "user@example.org", NULL, false },
	{ "home.example.org\\", NULL, false },
	{ "home\".example.org", NULL, false },
	{ "home'.example.org", NULL, false },
	{ "home%00.example.org", NULL, false },
	{ "home\x01.example.org", NULL, false },
	{ "home\x7f.example.org", NULL, false },
	{ "home,example.org", NULL, false },
	{ "\xff\xfe.example", NULL, false },
	{ "\xc3.example", NULL, false },
	{ "a" LABEL63 ".example", NULL, false },
	/* Addresses are no names. */
	{ "89.14.163.156", NULL, false },
	{ "89.14.163.156.", NULL, false },
	{ "\xef\xbc\x98"
	  "9.14.163.156",
	    NULL, false },
	{ "2a01:c22:b045:defc::8", NULL, false },
	{ "[::1]", NULL, false },
};

static void
test_normalise(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *got = hostname_normalise(names[i].in, names[i].wildcard);

		ROW(unit_same(got, names[i].out), "\"%s\": %s", names[i].in,
		    unit_text(got));
		free(got);
	}
	ROWS_END();
}

/* What came out stays as it is. */
static void
test_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *again;

		if (names[i].out == NULL)
			continue;
		again = hostname_normalise(names[i].out, names[i].wildcard);
		ROW(unit_same(again, names[i].out), "\"%s\": %s", names[i].out,
		    unit_text(again));
		free(again);
	}
	ROWS_END();
}

/* Labels of one letter, up to and beyond what DNS can carry. */
static void
test_length(void **state)
{
	static const struct {
		size_t len;
		bool star;
		bool good;
	} cases[] = {
		{ 251, false, true },
		{ 253, false, true },
		{ 255, false, false },
		{ 257, false, false },
		{ 2047, false, false },
		{ 65535, false, false },
		{ 253, true, true },
		{ 255, true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *name = malloc(cases[i].len + 2), *got;

		assert_non_null(name);
		for (size_t j = 0; j < cases[i].len; j++)
			name[j] = j % 2 == 0 ? 'a' : '.';
		name[cases[i].len] = '\0';
		if (cases[i].star)
			name[0] = '*';
		got = hostname_normalise(name, true);
		ROW((got != NULL) == cases[i].good, "%zu: %s", cases[i].len,
		    unit_text(got));
		free(got);
		/* The dot at the end does not count. */
		strcpy(name + cases[i].len, ".");
		got = hostname_normalise(name, true);
		ROW((got != NULL) == cases[i].good, "%zu and a dot: %s",
		    cases[i].len, unit_text(got));
		free(got);
		free(name);
	}
	ROWS_END();
}

static const struct {
	const char *name;
	const char *zone;
	bool within;
} zones[] = {
	{ "home.example.org", "example.org", true },
	{ "home.example.org", "home.example.org", true },
	{ "home.example.org", "org", true },
	{ "a.b.example.org", "example.org", true },
	{ "*.example.org", "example.org", true },
	{ "myexample.org", "example.org", false },
	{ "example.org", "home.example.org", false },
	{ "home.example.org", "ple.org", false },
	{ "home.example.org", "example.com", false },
	{ "home.example.org", ".example.org", false },
	{ "home.example.org", "", false },
	{ "", "", false },
	{ "", "org", false },
};

static void
test_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++)
		ROW(hostname_within(zones[i].name, zones[i].zone) ==
			zones[i].within,
		    "%s in %s", zones[i].name, zones[i].zone);
	ROWS_END();
}

static const struct {
	const char *a;
	const char *b;
	bool same;
} equals[] = {
	{ "home.example.org", "home.example.org", true },
	{ "home.example.org", "Home.EXAMPLE.org", true },
	{ "home.example.org", "home.example.org.", true },
	{ "home.example.org.", "HOME.example.org.", true },
	{ "xn--mnchen-3ya.example", "m\xc3\xbcnchen.example", true },
	{ "XN--MNCHEN-3YA.example", "M\xc3\x9cnchen.Example.", true },
	/* Composed or not, it is the same letter. */
	{ "m\xc3\xbcnchen.example", "mu\xcc\x88nchen.example", true },
	{ "*.m\xc3\xbcnchen.example", "*.xn--mnchen-3ya.example", true },
	{ "m\xc3\xbcnchen", "xn--mnchen-3ya", true },
	{ "@", "@", true },
	{ "", "", true },
	{ "*", "*", true },
	{ "home.example.org", "home.example.com", false },
	{ "home.example.org", "example.org", false },
	{ "home.example.org", "home.example.org..", false },
	{ "m\xc3\xbcnchen.example", "munchen.example", false },
	{ "\xff.example", "xn--mnchen-3ya.example", false },
	{ "@", ".", false },
	{ "", ".", false },
	{ "", "@", false },
};

static void
test_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(equals); i++)
		ROW(hostname_same(equals[i].a, equals[i].b) == equals[i].same &&
			hostname_same(equals[i].b, equals[i].a) ==
			    equals[i].same,
		    "\"%s\" and \"%s\"", equals[i].a, equals[i].b);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
