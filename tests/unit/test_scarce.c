/*
 * test_scarce.c - a configuration is read, used and released while memory runs
 * out, at each allocation in turn: no end by a signal, nothing left behind, and
 * an error that says so.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "certificates.h"
#include "gateway/examination.h"
#include "gateway/gateway.h"
#include "scarce.h"

/* The descriptions of the source tree stand in for those that are installed. */
int __wrap_access(const char *file, int mode);
int __real_access(const char *file, int mode);
enum err __wrap_document_of_root(const char *file, struct error *why);
struct description *__wrap_description_read(const char *file,
    struct error *why);
struct description *__real_description_read(const char *file,
    struct error *why);

static const char *configuration;

static bool
is_installed(const char *file)
{
	return strncmp(file, PROVIDERS_DATADIR, strlen(PROVIDERS_DATADIR)) == 0;
}

int
__wrap_access(const char *file, int mode)
{
	return is_installed(file) ? 0 : __real_access(file, mode);
}

enum err
__wrap_document_of_root(const char *file, struct error *why)
{
	(void)file;
	(void)why;
	return ERR_OK;
}

struct description *
__wrap_description_read(const char *file, struct error *why)
{
	char place[4096];
	const char *top = getenv("DDNSGATE_SOURCE");

	snprintf(place, sizeof place, "%s/providers%s", top ? top : ".",
	    strrchr(file, '/'));
	return __real_description_read(place, why);
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

static const struct {
	const char *name;
	bool (*run)(struct error *why);
} stories[] = {
	{ "gateway_new", make_gateway },
	{ "gateway_read_again", read_again },
	{ "gateway_examine", examine },
};

static const char far[] =
    "{\"verifier\": \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
    "$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\","
    " \"provider\": \"desec\", \"hosts\": {\"far.example.org\":"
    " {\"ipv4\": true, \"proof\": {\"kind\": \"pin\", \"pins\":"
    "  [\"000102030405060708090a0b0c0d0e0f"
    "101112131415161718191a1b1c1d1e1f\"]}}}}";

static void
write_configuration(void)
{
	struct identity ca;
	const char *file;
	char *text, *accounts, *state;

	identity_make_ca(&ca, "CA");
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
		" \"providers\": {\"desec\": {}, \"home\": {"
		"  \"description\": \"powerdns\", \"addresses\": [\"192.0.2.2\"],"
		"  \"config\": {\"base\": \"https://api.example:8443\"},"
		"  \"ca\": \"%s\"}},"
		" \"operators\": {\"noc\": {\"verifier\":"
		"  \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
		"$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\"}},"
		" \"notify\": {\"admin\": {\"mail\": \"root@example.org\","
		"   \"from\": \"dns@example.org\", \"events\": [\"silent\"]},"
		"  \"phone\": {\"url\": \"https://ntfy.example.org/dns\","
		"   \"form\": \"ntfy\", \"addresses\": [\"192.0.2.80\"]}},"
		" \"defaults\": {\"ttl\": 60},"
		" \"accounts\": {\"router\": {\"verifier\":"
		"  \"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
		"$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ\","
		"  \"provider\": \"home\", \"hosts\": {"
		"   \"www.example.org\": {\"ipv4\": true, \"ipv6\": {"
		"     \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\"},"
		"    \"zone\": \"example.org\", \"allow\": [\"10.0.0.0/8\"],"
		"    \"proof\": {\"kind\": \"certificate\", \"ca\": \"%s\"}},"
		"   \"nas.example.org\": {\"ipv4\": true,"
		"    \"proof\": {\"kind\": \"none\"}}}}},"
		" \"account_directory\": \"%s\"}",
		file, state, unit_directory(), file, file, accounts),
	    -1);
	configuration = unit_write("ddnsgate.json", text, strlen(text));
	text[0] = '\0';
	free(text);
	free(accounts);
	free(state);
	identity_end(&ca);
}

static void
test_each_allocation_fails(void **state)
{
	struct error why;

	(void)state;
	write_configuration();
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/null" },
			     &why),
	    ERR_OK);
	assert_non_null(present = gateway_new(configuration, &why));
	for (size_t i = 0; i < COUNT(stories); i++)
		assert_int_not_equal(scarce_each(stories[i].name,
					 stories[i].run),
		    0);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
