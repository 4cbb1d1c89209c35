/*
 * test_quote.c - no byte of a stranger acts on a terminal, or ends a quotation.
 */
#include "unit.h"

#include "base/quote.h"

static const struct {
	const char *text;
	size_t len; /* 0: up to its NUL */
	size_t size;
	const char *also;
	const char *want;
} rows[] = {
	{ "home.example", 0, 64, "", "home.example" },
	{ "", 0, 64, "", "" },
	{ "a\nb\tc\033[2J\177", 0, 64, "", "a\\x0ab\\x09c\\x1b[2J\\x7f" },
	{ "m\xc3\xbcller", 0, 64, "", "m\\xc3\\xbcller" },
	{ "a\0b", 3, 64, "", "a\\x00b" },
	{ "say \"x\" \\", 0, 64, "", "say \"x\" \\" },
	{ "say \"x\" \\", 0, 64, "\"\\", "say \\x22x\\x22 \\x5c" },
	/* Cut, and never in the middle of an escape. */
	{ "123456789012", 0, 12, "", "12345..." },
	{ "\n\n\n\n", 0, 12, "", "\\x0a\\x0a..." },
	{ "abc", 0, 8, "", "a..." },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char to[64];
		size_t len =
		    rows[i].len > 0 ? rows[i].len : strlen(rows[i].text);
		size_t n;

		memset(to, 'x', sizeof to);
		n = quote(to, rows[i].size, rows[i].text, len, rows[i].also);
		ROW(unit_same(to, rows[i].want), "%zu: \"%s\"", i, to);
		ROW(n == strlen(to) && n < rows[i].size, "%zu: %zu", i, n);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
