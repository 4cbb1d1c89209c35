/*
 * test_known.c - the memory of chains by itself: what it knows, until when, and
 * what it never says.
 */
#include "unit.h"

#include "tls/known.h"

#define NOW   1800000000
#define LATER (NOW + 100)

static const struct certificate_seen seen = { .serial = "01" };

static void
make_id(uint8_t id[KNOWN_ID_LEN], uint8_t first, uint8_t last)
{
	memset(id, 7, KNOWN_ID_LEN);
	id[0] = first;
	id[KNOWN_ID_LEN - 1] = last;
}

static bool
has(const struct known *k, const uint8_t id[KNOWN_ID_LEN], time_t now)
{
	struct certificate_seen to = { .serial = "" };
	bool found = known_has(k, id, now, &to);

	assert_string_equal(to.serial, found ? seen.serial : "");
	return found;
}

static void
test_times(void **state)
{
	static const struct {
		time_t until, now;
		bool known;
	} rows[] = {
		{ LATER, NOW, true },
		{ LATER, LATER - 1, true },
		{ LATER, LATER, false },
		{ LATER, LATER + 1, false },
		{ LATER, NOW - 1, false }, /* the clock was set back */
		{ LATER, 0, false },
		{ LATER, -1, false },
		{ NOW + 2 * KNOWN_SECONDS, NOW + KNOWN_SECONDS - 1, true },
		{ NOW + 2 * KNOWN_SECONDS, NOW + KNOWN_SECONDS, false },
		{ INT64_MAX, NOW + KNOWN_SECONDS - 1, true },
		{ INT64_MAX, NOW + KNOWN_SECONDS, false },
		{ NOW, NOW, false },
		{ NOW - 1, NOW - 1, false },
		{ 0, NOW, false },
		{ 0, 0, false },
	};
	uint8_t id[KNOWN_ID_LEN];

	(void)state;
	make_id(id, 1, 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct known *k = known_new();

		ROW(!has(k, id, rows[i].now), "row %zu: before", i);
		known_add(k, id, NOW, rows[i].until, &seen);
		ROW(has(k, id, rows[i].now) == rows[i].known, "row %zu", i);
		known_free(k);
	}
	ROWS_END();
}

/* All ids that fall into one place: only those that were added are known. */
static void
test_collisions(void **state)
{
	struct known *k = known_new();
	uint8_t id[KNOWN_ID_LEN];
	size_t found = 0;

	(void)state;
	for (int last = 0; last < 256; last += 2) {
		make_id(id, 5, (uint8_t)last);
		known_add(k, id, NOW, LATER + last, &seen);
		assert_true(has(k, id, NOW));
		for (int other = 0; other < 256; other++) {
			make_id(id, 5, (uint8_t)other);
			if (has(k, id, NOW))
				assert_true(other <= last && other % 2 == 0);
		}
	}
	/* Those that last longest have stayed. */
	for (int last = 0; last < 256; last++) {
		make_id(id, 5, (uint8_t)last);
		found += has(k, id, NOW);
	}
	assert_true(found >= 2 && found < 16);
	make_id(id, 5, 254);
	assert_true(has(k, id, NOW));
	known_free(k);
}

/* Far more than there is room for, in all places. */
static void
test_full(void **state)
{
	struct known *k = known_new();
	uint8_t id[KNOWN_ID_LEN];
	size_t found = 0;

	(void)state;
	for (int first = 0; first < 256; first++)
		for (int last = 0; last < 64; last++) {
			make_id(id, (uint8_t)first, (uint8_t)last);
			known_add(k, id, NOW, LATER, &seen);
			assert_true(has(k, id, NOW));
		}
	for (int first = 0; first < 256; first++)
		for (int last = 0; last < 256; last++) {
			make_id(id, (uint8_t)first, (uint8_t)last);
			found += has(k, id, NOW);
			assert_true(last < 64 || !has(k, id, NOW));
		}
	assert_true(found <= KNOWN_ROOM);
	known_free(k);
}

/* What is added again is there once, and as long as it was said last. */
static void
test_again(void **state)
{
	struct known *k = known_new();
	uint8_t id[KNOWN_ID_LEN], others[KNOWN_ID_LEN];

	(void)state;
	make_id(id, 1, 1);
	known_add(k, id, NOW, LATER + 50, &seen);
	known_add(k, id, NOW, LATER, &seen);
	assert_true(has(k, id, LATER - 1));
	assert_false(has(k, id, LATER));
	for (uint8_t i = 2; i < 5; i++) {
		make_id(others, 1, i);
		known_add(k, others, NOW, LATER, &seen);
	}
	assert_true(has(k, id, NOW));
	known_free(k);
}

static void
test_none(void **state)
{
	uint8_t id[KNOWN_ID_LEN] = { 0 };
	struct known *k = known_new();

	(void)state;
	known_add(NULL, id, NOW, LATER, &seen);
	assert_false(has(NULL, id, NOW));
	/* An empty place is not one for an id of zeros. */
	assert_false(has(k, id, 0));
	assert_false(has(k, id, NOW));
	known_free(k);
	known_free(NULL);
}

static gnutls_datum_t
datum(const char *text)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)text,
		(unsigned int)strlen(text) };
}

/* No two of these questions have the same name. */
static void
test_questions(void **state)
{
	static const uint8_t trust[] = "0123456789abcdef0123456789abcdef",
			     other[] = "0123456789abcdef0123456789abcdeg";
	static const struct {
		const char *host, *purpose;
		const uint8_t *trust;
		const char *chain[3];
	} rows[] = {
		{ "a.example", "server", trust, { "one", "two", "three" } },
		{ "b.example", "server", trust, { "one", "two", "three" } },
		{ "a.example", "client", trust, { "one", "two", "three" } },
		{ "a.example", "server", other, { "one", "two", "three" } },
		{ "a.example", "server", trust, { "One", "two", "three" } },
		{ "a.example", "server", trust, { "one", "two", "threE" } },
		{ "a.example", "server", trust, { "one", "three", "two" } },
		{ "a.example", "server", trust, { "onetwo", "three" } },
		{ "a.example", "server", trust, { "one", "two" } },
		{ "a.example", "server", trust, { "one" } },
		{ "a.example", "server", trust, { "one", "two", "" } },
		{ "a.example", "server", trust, { "one", "", "twothree" } },
		{ "a.examples", "erver", trust, { "one", "two", "three" } },
		{ "a.exampleserver", "", trust, { "one", "two", "three" } },
		{ "", "a.exampleserver", trust, { "one", "two", "three" } },
	};
	uint8_t ids[COUNT(rows)][KNOWN_ID_LEN], again[KNOWN_ID_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		gnutls_datum_t chain[3];
		struct known_question q = { rows[i].host, rows[i].purpose,
			rows[i].trust, chain, 0 };

		while (q.count < 3 && rows[i].chain[q.count] != NULL) {
			chain[q.count] = datum(rows[i].chain[q.count]);
			q.count++;
		}
		assert_true(known_identify(&q, ids[i]));
		assert_true(known_identify(&q, again));
		assert_memory_equal(ids[i], again, sizeof again);
		for (size_t j = 0; j < i; j++)
			ROW(memcmp(ids[i], ids[j], KNOWN_ID_LEN) != 0,
			    "rows %zu and %zu", i, j);
		q.count = 0;
		assert_false(known_identify(&q, again));
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
