/*
 * test_environment.c - which variables are left, and which need a new start.
 */
#include "unit.h"

#include <unistd.h>

#include "base/environment.h"

static const struct {
	const char *entry;
	bool kept;
	bool early; /* obeyed before main() */
} rows[] = {
	{ "LISTEN_PID=1", true, false },
	{ "LISTEN_FDS=1", true, false },
	{ "NOTIFY_SOCKET=/run/systemd/notify", true, false },
	{ "JOURNAL_STREAM=8:1", true, false },
	{ "DDNSGATE_BOOT_ID=0123456789abcdef", true, false },
	{ "TZ=Europe/Berlin", true, false },
	{ "HOME=/var/lib/ddnsgate", true, false },
	{ "HOME=", true, false },
	{ "HOMES=/home", false, false },
	{ "HOME", false, false },
	{ "", false, false },
	{ "=x", false, false },
	{ "SSLKEYLOGFILE=/tmp/keys", false, false },
	{ "https_proxy=http://192.0.2.1", false, false },
	{ "ALL_PROXY=http://192.0.2.1", false, false },
	{ "CURL_SSL_BACKEND=openssl", false, false },
	{ "PGHOST=192.0.2.1", false, false },
	{ "PGPASSWORD=x", false, false },
	{ "SQLITE_TMPDIR=/tmp", false, false },
	{ "TMPDIR=/tmp", false, false },
	{ "LOCALDOMAIN=example.org", false, false },
	{ "RES_OPTIONS=ndots:15", false, false },
	{ "HOSTALIASES=/tmp/aliases", false, false },
	{ "KRB5_TRACE=/tmp/trace", false, false },
	{ "OPENSSL_CONF=/tmp/conf", false, true },
	{ "GNUTLS_SYSTEM_PRIORITY_FILE=/tmp/x", false, true },
	{ "GNUTLS_DEBUG_LEVEL=99", false, true },
	{ "P11_KIT_DEBUG=all", false, true },
	{ "GLIBC_TUNABLES=glibc.malloc.perturb=1", false, true },
	{ "MALLOC_ARENA_MAX=1", false, true },
};

static void
test_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *entry = (char *)(uintptr_t)rows[i].entry;
		char *list[] = { entry, NULL };

		ROW(environment_filter(list) == rows[i].early,
		    "\"%s\": %sobeyed before main()", entry,
		    rows[i].early ? "not " : "");
		ROW(list[0] == (rows[i].kept ? entry : NULL), "\"%s\": %s",
		    entry, rows[i].kept ? "removed" : "kept");
	}
	ROWS_END();
}

/* What is kept stays in its order, whatever lies between. */
static void
test_list(void **state)
{
	char *list[COUNT(rows) + 1];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		list[i] = (char *)(uintptr_t)rows[i].entry;
	list[COUNT(rows)] = NULL;
	assert_true(environment_filter(list));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].kept)
			assert_ptr_equal(list[n++], rows[i].entry);
	assert_null(list[n]);
	assert_false(environment_filter(list));
}

/* clearenv(3) leaves no list at all. */
static void
test_none(void **state)
{
	char **before = environ;

	(void)state;
	environ = NULL;
	environment_clean(NULL);
	assert_null(environ);
	environ = before;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
