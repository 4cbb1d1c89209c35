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

/* What a provider says of the token "k/1" and "geheimesTOKEN+7&x/Z". */
static const struct {
	const char *text;
	bool withheld;
	const char *quote; /* NULL: the text itself */
} texts[] = {
	{ "", false, NULL },
	{ "nothing of it", false, NULL },
	{ "{\"error\": \"no such zone: home.example.org\"}", false, NULL },
	{ "geheimesTOKEN+7&x/Z", false, "*******************" },
	{ "the token GeheimesTOKEN+7&x/Z is wrong", false,
	    "the token ******************* is wrong" },
	{ "geheimesTOKEN+7&x/Z is no geheim", false,
	    "******************* is no ******" },
	{ "geheimesTOKEN+7&x/Z and EN%2B7%26x/Z", true, NULL },
	{ "k/1", true, NULL },
	{ "K/1 is no key", true, NULL },
	{ "k/2", false, NULL },
	/* Parts of six characters or more, from anywhere. */
	{ "geheim", false, "******" },
	{ "gehei", false, NULL },
	{ "geheiXesTOKXN+7&x", false, NULL },
	{ "ends in 7&x/Z...", false, NULL },
	{ "ends in +7&x/Z", false, "ends in ******" },
	{ "gehe****TOKEN+", false, "gehe**********" },
	/* In upper and lower case. */
	{ "GEHEIMESTOKEN+7&X/", false, "******************" },
	/* JSON. */
	{ "{\"t\": \"\\u0067\\u0065\\u0068\\u0065\\u0069\\u006d\"}", true,
	    NULL },
	{ "\\u0067e\\u0068e\\u0069m", true, NULL },
	{ "EN\\u002B7\\u0026x", true, NULL },
	{ "N+7&x\\/Z", true, NULL },
	{ "\\x67\\x65\\x68\\x65\\x69\\x6D", true, NULL },
	{ "k\\/1", true, NULL },
	{ "JSON in JSON: N+7&x\\\\\\/Z", true, NULL },
	{ "\\\\u0067\\\\u0065heim", true, NULL },
	/* In URLs. */
	{ "KEN%2B7%26x%2fZ", true, NULL },
	{ "%67%65%68%65%69%6d", true, NULL },
	{ "%2567eheim%2565s", true, NULL },
	{ "KEN%252B7%2526x", true, NULL },
	/* HTML. */
	{ "EN+7&amp;x/Z", true, NULL },
	{ "<b>&#103;&#101;&#104;&#x65;&#X69;&#109;</b>", true, NULL },
	{ "EN+7&AMP;amp;x", true, NULL },
	/* Base64 of k/1:geheimesTOKEN+7&x/Z, from each place in it. */
	{ "Basic ay8xOmdlaGVpbWVzVE9LRU4rNyZ4L1o=", true, NULL },
	{ "xBasic,y8xOmdlaGVpbWVzVE9LRU4rNyZ4L1o", true, NULL },
	{ "8xOmdlaGVpbWVzVE9", true, NULL },
	{ "xOmdlaGVpbWVz", true, NULL },
	{ "ay8xOmdlaGVp", true, NULL }, /* the key is whole in it */
	{ "OmdlaGVpb", false, NULL },
	{ "in a URL: ay8xOmdlaGVpbWVzVE9LRU4rNyZ4L1o%3D", true, NULL },
	{ "\\u0061y8xOmdlaGVpbWVzVE9LRU4", true, NULL },
	/* Hex, from each place. */
	{ "67656865696d6573", true, NULL },
	{ "067656865696D6573", true, NULL },
	{ "6765686569", false, NULL },
	/* Escapes that are none. */
	{ "100% of %zz, \\", false, NULL },
	{ "&#; &#x; &# \\u12 \\x", false, NULL },
	{ "%", false, NULL },
	{ "%6", false, NULL },
	{ "&#6b;eheim", false, NULL },
	/* More layers than anybody writes; what is within them is not seen. */
	{ "%2525252525252567eheim", false, NULL },
	{ "\x7f", false, " " },
	/* Whatever it ends in. */
	{ "geheimesTOKEN\n", false, "************* " },
};

static void
test_quote(void **state)
{
	struct token_parts t = { .count = 0 };
	struct error why;

	(void)state;
	assert_int_equal(token_split(&t, "k/1:geheimesTOKEN+7&x/Z", names, 2,
			     &why),
	    ERR_OK);
	for (size_t i = 0; i < COUNT(texts); i++) {
		char quote[161];

		token_quote(&t, texts[i].text, quote, sizeof quote);
		ROW(strcmp(quote,
			texts[i].withheld ? "(withheld: it repeats the token)" :
			    texts[i].quote != NULL ? texts[i].quote :
						     texts[i].text) == 0,
		    "\"%s\": \"%s\"", texts[i].text, quote);
	}
	token_end(&t);
	ROWS_END();
}

/* A quote is cut and cleaned, and what is not quoted need not be withheld. */
static void
test_quote_length(void **state)
{
	struct token_parts t = { .count = 0 };
	char text[5000], quote[161];
	struct error why;

	(void)state;
	assert_int_equal(token_split(&t, "geheimesTOKEN", names, 1, &why),
	    ERR_OK);
	memset(text, '.', sizeof text);
	memcpy(text + sizeof text - 14, "geheimesTOKEN", 14);
	text[1] = '\n';
	text[2] = (char)0xfc;
	token_quote(&t, text, quote, sizeof quote);
	assert_int_equal(strlen(quote), 160);
	assert_memory_equal(quote, ".  .", 4);
	/* At the end of the quote, where six characters are just seen. */
	memcpy(text + 154, "geheim", 6);
	token_quote(&t, text, quote, sizeof quote);
	assert_string_equal(quote + 154, "******");
	/* In another spelling it is withheld there too. */
	memcpy(text + 154, "geh\\x65im", 9);
	token_quote(&t, text, quote, sizeof quote);
	assert_string_equal(quote, "(withheld: it repeats the token)");
	token_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
