/*
 * test_update.c - the whole job, with proofs and a provider of the test's
 * own: what reaches whom, and what becomes of each record.
 */
#include "gateway/budget.h"
#include "gateway/slow.h"
#include "gateway/targets.h"
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "gateway/update.h"

#define RECORDS_MAX 6
#define HEADER	    "Basic cm91dGVyOnRva2Vu" /* router:token */

static struct host_settings hosts[] = {
	{ .name = (char *)(uintptr_t) "a.example",
	    .ipv4 = IPV4_ROUTER,
	    .ipv6 = IPV6_ROUTER,
	    .ttl = 60,
	    .zone = (char *)(uintptr_t) "example" },
	{ .name = (char *)(uintptr_t) "b.example",
	    .ipv4 = IPV4_ROUTER,
	    .ipv6 = IPV6_ROUTER,
	    .partial = true },
	{ .name = (char *)(uintptr_t) "c.example",
	    .ipv4 = IPV4_ROUTER,
	    .removal = true,
	    .proof.kind = PROOF_NONE },
};
static struct account_settings account = {
	.name = "router",
	.hosts = hosts,
	.host_count = COUNT(hosts),
	.verifier = "$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
		    "$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ",
};
static const struct settings settings = {
	.file = (char *)(uintptr_t) "ddnsgate.json",
	.accounts = &account,
	.account_count = 1,
};

/*
 * What stands in for the two: an address in one of these lists fails.
 */
static struct {
	const char *unproved; /* addresses, with blanks between */
	const char *lacking;  /* for which we had no descriptor */
	const char *without;  /* no socket to publish it */
	const char *refused;
	const char *busy;
	const char *unchanged;
	bool leave;   /* the client goes during the proofs */
	bool starved; /* an allocation fails meanwhile */
	int peer;     /* of the client's connection */
	size_t proofs, published;
	char asked[512]; /* "HOST ADDRESS " of each proof */
	char sent[512];	 /* and of each record published */
	char token[64];
	int64_t proof_deadline, publish_deadline;
} world;

/* Time passes only while the job waits for nothing but time. */
static int64_t now = 1000;

int64_t __wrap_clock_now(void);
int __wrap_clock_left(int64_t deadline);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

int64_t
__wrap_clock_now(void)
{
	return now;
}

int
__wrap_clock_left(int64_t deadline)
{
	return deadline > now ? (int)(deadline - now) : 0;
}

/* What _FORTIFY_SOURCE makes of it. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);

int
__wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	(void)size;
	return __wrap_poll(fds, n, timeout);
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (n > 0)
		return __real_poll(fds, n, timeout);
	now += timeout;
	return 0;
}

static bool
listed(const char *list, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	return list != NULL && strstr(list, address_format(a, text)) != NULL;
}

static void
note(char *to, size_t size, const char *name, const struct address *a,
    bool removed)
{
	size_t n = strlen(to);
	char text[ADDRESS_TEXT_MAX];

	snprintf(to + n, size - n, "%s %s ", name,
	    removed ? "none" : address_format(a, text));
}

struct proofs *__wrap_proofs_start(const struct prover *p,
    struct proof *const list[], size_t count, int64_t deadline);

/* Everything is proved, or not, before the loop begins. */
struct proofs *
__wrap_proofs_start(const struct prover *p, struct proof *const list[],
    size_t count, int64_t deadline)
{
	const volatile size_t most = PTRDIFF_MAX;

	(void)p;
	world.proof_deadline = deadline;
	for (size_t i = 0; i < count; i++) {
		note(world.asked, sizeof world.asked, list[i]->host,
		    &list[i]->address, false);
		list[i]->ended = 5;
		list[i]->done = true;
		list[i]->result = listed(world.unproved, &list[i]->address) ?
		    error_set(&list[i]->why, ERR_PROOF, "connect: refused") :
		    ERR_OK;
		if (listed(world.lacking, &list[i]->address))
			list[i]->result = error_set(&list[i]->why, ERR_SYSTEM,
			    "socket: too many open files");
	}
	world.proofs += count;
	if (world.starved)
		assert_null(malloc(most));
	if (world.leave)
		shutdown(world.peer, SHUT_WR);
	return NULL;
}

const struct provider *__wrap_providers_get(const struct providers *p,
    size_t index);

const struct provider *
__wrap_providers_get(const struct providers *p, size_t index)
{
	(void)p;
	(void)index;
	return NULL;
}

/* The provider: it is read at once, and written when every leave is decided. */
struct publishing {
	struct publication *const *records;
	size_t count;
	long retry_after;
};

struct publishing *__wrap_provider_start(const struct provider *p,
    struct exchanges *x, const char *token, struct publication *const records[],
    size_t count, int64_t deadline, int64_t late);
bool __wrap_provider_step(struct publishing *pub);
int64_t __wrap_provider_due(const struct publishing *pub);
bool __wrap_provider_in_flight(const struct publishing *pub);
bool __wrap_provider_goes_on(const struct publishing *pub);
void __wrap_provider_finish(struct publishing *pub, long *retry_after);

struct publishing *
__wrap_provider_start(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, int64_t late)
{
	static struct publishing pub;

	(void)p;
	(void)x;
	assert_int_equal(late, deadline + UPDATE_LATE_MS);
	snprintf(world.token, sizeof world.token, "%s", token);
	world.publish_deadline = deadline;
	pub = (struct publishing){ .records = records, .count = count };
	return &pub;
}

static void
write_record(struct publishing *pub, struct publication *r)
{
	r->done = true;
	if (r->leave == LEAVE_REFUSED) {
		r->result = error_set(&r->why, ERR_ABANDONED, "not written");
		return;
	}
	note(world.sent, sizeof world.sent, r->name, &r->address, r->remove);
	r->result = ERR_OK;
	r->changed = !listed(world.unchanged, &r->address);
	if (listed(world.refused, &r->address))
		r->result = error_set(&r->why, ERR_REFUSED, "no");
	if (listed(world.busy, &r->address))
		r->result = error_set(&r->why, ERR_BUSY, "later");
	if (listed(world.without, &r->address))
		r->result = error_set(&r->why, ERR_SYSTEM, "socket");
	if (r->result == ERR_BUSY)
		pub->retry_after = 17;
	world.published++;
}

bool
__wrap_provider_step(struct publishing *pub)
{
	for (size_t i = 0; i < pub->count; i++)
		if (pub->records[i]->leave == LEAVE_AWAITED)
			return true;
	for (size_t i = 0; i < pub->count; i++)
		if (!pub->records[i]->done)
			write_record(pub, pub->records[i]);
	return false;
}

int64_t
__wrap_provider_due(const struct publishing *pub)
{
	(void)pub;
	return world.publish_deadline;
}

bool
__wrap_provider_in_flight(const struct publishing *pub)
{
	(void)pub;
	return false;
}

bool
__wrap_provider_goes_on(const struct publishing *pub)
{
	(void)pub;
	return false;
}

void
__wrap_provider_finish(struct publishing *pub, long *retry_after)
{
	*retry_after = pub != NULL ? pub->retry_after : 0;
}

/* "A 1.2.3.4 good; AAAA ...": of each record of a host. */
static void
show(const struct update *u, char *out, size_t size)
{
	const struct host_settings *last = NULL;
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		n += (size_t)snprintf(out + n, size - n, "%s%s%s",
		    r->host != last ? (last != NULL ? "; " : "") : ",",
		    r->host != last ? r->host->name : "",
		    r->host != last ? " " : "");
		n += (size_t)snprintf(out + n, size - n, "%s",
		    verdict_word(r->verdict));
		last = r->host;
	}
}

static const struct {
	const char *title;
	const char *query; /* of the claim */
	const char *unproved;
	const char *refused;
	const char *busy;
	const char *unchanged;
	const char *asked;
	const char *sent;
	const char *verdicts;
} stories[] = {
	{ "proved, then published",
	    "hostname=a.example&ipv4=89.14.163.156&ipv6=2a01::1", NULL, NULL,
	    NULL, NULL, "a.example 89.14.163.156 a.example 2a01::1 ",
	    "a.example 89.14.163.156 a.example 2a01::1 ",
	    "a.example good,good" },
	{ "the provider had it",
	    "hostname=a.example&ipv4=89.14.163.156&ipv6=2a01::1", NULL, NULL,
	    NULL, "89.14.163.156", "a.example 89.14.163.156 a.example 2a01::1 ",
	    "a.example 89.14.163.156 a.example 2a01::1 ",
	    "a.example nochg,good" },
	/* A host's addresses stand or fall together. */
	{ "one proof fails, nothing of the host is published",
	    "hostname=a.example&ipv4=89.14.163.156&ipv6=2a01::1", "2a01::1",
	    NULL, NULL, NULL, "a.example 89.14.163.156 a.example 2a01::1 ", "",
	    "a.example held,proof" },
	{ "and a special address is not even asked",
	    "hostname=a.example&ipv4=10.0.0.1&ipv6=2a01::1", NULL, NULL, NULL,
	    NULL, "", "", "a.example address,held" },
	{ "unless the host says partial",
	    "hostname=b.example&ipv4=89.14.163.156&ipv6=2a01::1", "2a01::1",
	    NULL, NULL, NULL, "b.example 89.14.163.156 b.example 2a01::1 ",
	    "b.example 89.14.163.156 ", "b.example good,proof" },
	{ "partial, beside a special address",
	    "hostname=b.example&ipv4=10.0.0.1&ipv6=2a01::1", NULL, NULL, NULL,
	    NULL, "b.example 2a01::1 ", "b.example 2a01::1 ",
	    "b.example address,good" },
	/* Hosts are independent of each other. */
	{ "another host goes on",
	    "hostname=a.example,b.example&ipv4=89.14.163.156&ipv6=2a01::1",
	    "2a01::1", NULL, NULL, NULL,
	    "a.example 89.14.163.156 a.example 2a01::1 "
	    "b.example 89.14.163.156 b.example 2a01::1 ",
	    "b.example 89.14.163.156 ",
	    "a.example held,proof; b.example good,proof" },
	/* Removing has nobody to prove it, and the host's others still do. */
	{ "a removal", "hostname=c.example&ipv4=none", NULL, NULL, NULL, NULL,
	    "", "c.example none ", "c.example good" },
	/* Only the provider's word makes a record good. */
	{ "refused", "hostname=a.example&ipv4=89.14.163.156", NULL,
	    "89.14.163.156", NULL, NULL, "a.example 89.14.163.156 ",
	    "a.example 89.14.163.156 ", "a.example provider" },
	{ "busy", "hostname=a.example&ipv4=89.14.163.156", NULL, NULL,
	    "89.14.163.156", NULL, "a.example 89.14.163.156 ",
	    "a.example 89.14.163.156 ", "a.example busy" },
	{ "nothing proved, nobody asked",
	    "hostname=a.example,b.example&ipv4=89.14.163.156", "89.14.163.156",
	    NULL, NULL, NULL,
	    "a.example 89.14.163.156 b.example 89.14.163.156 ", "",
	    "a.example proof; b.example proof" },
};

static struct accounts *accounts;
static struct gateway gateway;

/* Reads "a=1&b=2" in place. */
static void
request_start(struct request *q, char *query, const char *authorization)
{
	char *field;

	*q = (struct request){ .start = clock_now(),
		.fd = -1,
		.source = "89.14.163.1",
		.authorization = (char *)(uintptr_t)authorization };
	while ((field = strsep(&query, "&")) != NULL) {
		struct parameter *p = &q->parameters[q->parameter_count++];

		p->name = strsep(&field, "=");
		p->value = field != NULL ? field : p->name;
	}
}

static void
test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stories); i++) {
		char *query = strdup(stories[i].query), got[512];
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };

		memset(&world, 0, sizeof world);
		world.unproved = stories[i].unproved;
		world.refused = stories[i].refused;
		world.busy = stories[i].busy;
		world.unchanged = stories[i].unchanged;
		request_start(&q, query, HEADER);
		ROW(update_run(&u) == ERR_OK && u.result == ERR_OK, "%s: %s",
		    stories[i].title, u.why.text);
		show(&u, got, sizeof got);
		ROW(unit_same(got, stories[i].verdicts), "%s: %s",
		    stories[i].title, got);
		ROW(unit_same(world.asked, stories[i].asked),
		    "%s: asked \"%s\"", stories[i].title, world.asked);
		ROW(unit_same(world.sent, stories[i].sent), "%s: sent \"%s\"",
		    stories[i].title, world.sent);
		ROW(world.published == 0 || unit_same(world.token, "token"),
		    "%s: token \"%s\"", stories[i].title, world.token);
		ROW(u.retry_after == (stories[i].busy != NULL ? 17 : 0),
		    "%s: retry after %ld", stories[i].title, u.retry_after);
		update_end(&u);
		free(query);
	}
	ROWS_END();
}

/* What we lack is no verdict about the host. */
static void
test_lack(void **state)
{
	char query[] = "hostname=a.example&ipv4=89.14.163.156&ipv6=2a01::1";
	struct request q;
	struct update u = { .gateway = &gateway,
		.request = &q,
		.rules.names_max = CLAIM_NAMES_MAX };
	char got[512];

	(void)state;
	memset(&world, 0, sizeof world);
	world.lacking = "2a01::1";
	request_start(&q, query, HEADER);
	assert_int_equal(update_run(&u), ERR_OK);
	show(&u, got, sizeof got);
	assert_string_equal(got, "a.example held,busy");
	assert_int_equal(world.published, 0);
	update_end(&u);
}

/* Nor does it say anything of the provider. */
static void
test_lack_at_the_provider(void **state)
{
	char query[] = "hostname=a.example&ipv4=89.14.163.156";
	struct request q;
	struct update u = { .gateway = &gateway,
		.request = &q,
		.rules.names_max = CLAIM_NAMES_MAX };
	char got[512];

	(void)state;
	memset(&world, 0, sizeof world);
	world.without = "89.14.163.156";
	request_start(&q, query, HEADER);
	assert_int_equal(update_run(&u), ERR_OK);
	show(&u, got, sizeof got);
	assert_string_equal(got, "a.example busy");
	update_end(&u);
}

/*
 * A library that had no memory calls it an error of the certificate, or of the
 * answer: that blames nobody either.  Or it calls it a success, as json-c does,
 * of an answer from which a member is missing: nobody may believe it.
 */
static void
test_lack_of_memory(void **state)
{
	static const char *const faults[] = { "unproved", "refused",
		"published" };

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's");
		return;
	}
	for (size_t i = 0; i < COUNT(faults); i++) {
		char query[] = "hostname=a.example&ipv4=89.14.163.156";
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		char got[512];

		memset(&world, 0, sizeof world);
		world.starved = true;
		if (i == 0)
			world.unproved = "89.14.163.156";
		else if (i == 1)
			world.refused = "89.14.163.156";
		request_start(&q, query, HEADER);
		assert_int_equal(update_run(&u), ERR_OK);
		show(&u, got, sizeof got);
		ROW(unit_same(got, "a.example busy"), "%s: %s", faults[i], got);
		update_end(&u);
	}
	heap_begin();
	ROWS_END();
}

/* Who gets no further, and that nobody else hears of it. */
static const struct {
	const char *title;
	const char *authorization;
	const char *query;
	enum err code;
} refusals[] = {
	{ "no login", NULL, "ipv4=89.14.163.156", ERR_AUTH },
	{ "a wrong token", "Basic cm91dGVyOndyb25n", "ipv4=89.14.163.156",
	    ERR_AUTH },
	{ "in the query, where the account does not allow it", NULL,
	    "username=router&password=token&ipv4=89.14.163.156", ERR_AUTH },
	{ "a wrong login goes before a wrong parameter", NULL, "ipv4=x",
	    ERR_AUTH },
	{ "a wrong parameter", HEADER, "ipv4=x", ERR_REQUEST },
	{ "nothing to do", HEADER, "", ERR_REQUEST },
	{ "another's host", HEADER,
	    "hostname=a.example,x.example&ipv4=89.14.163.156", ERR_NOT_YOURS },
	{ "no name", HEADER, "hostname=a&ipv4=89.14.163.156", ERR_NOT_A_NAME },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		char *query = strdup(refusals[i].query);
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };

		memset(&world, 0, sizeof world);
		request_start(&q, query, refusals[i].authorization);
		ROW(update_run(&u) == refusals[i].code &&
			u.result == refusals[i].code,
		    "%s: %s (%s)", refusals[i].title, error_name(u.result),
		    u.why.text);
		ROW(world.proofs == 0 && world.published == 0,
		    "%s: was not the end", refusals[i].title);
		/* The log names who tried. */
		ROW(refusals[i].authorization == NULL ||
			unit_same(u.login.user, "router"),
		    "%s: user \"%s\"", refusals[i].title, u.login.user);
		update_end(&u);
		free(query);
	}
	ROWS_END();
}

/* With the account's consent the query is as good as the header. */
static void
test_query_login(void **state)
{
	char query[] = "username=router&password=token&ipv4=89.14.163.156"
		       "&hostname=a.example";
	struct request q;
	struct update u = { .gateway = &gateway,
		.request = &q,
		.rules.names_max = CLAIM_NAMES_MAX };

	(void)state;
	memset(&world, 0, sizeof world);
	account.query_credentials = true;
	request_start(&q, query, NULL);
	assert_int_equal(update_run(&u), ERR_OK);
	assert_string_equal(world.token, "token");
	update_end(&u);
	account.query_credentials = false;
}

/* Nobody waits: nothing is published that nobody hears of. */
static void
test_abandoned(void **state)
{
	(void)state;
	for (int during = 0; during < 2; during++) {
		char query[] = "hostname=a.example&ipv4=89.14.163.156";
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		int fds[2];

		memset(&world, 0, sizeof world);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		request_start(&q, query, HEADER);
		q.fd = fds[0];
		world.peer = fds[1];
		world.leave = during;
		if (!during)
			shutdown(fds[1], SHUT_WR);
		ROW(update_run(&u) == ERR_ABANDONED, "%d: %s", during,
		    u.why.text);
		ROW(world.proofs == (during ? 1 : 0), "%d: %zu proofs", during,
		    world.proofs);
		ROW(world.published == 0, "%d: published", during);
		update_end(&u);
		close(fds[0]);
		close(fds[1]);
	}
	ROWS_END();
}

/* Each phase has its time, and all together no more than the whole. */
static void
test_deadlines(void **state)
{
	static const struct {
		int64_t old;
		int64_t proof, publish;
	} rows[] = {
		{ 0, UPDATE_PROOFS_MS, UPDATE_MS },
		{ UPDATE_MS - 1000, 1000, 1000 },
		{ UPDATE_MS + 1000, -1000, -1000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char query[] = "hostname=a.example&ipv4=89.14.163.156";
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		int64_t before;

		memset(&world, 0, sizeof world);
		request_start(&q, query, HEADER);
		before = clock_now();
		q.start = before - rows[i].old;
		assert_int_equal(update_run(&u), ERR_OK);
		/* The login takes a few milliseconds. */
		ROW(world.proof_deadline >= before + rows[i].proof &&
			world.proof_deadline <= clock_now() + rows[i].proof,
		    "%d: proofs", (int)rows[i].old);
		ROW(world.publish_deadline >= before + rows[i].publish &&
			world.publish_deadline <= clock_now() + rows[i].publish,
		    "%d: provider", (int)rows[i].old);
		ROW(rows[i].old == 0 ||
			world.proof_deadline == q.start + UPDATE_MS,
		    "%d: whole", (int)rows[i].old);
		update_end(&u);
	}
	ROWS_END();
}

/* After the end nothing of the token is left. */
static void
test_end(void **state)
{
	char query[] = "hostname=a.example&ipv4=89.14.163.156";
	struct request q;
	struct update u = { .gateway = &gateway,
		.request = &q,
		.rules.names_max = CLAIM_NAMES_MAX };

	(void)state;
	memset(&world, 0, sizeof world);
	request_start(&q, query, HEADER);
	assert_int_equal(update_run(&u), ERR_OK);
	assert_string_equal(u.login.credential, "router:token");
	update_end(&u);
	for (size_t i = 0; i < sizeof u.login.credential; i++)
		assert_int_equal(u.login.credential[i], '\0');
	assert_null(u.login.token);
	assert_null(u.records);
}

/*
 * Whatever fails a proof, at once or late: the reply comes when the time of all
 * proofs is up.  What was proved is published at once.
 */
static void
test_held(void **state)
{
	static const struct {
		const char *unproved;
		int64_t took; /* ms */
		const char *verdicts;
	} rows[] = {
		{ "89.14.163.156", UPDATE_PROOFS_MS, "a.example proof" },
		{ NULL, 0, "a.example good" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char query[] = "hostname=a.example&ipv4=89.14.163.156";
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		char got[512];
		int64_t before = now;

		memset(&world, 0, sizeof world);
		world.unproved = rows[i].unproved;
		request_start(&q, query, HEADER);
		assert_int_equal(update_run(&u), ERR_OK);
		show(&u, got, sizeof got);
		ROW(unit_same(got, rows[i].verdicts) &&
			now - before == rows[i].took,
		    "%s after %d ms", got, (int)(now - before));
		update_end(&u);
	}
	ROWS_END();
}

/* What an account's failures cost; a proof that succeeds costs nothing. */
static void
test_budget(void **state)
{
	struct budget *kept = gateway.budget;
	int failed = 0;

	(void)state;
	gateway.budget = budget_new();
	for (int i = 0; i < 3 * BUDGET_BURST; i++) {
		char query[] = "hostname=a.example&ipv4=89.14.163.156";
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		bool fails = i % 2 == 0 && i < 2 * BUDGET_BURST;

		memset(&world, 0, sizeof world);
		world.unproved = fails ? "89.14.163.156" : NULL;
		request_start(&q, query, HEADER);
		/* The minutes of the proofs would forgive some. */
		now -= fails ? UPDATE_PROOFS_MS : 0;
		failed += fails;
		if (failed < BUDGET_BURST || fails) {
			assert_int_equal(update_run(&u), ERR_OK);
			assert_int_equal(world.proofs, 1);
		} else {
			assert_int_equal(update_run(&u), ERR_TOO_MANY_PROOFS);
			assert_int_equal(world.proofs, 0);
			assert_in_range(u.retry_after, 1, 60);
		}
		update_end(&u);
	}
	now += BUDGET_INTERVAL_MS;
	budget_free(gateway.budget);
	gateway.budget = kept;
}

/* Another worker, which connects to a network until it is killed. */
static pid_t
connect_to(const char *address)
{
	struct address a = unit_address(address);
	struct target_networks wanted = { .hashes = { 0 } };
	uint64_t holder;
	int ready[2];
	char got = '\0';
	pid_t pid;

	target_add(&wanted, &a);
	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		if (targets_enter(gateway.targets, &wanted, false, &holder) ==
		    TARGETS_FREE)
			(void)!write(ready[1], "y", 1);
		close(ready[1]);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &got, 1), 1);
	close(ready[0]);
	return pid;
}

/*
 * While another update connects to the network, nothing is proved or sent, and
 * the reply comes when the time is up that there is: to wait for the network,
 * or before the reply.  What was refused already stays so.
 */
static void
test_held_back(void **state)
{
	static const struct {
		int64_t old;  /* ms, that the request waits already */
		int64_t took; /* ms */
		const char *why;
	} rows[] = {
		{ 0, 2000, "other updates connect to the same network" },
		{ UPDATE_MS - 1000, 1000, "no time was left for it" },
		{ UPDATE_MS, 0, "no time was left for it" },
	};
	pid_t other = connect_to("2a02:c22::2");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char query[] =
		    "hostname=b.example&ipv4=10.0.0.1&ipv6=2a02:c22::1";
		char got[512];
		struct request q;
		struct update u = { .gateway = &gateway,
			.request = &q,
			.rules.names_max = CLAIM_NAMES_MAX };
		int64_t before = now;

		memset(&world, 0, sizeof world);
		request_start(&q, query, HEADER);
		q.start -= rows[i].old;
		assert_int_equal(update_run(&u), ERR_OK);
		show(&u, got, sizeof got);
		ROW(unit_same(got, "b.example address,busy") &&
			now - before == rows[i].took,
		    "%zu: %s after %d ms", i, got, (int)(now - before));
		assert_int_equal(u.record_count, 2);
		/* A record that is not judged has the same word. */
		ROW(u.records[1].verdict == VERDICT_BUSY &&
			u.records[1].why != NULL &&
			unit_same(u.records[1].why->text, rows[i].why),
		    "%zu: %s", i,
		    u.records[1].why != NULL ? u.records[1].why->text : "-");
		ROW(u.records[0].why->code == ERR_ADDRESS, "%zu: %s", i,
		    u.records[0].why->text);
		ROW(world.proofs == 0 && world.published == 0,
		    "%zu: %s was asked, %s sent", i, world.asked, world.sent);
		update_end(&u);
	}
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);
	ROWS_END();
}

static int
setup(void **state)
{
	struct error why;

	(void)state;
	accounts = accounts_new(&settings, &why);
	gateway = (struct gateway){ .settings = &settings,
		.accounts = accounts,
		.slow = slow_new(4),
		.targets = targets_new(4),
		.budget = budget_new() };
	return accounts != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	accounts_free(accounts);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_lack_at_the_provider),
		cmocka_unit_test(test_lack_of_memory),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_query_login),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
