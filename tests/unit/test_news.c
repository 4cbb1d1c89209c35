/*
 * test_news.c - what is told, whatever strangers have said.
 */
#include "unit.h"

#include "news/bulletin.h"

#define EVIL "<!channel> @all \"x\" \\ \x1b[31m\xe2\x80\xae\xff\r\nHost: evil"

static struct state_event
event(const char *reason, const char *new)
{
	return (struct state_event){ .mark = "0001",
		.at = 1795838400, /* 2026-11-28 04:00 UTC */
		.source = "192.0.2.1",
		.account = "family",
		.host = "home.example.org",
		.type = "AAAA",
		.old = "2001:db8::1",
		.new = new,
		.verdict = reason == NULL ? "good" : "proof",
		.reason = reason,
		.issuer = EVIL };
}

/* The body for one receiver; the caller frees it. */
static char *
make(const struct news_list *list)
{
	const struct receiver_settings to = { .name = "me" };
	struct bulletin b;
	char *body;

	assert_true(bulletin_make(&b, &to, list));
	body = strdup(b.body.data);
	bulletin_free(&b);
	return body;
}

static const struct {
	const char *reason, *new, *title, *text;
} rows[] = {
	{ NULL, "2001:db8::2",
	    "home.example.org: the new IPv6 address was published",
	    "2001:db8::1 > 2001:db8::2 (2026-11-28 04:00 UTC)" },
	{ NULL, "none", "home.example.org: the IPv6 address was removed",
	    "2001:db8::1 > none (2026-11-28 04:00 UTC)" },
	{ "has expired", "2001:db8::2",
	    "home.example.org: the new IPv6 address was refused",
	    "2001:db8::1 > 2001:db8::2 (2026-11-28 04:00 UTC)\n"
	    "The host did not prove that this address is its own: has expired\n"
	    "Renew the certificate of the web server, and reload it." },
	{ "", "none", "home.example.org: the IPv6 address was not removed",
	    "2001:db8::1 > none (2026-11-28 04:00 UTC)\n"
	    "The host did not prove that this address is its own\n"
	    "Try it again from the machine that runs ddnsgate: `ddnsgate prove "
	    "NAME ADDRESS'." },
};

static void
test_texts(void **state)
{
	struct news_list list = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct state_event e = event(rows[i].reason, rows[i].new);

		assert_true(news_add_event(&list, &e));
		ROW(unit_same(list.items[0].title, rows[i].title) &&
			unit_same(list.items[0].text, rows[i].text),
		    "%s\n%s", list.items[0].title, list.items[0].text);
		news_clear(&list);
	}
	ROWS_END();
}

/* A body is JSON, and has no byte that is not seen. */
static void
test_hostile(void **state)
{
	struct news_list list = { .count = 0 };
	struct state_event e = event(EVIL, "2001:db8::2");
	json_object *o, *events, *value;
	char *body;

	(void)state;
	assert_true(news_add_event(&list, &e));
	body = make(&list);
	for (const char *c = body; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c <= '~');
	assert_non_null(o = json_tokener_parse(body));
	assert_true(json_object_object_get_ex(o, "events", &events));
	o = json_object_get(o);
	assert_true(
	    json_object_object_get_ex(json_object_array_get_idx(events, 0),
		"reason", &value));
	assert_string_equal(json_object_get_string(value),
	    "<!channel> @all \"x\" \\ ?[31m??????Host: evil");
	json_object_put(o);
	json_object_put(o);
	free(body);
	news_clear(&list);
}

/* A message has no more than a receiver takes. */
static void
test_limits(void **state)
{
	struct news_list list = { .count = 0 };
	struct state_event e = event(NULL, "2001:db8::2");
	char reason[480];
	size_t n = 0;

	(void)state;
	while (news_add_event(&list, &e))
		n++;
	assert_int_equal(n, NEWS_MAX);
	news_remove(&list, 3);
	assert_true(news_add_event(&list, &e));
	news_clear(&list);
	memset(reason, 'x', sizeof reason);
	reason[sizeof reason - 1] = '\0';
	e.reason = reason;
	for (n = 0; news_add_event(&list, &e); n++)
		;
	assert_true(n >= 3 && n < 8);
	assert_true(list.bytes <= NEWS_TEXT_MAX);
	news_clear(&list);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
