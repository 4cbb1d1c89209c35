/*
 * test_answer.c - what is a success, what a failure says, and what is taken
 * from an answer.
 */
#include "unit.h"

#include "provider/rest/answer.h"

#define TOKEN "geheim-0123456789"

static struct token_parts credential;

/* A description whose first step has these members. */
static struct description *
describe(const char *common, const char *step)
{
	struct error why = { .text = "" };
	struct description *d;
	char text[2048];

	snprintf(text, sizeof text,
	    "{\"format\": 1, \"name\": \"x\", \"base\":"
	    "\"https://x.example\"%s, \"steps\": [{\"method\": \"GET\", "
	    "\"path\": \"/\"%s}, {\"method\": \"PUT\", \"path\": \"/\"}]}",
	    common, step);
	d = description_read(unit_write("x.json", text, strlen(text)), &why);
	if (d == NULL)
		print_error("%s\n", why.text);
	assert_non_null(d);
	return d;
}

static void
fill(struct exchange_answer *answer, long status, const char *body)
{
	*answer = (struct exchange_answer){ .status = status,
		.body.max = EXCHANGE_BODY_MAX };
	if (body != NULL)
		assert_true(buffer_puts(&answer->body, body));
}

/* As a run does it: a keeps the tree that was made of the answer. */
static enum err
judge(struct answer *a, const struct description *d,
    const struct exchange_answer *answer, struct error *why)
{
	json_object *tree = answer_parse(&answer->body);
	enum err rc = answer_judge(a, d, &d->steps.list[0], &credential, answer,
	    tree, why);

	json_object_put(tree);
	return rc;
}

static const struct {
	const char *common;
	const char *step;
	long status;
	const char *body;
	enum err code;
	const char *why; /* of a failure */
	bool none;
	bool unchanged;
} judged[] = {
	/* The status alone. */
	{ "", "", 200, "anything", ERR_OK, NULL, false, false },
	{ "", "", 200, NULL, ERR_OK, NULL, false, false },
	{ "", "", 201, "x", ERR_REFUSED, "HTTP 201: x", false, false },
	{ "", "", 204, NULL, ERR_REFUSED, "HTTP 204: ", false, false },
	{ "", ", \"ok\": [201, 204]", 204, NULL, ERR_OK, NULL, false, false },
	{ "", ", \"ok\": [201, 204]", 200, "", ERR_REFUSED, "HTTP 200: ", false,
	    false },
	{ "", "", 302, "moved", ERR_REFUSED, "HTTP 302: moved", false, false },
	{ "", "", 400, "bad", ERR_REFUSED, "HTTP 400: bad", false, false },
	{ "", "", 401, "who", ERR_TOKEN, "HTTP 401: who", false, false },
	{ "", "", 403, "no", ERR_TOKEN, "HTTP 403: no", false, false },
	{ "", "", 404, "gone", ERR_ZONE, "HTTP 404: gone", false, false },
	{ "", "", 422, "bad", ERR_REFUSED, "HTTP 422: bad", false, false },
	{ "", "", 429, "slow", ERR_BUSY, "HTTP 429: slow", false, false },
	{ "", "", 500, "oh", ERR_BUSY, "HTTP 500: oh", false, false },
	{ "", "", 503, "later", ERR_BUSY, "HTTP 503: later", false, false },
	/* Nothing there, as the step knows it may be. */
	{ "", ", \"none\": [404], \"get\": {\"id\": \"/id\"}", 404, "<html>",
	    ERR_OK, NULL, true, false },
	{ "", ", \"none\": [404], \"get\": {\"id\": \"/id\"}", 410, "x",
	    ERR_REFUSED, "HTTP 410: x", false, false },
	/* What must be JSON. */
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{}", ERR_OK, NULL, false,
	    false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "[1]", ERR_OK, NULL, false,
	    false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "<html>", ERR_REFUSED,
	    "HTTP 200, but no JSON: <html>", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "", ERR_REFUSED,
	    "HTTP 200, but no JSON: ", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, NULL, ERR_REFUSED,
	    "HTTP 200, but no JSON: ", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{\"a\": ", ERR_REFUSED,
	    "HTTP 200, but no JSON: {\"a\": ", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{} <html>", ERR_REFUSED,
	    "HTTP 200, but no JSON: {} <html>", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{} {}", ERR_REFUSED,
	    "HTTP 200, but no JSON: {} {}", false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "/* */ {}", ERR_REFUSED,
	    "HTTP 200, but no JSON: /* */ {}", false, false },
	/* Which of the two would it be? */
	{ "", ", \"get\": {\"id\": \"/id\"}", 200,
	    "[{\"id\": 1, \"\\u0069d\": 2}]", ERR_REFUSED,
	    "HTTP 200, but no JSON: [{\"id\": 1, \"\\u0069d\": 2}]", false,
	    false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, " {}\r\n", ERR_OK, NULL,
	    false, false },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "7", ERR_OK, NULL, false,
	    false },
	/* A failure that calls itself 200. */
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": true}", ERR_OK,
	    NULL, false, false },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": false}",
	    ERR_REFUSED, "refused: {\"ok\": false}", false, false },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": \"true\"}",
	    ERR_OK, NULL, false, false },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{}", ERR_REFUSED,
	    "refused: {}", false, false },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": {}}", ERR_REFUSED,
	    "refused: {\"ok\": {}}", false, false },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "true", ERR_REFUSED,
	    "refused: true", false, false },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": 1}", ERR_OK,
	    NULL, false, false },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": \"two\"}",
	    ERR_OK, NULL, false, false },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": \"2\"}",
	    ERR_REFUSED, "refused: {\"s\": \"2\"}", false, false },
	{ ", \"expect\": {\"/s\": 1}", ", \"expect\": {\"/t\": 2}", 200,
	    "{\"s\": 1, \"t\": 2}", ERR_OK, NULL, false, false },
	{ ", \"expect\": {\"/s\": 1}", ", \"expect\": {\"/t\": 2}", 200,
	    "{\"s\": 1}", ERR_REFUSED, "refused: {\"s\": 1}", false, false },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{}", ERR_OK, NULL,
	    false, false },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{\"error\": null}",
	    ERR_OK, NULL, false, false },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{\"error\": \"x\"}",
	    ERR_REFUSED, "refused: {\"error\": \"x\"}", false, false },
	{ "", ", \"has\": \"<status>ok\"", 200, "<x><status>ok</status>",
	    ERR_OK, NULL, false, false },
	{ "", ", \"has\": \"<status>ok\"", 200, "<status>no</status>",
	    ERR_REFUSED, "refused: <status>no</status>", false, false },
	{ "", ", \"has\": \"ok\"", 200, NULL, ERR_REFUSED, "refused: ", false,
	    false },
	/* Words, as of dyndns2. */
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "good 192.0.2.1",
	    ERR_OK, NULL, false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "nochg\n", ERR_OK,
	    NULL, false, true },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "badauth", ERR_TOKEN,
	    "answered: badauth", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "nohost\r\n", ERR_ZONE,
	    "answered: nohost  ", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "911", ERR_BUSY,
	    "answered: 911", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "goodbye", ERR_REFUSED,
	    "answered: goodbye", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "GOOD", ERR_REFUSED,
	    "answered: GOOD", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "", ERR_REFUSED,
	    "answered: ", false, false },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, NULL, ERR_REFUSED,
	    "answered: ", false, false },
	{ "", ", \"words\": [\"good\"]", 200,
	    "goodaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x", ERR_REFUSED,
	    "answered: goodaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x", false, false },
	/* The provider's own words, short and harmless. */
	{ ", \"error\": \"/e/text\"", "", 400, "{\"e\": {\"text\": \"why\"}}",
	    ERR_REFUSED, "HTTP 400: why", false, false },
	{ ", \"error\": \"/e/text\"", "", 400, "{\"e\": \"x\"}", ERR_REFUSED,
	    "HTTP 400: {\"e\": \"x\"}", false, false },
	{ ", \"error\": \"/e\"", "", 400, "{\"e\": 7}", ERR_REFUSED,
	    "HTTP 400: 7", false, false },
	{ "", "", 400, "a\r\nb\x1b[2Jc\xc3\xbc", ERR_REFUSED,
	    "HTTP 400: a  b [2Jc  ", false, false },
	{ "", "", 401, "token " TOKEN " is wrong", ERR_TOKEN,
	    "HTTP 401: token ***************** is wrong", false, false },
	{ ", \"error\": \"/e\"", "", 401, "{\"e\": \"" TOKEN "\"}", ERR_TOKEN,
	    "HTTP 401: *****************", false, false },
	{ "", ", \"words\": [\"good\"]", 200, TOKEN, ERR_REFUSED,
	    "answered: *****************", false, false },
};

static void
test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(judged); i++) {
		struct description *d =
		    describe(judged[i].common, judged[i].step);
		struct error why = { .text = "" };
		struct exchange_answer answer;
		struct answer a;
		enum err rc;

		fill(&answer, judged[i].status, judged[i].body);
		rc = judge(&a, d, &answer, &why);
		ROW(rc == judged[i].code &&
			(rc == ERR_OK ? a.none == judged[i].none &&
				    a.unchanged == judged[i].unchanged :
					why.code == rc &&
				    unit_same(why.text, judged[i].why)),
		    "%ld %s: %s \"%s\"", judged[i].status,
		    unit_text(judged[i].body), error_name(rc), why.text);
		json_object_put(a.tree);
		buffer_free(&answer.body);
		description_free(d);
	}
	ROWS_END();
}

/* Wherever the token stands in a long answer, no part of it is quoted. */
static void
test_token_at_the_edge(void **state)
{
	struct description *d = describe("", "");

	(void)state;
	for (size_t before = 0; before < 200; before++) {
		struct error why = { .text = "" };
		struct exchange_answer answer;
		struct answer a;
		char body[512];

		memset(body, ' ', before);
		snprintf(body + before, sizeof body - before, "%s", TOKEN);
		fill(&answer, 401, body);
		assert_int_equal(judge(&a, d, &answer, &why), ERR_TOKEN);
		ROW(strstr(why.text, "gehei") == NULL &&
			strchr(why.text, 'g') == NULL,
		    "after %zu bytes: %s", before, why.text);
		json_object_put(a.tree);
		buffer_free(&answer.body);
	}
	description_free(d);
	ROWS_END();
}

/* Deep nesting, long answers and a NUL cost nothing but a refusal. */
static void
test_hostile(void **state)
{
	struct description *d = describe("", ", \"get\": {\"id\": \"/id\"}");
	char *body = malloc(100001);
	struct exchange_answer answer;
	struct error why;
	struct answer a;

	fill(&answer, 200, "{\"id\": 1}");
	assert_true(buffer_add(&answer.body, "\0{}", 3));
	assert_int_equal(judge(&a, d, &answer, &why), ERR_REFUSED);
	assert_null(a.tree);
	buffer_free(&answer.body);

	(void)state;
	assert_non_null(body);
	memset(body, '[', 100000);
	body[100000] = '\0';
	fill(&answer, 200, body);
	assert_int_equal(judge(&a, d, &answer, &why), ERR_REFUSED);
	assert_null(a.tree);
	assert_true(strlen(why.text) < 250);
	buffer_free(&answer.body);
	free(body);
	description_free(d);
}

/*
 * What a step gets
 */

static const struct {
	const char *step;
	const char *answer;
	const char *values; /* NULL: an error */
	bool found;
	const char *why;
} taken[] = {
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 7}", "{\"id\":7}", true,
	    NULL },
	{ ", \"get\": {\"id\": \"/a/0/id\", \"ttl\": \"/ttl\"}",
	    "{\"a\": [{\"id\": \"x\"}], \"ttl\": 60}",
	    "{\"id\":\"x\",\"ttl\":60}", true, NULL },
	{ ", \"get\": {\"id\": \"\"}", "\"x\"", "{\"id\":\"x\"}", true, NULL },
	{ ", \"get\": {\"id\": \"/~1a~0\"}", "{\"/a~\": true}", "{\"id\":true}",
	    true, NULL },
	/* What is not a small scalar is not taken. */
	{ ", \"get\": {\"id\": \"/id\"}", "{}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": null}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": \"\"}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": false}", "{\"id\":false}",
	    true, NULL },
	/* The largest number is not that of another record. */
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 18446744073709551614}",
	    "{\"id\":18446744073709551614}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 18446744073709551616}",
	    NULL, false, "the answer's id is too large" },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": -9223372036854775809}",
	    NULL, false, "the answer's id is too large" },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": {}}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": [1]}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/id/x\"}", "{\"id\": 7}", "{}", true, NULL },
	{ ", \"get\": {\"id\": \"/0\"}", "[]", "{}", true, NULL },
	/* The only one of a list. */
	{ ", \"get\": {\"current\": [\"/r\", \"/v\"]}",
	    "{\"r\": [{\"v\": \"192.0.2.1\"}]}", "{\"current\":\"192.0.2.1\"}",
	    true, NULL },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": [\"a\"]}",
	    "{\"current\":\"a\"}", true, NULL },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": [\"a\", \"b\"]}",
	    "{}", true, NULL },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": []}", "{}", true,
	    NULL },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": \"a\"}", "{}",
	    true, NULL },
	/* Picking. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\", \"/t\": \"{type}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"x\", \"t\": \"A\"},"
	    "{\"id\": 2, \"n\": \"home\", \"t\": \"AAAA\"},"
	    "{\"id\": 3, \"n\": \"home\", \"t\": \"A\"}]}",
	    "{\"id\":3}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"x\"}]}", "{}", false, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": []}", "{}", false, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{}", "{}", false, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": \"home\"}", "{}", false, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [null, 7, \"home\", [],"
	    "{\"id\": 4, \"n\": \"home\"}]}",
	    "{\"id\":4}", true, NULL },
	/* Numbers and their text are the same; absent is empty. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"\", \"where\": "
	  "{\"/n\": \"60\", \"/x\": \"\"}}",
	    "[{\"id\": 5, \"n\": 60}]", "{\"id\":5}", true, NULL },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\"}",
	    "{\"r\": {\"a\": {\"id\": 6}}}", "{\"id\":6}", true, NULL },
	/* Two would be a guess. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"home\"},"
	    "{\"id\": 2, \"n\": \"home\"}]}",
	    NULL, false, "ambiguous: 2 records match where one should" },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\"}",
	    "{\"r\": {\"a\": {\"id\": 6}, \"b\": {\"id\": 7}}}", NULL, false,
	    "ambiguous: 2 records match where one should" },
};

static void
test_take(void **state)
{
	json_object *known = json_tokener_parse("{\"name\": \"home\","
						" \"type\": \"A\"}");
	struct scope scope = { NULL, known, NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		struct description *d = describe("", taken[i].step);
		json_object *answer = json_tokener_parse(taken[i].answer);
		struct scope to = { NULL, json_object_new_object(), NULL };
		struct error why = { .text = "" };
		bool found = !taken[i].found;
		enum err rc = answer_take(&d->steps.list[0], answer, &scope,
		    &to, &found, &why);
		const char *got = json_object_to_json_string_ext(to.values,
		    JSON_C_TO_STRING_PLAIN);

		if (taken[i].values != NULL)
			ROW(rc == ERR_OK && found == taken[i].found &&
				unit_same(got, taken[i].values),
			    "%s: %s %d %s", taken[i].answer, got, found,
			    why.text);
		else
			ROW(rc == ERR_REFUSED &&
				unit_same(why.text, taken[i].why),
			    "%s: %s", taken[i].answer, why.text);
		scope_end(&to);
		json_object_put(answer);
		description_free(d);
	}
	json_object_put(known);
	ROWS_END();
}

/* A value may be put into every later request, so it has a limit. */
static void
test_capture(void **state)
{
	struct description *d = describe("", ", \"get\": {\"id\": \"/id\"}");
	struct scope to = { NULL, json_object_new_object(), NULL };
	json_object *answer = json_object_new_object();
	struct error why;
	char text[4098];
	bool found;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	json_object_object_add(answer, "id", json_object_new_string(text));
	assert_int_equal(answer_take(&d->steps.list[0], answer, &to, &to,
			     &found, &why),
	    ERR_REFUSED);
	assert_string_equal(why.text, "the answer's id is too large");
	assert_int_equal(json_object_object_length(to.values), 0);
	text[4096] = '\0';
	json_object_object_add(answer, "id", json_object_new_string(text));
	assert_int_equal(answer_take(&d->steps.list[0], answer, &to, &to,
			     &found, &why),
	    ERR_OK);
	/* It stays when the answer goes. */
	json_object_put(answer);
	assert_string_equal(scope_get(&to, "id", NULL), text);
	scope_end(&to);
	description_free(d);
}

static int
setup(void **state)
{
	static const char *const names[] = { "token" };
	struct error why;

	(void)state;
	return token_split(&credential, TOKEN, names, 1, &why) == ERR_OK ? 0 :
									   -1;
}

static int
teardown(void **state)
{
	(void)state;
	token_end(&credential);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_token_at_the_edge),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_capture),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
