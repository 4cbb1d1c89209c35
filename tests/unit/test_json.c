/*
 * test_json.c - names that an object holds twice, however they are spelled, and
 * what is read and written when memory is short.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/json.h"
#include "poor.h"

#define TWICE "the same name twice"

static const struct {
	const char *text;
	const char *place; /* NULL: each name is there once */
	const char *what;
	size_t first, at;
} texts[] = {
	{ "{}", NULL, NULL, 0, 0 },
	{ "[]", NULL, NULL, 0, 0 },
	{ "7", NULL, NULL, 0, 0 },
	{ "\"a\"", NULL, NULL, 0, 0 },
	{ "{\"a\":1,\"b\":2}", NULL, NULL, 0, 0 },
	{ "{\"a\":1,\"A\":2}", NULL, NULL, 0, 0 },
	{ "{\"a\":1,\"a \":2,\"\":3,\"aa\":4}", NULL, NULL, 0, 0 },
	/* Values, and names of other objects, do not count. */
	{ "{\"a\":\"a\",\"b\":\"a\"}", NULL, NULL, 0, 0 },
	{ "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}", NULL, NULL, 0, 0 },
	{ "[{\"a\":1},{\"a\":1},\"a\",\"a\"]", NULL, NULL, 0, 0 },
	{ "{\"a\":[\"b\",\"b\"],\"b\":1}", NULL, NULL, 0, 0 },
	/* What only looks like a member. */
	{ "{\"a\":\"{\\\"a\\\":1,\\\"a\\\":1}\"}", NULL, NULL, 0, 0 },
	{ "{\"a\":\",\\\\\",\"b\":1}", NULL, NULL, 0, 0 },
	{ "{\"a\":1,\"a\":2}", "/a", TWICE, 1, 7 },
	{ "{\"a\":1,\"b\":2,\"a\":3}", "/a", TWICE, 1, 13 },
	{ "{\"b\":1,\"a\":1,\"a\":1,\"b\":1}", "/a", TWICE, 7, 13 },
	{ "{\"b\":1,\"b\":1,\"a\":1,\"a\":1}", "/b", TWICE, 1, 7 },
	{ " { \"a\" : 1 ,\n\"a\" : 2 }", "/a", TWICE, 3, 13 },
	{ "{\"a\":{},\"b\":{\"c\":[1,{\"d\":1,\"d\":2}]}}", "/b/c/1/d", TWICE,
	    21, 27 },
	{ "[[],[0,{\"x\":1,\"x\":1}]]", "/1/1/x", TWICE, 8, 14 },
	{ "{\"\":1,\"\":2}", "/", TWICE, 1, 6 },
	/* The innermost object is the first that ends. */
	{ "{\"a\":1,\"a\":{\"b\":1,\"b\":1}}", "/a/b", TWICE, 12, 18 },
	/* Escapes are spellings. */
	{ "{\"a\":1,\"\\u0061\":2}", "/a", TWICE, 1, 7 },
	{ "{\"\\u0061\":1,\"\\u0061\":2}", "/a", TWICE, 1, 12 },
	{ "{\"/\":1,\"\\/\":2}", "//", TWICE, 1, 7 },
	{ "{\"\xc3\xbc\":1,\"\\u00fc\":2}", "/\xc3\xbc", TWICE, 1, 8 },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "/\xf0\x9f\x98\x80",
	    TWICE, 1, 18 },
	{ "{\"\\\\u0061\":1,\"a\":2}", NULL, NULL, 0, 0 },
	{ "{\"a\\\"\":1,\"a\":2}", NULL, NULL, 0, 0 },
	/* json-c ends a name at a NUL. */
	{ "{\"a\\u0000b\":1,\"a\\u0000c\":2}", "/a", TWICE, 1, 14 },
	/* json-c's strict way accepts this one. */
	{ "{'a\":1, 'b': 2}", "", "a single quote, where only \" may be", 1,
	    1 },
	/* What json-c refuses must do no harm here. */
	{ "}]},:\\", NULL, NULL, 0, 0 },
	{ "{\"a", "", "a string without an end", 1, 1 },
	{ "{\"a\\", "", "a string without an end", 1, 1 },
	{ "{\"a\" \"b\" \"a\"}", NULL, NULL, 0, 0 },
	{ "{{\"a\":1,\"a\":1}}", "//a", TWICE, 2, 8 },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct json_fault f = { .what = "" };
		bool good =
		    json_names_unique(texts[i].text, strlen(texts[i].text), &f);

		if (texts[i].place == NULL)
			ROW(good, "%s: %s %s", texts[i].text, f.place, f.what);
		else
			ROW(!good && strcmp(f.place, texts[i].place) == 0 &&
				strcmp(f.what, texts[i].what) == 0 &&
				f.first == texts[i].first &&
				f.at == texts[i].at,
			    "%s: %d %s %s %zu %zu", texts[i].text, good,
			    f.place, f.what, f.first, f.at);
	}
	ROWS_END();
}

/* A place that is too long is cut, and depth has an end. */
static void
test_bounds(void **state)
{
	char text[2048], name[601];
	struct json_fault f;

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(text, sizeof text, "{\"%s\":{\"a\":1,\"a\":2}}", name);
	assert_false(json_names_unique(text, strlen(text), &f));
	assert_int_equal(strlen(f.place), JSON_PLACE_MAX - 1);
	memset(text, '[', 1000);
	assert_true(json_names_unique(text, 64, &f));
	assert_false(json_names_unique(text, 65, &f));
	assert_string_equal(f.what, "nested too deep");
}

/* 200,000 names take well under a second; comparing each two, minutes. */
static void
test_many(void **state)
{
	size_t size = 200000 * 20 + 64, len = 0;
	char *text = malloc(size);
	struct json_fault f;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 200000; i++)
		len += (size_t)snprintf(text + len, size - len, "%s\"n%d\":1",
		    i == 0 ? "{" : ",", i);
	memcpy(text + len, ",\"n7\":1}", 9);
	alarm(60);
	assert_false(json_names_unique(text, len + 8, &f));
	alarm(0);
	assert_string_equal(f.place, "/n7");
	assert_true(f.first < f.at && f.at == len + 1);
	free(text);
}

static void
test_strict(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *again; /* as json-c prints it, or NULL */
	} rows[] = {
		{ .text = "{\"a\":\"b\"}",
		    .good = true,
		    .again = "{\"a\":\"b\"}" },
		{ .text =
			"{\"m\xc3\xbcller\":\"\xe2\x82\xac, \xf0\x9f\x98\x80\"}",
		    .good = true,
		    .again =
			"{\"m\xc3\xbcller\":\"\xe2\x82\xac, \xf0\x9f\x98\x80\"}" },
		{ .text = "[\"\xc3\xbc\\n\\u00fc\"]",
		    .good = true,
		    .again = "[\"\xc3\xbc\\n\xc3\xbc\"]" },
		{ .text = "\"\xc3\xbc\"",
		    .good = true,
		    .again = "\"\xc3\xbc\"" },
		{ .text = "12", .good = true, .again = "12" },
		{ .text = "null", .good = true },
		/* A letter that is not ASCII makes nothing lenient. */
		{ .text = "[\"\xc3\xbc\",]" },
		{ .text = "{\"a\":\"\xc3\xbc\",}" },
		{ .text = "[\"\xc3\xbc\", True]" },
		{ .text = "[\"\xc3\xbc\", '\xc3\xbc']" },
		{ .text = "[\"\xc3\xbc\"] [1]" },
		{ .text = "[\"\xc3\xbc\", /* */ 1]" },
		{ .text = "[\xc3\xbc]" },
		{ .text = "[\"\\\xc3\xbc\"]" },
		{ .text = "\xc3\xbc" },
		/* Not UTF-8: no such byte, cut, alone. */
		{ .text = "[\"\xff\"]" },
		{ .text = "[\"\xc3\"]" },
		{ .text = "[\"\x80\"]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_tokener *tok = json_tokener_new();
		json_object *tree = json_parse(tok, rows[i].text,
		    strlen(rows[i].text), JSON_TOKENER_VALIDATE_UTF8);
		const char *again = tree == NULL ?
		    NULL :
		    json_object_to_json_string_ext(tree,
			JSON_C_TO_STRING_PLAIN);
		bool good = json_tokener_get_error(tok) == json_tokener_success;

		ROW(good == rows[i].good && unit_same(again, rows[i].again),
		    "%s: %s %s", rows[i].text,
		    json_tokener_error_desc(json_tokener_get_error(tok)),
		    unit_text(again));
		json_object_put(tree);
		json_tokener_free(tok);
	}
	ROWS_END();
}

enum came { WHOLE, NOTHING, LESS };

/*
 * What is read of a long text, or what is written of a tree, while the
 * allocation of that number fails; 0: none does.
 */
static enum came
read_and_write(const char *text, json_object *whole, size_t which,
    size_t *count)
{
	struct json_tokener *tok = json_tokener_new();
	const char *written;
	json_object *tree;
	enum came came;

	assert_non_null(tok);
	poor_begin(which, which);
	tree = json_parse(tok, text, strlen(text), 0);
	*count = poor_end();
	came = tree == NULL		   ? NOTHING :
	    json_object_equal(tree, whole) ? WHOLE :
					     LESS;
	json_object_put(tree);
	json_tokener_free(tok);
	if (came == LESS || which == 0)
		return came;
	tree = NULL;
	assert_int_equal(json_object_deep_copy(whole, &tree, NULL), 0);
	poor_begin(which, which);
	written = json_text(tree, JSON_C_TO_STRING_PLAIN);
	(void)poor_end();
	if (written != NULL && strcmp(written, text) != 0)
		came = LESS;
	json_object_put(tree);
	return came;
}

/*
 * json-c 0.16 calls it a success to have left out a member, or a part of what
 * it writes; and it ends the process at some, as only a reserve can prevent.
 */
static void
test_each_allocation_fails(void **state)
{
	char text[4096] = "{\"first\":[1,2],\"members\":{";
	size_t count, nothing = 0;
	json_object *whole;

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's");
		return;
	}
	/* More than any table or text of json-c begins with. */
	for (int i = 0; i < 40; i++)
		sprintf(text + strlen(text), "\"name-%02d\":[\"value %d\"],", i,
		    i);
	strcat(text, "\"last\":true}}");
	assert_non_null(whole = json_tokener_parse(text));
	assert_int_equal(read_and_write(text, whole, 0, &count), WHOLE);
	assert_true(count > 100);
	for (size_t n = 1; n <= count; n++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			/* Else cmocka would go on with its tests in here. */
			(void)signal(SIGSEGV, SIG_DFL);
			(void)signal(SIGABRT, SIG_DFL);
			_exit((int)read_and_write(text, whole, n, &count));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		nothing += WIFEXITED(status) && WEXITSTATUS(status) == NOTHING;
		ROW(WIFSIGNALED(status) || WEXITSTATUS(status) != LESS,
		    "%zu of %zu: a part is missing", n, count);
	}
	assert_true(nothing > 0);
	json_object_put(whole);
	assert_null(json_text(NULL, 0));
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
