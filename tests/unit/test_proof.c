/*
 * test_proof.c - when a proof is tried again, and when it ends: with a clock,
 * a network and hosts of the test's own.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "proof/attempt.h"
#include "proof/proof.h"
#include "tls/trust.h"

#define DEADLINE 5000
#define FIRST_FD 100
#define NEVER	 INT64_MAX

/* Milliseconds since the start of each row. */
static int64_t now;

/* How a host behaves until it comes up, and how long its ways are. */
enum manner {
	REFUSES,
	SWALLOWS,
	CLOSES,
	ACCEPTS_ONLY, /* refuses before it is up */
	SHOWS_WRONG,
	LACKS
};

struct host {
	enum manner before;
	int64_t up; /* the moment from which on it proves itself */
	int way;    /* ms from a packet to its answer */
};

struct attempt {
	const struct host *host;
	int64_t born, ready; /* ready: the next event; NEVER: none */
	bool connected;
	enum attempt_outcome outcome;
	struct error why;
};

static const struct host *current;
static struct attempt *open_ones[16];
static size_t started, open_most;

int64_t __wrap_clock_now(void);
int __wrap_clock_left(int64_t deadline);
struct attempt *__wrap_attempt_start(const struct attempt_terms *terms);
void __wrap_attempt_free(struct attempt *a);
int __wrap_attempt_fd(const struct attempt *a);
short __wrap_attempt_events(const struct attempt *a);
enum attempt_outcome __wrap_attempt_step(struct attempt *a);
void __wrap_attempt_expire(struct attempt *a);
enum attempt_outcome __wrap_attempt_outcome(const struct attempt *a);
bool __wrap_attempt_connected(const struct attempt *a);
const struct error *__wrap_attempt_why(const struct attempt *a);
const struct certificate_seen *__wrap_attempt_seen(const struct attempt *a);

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

struct attempt *
__wrap_attempt_start(const struct attempt_terms *terms)
{
	struct attempt *a = calloc(1, sizeof *a);
	size_t open = 0, place = COUNT(open_ones);

	assert_non_null(a);
	assert_string_equal(terms->host, "home.example");
	a->host = current;
	a->born = now;
	a->ready = now + a->host->way;
	if (a->host->before == SWALLOWS && now < a->host->up)
		a->ready = NEVER;
	if (a->host->before == LACKS)
		a->outcome = ATTEMPT_LACKING;
	if (a->host->before == LACKS)
		error_set(&a->why, ERR_SYSTEM, "socket: none left");
	for (size_t i = 0; i < COUNT(open_ones); i++) {
		if (open_ones[i] != NULL)
			open++;
		else
			place = i;
	}
	assert_true(place < COUNT(open_ones));
	open_ones[place] = a;
	started++;
	open_most = open + 1 > open_most ? open + 1 : open_most;
	return a;
}

void
__wrap_attempt_free(struct attempt *a)
{
	for (size_t i = 0; i < COUNT(open_ones); i++)
		if (open_ones[i] == a)
			open_ones[i] = NULL;
	free(a);
}

int
__wrap_attempt_fd(const struct attempt *a)
{
	for (int i = 0; i < (int)COUNT(open_ones); i++)
		if (open_ones[i] == a)
			return FIRST_FD + i;
	return -1;
}

short
__wrap_attempt_events(const struct attempt *a)
{
	return a->connected ? POLLIN : POLLOUT;
}

static void
come_to(struct attempt *a, enum attempt_outcome outcome, const char *why)
{
	a->outcome = outcome;
	a->connected = false;
	error_set(&a->why, ERR_PROOF, "%s", why);
}

enum attempt_outcome
__wrap_attempt_step(struct attempt *a)
{
	enum manner m = a->host->before;
	bool up = now >= a->host->up;

	if (m == SHOWS_WRONG) {
		come_to(a, ATTEMPT_REFUSED, "certificate: wrong");
	} else if (!a->connected && !up &&
	    (m == REFUSES || m == ACCEPTS_ONLY)) {
		come_to(a, ATTEMPT_NOT_YET, "connect: refused");
	} else if (!a->connected) {
		a->connected = true;
		a->ready = m == ACCEPTS_ONLY ? NEVER : now + a->host->way;
	} else if (m == CLOSES && !up) {
		come_to(a, ATTEMPT_NOT_YET, "TLS: closed");
	} else {
		a->outcome = ATTEMPT_PROVED;
	}
	return a->outcome;
}

void
__wrap_attempt_expire(struct attempt *a)
{
	come_to(a, ATTEMPT_NOT_YET,
	    a->connected ? "TLS: no answer in time" :
			   "connect: no answer in time");
}

enum attempt_outcome
__wrap_attempt_outcome(const struct attempt *a)
{
	return a->outcome;
}

bool
__wrap_attempt_connected(const struct attempt *a)
{
	return a->connected;
}

const struct error *
__wrap_attempt_why(const struct attempt *a)
{
	return &a->why;
}

/* No host of these tests shows anything. */
const struct certificate_seen *
__wrap_attempt_seen(const struct attempt *a)
{
	static const struct certificate_seen nothing;

	(void)a;
	return &nothing;
}

/* Lets the time go on until an attempt is ready, or until next. */
static void
sleep_until_ready(int64_t next, struct pollfd fds[], size_t n)
{
	for (size_t i = 0; i < COUNT(open_ones); i++)
		if (open_ones[i] != NULL && open_ones[i]->ready < next)
			next = open_ones[i]->ready;
	now = next > now ? next : now;
	for (size_t i = 0; i < n; i++) {
		fds[i].revents = 0;
		if (fds[i].fd != -1 &&
		    open_ones[fds[i].fd - FIRST_FD]->ready <= now)
			fds[i].revents = fds[i].events;
	}
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms,
    size_t room);

/* Each second one is interrupted, and leaves nonsense behind. */
int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	static bool interrupted;

	interrupted = !interrupted;
	if (!interrupted) {
		sleep_until_ready(now + timeout_ms, fds, n);
		return 1;
	}
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = POLLIN | POLLOUT;
	errno = EINTR;
	return -1;
}

/* poll(2) of a build with _FORTIFY_SOURCE. */
int
__wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t room)
{
	(void)room;
	return __wrap_poll(fds, n, timeout_ms);
}

static const struct {
	const char *title;
	struct host host;
	enum err result;
	int64_t from, to; /* ms: the earliest and the latest end */
	const char *why;
} rows[] = {
	{ "there", { .up = 0, .way = 5 }, ERR_OK, 10, 10, NULL },
	{ "far away", { .up = 0, .way = 900 }, ERR_OK, 1800, 1800, NULL },
	{ "refused, up after 1 s", { .before = REFUSES, .up = 1001, .way = 5 },
	    ERR_OK, 1001, 1400, NULL },
	{ "refused, up after 2 s", { .before = REFUSES, .up = 2001, .way = 5 },
	    ERR_OK, 2001, 2400, NULL },
	{ "refused, up after 4 s", { .before = REFUSES, .up = 4001, .way = 5 },
	    ERR_OK, 4001, 4400, NULL },
	{ "refused, far away, up after 2 s",
	    { .before = REFUSES, .up = 2001, .way = 300 }, ERR_OK, 2001, 3200,
	    NULL },
	{ "swallowed, up after 1 s",
	    { .before = SWALLOWS, .up = 1001, .way = 5 }, ERR_OK, 1001, 1400,
	    NULL },
	{ "swallowed, up after 3 s",
	    { .before = SWALLOWS, .up = 3001, .way = 5 }, ERR_OK, 3001, 3400,
	    NULL },
	{ "swallowed, up after 4 s",
	    { .before = SWALLOWS, .up = 4001, .way = 5 }, ERR_OK, 4001, 4400,
	    NULL },
	{ "closes, up after 3 s", { .before = CLOSES, .up = 3001, .way = 5 },
	    ERR_OK, 3001, 3400, NULL },
	{ "refuses for ever", { .before = REFUSES, .up = NEVER, .way = 5 },
	    ERR_PROOF, DEADLINE, DEADLINE, "connect: refused (20 tries)" },
	{ "swallows for ever", { .before = SWALLOWS, .up = NEVER, .way = 5 },
	    ERR_PROOF, DEADLINE, DEADLINE,
	    "connect: no answer in time (20 tries)" },
	{ "closes for ever", { .before = CLOSES, .up = NEVER, .way = 5 },
	    ERR_PROOF, DEADLINE, DEADLINE, "TLS: closed (20 tries)" },
	{ "accepts, and no more", { .before = ACCEPTS_ONLY, .way = 5 },
	    ERR_PROOF, DEADLINE, DEADLINE, "TLS: no answer in time (1 try)" },
	{ "accepts, and no more, after 1 s",
	    { .before = ACCEPTS_ONLY, .up = 1001, .way = 5 }, ERR_PROOF,
	    DEADLINE, DEADLINE, "TLS: no answer in time (5 tries)" },
	/* What a host shows is final. */
	{ "a wrong certificate", { .before = SHOWS_WRONG, .way = 5 }, ERR_PROOF,
	    5, 5, "certificate: wrong" },
	{ "no descriptor", { .before = LACKS, .way = 5 }, ERR_SYSTEM, 0, 0,
	    "socket: none left" },
};

static void
test_tries(void **state)
{
	static const struct proof_settings pinned = { .kind = PROOF_PIN };
	struct error why;
	struct trust *trust = trust_new();
	struct prover *p = prover_new(trust, &why);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct proof proof = { .host = "home.example", .how = &pinned };
		struct proof *const list[] = { &proof };
		struct pollfd fds[PROOFS_FDS_MAX];
		struct proofs *run;
		size_t left = 0;

		now = 0;
		started = open_most = 0;
		current = &rows[i].host;
		run = proofs_start(p, list, 1, DEADLINE);
		assert_non_null(run);
		for (int turns = 0; proofs_open(run) && turns < 1000; turns++) {
			sleep_until_ready(proofs_wake(run), fds,
			    proofs_fds(run, fds));
			proofs_step(run, fds);
		}
		ROW(!proofs_open(run), "%s: never ends", rows[i].title);
		proofs_end(run);
		ROW(proof.result == rows[i].result, "%s: %s", rows[i].title,
		    proof.why.text);
		ROW(proof.result == ERR_OK ||
			unit_same(proof.why.text, rows[i].why),
		    "%s: \"%s\"", rows[i].title, proof.why.text);
		ROW(now >= rows[i].from && now <= rows[i].to &&
			proof.ended == now,
		    "%s: at %d ms", rows[i].title, (int)now);
		for (size_t j = 0; j < COUNT(open_ones); j++)
			left += open_ones[j] != NULL;
		ROW(left == 0 && open_most <= 2 && started <= 20,
		    "%s: %zu started, %zu at once, %zu left", rows[i].title,
		    started, open_most, left);
	}
	prover_free(p);
	trust_free(trust);
	ROWS_END();
}

/* The whole loop comes to the same, whatever poll(2) says after a signal. */
static void
test_interrupted(void **state)
{
	static const struct proof_settings pinned = { .kind = PROOF_PIN };
	struct error why;
	struct trust *trust = trust_new();
	struct prover *p = prover_new(trust, &why);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct proof proof = { .host = "home.example", .how = &pinned };
		struct proof *const list[] = { &proof };

		now = 0;
		current = &rows[i].host;
		prover_run(p, list, 1, DEADLINE);
		ROW(proof.result == rows[i].result && proof.ended == now &&
			now >= rows[i].from && now <= rows[i].to,
		    "%s: %s at %d ms", rows[i].title, proof.why.text, (int)now);
	}
	prover_free(p);
	trust_free(trust);
	ROWS_END();
}

/*
 * Both connects are answered at once: the first one goes on, the other is
 * closed.  A proof beside it that has ended is left alone.
 */
static void
test_both_at_once(void **state)
{
	static const struct proof_settings pinned = { .kind = PROOF_PIN },
					   none = { .kind = PROOF_NONE };
	static const struct host far = { .way = 900 };
	struct proof proof = { .host = "home.example", .how = &pinned },
		     ended = { .host = "home.example", .how = &none };
	struct proof *const list[] = { &ended, &proof };
	struct pollfd fds[PROOFS_FDS_MAX];
	struct error why;
	struct trust *trust = trust_new();
	struct prover *p = prover_new(trust, &why);
	struct proofs *run;
	size_t n;

	(void)state;
	assert_non_null(p);
	now = 0;
	started = 0;
	current = &far;
	run = proofs_start(p, list, 2, DEADLINE);
	assert_non_null(run);
	assert_true(ended.done);
	assert_false(proofs_connected(run));
	n = proofs_fds(run, fds);
	for (int turns = 0; started < 2 && turns < 10; turns++) {
		sleep_until_ready(proofs_wake(run), fds, n);
		proofs_step(run, fds);
		n = proofs_fds(run, fds);
	}
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		fds[i].revents = i < 2 ? 0 : POLLOUT;
	proofs_step(run, fds);
	assert_true(proofs_connected(run));
	assert_int_equal(proofs_fds(run, fds), 4);
	assert_int_equal(fds[2].events, POLLIN);
	assert_int_equal(fds[3].fd, -1);
	assert_true(proofs_open(run));
	proofs_end(run);
	proofs_end(NULL);
	prover_free(p);
	trust_free(trust);
}

/* CAs that were not loaded before the fork are those of nobody. */
static void
test_never_loaded(void **state)
{
	static const struct proof_settings how = { .kind = PROOF_CERTIFICATE,
		.ca = "/nowhere/ca.pem" };
	struct proof proof = { .host = "home.example", .how = &how };
	struct proof *const list[] = { &proof };
	struct error why;
	struct trust *trust = trust_new();
	struct prover *p = prover_new(trust, &why);

	(void)state;
	assert_non_null(p);
	started = 0;
	prover_run(p, list, 1, DEADLINE);
	assert_int_equal(proof.result, ERR_SYSTEM);
	assert_string_equal(proof.why.text, "/nowhere/ca.pem was never loaded");
	assert_int_equal(started, 0);
	prover_free(p);
	trust_free(trust);
}

/* No host to ask: nothing is waited for. */
static void
test_none(void **state)
{
	static const struct proof_settings none = { .kind = PROOF_NONE };
	struct proof proof = { .host = "home.example", .how = &none };
	struct proof *const list[] = { &proof };
	struct error why;
	struct trust *trust = trust_new();
	struct prover *p = prover_new(trust, &why);

	(void)state;
	assert_non_null(p);
	now = 0;
	started = 0;
	prover_run(p, list, 1, DEADLINE);
	assert_int_equal(proof.result, ERR_OK);
	prover_run(p, list, 0, DEADLINE);
	assert_int_equal(started, 0);
	prover_free(p);
	trust_free(trust);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_both_at_once),
		cmocka_unit_test(test_never_loaded),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
