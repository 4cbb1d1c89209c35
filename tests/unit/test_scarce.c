/*
 * test_scarce.c - a configuration is read, used and released, and each command
 * runs, while memory runs out, at each allocation in turn: no end by a signal,
 * an error that says so, and no output that is less than whole without one.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "account/verifier.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/entry.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/log.h"
#include "certificates.h"
#include "command/command.h"
#include "command/outcome.h"
#include "config/directory.h"
#include "config/revision.h"
#include "gateway/examination.h"
#include "gateway/gateway.h"
#include "gateway/native.h"
#include "gateway/routes.h"
#include "news/courier.h"
#include "news/feed.h"
#include "news/keeper.h"
#include "news/outages.h"
#include "installed.h"
#include "scarce.h"

static const char *configuration;

/* Setup asks no nginx, and makes no users. */
bool __wrap_errand_exists(const char *name);
bool __wrap_errand_run(const char *const words[]);
uid_t __wrap_geteuid(void);
uid_t __real_geteuid(void);

static bool is_setup;

bool
__wrap_errand_exists(const char *name)
{
	(void)name;
	return false;
}

bool
__wrap_errand_run(const char *const words[])
{
	fail_msg("%s is called", words[0]);
	return false;
}

uid_t
__wrap_geteuid(void)
{
	return is_setup ? 61500 : __real_geteuid();
}

/* Each story returns whether it went well; else why says what did not. */

static bool
make_gateway(struct error *why)
{
	struct gateway *g = gateway_new(configuration, why);
	bool good = g != NULL && gateway_open_state(g, why) == ERR_OK;

	gateway_free(g);
	return good;
}

static struct gateway *present;

static bool
read_again(struct error *why)
{
	struct gateway *next = gateway_read_again(present, why);
	bool good = next != NULL && gateway_read_accounts(next, why) == ERR_OK;

	if (good)
		ROW(settings_account(next->settings, "far") != NULL,
		    "an account is lost");
	gateway_free(next);
	return good;
}

static bool
examine(struct error *why)
{
	struct faults faults = { .count = 0 };

	gateway_examine(configuration, &faults);
	if (faults.count > 0)
		*why = faults.list[0];
	return faults.count == 0;
}

static bool
see_event(const struct state_event *e, void *data)
{
	(void)e;
	++*(unsigned int *)data;
	return true;
}

static bool
see_host(const struct state_host *h, void *data)
{
	(void)h;
	++*(unsigned int *)data;
	return true;
}

static struct state_claim
claim(const char *address)
{
	return (struct state_claim){ .host = "nas.example.org",
		.account = "router",
		.settings = "settings",
		.wanted = {
		    { .kind = VALUE_ADDRESS, .address = unit_address(address) },
		    { .kind = VALUE_UNKNOWN } } };
}

static const enum state_outcome applied[STATE_FAMILIES] = { OUTCOME_APPLIED,
	OUTCOME_APPLIED };

/* All that an update and its readers do with a store. */
static bool
work_with(struct store *st)
{
	static const struct state_search all = { .since = 0 };
	struct state_claim first = claim("192.0.2.1"),
			   next = claim("192.0.2.2");
	struct state_value old[STATE_FAMILIES];
	struct state_host host;
	struct buffer note = { .max = 64 };
	struct turn turn = { .id = 7, .arrival = 1 };
	struct error why;
	int verdicts[ORDER_VERDICTS] = { 0 };
	unsigned int count = 0;
	int64_t intents;

	store_take(st, first.host, &turn, verdicts);
	store_intend(st, &first, old);
	store_apply(st, &first, applied);
	store_keep(st, first.host, &turn);
	store_is_applied(st, &first, 3600000);
	store_intend(st, &next, old);
	/* Another write is under way: the first one is not believed. */
	ROW(store_is_applied(st, &first, 3600000) != STORE_YES,
	    "what is being replaced is believed");
	store_apply(st, &next, applied);
	ROW(store_is_applied(st, &first, 3600000) != STORE_YES,
	    "what was replaced is believed");
	store_give(st, first.host, &turn, verdicts);
	store_record(st,
	    &(struct state_event){ .at = 1780000000,
		.account = "router",
		.host = "nas.example.org",
		.type = "A",
		.verdict = "good" });
	store_hosts(st, NULL, "", see_host, &count);
	store_host(st, first.host, &host);
	store_history(st, &all, see_event, &count);
	store_news(st, "", see_event, &count);
	store_keep_note(st, "key", NULL, "text");
	store_note(st, "key", &note);
	store_leads(st, 7);
	store_resign(st, 7);
	store_count_intents(st, &intents);
	store_check(st, &why);
	store_forget(st, first.host);
	buffer_free(&note);
	return true;
}

static bool
use_state(struct error *why)
{
	struct state *s = state_new(present->settings, why);
	struct store *st = s != NULL ? store_open(s) : NULL;

	if (st != NULL)
		work_with(st);
	store_close(st);
	state_free(s);
	return true;
}

static bool
open_state(struct error *why)
{
	struct gateway *g;
	bool good;

	scarce_pause(true);
	assert_non_null(g = gateway_new(configuration, why));
	scarce_pause(false);
	good = gateway_open_state(g, why) == ERR_OK;
	gateway_free(g);
	return good;
}

/* Nobody is there: nothing may seem to be sent, to any receiver. */
static bool
send_news(struct error *why)
{
	struct exchanges *x = exchanges_new(present->trust);
	struct news_list list = { .count = 0 };

	(void)news_add_trial(&list, "machine");
	for (size_t i = 0; x != NULL && i < present->receivers->count; i++)
		ROW(courier_send(&present->receivers->list[i], &list, x,
			clock_now() + 10000, why) != ERR_OK,
		    "what nobody took seems to be sent");
	news_clear(&list);
	exchanges_free(x);
	return true;
}

/* And nothing may seem to be proved. */
static bool
prove(struct error *why)
{
	const struct proof_settings how = { .kind = PROOF_CERTIFICATE,
		.port = 9 },
				    pin = { .kind = PROOF_PIN, .port = 9 };
	struct proof proofs[] = { { .host = "www.example.org", .how = &how },
		{ .host = "nas.example.org", .how = &pin } };
	struct proof *list[] = { &proofs[0], &proofs[1] };

	(void)why;
	for (size_t i = 0; i < COUNT(proofs); i++)
		proofs[i].address = unit_address("127.0.0.1");
	prover_run(present->prover, list, COUNT(list), clock_now() + 300);
	for (size_t i = 0; i < COUNT(proofs); i++)
		ROW(proofs[i].result != ERR_OK, "%s seems to be proved",
		    proofs[i].host);
	return true;
}

/* A text of ours is whole, or nobody takes it for one. */
static void
expect(const char *name, const char *text, const char *whole)
{
	ROW(text == NULL || strcmp(text, whole) == 0, "%s: %s", name, text);
}

/* The verdicts of a host in JSON, or what all of them come to. */
static bool
reply_in_json(struct error *why)
{
	static const char whole[] =
	    "{\"status\":200,\"hosts\":[{\"name\":\"www.example.org\","
	    "\"verdict\":\"good\",\"records\":[{\"type\":\"A\",\"address\":null,"
	    "\"verdict\":\"good\"},{\"type\":\"AAAA\",\"address\":"
	    "\"2001:db8::8\",\"verdict\":\"good\"}]}]}\n";
	static const char sum[] = "{\"status\":200,\"summary\":\"good\"}\n";
	const struct account_settings *a =
	    settings_account(present->settings, "router");
	struct record records[] = {
		{ .address.family = AF_INET, .remove = true },
		{ .address = unit_address("2001:db8::8") },
	};
	struct update u = { .records = records, .record_count = 2 };
	struct reply r = { .json = true, .body.max = REPLY_BODY_MAX };

	(void)why;
	u.hosts[u.host_count++] = settings_host(a, "www.example.org");
	for (size_t i = 0; i < COUNT(records); i++) {
		records[i].host = u.hosts[0];
		records[i].verdict = VERDICT_GOOD;
	}
	native_reply(&u, &r);
	if (!r.body.failed)
		ROW(strcmp(r.body.data, whole) == 0 ||
			strcmp(r.body.data, sum) == 0,
		    "a reply: %s", r.body.data);
	reply_end(&r);
	return true;
}

/* What a receiver was told is kept as a whole. */
static bool
keep_news(struct error *why)
{
	const struct settings *settings = present->settings;
	struct outages o = { .mark = "7",
		.list[0] = { .since = 3,
		    .last = 4,
		    .reason = "away",
		    .told = true } };
	struct state *s = state_new(settings, why);
	struct feed_source from = { .settings = settings, .state = s };
	struct news_list list = { .count = 0 };
	struct buffer note = { .max = 4096 };
	struct feed *f = NULL;
	json_object *kept = outages_write(&o, settings);

	expect("outages",
	    kept != NULL ? json_object_to_json_string_ext(kept, 0) : NULL,
	    "{\"mark\":\"7\",\"of home\":[3,4,true,\"away\"]}");
	json_object_put(kept);
	if (s != NULL && (from.store = store_open(s)) != NULL) {
		scarce_pause(true);
		(void)store_keep_note(from.store, "notify admin", NULL,
		    "{\"from\":\"7\"}");
		scarce_pause(false);
		f = feed_new(&settings->receivers[0], &from);
	}
	if (f != NULL && feed_look(f, &list) == ERR_OK)
		(void)feed_told(f, &list);
	scarce_pause(true);
	if (from.store != NULL &&
	    store_note(from.store, "notify admin", &note) == ERR_OK &&
	    note.len > 0)
		ROW(!heap_wipes() ||
			strcmp(note.data, "{\"from\":\"7\"}") == 0 ||
			(strstr(note.data, "{\"from\":\"7\",") != NULL &&
			    strstr(note.data, "\"silent\":{") != NULL &&
			    strstr(note.data, "\"mark\":\"") != NULL &&
			    strstr(note.data, "\"told\":{") != NULL),
		    "a note: %s", note.data);
	buffer_free(&note);
	scarce_pause(false);
	news_clear(&list);
	feed_free(f);
	store_close(from.store);
	state_free(s);
	return true;
}

/* The log, as JSON: a member that cannot be made is not there. */
static bool
write_entry(struct error *why)
{
	static const struct log_field fields[] = { { .name = "host",
						       .text = "www" },
		{ .name = "ms", .number = 7 }, { .name = NULL } };
	static struct log_line line;

	(void)why;
	entry_make(&line, ENTRY_PLAIN, true, 1780000000, LOG_INFO, "a message",
	    fields);
	line.bytes[line.len - 1] = '\0';
	ROW(strstr(line.bytes, "null") == NULL, "an entry: %s", line.bytes);
	return true;
}

static struct gateway *serving; /* with its state */

/* Each page, and an update of an address that nobody publishes. */
static const struct {
	const char *uri;
	const char *login; /* "noc:token", "router:token" in base64 */
	int status;
} asked[] = {
	{ "/healthz", "", 200 },
	{ "/metrics", "", 200 },
	{ "/status?q=+www+", "bm9jOnRva2Vu", 200 },
	{ "/status?host=www.example.org", "bm9jOnRva2Vu", 200 },
	{ "/history?host=nas.example.org", "cm91dGVyOnRva2Vu", 200 },
	{ "/nic/update?hostname=nas.example.org&myip=10.0.0.1",
	    "cm91dGVyOnRva2Vu", 400 },
	{ "/update?host=nas.example.org&ipv4=10.0.0.1", "cm91dGVyOnRva2Vu",
	    400 },
	{ "/nowhere", "", 404 },
};

/*
 * No page is less than whole, and nobody is told of a fault of his; a build
 * with another heap does not know of a lack.
 */
static void
answer(size_t index, struct gateway_tools *t)
{
	const char *uri = asked[index].uri;
	char path[128], query[128], header[64],
	    accept[] = "HTTP_ACCEPT=application/json",
	    source[] = "REMOTE_ADDR=192.0.2.1", method[] = "REQUEST_METHOD=GET";
	char *variables[] = { method, source, path, query, header, accept,
		NULL };
	struct request q;
	struct reply r;

	snprintf(path, sizeof path, "REQUEST_URI=%s", uri);
	snprintf(query, sizeof query, "QUERY_STRING=%s",
	    uri[strcspn(uri, "?")] == '?' ? strchr(uri, '?') + 1 : "");
	snprintf(header, sizeof header, "HTTP_AUTHORIZATION=Basic %s",
	    asked[index].login);
	request_read(&q, variables, -1, clock_now());
	gateway_handle(serving, t, &q, &r);
	gateway_count(serving, t);
	ROW((r.status == asked[index].status && !r.body.failed &&
		r.body.len > 0) ||
		r.status >= 500 || !heap_wipes(),
	    "%s: %d %s", uri, r.status, r.body.len > 0 ? r.body.data : "");
	reply_end(&r);
	gateway_give_up(t);
	request_end(&q);
}

static bool
answer_all(struct error *why)
{
	struct gateway_tools t = { .exchanges = exchanges_new(serving->trust),
		.store = store_open(serving->state),
		.edition = serving->settings->edition };

	(void)why;
	for (size_t i = 0;
	     i < COUNT(asked) && t.exchanges != NULL && t.store != NULL; i++)
		answer(i, &t);
	exchanges_free(t.exchanges);
	store_close(t.store);
	return true;
}

static void
no_fault(const void *data, struct buffer *fault)
{
	(void)data;
	(void)fault;
}

/* All that is new, for each receiver. */
static void
look_for_news(const struct feed_source *from, struct exchanges *x)
{
	struct couriers *all =
	    couriers_new(serving->receivers, from, x, no_fault, NULL);
	struct news_list list = { .count = 0 };
	struct feed *f;

	couriers_free(all);
	for (size_t i = 0; i < serving->receivers->count; i++) {
		f = feed_new(serving->receivers->list[i].settings, from);
		if (f != NULL && feed_look(f, &list) == ERR_OK)
			(void)feed_told(f, &list);
		news_clear(&list);
		feed_free(f);
	}
}

static bool
find_news(struct error *why)
{
	struct exchanges *x = exchanges_new(serving->trust);
	struct seen *seen = seen_new(8);
	struct feed_source from = { .settings = serving->settings,
		.state = serving->state,
		.store = store_open(serving->state),
		.seen = seen,
		.began = 1 };
	struct keeper *k = NULL;

	(void)why;
	if (seen != NULL && from.store != NULL && x != NULL) {
		seen_note(seen, "www.example.org", 1780000000);
		look_for_news(&from, x);
		k = keeper_new(serving->settings, seen, from.store);
	}
	if (k != NULL)
		keeper_step(k, true);
	keeper_free(k);
	store_close(from.store);
	seen_free(seen);
	exchanges_free(x);
	return true;
}

/* Names with escapes, and letters that json-c 0.18 does not take. */
static bool
read_names(struct error *why)
{
	static const char text[] = "{\"\\u0061\": 1, \"\\u0062\": \"\u00fc\"}";
	struct json_tokener *tok = json_tokener_new();
	struct json_fault fault;
	json_object *o = NULL;
	bool good = tok != NULL &&
	    (o = json_parse(tok, text, strlen(text), 0)) != NULL &&
	    json_names_unique(text, strlen(text), &fault);

	if (tok != NULL)
		json_tokener_free(tok);
	json_object_put(o);
	return good || error_memory(why) == ERR_OK;
}

/* What lacked memory may seem to be another fault; gateway.c says so, too. */
static bool
ended(bool good, struct error *why)
{
	if (!good && heap_lacked())
		error_memory(why);
	return good;
}

/* A text is changed as it should be, or not taken for one that is. */
static bool
revise(struct error *why)
{
	static const char before[] =
	    "{\n  \"gone\": 1,\n  \"\\u0061\": 2,\n  \"c\": {\"d\": 3},\n"
	    "  \"last\": 4\n}\n";
	static const char after[] =
	    "{\"a\": 5, \"c\": {\"d\": [6]}, \"new\": {\"e\": 7}}";
	static const char whole[] =
	    "{\n  \"\\u0061\": 5,\n  \"c\": {\"d\": [\n    6\n  ]},\n"
	    "  \"new\": {\n    \"e\": 7\n  }\n}\n";
	struct buffer text = { .max = 4096 };
	json_object *from, *to;
	bool good;

	scarce_pause(true);
	from = json_tokener_parse(before);
	to = json_tokener_parse(after);
	buffer_puts(&text, before);
	scarce_pause(false);
	good = revision_make(&text, from, to, "t", why) == ERR_OK;
	if (good)
		expect("a revision", text.data, whole);
	json_object_put(from);
	json_object_put(to);
	buffer_free(&text);
	return ended(good, why);
}

/* No account is lost whose name is looked for in another spelling. */
static bool
read_escaped(struct error *why)
{
	struct settings *s;
	char *text, *at;
	const char *file;

	scarce_pause(true);
	text = unit_read(configuration);
	at = strstr(text, "\"accounts\"");
	assert_non_null(at);
	assert_int_not_equal(asprintf(&at, "%.*s\"\\u0061ccounts\"%s",
				 (int)(at - text), text,
				 at + strlen("\"accounts\"")),
	    -1);
	file = unit_write("escaped.json", at, strlen(at));
	free(at);
	free(text);
	scarce_pause(false);
	s = settings_read_alone(file, why);
	ROW(s == NULL ||
		(settings_account(s, "router") != NULL &&
		    settings_account(s, "full") != NULL),
	    "an account is lost");
	settings_free(s);
	return ended(s != NULL, why);
}

/* What cannot be looked at is not called current. */
static bool
look_at_edition(struct error *why)
{
	struct edition e = { .same = false };

	(void)why;
	ROW(!edition_is_current(&e, configuration), "another file");
	e = present->settings->edition;
	(void)edition_is_current(&e, configuration);
	(void)directory_fingerprint(unit_directory());
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct error *why);
} stories[] = {
	{ "news of the state", find_news },
	{ "names of JSON", read_names },
	{ "an edition", look_at_edition },
	{ "a revision", revise },
	{ "escaped names", read_escaped },
	{ "gateway_open_state", open_state },
	{ "news", send_news },
	{ "proofs", prove },
	{ "a store", use_state },
	{ "a reply in JSON", reply_in_json },
	{ "what was told", keep_news },
	{ "an entry in JSON", write_entry },
	{ "gateway_new", make_gateway },
	{ "gateway_read_again", read_again },
	{ "gateway_examine", examine },
	{ "replies", answer_all },
};

static const char far[] =
    "{\"verifier\": \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
    "$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\","
    " \"provider\": \"home\", \"hosts\": {\"far.example.org\":"
    " {\"ipv4\": true, \"proof\": {\"kind\": \"pin\", \"pins\":"
    "  [\"000102030405060708090a0b0c0d0e0f"
    "101112131415161718191a1b1c1d1e1f\"]}}}}";

static void
write_configuration(void)
{
	struct identity ca, leaf;
	char operator[VERIFIER_TEXT_MAX], router[VERIFIER_TEXT_MAX];
	char *text, *accounts, *state;
	const char *file;
	struct error why;

	assert_int_equal(verifier_make(operator, "noc:token", 9, 1000, &why),
	    ERR_OK);
	assert_int_equal(verifier_make(router, "router:token", 12, 1000, &why),
	    ERR_OK);
	unit_write("secret", "hush", 4);
	identity_make_ca(&ca, "CA");
	identity_make(&leaf, &ca,
	    &(struct leaf){ .names = { "dns.example.org" } });
	assert_non_null(identity_file(&leaf, "chain"));
	identity_end(&leaf);
	file = identity_file(&ca, "ca.pem");
	assert_int_not_equal(asprintf(&accounts, "%s/accounts.d",
				 unit_directory()),
	    -1);
	assert_int_not_equal(asprintf(&state, "%s/state", unit_directory()),
	    -1);
	assert_int_equal(mkdir(accounts, 0755), 0);
	assert_int_equal(mkdir(state, 0700), 0);
	unit_write("accounts.d/far.json", far, strlen(far));
	assert_int_not_equal(
	    asprintf(&text,
		"{\"ca\": \"%s\", \"state\": \"%s\","
		" \"listen\": {\"socket\": \"%s/s\", \"group\": \"root\"},"
		" \"metrics\": {\"allow\": [\"192.0.2.1\"], \"hosts\": true},"
		" \"providers\": {\"home\": {"
		"  \"description\": \"powerdns\", \"addresses\": [\"192.0.2.2\"],"
		"  \"config\": {\"base\": \"https://api.example:8443\"},"
		"  \"ca\": \"%s\"}},"
		" \"operators\": {\"noc\": {\"verifier\":"
		"  \"%s\"}},"
		" \"notify\": {\"admin\": {\"mail\": \"root@example.org\","
		"   \"from\": \"dns@example.org\", \"port\": 9, \"events\": [\"silent\"]},"
		"  \"phone\": {\"url\": \"https://ntfy.example.org:9/dns\","
		"   \"form\": \"ntfy\", \"addresses\": [\"127.0.0.1\"],"
		"   \"secret_file\": \"%s/secret\"},"
		"  \"hook\": {\"url\": \"https://hook.example.org:9/{secret}\","
		"   \"secret_file\": \"%s/secret\","
		"   \"addresses\": [\"127.0.0.1\"]}},"
		" \"defaults\": {\"ttl\": 60},"
		" \"accounts\": {\"router\": {\"verifier\":"
		"  \"%s\","
		"  \"provider\": \"home\", \"hosts\": {"
		"   \"www.example.org\": {\"ipv4\": true, \"ipv6\": {"
		"     \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\"},"
		"    \"zone\": \"example.org\", \"allow\": [\"10.0.0.0/8\"],"
		"    \"proof\": {\"kind\": \"certificate\", \"ca\": \"%s\"}},"
		"   \"nas.example.org\": {\"ipv4\": true,"
		"    \"proof\": {\"kind\": \"none\"}}}},"
		"  \"full\": {\"verifier\": \"%s\", \"provider\": \"home\","
		"   \"disabled\": true, \"from_connection\": true,"
		"   \"query_credentials\": true, \"hosts\": {"
		"   \"full-of-all-that-there-can-be.example.org\":"
		"    {\"ipv4\": \"if-public\", \"ipv6\": \"router\","
		"    \"partial\": true, \"removal\": true, \"ttl\": 60,"
		"    \"replace_set\": true,"
		"    \"proof\": {\"kind\": \"certificate\", \"echo\": \"/ip\"}},"
		"   \"another-name-of-that-account.example.org\":"
		"    {\"ipv4\": true}, \"third.example.org\": {\"ipv4\": true}}}},"
		" \"account_directory\": \"%s\"}",
		file, state, unit_directory(), file, operator, unit_directory(),
		unit_directory(), router, file, router, accounts),
	    -1);
	configuration = unit_write("ddnsgate.json", text, strlen(text));
	text[0] = '\0';
	free(text);
	free(accounts);
	free(state);
	identity_end(&ca);
}

/* A host that was published, and an event, so that there is much to tell. */
static void
fill_state(void)
{
	struct state_claim c = { .host = "www.example.org",
		.account = "router",
		.wanted = { { .kind = VALUE_ADDRESS,
				.address = unit_address("89.14.163.157") },
		    { .kind = VALUE_NONE } } };
	struct state_value old[STATE_FAMILIES];
	struct error why;
	struct gateway *g = gateway_new(configuration, &why);
	struct store *st;

	assert_non_null(g);
	assert_int_equal(gateway_open_state(g, &why), ERR_OK);
	assert_non_null(st = store_open(g->state));
	assert_int_equal(store_intend(st, &c, old), ERR_OK);
	store_apply(st, &c,
	    (enum state_outcome[STATE_FAMILIES]){ OUTCOME_APPLIED,
		OUTCOME_APPLIED });
	store_record(st,
	    &(struct state_event){ .at = 1780000000,
		.account = "router",
		.host = "www.example.org",
		.type = "A",
		.new = "89.14.163.157",
		.source = "192.0.2.1",
		.verdict = "refused",
		.reason = "for a test" });
	store_close(st);
	gateway_free(g);
}

static void
test_each_allocation_fails(void **state)
{
	struct error why;

	(void)state;
	installed_begin();
	write_configuration();
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/null" },
			     &why),
	    ERR_OK);
	assert_non_null(present = gateway_new(configuration, &why));
	assert_non_null(serving = gateway_new(configuration, &why));
	assert_int_equal(gateway_open_state(serving, &why), ERR_OK);
	fill_state();
	for (size_t i = 0; i < COUNT(stories); i++)
		assert_int_not_equal(scarce_each(stories[i].name,
					 stories[i].run),
		    0);
	ROWS_END();
}

/* Answers to all that setup asks. */
#define SETUP                                                             \
	"setup --no-trial --account new --server dns.example.org:8443 "   \
	"--provider desec --host new.example.org --token-file @token "    \
	"--ttl 60 --ipv4 89.14.163.156 --ipv6 2a01:c22::8 --device none " \
	"--certificate @chain --key @key "

/*
 * The commands, each with what it is given after its name; "-" stands for the
 * configuration, and "@NAME" for a file of that name beside it.
 */
static const struct {
	int (*run)(int argc, char *argv[]);
	const char *words;
} commands[] = {
	{ command_setup, SETUP "--site @sites-available/site --config -" },
	{ command_setup, SETUP "--site none --config @more/new.json" },
	{ command_check, "check --config -" },
	{ command_account, "account list --config -" },
	{ command_account, "account list --json --config -" },
	{ command_account, "account show far --json --config -" },
	{ command_account, "account show router --config -" },
	{ command_account, "account show full --config -" },
	{ command_explain,
	    "explain --no-provider --config - "
	    "full-of-all-that-there-can-be.example.org ipv4=none ipv6=none "
	    "color=red" },
	{ command_router, "router nonsense --account nobody --config -" },
	{ command_account,
	    "account add new --host new.example.org --provider home "
	    "--suffix ::8 --prefix-length 56 --ttl 60 --config -" },
	{ command_account, "account change far --token --config -" },
	{ command_account, "account disable far --config -" },
	{ command_account, "account remove far --config -" },
	{ command_explain,
	    "explain --no-provider --config - nas.example.org "
	    "ipv4=89.14.163.157" },
	{ command_status, "status --config -" },
	{ command_status, "status --json --config -" },
	{ command_history, "history --json --config -" },
	{ command_history, "history --config -" },
	{ command_forget, "forget --config - www.example.org" },
	{ command_notify, "notify --dry-run --config -" },
	{ command_provider,
	    "provider run --dry-run --config - desec nas.example.org "
	    "192.0.2.1" },
	{ command_provider, "provider show desec" },
	{ command_provider, "provider show desec --json" },
	{ command_provider, "provider show rfc2136 --json" },
	{ command_provider, "provider run --dry-run desec" },
	{ command_provider,
	    "provider run --dry-run --config - desec nas.example.org" },
	{ command_prove, "prove www.example.org 10.0.0.1" },
	{ command_prove, "prove --port x www.example.org 192.0.2.1" },
	{ command_prove, "prove --pin x www.example.org 192.0.2.1" },
	{ command_prove, "prove --request x www.example.org 192.0.2.1" },
	{ command_prove, "prove --echo x www.example.org 192.0.2.1" },
	{ command_prove,
	    "prove --echo /x --request tls www.example.org 192.0.2.1" },
	{ command_prove, "prove --allow x www.example.org 192.0.2.1" },
	{ command_prove, "prove www 192.0.2.1" },
	{ command_prove, "prove www.example.org x" },
	{ command_account, "account show nobody --config -" },
	{ command_account, "account show router --json --config -" },
	{ command_account,
	    "account add far --host far.example.org --config -" },
	{ command_account, "account add new --host x --config -" },
	{ command_account, "account add new --config -" },
	{ command_account,
	    "account add new --host a.example.org --proof none --ipv4 true "
	    "--zone example.org --config -" },
	{ command_account, "account change far --ttl x --config -" },
	{ command_account, "account change far --ipv6 router --config -" },
	{ command_account, "account enable far --config -" },
	{ command_account, "account remove nobody --config -" },
	{ command_history, "history --since x --config -" },
	{ command_history, "history --since 7d --config - a b" },
	{ command_history, "history --since 7d --config -" },
	{ command_status, "status --pool --config -" },
	{ command_status, "status --pool --json --config -" },
	{ command_status, "status --pool --account router --config -" },
	{ command_status, "status --account router --config -" },
	{ command_forget, "forget --config - nobody.example.org" },
	{ command_notify, "notify --dry-run --config - nobody" },
	{ command_notify, "notify --dry-run --config - phone" },
	{ command_health, "health --config -" },
	{ command_top, "top --config -" },
	{ command_router, "router nonsense --account router --config -" },
	{ command_check, "check --account nobody --config -" },
	{ command_check, "check --user nobody-there --config -" },
	{ command_setup, "setup --no-trial --config -" },
	{ command_hash, "hash --iterations x" },
	{ command_hash, "hash --iterations 1000" },
	{ command_version, "--version" },
};

#define WORDS_MAX 40
#define TEXT_MAX  65536

static size_t which;
static char wanted[TEXT_MAX]; /* what it prints with memory enough */
static int wanted_status;     /* and what it comes to; -1: not known yet */
static int kept[3];	      /* standard input, output and error */

/* Descriptor fd becomes a file of the directory. */
static void
turn(int fd, const char *name, const char *text)
{
	int to = open(unit_write(name, text, strlen(text)), O_RDWR | O_CLOEXEC);

	assert_int_not_equal(to, -1);
	assert_int_not_equal(dup2(to, fd), -1);
	close(to);
}

static void
read_back(int fd, char *text)
{
	ssize_t n = pread(fd, text, TEXT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

/* Runs it; then out and err hold what it wrote. */
static int
call(char *out, char *err)
{
	static char words[512], files[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1] = { NULL }, *at = words, *word;
	int argc = 0, status;

	strcpy(words, commands[which].words);
	while ((word = strsep(&at, " ")) != NULL && argc < WORDS_MAX) {
		if (*word == '@')
			snprintf(files[argc], sizeof *files, "%s/%s",
			    unit_directory(), word + 1);
		argv[argc] = *word == '@'  ? files[argc] :
		    strcmp(word, "-") != 0 ? word :
					     (char *)(uintptr_t)configuration;
		argc++;
	}
	turn(STDIN_FILENO, "in", "router:token\n");
	turn(STDOUT_FILENO, "out", "");
	turn(STDERR_FILENO, "err", "");
	scarce_pause(false);
	status = outcome_of(commands[which].run(argc, argv));
	scarce_pause(true);
	read_back(STDOUT_FILENO, out);
	read_back(STDERR_FILENO, err);
	for (int fd = 0; fd < 3; fd++)
		dup2(kept[fd], fd);
	return status;
}

/* What setup is given to change, and to read. */
static const char site[] = "server {\n\tserver_name old.example.org;\n"
			   "\tssl_certificate /old/chain;\n"
			   "\tssl_certificate_key /old/key;\n"
			   "\tpass unix:/run/ddnsgate/ddnsgate.sock;\n}\n";
static char *settings; /* the configuration's text */

static void
restore_files(void)
{
	static const char *const made[] = { "accounts.d/new.json",
		"more/new.json", "more", "sites-enabled/site" };
	char name[256];

	for (size_t i = 0; i < COUNT(made); i++) {
		snprintf(name, sizeof name, "%s/%s", unit_directory(), made[i]);
		remove(name);
	}
	unit_write("accounts.d/far.json", far, strlen(far));
	if (!is_setup)
		return;
	unit_write("ddnsgate.json", settings, strlen(settings));
	unit_write("sites-available/site", site, strlen(site));
}

/* Adds what setup made to what it printed. */
static void
add_files(char *out)
{
	static const char *const files[] = { "ddnsgate.json",
		"accounts.d/new.json", "more/new.json", "sites-available/site",
		"sites-enabled/site" };
	char name[256], *text;

	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(name, sizeof name, "%s/%s", unit_directory(),
		    files[i]);
		if (access(name, F_OK) == -1)
			continue;
		text = unit_read(name);
		assert_true(strlen(out) + strlen(text) < TEXT_MAX);
		strcat(out, text);
		free(text);
	}
}

/* Either all is changed as it is with memory enough, or nothing is. */
static void
look_at_files(int status, const char *err)
{
	static size_t whole;
	char all[TEXT_MAX] = "", *end = all + strlen(settings);

	add_files(all);
	if (wanted_status == -1)
		whole = strlen(all);
	/* A salt is another one each time. */
	ROW((status != EXIT_OK && strcmp(end, site) == 0 &&
		strncmp(all, settings, strlen(settings)) == 0) ||
		strlen(all) == whole,
	    "%s: %s left behind: %s", commands[which].words, err, end);
}

/* It prints all that it has to, or says that it cannot. */
static bool
run_command(struct error *why)
{
	static char out[TEXT_MAX], err[TEXT_MAX];
	int status;

	scarce_pause(true);
	restore_files();
	status = call(out, err);
	if (is_setup) {
		look_at_files(status, err);
	}
	if (wanted_status == -1) {
		strcpy(wanted, out);
		wanted_status = status;
	}
	scarce_pause(false);
	error_set(why, ERR_SYSTEM, "%d \"%s\" %s", status, out, err);
	if (strstr(err, "out of memory") != NULL ||
	    (status != EXIT_OK && strstr(err, strerror(ENOMEM)) != NULL))
		why->code = ERR_MEMORY;
	/* A salt is another one each time. */
	return status == wanted_status && strlen(out) == strlen(wanted);
}

static void
empty_state(void)
{
	static const char *const names[] = { "", "-wal", "-shm", ".trusted" };
	char name[256];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof name, "%s/state/state.db%s",
		    unit_directory(), names[i]);
		remove(name);
	}
}

static void
make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", unit_directory(), name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
test_commands(void **state)
{
	(void)state;
	/* The events of the first test would be too many. */
	empty_state();
	fill_state();
	make_folder("sites-available");
	make_folder("sites-enabled");
	unit_write("token", "token\n", 6);
	settings = unit_read(configuration);
	for (int fd = 0; fd < 3; fd++)
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	for (which = 0; which < COUNT(commands); which++) {
		wanted_status = -1;
		is_setup = commands[which].run == command_setup;
		(void)scarce_each(commands[which].words, run_command);
	}
	free(settings);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
