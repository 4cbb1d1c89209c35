/*
 * test_reader.c - values by their names: types, bounds, and the first error of
 * a document with its place.
 */
#include "unit.h"

#include "config/reader.h"

static const char values[] =
    "{\"s\": \"text\", \"empty\": \"\", \"nul\": \"a\\u0000b\", \"i\": 7,"
    " \"big\": 99999999999999999999, \"d\": 1.5, \"one\": 1.0, \"t\": true,"
    " \"f\": false, \"n\": null, \"o\": {\"x\": {\"y\": [1, null, \"z\"]}},"
    " \"l\": [1, 2, 3], \"w\": \"two\", \"file\": \"/a/b\","
    " \"none\": {}, \"relative\": \"a/b\"}";

enum kind { STRING, BOOL, INTEGER, WORD, PATH, OBJECT, ARRAY, ENTRIES, NEEDED };

static const struct {
	enum kind kind;
	const char *name;
	bool taken;	 /* its value, not the fallback */
	const char *why; /* NULL: no error */
} takes[] = {
	{ STRING, "s", true, NULL },
	{ STRING, "absent", false, NULL },
	{ STRING, "empty", false, "/empty: must not be empty" },
	{ STRING, "nul", false, "/nul: must not hold \\u0000" },
	{ STRING, "i", false, "/i: must be a string" },
	{ STRING, "n", false, "/n: must be a string" },
	{ STRING, "o", false, "/o: must be a string" },
	{ BOOL, "t", true, NULL },
	{ BOOL, "absent", false, NULL },
	{ BOOL, "i", false, "/i: must be true or false" },
	{ BOOL, "s", false, "/s: must be true or false" },
	{ BOOL, "n", false, "/n: must be true or false" },
	{ INTEGER, "i", true, NULL },
	{ INTEGER, "absent", false, NULL },
	{ INTEGER, "big", false, "/big: must be from 1 to 10" },
	{ INTEGER, "d", false, "/d: must be a whole number" },
	{ INTEGER, "one", false, "/one: must be a whole number" },
	{ INTEGER, "s", false, "/s: must be a whole number" },
	{ INTEGER, "t", false, "/t: must be a whole number" },
	{ INTEGER, "n", false, "/n: must be a whole number" },
	{ WORD, "w", true, NULL },
	{ WORD, "absent", false, NULL },
	{ WORD, "s", false, "/s: must be one of \"one\", \"two\", \"three\"" },
	{ WORD, "i", false, "/i: must be a string" },
	{ PATH, "file", true, NULL },
	{ PATH, "absent", false, NULL },
	{ PATH, "relative", false,
	    "/relative: must be a full file name, from / on" },
	{ PATH, "t", false, "/t: must be a string" },
	{ OBJECT, "o", true, NULL },
	{ OBJECT, "absent", false, NULL },
	{ OBJECT, "l", false, "/l: must be an object: { ... }" },
	{ OBJECT, "n", false, "/n: must be an object: { ... }" },
	{ ARRAY, "absent", false, NULL },
	{ ARRAY, "l", false, "/l: has 3 elements, at most 2" },
	{ ARRAY, "o", false, "/o: must be a list: [ ... ]" },
	{ ARRAY, "n", false, "/n: must be a list: [ ... ]" },
	{ ENTRIES, "o", true, NULL },
	{ ENTRIES, "absent", false, NULL },
	{ ENTRIES, "none", false, "/none: must be an object of 1 to 2 things" },
	{ ENTRIES, "l", false, "/l: must be an object of 1 to 2 things" },
	{ ENTRIES, "n", false, "/n: must be an object of 1 to 2 things" },
	{ NEEDED, "s", true, NULL },
	{ NEEDED, "n", true, NULL },
	{ NEEDED, "absent", false, "/absent: is missing" },
};

/* Was the value of that name taken?  False: the fallback was. */
static bool
take(struct reader *r, enum kind kind, const char *name)
{
	static const char *const words[] = { "one", "two", "three", NULL };
	static const char fallback[] = "fallback";
	const char *s;
	struct reader m;
	int64_t n;

	switch (kind) {
	case STRING:
	case PATH:
		s = kind == STRING ? read_string(r, name, fallback) :
				     read_filename(r, name, fallback);
		assert_true(s == fallback || strcmp(s, "text") == 0 ||
		    strcmp(s, "/a/b") == 0);
		return s != fallback;
	case BOOL:
		return read_bool(r, name, false);
	case INTEGER:
		n = read_integer(r, name, 1, 10, -1);
		assert_true(n == -1 || n == 7);
		return n == 7;
	case WORD:
		n = read_word(r, name, words, -1);
		assert_true(n == -1 || n == 1);
		return n == 1;
	case OBJECT:
		m = reader_member(r, name);
		return reader_object(&m);
	case ARRAY:
		m = reader_member(r, name);
		return reader_array(&m, 2) > 0;
	case ENTRIES:
		m = reader_member(r, name);
		return reader_entries(&m, 2, "things") > 0;
	case NEEDED:
		m = reader_member(r, name);
		return reader_required(&m);
	}
	return false;
}

static void
test_values(void **state)
{
	json_object *root = json_tokener_parse(values);

	(void)state;
	for (size_t i = 0; i < COUNT(takes); i++) {
		struct error why;
		struct reader top = reader_top(root, "file", &why);
		bool taken = take(&top, takes[i].kind, takes[i].name);

		if (takes[i].why == NULL)
			ROW(taken == takes[i].taken && reader_ok(&top) &&
				why.code == ERR_OK,
			    "%s: %s", takes[i].name, why.text);
		else
			ROW(!taken && !reader_ok(&top) &&
				why.code == ERR_CONFIG &&
				strncmp(why.text, "file: ", 6) == 0 &&
				strcmp(why.text + 6, takes[i].why) == 0,
			    "%s: %s", takes[i].name, why.text);
	}
	json_object_put(root);
	ROWS_END();
}

/* A place to the depth of the document, through lists and nulls. */
static void
test_place(void **state)
{
	json_object *root = json_tokener_parse(values);
	struct error why;
	struct reader top = reader_top(root, "file", &why);
	struct reader o = reader_member(&top, "o");
	struct reader x = reader_member(&o, "x");
	struct reader y = reader_member(&x, "y");
	struct reader e = reader_element(&y, 2);

	(void)state;
	assert_string_equal(reader_string(&e, NULL), "z");
	assert_true(reader_is(&e, "z"));
	assert_false(reader_is(&e, "y") || reader_is(&y, "z"));
	e = reader_element(&y, 3);
	assert_false(e.present);
	e = reader_element(&y, 1);
	assert_true(e.present);
	assert_null(reader_string(&e, NULL));
	assert_string_equal(why.text, "file: /o/x/y/1: must be a string");
	/* A member of what is not there is not there. */
	top = reader_top(root, "file", &why);
	o = reader_member(&top, "absent");
	x = reader_member(&o, "x");
	assert_false(reader_required(&x));
	assert_string_equal(why.text, "file: /absent/x: is missing");
	top = reader_top(root, "file", &why);
	assert_int_equal(reader_fail(&top, "%d of %s", 2, "them"), ERR_CONFIG);
	assert_string_equal(why.text, "file: /: 2 of them");
	json_object_put(root);
}

/* The first error stays, and what is read after it is the fallback. */
static void
test_first_error(void **state)
{
	json_object *root = json_tokener_parse(values);
	struct error why;
	struct reader top = reader_top(root, "file", &why);
	struct reader o;

	(void)state;
	assert_int_equal(read_integer(&top, "i", 1, 10, 3), 7);
	assert_int_equal(read_integer(&top, "s", 1, 10, 3), 3);
	assert_int_equal(read_integer(&top, "i", 1, 10, 3), 3);
	assert_null(read_string(&top, "s", NULL));
	o = reader_member(&top, "o");
	assert_int_equal(reader_fail(&o, "another"), ERR_CONFIG);
	assert_int_equal(reader_no_memory(&o), ERR_CONFIG);
	read_end(&top);
	assert_string_equal(why.text, "file: /s: must be a whole number");
	top = reader_top(root, "file", &why);
	assert_int_equal(reader_no_memory(&top), ERR_MEMORY);
	assert_int_equal(reader_fail(&top, "another"), ERR_MEMORY);
	json_object_put(root);
}

/* What nobody asked for is named, with what could have been there. */
static void
test_end(void **state)
{
	json_object *root =
	    json_tokener_parse("{\"a\": 1, \"c\": {\"d\": 1}, \"e\": 1}");
	struct error why;
	struct reader top = reader_top(root, "file", &why);
	struct reader c;

	(void)state;
	read_integer(&top, "a", 1, 9, 1);
	read_string(&top, "b", NULL);
	c = reader_member(&top, "c");
	read_end(&c);
	assert_string_equal(why.text, "file: /c/d: unknown; here may stand: ");
	top = reader_top(root, "file", &why);
	read_integer(&top, "a", 1, 9, 1);
	read_string(&top, "b", NULL);
	c = reader_member(&top, "c");
	read_integer(&c, "d", 1, 9, 1);
	read_end(&c);
	assert_true(reader_ok(&top));
	read_end(&top);
	assert_string_equal(why.text,
	    "file: /e: unknown; here may stand: a, b, c");
	json_object_put(root);
	/* Editors look for their schema at the top, and nowhere else. */
	root = json_tokener_parse(
	    "{\"$schema\": \"x\", \"c\": {\"$schema\": \"y\"}}");
	top = reader_top(root, "file", &why);
	c = reader_member(&top, "c");
	read_end(&top);
	assert_true(reader_ok(&top));
	read_end(&c);
	assert_string_equal(why.text,
	    "file: /c/$schema: unknown; here may stand: ");
	json_object_put(root);
	root = json_tokener_parse("{\"a\": 1, \"c\": {\"d\": 1}, \"e\": 1}");
	/* Entries are the operator's to name. */
	top = reader_top(root, "file", &why);
	json_object_object_foreach (root, name, value) {
		struct reader e = reader_entry(&top, name, value);

		if (!json_object_is_type(value, json_type_object))
			assert_int_equal(reader_integer(&e, 1, 9, 0), 1);
		else
			assert_true(reader_object(&e));
	}
	assert_int_equal(top.asked_count, 0);
	json_object_put(root);
}

/* A name that is too long to be told must not hide what is wrong with it. */
static void
test_long_place(void **state)
{
	json_object *root = json_object_new_object();
	struct error why;
	struct reader top = reader_top(root, "file", &why), m;
	char name[1000];

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	m = reader_member(&top, name);
	assert_false(reader_required(&m));
	assert_non_null(strstr(why.text, "is missing"));
	json_object_put(root);
}

/* What a list does not hold is absent; so is all of what is no list. */
static void
test_element(void **state)
{
	json_object *root = json_tokener_parse("{\"l\": [7], \"o\": {}}");
	struct error why;
	struct reader top = reader_top(root, "file", &why);
	struct reader l = reader_member(&top, "l"),
		      o = reader_member(&top, "o"),
		      first = reader_element(&l, 0),
		      second = reader_element(&l, 1),
		      other = reader_element(&o, 0);

	(void)state;
	assert_true(first.present);
	assert_int_equal(reader_integer(&first, 1, 9, 0), 7);
	assert_false(second.present);
	assert_int_equal(reader_integer(&second, 1, 9, 3), 3);
	assert_false(other.present);
	assert_true(reader_ok(&top));
	assert_false(reader_required(&second));
	assert_string_equal(why.text, "file: /l/1: is missing");
	json_object_put(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_first_error),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_long_place),
		cmocka_unit_test(test_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
