/*
 * test_reply.c - what clients are told, in our own words and in dyndns2's,
 * and that no failure can be taken for a success.
 */
#include "unit.h"

#include <strings.h>

#include <json-c/json.h>

#include "gateway/dyndns2.h"
#include "gateway/native.h"

#define HOSTS_MAX   3
#define RECORDS_MAX 6

/* Each of these is a success for some client, anywhere in a body, any case. */
static const char *const success_words[] = { "ok", "good", "true", "updated",
	"success", "nochg" };

static struct host_settings hosts[] = {
	{ .name = (char *)(uintptr_t) "a.example" },
	{ .name = (char *)(uintptr_t) "b.example" },
	{ .name = (char *)(uintptr_t) "c.example" },
};
static struct account_settings account = { .name = "router",
	.hosts = hosts,
	.host_count = COUNT(hosts) };

/* One record of host number host. */
struct short_record {
	size_t host;
	const char *address; /* NULL: the end; "4" or "6": removal */
	enum verdict verdict;
};

static const struct {
	const char *title;
	size_t host_count;
	struct short_record records[RECORDS_MAX + 1];
	const char *ipv4; /* of the claim */
	const char *ipv6;
	int native_status;
	const char *native;
	int dyndns2_status;
	const char *dyndns2;
} answers[] = {
	{ "changed", 1, { { 0, "89.14.163.156", VERDICT_GOOD } },
	    "89.14.163.156", NULL, 200, "a.example good 89.14.163.156\n", 200,
	    "good 89.14.163.156\n" },
	{ "both", 1,
	    { { 0, "89.14.163.156", VERDICT_GOOD },
		{ 0, "2a01::1", VERDICT_GOOD } },
	    "89.14.163.156", "2a01::1", 200,
	    "a.example good 89.14.163.156 2a01::1\n", 200,
	    "good 89.14.163.156,2a01::1\n" },
	{ "as it was", 1, { { 0, "89.14.163.156", VERDICT_NOCHG } },
	    "89.14.163.156", NULL, 200, "a.example nochg 89.14.163.156\n", 200,
	    "nochg 89.14.163.156\n" },
	{ "one changed", 1,
	    { { 0, "89.14.163.156", VERDICT_NOCHG },
		{ 0, "2a01::1", VERDICT_GOOD } },
	    "89.14.163.156", "2a01::1", 200,
	    "a.example good 89.14.163.156 2a01::1\n", 200,
	    "good 89.14.163.156,2a01::1\n" },
	{ "left alone", 1,
	    { { 0, "10.0.0.1", VERDICT_SKIPPED },
		{ 0, "2a01::1", VERDICT_GOOD } },
	    "10.0.0.1", "2a01::1", 200, "a.example good 2a01::1\n", 200,
	    "good 2a01::1\n" },
	{ "nowhere kept", 1, { { 0, "89.14.163.156", VERDICT_GOOD } },
	    "89.14.163.156", "2a01::1", 200, "a.example good 89.14.163.156\n",
	    200, "good 89.14.163.156\n" },
	{ "nothing of what was sent", 1, { { 0, "2a01::8", VERDICT_GOOD } },
	    "89.14.163.156", NULL, 200, "a.example good 2a01::8\n", 200,
	    "good 2a01::8\n" },
	{ "nothing but left alone", 1, { { 0, "10.0.0.1", VERDICT_SKIPPED } },
	    "10.0.0.1", NULL, 200, "a.example left\n", 200, "nochg\n" },
	/* The client compares with what it sent, not with what we made. */
	{ "a prefix beside IPv4", 1,
	    { { 0, "89.14.163.156", VERDICT_GOOD },
		{ 0, "2a01::8", VERDICT_GOOD } },
	    "89.14.163.156", NULL, 200,
	    "a.example good 89.14.163.156 2a01::8\n", 200,
	    "good 89.14.163.156\n" },
	{ "a prefix alone", 1, { { 0, "2a01::8", VERDICT_GOOD } }, NULL, NULL,
	    200, "a.example good 2a01::8\n", 200, "good 2a01::8\n" },
	{ "removed", 1, { { 0, "4", VERDICT_GOOD } }, NULL, NULL, 200,
	    "a.example good none\n", 200, "good\n" },
	/* A host without a record of its own. */
	{ "not asked", 2, { { 0, "89.14.163.156", VERDICT_GOOD } },
	    "89.14.163.156", NULL, 200, "a.example good 89.14.163.156\n", 200,
	    "good 89.14.163.156\nnochg\n" },
	/* Failures. */
	{ "a special address", 1, { { 0, "10.0.0.1", VERDICT_ADDRESS } },
	    "10.0.0.1", NULL, 400, "a.example address\n", 400, "dnserr\n" },
	{ "no proof", 1, { { 0, "89.14.163.156", VERDICT_PROOF } },
	    "89.14.163.156", NULL, 403, "a.example proof\n", 503, "dnserr\n" },
	{ "no proof for one", 1,
	    { { 0, "89.14.163.156", VERDICT_WITHHELD },
		{ 0, "2a01::1", VERDICT_PROOF } },
	    "89.14.163.156", "2a01::1", 403, "a.example proof\n", 503,
	    "dnserr\n" },
	{ "one published, one not", 1,
	    { { 0, "89.14.163.156", VERDICT_GOOD },
		{ 0, "2a01::1", VERDICT_PROOF } },
	    "89.14.163.156", "2a01::1", 403, "a.example proof\n", 503,
	    "dnserr\n" },
	{ "refused", 1, { { 0, "89.14.163.156", VERDICT_PROVIDER } },
	    "89.14.163.156", NULL, 502, "a.example provider\n", 502,
	    "dnserr\n" },
	{ "busy", 1, { { 0, "89.14.163.156", VERDICT_BUSY } }, "89.14.163.156",
	    NULL, 503, "a.example busy\n", 503, "911\n" },
	{ "never judged", 1, { { 0, "89.14.163.156", VERDICT_OPEN } },
	    "89.14.163.156", NULL, 503, "a.example busy\n", 503, "911\n" },
	/* Several hosts: the worst is the answer. */
	{ "all is well", 2,
	    { { 0, "89.14.163.156", VERDICT_GOOD },
		{ 1, "89.14.163.156", VERDICT_NOCHG } },
	    "89.14.163.156", NULL, 200,
	    "a.example good 89.14.163.156\n"
	    "b.example nochg 89.14.163.156\n",
	    200, "good 89.14.163.156\nnochg 89.14.163.156\n" },
	{ "two ways to fail", 2,
	    { { 0, "89.14.163.156", VERDICT_PROOF },
		{ 1, "89.14.163.156", VERDICT_BUSY } },
	    "89.14.163.156", NULL, 503, "a.example proof\nb.example busy\n",
	    503, "dnserr\n911\n" },
	{ "one of three fails", 3,
	    { { 0, "89.14.163.156", VERDICT_GOOD },
		{ 1, "89.14.163.156", VERDICT_PROOF },
		{ 2, "89.14.163.156", VERDICT_GOOD } },
	    "89.14.163.156", NULL, 403,
	    "a.example good 89.14.163.156\nb.example proof\n"
	    "c.example good 89.14.163.156\n",
	    503, "good 89.14.163.156\ndnserr\ngood 89.14.163.156\n" },
};

static void
claim_start(struct claim_address *to, const char *text)
{
	to->given = text != NULL;
	if (text != NULL)
		assert_true(address_parse_any(&to->address, text));
}

static void
update_start(struct update *u, const struct request *q, struct record records[],
    size_t host_count, const struct short_record from[])
{
	*u = (struct update){ .request = q,
		.records = records,
		.host_count = host_count,
		.login.account = &account };
	for (size_t i = 0; i < host_count; i++)
		u->hosts[i] = &hosts[i];
	for (; from->address != NULL; from++) {
		struct record *r = &records[u->record_count++];

		*r = (struct record){
			.host = &hosts[from->host],
			.verdict = from->verdict,
		};
		error_set(&r->refusal, ERR_PROOF, "a reason, good for the log");
		r->why = &r->refusal;
		r->remove = strlen(from->address) == 1;
		r->address.family = *from->address == '6' ? AF_INET6 : AF_INET;
		if (!r->remove)
			assert_true(
			    address_parse_any(&r->address, from->address));
	}
}

/* Is there a word that some client takes for a success? */
static const char *
find_success(const char *body)
{
	for (size_t i = 0; i < COUNT(success_words); i++)
		if (strcasestr(body, success_words[i]) != NULL)
			return success_words[i];
	return NULL;
}

static void
check_reply(const char *title, const struct reply *r, int status,
    const char *body)
{
	ROW(r->status == status, "%s: status %d", title, r->status);
	ROW(unit_same(r->body.data, body), "%s: \"%s\"", title,
	    unit_text(r->body.data));
	/* A failed proof may succeed later; a host of another account not. */
	ROW((r->retry_after > 0) ==
		(status == 503 || status == 429 ||
		    (status == 403 && strstr(body, " proof") != NULL)),
	    "%s: retry after %ld", title, r->retry_after);
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct record records[RECORDS_MAX];
		struct reply r = { .body.max = REPLY_BODY_MAX };
		struct request q = { .source = "" };
		struct update u;

		update_start(&u, &q, records, answers[i].host_count,
		    answers[i].records);
		claim_start(&u.claim.ipv4, answers[i].ipv4);
		claim_start(&u.claim.ipv6, answers[i].ipv6);
		native_reply(&u, &r);
		check_reply(answers[i].title, &r, answers[i].native_status,
		    answers[i].native);
		reply_end(&r);
		r = (struct reply){ .body.max = REPLY_BODY_MAX };
		dyndns2_reply(&u, &r);
		check_reply(answers[i].title, &r, answers[i].dyndns2_status,
		    answers[i].dyndns2);
		reply_end(&r);
	}
	ROWS_END();
}

/* Names in the order of the request, each as often as it was sent. */
static void
test_order(void **state)
{
	static const struct short_record from[] = { { 1, "1.2.3.4",
							VERDICT_GOOD },
		{ 0, "1.2.3.4", VERDICT_NOCHG }, { 0, NULL, VERDICT_SKIPPED } };
	struct reply r = { .body.max = REPLY_BODY_MAX };
	struct request q = { .source = "" };
	struct record records[RECORDS_MAX];
	struct update u;

	(void)state;
	update_start(&u, &q, records, 2, from);
	claim_start(&u.claim.ipv4, "1.2.3.4");
	u.claim.has_names = true;
	u.claim.names[0] = &hosts[1];
	u.claim.names[1] = &hosts[0];
	u.claim.names[2] = &hosts[1];
	u.claim.name_count = 3;
	dyndns2_reply(&u, &r);
	check_reply("order", &r, 200,
	    "good 1.2.3.4\nnochg 1.2.3.4\ngood 1.2.3.4\n");
	reply_end(&r);
	ROWS_END();
}

/* What ends an update before there are verdicts. */
static const struct {
	enum err result;
	int native_status;
	const char *native;
	int dyndns2_status;
	const char *dyndns2;
} results[] = {
	{ ERR_AUTH, 401, "badauth\n", 401, "badauth\n" },
	{ ERR_TOO_MANY_FAILURES, 429, "limit\n", 503, "911\n" },
	{ ERR_LOGINS_BUSY, 503, "busy\n", 503, "911\n" },
	{ ERR_REQUEST, 400, "ipv4: the reason\n", 400, "dnserr\n" },
	{ ERR_NOT_A_NAME, 400, "ipv4: the reason\n", 400, "notfqdn\n" },
	{ ERR_TOO_MANY_NAMES, 400, "ipv4: the reason\n", 400, "numhost\n" },
	{ ERR_NOT_YOURS, 403, "nohost\n", 403, "nohost\n" },
	{ ERR_NOT_FOUND, 404, "notfound\n", 503, "911\n" },
	{ ERR_METHOD, 405, "method\n", 405, "badagent\n" },
	{ ERR_ABANDONED, 503, "busy\n", 503, "911\n" },
	{ ERR_MEMORY, 503, "busy\n", 503, "911\n" },
};

static void
test_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(results); i++) {
		struct request q = { .source = "" };
		struct update u = { .request = &q,
			.result = results[i].result };
		struct reply r = { .body.max = REPLY_BODY_MAX };
		const char *title = error_name(results[i].result);

		error_set(&u.why, results[i].result, "ipv4: the reason");
		native_reply(&u, &r);
		check_reply(title, &r, results[i].native_status,
		    results[i].native);
		ROW(find_success(r.body.data) == NULL, "%s: %s", title,
		    r.body.data);
		reply_end(&r);
		r = (struct reply){ .body.max = REPLY_BODY_MAX };
		dyndns2_reply(&u, &r);
		check_reply(title, &r, results[i].dyndns2_status,
		    results[i].dyndns2);
		ROW(find_success(r.body.data) == NULL, "%s: %s", title,
		    r.body.data);
		reply_end(&r);
	}
	ROWS_END();
}

/* The line of host in a body, with no NUL of its own. */
static void
line_of(const char *body, size_t host, char *line, size_t size)
{
	for (; host > 0 && *body != '\0'; host--)
		body += strcspn(body, "\n") + 1;
	snprintf(line, size, "%.*s", (int)strcspn(body, "\n"), body);
}

/*
 * Every pair of verdicts of one host, beside a host that is well: a failure
 * is never a 2xx, and the line of the host holds no word of success.
 */
static void
test_no_false_success(void **state)
{
	struct record records[RECORDS_MAX];
	struct request q = { .source = "" };

	(void)state;
	for (int v = 0; v < VERDICT__MAX * VERDICT__MAX * 2; v++) {
		const struct short_record from[] = {
			{ 0, "1.2.3.4", (enum verdict)(v / 2 / VERDICT__MAX) },
			{ 0, "2a01::1", (enum verdict)(v / 2 % VERDICT__MAX) },
			{ 1, v % 2 ? "1.2.3.4" : NULL, VERDICT_GOOD },
			{ 0, NULL, VERDICT_SKIPPED }
		};
		bool well = from[0].verdict <= VERDICT_GOOD &&
		    from[1].verdict <= VERDICT_GOOD;

		for (int dyndns2 = 0; dyndns2 < 2; dyndns2++) {
			struct reply r = { .body.max = REPLY_BODY_MAX };
			struct update u;
			char line[256];

			update_start(&u, &q, records, 1 + v % 2, from);
			claim_start(&u.claim.ipv4, "1.2.3.4");
			claim_start(&u.claim.ipv6, "2a01::1");
			(dyndns2 ? dyndns2_reply : native_reply)(&u, &r);
			line_of(r.body.data, 0, line, sizeof line);
			ROW((r.status == 200) == well, "%s and %s: %d",
			    verdict_word(from[0].verdict),
			    verdict_word(from[1].verdict), r.status);
			ROW(well || find_success(line) == NULL,
			    "%s and %s: \"%s\"", verdict_word(from[0].verdict),
			    verdict_word(from[1].verdict), line);
			reply_end(&r);
		}
	}
	ROWS_END();
}

/* Reasons are for the log: why a proof failed is nobody's business. */
static void
test_no_reason(void **state)
{
	struct record records[RECORDS_MAX];

	(void)state;
	for (int json = 0; json < 2; json++) {
		struct request q = { .source = "", .json = json };

		for (int v = 0; v < VERDICT__MAX; v++) {
			const struct short_record from[] = {
				{ 0, "1.2.3.4", (enum verdict)v },
				{ 0, NULL, VERDICT_SKIPPED }
			};
			struct reply r = { .body.max = REPLY_BODY_MAX,
				.json = json };
			struct update u;

			update_start(&u, &q, records, 1, from);
			native_reply(&u, &r);
			ROW(strstr(r.body.data, "reason") == NULL, "%s",
			    r.body.data);
			reply_end(&r);
		}
	}
	ROWS_END();
}

static void
test_json(void **state)
{
	static const struct short_record from[] = {
		{ 0, "89.14.163.156", VERDICT_GOOD }, { 0, "6", VERDICT_NOCHG },
		{ 1, "89.14.163.156", VERDICT_PROOF },
		{ 0, NULL, VERDICT_SKIPPED }
	};
	struct reply r = { .body.max = REPLY_BODY_MAX, .json = true };
	struct request q = { .source = "", .json = true };
	struct record records[RECORDS_MAX];
	struct update u;

	(void)state;
	update_start(&u, &q, records, 3, from);
	native_reply(&u, &r);
	assert_true(r.json);
	assert_string_equal(r.body.data,
	    "{\"status\":403,\"hosts\":["
	    "{\"name\":\"a.example\",\"verdict\":\"good\",\"records\":["
	    "{\"type\":\"A\",\"address\":\"89.14.163.156\","
	    "\"verdict\":\"good\"},"
	    "{\"type\":\"AAAA\",\"address\":null,\"verdict\":\"nochg\"}]},"
	    "{\"name\":\"b.example\",\"verdict\":\"proof\",\"records\":["
	    "{\"type\":\"A\",\"address\":\"89.14.163.156\","
	    "\"verdict\":\"proof\"}]}]}\n");
	reply_end(&r);

	r = (struct reply){ .body.max = REPLY_BODY_MAX, .json = true };
	u = (struct update){ .request = &q, .result = ERR_AUTH };
	native_reply(&u, &r);
	assert_int_equal(r.status, 401);
	assert_string_equal(r.body.data,
	    "{\"status\":401,\"error\":\"badauth\"}\n");
	reply_end(&r);
	/* dyndns2 knows no JSON. */
	r = (struct reply){ .body.max = REPLY_BODY_MAX, .json = true };
	dyndns2_reply(&u, &r);
	assert_false(r.json);
	assert_string_equal(r.body.data, "badauth\n");
	reply_end(&r);
}

/* More than one write can hold: the whole in short, and it says no less. */
static void
test_too_long(void **state)
{
	static struct host_settings many[SETTINGS_HOSTS_MAX];
	static struct record records[SETTINGS_HOSTS_MAX];
	char *name = malloc(251);

	(void)state;
	assert_non_null(name);
	memset(name, 'n', 250);
	name[250] = '\0';
	for (int v = 0; v < VERDICT__MAX * 2; v++) {
		enum verdict last = (enum verdict)(v / 2);
		bool json = v % 2;
		struct request q = { .source = "", .json = json };
		struct reply r = { .body.max = REPLY_BODY_MAX, .json = json };
		struct update u = { .request = &q,
			.records = records,
			.host_count = COUNT(many),
			.record_count = COUNT(many) };

		for (size_t i = 0; i < COUNT(many); i++) {
			many[i].name = name;
			u.hosts[i] = &many[i];
			records[i] = (struct record){ .host = &many[i],
				.verdict = VERDICT_GOOD };
			assert_true(address_parse_any(&records[i].address,
			    "89.14.163.156"));
		}
		records[COUNT(many) - 1].verdict = last;
		native_reply(&u, &r);
		ROW(!r.body.failed && r.body.len <= REPLY_BODY_MAX,
		    "%s: %zu bytes", verdict_word(last), r.body.len);
		ROW((r.status == 200) == (find_success(r.body.data) != NULL),
		    "%s: %d \"%s\"", verdict_word(last), r.status, r.body.data);
		ROW(r.body.len < 100, "%s: %zu bytes", verdict_word(last),
		    r.body.len);
		reply_end(&r);
	}
	free(name);
	ROWS_END();
}

static void
test_checkip(void **state)
{
	static const struct {
		const char *source;
		int status;
		const char *body;
	} rows[] = {
		{ "89.14.163.156", 200, "Current IP Address: 89.14.163.156\n" },
		{ "2A01:0C22::1", 200, "Current IP Address: 2a01:c22::1\n" },
		{ "::ffff:89.14.163.156", 200,
		    "Current IP Address: 89.14.163.156\n" },
		{ "unix:", 400, "dnserr\n" },
		{ "", 400, "dnserr\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply r = { .body.max = REPLY_BODY_MAX };
		struct request q = { .source = rows[i].source };

		dyndns2_checkip(&q, &r);
		check_reply(rows[i].source, &r, rows[i].status, rows[i].body);
		reply_end(&r);
	}
	ROWS_END();
}

/*
 * On the wire
 */

static const struct {
	struct reply reply;
	const char *body;
	const char *wire;
} sent[] = {
	{ { .status = 200 }, "a good 1.2.3.4\n",
	    "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 15\r\nCache-Control: no-store\r\n\r\n"
	    "a good 1.2.3.4\n" },
	{ { .status = 503, .retry_after = 17, .json = true }, "{}\n",
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Type: application/json\r\nContent-Length: 3\r\n"
	    "Cache-Control: no-store\r\nRetry-After: 17\r\n\r\n{}\n" },
	{ { .status = 200, .json = true, .type = "text/html" }, "<p>\n",
	    "Status: 200 OK\r\nContent-Type: text/html\r\n"
	    "Content-Length: 4\r\nCache-Control: no-store\r\n\r\n<p>\n" },
	{ { .status = 200, .id = "a-1" }, "ok\n",
	    "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 3\r\nCache-Control: no-store\r\n"
	    "X-Request-Id: a-1\r\n\r\nok\n" },
	{ { .status = 401 }, "badauth\n",
	    "Status: 401 Unauthorized\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n"
	    "Cache-Control: no-store\r\nWWW-Authenticate: Basic "
	    "realm=\"ddnsgate\", charset=\"UTF-8\"\r\n\r\nbadauth\n" },
	{ { .status = 405 }, "badagent\n",
	    "Status: 405 Method Not Allowed\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n"
	    "Cache-Control: no-store\r\nAllow: GET, POST\r\n\r\nbadagent\n" },
	{ { .status = 405,
	      .allow = "GET, HEAD",
	      .type = "text/html; charset=utf-8",
	      .policy = "default-src 'none'" },
	    "<p>\n",
	    "Status: 405 Method Not Allowed\r\n"
	    "Content-Type: text/html; charset=utf-8\r\nContent-Length: 4\r\n"
	    "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n"
	    "Content-Security-Policy: default-src 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n\r\n<p>\n" },
	{ { .status = 418 }, "",
	    "Status: 418 Unknown\r\nContent-Type: text/plain; charset=utf-8"
	    "\r\nContent-Length: 0\r\nCache-Control: no-store\r\n\r\n" },
	{ { .status = 400 }, "",
	    "Status: 400 Bad Request\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\n"
	    "Cache-Control: no-store\r\n\r\n" },
};

static void
test_send(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sent); i++) {
		struct reply r = sent[i].reply;
		struct buffer wire = { .max = REPLY_HEAD_MAX };

		r.body.max = REPLY_BODY_MAX;
		assert_true(buffer_puts(&r.body, sent[i].body));
		reply_head(&r, &wire);
		buffer_puts(&wire, sent[i].body);
		ROW(unit_same(wire.data, sent[i].wire), "%d: %s", r.status,
		    wire.data);
		buffer_free(&wire);
		reply_end(&r);
	}
	ROWS_END();
}

/* The longest reply still fits into libfcgi's buffer: one write. */
static void
test_one_write(void **state)
{
	struct reply r = { .status = 401,
		.retry_after = 2147483647,
		.body.max = REPLY_BODY_MAX };
	struct buffer head = { .max = REPLY_HEAD_MAX };
	char body[REPLY_BODY_MAX];

	(void)state;
	memset(body, 'a', sizeof body);
	assert_true(buffer_add(&r.body, body, sizeof body));
	reply_head(&r, &head);
	assert_false(head.failed);
	/* With the headers of the records of STDOUT and of the end. */
	assert_true(head.len + r.body.len + 8 + 8 + 16 <= 8192);
	buffer_free(&head);
	reply_end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_no_false_success),
		cmocka_unit_test(test_no_reason),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_checkip),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_one_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
