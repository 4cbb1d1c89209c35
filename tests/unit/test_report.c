/*
 * test_report.c - the line in the log: what it tells, what it never tells, and
 * that it ends with the times, however much there was to tell.
 */
#include "unit.h"

#include <unistd.h>

#include "base/log.h"
#include "gateway/report.h"

#define TIMES "; login 1 ms, proofs 2 ms, provider 3 ms"

static struct host_settings hosts[SETTINGS_HOSTS_MAX];
static struct record records[2 * SETTINGS_HOSTS_MAX];
static struct account_settings account = { .name = "router", .hosts = hosts };

/* What the log said, behind the time and the process; of u, or of a page. */
static const char *
report_any(const struct update *u, int status, const struct request *q,
    const struct login *login, const struct error *because)
{
	static char line[2 * LOG_LINE_MAX];
	struct reply r = { .status = status };
	char file[] = "/tmp/test_report.XXXXXX";
	struct error why;
	char *text;
	ssize_t n;
	int fd = mkstemp(file);

	assert_int_not_equal(fd, -1);
	assert_int_equal(log_open(&(struct log_settings){ .to = file }, &why),
	    ERR_OK);
	if (u != NULL)
		report_update(u, &r);
	else
		report_page(q, login, status, because);
	assert_int_equal(log_open(&(struct log_settings){ .to = "stderr" },
			     &why),
	    ERR_OK);
	n = read(fd, line, sizeof line - 1);
	assert_true(n > 0);
	line[n - 1] = '\0'; /* the end of the line */
	close(fd);
	unlink(file);
	text = strstr(line, "]: ");
	assert_non_null(text);
	return text + 3;
}

static const char *
report(const struct update *u, int status)
{
	return report_any(u, status, NULL, NULL, NULL);
}

static void
update_start(struct update *u, const struct request *q, size_t host_count)
{
	*u = (struct update){ .request = q,
		.records = records,
		.login_ms = 1,
		.proofs_ms = 2,
		.provider_ms = 3 };
	for (size_t i = 0; i < host_count; i++) {
		hosts[i].name = (char *)(uintptr_t) "a.example";
		u->hosts[u->host_count++] = &hosts[i];
	}
}

static struct record *
record_add(struct update *u, size_t host, const char *address, enum verdict v,
    const char *why)
{
	struct record *r = &records[u->record_count++];

	*r = (struct record){ .host = &hosts[host], .verdict = v };
	assert_true(address_parse_any(&r->address, address));
	if (why != NULL) {
		error_set(&r->refusal, ERR_ADDRESS, "%s", why);
		r->why = &r->refusal;
	}
	return r;
}

/* What ends a request before there are verdicts. */
static const struct {
	const char *title, *source, *user;
	enum err result;
	const char *why, *path;
	int status;
	const char *line;
} refusals[] = {
	{ "who was it", "89.14.163.1", "nobody", ERR_AUTH, "no such account",
	    "/update", 401, "89.14.163.1 \"nobody\": 401: no such account" },
	{ "a long user", "89.14.163.1", "0123456789012345678901234567890123",
	    ERR_AUTH, "wrong token", "/update", 401,
	    "89.14.163.1 \"01234567890123456789012345678901...\": 401: "
	    "wrong token" },
	{ "no user", "89.14.163.1", "", ERR_AUTH, "no credential", "/update",
	    401, "89.14.163.1 -: 401: no credential" },
	{ "a path", "2A01::1", "", ERR_NOT_FOUND, "notfound", "/nic/updat", 404,
	    "2a01::1 -: 404: notfound \"/nic/updat\"" },
	{ "a path that hides a query", "89.14.163.1", "", ERR_NOT_FOUND,
	    "notfound", "/nic/update%3Fpassword=secret", 404,
	    "89.14.163.1 -: 404: notfound \"/nic/update\"..." },
	{ "a path that is long", "89.14.163.1", "", ERR_NOT_FOUND, "notfound",
	    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	    404,
	    "89.14.163.1 -: 404: notfound "
	    "\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
	    "..." },
	{ "no source", "", "", ERR_METHOD, "method", "/update", 405,
	    "- -: 405: method" },
	{ "a socket", "unix:", "", ERR_METHOD, "method", "/update", 405,
	    "unix: -: 405: method" },
	{ "control characters", "1\n2\x7f\xc3", "", ERR_METHOD, "method",
	    "/update", 405, "1?2?? -: 405: method" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct request q = { .source = refusals[i].source };
		struct update u;
		char want[512];

		strcpy(q.path, refusals[i].path);
		update_start(&u, &q, 0);
		strcpy(u.login.user, refusals[i].user);
		u.result = refusals[i].result;
		error_set(&u.why, u.result, "%s", refusals[i].why);
		snprintf(want, sizeof want, "%s%s", refusals[i].line, TIMES);
		ROW(unit_same(report(&u, refusals[i].status), want), "%s: %s",
		    refusals[i].title, report(&u, refusals[i].status));
	}
	ROWS_END();
}

/* A page that was not shown; its user and path are not ours. */
static void
test_page(void **state)
{
	const struct request q = { .source = "89.14.163.1",
		.path = "/metrics\x01" };
	const struct login login = { .user = "an\na" };
	struct error why;

	(void)state;
	error_set(&why, ERR_AUTH, "no such operator");
	assert_string_equal(report_any(NULL, 401, &q, &login, &why),
	    "89.14.163.1 \"an?a\": 401: no such operator \"/metrics\"...");
}

/* A web server that does not say where the request came from. */
static void
test_page_of_nobody(void **state)
{
	const struct request q = { .source = "unix:", .path = "/status" };
	const struct login nobody = { .user = "" };
	struct error why;

	(void)state;
	error_set(&why, ERR_METHOD, "method");
	assert_string_equal(report_any(NULL, 405, &q, &nobody, &why),
	    "unix: -: 405: method \"/status\"");
}

/* Parameters that nobody needs, by their names as far as these are known. */
static void
test_ignored(void **state)
{
	static const struct {
		size_t names, more;
		const char *line;
	} rows[] = {
		{ 0, 3, "; ignored: 3 parameters" },
		{ 1, 0, "; ignored: agent" },
		{ 2, 0, "; ignored: agent, color" },
		{ 2, 4, "; ignored: agent, color and 4 parameters" },
	};
	struct request q = { .source = "89.14.163.1" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct update u;
		char want[256];

		update_start(&u, &q, 1);
		u.login.account = &account;
		record_add(&u, 0, "89.14.163.1", VERDICT_GOOD, NULL);
		u.claim.ignored[0] = "agent";
		u.claim.ignored[1] = "color";
		u.claim.ignored_count = rows[i].names;
		u.claim.ignored_more = rows[i].more;
		snprintf(want, sizeof want,
		    "89.14.163.1 router: 200; a.example A 89.14.163.1 "
		    "good%s" TIMES,
		    rows[i].line);
		ROW(unit_same(report(&u, 200), want), "%zu: %s", i,
		    report(&u, 200));
	}
	ROWS_END();
}

/* A source of any length: cut, never "(null)". */
static void
test_long_source(void **state)
{
	char *source = malloc(60001);
	struct request q = { .source = source };
	struct update u;
	const char *line;

	(void)state;
	assert_non_null(source);
	memset(source, 'x', 60000);
	source[60000] = '\0';
	update_start(&u, &q, 0);
	u.result = error_set(&u.why, ERR_AUTH, "no credential");
	line = report(&u, 401);
	assert_int_equal(strspn(line, "x"), INET6_ADDRSTRLEN);
	assert_string_equal(line + INET6_ADDRSTRLEN,
	    "... -: 401: no credential" TIMES);
	free(source);
}

static void
test_records(void **state)
{
	struct request q = { .source = "89.14.163.1" };
	const struct proof_settings how = { .kind = PROOF_CERTIFICATE };
	struct record *r;
	struct update u;

	(void)state;
	update_start(&u, &q, 3);
	u.login.account = &account;
	hosts[1].name = (char *)(uintptr_t) "b.example";
	hosts[2].name = (char *)(uintptr_t) "c.example";
	record_add(&u, 0, "89.14.163.1", VERDICT_GOOD, NULL);
	record_add(&u, 1, "89.14.163.1", VERDICT_WITHHELD, NULL);
	r = record_add(&u, 1, "2a01::1", VERDICT_PROOF, "refused");
	r->proof.how = &how;
	r->proof.ended = 31;
	record_add(&u, 2, "89.14.163.1", VERDICT_OPEN, NULL);
	assert_string_equal(report(&u, 403),
	    "89.14.163.1 router: 403; b.example A 89.14.163.1 held, "
	    "AAAA 2a01::1 proof (proof 0-31 ms) [refused]; "
	    "a.example A 89.14.163.1 good" TIMES);
}

/* As many hosts as there can be, with the longest names and reasons. */
static void
test_many(void **state)
{
	struct request q = { .source = "89.14.163.1" };
	char name[252], why[ERROR_TEXT_MAX];

	(void)state;
	memset(name, 'n', 251);
	name[251] = '\0';
	memset(why, '\x01', sizeof why - 1);
	why[sizeof why - 1] = '\0';
	for (size_t failed = 0; failed <= SETTINGS_HOSTS_MAX; failed += 32) {
		struct update u;
		const char *line, *more;
		unsigned int count = 0, told = 0;

		update_start(&u, &q, SETTINGS_HOSTS_MAX);
		u.login.account = &account;
		for (size_t i = 0; i < SETTINGS_HOSTS_MAX; i++) {
			bool bad = i >= SETTINGS_HOSTS_MAX - failed;

			hosts[i].name = name;
			record_add(&u, i, "255.255.255.255",
			    bad ? VERDICT_PROVIDER : VERDICT_GOOD,
			    bad ? why : NULL);
			record_add(&u, i, "2a01::1",
			    bad ? VERDICT_BUSY : VERDICT_GOOD,
			    bad ? why : NULL);
		}
		line = report(&u, 502);
		ROW(strlen(line) > sizeof TIMES &&
			strcmp(line + strlen(line) - strlen(TIMES), TIMES) == 0,
		    "%zu: %s", failed, line);
		ROW(strlen(line) < LOG_LINE_MAX, "%zu: %zu bytes", failed,
		    strlen(line));
		more = strstr(line, "; and ");
		ROW(more != NULL && sscanf(more, "; and %u more;", &count) == 1,
		    "%zu: %s", failed, line);
		for (const char *s = line; (s = strstr(s, "; n")) != NULL; s++)
			told++;
		ROW(told + count == SETTINGS_HOSTS_MAX && told > 2,
		    "%zu: %u told, %u more", failed, told, count);
		/* Those that failed go first. */
		ROW((strstr(line, " provider [") != NULL) == (failed > 0),
		    "%zu: %s", failed, line);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_page_of_nobody),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_long_source),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
