/*
 * test_token.c - a token and its parts.
 */
#include "unit.h"

#include "provider/token.h"

static const char *const names[] = { "key", "secret", "third", "fourth" };

static const struct {
	const char *token;
	size_t count;
	const char *parts[TOKEN_PARTS_MAX]; /* all NULL: refused */
} rows[] = {
	{ "abc", 1, { "abc" } },
	/* The last part takes the colons that are left. */
	{ "a:b:c", 1, { "a:b:c" } },
	{ "a:b", 2, { "a", "b" } },
	{ "a:b:c", 2, { "a", "b:c" } },
	{ "a:b:", 2, { "a", "b:" } },
	{ "a:b:c:d", 4, { "a", "b", "c", "d" } },
	{ "a:b:c::", 4, { "a", "b", "c", ":" } },
	{ "", 1, { NULL } },
	{ "abc", 2, { NULL } },
	{ "abc:", 2, { NULL } },
	{ ":abc", 2, { NULL } },
	{ "::", 2, { NULL } },
	{ "a::c", 3, { NULL } },
	{ "a:b:c", 4, { NULL } },
};

static void
test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool good = rows[i].parts[0] != NULL;
		struct token_parts t = { .count = 0 };
		struct error why = { .code = ERR_OK };
		enum err rc =
		    token_split(&t, rows[i].token, names, rows[i].count, &why);

		ROW(rc == (good ? ERR_OK : ERR_TOKEN), "\"%s\" in %zu: %s",
		    rows[i].token, rows[i].count, error_name(rc));
		for (size_t j = 0; good && j < rows[i].count; j++)
			ROW(t.count == rows[i].count &&
				unit_same(t.parts[j], rows[i].parts[j]) &&
				t.names[j] == names[j],
			    "\"%s\" in %zu: part %zu is \"%s\"", rows[i].token,
			    rows[i].count, j, unit_text(t.parts[j]));
		/* What is told of a wrong token must not hold it. */
		ROW(good || strcmp(rows[i].token, "abc") != 0 ||
			strstr(why.text, "abc") == NULL,
		    "%s", why.text);
		token_end(&t);
		ROW(t.count == 0, "\"%s\": not ended", rows[i].token);
	}
	ROWS_END();
}

static const struct {
	const char *text;
	const char *hidden;
} texts[] = {
	{ "nothing of it", "nothing of it" },
	{ "key=alpha!", "key=*****!" },
	{ "beta", "****" },
	{ "alphabeta", "*********" },
	{ "alpha and alpha", "***** and *****" },
	{ "alph", "alph" },
	{ "", "" },
};

static void
test_hide(void **state)
{
	struct token_parts t = { .count = 0 };
	struct error why;

	(void)state;
	assert_int_equal(token_split(&t, "alpha:beta", names, 2, &why), ERR_OK);
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *text = strdup(texts[i].text);

		assert_non_null(text);
		token_hide(&t, text);
		ROW(strcmp(text, texts[i].hidden) == 0, "\"%s\": \"%s\"",
		    texts[i].text, text);
		free(text);
	}
	token_end(&t);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_hide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
