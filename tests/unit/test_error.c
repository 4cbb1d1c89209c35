/*
 * test_error.c - codes, their words, and texts that are cut but never run on.
 */
#include "unit.h"

#include "base/error.h"

static void
test_set(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(error_set(&e, ERR_PROOF, "%s: %d", "x", 7), ERR_PROOF);
	assert_int_equal(e.code, ERR_PROOF);
	assert_string_equal(e.text, "x: 7");
	/* A caller that does not care gives no struct. */
	assert_int_equal(error_set(NULL, ERR_BUSY, "%s", "x"), ERR_BUSY);
}

static void
test_prefix(void **state)
{
	struct error e;

	(void)state;
	error_set(&e, ERR_TOKEN, "HTTP 401");
	assert_int_equal(error_prefix(&e, "%s: %s", "home", "steps/1"),
	    ERR_TOKEN);
	assert_string_equal(e.text, "home: steps/1: HTTP 401");
	assert_int_equal(e.code, ERR_TOKEN);
}

static void
test_cut(void **state)
{
	char longer[2 * ERROR_TEXT_MAX];
	struct error e;

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	error_set(&e, ERR_CONFIG, "%s", longer);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	error_prefix(&e, "where");
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	assert_int_equal(strncmp(e.text, "where: aaa", 10), 0);
	error_prefix(&e, "%s", longer);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	assert_int_equal(strspn(e.text, "a"), ERROR_TEXT_MAX - 1);
}

static void
test_names(void **state)
{
	(void)state;
	for (int i = 0; i < ERR__MAX; i++) {
		ROW(error_name((enum err)i) != NULL, "%d: no name", i);
		for (int j = 0; j < i; j++)
			ROW(strcmp(error_name((enum err)i),
				error_name((enum err)j)) != 0,
			    "%d and %d have the same name", i, j);
	}
	ROWS_END();
	assert_string_equal(error_name(ERR_OK), "ok");
	assert_string_equal(error_name(ERR__MAX), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
