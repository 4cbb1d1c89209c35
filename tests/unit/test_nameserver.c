/*
 * test_nameserver.c - a provider that is a name server: without memory at each
 * call, without a server, and what nobody can do with one.
 */
#include "unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <json-c/json.h>

#include "base/clock.h"
#include "base/heap.h"
#include "provider/dns/answer.h"
#include "provider/dns/nameserver.h"
#include "provider/dns/packet.h"
#include "provider/dns/rfc2136.h"
#include "provider/provider.h"
#include "scarce.h"

#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
#define TOKEN  "router:" SECRET

/* libknot without memory; its own calls of malloc() are not between. */
#define SCARCE_KNOT(type, name, failed, with, arguments) \
	UNIT_BETWEEN(scarce_refuses(), type, name, failed, with, arguments)

SCARCE_KNOT(knot_pkt_t *, knot_pkt_new, NULL,
    (void *wire, uint16_t len, knot_mm_t *mm), (wire, len, mm))
SCARCE_KNOT(int, knot_pkt_put_question, KNOT_ENOMEM,
    (knot_pkt_t * p, const knot_dname_t *name, uint16_t class, uint16_t type),
    (p, name, class, type))
SCARCE_KNOT(int, knot_rrset_add_rdata, KNOT_ENOMEM,
    (knot_rrset_t * rr, const uint8_t *data, uint16_t len, knot_mm_t *mm),
    (rr, data, len, mm))
SCARCE_KNOT(int, knot_tsig_key_init, KNOT_ENOMEM,
    (knot_tsig_key_t * key, const char *algorithm, const char *name,
	const char *secret),
    (key, algorithm, name, secret))

SCARCE_KNOT(int, knot_tsig_sign, KNOT_ENOMEM,
    (uint8_t * message, size_t *len, size_t max, const uint8_t *mac,
	size_t mac_len, uint8_t *own, size_t *own_len,
	const knot_tsig_key_t *key, uint16_t code, uint64_t at),
    (message, len, max, mac, mac_len, own, own_len, key, code, at))
SCARCE_KNOT(int, gnutls_rnd, GNUTLS_E_RANDOM_FAILED,
    (gnutls_rnd_level_t level, void *data, size_t len), (level, data, len))

static struct address v4, none = { .family = AF_INET6 };

static struct dnskey *
new_key(struct error *why)
{
	return dnskey_new("hmac-sha256", "router", SECRET, why);
}

/* A query, an update, and an answer that is the query itself. */
static bool
make_messages(struct error *why)
{
	const struct dnschange changes[] = {
		{ "home.example", &v4, 60, false },
		{ "home.example", &none, 60, true },
	};
	struct dnskey *k = new_key(why);
	struct dnsrequest *q = NULL, *u = NULL;
	struct dnsanswer *r = NULL;
	uint8_t copy[4096];
	size_t len = 0;
	bool good;

	if (k != NULL)
		q = dnsrequest_query(k, "home.example", DNS_A, why);
	if (q != NULL)
		u = dnsrequest_update(k, "example", changes, COUNT(changes),
		    why);
	if (u != NULL) {
		memcpy(copy, dnsrequest_wire(q, &len), sizeof copy);
		r = dnsanswer_new(q, k, copy, len, why);
	}
	good = u != NULL && r == NULL && why->code == ERR_REFUSED;
	dnsanswer_free(r);
	dnsrequest_free(u);
	dnsrequest_free(q);
	dnskey_free(k);
	return good;
}

/* Of a port where nobody listens. */
static uint16_t port;

static bool
open_nameserver(struct error *why)
{
	struct address here = unit_address("127.0.0.1");
	struct nameserver *n = nameserver_open(&here, 1, port, "hmac-sha256",
	    TOKEN, clock_now() + 60000, why);

	nameserver_close(n);
	return n == NULL && why->code == ERR_UNREACHABLE;
}

/* Which question: to a server that hangs up before it hears it. */
static size_t question;

static bool
ask_nameserver(struct error *why)
{
	const struct dnschange change = { "home.example", &v4, 60, false };
	struct address here = unit_address("127.0.0.1");
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;
	char zone[HOSTNAME_MAX + 1];
	struct nameserver *n;
	struct dnsheld held;
	int server;

	scarce_pause(true);
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
	n = nameserver_open(&here, 1, ntohs(in.sin_port), "hmac-sha256", TOKEN,
	    clock_now() + 60000, why);
	assert_non_null(n);
	close(server);
	scarce_pause(false);
	if (question == 0)
		(void)nameserver_zone(n, "home.example", zone, why);
	else if (question == 1)
		(void)nameserver_held(n, "home.example", DNS_A, &held, why);
	else
		(void)nameserver_update(n, "example", &change, 1, why);
	nameserver_close(n);
	/* A message that could not be made is none of the server's. */
	ROW(why->code == ERR_UNREACHABLE || why->code == ERR_MEMORY,
	    "question %zu: %s", question, why->text);
	return why->code == ERR_UNREACHABLE;
}

static struct provider_settings provider = { .name = "home",
	.description = RFC2136_NAME,
	.address_count = 1 };
static struct settings settings = { .file = NULL, .provider_count = 1 };

static struct publication
publication(void)
{
	return (struct publication){ .name = "home.example.org",
		.zone = "example.org",
		.address = v4 };
}

/* Nothing seems to be published. */
static bool
publish(struct error *why)
{
	struct publication p = publication();
	struct publication *list[] = { &p };
	struct providers *all = providers_new(&settings, why);
	long retry_after;

	if (all == NULL) {
		if (heap_lacked()) /* as gateway_new() does */
			(void)error_memory(why);
		return false;
	}
	provider_publish(providers_get(all, 0), NULL, TOKEN, list, 1,
	    clock_now() + 60000, &retry_after);
	ROW(p.result != ERR_OK && p.done, "it seems to be published");
	*why = p.why;
	providers_free(all);
	return p.result == ERR_UNREACHABLE;
}

static void
test_each_allocation_fails(void **state)
{
	(void)state;
	assert_int_not_equal(scarce_each("messages", make_messages), 0);
	assert_int_not_equal(scarce_each("nameserver_open", open_nameserver),
	    0);
	assert_int_not_equal(scarce_each("provider_publish", publish), 0);
	for (question = 0; question < 3; question++)
		assert_int_not_equal(scarce_each("a question", ask_nameserver),
		    0);
	ROWS_END();
}

/* Names that a hostname never is; no message is made of half of one. */
static void
test_no_name(void **state)
{
	const struct dnschange change = { "a..b", &v4, 60, false };
	struct error why;
	struct dnskey *k = new_key(&why);

	(void)state;
	assert_non_null(k);
	assert_null(dnsrequest_query(k, "a..b", DNS_A, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	assert_null(dnsrequest_update(k, "a..b", &change, 1, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	assert_null(dnsrequest_update(k, "b", &change, 1, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	dnskey_free(k);
}

/* What has no leave is not written, and what is done is not touched. */
static void
test_no_leave(void **state)
{
	struct publication done = publication(), refused = publication(),
			   awaited = publication();
	struct publication *list[] = { &done, &refused, &awaited };
	struct error why;
	struct providers *all = providers_new(&settings, &why);
	const struct provider *p;
	struct publishing *pub;
	long retry_after;

	(void)state;
	assert_non_null(all);
	p = providers_get(all, 0);
	done.done = true;
	done.result = ERR_BUSY;
	refused.leave = LEAVE_REFUSED;
	awaited.leave = LEAVE_AWAITED;
	pub = provider_start(p, NULL, TOKEN, list, 3, clock_now() + 60000,
	    clock_now() + 60000);
	assert_non_null(pub);
	assert_true(provider_step(pub));
	assert_false(awaited.done);
	awaited.leave = LEAVE_REFUSED;
	assert_false(provider_step(pub));
	provider_finish(pub, &retry_after);
	assert_int_equal(done.result, ERR_BUSY);
	assert_int_equal(refused.result, ERR_ABANDONED);
	assert_int_equal(awaited.result, ERR_ABANDONED);
	providers_free(all);
}

static void
test_for_people(void **state)
{
	struct provider_settings unresolved = provider;
	struct settings asks = settings;
	struct publication p = publication();
	struct publication gone = { .name = "old.home.example.net",
		.address = none,
		.remove = true };
	struct publication top = { .name = "example",
		.address = v4,
		.ttl = 120 };
	struct publication *list[] = { &p, &gone, &top };
	struct error why = { .code = ERR_OK };
	struct providers *all = providers_new(&settings, &why);
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	long retry_after;

	(void)state;
	assert_non_null(all);
	assert_int_equal(provider_record(providers_get(all, 0), NULL, TOKEN,
			     list, 1, clock_now() + 60000, &retry_after, to,
			     &why),
	    ERR_CONFIG);
	assert_string_equal(why.text,
	    "home: what is said to a name server cannot be recorded");
	provider_rehearse(providers_get(all, 0), to, list, 1);
	p.zone = NULL;
	provider_rehearse(providers_get(all, 0), to, list, 3);
	providers_free(all);
	/* The resolver was asked, and knows nothing. */
	unresolved.address_count = 0;
	asks.providers = &unresolved;
	assert_non_null(all = providers_new(&asks, &why));
	provider_print(providers_get(all, 0), true, to);
	providers_free(all);
	fclose(to);
	assert_non_null(strstr(text,
	    "zone example.org.\n"
	    "prereq nxrrset home.example.org. CNAME\n"
	    "update delete home.example.org. A\n"
	    "update add home.example.org. 60 A 192.0.2.1\n"
	    "send\n"
	    "zone example.net.\n"
	    "update delete old.home.example.net. AAAA\n"
	    "send\n"
	    "zone example.\n"
	    "prereq nxrrset example. CNAME\n"
	    "update delete example. A\n"
	    "update add example. 120 A 192.0.2.1\n"
	    "send\n"));
	assert_non_null(strstr(text, "the resolver does not answer\n"));
	free(text);
}

/* A configuration without "config" at all. */
static void
test_no_config(void **state)
{
	struct provider_settings bare = provider;
	struct endpoint e = { .settings = &bare };
	struct error why;

	(void)state;
	bare.variables = NULL;
	assert_int_equal(rfc2136_read(&e, "f.json", &why), ERR_CONFIG);
	assert_non_null(strstr(why.text,
	    "f.json: /providers/home/config/server"
	    ": is missing"));
	endpoint_end(&e);
}

static void
test_ports(void **state)
{
	static const struct {
		const char *port;
		bool good;
	} rows[] = { { "1", true }, { "65535", true }, { "", false },
		{ "0", false }, { "65536", false }, { "53x", false },
		{ "-1", false }, { "99999999999999999999", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct provider_settings one = provider;
		struct endpoint e = { .settings = &one };
		struct error why = { .code = ERR_OK };

		one.variables = json_object_new_object();
		json_object_object_add(one.variables, "server",
		    json_object_new_string("ns.example.org"));
		json_object_object_add(one.variables, "port",
		    json_object_new_string(rows[i].port));
		ROW((rfc2136_read(&e, "f.json", &why) == ERR_OK) ==
			rows[i].good,
		    "\"%s\": %s", rows[i].port, why.text);
		endpoint_end(&e);
		json_object_put(one.variables);
	}
	ROWS_END();
}

static int
set_up(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	/* Bound to the end, so that nobody else listens there. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof in;
	char text[16];

	(void)state;
	if (bind(fd, (struct sockaddr *)&in, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		return -1;
	port = ntohs(in.sin_port);
	v4 = unit_address("192.0.2.1");
	provider.addresses[0] = unit_address("127.0.0.1");
	provider.variables = json_object_new_object();
	snprintf(text, sizeof text, "%u", (unsigned int)port);
	json_object_object_add(provider.variables, "server",
	    json_object_new_string("ns.example.org"));
	json_object_object_add(provider.variables, "port",
	    json_object_new_string(text));
	settings.providers = &provider;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	json_object_put(provider.variables);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_no_leave),
		cmocka_unit_test(test_for_people),
		cmocka_unit_test(test_no_config),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
