/*
 * test_fnv.c - the test vectors of draft-eastlake-fnv.
 */
#include "unit.h"

#include <string.h>

#include "base/fnv.h"

static const struct {
	const char *text;
	uint64_t hash;
} rows[] = {
	{ "", 0xcbf29ce484222325U },
	{ "a", 0xaf63dc4c8601ec8cU },
	{ "foobar", 0x85944171f73967e8U },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(fnv_hash(rows[i].text, strlen(rows[i].text)) ==
			rows[i].hash,
		    "\"%s\"", rows[i].text);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
