/*
 * test_metrics.c - what is counted, where, and over a reload.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gateway/metrics.h"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
