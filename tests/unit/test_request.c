/*
 * test_request.c - what web servers and routers send, and its limits.
 */
#include "unit.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gateway/request.h"

#define VARIABLES_MAX 100

/* A request as the pool hands it over. */
struct fcgi {
	char *envp[VARIABLES_MAX + 1];
	size_t count;
	const char *body;
};

static void
set(struct fcgi *f, const char *name, const char *value)
{
	assert_true(f->count < VARIABLES_MAX);
	assert_int_not_equal(asprintf(&f->envp[f->count++], "%s=%s", name,
				 value),
	    -1);
}

static void
start(struct fcgi *f, const char *uri, const char *query, const char *body)
{
	*f = (struct fcgi){ .body = body };
	if (uri != NULL)
		set(f, "REQUEST_URI", uri);
	if (query != NULL)
		set(f, "QUERY_STRING", query);
	set(f, "REMOTE_ADDR", "89.14.163.156");
}

static void
read_all(struct request *q, struct fcgi *f, int64_t start_time)
{
	request_read(q, f->envp, -1, start_time);
	if (q->why.code == ERR_OK && request_has_form(q) && f->body != NULL)
		request_read_form(q, f->body);
}

static void
stop(struct fcgi *f)
{
	while (f->count > 0)
		free(f->envp[--f->count]);
}

/* "a=1;b=;": what was decoded, in order. */
static char *
show(const struct request *q)
{
	static char text[4 * REQUEST_QUERY_MAX];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < q->parameter_count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s=%s;",
		    q->parameters[i].name, q->parameters[i].value);
	return text;
}

static const struct {
	const char *uri;
	const char *path;
} paths[] = {
	{ "/update", "/update" },
	{ "/update?a=b", "/update" },
	{ "/update?a=/b//c", "/update" },
	{ "//update", "/update" },
	{ "///nic///update//", "/nic/update/" },
	{ "/\\/nic/update", "/nic/update" },
	{ "/nic/update%20http:/x", "/nic/update" },
	{ "/nic/update%20HTTP:/x", "/nic/update" },
	{ "/", "/" },
	{ "", "" },
	{ "*", "*" },
	{ "/up%64ate", "/up%64ate" },
	{ "/../update", "/../update" },
	{ NULL, "" },
};

static void
test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct request q;
		struct fcgi f;

		start(&f, paths[i].uri, NULL, NULL);
		read_all(&q, &f, 7);
		ROW(q.why.code == ERR_OK && unit_same(q.path, paths[i].path),
		    "%s: \"%s\" %s", unit_text(paths[i].uri), q.path,
		    q.why.text);
		ROW(q.start == 7 && unit_same(q.source, "89.14.163.156") &&
			unit_same(q.method, ""),
		    "%s: start, source or method", unit_text(paths[i].uri));
		request_end(&q);
		stop(&f);
	}
	ROWS_END();
}

static const struct {
	const char *query;	/* NULL: none */
	const char *parameters; /* NULL: refused */
	const char *why;
} queries[] = {
	{ NULL, "", NULL },
	{ "", "", NULL },
	{ "a=1", "a=1;", NULL },
	{ "a=1&b=2", "a=1;b=2;", NULL },
	{ "a=1&a=2", "a=1;a=2;", NULL },
	{ "a", "a=;", NULL },
	{ "a=", "a=;", NULL },
	{ "=1", "=1;", NULL },
	{ "=", "=;", NULL },
	{ "&&a=1&&", "a=1;", NULL },
	{ "a=b=c", "a=b=c;", NULL },
	{ "a=1;b=2", "a=1;b=2;", NULL },
	{ "a=%41%62", "a=Ab;", NULL },
	{ "%61=1", "a=1;", NULL },
	{ "a=%26%3D", "a=&=;", NULL },
	{ "a=%2541", "a=%41;", NULL },
	{ "a=%", "a=%;", NULL },
	{ "a=%4", "a=%4;", NULL },
	{ "a=%zz", "a=%zz;", NULL },
	{ "a=b+c", "a=b+c;", NULL },
	{ "a=b%20c", "a=b c;", NULL },
	{ "a=%0d%0a", "a=\r\n;", NULL },
	{ "a=\xc3\xbc", "a=\xc3\xbc;", NULL },
	/* Two URLs of a FRITZ!Box. */
	{ "a=1%20http://b?c=2", "a=1;", NULL },
	{ "a=1%20https://b?c=2", "a=1;", NULL },
	/* A NUL would end the value for some and not for others. */
	{ "a=%00", NULL, "the parameters cannot be decoded" },
	{ "a=1%00x", NULL, "the parameters cannot be decoded" },
	{ "a%00=1", NULL, "the parameters cannot be decoded" },
};

static void
test_query(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct request q;
		struct fcgi f;

		start(&f, "/update", queries[i].query, NULL);
		read_all(&q, &f, 0);
		if (queries[i].parameters != NULL)
			ROW(q.why.code == ERR_OK &&
				unit_same(show(&q), queries[i].parameters),
			    "%s: %s %s", unit_text(queries[i].query), show(&q),
			    q.why.text);
		else
			ROW(q.why.code == ERR_REQUEST &&
				unit_same(q.why.text, queries[i].why),
			    "%s: %s", queries[i].query, q.why.text);
		request_end(&q);
		stop(&f);
	}
	ROWS_END();
}

/* A form of POST, behind what the query has. */
static const struct {
	const char *method;
	const char *type;
	const char *body;
	const char *parameters;
} forms[] = {
	{ "POST", "application/x-www-form-urlencoded", "b=2", "a=1;b=2;" },
	{ "POST", "application/x-www-form-urlencoded; charset=UTF-8", "b=2",
	    "a=1;b=2;" },
	{ "POST", "Application/X-WWW-Form-Urlencoded", "b=2", "a=1;b=2;" },
	{ "POST", "application/x-www-form-urlencoded", "b=x+y%2B",
	    "a=1;"
	    "b=x y+;" },
	{ "POST", "application/x-www-form-urlencoded", "", "a=1;" },
	{ "POST", "application/json", "b=2", "a=1;" },
	{ "POST", "", "b=2", "a=1;" },
	{ "GET", "application/x-www-form-urlencoded", "b=2", "a=1;" },
	{ "PUT", "application/x-www-form-urlencoded", "b=2", "a=1;" },
};

static void
test_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct request q;
		struct fcgi f;

		start(&f, "/update", "a=1", forms[i].body);
		set(&f, "REQUEST_METHOD", forms[i].method);
		set(&f, "CONTENT_TYPE", forms[i].type);
		read_all(&q, &f, 0);
		ROW(q.why.code == ERR_OK &&
			unit_same(show(&q), forms[i].parameters),
		    "%s %s: %s %s", forms[i].method, forms[i].type, show(&q),
		    q.why.text);
		ROW(unit_same(q.method, forms[i].method), "%s", q.method);
		request_end(&q);
		stop(&f);
	}
	ROWS_END();
}

static char *
repeat(char c, size_t count)
{
	char *s = malloc(count + 1);

	assert_non_null(s);
	memset(s, c, count);
	s[count] = '\0';
	return s;
}

/* What is wrong with a request of this uri, query and form; NULL: nothing. */
static const char *
verdict(const char *uri, const char *query, const char *body)
{
	static char text[ERROR_TEXT_MAX];
	struct request q;
	struct fcgi f;

	start(&f, uri, query, body);
	if (body != NULL) {
		set(&f, "REQUEST_METHOD", "POST");
		set(&f, "CONTENT_TYPE", "application/x-www-form-urlencoded");
	}
	read_all(&q, &f, 0);
	snprintf(text, sizeof text, "%s", q.why.text);
	if (q.why.code != ERR_OK)
		assert_int_equal(q.why.code, ERR_REQUEST);
	request_end(&q);
	stop(&f);
	return text[0] != '\0' ? text : NULL;
}

static void
test_limits(void **state)
{
	static const char parameters[] = "more than 4096 bytes of parameters";
	char many[3 * (REQUEST_PARAMETERS_MAX + 1) + 1] = "";
	char *s;

	(void)state;
	s = repeat('a', REQUEST_PATH_MAX + 1);
	assert_string_equal(verdict(s, NULL, NULL), "the path is too long");
	s[REQUEST_PATH_MAX] = '\0';
	assert_null(verdict(s, NULL, NULL));
	free(s);
	/* Slashes that are one are one. */
	s = repeat('/', 10000);
	assert_null(verdict(s, NULL, NULL));
	free(s);

	s = repeat('a', REQUEST_QUERY_MAX + 1);
	assert_string_equal(verdict("/", s, NULL), parameters);
	assert_string_equal(verdict("/", NULL, s), parameters);
	s[REQUEST_QUERY_MAX] = '\0';
	assert_null(verdict("/", s, NULL));
	assert_null(verdict("/", NULL, s));
	free(s);

	for (int i = 0; i < REQUEST_PARAMETERS_MAX; i++)
		strcat(many, "a=&");
	assert_null(verdict("/", many, NULL));
	assert_string_equal(verdict("/", many, "b=1"),
	    "more than 32 parameters");
	strcat(many, "a=");
	assert_string_equal(verdict("/", many, NULL),
	    "more than 32 parameters");
}

/* FastCGI parameters: libfcgi adds one of its own. */
static void
test_variables(void **state)
{
	static const char want[] = "more than 64 FastCGI parameters or 65536 "
				   "bytes of them";
	char *s = repeat('a', REQUEST_VARIABLES_SIZE);
	struct request q;
	struct fcgi f;

	(void)state;
	start(&f, "/update", "", NULL);
	while (f.count < REQUEST_VARIABLES_MAX + 1)
		set(&f, "X", "");
	read_all(&q, &f, 0);
	assert_int_equal(q.why.code, ERR_OK);
	request_end(&q);
	set(&f, "X", "");
	read_all(&q, &f, 0);
	assert_int_equal(q.why.code, ERR_REQUEST);
	assert_string_equal(q.why.text, want);
	request_end(&q);
	stop(&f);

	start(&f, "/update", "", NULL);
	set(&f, "HTTP_X", s);
	read_all(&q, &f, 0);
	assert_string_equal(q.why.text, want);
	request_end(&q);
	stop(&f);
	free(s);
}

static void
test_headers(void **state)
{
	struct request q;
	struct fcgi f;

	(void)state;
	start(&f, "/update", NULL, NULL);
	read_all(&q, &f, 0);
	assert_null(q.authorization);
	assert_false(q.json);
	request_end(&q);
	set(&f, "HTTP_AUTHORIZATION", "Basic cm91dGVyOnRva2Vu");
	set(&f, "HTTP_ACCEPT", "text/html, application/json;q=0.9");
	read_all(&q, &f, 0);
	assert_string_equal(q.authorization, "Basic cm91dGVyOnRva2Vu");
	assert_true(q.json);
	request_end(&q);
	stop(&f);
}

/* Nothing of a credential stays in the variables. */
static void
test_wiped(void **state)
{
	struct request q;
	struct fcgi f;

	(void)state;
	start(&f, "/update?password=geheim", "password=geheim", NULL);
	set(&f, "HTTP_AUTHORIZATION", "Basic Z2VoZWlt");
	read_all(&q, &f, 0);
	request_end(&q);
	assert_int_equal(q.parameter_count, 0);
	for (size_t i = 0; i < f.count; i++) {
		ROW(strstr(f.envp[i], "geheim") == NULL, "%s", f.envp[i]);
		ROW(strstr(f.envp[i], "Z2Vo") == NULL, "%s", f.envp[i]);
	}
	stop(&f);
	ROWS_END();
}

static void
test_abandoned(void **state)
{
	struct request q = { .fd = -1 };
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	q.fd = fds[0];
	assert_false(request_abandoned(&q));
	/* More to read is nobody who left. */
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_false(request_abandoned(&q));
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_true(request_abandoned(&q));
	close(fds[1]);
	assert_true(request_abandoned(&q));
	close(fds[0]);
	/* Nobody is known to have left where there is no connection. */
	q.fd = 1000000;
	assert_false(request_abandoned(&q));
}

/* The name that a web server gives; nothing else gets into the log. */
static void
test_id(void **state)
{
	static const char long_one[] =
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	const struct {
		const char *sent, *id;
	} rows[] = {
		{ "4f2a-B7", "4f2a-B7" },
		{ long_one, long_one },
		{ "0123456789abcdef0123456789abcdef0123456789abcdef"
		  "0123456789abcdefg",
		    "" },
		{ "", "" },
		{ "a b", "" },
		{ "a\nb", "" },
		{ "a_b", "" },
		{ "\xc3\xa9", "" },
		{ "a\"b", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request q;
		struct fcgi f;

		start(&f, "/update", "", NULL);
		set(&f, "REQUEST_ID", rows[i].sent);
		read_all(&q, &f, 0);
		ROW(strcmp(q.id, rows[i].id) == 0, "%s: %s", rows[i].sent,
		    q.id);
		request_end(&q);
		stop(&f);
	}
	ROWS_END();
}

/* When the web server had it, if its clock can be that of this machine. */
static void
test_arrival(void **state)
{
	static const struct {
		int off;		     /* seconds from now on */
		const char *before, *behind; /* the number */
		int64_t more; /* microseconds; -1: our own moment stands in */
	} rows[] = { { 0, "", ".123", 123000 }, { -59, "", ".999", 999000 },
		{ 0, "", "", 0 }, { 0, "", ".12", 0 }, { 0, "", ".1234", 0 },
		{ 0, "", ".abc", 0 }, { -100, "", ".000", -1 },
		{ 100, "", ".000", -1 }, { 0, "-", "", -1 }, { 0, "x", "", -1 },
		{ 0, " ", "", -1 }, { 0, "9999999999", ".123", -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t now = (int64_t)time(NULL), sent = now + rows[i].off;
		char text[64];
		struct request q;
		struct fcgi f;

		start(&f, "/update", "", NULL);
		snprintf(text, sizeof text, "%s%lld%s", rows[i].before,
		    (long long)sent, rows[i].behind);
		set(&f, "REQUEST_MSEC", text);
		read_all(&q, &f, 0);
		if (rows[i].more != -1)
			ROW(q.arrival == sent * 1000000 + rows[i].more,
			    "%s: %lld", text, (long long)q.arrival);
		else
			ROW(q.arrival >= now * 1000000 &&
				q.arrival <=
				    (int64_t)(time(NULL) + 1) * 1000000,
			    "%s: %lld", text, (long long)q.arrival);
		request_end(&q);
		stop(&f);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_arrival),
		cmocka_unit_test(test_abandoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
