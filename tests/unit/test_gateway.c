/*
 * test_gateway.c - one whole configuration at work: its pages, the turns of
 * updates, accounts of a database, and a lack of memory in an update.
 */
#include "unit.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "account/verifier.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "certificates.h"
#include "gateway/gateway.h"
#include "gateway/hosts.h"
#include "gateway/reply.h"
#include "gateway/routes.h"
#include "gateway/slow.h"
#include "gateway/table.h"
#include "installed.h"
#include "scarce.h"

#define ROUTER "cm91dGVyOnRva2Vu" /* router:token, in base64 */
#define NOC    "bm9jOnRva2Vu"	  /* noc:token */
#define WRONG  "bm9ib2R5Ong="	  /* nobody:x */

static struct gateway *g;
static const char *configuration;

static void
make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", unit_directory(), name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* A provider that nobody can reach, and hosts without a proof. */
static void
write_configuration(void)
{
	char operator[VERIFIER_TEXT_MAX], router[VERIFIER_TEXT_MAX];
	const char *ca, *directory = unit_directory();
	struct identity authority;
	struct error why;
	char *text;

	assert_int_equal(verifier_make(operator, "noc:token", 9, 1000, &why),
	    ERR_OK);
	assert_int_equal(verifier_make(router, "router:token", 12, 1000, &why),
	    ERR_OK);
	identity_make_ca(&authority, "CA");
	ca = identity_file(&authority, "ca.pem");
	identity_end(&authority);
	make_folder("accounts.d");
	make_folder("state");
	assert_int_not_equal(
	    asprintf(&text,
		"{\"workers\": 4, \"ca\": \"%s\", \"state\": \"%s/state\","
		" \"metrics\": {\"allow\": [\"192.0.2.1\"]},"
		" \"peers\": [\"root\"], \"providers\": {\"home\": {"
		"  \"description\": \"powerdns\", \"addresses\": [\"127.0.0.1\"],"
		"  \"config\": {\"base\": \"https://api.example:9\"}}},"
		" \"notify\": {\"admin\": {\"mail\": \"root\", \"port\": 9,"
		"  \"events\": [\"silent\"]}},"
		" \"operators\": {\"noc\": {\"verifier\": \"%s\"}},"
		" \"accounts\": {\"router\": {\"verifier\": \"%s\","
		"  \"provider\": \"home\", \"hosts\": {"
		"   \"www.example.org\": {\"ipv4\": true, \"ipv6\": \"router\","
		"    \"removal\": true, \"proof\": {\"kind\": \"none\"}},"
		"   \"nas.example.org\": {\"ipv4\": true,"
		"    \"proof\": {\"kind\": \"none\"}}}}},"
		" \"account_directory\": \"%s/accounts.d\"}",
		ca, directory, operator, router, directory),
	    -1);
	configuration = unit_write("gateway.json", text, strlen(text));
	free(text);
}

static int
start(void **state)
{
	struct error why;

	(void)state;
	installed_begin();
	write_configuration();
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/null" },
			     &why),
	    ERR_OK);
	if ((g = gateway_new(configuration, &why)) == NULL)
		fail_msg("%s", why.text);
	assert_int_equal(gateway_open_state(g, &why), ERR_OK);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	gateway_free(g);
	return 0;
}

/*
 * Requests
 */

struct question {
	const char *method, *uri;
	const char *source; /* "": the web server does not say it */
	const char *login;  /* in base64; NULL: none */
	const char *form;   /* NULL: none */
};

/* The reply to a question; reply_end() is due. */
static void
ask(const struct question *a, struct gateway_tools *t, struct reply *r)
{
	char method[64], path[512], query[512], source[64], header[64],
	    type[] = "CONTENT_TYPE=application/x-www-form-urlencoded";
	char *variables[] = { method, path, query, source, type, NULL, NULL };
	const char *mark = strchr(a->uri, '?');
	struct request q;

	snprintf(method, sizeof method, "REQUEST_METHOD=%s", a->method);
	snprintf(path, sizeof path, "REQUEST_URI=%s", a->uri);
	snprintf(query, sizeof query, "QUERY_STRING=%s",
	    mark != NULL ? mark + 1 : "");
	snprintf(source, sizeof source, "REMOTE_ADDR=%s", a->source);
	snprintf(header, sizeof header, "HTTP_AUTHORIZATION=Basic %s",
	    unit_text(a->login));
	if (a->login != NULL)
		variables[5] = header;
	request_read(&q, variables, -1, clock_now());
	if (a->form != NULL)
		request_read_form(&q, a->form);
	gateway_handle(g, t, &q, r);
	gateway_count(g, t);
	r->id = NULL;
	request_end(&q);
}

/* The workers of a pool, as its supervisor counts them. */
static void
count_workers(const void *board, struct worker_counts *c)
{
	*c = *(const struct worker_counts *)board;
}

static const struct worker_counts all = { .all = 4 }, half = { .all = 2 },
				  one = { .all = 1 },
				  old = { .all = 4, .outdated = true },
				  bad = { .all = 1, .outdated = true };

#define VALUE256                                               \
	"abcdefghijklmnopqrstuvwxyz01234567890123456789012345" \
	"6789abcdefghijklmnopqrstuvwxyz0123456789012345678901" \
	"234567890abcdefghijklmnopqrstuvwxyz01234567890123456" \
	"78901234567890abcdefghijklmnopqrstuvwxyz012345678901" \
	"2345678901234567890123456789012345678901234567890"
#define OUTDATED "the configuration on disk is not the one in force\n"

static const struct {
	struct question ask;
	const struct worker_counts *workers; /* NULL: there is no pool */
	int status;
	const char *has;
} views[] = {
	{ { "GET", "/healthz", "", NULL, NULL }, NULL, 200, "ok\n" },
	{ { "HEAD", "/healthz", "", NULL, NULL }, NULL, 200, "ok\n" },
	{ { "POST", "/healthz", "", NULL, NULL }, NULL, 405, "method\n" },
	{ { "GET", "/healthz", "", NULL, NULL }, &all, 200, "ok\n" },
	{ { "GET", "/healthz", "", NULL, NULL }, &half, 200, "ok\n" },
	{ { "GET", "/healthz", "", NULL, NULL }, &one, 503,
	    "only 1 of 4 workers are there\n" },
	{ { "GET", "/healthz", "", NULL, NULL }, &old, 503, OUTDATED },
	{ { "GET", "/healthz", "", NULL, NULL }, &bad, 503,
	    "only 1 of 4 workers are there; " OUTDATED },
	{ { "GET", "/metrics", "", NULL, NULL }, NULL, 401, "badauth\n" },
	{ { "GET", "/metrics", "192.0.2.9", NULL, NULL }, NULL, 401,
	    "badauth\n" },
	{ { "GET", "/metrics", "192.0.2.9", ROUTER, NULL }, NULL, 401,
	    "badauth\n" },
	{ { "GET", "/metrics", "192.0.2.9", NOC, NULL }, NULL, 200,
	    "ddnsgate_info{" },
	{ { "GET", "/metrics", "192.0.2.1", NULL, NULL }, &all, 200,
	    "ddnsgate_workers{state=\"idle\"} 4\n" },
	{ { "GET", "/status", "192.0.2.9", NULL, NULL }, NULL, 401,
	    "Log in with the user and the token" },
	{ { "POST", "/status", "192.0.2.9", NULL, NULL }, NULL, 405,
	    "This page can only be looked at." },
	{ { "HEAD", "/status", "192.0.2.9", NOC, NULL }, NULL, 200,
	    "www.example.org" },
	{ { "GET", "/status", "", NOC, NULL }, NULL, 200, "www.example.org" },
	{ { "GET", "/status?q=nas", "", ROUTER, NULL }, NULL, 200,
	    "nas.example.org" },
	/* One that is too long is none. */
	{ { "GET", "/status?q=" VALUE256, "", ROUTER, NULL }, NULL, 200,
	    "www.example.org" },
	{ { "GET", "/nic/checkip", "", NULL, NULL }, NULL, 400, "dnserr\n" },
	{ { "GET", "/nic/checkip", "192.0.2.9", NULL, NULL }, NULL, 200,
	    "Current IP Address: 192.0.2.9\n" },
	{ { "PUT", "/update", "192.0.2.9", ROUTER, NULL }, NULL, 405,
	    "method\n" },
	{ { "GET", "/nowhere", "192.0.2.9", NULL, NULL }, NULL, 404,
	    "notfound\n" },
	/* The address of one host, and none of the other. */
	{ { "GET", "/update?ipv6=2001:db8::1", "192.0.2.9", ROUTER, NULL },
	    NULL, 400, "www.example.org address\n" },
	{ { "POST", "/update", "192.0.2.9", ROUTER,
	      "host=nas.example.org&ipv4=10.0.0.1" },
	    NULL, 400, "nas.example.org address\n" },
};

static struct gateway_tools
new_tools(const struct worker_counts *workers)
{
	return (struct gateway_tools){ .count_workers = workers != NULL ?
		    count_workers :
		    NULL,
		.board = workers,
		.exchanges = exchanges_new(g->trust),
		.store = store_open(g->state),
		.edition = g->settings->edition };
}

static void
end_tools(struct gateway_tools *t)
{
	gateway_give_up(t);
	store_close(t->store);
	exchanges_free(t->exchanges);
}

static void
test_views(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(views); i++) {
		struct gateway_tools t = new_tools(views[i].workers);
		struct reply r;

		ask(&views[i].ask, &t, &r);
		ROW(r.status == views[i].status &&
			strstr(buffer_text(&r.body), views[i].has) != NULL,
		    "%zu: %s %s: %d %s", i, views[i].ask.method,
		    views[i].ask.uri, r.status, buffer_text(&r.body));
		reply_end(&r);
		gateway_go_on(&t, clock_now()); /* nothing is left to do */
		end_tools(&t);
	}
	ROWS_END();
}

/* Who tries too many logins is told so by each page, in its own words. */
static void
test_too_many_logins(void **state)
{
	static const struct question page = { "GET", "/status", "198.51.100.7",
		WRONG, NULL },
				     numbers = { "GET", "/metrics",
					     "198.51.100.7", WRONG, NULL };
	struct gateway_tools t = new_tools(NULL);
	struct reply r = { .status = 401 };

	(void)state;
	for (int i = 0; i < 200 && r.status == 401; i++) {
		ask(&page, &t, &r);
		if (r.status == 401)
			reply_end(&r);
	}
	assert_int_equal(r.status, 429);
	assert_true(r.retry_after > 0);
	assert_non_null(strstr(buffer_text(&r.body), "Too many attempts"));
	reply_end(&r);
	ask(&numbers, &t, &r);
	assert_int_equal(r.status, 429);
	assert_string_equal(buffer_text(&r.body), "limit\n");
	reply_end(&r);
	end_tools(&t);
}

static struct settings *
writable(void)
{
	return (struct settings *)(uintptr_t)g->settings;
}

static void
publish(struct store *st, const char *host, int64_t expiry)
{
	static const enum state_outcome applied[STATE_FAMILIES] = {
		OUTCOME_APPLIED, OUTCOME_APPLIED
	};
	struct state_claim c = { .host = host,
		.account = "router",
		.expiry = expiry,
		.wanted = { { .kind = VALUE_ADDRESS,
				.address = unit_address("89.14.163.157") },
		    { .kind = VALUE_NONE } } };
	struct state_value before[STATE_FAMILIES];

	assert_int_equal(store_intend(st, &c, before), ERR_OK);
	store_apply(st, &c, applied);
}

/* The hosts of the configuration, as long as they are to be shown. */
static void
test_hosts_shown(void **state)
{
	static const struct question numbers = { "GET", "/metrics", "192.0.2.1",
		NULL, NULL };
	static const struct worker_counts none = { .all = 4 };
	struct gateway_tools t = new_tools(&none);
	struct account_settings *router;
	size_t hosts;
	struct reply r;

	(void)state;
	publish(t.store, "www.example.org", 1900000000);
	publish(t.store, "nas.example.org", 0);
	publish(t.store, "gone.example.org", 1900000000);
	/* A place of a worker that is about to be free counts as none. */
	assert_true(slow_enter(g->slow, "router", NULL));
	ask(&numbers, &t, &r);
	slow_leave(g->slow, "router", true);
	assert_non_null(strstr(r.body.data,
	    "age_seconds{host=\"www.example.org\",account=\"router\"} "));
	assert_non_null(strstr(r.body.data,
	    "age_seconds{host=\"nas.example.org\",account=\"router\"} "));
	assert_non_null(strstr(r.body.data,
	    "timestamp_seconds{host=\"www.example.org\",account=\"router\"} "
	    "1900000000\n"));
	assert_null(strstr(r.body.data, "timestamp_seconds{host=\"nas"));
	assert_null(strstr(r.body.data, "gone.example.org"));
	assert_non_null(strstr(r.body.data, "state=\"slow\"} 0\n"));
	assert_non_null(strstr(r.body.data, "state=\"busy\"} 0\n"));
	reply_end(&r);
	writable()->metrics.hosts = false;
	ask(&numbers, &t, &r);
	writable()->metrics.hosts = true;
	assert_null(strstr(r.body.data, "example.org"));
	reply_end(&r);
	router = &writable()->accounts[0];
	hosts = router->host_count;
	router->host_count = 1001; /* of which none is looked at */
	ask(&numbers, &t, &r);
	router->host_count = hosts;
	assert_null(strstr(r.body.data, "example.org"));
	reply_end(&r);
	end_tools(&t);
}

/* The first of two hosts names a CA that is not there. */
static void
test_no_ca(void **state)
{
	static const char text[] =
	    "{\"verifier\": \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
	    "$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\","
	    " \"provider\": \"home\", \"hosts\": {\"a.example.org\":"
	    " {\"ipv4\": true, \"proof\": {\"ca\": \"/nowhere.pem\"}},"
	    " \"b.example.org\": {\"ipv4\": true}}}";
	const char *file =
	    unit_write("accounts.d/x.json", text, sizeof text - 1);
	struct gateway *other;
	struct error why;

	(void)state;
	assert_non_null(other = gateway_new(configuration, &why));
	assert_int_equal(other->settings->fault_count, 1);
	assert_non_null(strstr(other->settings->faults[0].text,
	    "/nowhere.pem: No such file or directory"));
	assert_null(settings_account(other->settings, "x"));
	gateway_free(other);
	assert_int_equal(unlink(file), 0);
}

/* As with each reload: the bytes of the heap that are in use afterwards. */
static size_t
reload(unsigned int times)
{
	struct gateway *newer, *older;
	struct error why;

	assert_non_null(older = gateway_new(configuration, &why));
	assert_int_equal(gateway_open_state(older, &why), ERR_OK);
	for (unsigned int i = 0; i < times; i++) {
		assert_non_null(newer = gateway_read_again(older, &why));
		assert_int_equal(gateway_open_state(newer, &why), ERR_OK);
		gateway_inherit(newer, older);
		gateway_free(older);
		older = newer;
	}
	gateway_free(older);
	return mallinfo2().uordblks;
}

/* What a reload left behind would be there a hundred times. */
static void
test_nothing_stays(void **state)
{
	size_t before, after;

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's, which looks itself");
		return;
	}
	(void)reload(50);
	before = reload(1);
	after = reload(100);
	if (after > before + 1000)
		fail_msg("%zu bytes more", after - before);
}

/* A history that somebody else wrote into is no reason not to serve. */
static void
test_odd_source(void **state)
{
	struct store *st = store_open(g->state);
	struct state_event e = { .at = time(NULL),
		.account = "router",
		.host = "nas.example.org",
		.type = "A",
		.source = "nowhere",
		.verdict = "good" };
	struct gateway *other;
	struct error why;

	(void)state;
	store_record(st, &e);
	e.source = "192.0.2.7";
	store_record(st, &e);
	e.source = NULL;
	store_record(st, &e);
	store_close(st);
	assert_non_null(other = gateway_new(configuration, &why));
	assert_int_equal(gateway_open_state(other, &why), ERR_OK);
	gateway_free(other);
}

/* Of many wrong accounts some are told, and how many there are besides. */
static void
test_faults_told(void **state)
{
	char name[300], *text;
	const char *log = unit_write("log", "", 0);
	struct gateway *other;
	struct error why;

	(void)state;
	for (int i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "accounts.d/w%d.json", i);
		unit_write(name, "{", 1);
	}
	assert_non_null(other = gateway_new(configuration, &why));
	assert_int_equal(log_open(&(struct log_settings){ .to = log }, &why),
	    ERR_OK);
	gateway_log_faults(other);
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/null" },
			     &why),
	    ERR_OK);
	gateway_free(other);
	text = unit_read(log);
	assert_non_null(strstr(text, "accounts.d: 2 more accounts are wrong"));
	free(text);
	for (int i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "%s/accounts.d/w%d.json",
		    unit_directory(), i);
		assert_int_equal(unlink(name), 0);
	}
}

/*
 * Turns
 */

/* An update that has come as far as its plan. */
static void
begin(struct update *u, struct store *st, const struct request *q,
    const char *address)
{
	const struct account_settings *a =
	    settings_account(g->settings, "router");

	*u = (struct update){ .gateway = g, .store = st, .request = q };
	u->login.account = a;
	u->host_count = 2;
	assert_non_null(u->records = calloc(2, sizeof *u->records));
	u->record_count = 2;
	for (size_t i = 0; i < 2; i++) {
		u->hosts[i] = &a->hosts[i];
		u->records[i] = (struct record){ .host = u->hosts[i],
			.address = unit_address(address),
			.verdict = VERDICT_OPEN };
	}
	assert_int_equal(hosts_recall(u), ERR_OK);
}

static void
finish(struct update *u)
{
	hosts_learn(u);
	free(u->states);
	free(u->records);
}

static void
check(const struct update *u, enum verdict verdict, const char *why)
{
	for (size_t i = 0; i < u->record_count; i++)
		ROW(u->records[i].verdict == verdict &&
			(why == NULL ||
			    (u->records[i].why != NULL &&
				strcmp(u->records[i].why->text, why) == 0)),
		    "%zu: %s %s, not %s", i,
		    verdict_word(u->records[i].verdict),
		    u->records[i].why != NULL ? u->records[i].why->text : "-",
		    unit_text(why));
}

/* Until the clock of the store has another millisecond. */
static void
pass_a_moment(void)
{
	int64_t now = clock_now();

	while (clock_now() < now + 2)
		;
}

/* An equal claim waits for the first one, and shares what that finds. */
static void
test_equal(void **state)
{
	struct store *st = store_open(g->state), *other = store_open(g->state);
	struct request q = { .arrival = 1000 }, later = { .arrival = 2000 };
	struct update first, second;

	(void)state;
	begin(&first, st, &q, "89.14.163.156");
	begin(&second, other, &later, "89.14.163.156");
	hosts_take_turns(&first, clock_now());
	hosts_announce(&second);
	check(&second, VERDICT_OPEN, NULL);
	assert_true(hosts_keep_turns(&first));
	pass_a_moment();
	first.records[0].verdict = VERDICT_GOOD;
	first.records[1].verdict = VERDICT_PROVIDER;
	finish(&first);
	hosts_take_turns(&second, clock_now());
	assert_int_equal(second.records[0].verdict, VERDICT_GOOD);
	assert_int_equal(second.records[1].verdict, VERDICT_PROVIDER);
	assert_string_equal(second.records[0].why->text,
	    "as an equal update found");
	finish(&second);
	store_close(st);
	store_close(other);
	ROWS_END();
}

/* A newer claim does not wait for ever, and stops the older one meanwhile. */
static void
test_newer(void **state)
{
	struct store *st = store_open(g->state), *other = store_open(g->state);
	struct request q = { .arrival = 3000 }, later = { .arrival = 4000 },
		       earlier = { .arrival = 2500 };
	struct update first, second, third;

	(void)state;
	begin(&first, st, &q, "89.14.163.158");
	begin(&second, other, &later, "89.14.163.159");
	begin(&third, other, &earlier, "89.14.163.160");
	hosts_take_turns(&first, clock_now());
	for (size_t i = 0; i < 2; i++)
		hosts_intend(&first, i);
	/* So long that it keeps the turn that it has itself meanwhile. */
	hosts_take_turns(&second, clock_now() + 2 * HOSTS_TICK_MS);
	check(&second, VERDICT_BUSY, "another update of the host is under way");
	assert_false(hosts_keep_turns(&first));
	check(&first, VERDICT_BUSY, "a newer claim is there");
	hosts_intend(&first, 0);
	/* One whose records have their verdicts announces nothing. */
	third.records[1].verdict = VERDICT_ADDRESS;
	hosts_announce(&third);
	assert_int_equal(third.records[0].verdict, VERDICT_BUSY);
	assert_int_equal(third.records[1].verdict, VERDICT_ADDRESS);
	finish(&third);
	finish(&second);
	finish(&first);
	store_close(st);
	store_close(other);
	ROWS_END();
}

struct told {
	char text[2048];
};

static bool
see_event(const struct state_event *e, void *data)
{
	struct told *told = data;
	size_t n = strlen(told->text);

	snprintf(told->text + n, sizeof told->text - n, "%s %s %s>%s %s %s\n",
	    e->host, e->type, unit_text(e->old), unit_text(e->new), e->verdict,
	    unit_text(e->reason));
	return n < 1024;
}

/* What was removed, what was refused without a reason, and what is open. */
static void
test_learned(void **state)
{
	static const struct state_search search = { .most = 4 };
	static const char learned[] =
	    "nas.example.org A 89.14.163.157>89.14.163.161 provider \n"
	    "www.example.org A 89.14.163.157>none good (null)\n";
	struct store *st = store_open(g->state);
	struct request q = { .arrival = 5000 };
	struct told told = { .text = "" };
	struct update u;

	(void)state;
	publish(st, "www.example.org", 0);
	publish(st, "nas.example.org", 0);
	begin(&u, st, &q, "89.14.163.161");
	u.records[0].remove = true;
	u.records[0].address = (struct address){ .family = AF_INET };
	u.records[0].proof.seen.valid_until = 1900000000;
	/* A proof that failed says nothing of when the certificate ends. */
	u.records[1].proof.result = ERR_PROOF;
	u.records[1].proof.seen.valid_until = 1000;
	u.has_source = true;
	u.source = unit_address("192.0.2.7");
	hosts_take_turns(&u, clock_now());
	for (size_t i = 0; i < 2; i++) {
		hosts_intend(&u, i);
		u.records[i].publication =
		    (struct publication){ .leave = LEAVE_GIVEN,
			    .name = u.hosts[i]->name,
			    .result = i == 0 ? ERR_OK : ERR_BUSY,
			    .done = true };
	}
	u.records[0].verdict = VERDICT_GOOD;
	u.records[1].verdict = VERDICT_PROVIDER;
	u.records[1].why = NULL;
	finish(&u);
	assert_int_equal(store_history(st, &search, see_event, &told), ERR_OK);
	ROW(strncmp(told.text, learned, strlen(learned)) == 0, "%s", told.text);
	begin(&u, st, &q, "89.14.163.161");
	check(&u, VERDICT_OPEN, NULL);
	finish(&u);
	/* Without a store nothing is known, and nothing said. */
	begin(&u, NULL, &q, "89.14.163.161");
	assert_null(u.states);
	hosts_take_turns(&u, clock_now());
	hosts_intend(&u, 0);
	assert_true(hosts_keep_turns(&u));
	finish(&u);
	store_close(st);
	ROWS_END();
}

/*
 * A lack of memory
 */

static struct gateway_tools tools;

/*
 * Open all the time, so that nobody who closes the file is the last one, who
 * would wait for the disk.
 */
static sqlite3 *kept_open;

static void
open_file(void)
{
	char name[300];

	snprintf(name, sizeof name, "%s/state/state.db", unit_directory());
	assert_int_equal(sqlite3_open(name, &kept_open), SQLITE_OK);
	assert_int_equal(sqlite3_exec(kept_open, "PRAGMA synchronous = OFF",
			     NULL, NULL, NULL),
	    SQLITE_OK);
}

/* A turn that could not be given back would be waited for. */
static void
end_turns(void)
{
	scarce_pause(true);
	assert_int_equal(sqlite3_exec(kept_open, "DELETE FROM turn", NULL, NULL,
			     NULL),
	    SQLITE_OK);
	scarce_pause(false);
}

/* Nobody can publish it, so no reply may seem to say that somebody did. */
static bool
update(struct error *why)
{
	static const struct question updates[] = {
		{ "GET", "/update?host=nas.example.org&ipv4=89.14.163.162",
		    "192.0.2.8", ROUTER, NULL },
		{ "POST", "/nic/update", "192.0.2.8", ROUTER,
		    "hostname=www.example.org&myip=89.14.163.163" },
	};

	(void)why;
	for (size_t i = 0; i < COUNT(updates); i++) {
		struct reply r;
		int64_t began;

		end_turns();
		began = clock_now();
		tools.store = store_open(g->state);
		ask(&updates[i], &tools, &r);
		ROW(r.status >= 500 || !heap_wipes(), "%s: %d %s",
		    updates[i].uri, r.status, buffer_text(&r.body));
		/* What lacks the means is not waited for. */
		ROW(clock_now() - began < UPDATE_PROVIDER_MS, "%s: %lld ms",
		    updates[i].uri, (long long)(clock_now() - began));
		reply_end(&r);
		gateway_give_up(&tools);
		store_close(tools.store);
		tools.store = NULL;
	}
	return true;
}

static void
test_scarce_updates(void **state)
{
	(void)state;
	tools = new_tools(NULL);
	store_close(tools.store);
	open_file();
	assert_int_not_equal(scarce_each("updates", update), 0);
	tools.store = NULL;
	end_tools(&tools);
	sqlite3_close(kept_open);
	ROWS_END();
}

/*
 * Accounts of a database
 */

#define ACCOUNT(host)                                                \
	"{\"verifier\": \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI" \
	"$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\","            \
	" \"provider\": \"home\", \"hosts\": {\"" host               \
	".example.org\": {\"ipv4\": true}}}"

/* What stands in for it. */
static struct {
	bool is_there;
	int64_t version; /* 0: it does not answer */
	struct state_account list[3];
	size_t count;
	enum err end; /* after the last one */
} database;

int64_t __wrap_store_accounts_version(struct store *st);
int64_t __real_store_accounts_version(struct store *st);
enum err __wrap_store_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data);
enum err __real_store_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data);

int64_t
__wrap_store_accounts_version(struct store *st)
{
	return database.is_there ? database.version :
				   __real_store_accounts_version(st);
}

enum err
__wrap_store_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data)
{
	if (!database.is_there)
		return __real_store_accounts(st, since, each, data);
	for (size_t i = 0; i < database.count; i++)
		if (database.list[i].version > since)
			(void)each(&database.list[i], data);
	return database.end;
}

/* One look after the other at a list that changes. */
static const struct {
	int64_t version;
	struct state_account list[3];
	size_t count;
	enum err end, rc;
	int64_t known; /* the version that was read */
	const char *there, *gone;
} looks[] = {
	{ 0, { { NULL, NULL, 0 } }, 0, ERR_OK, ERR_UNREACHABLE, 0, "router",
	    "a" },
	{ 2, { { "a", ACCOUNT("a"), 1 }, { "b", ACCOUNT("b"), 2 } }, 2, ERR_OK,
	    ERR_OK, 2, "a b", "c" },
	/* It was lost in the middle: what was read stays. */
	{ 4, { { "c", ACCOUNT("c"), 3 } }, 1, ERR_UNREACHABLE, ERR_UNREACHABLE,
	    2, "a b c", "d" },
	{ 4, { { "c", ACCOUNT("c"), 3 }, { "a", NULL, 4 } }, 2, ERR_OK, ERR_OK,
	    4, "b c", "a" },
	/* Another one came while it was read. */
	{ 5, { { "d", ACCOUNT("d"), 6 } }, 1, ERR_OK, ERR_OK, 6, "b c d", "a" },
	/* A backup takes its place. */
	{ 2, { { "a", ACCOUNT("a"), 1 }, { "b", ACCOUNT("b"), 2 } }, 2, ERR_OK,
	    ERR_OK, 2, "a b router", "d" },
};

static void
set_database(size_t look)
{
	database.is_there = true;
	database.version = looks[look].version;
	memcpy(database.list, looks[look].list, sizeof database.list);
	database.count = looks[look].count;
	database.end = looks[look].end;
}

static bool
has_each(const struct settings *s, const char *names)
{
	char copy[64], *rest = copy, *name;
	bool all_there = true;

	snprintf(copy, sizeof copy, "%s", names);
	while ((name = strsep(&rest, " ")) != NULL)
		all_there = all_there && settings_account(s, name) != NULL;
	return all_there;
}

static struct settings *
read_settings(struct error *why)
{
	struct settings *s = settings_read(configuration, why);

	if (s != NULL)
		s->account_table = true;
	return s;
}

static void
test_table(void **state)
{
	struct error why;
	struct settings *s = read_settings(&why);

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < COUNT(looks); i++) {
		enum err rc;

		set_database(i);
		rc = table_read(s, NULL, NULL, &why);
		ROW(rc == looks[i].rc && s->table_version == looks[i].known,
		    "%zu: %s, version %lld", i, error_name(rc),
		    (long long)s->table_version);
		ROW(has_each(s, looks[i].there) &&
			settings_account(s, looks[i].gone) == NULL,
		    "%zu: other accounts", i);
		ROW(rc != ERR_UNREACHABLE ||
			strstr(why.text, "the accounts there cannot be read"),
		    "%zu: %s", i, why.text);
	}
	database.is_there = false;
	settings_free(s);
	ROWS_END();
}

#ifdef HAVE_LIBPQ
/* Who reads all accounts is told where those of the database are missing. */
static void
test_table_settings(void **state)
{
	char *text = unit_read(configuration);
	const char *file = unit_write_changed("table.json", text, "/state",
	    "\"postgresql:///ddns?host=/nonexistent\"");
	struct settings *s;
	struct error why;

	(void)state;
	free(text);
	text = unit_read(file);
	file = unit_write_changed("table.json", text, "/account_table", "true");
	free(text);
	set_database(1);
	s = table_read_settings(file, &why);
	assert_non_null(s);
	assert_true(has_each(s, "a b router"));
	settings_free(s);
	set_database(0);
	assert_null(table_read_settings(file, &why));
	assert_int_equal(why.code, ERR_UNREACHABLE);
	database.is_there = false;
	/* And where there is none, nobody asks it. */
	s = table_read_settings(configuration, &why);
	assert_non_null(s);
	settings_free(s);
	assert_null(table_read_settings("/nonexistent", &why));
}
#endif

static struct settings *present;

/* What seems to be read is there. */
static bool
read_table(struct error *why)
{
	bool good;

	present->table_version = 0;
	good = table_read(present, NULL, NULL, why) == ERR_OK;
	if (good)
		ROW(has_each(present, "a b router"), "an account is lost");
	return good;
}

static void
test_scarce_table(void **state)
{
	struct error why;

	(void)state;
	assert_non_null(present = read_settings(&why));
	set_database(1);
	assert_int_not_equal(scarce_each("a table", read_table), 0);
	database.is_there = false;
	settings_free(present);
	ROWS_END();
}

/*
 * Begins anew without the memory that a thread keeps when it is given back
 * (tcache), since that would count as in use.
 */
static void
begin_without_cache(char *argv[])
{
	static const char name[] = "GLIBC_TUNABLES";

	if (getenv(name) != NULL)
		return;
	setenv(name, "glibc.malloc.tcache_count=0", 1);
	execv("/proc/self/exe", argv);
	perror("/proc/self/exe");
	exit(EXIT_FAILURE);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_hosts_shown),
		cmocka_unit_test(test_no_ca),
		cmocka_unit_test(test_nothing_stays),
		cmocka_unit_test(test_odd_source),
		cmocka_unit_test(test_faults_told),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_scarce_updates),
		cmocka_unit_test(test_table),
#ifdef HAVE_LIBPQ
		cmocka_unit_test(test_table_settings),
#endif
		cmocka_unit_test(test_scarce_table),
		cmocka_unit_test(test_too_many_logins),
	};

	(void)argc;
	begin_without_cache(argv);
	return cmocka_run_group_tests(tests, start, end);
}
