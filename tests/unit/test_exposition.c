/*
 * test_exposition.c - numbers as Prometheus reads them, whatever the labels.
 */
#include "unit.h"

#include "gateway/view/exposition.h"

static const struct {
	const char *value; /* of a label */
	const char *text;
} values[] = {
	{ "desec", "n{a=\"desec\"} 7\n" },
	{ "", "n{a=\"\"} 7\n" },
	{ "\\", "n{a=\"\\\\\"} 7\n" },
	{ "\"", "n{a=\"\\\"\"} 7\n" },
	{ "\n", "n{a=\"\\n\"} 7\n" },
	{ "\\n", "n{a=\"\\\\n\"} 7\n" },
	{ "\"} 1\nm{a=\"", "n{a=\"\\\"} 1\\nm{a=\\\"\"} 7\n" },
	{ "a{}=,# \t", "n{a=\"a{}=,# \t\"} 7\n" },
	{ "m\xc3\xbcnchen", "n{a=\"m\xc3\xbcnchen\"} 7\n" },
};

static void
test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		const struct label labels[] = { { "a", values[i].value },
			{ NULL, NULL } };
		struct buffer b = { .max = 256 };

		exposition_integer(&b, "n", "", labels, 7);
		ROW(unit_same(b.data, values[i].text), "%s: %s",
		    values[i].value, b.data);
		buffer_free(&b);
	}
	ROWS_END();
}

static void
test_lines(void **state)
{
	const struct label none[] = { { NULL, NULL } };
	const struct label two[] = { { "a", "1" }, { "b", "2" },
		{ NULL, NULL } };
	struct buffer b = { .max = 1024 };

	(void)state;
	exposition_metric(&b, "n_total", "counter", "What it is.");
	exposition_integer(&b, "n_total", "", NULL, -3);
	exposition_integer(&b, "n_total", "", none, 0);
	exposition_integer(&b, "n", "_bucket", two, 5);
	exposition_thousandths(&b, "n", "_sum", NULL, 12005);
	exposition_thousandths(&b, "n", "_sum", NULL, 0);
	assert_string_equal(b.data,
	    "# HELP n_total What it is.\n# TYPE n_total counter\n"
	    "n_total -3\nn_total 0\nn_bucket{a=\"1\",b=\"2\"} 5\n"
	    "n_sum 12.005\nn_sum 0.000\n");
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
