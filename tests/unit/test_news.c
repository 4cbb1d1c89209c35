/*
 * test_news.c - what is told, whatever strangers have said.
 */
#include "unit.h"

#include "base/error.h"
#include "news/bulletin.h"
#include "news/outages.h"
#include "news/receivers.h"
#include "news/seen.h"
#include "scarce.h"

#define EVIL \
	"<!channel> @all \"x\" \\~\x1b[31m\xe2\x80\xae\xff\x7f\r\nHost: evil"

#define CHANGE	"2001:db8::1 > 2001:db8::2 (2026-11-28 04:00 UTC)"
#define REFUSED "The host did not prove that this address is its own: & <b> `x`"
#define ADVICE                                                         \
	"Try it again from the machine that runs ddnsgate: `ddnsgate " \
	"prove NAME ADDRESS'."
#define REFUSAL	     CHANGE "\n" REFUSED "\n" ADVICE
#define REFUSAL_JSON CHANGE "\\n" REFUSED "\\n" ADVICE

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

/* "METHOD ENDING QUERY", headers and body; the caller frees it. */
static char *
make(const struct news_list *list, enum receiver_form form)
{
	const struct receiver_settings to = { .name = "me", .form = form };
	struct buffer all = { .max = 2 * BULLETIN_MAX };
	struct bulletin b;

	assert_true(bulletin_make(&b, &to, list));
	buffer_printf(&all, "%s %s %s\n", b.method, b.ending,
	    b.query.len > 0 ? b.query.data : "");
	for (const struct curl_slist *h = b.headers; h != NULL; h = h->next)
		buffer_printf(&all, "%s\n", h->data);
	buffer_printf(&all, "\n%s", b.body.len > 0 ? b.body.data : "");
	bulletin_free(&b);
	return buffer_take(&all);
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

#define TYPE_JSON "Content-Type: application/json\n\n"
#define TYPE_TEXT "Content-Type: text/plain; charset=utf-8\n"

/* Of a refusal of "& <b> `x`", of a change, and of nothing. */
static const struct {
	enum receiver_form form;
	const char *refusal, *change, *nothing;
} forms[] = {
	{ FORM_NTFY,
	    "POST  \n" TYPE_TEXT
	    "Title: home.example.org: the new IPv6 address was refused\n"
	    "Priority: high\nTags: warning\n\n" REFUSAL,
	    "POST  \n" TYPE_TEXT
	    "Title: home.example.org: the new IPv6 address was published\n"
	    "Priority: default\nTags: white_check_mark\n\n" CHANGE,
	    NULL },
	{ FORM_HOME_ASSISTANT,
	    "POST  \n" TYPE_JSON
	    "{\"title\":\"home.example.org: the new IPv6 address was refused\","
	    "\"message\":\"" REFUSAL_JSON "\"}",
	    "POST  \n" TYPE_JSON
	    "{\"title\":\"home.example.org: the new IPv6 address was "
	    "published\",\"message\":\"" CHANGE "\"}",
	    NULL },
	{ FORM_SLACK,
	    "POST  \n" TYPE_JSON
	    "{\"text\":\"*home.example.org: the new IPv6 address was refused*"
	    "\\n```\\n2001:db8::1 &gt; 2001:db8::2 (2026-11-28 04:00 UTC)\\n"
	    "The host did not prove that this address is its own: "
	    "&amp; &lt;b&gt; 'x'\\nTry it again from the machine that runs "
	    "ddnsgate: 'ddnsgate prove NAME ADDRESS'.\\n```\"}",
	    NULL, NULL },
	{ FORM_MATTERMOST,
	    "POST  \n" TYPE_JSON
	    "{\"text\":\"**home.example.org: the new IPv6 address was "
	    "refused**\\n```\\n2001:db8::1 > 2001:db8::2 (2026-11-28 04:00 "
	    "UTC)\\nThe host did not prove that this address is its own: "
	    "& <b> 'x'\\nTry it again from the machine that runs "
	    "ddnsgate: 'ddnsgate prove NAME ADDRESS'.\\n```\"}",
	    NULL, NULL },
	{ FORM_HEALTHCHECKS, "POST /fail \n" TYPE_TEXT "\n" REFUSAL,
	    "POST  \n" TYPE_TEXT "\n" CHANGE,
	    "POST  \n" TYPE_TEXT "\nAll is well." },
	{ FORM_UPTIME_KUMA,
	    "GET  status=down&msg=home%2Eexample%2Eorg%3A%20the%20new%20IPv6"
	    "%20address%20was%20refused&ping=\n\n",
	    "GET  status=up&msg=home%2Eexample%2Eorg%3A%20the%20new%20IPv6"
	    "%20address%20was%20published&ping=\n\n",
	    "GET  status=up&msg=OK&ping=\n\n" },
};

static void
compare(const struct state_event *e, enum receiver_form form, const char *want)
{
	struct news_list list = { .count = 0 };
	char *got;

	if (want == NULL)
		return;
	if (e != NULL)
		assert_true(news_add_event(&list, e));
	got = make(&list, form);
	ROW(strcmp(got, want) == 0, "%s:\n%s\nwanted:\n%s", form_word(form),
	    got, want);
	free(got);
	news_clear(&list);
}

static void
test_forms(void **state)
{
	const struct state_event refusal = event("& <b> `x`", "2001:db8::2");
	const struct state_event change = event(NULL, "2001:db8::2");

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		compare(&refusal, forms[i].form, forms[i].refusal);
		compare(&change, forms[i].form, forms[i].change);
		compare(NULL, forms[i].form, forms[i].nothing);
	}
	ROWS_END();
}

/* Whatever the form, no byte that is not seen, and no line of their own. */
static void
test_hostile(void **state)
{
	struct news_list list = { .count = 0 };
	struct state_event e = event(EVIL, "2001:db8::2");
	json_object *o, *events, *value;
	char *got;

	(void)state;
	e.host = EVIL;
	assert_true(news_add_event(&list, &e));
	for (enum receiver_form f = 0; f < FORM__COUNT; f++) {
		got = make(&list, f);
		for (const char *c = got; *c != '\0'; c++)
			assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
		assert_null(strstr(got, "\nHost: "));
		free(got);
	}
	got = make(&list, FORM_JSON);
	assert_non_null(o = json_tokener_parse(strchr(got, '{')));
	assert_true(json_object_object_get_ex(o, "events", &events));
	assert_true(
	    json_object_object_get_ex(json_object_array_get_idx(events, 0),
		"reason", &value));
	assert_string_equal(json_object_get_string(value),
	    "<!channel> @all \"x\" \\~?[31m???????Host: evil");
	json_object_put(o);
	free(got);
	news_clear(&list);
}

/* A message has no more than a receiver takes. */
static void
test_limits(void **state)
{
	struct news_list list = { .count = 0 };
	struct state_event e = event(NULL, "2001:db8::2");
	char reason[480], *got, *end, *text;
	size_t n = 0;

	(void)state;
	while (news_add_event(&list, &e))
		n++;
	assert_int_equal(n, NEWS_MAX);
	/* One line of 400 characters, some as three bytes. */
	got = make(&list, FORM_UPTIME_KUMA);
	assert_non_null(end = strstr(got, "&ping=\n"));
	n = 0;
	for (text = strstr(got, "&msg=") + 5; text < end; n++)
		text += *text == '%' ? 3 : 1;
	assert_int_equal(n, 400);
	free(got);
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

/* One of each kind. */
static bool
add_all(struct news_list *list)
{
	const struct outage away = { .since = 1795838400,
		.last = 1795839400,
		.reason = "home: HTTP 503" },
			    dumb = { .since = 1, .last = 2 };
	struct state_event refusal = event("& <b> `x`", "2001:db8::2");
	struct state_event change = event(NULL, "none");
	struct state_event old = event("", NULL);

	refusal.expiry = 1795838500;
	old.host = old.type = old.old = NULL;
	return news_add_event(list, &refusal) &&
	    news_add_event(list, &change) && news_add_event(list, &old) &&
	    news_add_certificate(list, "a.example", "family", 1795838400,
		1795838300) &&
	    news_add_certificate(list, "a.example", "family", 1795838400,
		1795838400) &&
	    news_add_silent(list, "a.example", "family", 1795838400,
		1795839400) &&
	    news_add_outage(list, "home", &away) &&
	    news_add_outage(list, "home", &dumb);
}

/* What is told without memory enough is all of it, or nothing. */
static bool
tell_all(struct error *why)
{
	static char *whole[FORM__COUNT];
	const struct receiver_settings mail = { .name = "me", .mail = "m" };
	struct news_list list = { .count = 0 }, more = { .count = 0 };
	struct bulletin b;
	bool good = add_all(&list);

	good = news_add_trial(&more, "machine") &&
	    news_add_fault(&more, "no worker") && good;
	for (enum receiver_form f = 0; f < FORM__COUNT && good; f++) {
		const struct receiver_settings to = { .form = f };

		good = bulletin_make(&b, &to, &list);
		if (whole[f] == NULL)
			whole[f] = buffer_take(&b.body);
		else if (good && b.body.data != NULL)
			ROW(strcmp(b.body.data, whole[f]) == 0, "%s: %s",
			    form_word(f), b.body.data);
		bulletin_free(&b);
	}
	good = bulletin_make(&b, &mail, &list) && good;
	bulletin_free(&b);
	news_clear(&list);
	news_clear(&more);
	return good || error_memory(why) == ERR_OK;
}

static void
test_lack(void **state)
{
	(void)state;
	assert_true(scarce_each("all news", tell_all) > 100);
	ROWS_END();
}

/* A URL, what goes behind its path, its query and secret, and what is asked. */
static const struct {
	const char *url, *ending, *query, *secret, *path, *header;
} addresses[] = {
	{ "https://a.example", "", "", NULL, "/", "" },
	{ "https://a.example/x?y=1", "", NULL, NULL, "/x?y=1", "" },
	{ "https://a.example?y=1", "/fail", "", NULL, "//fail?y=1", "" },
	{ "https://a.example/ping/7", "/fail", "", NULL, "/ping/7/fail", "" },
	{ "https://a.example/ping/7/", "/fail", "", NULL, "/ping/7/fail", "" },
	{ "https://a.example/ping/7/?a=b", "/fail", "c=d", NULL,
	    "/ping/7/fail?c=d", "" },
	{ "https://a.example/{secret}/x?y=1", "", "", "hush", "/hush/x?y=1",
	    "" },
	{ "https://a.example/x?y={secret}", "", "", "hush", "/x?y=hush", "" },
	{ "https://a.example/x", "", "", "hush", "/x",
	    "Authorization: Bearer hush" },
	{ "https://a.example/{secret}/x", "", "", NULL, "/", "" },
	{ "https://a.example/one-that-is-longer-than-a-buffer-of-64-characters-and-then-some-"
	  "of-it/x",
	    "", "", NULL, NULL, "" },
	{ "https://a.example/x", "", "",
	    "one-that-is-longer-than-a-buffer-of-64-characters-of-it", NULL,
	    "" },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const char *secret = addresses[i].secret;
		const struct receiver_settings s = { .url = addresses[i].url,
			.secret_file = secret != NULL ?
			    unit_write("secret", secret, strlen(secret)) :
			    NULL };
		const struct receiver r = { .settings = &s };
		struct buffer path = { .max = 64 }, header = { .max = 64 };
		struct error why = { .code = ERR_OK };

		enum err rc = receiver_address(&r, addresses[i].ending,
		    addresses[i].query, &path, &header, &why);

		ROW(addresses[i].path == NULL ? rc != ERR_OK :
						rc == ERR_OK &&
			    unit_same(path.data, addresses[i].path) &&
			    unit_same(header.data != NULL ? header.data : "",
				addresses[i].header),
		    "%s: %s %s %s", addresses[i].url, unit_text(path.data),
		    unit_text(header.data), why.text);
		buffer_free(&path);
		buffer_free(&header);
	}
	ROWS_END();
}

/* Whoever was seen longest ago makes room. */
static void
test_seen(void **state)
{
	struct seen *s = seen_new(1);
	char name[32];
	size_t found = 0;

	(void)state;
	assert_non_null(s);
	assert_int_equal(seen_last(s, "a.example"), 0);
	seen_note(s, "a.example", 1000);
	seen_note(s, "A.example", 1005); /* not worth a write */
	assert_int_equal(seen_last(s, "a.example"), 1000);
	seen_note(s, "a.example", 1020);
	seen_note(s, "a.example", 900);
	assert_int_equal(seen_last(s, "A.EXAMPLE"), 1020);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "%d.example", i);
		seen_note(s, name, 2000 + i);
		assert_int_equal(seen_last(s, name), 2000 + i);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "%d.example", i);
		found += seen_last(s, name) != 0;
	}
	assert_true(found > 800 && found <= 1026);
	assert_int_equal(seen_last(s, "a.example"), 0);
	seen_free(s);
}

/* A row: an event, and the outage of "home" after it. */
static const struct {
	const char *mark, *account, *verdict, *reason;
	int64_t at, since, last;
} steps[] = {
	{ "01", "family", "good", NULL, 100, 0, 0 },
	{ "02", "family", "proof", "home: has expired", 110, 0, 0 },
	{ "03", "family", "busy", "gave way to another", 120, 0, 0 },
	{ "04", "family", "busy", "home: HTTP 503", 130, 130, 130 },
	{ "05", "family", "provider", "home: HTTP 500", 190, 130, 190 },
	{ "05", "family", "good", NULL, 195, 130, 190 }, /* it was counted */
	{ "06", "nobody", "good", NULL, 196, 130, 190 },
	{ "07", "other", "good", NULL, 197, 130, 190 },
	{ "08", "family", "busy", "homely: HTTP 503", 198, 130, 190 },
	{ "09", "family", "good", NULL, 199, 0, 0 },
	{ "10", "family", "busy", NULL, 200, 0, 0 },
	{ "11", "family", "provider", NULL, 201, 201, 201 },
	{ "12", "family", NULL, NULL, 202, 201, 201 },
	{ "13", NULL, "good", NULL, 203, 201, 201 },
	{ "14", "family", "busy", "home", 204, 201, 201 },
};

static void
test_outages(void **state)
{
	struct provider_settings providers[] = { { .name = "away" },
		{ .name = "home" } };
	struct account_settings accounts[] = { { .name = "family",
						   .provider = 1 },
		{ .name = "other", .provider = 0 } };
	const struct settings s = { .providers = providers,
		.provider_count = 2,
		.accounts = accounts,
		.account_count = 2 };
	struct outages o = { .mark = "" }, again;
	json_object *kept;

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct state_event e = event(steps[i].reason, "2001:db8::2");

		e.mark = steps[i].mark;
		e.at = steps[i].at;
		e.account = steps[i].account;
		e.verdict = steps[i].verdict;
		outages_count(&o, &s, &e);
		ROW(o.list[1].since == steps[i].since &&
			o.list[1].last == steps[i].last,
		    "%s at %d", steps[i].mark, (int)steps[i].at);
		assert_true(
		    outage_is_due(&o.list[1], 60) == (steps[i].last == 190));
		assert_false(outage_is_due(&o.list[1], 61));
		kept = outages_write(&o, &s);
		outages_read(&again, &s, kept);
		ROW(memcmp(&o.list[1].since, &again.list[1].since,
			sizeof o.list[1].since) == 0 &&
			unit_same(o.mark, again.mark) &&
			(o.list[1].since == 0 ||
			    unit_same(o.list[1].reason, again.list[1].reason)),
		    "kept at %s", steps[i].mark);
		json_object_put(kept);
	}
	ROWS_END();
	outages_read(&again, &s, NULL);
	assert_string_equal(again.mark, "");
	kept = json_tokener_parse(
	    "{\"of home\": [5, 7, true], \"of away\": \"x\"}");
	outages_read(&again, &s, kept);
	json_object_put(kept);
	assert_string_equal(again.mark, "");
	assert_int_equal(again.list[0].since, 0);
	assert_int_equal(again.list[1].since, 5);
	assert_true(again.list[1].told);
	assert_string_equal(again.list[1].reason, "");
	/* It has worked before that, since, and after all. */
	outage_correct(&again.list[1], 4);
	assert_int_equal(again.list[1].since, 5);
	outage_correct(&again.list[1], 6);
	assert_int_equal(again.list[1].since, 7);
	outage_correct(&again.list[1], 7);
	assert_int_equal(again.list[1].since, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_outages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
