/*
 * test_page.c - the pages that people look at, from a store with all sorts.
 */
#include "unit.h"

#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "markup.h"
#include "page/page.h"
#include "page/refusal.h"
#include "page/timeline.h"
#include "page/when.h"
#include "scarce.h"

#define NOW  1795838400 /* 2026-11-28 04:00 UTC */
#define DAY  86400
#define EVIL "<script>alert('x')</script>&\"\xe2\x80\xae\xff\n"

static struct host_settings hosts[3] = {
	{ .name = (char *)(uintptr_t) "home.example.org" },
	{ .name = (char *)(uintptr_t) "nas.example.org" },
	{ .name = (char *)(uintptr_t) "silent.example.org" },
};
static struct host_settings others[1] = {
	{ .name = (char *)(uintptr_t) "other.example.net" },
};
static struct account_settings accounts[2] = {
	{ .name = "family", .hosts = hosts, .host_count = 3 },
	{ .name = "neighbour", .hosts = others, .host_count = 1 },
};
static struct provider_settings provider = { .name = "desec" };

struct stage {
	struct settings settings;
	struct state *state;
	struct page page;
	struct buffer text;
};

static void
stage_start(struct stage *s)
{
	static unsigned int count;
	static char directory[256];
	struct error why;

	snprintf(directory, sizeof directory, "%s/page-%u", unit_directory(),
	    count++);
	assert_int_equal(mkdir(directory, 0700), 0);
	*s = (struct stage){
		.settings = { .state = { .place = directory,
				  .history_days = 400 },
		    .accounts = accounts,
		    .account_count = 2,
		    .providers = &provider,
		    .provider_count = 1,
		    .url = "https://dns.example.org" },
		.page = { .user = "noc",
		    .search = "",
		    .host = "",
		    .since = "",
		    .before = "",
		    .number = 1,
		    .now = NOW,
		    .deadline = clock_now() + 60000 },
		.text = { .max = 1 << 20 },
	};
	s->page.settings = &s->settings;
	s->state = state_new(&s->settings, &why);
	assert_non_null(s->state);
	s->page.store = store_open(s->state);
	assert_non_null(s->page.store);
}

static void
stage_close(struct stage *s)
{
	store_close(s->page.store);
	state_free(s->state);
	buffer_free(&s->text);
}

/* Writes a page, which must be well formed, and gives its text. */
static const char *
show(struct stage *s, void (*write)(const struct page *p, struct buffer *to))
{
	const char *fault;
	struct markup m;

	buffer_clear(&s->text);
	write(&s->page, &s->text);
	assert_false(s->text.failed);
	if ((fault = markup_fault(&m, s->text.data)) != NULL)
		fail_msg("%s: %.80s", fault, m.at);
	return s->text.data;
}

static void
publish(struct stage *s, const char *host, const char *account, int64_t expiry)
{
	const enum state_outcome done[STATE_FAMILIES] = { OUTCOME_APPLIED,
		OUTCOME_APPLIED };
	struct state_value old[STATE_FAMILIES];
	struct state_claim c = { .host = host,
		.account = account,
		.expiry = expiry };

	c.wanted[STATE_IPV4] =
	    (struct state_value){ VALUE_ADDRESS, unit_address("192.0.2.1") };
	c.wanted[STATE_IPV6] =
	    (struct state_value){ VALUE_ADDRESS, unit_address("2001:db8::8") };
	assert_int_equal(store_intend(s->page.store, &c, old), ERR_OK);
	store_apply(s->page.store, &c, done);
}

static void
happen(struct stage *s, const char *host, const char *account, int64_t at,
    const char *reason)
{
	const struct state_event e = { .at = at,
		.source = "203.0.113.9",
		.account = account,
		.host = host,
		.type = "A",
		.old = "192.0.2.7",
		.new = "192.0.2.1",
		.verdict = reason != NULL ? "proof" : "good",
		.reason = reason,
		.issuer = "CN=R11",
		.serial = "0401",
		.key = "aabb",
		.expiry = NOW + 40 * DAY };

	store_record(s->page.store, &e);
}

static void
assert_shows(const char *page, const char *text)
{
	if (strstr(page, text) == NULL)
		fail_msg("no \"%s\" in %s", text, strstr(page, "<main"));
}

static void
assert_hides(const char *page, const char *text)
{
	if (strstr(page, text) != NULL)
		fail_msg("\"%s\" in %s", text, strstr(page, "<main"));
}

static void
test_status(void **state)
{
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	s.page.now = time(NULL);
	publish(&s, "home.example.org", "family", s.page.now + 9 * DAY + 60);
	publish(&s, "nas.example.org", "family", s.page.now + 20 * DAY);
	happen(&s, "nas.example.org", "family", s.page.now + 60,
	    "connect: Connection refused (3 tries)");
	publish(&s, "other.example.net", "neighbour", 0);
	s.page.account = &accounts[0];
	page = show(&s, page_status);
	assert_shows(page, "3 hosts");
	assert_shows(page, "Last update refused");
	assert_shows(page, ">192.0.2.1<");
	assert_shows(page, ">2001:db8::8<");
	assert_shows(page, " ends soon, on ");
	assert_shows(page, "in 9 days: renew it");
	assert_shows(page, "valid until ");
	/* What is at an address is told to whoever may ask there anyway. */
	assert_hides(page, "Connection refused");
	assert_shows(page, refusal_checks);
	assert_shows(page, "https://dns.example.org/update");
	assert_shows(page, "ddnsgate router fritzbox --account ");
	assert_shows(page, "provider <bdi>desec</bdi>");
	assert_hides(page, "other.example.net");
	page = show(&s, page_history);
	assert_hides(page, "Connection refused");
	assert_hides(page, "0401");
	/* An operator sees all, and searches. */
	s.page.account = NULL;
	page = show(&s, page_status);
	assert_shows(page, "4 hosts");
	assert_shows(page, "account <bdi>neighbour</bdi>");
	assert_shows(page, "Refused (IPv4): ");
	assert_shows(page, "<bdi>connect: Connection refused (3 tries)");
	assert_shows(page, "Nothing listens at this address");
	page = show(&s, page_history);
	assert_shows(page, "Connection refused");
	assert_shows(page, "0401");
	s.page.search = "NEIGH";
	page = show(&s, page_status);
	assert_shows(page, "1 host.");
	assert_shows(page, "other.example.net");
	assert_hides(page, "nas.example.org");
	s.page.search = EVIL;
	assert_shows(show(&s, page_status), "No host is so named.");
	stage_close(&s);
}

/* An address that went, a write that was cut off, an account that is closed. */
static void
test_what_is_rare(void **state)
{
	const enum state_outcome done[STATE_FAMILIES] = { OUTCOME_APPLIED,
		OUTCOME_APPLIED };
	struct state_value old[STATE_FAMILIES];
	struct state_claim c = { .host = "home.example.org",
		.account = "family" };
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	s.page.now = time(NULL);
	publish(&s, "home.example.org", "family", 0);
	assert_hides(show(&s, page_status), "A write is under way");
	c.wanted[STATE_IPV4].kind = VALUE_NONE;
	c.wanted[STATE_IPV6].kind = VALUE_UNKNOWN;
	assert_int_equal(store_intend(s.page.store, &c, old), ERR_OK);
	page = show(&s, page_status);
	assert_shows(page, "A write is under way, or was cut off");
	assert_hides(page, "no address");
	store_apply(s.page.store, &c, done);
	accounts[0].disabled = true;
	page = show(&s, page_status);
	accounts[0].disabled = false;
	assert_shows(page, "no address");
	assert_shows(page, ", the account is disabled");
	assert_hides(page, "A write is under way");
	stage_close(&s);
}

/* Which words a card has, after one more thing has happened each time. */
static void
test_standings(void **state)
{
	const enum state_outcome done[STATE_FAMILIES] = { OUTCOME_APPLIED,
		OUTCOME_APPLIED };
	struct state_value old[STATE_FAMILIES];
	struct state_claim c = { .host = "home.example.org",
		.account = "family",
		.wanted = { { .kind = VALUE_NONE }, { .kind = VALUE_NONE } } };
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	s.page.now = time(NULL);
	assert_int_equal(store_intend(s.page.store, &c, old), ERR_OK);
	page = show(&s, page_status);
	assert_shows(page, "A write is not finished");
	assert_shows(page, "none yet");
	store_apply(s.page.store, &c, done);
	happen(&s, "home.example.org", "family", s.page.now - DAY, NULL);
	page = show(&s, page_status);
	assert_shows(page, "1 change, 0 refusals");
	assert_hides(page, "class=\"had other\"");
	/* A refusal of which nothing more is known. */
	happen(&s, "home.example.org", "family", s.page.now + 1, "");
	page = show(&s, page_status);
	assert_shows(page, "1 change, 1 refusal");
	assert_hides(page, "<p class=\"reason\">");
	/* The write of another account is that account's own. */
	c.account = "neighbour";
	assert_int_equal(store_intend(s.page.store, &c, old), ERR_OK);
	assert_shows(show(&s, page_status), "A write is under way");
	s.page.account = &accounts[0];
	page = show(&s, page_status);
	assert_shows(page, "Published by another account");
	assert_hides(page, "A write is under way");
	stage_close(&s);
}

/* What was refused to the address that asked is told to whom it was refused. */
static void
test_own_refusal(void **state)
{
	const int64_t now = time(NULL);
	struct stage s;

	(void)state;
	stage_start(&s);
	s.page.now = now;
	s.page.account = &accounts[0];
	store_record(s.page.store,
	    &(struct state_event){ .at = now,
		.source = "192.0.2.1",
		.account = "family",
		.host = "home.example.org",
		.type = "A",
		.new = "192.0.2.1",
		.verdict = "proof",
		.reason = "has expired" });
	assert_shows(show(&s, page_status), "<bdi>has expired</bdi>");
	assert_shows(show(&s, page_history), "<bdi>has expired</bdi>");
	stage_close(&s);
}

static struct stage scarce;

/* A page is well formed, or it is none. */
static bool
write_pages(struct error *why)
{
	void (*const pages[])(const struct page *p,
	    struct buffer *to) = { page_status, page_history };
	bool good = true;
	struct markup m;

	/* One that had no memory once may be out of use for a while. */
	scarce_pause(true);
	store_close(scarce.page.store);
	assert_non_null(scarce.page.store = store_open(scarce.state));
	scarce_pause(false);
	for (size_t i = 0; i < COUNT(pages); i++) {
		buffer_free(&scarce.text);
		pages[i](&scarce.page, &scarce.text);
		good = good && !scarce.text.failed;
		scarce_pause(true);
		ROW(scarce.text.failed ||
			markup_fault(&m, scarce.text.data) == NULL,
		    "%s", scarce.text.data);
		scarce_pause(false);
	}
	return good || error_memory(why) == ERR_OK;
}

/* Without memory nothing is allowed, for once; and then the style is. */
static void
test_lack(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 2; n++) {
		scarce_begin(n);
		assert_string_equal(page_policy(), "default-src 'none'");
		scarce_end();
	}
	assert_non_null(strstr(page_policy(), "style-src"));
	stage_start(&scarce);
	publish(&scarce, "home.example.org", "family", NOW + DAY);
	happen(&scarce, "home.example.org", "family", NOW - DAY, "no");
	(void)scarce_each("pages", write_pages);
	stage_close(&scarce);
	ROWS_END();
}

/* More events than are drawn; the page says since when. */
static void
test_many_events(void **state)
{
	static struct timeline t;
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	for (int i = 0; i <= TIMELINE_MOST; i++)
		happen(&s, "home.example.org", "family", NOW - DAY + i, NULL);
	publish(&s, "home.example.org", "family", 0);
	assert_int_equal(timeline_read(&t, s.page.store, "home.example.org",
			     "family", NOW),
	    ERR_OK);
	assert_int_equal(t.count, TIMELINE_MOST);
	assert_true(t.drawn_from > t.from);
	s.page.search = "home.example.org";
	page = show(&s, page_status);
	assert_shows(page, "; what was before is not drawn");
	stage_close(&s);
}

/* What another account published is public, what it did there is not. */
static void
test_shared_host(void **state)
{
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	publish(&s, "home.example.org", "neighbour", NOW + 90 * DAY);
	happen(&s, "home.example.org", "neighbour", NOW - 60, "secret reason");
	s.page.account = &accounts[0];
	page = show(&s, page_status);
	assert_shows(page, "Published by another account");
	assert_shows(page, "192.0.2.1");
	assert_hides(page, "secret reason");
	assert_hides(show(&s, page_history), "secret reason");
	stage_close(&s);
}

static void
test_hostile(void **state)
{
	const struct state_event e = { .at = NOW - 60,
		.source = EVIL,
		.account = "family",
		.host = "home.example.org",
		.type = EVIL,
		.old = EVIL,
		.new = EVIL,
		.verdict = EVIL,
		.reason = EVIL,
		.issuer = EVIL,
		.serial = EVIL,
		.key = EVIL };
	struct state_event good = e;
	struct stage s;

	(void)state;
	stage_start(&s);
	good.reason = NULL;
	store_record(s.page.store, &good);
	store_record(s.page.store, &e);
	s.page.user = s.page.search = s.page.since = s.page.before = EVIL;
	assert_hides(show(&s, page_status), "<script");
	s.page.before = "";
	assert_shows(show(&s, page_history),
	    "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"
	    "[U+202E][0xFF][U+000A]");
	s.page.search = "";
	s.page.account = &accounts[0];
	assert_shows(show(&s, page_status), "&lt;script");
	assert_shows(show(&s, page_history), "&lt;script");
	page_sentence(EVIL, EVIL, &s.text);
	stage_close(&s);
}

static size_t
count(const char *page, const char *text)
{
	size_t n = 0;

	while ((page = strstr(page, text)) != NULL) {
		n++;
		page += strlen(text);
	}
	return n;
}

/* From page to page each event comes once, also of several hosts. */
static void
walk_history(struct stage *s, size_t want)
{
	char mark[STATE_MARK_MAX] = "";
	size_t seen = 0, pages = 0;
	const char *page, *next;

	s->page.before = mark;
	do {
		page = show(s, page_history);
		assert_true(count(page, "<li ") <= PAGE_EVENTS_MAX);
		seen += count(page, "<li ");
		assert_true(++pages < 9);
		if ((next = strstr(page, "before=")) != NULL)
			sscanf(next + 7, "%47[0-9a-f]", mark);
	} while (next != NULL);
	assert_int_equal(seen, want);
	s->page.before = "";
}

static void
test_history(void **state)
{
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	for (int i = 0; i < 60; i++) {
		happen(&s, "home.example.org", "family", NOW - 9000 + 60 * i,
		    i % 3 == 0 ? "certificate: has expired on x" : NULL);
		happen(&s, "nas.example.org", "family", NOW - 9000 + 60 * i,
		    NULL);
		happen(&s, "other.example.net", "neighbour",
		    NOW - 9000 + 60 * i, NULL);
	}
	walk_history(&s, 180);
	s.page.account = &accounts[0];
	walk_history(&s, 120);
	s.page.host = "NAS.example.org";
	walk_history(&s, 60);
	page = show(&s, page_history);
	assert_shows(page, "<option value=\"nas.example.org\" selected>");
	assert_shows(page, "IPv4</bdi> from ");
	s.page.since = "2026-11-29";
	assert_shows(show(&s, page_history), "Nothing has happened yet");
	s.page.since = "tomorrow";
	assert_shows(show(&s, page_history), "all days are shown");
	/* Another account's host is none. */
	s.page.since = "";
	s.page.host = "other.example.net";
	assert_int_equal(count(show(&s, page_history), "<li "), 0);
	stage_close(&s);
}

static void
test_pages(void **state)
{
	struct host_settings many[64];
	struct account_settings all[40];
	char names[64][32];
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	for (size_t i = 0; i < 64; i++) {
		snprintf(names[i], sizeof names[i], "h%02zu.example", i);
		many[i] = (struct host_settings){ .name = names[i] };
	}
	for (size_t i = 0; i < 40; i++)
		all[i] = (struct account_settings){ .name = "a",
			.hosts = many,
			.host_count = 64 };
	s.settings.accounts = all;
	s.settings.account_count = 40;
	for (s.page.number = 1; s.page.number <= 86; s.page.number++) {
		size_t want = s.page.number < 86 ? PAGE_HOSTS_MAX :
						   64 * 40 % PAGE_HOSTS_MAX;

		assert_int_equal(count(show(&s, page_status), "<article>"),
		    want);
	}
	/* One that is not there is the last one. */
	page = show(&s, page_status);
	assert_shows(page, "Page 86 of 86");
	s.page.number = (size_t)-1;
	assert_shows(show(&s, page_status), "Page 86 of 86");
	/* Whoever has more than one page of hosts searches, too. */
	s.page.account = &all[0];
	s.page.number = 1;
	assert_shows(show(&s, page_status), "type=\"search\"");
	s.page.account = NULL;
	s.page.number = 0;
	s.page.search = "h07";
	page = show(&s, page_status);
	assert_shows(page, "Hosts 1 to 30 of 40");
	assert_shows(page, "status?q=h07&amp;page=2");
	stage_close(&s);
}

/* Without a store, and after the deadline, the hosts are there all the same. */
static void
test_no_store(void **state)
{
	struct store *store;
	struct stage s;
	const char *page;

	(void)state;
	stage_start(&s);
	publish(&s, "home.example.org", "family", 0);
	store = s.page.store;
	s.page.store = NULL;
	page = show(&s, page_status);
	assert_shows(page, "The state cannot be read now.");
	assert_shows(page, "silent.example.org");
	assert_hides(page, "Waiting for the first update");
	assert_shows(show(&s, page_history), "The state cannot be read now.");
	s.page.store = store;
	s.page.deadline = clock_now() - 1;
	page = show(&s, page_status);
	assert_shows(page, "The state answers slowly now");
	assert_hides(page, "192.0.2.1");
	assert_shows(show(&s, page_history), "some events are missing");
	stage_close(&s);
}

static void
test_timeline(void **state)
{
	static struct timeline t;
	struct stage s;

	(void)state;
	stage_start(&s);
	happen(&s, "home.example.org", "family", NOW - 40 * DAY, NULL);
	for (int i = 29; i > 0; i--)
		happen(&s, "home.example.org", "family", NOW - i * DAY,
		    i % 4 == 0 ? "no" : NULL);
	assert_int_equal(timeline_read(&t, s.page.store, "home.example.org",
			     "family", NOW),
	    ERR_OK);
	assert_int_equal(t.change_count, 22);
	assert_int_equal(t.refusal_count, 7);
	assert_true(t.had_before);
	assert_int_equal(t.changes[TIMELINE_BINS - 6], 1);
	assert_int_equal(t.refusals[TIMELINE_BINS - 4 * 6], 1);
	assert_int_equal(t.last_change, NOW - DAY);
	assert_string_equal(t.issuer, "CN=R11");
	assert_int_equal(t.drawn_from, t.from);
	assert_int_equal(timeline_read(&t, s.page.store, "home.example.org",
			     "neighbour", NOW),
	    ERR_OK);
	assert_int_equal(t.count, 0);
	stage_close(&s);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *text, *type, *verdict, *reason, *advice;
	} rows[] = {
		{ "A proof: connect: Connection refused (2 tries)", "A",
		    "proof", "connect: Connection refused (2 tries)",
		    "Nothing listens" },
		{ "AAAA proof: certificate: has expired on 2026", "AAAA",
		    "proof", "certificate: has expired on 2026", "Renew" },
		{ "A proof: TLS: no answer in time (1 try)", "A", "proof",
		    "TLS: no answer in time (1 try)", "took the connection" },
		{ "A provider: HTTP 401: bad", "A", "provider", "HTTP 401: bad",
		    "make a new one" },
		{ "A address: private", "A", "address", "private",
		    "carrier-grade" },
		{ "A busy: ", "A", "busy", "", "Nothing, if" },
		{ "A unheard: of", "A", "unheard", "of", "See the log" },
		{ "", "", "", "", "See the log" },
		{ "A proof", "", "", "A proof", "See the log" },
		{ "<b> proof: x", "", "", "<b> proof: x", "See the log" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct refusal r;
		const char *advice;

		refusal_read(&r, rows[i].text);
		advice = refusal_advice(r.verdict, r.reason);
		ROW(unit_same(r.type, rows[i].type) &&
			unit_same(r.verdict, rows[i].verdict) &&
			unit_same(r.reason, rows[i].reason) &&
			strstr(advice, rows[i].advice) != NULL,
		    "%s: %s, %s, %s, %s", rows[i].text, r.type, r.verdict,
		    r.reason, advice);
	}
	ROWS_END();
	assert_non_null(refusal_advice("proof", NULL));
	assert_string_equal(refusal_words("strange"), "strange");
}

/* The address that the update came from, or one of its network. */
static void
test_open_refusals(void **state)
{
	static const struct {
		const char *verdict, *source, *address;
		bool open;
	} rows[] = {
		{ "proof", "203.0.113.9", "203.0.113.9", true },
		{ "proof", "::ffff:203.0.113.9", "203.0.113.9", true },
		{ "proof", "203.0.113.9", "203.0.113.8", false },
		{ "proof", "2001:db8:1:2::3", "2001:db8:1:fc::8", true },
		{ "proof", "2001:db8:1:2::3", "2001:db8:2:2::3", false },
		{ "proof", "203.0.113.9", "2001:db8:1:2::3", false },
		{ "proof", NULL, "203.0.113.9", false },
		{ "proof", "203.0.113.9", NULL, false },
		{ "proof", "", "", false },
		{ "proof", "x", "x", false },
		{ "proof", "203.0.113.9", "none", false },
		{ "provider", NULL, NULL, true },
		{ "address", "203.0.113.9", "10.0.0.1", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(refusal_is_open(rows[i].verdict, rows[i].source,
			rows[i].address) == rows[i].open,
		    "%zu", i);
	ROWS_END();
}

static void
test_when(void **state)
{
	static const struct {
		int64_t at;
		const char *apart;
	} rows[] = {
		{ NOW, "just now" },
		{ NOW - 59, "just now" },
		{ NOW - 60, "1 minute ago" },
		{ NOW - 7199, "1 hour ago" },
		{ NOW - 7200, "2 hours ago" },
		{ NOW + 30, "within a minute" },
		{ NOW + 9 * DAY, "in 9 days" },
		{ INT64_MIN, "106751991188085 days ago" },
	};
	char text[WHEN_TEXT_MAX];
	int64_t since = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(unit_same(when_apart(rows[i].at, NOW, text), rows[i].apart),
		    "%zu: %s", i, text);
	ROWS_END();
	assert_string_equal(when_text(NOW, text), "2026-11-28 04:00");
	assert_string_equal(when_iso(NOW, text), "2026-11-28T04:00:00Z");
	assert_string_equal(when_text(0, text), "never");
	assert_string_equal(when_iso(INT64_MAX, text), "never");
	assert_true(when_parse("2026-11-28", NOW, true, &since));
	assert_int_equal(since, NOW - 4 * 3600);
	assert_true(when_parse("90m", NOW, true, &since));
	assert_int_equal(since, NOW - 5400);
	assert_false(when_parse("", NOW, true, &since));
	assert_false(when_parse("-1d", NOW, true, &since));
	assert_false(when_parse("2026-11-28x", NOW, true, &since));
	assert_false(when_parse("99999999999999999999d", NOW, true, &since));
	assert_false(when_parse("100001d", NOW, true, &since));
	assert_false(when_parse("5", NOW, true, &since));
	assert_false(when_parse("5dd", NOW, true, &since));
	assert_false(when_parse("x", NOW, true, &since));
	/* Of a year of five digits nothing is said. */
	assert_string_equal(when_iso(300000000000, text), "never");
	assert_int_equal(setenv("TZ", "XXX-2", 1), 0);
	assert_true(when_parse("2026-11-28", NOW, false, &since));
	assert_int_equal(since, NOW - 6 * 3600);
	assert_int_equal(unsetenv("TZ"), 0);
}

/* The policy names exactly the style that the page has. */
static void
test_policy(void **state)
{
	const char *policy = page_policy();

	(void)state;
	assert_non_null(strstr(policy, "default-src 'none'; "));
	assert_non_null(strstr(policy, "style-src 'sha256-"));
	assert_non_null(strstr(policy, "frame-ancestors 'none'"));
	assert_non_null(strstr(policy, "base-uri 'none'"));
	assert_non_null(strstr(policy, "form-action 'self'"));
	assert_null(strstr(policy, "unsafe"));
	assert_ptr_equal(policy, page_policy());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_standings),
		cmocka_unit_test(test_own_refusal),
		cmocka_unit_test(test_what_is_rare),
		cmocka_unit_test(test_many_events),
		cmocka_unit_test(test_shared_host),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_no_store),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_open_refusals),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
