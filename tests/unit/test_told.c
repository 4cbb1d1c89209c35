/*
 * test_told.c - what a receiver is told of a state, once and in its order,
 * whatever the state holds and the receiver answers.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "https/exchange.h"
#include "news/courier.h"
#include "news/feed.h"
#include "news/keeper.h"
#include "news/lookout.h"
#include "news/mail.h"
#include "news/receivers.h"

#define HOSTS	45
#define A_DAY	86400
#define ALL	((1U << NEWS__COUNT) - 1)
#define REFUSAL (1U << NEWS_REFUSED)

/* The clock goes as fast as a test wants. */
static int64_t skipped; /* seconds */
int __real_clock_gettime(clockid_t which, struct timespec *t);
int __wrap_clock_gettime(clockid_t which, struct timespec *t);

int
__wrap_clock_gettime(clockid_t which, struct timespec *t)
{
	int rc = __real_clock_gettime(which, t);

	t->tv_sec += skipped;
	return rc;
}

/* A store of its own for each test, and what it is of. */
static struct {
	struct settings settings;
	struct host_settings hosts[HOSTS];
	char names[HOSTS][32], directory[256];
	struct state *state;
	struct feed_source from;
} stage;

static struct provider_settings providers[] = { { .name = "home" },
	{ .name = "other" } };
static struct account_settings accounts[] = {
	{ .name = "family", .hosts = stage.hosts, .host_count = HOSTS },
	{ .name = "none" },
	{ .name = "second", .provider = 1 },
};

static void
open_stage(void)
{
	static unsigned int count;
	struct error why;

	memset(&stage, 0, sizeof stage);
	skipped = 0;
	for (size_t i = 0; i < HOSTS; i++) {
		snprintf(stage.names[i], sizeof stage.names[i],
		    "%02zu.example.org", i);
		stage.hosts[i].name = stage.names[i];
	}
	stage.settings = (struct settings){ .providers = providers,
		.provider_count = COUNT(providers),
		.accounts = accounts,
		.account_count = COUNT(accounts) };
	snprintf(stage.directory, sizeof stage.directory, "%s/%u",
	    unit_directory(), count++);
	assert_int_equal(mkdir(stage.directory, 0700), 0);
	stage.settings.state =
	    (struct state_settings){ .place = stage.directory,
		    .history_days = 400 };
	assert_non_null(stage.state = state_new(&stage.settings, &why));
	stage.from = (struct feed_source){ .settings = &stage.settings,
		.state = stage.state,
		.store = store_open(stage.state),
		.seen = seen_new(HOSTS) };
	assert_non_null(stage.from.store);
	assert_non_null(stage.from.seen);
}

static void
close_stage(void)
{
	store_close(stage.from.store);
	state_free(stage.state);
	seen_free(stage.from.seen);
}

/* An event of so many seconds ago. */
struct past {
	int64_t ago;
	const char *host, *type, *new, *verdict, *reason;
};

static void
record(const struct past *p)
{
	store_record(stage.from.store,
	    &(struct state_event){ .at = time(NULL) - p->ago,
		.account = "family",
		.host = p->host,
		.type = p->type,
		.new = p->new,
		.verdict = p->verdict,
		.reason = p->reason });
}

static const struct past change = { 20, "00.example.org", "AAAA", "2001:db8::2",
	"good", NULL };
static const struct past refused = { 30, "00.example.org", "AAAA",
	"2001:db8::3", "proof", "has expired" };

static const struct receiver_settings *
receiver(unsigned int kinds)
{
	static struct receiver_settings r;

	r = (struct receiver_settings){ .name = "me",
		.kinds = kinds,
		.provider_s = 60,
		.certificate_s = 14 * A_DAY,
		.silent_s = 3600 };
	return &r;
}

/* How many news there are; told: they are. */
static size_t
look(struct feed *f, bool told)
{
	struct news_list list = { .count = 0 };
	size_t count;

	assert_int_equal(feed_look(f, &list), ERR_OK);
	count = list.count;
	if (told)
		assert_int_equal(feed_told(f, &list), ERR_OK);
	news_clear(&list);
	return count;
}

/* What is told behind an event that is not, is not told twice. */
static void
test_behind(void **state)
{
	struct feed *f;

	(void)state;
	open_stage();
	record(&refused);
	record(&change);
	assert_non_null(f = feed_new(receiver(REFUSAL), &stage.from));
	assert_int_equal(look(f, false), 1);
	assert_int_equal(look(f, false), 1);
	assert_int_equal(look(f, true), 1);
	assert_int_equal(look(f, true), 0);
	feed_free(f);
	close_stage();
}

/* What happened to one host, the earliest first, and how much of it is news. */
static const struct {
	const char *name;
	struct past past[3];
	size_t news;
} repeated[] = {
	{ "the same",
	    { { 30, "a", "A", "192.0.2.1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.1", "proof", "y" } },
	    1 },
	{ "another address",
	    { { 30, "a", "A", "192.0.2.1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.2", "proof", "x" } },
	    2 },
	{ "another verdict",
	    { { 30, "a", "A", "192.0.2.1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.1", "provider", "x" } },
	    2 },
	{ "another family between",
	    { { 30, "a", "A", "192.0.2.1", "proof", "x" },
		{ 25, "a", "AAAA", "::1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.1", "proof", "x" } },
	    2 },
	{ "no address",
	    { { 30, "a", "A", NULL, "proof", "x" },
		{ 20, "a", "A", NULL, "proof", "x" } },
	    1 },
	{ "no family",
	    { { 30, "a", NULL, NULL, "proof", "x" },
		{ 20, "a", "A", NULL, "proof", "x" } },
	    2 },
	{ "the day before",
	    { { 2 * A_DAY, "a", "A", "192.0.2.1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.1", "proof", "x" } },
	    2 },
	{ "another host",
	    { { 30, "b", "A", "192.0.2.1", "proof", "x" },
		{ 20, "a", "A", "192.0.2.1", "proof", "x" } },
	    2 },
	{ "long ago", { { 8 * A_DAY, "a", "A", "192.0.2.1", "proof", "x" } },
	    0 },
};

static void
test_repeated(void **state)
{
	struct feed *f;
	size_t news;

	(void)state;
	for (size_t i = 0; i < COUNT(repeated); i++) {
		open_stage();
		for (size_t j = 0; j < COUNT(repeated[i].past) &&
		     repeated[i].past[j].host != NULL;
		     j++)
			record(&repeated[i].past[j]);
		assert_non_null(f = feed_new(receiver(ALL), &stage.from));
		news = look(f, true);
		ROW(news == repeated[i].news, "%s: %zu", repeated[i].name,
		    news);
		feed_free(f);
		close_stage();
	}
	ROWS_END();
}

/* What there is no room for now is told in the end, and nothing twice. */
static void
test_many(void **state)
{
	struct feed *f;
	size_t told = 0, n;

	(void)state;
	open_stage();
	record(&refused);
	for (int i = 0; i < 1100; i++)
		record(&change);
	assert_non_null(f = feed_new(receiver(REFUSAL), &stage.from));
	for (int i = 0; i < 3; i++)
		assert_int_equal(look(f, false), 1);
	assert_int_equal(look(f, true), 1);
	/* All that is behind is gone through, and then comes what is new. */
	record(&(struct past){ 1, "00.example.org", "A", "192.0.2.9", "proof",
	    "x" });
	for (int i = 0; i < 4 && told == 0; i++) {
		told = n = look(f, true);
		assert_true(n <= 1);
	}
	assert_int_equal(told, 1);
	assert_int_equal(look(f, true), 0);
	feed_free(f);
	close_stage();
}

/* A note that is none of ours is as if there were none. */
static const struct {
	const char *note;
	size_t news;
} notes[] = {
	{ "nonsense", 2 },
	{ "[]", 2 },
	{ "{}", 2 },
	{ "{\"from\": 3, \"told\": [], \"certificates\": 1, \"silent\": \"x\","
	  " \"outages\": [1], \"since\": \"x\"}",
	    2 },
	{ "{\"from\": \"99999999999999999999\"}", 0 },
};

static void
test_notes(void **state)
{
	struct buffer note = { .max = 1UL << 20 };
	struct feed *f;
	size_t news;

	(void)state;
	for (size_t i = 0; i <= COUNT(notes); i++) {
		const char *text = i < COUNT(notes) ? notes[i].note : NULL;

		if (text == NULL) {
			/* More than there is room for. */
			buffer_puts(&note, "{\"told\": {");
			for (int j = 0; j < 1100; j++)
				buffer_printf(&note, "\"-%d\": 1, ", j);
			buffer_puts(&note, "\"-\": 1}}");
			assert_false(note.failed);
			text = note.data;
		}
		open_stage();
		record(&refused);
		record(&change);
		assert_int_equal(store_keep_note(stage.from.store, "notify me",
				     NULL, text),
		    ERR_OK);
		assert_non_null(f = feed_new(receiver(ALL), &stage.from));
		news = look(f, true);
		ROW(news == (i < COUNT(notes) ? notes[i].news : 1), "%s: %zu",
		    i < COUNT(notes) ? text : "a long note", news);
		/* One that is full is emptied, and then all is told. */
		for (int j = 0; i == COUNT(notes) && j < 4; j++)
			(void)look(f, true);
		assert_int_equal(look(f, true), 0);
		feed_free(f);
		close_stage();
	}
	buffer_free(&note);
	ROWS_END();
}

/* The host was published now, with a certificate until then. */
static void
publish(const char *host, const char *account, int64_t expiry)
{
	struct state_claim c = { .host = host,
		.account = account,
		.expiry = expiry,
		.wanted = { { .kind = VALUE_ADDRESS,
				.address = unit_address("192.0.2.7") },
		    { .kind = VALUE_NONE } } };
	struct state_value old[STATE_FAMILIES];

	assert_int_equal(store_intend(stage.from.store, &c, old), ERR_OK);
	store_apply(stage.from.store, &c,
	    (enum state_outcome[STATE_FAMILIES]){ OUTCOME_APPLIED,
		OUTCOME_APPLIED });
}

/* A provider has failed for long, unless it has worked at another host. */
static void
test_outage(void **state)
{
	static const struct past away[] = {
		{ 120, "00.example.org", "A", "192.0.2.1", "provider",
		    "home: HTTP 503" },
		{ 40, "00.example.org", "A", "192.0.2.1", "provider",
		    "home: HTTP 503" },
	};
	struct feed *f;

	(void)state;
	for (int works = 0; works < 2; works++) {
		open_stage();
		record(&away[0]);
		record(&away[1]);
		publish("of-none.example.org", "nobody", 0);
		publish("of-second.example.org", "second", 0);
		if (works == 1) {
			publish("00.example.org", "family", 0);
			publish("01.example.org", "family", 0);
		}
		assert_non_null(
		    f = feed_new(receiver(1U << NEWS_PROVIDER), &stage.from));
		assert_int_equal(look(f, true), works == 0);
		assert_int_equal(look(f, true), 0);
		feed_free(f);
		close_stage();
	}
}

/* More than one message holds: certificates, and hosts that are silent. */
static void
test_clock(void **state)
{
	const int64_t now = time(NULL);
	struct feed *f;
	size_t told = 0, n;

	(void)state;
	open_stage();
	for (int i = 0; i < HOSTS; i++)
		publish(stage.names[i], "family",
		    i == 0     ? 0 :
			i == 1 ? now + 20 * A_DAY :
				 now + A_DAY);
	publish("nobodys.example.org", "family", now);
	assert_int_equal(
	    store_keep_note(stage.from.store, "notify me", NULL,
		"{\"from\": \"99999999999999999999\", \"since\": 1}"),
	    ERR_OK);
	assert_non_null(
	    f = feed_new(receiver(1U << NEWS_CERTIFICATE), &stage.from));
	for (int i = 0; i < 6; i++) {
		n = look(f, true);
		assert_true(n <= NEWS_MAX);
		told += n;
	}
	assert_int_equal(told, HOSTS - 2);
	assert_int_equal(look(f, true), 0);
	feed_free(f);
	close_stage();
}

static bool
of_long_ago(struct lookout *l, struct news_list *list)
{
	news_clear(list);
	return lookout_find(l, list) == ERR_OK;
}

/* A host is silent unless it was heard of, here or by another machine. */
static void
test_silent(void **state)
{
	struct receiver_settings to = *receiver(1U << NEWS_SILENT);
	struct news_list list = { .count = 0 };
	struct lookout l;
	int64_t now = time(NULL);
	char text[32];

	(void)state;
	open_stage();
	for (int i = 0; i < HOSTS; i++)
		publish(stage.names[i], "family", 0);
	to.silent_s = 0;
	l = (struct lookout){ .settings = &stage.settings,
		.store = stage.from.store,
		.seen = stage.from.seen,
		.to = &to,
		.certificates = json_object_new_object(),
		.silent = json_object_new_object() };
	assert_true(of_long_ago(&l, &list));
	assert_in_range(list.count, 10, NEWS_MAX);
	/* The first two were heard of since, as another machine knows. */
	to.silent_s = -30;
	snprintf(text, sizeof text, "%lld", (long long)now + 20);
	store_keep_note(stage.from.store, "seen 00.example.org", NULL, text);
	snprintf(text, sizeof text, "%lld", (long long)now + 60);
	store_keep_note(stage.from.store, "seen 01.example.org", NULL, text);
	store_keep_note(stage.from.store, "seen 02.example.org", NULL, "x");
	assert_true(of_long_ago(&l, &list));
	assert_in_range(list.count, 10, NEWS_MAX);
	assert_string_equal(list.items[0].subject, "00.example.org");
	assert_int_equal(list.items[0].value, now + 20);
	assert_string_equal(list.items[1].subject, "02.example.org");
	assert_int_equal(seen_last(l.seen, "01.example.org"), now + 60);
	/* Without a memory of what was heard it is the same. */
	l.seen = NULL;
	assert_true(of_long_ago(&l, &list));
	assert_string_equal(list.items[1].subject, "02.example.org");
	/* As many as can be told are told: no more are. */
	for (int i = 0; i < LOOKOUT_TOLD_MAX; i++) {
		snprintf(text, sizeof text, "%d", i);
		json_object_object_add(l.silent, text,
		    json_object_new_int64(1));
	}
	lookout_told(&l, &list.items[0]);
	assert_int_equal(json_object_object_length(l.silent), LOOKOUT_TOLD_MAX);
	news_clear(&list);
	json_object_put(l.certificates);
	json_object_put(l.silent);
	close_stage();
}

/* What is written down of hosts that were seen: some at a time. */
static void
test_keeper(void **state)
{
	const int64_t now = time(NULL);
	struct keeper *k;
	size_t kept;

	(void)state;
	open_stage();
	assert_non_null(
	    k = keeper_new(&stage.settings, stage.from.seen, stage.from.store));
	for (int i = 0; i < HOSTS; i++)
		seen_note(stage.from.seen, stage.names[i], now);
	for (int step = 0; step < 4; step++) {
		keeper_step(k, false);
		kept = 0;
		for (int i = 0; i < HOSTS; i++)
			kept += keeper_read(stage.from.store, stage.names[i]) ==
			    now;
		assert_int_equal(kept, step < 2 ? 20 * (step + 1) : HOSTS);
	}
	/* Again, and soon after: not before the end. */
	seen_note(stage.from.seen, stage.names[0], now + 60);
	skipped += 40;
	keeper_step(k, false);
	assert_int_equal(keeper_read(stage.from.store, stage.names[0]), now);
	keeper_step(k, true);
	assert_int_equal(keeper_read(stage.from.store, stage.names[0]),
	    now + 60);
	assert_int_equal(keeper_read(stage.from.store, "nobody.example"), 0);
	keeper_free(k);
	close_stage();
}

/*
 * A mail server, and what it has been given.
 */
static enum { TAKES, REFUSES, HANGS_UP, IS_SILENT } mood;
static int listener = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char given[65536];

static void
say(FILE *to, const char *text)
{
	fprintf(to, "%s\r\n", text);
	fflush(to);
}

static void
talk(FILE *with)
{
	char line[2048];
	bool data = false;

	if (mood == HANGS_UP)
		return;
	if (mood != IS_SILENT)
		say(with, "220 here");
	while (fgets(line, sizeof line, with) != NULL) {
		if (data) {
			pthread_mutex_lock(&lock);
			if (strlen(given) + strlen(line) < sizeof given)
				strcat(given, line);
			pthread_mutex_unlock(&lock);
			data = strcmp(line, ".\r\n") != 0;
			if (!data)
				say(with, "250 taken");
		} else if (strncmp(line, "DATA", 4) == 0) {
			data = true;
			say(with, "354 go on");
		} else if (strncmp(line, "RCPT", 4) == 0 && mood == REFUSES) {
			say(with, "550 no");
		} else {
			say(with, "250 well");
		}
	}
}

static void *
serve(void *unused)
{
	FILE *with;
	int fd;

	(void)unused;
	while ((fd = accept(listener, NULL, NULL)) != -1) {
		if ((with = fdopen(fd, "r+")) != NULL) {
			talk(with);
			fclose(with);
		}
	}
	return NULL;
}

static uint16_t
listen_at(const char *address)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct sockaddr_in6 *six = (void *)&ss;
	struct sockaddr_in *four = (void *)&ss;
	socklen_t len = sizeof *four;

	if (inet_pton(AF_INET, address, &four->sin_addr) != 1) {
		ss.ss_family = AF_INET6;
		inet_pton(AF_INET6, address, &six->sin6_addr);
		len = sizeof *six;
	}
	listener = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 || bind(listener, (void *)&ss, len) == -1)
		return 0;
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (void *)&ss, &len), 0);
	return ntohs(four->sin_port);
}

static size_t
count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

static unsigned int faults; /* that were asked for */

static void
no_fault(const void *data, struct buffer *fault)
{
	(void)data;
	faults++;
	if (faults > 1)
		buffer_puts(fault, "no worker");
}

/* Begins what is due, and goes on until nothing is under way. */
static void
run(struct couriers *c)
{
	int64_t end = clock_now() + 60000;

	couriers_step(c, true);
	while (couriers_busy(c) && clock_left(end) > 0) {
		couriers_wait(c, clock_now() + 100);
		couriers_step(c, false);
	}
	assert_false(couriers_busy(c));
}

/* A mail that fails is sent again, later each time; the log tells it rarely. */
static void
test_mail(void **state)
{
	const char *log = unit_write("log", "", 0);
	struct receiver_settings to = *receiver(ALL);
	struct receivers *r;
	struct exchanges *x;
	struct trust *trust = trust_new();
	struct couriers *c;
	struct error why;
	pthread_t server;
	char *text;

	(void)state;
	open_stage();
	record(&refused);
	assert_int_equal(log_open(&(struct log_settings){ .to = log }, &why),
	    ERR_OK);
	assert_non_null(trust);
	assert_non_null(x = exchanges_new(trust));
	to.mail = "root@example.org";
	to.from = "ddnsgate";
	to.smtp = unit_address("::1");
	if ((to.smtp_port = listen_at("::1")) == 0) {
		to.smtp = unit_address("127.0.0.1");
		to.smtp_port = listen_at("127.0.0.1");
	}
	stage.settings.receivers = &to;
	stage.settings.receiver_count = 1;
	assert_non_null(r = receivers_new(&stage.settings, &why));
	assert_int_equal(pthread_create(&server, NULL, serve, NULL), 0);
	assert_non_null(c = couriers_new(r, &stage.from, x, no_fault, NULL));
	mood = REFUSES;
	run(c);
	skipped += 3;
	mood = HANGS_UP;
	run(c);
	text = unit_read(log);
	assert_int_equal(count_of(text, "the mail server answers 550"), 1);
	assert_int_equal(count_of(text, "it is told later"), 1);
	free(text);
	skipped += 3601;
	run(c);
	mood = TAKES;
	skipped += 3601;
	run(c);
	run(c);
	skipped += 2;
	run(c);
	text = unit_read(log);
	assert_int_equal(count_of(text, "it is told later"), 2);
	assert_int_equal(count_of(text, "it takes the news again"), 1);
	free(text);
	assert_int_equal(count_of(given,
			     "Subject: 00.example.org: the new "
			     "IPv6 address was refused\r\n"),
	    1);
	assert_int_equal(count_of(given, "has expired\r\nRenew"), 1);
	assert_int_equal(count_of(given, "@ddnsgate.invalid>\r\n"), 1);
	/* The end comes while one is under way. */
	mood = IS_SILENT;
	record(&change);
	skipped += 2;
	couriers_step(c, true);
	assert_true(couriers_busy(c));
	couriers_free(c);
	shutdown(listener, SHUT_RDWR);
	assert_int_equal(pthread_join(server, NULL), 0);
	close(listener);
	receivers_free(r);
	exchanges_free(x);
	trust_free(trust);
	mails_free(NULL);
	mail_end(NULL);
	close_stage();
}

/* A ping to nobody is tried as often as it is due, and no news are lost. */
static void
test_pings(void **state)
{
	const char *log = unit_write("log", "", 0);
	struct receiver_settings to[] = { *receiver(0), *receiver(ALL) };
	struct trust *trust = trust_new();
	struct exchanges *x;
	struct receivers *r;
	struct couriers *c;
	struct error why;
	char *text;

	(void)state;
	open_stage();
	assert_int_equal(log_open(&(struct log_settings){ .to = log }, &why),
	    ERR_OK);
	assert_non_null(trust);
	assert_non_null(x = exchanges_new(trust));
	to[0].form = FORM_HEALTHCHECKS;
	to[0].url = "https://ping.example:9/x";
	to[0].every_ms = 60000;
	to[1].name = "other";
	to[1].url = "https://hook.example:9/x";
	to[1].server.addresses[0] = unit_address("127.0.0.1");
	to[1].server.address_count = 1;
	stage.settings.receivers = to;
	stage.settings.receiver_count = 2;
	assert_non_null(r = receivers_new(&stage.settings, &why));
	assert_non_null(c = couriers_new(r, &stage.from, x, no_fault, NULL));
	run(c);
	assert_int_equal(faults, 0); /* the first one comes later */
	for (unsigned int n = 1; n < 10; n++) {
		skipped += 61;
		run(c);
		assert_int_equal(faults, n);
	}
	text = unit_read(log);
	assert_int_equal(count_of(text,
			     "notify me: the resolver knows no "
			     "address of ping.example;"),
	    1);
	free(text);
	couriers_free(c);
	/* Of a state that cannot be read nothing is told. */
	record(&refused);
	store_close(stage.from.store);
	state_free(stage.state);
	stage.settings.state.place = "/dev/null/nowhere";
	assert_non_null(stage.state = state_new(&stage.settings, &why));
	assert_non_null(stage.from.store = store_open(stage.state));
	stage.from.state = stage.state;
	stage.settings.receiver_count = 1;
	assert_non_null(c = couriers_new(r, &stage.from, x, no_fault, NULL));
	run(c);
	couriers_free(c);
	text = unit_read(log);
	assert_null(strstr(text, "notify other: "));
	free(text);
	receivers_free(r);
	exchanges_free(x);
	trust_free(trust);
	close_stage();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_keeper),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_pings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
