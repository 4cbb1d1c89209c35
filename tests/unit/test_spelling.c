/*
 * test_spelling.c - every form of an address that has one meaning, and those
 * that have none.
 */
#include "unit.h"

#include "address/spelling.h"

static const struct {
	const char *text;
	enum spelling spelling;
	const char *address; /* and its length, or NULL */
	unsigned int length;
} rows[] = {
	{ "89.14.163.156", SPELLING_ADDRESS, "89.14.163.156", 32 },
	{ "89.14.163.156/24", SPELLING_ADDRESS, "89.14.163.156", 24 },
	{ "89.14.163.156/32", SPELLING_ADDRESS, "89.14.163.156", 32 },
	{ "89.14.163.0/24", SPELLING_NONE, NULL, 0 },
	{ "89.14.163.0", SPELLING_ADDRESS, "89.14.163.0", 32 },
	{ "2A01::1", SPELLING_ADDRESS, "2a01::1", 128 },
	{ "2a01::1/64", SPELLING_ADDRESS, "2a01::1", 64 },
	{ "2a01:1:2:3::/64", SPELLING_PREFIX, "2a01:1:2:3::", 64 },
	{ "2a01:1:2:3::/59", SPELLING_ADDRESS, "2a01:1:2:3::", 59 },
	{ "2a01:1:2:3::/128", SPELLING_ADDRESS, "2a01:1:2:3::", 128 },
	/* Mapped. */
	{ "::ffff:89.14.163.156", SPELLING_ADDRESS, "89.14.163.156", 32 },
	{ "::FFFF:590e:a39c", SPELLING_ADDRESS, "89.14.163.156", 32 },
	{ "::ffff:89.14.163.156/120", SPELLING_ADDRESS, "89.14.163.156", 24 },
	{ "::ffff:0.0.0.0", SPELLING_ABSENT, NULL, 0 },
	/* What is around it. */
	{ "[2a01::1]", SPELLING_ADDRESS, "2a01::1", 128 },
	{ "[2a01::]/56", SPELLING_PREFIX, "2a01::", 56 },
	{ "\"2a01::1\"", SPELLING_ADDRESS, "2a01::1", 128 },
	{ "'89.14.163.156'", SPELLING_ADDRESS, "89.14.163.156", 32 },
	{ "2a01::1%eth0", SPELLING_ADDRESS, "2a01::1", 128 },
	{ "[2a01::1%eth0]/64", SPELLING_ADDRESS, "2a01::1", 64 },
	{ "2a01::1%", SPELLING_NONE, NULL, 0 },
	{ "89.14.163.156%eth0", SPELLING_NONE, NULL, 0 },
	{ "[2a01::1", SPELLING_NONE, NULL, 0 },
	{ "2a01::1]", SPELLING_NONE, NULL, 0 },
	{ "[2a01::1]:443", SPELLING_NONE, NULL, 0 },
	/* The beginning of an address. */
	{ "2a01:c22:b045:de00", SPELLING_PREFIX, "2a01:c22:b045:de00::", 64 },
	{ "2a01:c22:b045:de00/56", SPELLING_PREFIX,
	    "2a01:c22:b045:de00::", 56 },
	{ "2a01:c22/32", SPELLING_PREFIX, "2a01:c22::", 32 },
	{ "2a01:c22", SPELLING_NONE, NULL, 0 },
	{ "2a01/16", SPELLING_NONE, NULL, 0 },
	{ "1:2:3:4:5:6:7:8:9/64", SPELLING_NONE, NULL, 0 },
	{ "2a01:c22:b045:g", SPELLING_NONE, NULL, 0 },
	{ "2a01:c22:b045:", SPELLING_NONE, NULL, 0 },
	/* There is none. */
	{ "0.0.0.0", SPELLING_ABSENT, NULL, 0 },
	{ "0.0.0.0/0", SPELLING_ABSENT, NULL, 0 },
	{ "::", SPELLING_ABSENT, NULL, 0 },
	{ "::/64", SPELLING_ABSENT, NULL, 0 },
	{ "0:0:0:0", SPELLING_ABSENT, NULL, 0 },
	{ "fe80::/64", SPELLING_ABSENT, NULL, 0 },
	{ "fe80::1%eth0", SPELLING_ABSENT, NULL, 0 },
	{ "no", SPELLING_ABSENT, NULL, 0 },
	{ "NO", SPELLING_ABSENT, NULL, 0 },
	{ "preserve", SPELLING_ABSENT, NULL, 0 },
	{ "null", SPELLING_ABSENT, NULL, 0 },
	{ "undefined", SPELLING_ABSENT, NULL, 0 },
	{ "unavailable", SPELLING_ABSENT, NULL, 0 },
	{ "-", SPELLING_ABSENT, NULL, 0 },
	{ "<ip6addr>", SPELLING_ABSENT, NULL, 0 },
	{ "__MYIP__", SPELLING_ABSENT, NULL, 0 },
	{ "%i", SPELLING_ABSENT, NULL, 0 },
	{ "%IP%", SPELLING_ABSENT, NULL, 0 },
	{ "[IP]", SPELLING_ABSENT, NULL, 0 },
	{ "{ip}", SPELLING_ABSENT, NULL, 0 },
	{ "{{ip}}", SPELLING_ABSENT, NULL, 0 },
	{ "${ip}", SPELLING_ABSENT, NULL, 0 },
	{ "$ip", SPELLING_ABSENT, NULL, 0 },
	/* Special, but an address; who reads it judges. */
	{ "169.254.169.254", SPELLING_ADDRESS, "169.254.169.254", 32 },
	{ "::1", SPELLING_ADDRESS, "::1", 128 },
	{ "fd00::/48", SPELLING_PREFIX, "fd00::", 48 },
	/* Nothing. */
	{ "", SPELLING_NONE, NULL, 0 },
	{ "%20", SPELLING_NONE, NULL, 0 },
	{ "delete", SPELLING_NONE, NULL, 0 },
	{ "none", SPELLING_NONE, NULL, 0 },
	{ "<>", SPELLING_NONE, NULL, 0 },
	{ "<a b>", SPELLING_NONE, NULL, 0 },
	{ "____", SPELLING_NONE, NULL, 0 },
	{ "089.14.163.156", SPELLING_NONE, NULL, 0 },
	{ "0x59.14.163.156", SPELLING_NONE, NULL, 0 },
	{ "89.14.163", SPELLING_NONE, NULL, 0 },
	{ "1494131612", SPELLING_NONE, NULL, 0 },
	{ "89.14.163.156/", SPELLING_NONE, NULL, 0 },
	{ "89.14.163.156/33", SPELLING_NONE, NULL, 0 },
	{ "2a01::/129", SPELLING_NONE, NULL, 0 },
	{ "2a01::/64/64", SPELLING_NONE, NULL, 0 },
	{ "2a01::/64x", SPELLING_NONE, NULL, 0 },
	{ "/64", SPELLING_NONE, NULL, 0 },
	{ "2a01::1 ", SPELLING_NONE, NULL, 0 },
	{ "localhost", SPELLING_NONE, NULL, 0 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix p = { .length = 999 };
		char text[ADDRESS_TEXT_MAX];
		enum spelling s = spelling_read(&p, rows[i].text);

		ROW(s == rows[i].spelling, "%s: %d", rows[i].text, (int)s);
		if (rows[i].address != NULL)
			ROW(unit_same(address_format(&p.address, text),
				rows[i].address) &&
				p.length == rows[i].length,
			    "%s: %s/%u", rows[i].text, text, p.length);
	}
	ROWS_END();
}

/* A text of any length. */
static void
test_long(void **state)
{
	struct prefix p;
	char text[200];

	(void)state;
	for (size_t len = 0; len < sizeof text; len++) {
		memset(text, '1', len);
		text[len] = '\0';
		assert_int_not_equal(spelling_read(&p, text), SPELLING_ADDRESS);
		memset(text, ':', len);
		(void)spelling_read(&p, text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
