/*
 * test_published.c - what is believed without a look into the store.
 */
#include "unit.h"

#include "base/shared.h"
#include "state/published.h"

#define HOSTS 1000
#define AT    12345

static struct published *published;

static int
begin(void **state)
{
	(void)state;
	published = shared_new(sizeof *published);
	assert_non_null(published);
	published_grow(published, HOSTS);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	shared_free(published, sizeof *published);
	return 0;
}

static struct state_claim
claim(const char *host, const char *address)
{
	struct state_claim c = { .host = host, .settings = "settings" };

	if (address != NULL) {
		c.wanted[STATE_IPV4].kind = VALUE_ADDRESS;
		assert_true(
		    address_parse_any(&c.wanted[STATE_IPV4].address, address));
	}
	return c;
}

static bool
ask(struct published_query *q, const struct state_claim *c, const char *context)
{
	int64_t at;

	*q = (struct published_query){ .claim = c,
		.context = *context != '\0' ? context : NULL,
		.context_len = strlen(context) };
	return published_ask(published, q, &at) && at == AT;
}

static void
tell(const struct state_claim *c, const char *context)
{
	struct published_query q;

	(void)ask(&q, c, context);
	published_tell(&q, AT);
}

/* Only the very same is believed. */
static void
test_same(void **state)
{
	struct state_claim told = claim("home.example.org", "192.0.2.1");
	struct state_claim others[] = {
		claim("home.example.org", "192.0.2.2"),
		claim("home.example.org", NULL),
		claim("home.example.com", "192.0.2.1"),
		claim("home.example.org", "2001:db8::1"),
		told,
		told,
		told,
	};
	struct published_query q;

	(void)state;
	others[4].settings[0] ^= 1;
	others[5].wanted[STATE_IPV6].kind = VALUE_NONE;
	others[6].wanted[STATE_IPV4].kind = VALUE_NONE;
	ROW(!ask(&q, &told, "epoch 1"), "known before");
	tell(&told, "epoch 1");
	ROW(ask(&q, &told, "epoch 1"), "not known");
	for (size_t i = 0; i < COUNT(others); i++)
		ROW(!ask(&q, &others[i], "epoch 1"), "%zu is believed", i);
	ROW(!ask(&q, &told, "epoch 2"), "another epoch is believed");
	ROW(!ask(&q, &told, "epoch"), "a shorter context is believed");
	ROWS_END();
}

/* The host changes: before, between question and answer, and after. */
static void
test_changes(void **state)
{
	struct state_claim c = claim("home.example.org", "192.0.2.1");
	struct published_query q;

	(void)state;
	published_drop(published, c.host);
	tell(&c, "");
	ROW(ask(&q, &c, ""), "not known after a change");
	published_drop(published, c.host);
	ROW(!ask(&q, &c, ""), "believed after a change");
	published_drop(published, c.host);
	published_tell(&q, AT);
	ROW(!ask(&q, &c, ""), "told too late, and believed");
	ROWS_END();
}

/* An entry of which any bit is another is believed by nobody. */
static void
test_torn(void **state)
{
	struct state_claim c = claim("home.example.org", "192.0.2.1");
	struct published_query q;
	uint8_t *entry;

	(void)state;
	tell(&c, "");
	ROW(ask(&q, &c, ""), "not known");
	entry = (uint8_t *)q.entry;
	for (size_t bit = 0; bit < sizeof *q.entry * 8; bit++) {
		int64_t at;

		entry[bit / 8] ^= (uint8_t)(1U << bit % 8);
		ROW(!published_ask(published, &q, &at), "bit %zu", bit);
		entry[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	ROW(ask(&q, &c, ""), "not known in the end");
	ROWS_END();
}

/* Of as many hosts as there is room for, nearly all are known. */
static void
test_room(void **state)
{
	char names[HOSTS][32];
	struct published_query q;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < HOSTS; i++) {
		struct state_claim c;

		snprintf(names[i], sizeof names[i], "h%zu.example.org", i);
		c = claim(names[i], "192.0.2.1");
		tell(&c, "");
	}
	for (size_t i = 0; i < HOSTS; i++) {
		struct state_claim c = claim(names[i], "192.0.2.1");

		count += ask(&q, &c, "");
	}
	assert_true(count > HOSTS * 3 / 4);
}

/* More room: what was known may be forgotten, and a change is not missed. */
static void
test_growth(void **state)
{
	struct state_claim c = claim("home.example.org", "192.0.2.1");
	struct published *larger = shared_new(sizeof *larger);
	struct published_query before, q;

	(void)state;
	assert_non_null(larger);
	(void)ask(&before, &c, "");
	published_grow(larger, PUBLISHED_MAX);
	published_grow_like(published, larger);
	assert_int_equal(atomic_load(&published->mask), PUBLISHED_MAX - 1);
	published_grow(published, 1);
	assert_int_equal(atomic_load(&published->mask), PUBLISHED_MAX - 1);
	tell(&c, "");
	assert_true(ask(&q, &c, ""));
	published_drop(published, c.host);
	published_tell(&before, AT);
	assert_false(ask(&q, &c, ""));
	shared_free(larger, sizeof *larger);
}

/* A name that there is no room for is never believed. */
static void
test_long_name(void **state)
{
	char name[2 * STATE_TEXT_MAX] = "";
	struct state_claim c = claim(name, "192.0.2.1");
	struct published_query q;

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	tell(&c, "");
	assert_false(ask(&q, &c, ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same),
		TEST(test_long_name),
		TEST(test_changes),
		TEST(test_torn),
		TEST(test_room),
		TEST(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
