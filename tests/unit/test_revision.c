/*
 * test_revision.c - a file is changed where something changed, nowhere else.
 */
#include "unit.h"

#include "config/document.h"
#include "config/revision.h"

static const struct {
	const char *text, *after, *want;
} cases[] = {
	/* Nothing, a value, a new member, one that goes. */
	{ "{\"a\":1} // end\n", "{\"a\": 1}", "{\"a\":1} // end\n" },
	{ "{\"a\":1}", "{\"a\": \"x/y\"}", "{\"a\":\"x/y\"}" },
	{ "{}", "{\"a\": 1}", "{\n  \"a\": 1\n}" },
	{ "{\n}\n", "{\"a\": {\"b\": 1}}",
	    "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n" },
	{ "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", "{\"a\": 1,\n  \"b\": 2\n}" },
	{ "{\n  \"a\": 1\n}", "{}", "{\n}" },
	{ "{\n  \"a\": 1,\n  \"b\": 2\n}", "{\"b\": 2}", "{\n  \"b\": 2\n}" },
	{ "{\n  \"a\": 1,\n  \"b\": 2\n}", "{\"a\": 1}", "{\n  \"a\": 1\n}" },
	{ "{\"a\": 1, \"b\": 2}", "{\"a\": 1}", "{\"a\": 1 }" },
	/* Tabs, blanks behind what goes, and something else in its line. */
	{ "\t{\"a\": 1}", "{\"a\": 1, \"b\": 2}",
	    "\t{\"a\": 1,\n\t\t\"b\": 2\n\t}" },
	{ "{\n  \"a\": 1, \n  \"b\": 2\n}", "{\"b\": 2}", "{\n  \"b\": 2\n}" },
	{ "{\n  \"a\": 1, \"b\": 2\n}", "{\"b\": 2}", "{\n   \"b\": 2\n}" },
	/* Comments, and what looks like them. */
	{ "// \"a\": 7,\n{\n\t\"a\": 1, // the } first\n\t/* { */ \"b\": "
	  "2\n\t// end\n}",
	    "{\"a\": 3, \"b\": 2, \"c\": [4]}",
	    "// \"a\": 7,\n{\n\t\"a\": 3, // the } first\n\t/* { */ \"b\": "
	    "2,\n\t// end\n\t\"c\": [\n\t\t4\n\t]\n}" },
	{ "{\n  \"a\": {\"url\": \"https://x\"}, // a\n  \"b\": {} // b\n}",
	    "{\"a\": {\"url\": \"https://y\"}, \"b\": {\"c\": true}}",
	    "{\n  \"a\": {\"url\": \"https://y\"}, // a\n  \"b\": {\n    "
	    "\"c\": true\n  } // b\n}" },
	/* Names that are spelled in another way, and strings with braces. */
	{ "{\"\\u0061\": \"}\\\"{\", \"b\": [1, {\"a\": 2}]}",
	    "{\"a\": \"}\\\"{\", \"b\": [1, {\"a\": 3}]}", NULL },
	{ "{\"\\u0061\": 1}", "{\"a\": 2}", "{\"\\u0061\": 2}" },
	{ "{\"a\": null, \"b\": 1.50}", "{\"a\": false, \"b\": 1.50}",
	    "{\"a\": false, \"b\": 1.50}" },
	{ "{\"a\": {\"x\": 1}}", "{\"a\": \"router\"}", "{\"a\": \"router\"}" },
};

static void
test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer text = { .max = 65536 };
		json_object *before = NULL, *after = NULL, *made = NULL;
		struct error why;

		buffer_puts(&text, cases[i].text);
		assert_int_equal(document_parse(&before, cases[i].text, "t",
				     &why),
		    ERR_OK);
		assert_int_equal(document_parse(&after, cases[i].after, "t",
				     &why),
		    ERR_OK);
		assert_int_equal(revision_make(&text, before, after, "t", &why),
		    ERR_OK);
		if (cases[i].want != NULL)
			assert_string_equal(text.data, cases[i].want);
		assert_int_equal(document_parse(&made, text.data, "t", &why),
		    ERR_OK);
		assert_true(json_object_equal(made, after));
		json_object_put(before);
		json_object_put(after);
		json_object_put(made);
		buffer_free(&text);
	}
}

/*
 * A text that does not hold what it is said to hold: it is never taken for one
 * that was changed.
 */
static const struct {
	const char *text, *before, *after;
	enum err want;
} others[] = {
	{ "{\"b\": 2}", "{\"a\": 1}", "{}", ERR_MEMORY },
	{ "{\"b\": 2}", "{\"a\": 1}", "{\"a\": 2}", ERR_MEMORY },
	{ "{\"b\": {}}", "{\"b\": {\"a\": 1}}", "{\"b\": {\"a\": 2}}",
	    ERR_MEMORY },
	{ "{\"a\": 1, \"b\": 2}", "{\"a\": 1}", "{\"a\": 2}", ERR_CONFIG },
	{ "{\"a\": 1, \"b\": 2}", "{\"a\": 1}", "{\"a\": 1, \"b\": 3}",
	    ERR_CONFIG },
	{ "{\"a\": 1 /*", "{\"a\": 1}", "{\"a\": 2}", ERR_MEMORY },
};

static void
test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct buffer text = { .max = 65536 };
		json_object *before = json_tokener_parse(others[i].before);
		json_object *after = json_tokener_parse(others[i].after);
		struct error why = { .code = ERR_OK };
		enum err rc;

		buffer_puts(&text, others[i].text);
		rc = revision_make(&text, before, after, "t", &why);
		ROW(rc == others[i].want && strncmp(why.text, "t: ", 3) == 0,
		    "%zu: %s, \"%s\"", i, error_name(rc), why.text);
		json_object_put(before);
		json_object_put(after);
		buffer_free(&text);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("revision", tests, NULL, NULL);
}
