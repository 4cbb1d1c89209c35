/*
 * test_absent.c - the provider rfc2136 in a build without libknot.
 */
#include "unit.h"

#include "provider/dns/rfc2136.h"

static void
test_read(void **state)
{
	struct provider_settings settings = { .name = "home",
		.description = RFC2136_NAME };
	struct endpoint server = { .settings = &settings };
	struct error why;

	(void)state;
	assert_int_equal(rfc2136_read(&server, "/etc/d.json", &why),
	    ERR_CONFIG);
	assert_string_equal(why.text,
	    "/etc/d.json: /providers/home: this program was built without "
	    "libknot, which provider rfc2136 needs; install one that was built "
	    "with it (./configure --with-libknot), or choose another "
	    "description");
}

static void
test_list(void **state)
{
	(void)state;
	assert_non_null(strstr(RFC2136_ABOUT, "built without libknot"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
