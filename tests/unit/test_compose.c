/*
 * test_compose.c - the request that a step asks for, byte for byte.
 */
#include "unit.h"

#include "filled.h"
#include "provider/rest/compose.h"

#define COMMON ", \"token\": [\"key\", \"secret\"]"

static const char values[] =
    "{\"name\": \"home.example.org\","
    " \"zone\": \"example.org\", \"addr\": \"192.0.2.1\", \"ttl\": 60,"
    " \"odd\": \"a b&c=<d>\\\"\", \"crlf\": \"a\\r\\nX: y\","
    " \"config.odd\": \"a\\nb\", \"key\": \"me\", \"secret\": \"s=a&b\"}";

#define ORIGIN "https://x.example"

/* common: more members of the description; step: of its only step. */
static struct description *
describe(const char *common, const char *step)
{
	struct error why = { .text = "" };
	struct description *d;
	char text[2048];

	snprintf(text, sizeof text,
	    "{\"format\": 1, \"name\": \"x\","
	    "\"base\": \"https://x.example\", \"begin\": [{\"method\": "
	    "\"GET\", \"path\": \"/\", \"get\": {\"odd\": \"/odd\", \"crlf\": "
	    "\"/c\", \"some\": \"/s\", \"time\": \"/t\"}}]%s, "
	    "\"steps\": [{%s}]}",
	    common, step);
	d = description_read(unit_write("x.json", text, strlen(text)), &why);
	if (d == NULL)
		print_error("%s\n", why.text);
	assert_non_null(d);
	return d;
}

/* "PATH\nHEADER\n...\n\nBODY", without a body "PATH\nHEADER\n". */
static char *
show(const struct message *m)
{
	struct buffer b = { .max = 100000 };

	buffer_printf(&b, "%s\n", m->path.data);
	for (const struct curl_slist *h = m->headers; h != NULL; h = h->next)
		buffer_printf(&b, "%s\n", h->data);
	if (m->body.len > 0)
		buffer_printf(&b, "\n%s",
		    m->body.data != NULL ? m->body.data : "");
	if (m->empty)
		buffer_puts(&b, "(empty)");
	return buffer_take(&b);
}

static const struct {
	const char *common;
	const char *step;
	const char *out; /* NULL: an error */
	const char *why;
} requests[] = {
	{ "", "\"method\": \"GET\", \"path\": \"/z/{zone}\"",
	    "/v1/z/example.org\n", NULL },
	/* Queries. */
	{ "",
	    "\"method\": \"GET\", \"path\": \"/\", \"query\": {\"n\": "
	    "\"{name}\", \"o\": \"{odd}\"}",
	    "/v1/?n=home.example.org&o=a%20b%26c%3D%3Cd%3E%22\n", NULL },
	{ "",
	    "\"method\": \"GET\", \"path\": \"/\", \"query\": {\"a\": "
	    "\"{some?}\", \"b\": \"{some|x y}\", \"JSON\": \"\"}",
	    "/v1/?b=x%20y&JSON\n", NULL },
	/* Of names and of literals, too, a value keeps its place. */
	{ "",
	    "\"method\": \"GET\", \"path\": \"/\", \"query\": {\"a&b\": "
	    "\"x=1&y {name}\"}",
	    "/v1/?a%26b=x%3D1%26y%20home.example.org\n", NULL },
	/* Headers, of the description and of the step. */
	{ ", \"headers\": {\"X-Key\": \"{key}\", \"X-None\": "
	  "\"{config.none?}\"}" COMMON,
	    "\"method\": \"GET\", \"path\": \"/\", \"headers\": "
	    "{\"Accept\": \"text/plain\"}",
	    "/v1/\nX-Key: me\nAccept: text/plain\n", NULL },
	{ "",
	    "\"method\": \"GET\", \"path\": \"/\", \"headers\": "
	    "{\"X\": \"{crlf}\"}",
	    NULL, "{crlf} holds what no header can" },
	/* RFC 7617 section 2. */
	{ ", \"basic\": [\"{key}\", \"{secret}\"]" COMMON,
	    "\"method\": \"GET\", \"path\": \"/\"",
	    "/v1/\nAuthorization: Basic bWU6cz1hJmI=\n", NULL },
	{ ", \"basic\": [\"{config.odd}\", \"{secret}\"]" COMMON,
	    "\"method\": \"GET\", \"path\": \"/\"", NULL,
	    "{config.odd} holds what no header can" },
	/* Bodies. */
	{ "",
	    "\"method\": \"PUT\", \"path\": \"/\", \"json\": {\"a\": "
	    "\"{addr}\", \"t\": \"{=ttl}\", \"o\": \"{odd}\", \"u\": \"a/b\"}",
	    "/v1/\nContent-Type: application/json\n\n{\"a\":\"192.0.2.1\","
	    "\"t\":60,\"o\":\"a b&c=<d>\\\"\",\"u\":\"a/b\"}",
	    NULL },
	{ "",
	    "\"method\": \"PUT\", \"path\": \"/\", \"json\": {\"a\": "
	    "\"{some?}\"}",
	    "/v1/\nContent-Type: application/json\n\n{}(empty)", NULL },
	{ "", "\"method\": \"PUT\", \"path\": \"/\", \"json\": []",
	    "/v1/\nContent-Type: application/json\n\n[]", NULL },
	{ "",
	    "\"method\": \"POST\", \"path\": \"/\", \"form\": {\"a\": "
	    "\"{odd}\", \"b\": \"{some?}\", \"c\": \"1\"}",
	    "/v1/\nContent-Type: application/x-www-form-urlencoded\n\n"
	    "a=a%20b%26c%3D%3Cd%3E%22&c=1",
	    NULL },
	{ "", "\"method\": \"POST\", \"path\": \"/\", \"form\": {}",
	    "/v1/\nContent-Type: application/x-www-form-urlencoded\n", NULL },
	{ "",
	    "\"method\": \"POST\", \"path\": \"/\", \"headers\": "
	    "{\"Content-Type\": \"application/xml\"}, \"text\": "
	    "\"<r n=\\\"{name}\\\">{odd}</r>\"",
	    "/v1/\nContent-Type: application/xml\n\n"
	    "<r n=\"home.example.org\">a b&amp;c=&lt;d&gt;&quot;</r>",
	    NULL },
	{ "", "\"method\": \"PUT\", \"path\": \"/\", \"json\": \"{some}\"",
	    NULL, "{some} is not known here" },
	{ "", "\"method\": \"PUT\", \"path\": \"/{odd}/{crlf}\"",
	    "/v1/a%20b%26c%3D%3Cd%3E%22/a%0D%0AX:%20y\n", NULL },
};

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct description *d =
		    describe(requests[i].common, requests[i].step);
		struct error why = { .text = "" };
		struct message m;
		struct values v;
		enum err rc;
		char *got;

		filled_values(&v, NULL, &d->variables, values);
		rc = compose(&m, d, &d->steps.list[0], ORIGIN, "/v1", &v, NULL,
		    &why);
		got = rc == ERR_OK ? show(&m) : NULL;

		if (requests[i].out != NULL)
			ROW(rc == ERR_OK && unit_same(got, requests[i].out),
			    "%s: %s%s", requests[i].step, unit_text(got),
			    why.text);
		else
			ROW(rc == ERR_REFUSED &&
				unit_same(why.text, requests[i].why),
			    "%s: %s", requests[i].step, why.text);
		free(got);
		message_end(&m);
		values_end(&v);
		description_free(d);
	}
	ROWS_END();
}

/* One request for several records. */
static void
test_each(void **state)
{
	struct description *d = describe("",
	    "\"for\": \"zone\", \"method\": "
	    "\"PATCH\", \"path\": \"/\", \"json\": {\"$each\": "
	    "{\"t\": \"{type}\", \"z\": \"{zone}\"}}");
	struct values v, a, aaaa;
	const struct values *each[2] = { &a, &aaaa };
	const struct group two = { each, 2 }, nobody = { each, 0 };
	struct error why;
	struct message m;

	(void)state;
	filled_values(&v, NULL, &d->variables, values);
	filled_values(&a, &v, &d->variables, "{\"type\": \"A\"}");
	filled_values(&aaaa, &v, &d->variables, "{\"type\": \"AAAA\"}");
	assert_int_equal(compose(&m, d, &d->steps.list[0], ORIGIN, "", &v, &two,
			     &why),
	    ERR_OK);
	assert_string_equal(m.path.data, "/");
	assert_string_equal(m.body.data,
	    "[{\"t\":\"A\",\"z\":\"example.org\"},"
	    "{\"t\":\"AAAA\",\"z\":\"example.org\"}]");
	message_end(&m);
	/* Nobody left: nothing to send. */
	assert_int_equal(compose(&m, d, &d->steps.list[0], ORIGIN, "", &v,
			     &nobody, &why),
	    ERR_OK);
	assert_true(m.empty);
	message_end(&m);
	values_end(&a);
	values_end(&aaaa);
	values_end(&v);
	description_free(d);
}

/* What does not fit is an error, and not a shorter request. */
static void
test_limits(void **state)
{
	static const char *const steps[] = {
		"\"method\": \"GET\", \"path\": \"/{odd}\"",
		"\"method\": \"GET\", \"path\": \"/\", \"query\": {\"a\": "
		"\"{odd}\"}",
		"\"method\": \"GET\", \"path\": \"/\", \"headers\": {\"a\": "
		"\"{odd}\"}",
	};
	char *text = malloc(10001);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 10000);
	text[10000] = '\0';
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct description *d = describe("", steps[i]);
		struct error why = { .text = "" };
		struct values v;
		struct message m;

		filled_values(&v, NULL, &d->variables, values);
		assert_int_equal(values_set(&v,
				     filled_variable(&d->variables, "odd"),
				     text, &why),
		    ERR_OK);
		ROW(compose(&m, d, &d->steps.list[0], ORIGIN, "", &v, NULL,
			&why) != ERR_OK,
		    "%s", steps[i]);
		message_end(&m);
		values_end(&v);
		description_free(d);
	}
	free(text);
	ROWS_END();
}

/*
 * Signatures
 */

/*
 * SHA-1 of secret+consumer+PUT+https://x.example/v1/r+BODY+1366560945, made
 * with openssl dgst -sha1.
 */
static void
test_ovh(void **state)
{
	struct description *d =
	    describe(", \"sign\": \"ovh\", \"token\": "
		     "[\"application\", \"secret\", \"consumer\"]",
		"\"method\": \"PUT\", \"path\": \"/r\", \"json\": {\"a\": 1}");
	struct values token, v;
	struct error why;
	struct message m;
	char *got;

	(void)state;
	filled_values(&token, NULL, &d->variables,
	    "{\"application\": \"app\", \"secret\": \"sec\", \"consumer\": "
	    "\"con\"}");
	filled_values(&v, &token, &d->variables, "{\"time\": 1366560945}");
	/* Before the time is known, requests go as they are. */
	assert_int_equal(compose(&m, d, &d->steps.list[0], ORIGIN, "/v1",
			     &token, NULL, &why),
	    ERR_OK);
	assert_null(m.headers->next);
	message_end(&m);
	assert_int_equal(compose(&m, d, &d->steps.list[0], ORIGIN, "/v1", &v,
			     NULL, &why),
	    ERR_OK);
	got = show(&m);
	assert_string_equal(got,
	    "/v1/r\nContent-Type: application/json\n"
	    "X-Ovh-Timestamp: 1366560945\nX-Ovh-Signature: "
	    "$1$410c88230a4032edd5042c7cee41ed9833be9936\n\n{\"a\":1}");
	free(got);
	message_end(&m);
	values_end(&v);
	values_end(&token);
	description_free(d);
}

/* libcurl signs; it is told with what, and for where. */
static void
test_sigv4(void **state)
{
	struct description *d =
	    describe(", \"sign\": \"sigv4:us-east-1:route53\"" COMMON,
		"\"method\": \"GET\", \"path\": \"/\"");
	struct values v;
	struct error why;
	struct message m;

	(void)state;
	filled_values(&v, NULL, &d->variables,
	    "{\"key\": \"AKID\", \"secret\": \"geheim\"}");
	assert_int_equal(compose(&m, d, &d->steps.list[0], ORIGIN, "", &v, NULL,
			     &why),
	    ERR_OK);
	assert_string_equal(m.sigv4.data, "aws:amz:us-east-1:route53");
	assert_string_equal(m.userpwd.data, "AKID:geheim");
	message_end(&m);
	assert_null(m.userpwd.data);
	values_end(&v);
	description_free(d);
}

/* What no header can hold signs nothing, and is not told. */
static void
test_unsigned(void **state)
{
	static const struct {
		const char *sign, *token, *session;
	} rows[] = {
		{ ", \"sign\": \"sigv4:us-east-1:route53\"" COMMON,
		    "{\"key\": \"A\\nB\", \"secret\": \"geheim\"}", "{}" },
		{ ", \"sign\": \"sigv4:us-east-1:route53\"" COMMON,
		    "{\"key\": \"A\", \"secret\": \"geheim\\u0007\"}", "{}" },
		{ ", \"sign\": \"ovh\", \"token\": [\"application\", "
		  "\"secret\", \"consumer\"]",
		    "{\"application\": \"app\", \"secret\": \"geheim\\r\", "
		    "\"consumer\": \"c\"}",
		    "{\"time\": 1}" },
		{ ", \"sign\": \"ovh\", \"token\": [\"application\", "
		  "\"secret\", \"consumer\"]",
		    "{\"application\": \"app\", \"secret\": \"geheim\", "
		    "\"consumer\": \"c\"}",
		    "{\"time\": \"1\\nX: y\"}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct description *d = describe(rows[i].sign,
		    "\"method\": \"GET\", \"path\": \"/\"");
		struct error why = { .text = "" };
		struct values token, v;
		struct message m;
		enum err rc;

		filled_values(&token, NULL, &d->variables, rows[i].token);
		filled_values(&v, &token, &d->variables, rows[i].session);
		rc = compose(&m, d, &d->steps.list[0], ORIGIN, "", &v, NULL,
		    &why);
		ROW(rc == ERR_REFUSED &&
			strstr(why.text, "holds what no header can") != NULL &&
			strstr(why.text, "geheim") == NULL,
		    "%zu: %s, %s", i, error_name(rc), why.text);
		message_end(&m);
		values_end(&v);
		values_end(&token);
		description_free(d);
	}
	ROWS_END();
}

/* Where an answer says that its list goes on. */
static void
test_pages(void **state)
{
	static const struct {
		const char *query, *value;
		const char *path; /* NULL: an error */
		const char *why;
	} rows[] = {
		{ "page", "a b", "/r?x=1&page=a%20b", NULL },
		{ NULL, ORIGIN "/r?page=2", "/r?page=2", NULL },
		{ NULL, "/r?page=2", "/r?page=2", NULL },
		{ NULL, "https://y.example/r", NULL, "at another host" },
		{ NULL, "//y.example/r", NULL, "at another host" },
		{ NULL, ORIGIN ".y/r", NULL, "at another host" },
		{ NULL, "/r 2", NULL, "is none" },
		{ NULL, "/r#2", NULL, "is none" },
		{ NULL, "/r\r\nX: y", NULL, "is none" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct message m = { .origin = ORIGIN, .path.max = 100 };
		struct buffer to = { .max = 100 };
		struct error why = { .text = "" };
		enum err rc;

		assert_true(buffer_puts(&m.path, "/r?page=1&x=1"));
		rc = message_page(&m, rows[i].query, rows[i].value, &to, &why);
		if (rows[i].path != NULL)
			ROW(rc == ERR_OK && unit_same(to.data, rows[i].path),
			    "%s: %s, %s", rows[i].value, unit_text(to.data),
			    why.text);
		else
			ROW(rc == ERR_REFUSED &&
				strstr(why.text, rows[i].why) != NULL,
			    "%s: %s, %s", rows[i].value, error_name(rc),
			    why.text);
		buffer_free(&m.path);
		buffer_free(&to);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_ovh),
		cmocka_unit_test(test_sigv4),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
