/*
 * test_answer.c - what is a success, what a failure says, and what is taken
 * from an answer.
 */
#include "unit.h"

#include "filled.h"
#include "provider/rest/judge.h"

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

/* ERR_OK: a success.  *outcome says which. */
static enum err
judge(enum outcome *outcome, const struct description *d,
    const struct exchange_answer *answer, struct error *why)
{
	json_object *tree = judge_parse(&answer->body);

	*outcome =
	    judge_answer(d, &d->steps.list[0], &credential, answer, tree, why);
	json_object_put(tree);
	return *outcome == OUTCOME_FAILED || *outcome == OUTCOME_RUN_FAILED ?
	    why->code :
	    ERR_OK;
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
	{ "", "", 200, "anything", ERR_OK, .why = NULL },
	{ "", "", 200, NULL, ERR_OK, .why = NULL },
	{ "", "", 201, "x", ERR_REFUSED, .why = "HTTP 201: x" },
	{ "", "", 204, NULL, ERR_REFUSED, .why = "HTTP 204: " },
	{ "", ", \"ok\": [201, 204]", 204, NULL, ERR_OK, .why = NULL },
	{ "", ", \"ok\": [201, 204]", 200, "", ERR_REFUSED,
	    .why = "HTTP 200: " },
	{ "", "", 302, "moved", ERR_REFUSED, .why = "HTTP 302: moved" },
	{ "", "", 400, "bad", ERR_REFUSED, .why = "HTTP 400: bad" },
	{ "", "", 401, "who", ERR_TOKEN, .why = "HTTP 401: who" },
	{ "", "", 403, "no", ERR_TOKEN, .why = "HTTP 403: no" },
	{ "", "", 404, "gone", ERR_ZONE, .why = "HTTP 404: gone" },
	{ "", "", 422, "bad", ERR_REFUSED, .why = "HTTP 422: bad" },
	{ "", "", 429, "slow", ERR_BUSY, .why = "HTTP 429: slow" },
	{ "", "", 408, "slow", ERR_BUSY, .why = "HTTP 408: slow" },
	{ "", "", 409, "", ERR_BUSY, .why = "HTTP 409: " },
	{ "", "", 423, "locked", ERR_BUSY, .why = "HTTP 423: locked" },
	{ "", "", 500, "oh", ERR_BUSY, .why = "HTTP 500: oh" },
	{ "", "", 503, "later", ERR_BUSY, .why = "HTTP 503: later" },
	/* Nothing there, as the step knows it may be. */
	{ "", ", \"none\": [404], \"get\": {\"id\": \"/id\"}", 404, "<html>",
	    ERR_OK, .none = true },
	{ "", ", \"none\": [404], \"get\": {\"id\": \"/id\"}", 410, "x",
	    ERR_REFUSED, .why = "HTTP 410: x" },
	/* What must be JSON. */
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{}", ERR_OK, .why = NULL },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "[1]", ERR_OK, .why = NULL },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "<html>", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: <html>" },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: " },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, NULL, ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: " },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{\"a\": ", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: {\"a\": " },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{} <html>", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: {} <html>" },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "{} {}", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: {} {}" },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "/* */ {}", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: /* */ {}" },
	/* Which of the two would it be? */
	{ "", ", \"get\": {\"id\": \"/id\"}", 200,
	    "[{\"id\": 1, \"\\u0069d\": 2}]", ERR_REFUSED,
	    .why = "HTTP 200, but no JSON: [{\"id\": 1, \"\\u0069d\": 2}]" },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, " {}\r\n", ERR_OK,
	    .why = NULL },
	{ "", ", \"get\": {\"id\": \"/id\"}", 200, "7", ERR_OK, .why = NULL },
	/* A failure that calls itself 200. */
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": true}", ERR_OK,
	    .why = NULL },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": false}",
	    ERR_REFUSED, .why = "refused: {\"ok\": false}" },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": \"true\"}",
	    ERR_OK, .why = NULL },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{}", ERR_REFUSED,
	    .why = "refused: {}" },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "{\"ok\": {}}", ERR_REFUSED,
	    .why = "refused: {\"ok\": {}}" },
	{ ", \"expect\": {\"/ok\": true}", "", 200, "true", ERR_REFUSED,
	    .why = "refused: true" },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": 1}", ERR_OK,
	    .why = NULL },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": \"two\"}",
	    ERR_OK, .why = NULL },
	{ ", \"expect\": {\"/s\": [1, \"two\"]}", "", 200, "{\"s\": \"2\"}",
	    ERR_REFUSED, .why = "refused: {\"s\": \"2\"}" },
	{ ", \"expect\": {\"/s\": 1}", ", \"expect\": {\"/t\": 2}", 200,
	    "{\"s\": 1, \"t\": 2}", ERR_OK, .why = NULL },
	{ ", \"expect\": {\"/s\": 1}", ", \"expect\": {\"/t\": 2}", 200,
	    "{\"s\": 1}", ERR_REFUSED, .why = "refused: {\"s\": 1}" },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{}", ERR_OK,
	    .why = NULL },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{\"error\": null}",
	    ERR_OK, .why = NULL },
	{ ", \"expect\": {\"/error\": null}", "", 200, "{\"error\": \"x\"}",
	    ERR_REFUSED, .why = "refused: {\"error\": \"x\"}" },
	{ "", ", \"has\": \"<status>ok\"", 200, "<x><status>ok</status>",
	    ERR_OK, .why = NULL },
	{ "", ", \"has\": \"<status>ok\"", 200, "<status>no</status>",
	    ERR_REFUSED, .why = "refused: <status>no</status>" },
	{ "", ", \"has\": \"ok\"", 200, NULL, ERR_REFUSED, .why = "refused: " },
	/* Words, as of dyndns2. */
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "good 192.0.2.1",
	    ERR_OK, .why = NULL },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "nochg\n", ERR_OK,
	    .unchanged = true },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "badauth", ERR_TOKEN,
	    .why = "answered: badauth" },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "nohost\r\n", ERR_ZONE,
	    .why = "answered: nohost  " },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "911", ERR_BUSY,
	    .why = "answered: 911" },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "goodbye", ERR_REFUSED,
	    .why = "answered: goodbye" },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "GOOD", ERR_REFUSED,
	    .why = "answered: GOOD" },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, "", ERR_REFUSED,
	    .why = "answered: " },
	{ "", ", \"words\": [\"good\", \"nochg\"]", 200, NULL, ERR_REFUSED,
	    .why = "answered: " },
	{ "", ", \"words\": [\"good\"]", 200,
	    "goodaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x", ERR_REFUSED,
	    .why = "answered: goodaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x" },
	/* The provider's own words, short and harmless. */
	{ ", \"error\": \"/e/text\"", "", 400, "{\"e\": {\"text\": \"why\"}}",
	    ERR_REFUSED, .why = "HTTP 400: why" },
	{ ", \"error\": \"/e/text\"", "", 400, "{\"e\": \"x\"}", ERR_REFUSED,
	    .why = "HTTP 400: {\"e\": \"x\"}" },
	{ ", \"error\": \"/e\"", "", 400, "{\"e\": 7}", ERR_REFUSED,
	    .why = "HTTP 400: 7" },
	{ "", "", 400, "a\r\nb\x1b[2Jc\xc3\xbc", ERR_REFUSED,
	    .why = "HTTP 400: a  b [2Jc  " },
	{ "", "", 401, "token " TOKEN " is wrong", ERR_TOKEN,
	    .why = "HTTP 401: token ***************** is wrong" },
	{ ", \"error\": \"/e\"", "", 401, "{\"e\": \"" TOKEN "\"}", ERR_TOKEN,
	    .why = "HTTP 401: *****************" },
	{ "", ", \"words\": [\"good\"]", 200, TOKEN, ERR_REFUSED,
	    .why = "answered: *****************" },
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
		enum outcome a;
		enum err rc;

		fill(&answer, judged[i].status, judged[i].body);
		rc = judge(&a, d, &answer, &why);
		ROW(rc == judged[i].code &&
			(rc == ERR_OK ?
				(a == OUTCOME_NOT_THERE) == judged[i].none &&
				    (a == OUTCOME_UNCHANGED) ==
					judged[i].unchanged :
				why.code == rc &&
				    unit_same(why.text, judged[i].why)),
		    "%ld %s: %s \"%s\"", judged[i].status,
		    unit_text(judged[i].body), error_name(rc), why.text);
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
		enum outcome a;
		char body[512];

		memset(body, ' ', before);
		snprintf(body + before, sizeof body - before, "%s", TOKEN);
		fill(&answer, 401, body);
		assert_int_equal(judge(&a, d, &answer, &why), ERR_TOKEN);
		ROW(strstr(why.text, "gehei") == NULL &&
			strchr(why.text, 'g') == NULL,
		    "after %zu bytes: %s", before, why.text);
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
	enum outcome a;

	fill(&answer, 200, "{\"id\": 1}");
	assert_true(buffer_add(&answer.body, "\0{}", 3));
	assert_int_equal(judge(&a, d, &answer, &why), ERR_REFUSED);
	assert_null(judge_parse(&answer.body));
	buffer_free(&answer.body);

	(void)state;
	assert_non_null(body);
	memset(body, '[', 100000);
	body[100000] = '\0';
	fill(&answer, 200, body);
	assert_int_equal(judge(&a, d, &answer, &why), ERR_REFUSED);
	assert_null(judge_parse(&answer.body));
	assert_true(strlen(why.text) < 250);
	buffer_free(&answer.body);
	free(body);
	description_free(d);
}

/* A list of count times this, and a member that a step gets. */
static void
fill_with(struct exchange_answer *answer, const char *element, size_t count)
{
	fill(answer, 200, "{\"id\": 1, \"list\": [");
	answer->body.max = 16UL << 20;
	for (size_t i = 0; i < count; i++)
		assert_true(buffer_puts(&answer->body, element));
	assert_true(buffer_puts(&answer->body, "0]}"));
}

/* What json-c would make of it is larger than its text, a hundred times. */
static void
test_heavy(void **state)
{
	static const struct {
		const char *element;
		size_t count;
		bool good;
	} rows[] = {
		{ "{},", 90000, true },
		{ "{},", 91000, false },
		{ "[],", 91000, false },
		{ "0,", 999000, true },
		{ "0,", 1000000, false },
		{ "\"{[,\\\"{[,\",", 300000, true },
	};
	struct description *d = describe("", ", \"get\": {\"id\": \"/id\"}");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange_answer answer;
		struct error why = { .text = "" };
		enum outcome a;
		enum err rc;

		fill_with(&answer, rows[i].element, rows[i].count);
		rc = judge(&a, d, &answer, &why);
		ROW(rc == (rows[i].good ? ERR_OK : ERR_REFUSED), "%s: %s",
		    rows[i].element, why.text);
		ROW(rows[i].good ||
			strncmp(why.text,
			    "HTTP 200, but too many values: ", 31) == 0,
		    "%s: %s", rows[i].element, why.text);
		buffer_free(&answer.body);
	}
	description_free(d);
	ROWS_END();
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
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 7}", "{\"id\":7}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/a/0/id\", \"ttl\": \"/ttl\"}",
	    "{\"a\": [{\"id\": \"x\"}], \"ttl\": 60}",
	    "{\"id\":\"x\",\"ttl\":60}", .found = true },
	{ ", \"get\": {\"id\": \"\"}", "\"x\"", "{\"id\":\"x\"}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/~1a~0\"}", "{\"/a~\": true}", "{\"id\":true}",
	    .found = true },
	/* What is not a small scalar is not taken. */
	{ ", \"get\": {\"id\": \"/id\"}", "{}", "{}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": null}", "{}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": \"\"}", "{}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": false}", "{\"id\":false}",
	    .found = true },
	/* The largest number is not that of another record. */
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 18446744073709551614}",
	    "{\"id\":18446744073709551614}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": 18446744073709551616}",
	    .why = "the answer's id is too large" },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": -9223372036854775809}",
	    .why = "the answer's id is too large" },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": {}}", "{}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}", "{\"id\": [1]}", "{}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/id/x\"}", "{\"id\": 7}", "{}",
	    .found = true },
	{ ", \"get\": {\"id\": \"/0\"}", "[]", "{}", .found = true },
	/* The only one of a list. */
	{ ", \"get\": {\"current\": [\"/r\", \"/v\"]}",
	    "{\"r\": [{\"v\": \"192.0.2.1\"}]}", "{\"current\":\"192.0.2.1\"}",
	    .found = true },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": [\"a\"]}",
	    "{\"current\":\"a\"}", .found = true },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": [\"a\", \"b\"]}",
	    "{}", .found = true },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": []}", "{}",
	    .found = true },
	{ ", \"get\": {\"current\": [\"/r\", \"\"]}", "{\"r\": \"a\"}", "{}",
	    .found = true },
	/* Picking. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\", \"/t\": \"{type}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"x\", \"t\": \"A\"},"
	    "{\"id\": 2, \"n\": \"home\", \"t\": \"AAAA\"},"
	    "{\"id\": 3, \"n\": \"home\", \"t\": \"A\"}]}",
	    "{\"id\":3}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"x\"}]}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": []}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": \"home\"}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [null, 7, \"home\", [],"
	    "{\"id\": 4, \"n\": \"home\"}]}",
	    "{\"id\":4}", .found = true },
	/* Numbers and their text are the same; absent is empty. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"\", \"where\": "
	  "{\"/n\": \"60\", \"/x\": \"\"}}",
	    "[{\"id\": 5, \"n\": 60}]", "{\"id\":5}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\"}",
	    "{\"r\": {\"a\": {\"id\": 6}}}", "{\"id\":6}", .found = true },
	/* Not ours to change. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"expect\": {\"/e\": [null, \"1\"]}}",
	    "{\"r\": [{\"id\": 6}]}", "{\"id\":6}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"expect\": {\"/e\": [null, \"1\"]}}",
	    "{\"r\": [{\"id\": 6, \"e\": 1}]}", "{\"id\":6}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"expect\": {\"/e\": [null, \"1\"]}}",
	    "{\"r\": []}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"expect\": {\"/e\": [null, \"1\"]}}",
	    "{\"r\": [{\"id\": 6, \"e\": \"0\"}]}",
	    .why = "what is there may not be changed: the provider marks it "
		   "by /e" },
	/* The latest of several, wherever it stands. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"largest\": \"/at\"}",
	    "{\"r\": [{\"id\": 1, \"at\": \"2026-09-30T01\"},"
	    "{\"id\": 2, \"at\": \"2026-11-02T09\"},"
	    "{\"id\": 3, \"at\": \"2026-11-02T08\"}, {\"id\": 4}]}",
	    "{\"id\":2}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"largest\": \"/at\"}",
	    "{\"r\": [{\"id\": 1, \"at\": 9}, {\"id\": 2, \"at\": 10}]}",
	    "{\"id\":2}", .found = true },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"largest\": \"/at\"}",
	    "{\"r\": []}", "{}", .found = false },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"largest\": \"/at\"}",
	    "{\"r\": [{\"id\": 1, \"at\": 9}, {\"id\": 2, \"at\": 9},"
	    "{\"id\": 3, \"at\": 8}]}",
	    .why = "ambiguous: 2 records match where one should" },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", "
	  "\"largest\": \"/at\"}",
	    "{\"r\": [{\"id\": 1}, {\"id\": 2}]}",
	    .why = "ambiguous: 2 records match where one should" },
	/* Two would be a guess. */
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\", \"where\": "
	  "{\"/n\": \"{name}\"}}",
	    "{\"r\": [{\"id\": 1, \"n\": \"home\"},"
	    "{\"id\": 2, \"n\": \"home\"}]}",
	    .why = "ambiguous: 2 records match where one should" },
	{ ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"/r\"}",
	    "{\"r\": {\"a\": {\"id\": 6}, \"b\": {\"id\": 7}}}",
	    .why = "ambiguous: 2 records match where one should" },
};

/* What a step got, in the order of its members. */
static json_object *
got(const struct step *step, const struct values *v)
{
	json_object *all = json_object_new_object();

	for (size_t i = 0; i < step->answer.gets.count; i++) {
		const struct get *g = &step->answer.gets.list[i];
		json_object *value = values_own(v, g->variable);

		if (value != NULL)
			json_object_object_add(all, g->name,
			    json_object_get(value));
	}
	return all;
}

static void
test_take(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		struct description *d = describe("", taken[i].step);
		const struct step *step = &d->steps.list[0];
		json_object *answer = json_tokener_parse(taken[i].answer), *all;
		struct error why = { .text = "" };
		bool found = !taken[i].found;
		struct values known, to;
		const char *text;
		enum err rc;

		filled_values(&known, NULL, &d->variables,
		    "{\"name\": \"home\", \"type\": \"A\"}");
		filled_values(&to, NULL, &d->variables, "{}");
		rc = judge_take(step, answer, &known, NULL, &to, &found, &why);
		all = got(step, &to);
		text =
		    json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN);
		if (taken[i].values != NULL)
			ROW(rc == ERR_OK && found == taken[i].found &&
				unit_same(text, taken[i].values),
			    "%s: %s %d %s", taken[i].answer, text, found,
			    why.text);
		else
			ROW(rc == ERR_REFUSED &&
				unit_same(why.text, taken[i].why),
			    "%s: %s", taken[i].answer, why.text);
		json_object_put(all);
		values_end(&known);
		values_end(&to);
		json_object_put(answer);
		description_free(d);
	}
	ROWS_END();
}

/* Several that match are one if all of them hold the address that is wanted. */
static const struct {
	const char *answer;
	const char *wanted;
	bool good;
} several[] = {
	{ "[{\"v\": \"192.0.2.1\"}, {\"v\": \"192.0.2.1\"}]", "192.0.2.1",
	    true },
	{ "[{\"v\": \"2001:DB8::1\"}, {\"v\": \"2001:db8:0::1\"}]",
	    "2001:db8::1", true },
	{ "[{\"v\": \"192.0.2.1\"}, {\"v\": \"192.0.2.2\"}]", "192.0.2.1",
	    false },
	{ "[{\"v\": \"192.0.2.2\"}, {\"v\": \"192.0.2.2\"}]", "192.0.2.1",
	    false },
	{ "[{\"v\": \"192.0.2.1\"}, {}]", "192.0.2.1", false },
	/* Nothing has to be changed: so it need not be one that may be. */
	{ "[{\"v\": \"192.0.2.1\", \"e\": 0}]", "192.0.2.1", true },
	{ "[{\"v\": \"192.0.2.2\", \"e\": 0}]", "192.0.2.1", false },
	{ "[{\"v\": \"192.0.2.2\", \"e\": 1}]", "192.0.2.1", true },
};

static void
test_several(void **state)
{
	struct description *d = describe("",
	    ", \"get\": {\"current\": \"/v\"}, \"pick\": {\"in\": \"\", "
	    "\"expect\": {\"/e\": [null, 1]}}");

	(void)state;
	for (size_t i = 0; i < COUNT(several); i++) {
		json_object *answer = json_tokener_parse(several[i].answer);
		struct error why = { .text = "" };
		struct publication p = { .name = "home.example.org" };
		struct values to;
		bool found;
		enum err rc;

		filled_values(&to, NULL, &d->variables, "{}");
		assert_true(address_parse_any(&p.address, several[i].wanted));
		rc = judge_take(&d->steps.list[0], answer, &to, &p, &to, &found,
		    &why);
		ROW(rc == (several[i].good ? ERR_OK : ERR_REFUSED), "%s: %s",
		    several[i].answer, why.text);
		values_end(&to);
		json_object_put(answer);
	}
	description_free(d);
	ROWS_END();
}

/* One answer with a set of addresses, and what would become of it. */
static const struct {
	const char *answer;
	bool remove, replace_set;
	const char *why; /* NULL: good */
} sets[] = {
	{ "{\"v\": [\"192.0.2.7\"]}", false, false, NULL },
	{ "{\"v\": []}", false, false, NULL },
	{ "{}", false, false, NULL },
	{ "{\"v\": [\"192.0.2.1\", \"192.0.2.7\"]}", false, false,
	    "ambiguous: there are 2 addresses, 192.0.2.1, 192.0.2.7; "
	    "\"replace_set\": true of the host lets one replace them" },
	{ "{\"v\": [\"192.0.2.7\", {}, \"<b>\", \"x\", \"y\"]}", false, false,
	    "ambiguous: there are 5 addresses, 192.0.2.7, ?, ?, ?, ...; "
	    "\"replace_set\": true of the host lets one replace them" },
	{ "{\"v\": [\"192.0.2.1\", \"192.0.2.7\"]}", false, true, NULL },
	{ "{\"v\": [\"192.0.2.1\", \"192.0.2.7\"]}", true, false, NULL },
};

static void
test_sets(void **state)
{
	struct description *d =
	    describe("", ", \"get\": {\"current\": [\"/v\", \"\"]}");

	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		json_object *answer = json_tokener_parse(sets[i].answer);
		struct error why = { .text = "" };
		struct publication p = { .name = "home.example.org",
			.address = unit_address("192.0.2.1"),
			.remove = sets[i].remove,
			.replace_set = sets[i].replace_set };
		struct values to;
		bool found;

		filled_values(&to, NULL, &d->variables, "{}");
		(void)judge_take(&d->steps.list[0], answer, &to, &p, &to,
		    &found, &why);
		ROW(strcmp(why.text, sets[i].why != NULL ? sets[i].why : "") ==
			0,
		    "%s: %s", sets[i].answer, why.text);
		values_end(&to);
		json_object_put(answer);
	}
	description_free(d);
	ROWS_END();
}

/* Names of the DNS are compared as such, everything else as it is. */
static const struct {
	const char *where;
	const char *answer;
	bool found;
} named[] = {
	{ "{name}", "home.xn--mnchen-3ya.example", true },
	{ "{name}", "HOME.xn--MNCHEN-3ya.Example", true },
	{ "{name}", "home.xn--mnchen-3ya.example.", true },
	{ "{name}", "home.m\xc3\xbcnchen.example", true },
	{ "{name}", "Home.M\xc3\x9cNCHEN.example.", true },
	{ "{name}", "home.munchen.example", false },
	{ "{name}", "home", false },
	{ "{name}.", "home.m\xc3\xbcnchen.example", true },
	{ "{zone}", "m\xc3\xbcnchen.example", true },
	{ "{zone}", "M\xc3\x9cnchen.EXAMPLE.", true },
	{ "{zone}", "home.m\xc3\xbcnchen.example", false },
	{ "{sub}", "Home", true },
	{ "{sub}", "home.", true },
	{ "{sub}", "hom", false },
	{ "{sub}", "", false },
	{ "{type}", "A", true },
	{ "{type}", "a", false },
};

static void
test_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(named); i++) {
		struct error why = { .text = "" };
		struct description *d;
		json_object *answer = json_object_new_array();
		json_object *element = json_object_new_object();
		struct values v;
		char step[256];
		bool found;

		snprintf(step, sizeof step,
		    ", \"get\": {\"id\": \"/id\"}, \"pick\": {\"in\": \"\", "
		    "\"where\": {\"/n\": \"%s\"}}",
		    named[i].where);
		d = describe("", step);
		json_object_object_add(element, "n",
		    json_object_new_string(named[i].answer));
		json_object_array_add(answer, element);
		filled_values(&v, NULL, &d->variables,
		    "{\"name\": \"home.xn--mnchen-3ya.example\", \"type\": "
		    "\"A\", \"zone\": \"xn--mnchen-3ya.example\", \"sub\": "
		    "\"home\"}");
		ROW(judge_take(&d->steps.list[0], answer, &v, NULL, &v, &found,
			&why) == ERR_OK &&
			found == named[i].found,
		    "%s is \"%s\": %d %s", named[i].where, named[i].answer,
		    found, why.text);
		values_end(&v);
		json_object_put(answer);
		description_free(d);
	}
	ROWS_END();
}

/* A value may be put into every later request, so it has a limit. */
static void
test_capture(void **state)
{
	struct description *d = describe("", ", \"get\": {\"id\": \"/id\"}");
	const struct step *step = &d->steps.list[0];
	int id = filled_variable(&d->variables, "id");
	json_object *answer = json_object_new_object();
	struct values to;
	struct error why;
	char text[4098];
	bool found;

	(void)state;
	filled_values(&to, NULL, &d->variables, "{}");
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	json_object_object_add(answer, "id", json_object_new_string(text));
	assert_int_equal(judge_take(step, answer, &to, NULL, &to, &found, &why),
	    ERR_REFUSED);
	assert_string_equal(why.text, "the answer's id is too large");
	assert_null(values_get(&to, id));
	text[4096] = '\0';
	json_object_object_add(answer, "id", json_object_new_string(text));
	assert_int_equal(judge_take(step, answer, &to, NULL, &to, &found, &why),
	    ERR_OK);
	/* It stays when the answer goes. */
	json_object_put(answer);
	assert_string_equal(values_text(&to, id), text);
	values_end(&to);
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
		cmocka_unit_test(test_heavy),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_capture),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
