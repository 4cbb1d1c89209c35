/*
 * test_api.c - a provider as the operator configures it: what its description
 * needs and takes, whom it asks, and what it does without memory.
 */
#include "unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/clock.h"
#include "base/heap.h"
#include "certificates.h"
#include "https/exchange.h"
#include "installed.h"
#include "provider/provider.h"
#include "provider/rest/api.h"
#include "scarce.h"
#include "tls/trust.h"

#define BASE	"\"base\": \"https://dyn.example:8443/x\""
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define AZURE	"\"subscription\": \"s\", \"group\": \"g\""

static char file[] = "f.json";

static const struct {
	const char *description;
	const char *config; /* NULL: none */
	const char *why;    /* NULL: it is good */
	const char *login;  /* the host of the login; NULL: no other */
} rows[] = {
	{ "desec", NULL, NULL, NULL },
	{ "dyndns2", "{" BASE "}", NULL, NULL },
	{ "dyndns2", "{" BASE ", \"path\": \"/nic/x\"}", NULL, NULL },
	{ "dyndns2", "{" BASE ", \"path\": \"/a/../b\"}",
	    "f.json: /providers/home/config/path: must be a path, as in "
	    "\"/nic/update\"",
	    NULL },
	{ "dyndns2", "{" BASE ", \"path\": \"nic\"}",
	    "f.json: /providers/home/config/path: must be a path, as in "
	    "\"/nic/update\"",
	    NULL },
	{ "dyndns2", NULL,
	    "f.json: /providers/home/config/base: is missing; provider dyndns2 "
	    "needs it",
	    NULL },
	{ "dyndns2", "{" BASE ", \"color\": \"red\"}",
	    "f.json: /providers/home/config/color: provider dyndns2 has no "
	    "such variable",
	    NULL },
	{ "dyndns2", "{" BASE ", \"" LETTERS LETTERS "\": \"x\"}",
	    "f.json: /providers/home/config/" LETTERS LETTERS
	    ": provider dyndns2 has no such variable",
	    NULL },
	{ "dyndns2", "{\"base\": \"http://dyn.example\"}",
	    "f.json: /providers/home: \"http://dyn.example\" must be "
	    "https://host, with a port and a path at most",
	    NULL },
	{ "azure", "{" AZURE "}", NULL, "login.microsoftonline.com" },
};

static struct provider_settings
provider(const char *description, const char *config)
{
	return (struct provider_settings){ .name = "home",
		.description = description,
		.variables = config != NULL ? json_tokener_parse(config) : NULL,
		.ca = "/ca.pem" };
}

static void
test_configurations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct provider_settings p =
		    provider(rows[i].description, rows[i].config);
		struct settings s = { .file = file,
			.providers = &p,
			.provider_count = 1 };
		struct error why = { .code = ERR_OK };
		struct providers *all = providers_new(&s, &why);
		const struct endpoint *login = NULL;

		ROW((all != NULL) == (rows[i].why == NULL) &&
			(all != NULL || unit_same(why.text, rows[i].why)),
		    "row %zu: %s", i, why.text);
		if (all != NULL)
			login = provider_login(providers_get(all, 0));
		ROW(unit_same(login != NULL ? login->host : NULL,
			rows[i].login),
		    "row %zu: another login", i);
		providers_free(all);
		json_object_put(p.variables);
	}
	ROWS_END();
}

/* What is known of a host is known of it by the next ones, and of no other. */
static void
test_inheritance(void **state)
{
	struct provider_settings p[] = {
		provider("dyndns2", "{\"base\": \"https://one.example\"}"),
		provider("dyndns2", "{\"base\": \"https://two.example\"}"),
	};
	struct settings s = { .file = file,
		.providers = p,
		.provider_count = 2 };
	struct address found = unit_address("192.0.2.1"),
		       list[SETTINGS_ADDRESSES_MAX];
	struct providers *before, *after;
	struct error why;

	(void)state;
	assert_non_null(before = providers_new(&s, &why));
	assert_non_null(after = providers_new(&s, &why));
	resolution_set(providers_resolved(before, 0)->resolution, &found, 1);
	assert_null(providers_resolved(before, 2));
	providers_inherit(after, before);
	assert_int_equal(endpoint_addresses(providers_resolved(after, 0), list),
	    1);
	assert_true(address_equal(&list[0], &found));
	assert_int_equal(endpoint_addresses(providers_resolved(after, 1), list),
	    0);
	assert_false(providers_known(after));
	providers_free(before);
	providers_free(after);
	for (size_t i = 0; i < COUNT(p); i++)
		json_object_put(p[i].variables);
}

/* One that nobody listens for. */
static struct provider_settings nobody;
static struct settings settings = { .file = file,
	.providers = &nobody,
	.provider_count = 1 };
static struct trust *trust;
static struct exchanges *exchanges;
static bool records; /* is it recorded, too? */
static FILE *nowhere;

/* Nothing seems to be published, and each record has its reason. */
static bool
publish(struct error *why)
{
	struct publication p = { .name = "home.example.org",
		.zone = "example.org",
		.address = unit_address("192.0.2.1") };
	struct publication *list[] = { &p };
	struct providers *all = providers_new(&settings, why);
	enum err rc = ERR_OK;
	long retry_after;

	if (all == NULL) {
		if (heap_lacked()) /* as gateway_new() does */
			(void)error_memory(why);
		return false;
	}
	if (records)
		rc = provider_record(providers_get(all, 0), exchanges,
		    "user:word", list, 1, clock_now() + 60000, &retry_after,
		    nowhere, why);
	else
		provider_publish(providers_get(all, 0), exchanges, "user:word",
		    list, 1, clock_now() + 60000, &retry_after);
	providers_free(all);
	ROW(rc != ERR_OK || (p.done && p.result != ERR_OK),
	    "it seems to be published");
	if (rc == ERR_OK)
		*why = p.why;
	if (heap_lacked()) /* as gateway/work.c does */
		(void)error_memory(why);
	return rc == ERR_OK && p.result == ERR_UNREACHABLE;
}

static void
test_each_allocation_fails(void **state)
{
	(void)state;
	assert_non_null(nowhere);
	for (int i = 0; i < 2; i++) {
		records = i == 1;
		assert_int_not_equal(scarce_each("a provider", publish), 0);
	}
	ROWS_END();
}

static int
setup(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	/* Bound to the end, so that nobody else listens there. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof in;
	struct identity ca;
	struct error why;
	char config[128];

	(void)state;
	installed_begin();
	nowhere = fopen("/dev/null", "w");
	if (bind(fd, (struct sockaddr *)&in, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		return -1;
	snprintf(config, sizeof config,
	    "{\"base\": \"https://dyn.example:%u\"}",
	    (unsigned int)ntohs(in.sin_port));
	nobody = provider("dyndns2", config);
	nobody.addresses[0] = unit_address("127.0.0.1");
	nobody.address_count = 1;
	identity_make_ca(&ca, "a CA");
	nobody.ca = identity_file(&ca, "ca.pem");
	identity_end(&ca);
	trust = trust_new();
	return exchange_setup(&why) != ERR_OK ||
	    trust_load(trust, nobody.ca, &why) != ERR_OK ||
	    (exchanges = exchanges_new(trust)) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	fclose(nowhere);
	exchanges_free(exchanges);
	exchange_teardown();
	trust_free(trust);
	json_object_put(nobody.variables);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
