/*
 * test_metrics.c - what is counted, where, and over a reload.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gateway/metrics.h"
#include "gateway/update.h"
#include "gateway/view/counts.h"

static struct provider_settings before[] = { { .name = "a" }, { .name = "b" } };
static struct provider_settings after[] = { { .name = "c" }, { .name = "b" } };
static const struct settings old = { .providers = before,
	.provider_count = COUNT(before) };
static const struct settings new = { .providers = after,
	.provider_count = COUNT(after) };

#define CALLS(provider)                                            \
	"ddnsgate_provider_calls_total{provider=\"" provider "\"," \
	"outcome=\"written\"} "

/* Is the line one of those that m prints? */
static bool
prints(const struct metrics *m, const char *line)
{
	struct buffer b = { .max = 1 << 20 };
	char wanted[256];
	bool found;

	counts_print(m, &b);
	assert_false(b.failed);
	snprintf(wanted, sizeof wanted, "\n%s\n", line);
	found = strstr(b.data, wanted) != NULL;
	buffer_free(&b);
	return found;
}

static void
count_call(struct metrics *m, size_t provider)
{
	struct tally t = tally_new(PROTOCOL_NONE);

	t.call = CALL_WRITTEN;
	t.provider = provider;
	t.provider_ms = 7;
	metrics_count(m, &t);
}

/* Counters go with a provider's name, not with its place in the file. */
static void
test_reload(void **state)
{
	struct metrics *m = metrics_new(&old), *next = metrics_new(&new);

	(void)state;
	assert_non_null(m);
	assert_non_null(next);
	count_call(m, 0);
	count_call(m, 1);
	count_call(m, 1);
	metrics_inherit(next, m);
	count_call(next, 0);
	ROW(prints(next, CALLS("b") "2"), "b stays");
	ROW(prints(next, CALLS("c") "1"), "c is new");
	ROW(!prints(next, CALLS("a") "1"), "a is gone");
	metrics_free(m);
	/* Again and again, and the last one has its own again. */
	for (int i = 0; i < 200; i++) {
		m = next;
		next = metrics_new(i % 2 == 0 ? &old : &new);
		metrics_inherit(next, m);
		metrics_free(m);
	}
	ROW(prints(next, CALLS("b") "2"), "b stays after 200 reloads");
	ROW(prints(next, CALLS("c") "0"), "c began anew");
	metrics_free(next);
	ROWS_END();
}

/* Each end of a bucket belongs to it. */
static void
test_buckets(void **state)
{
	static const int spans[] = { 0, 1, 2, 5, 10000, 10001, -1 };
	struct metrics *m = metrics_new(&old);

	(void)state;
	for (size_t i = 0; i < COUNT(spans); i++) {
		struct tally t = tally_new(PROTOCOL_NATIVE);

		t.whole_ms = spans[i];
		metrics_count(m, &t);
	}
#define SPAN "ddnsgate_update_duration_seconds"
	ROW(prints(m, SPAN "_bucket{le=\"0.001\"} 2"), "up to 1 ms");
	ROW(prints(m, SPAN "_bucket{le=\"0.005\"} 4"), "up to 5 ms");
	ROW(prints(m, SPAN "_bucket{le=\"10\"} 5"), "up to 10 s");
	ROW(prints(m, SPAN "_bucket{le=\"+Inf\"} 6"), "all");
	ROW(prints(m, SPAN "_count 6"), "count");
	ROW(prints(m, SPAN "_sum 20.009"), "sum");
	metrics_free(m);
	ROWS_END();
}

/* Many processes at once lose nothing. */
static void
test_processes(void **state)
{
	struct metrics *m = metrics_new(&old);

	(void)state;
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			struct tally t = tally_new(PROTOCOL_DYNDNS2);

			t.outcome = OUTCOME_NOCHG;
			for (int n = 0; n < 25000; n++)
				metrics_count(m, &t);
			_exit(0);
		}
	while (wait(NULL) > 0)
		continue;
	assert_true(prints(m,
	    "ddnsgate_requests_total{protocol=\"dyndns2\",outcome=\"nochg\"} "
	    "100000"));
	metrics_free(m);
}

/* What a page comes to, by its status; a queue that was full is told apart. */
static void
test_pages(void **state)
{
	static const struct {
		int status;
		enum login_outcome login;
		enum outcome outcome;
	} rows[] = { { 200, LOGIN_RIGHT, OUTCOME_GOOD },
		{ 304, LOGIN_RIGHT, OUTCOME_NOCHG },
		{ 401, LOGIN_WRONG, OUTCOME_LOGIN },
		{ 405, LOGIN_NOT_TRIED, OUTCOME_METHOD },
		{ 429, LOGIN_LIMIT, OUTCOME_LIMIT },
		{ 503, LOGIN_RIGHT, OUTCOME_BUSY },
		{ 503, LOGIN_BUSY, OUTCOME_LOGINS_BUSY },
		{ 500, LOGIN_RIGHT, OUTCOME_FAULT } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tally t = tally_new(PROTOCOL_PAGE);

		t.login = rows[i].login;
		tally_page(&t, rows[i].status);
		ROW(t.outcome == rows[i].outcome, "%zu: %d", i, t.outcome);
	}
	ROWS_END();
}

/* What the requests to a provider come to; of several, the worst. */
static void
test_calls(void **state)
{
	static const struct account_settings account = { .provider = 1 };
	static const struct {
		bool done, changed;
		enum err result;
		enum call_outcome call;
	} rows[] = { { true, false, ERR_ABANDONED, CALL_READ },
		{ true, false, ERR_OK, CALL_UNCHANGED },
		{ true, true, ERR_OK, CALL_WRITTEN },
		{ true, false, ERR_REFUSED, CALL_REFUSED },
		{ true, false, ERR_ZONE, CALL_ZONE },
		{ true, false, ERR_TOKEN, CALL_TOKEN },
		{ true, false, ERR_BUSY, CALL_BUSY },
		{ true, false, ERR_UNREACHABLE, CALL_UNREACHABLE },
		{ true, false, ERR_MEMORY, CALL_FAULT } };
	struct record records[2] = { { .remove = false } };
	struct update u = { .records = records, .record_count = 2 };
	struct tally t = tally_new(PROTOCOL_NATIVE);

	(void)state;
	u.login.account = &account;
	tally_call(&t, &u);
	assert_int_equal(t.call, CALL_NONE);
	assert_int_equal(t.provider_ms, -1);
	u.provider_ms = 7;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* The row before went better. */
		for (size_t n = 0; n < 2; n++) {
			size_t row = i > n ? i - n : 0;

			records[n].publication =
			    (struct publication){ .name = "a.example",
				    .done = rows[row].done,
				    .changed = rows[row].changed,
				    .result = rows[row].result };
		}
		t = tally_new(PROTOCOL_NATIVE);
		tally_call(&t, &u);
		ROW(t.call == rows[i].call && t.provider == 1 &&
			t.provider_ms == 7,
		    "%zu: %d", i, t.call);
	}
	records[1].publication.done = false;
	records[0].publication.result = ERR_OK;
	t = tally_new(PROTOCOL_NATIVE);
	tally_call(&t, &u);
	assert_int_equal(t.call, CALL_UNREACHABLE);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
