/*
 * test_template.c - values in the places of a description: each place encodes
 * in its own way, and nothing that was put in is looked at again.
 */
#include "unit.h"

#include "filled.h"
#include "provider/description/body.h"
#include "provider/rest/fill.h"
#include "provider/token.h"

/* {key} and {secret} are of the token; all are in two values, one around. */
static const char outer[] =
    "{\"zone\": \"example.org\", \"name\": \"outer\", \"config.user\": \"me\","
    " \"key\": \"k/1\", \"secret\": \"s:2&3\"}";
static const char inner[] =
    "{\"name\": \"home.example.org\", \"ttl\": 60, \"on\": true,"
    " \"price\": 1.5, \"empty\": \"\", \"odd\": \"a b/c?d&e=f#g%h+i\","
    " \"xml\": \"<a b=\\\"c\\\">&\", \"brace\": \"{secret}\","
    " \"crlf\": \"a\\r\\nX: y\", \"umlaut\": \"m\xc3\xbcller\","
    " \"dot\": \".\", \"dots\": \"..\", \"path\": \"../../etc\","
    " \"quote\": \"a\\\"b\\\\c\", \"null\": null, \"star\": \"*.home@x:y\"}";

/* Known, and not set. */
static const char *const absent[] = { "absent", "none", "type", "id" };

static struct variables variables;
static struct arena arena;
static struct values values[2];

static void
learn_all(const char *json)
{
	json_object *all = json_tokener_parse(json);

	assert_non_null(all);
	json_object_object_foreach (all, name, value) {
		(void)value;
		assert_int_not_equal(variables_learn(&variables, name,
					 LEVEL_SESSION),
		    -1);
	}
	json_object_put(all);
}

static int
setup(void **state)
{
	(void)state;
	assert_true(variables_start(&variables));
	learn_all(outer);
	learn_all(inner);
	for (size_t i = 0; i < COUNT(absent); i++)
		assert_int_not_equal(variables_learn(&variables, absent[i],
					 LEVEL_SESSION),
		    -1);
	filled_values(&values[1], NULL, &variables, outer);
	filled_values(&values[0], &values[1], &variables, inner);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	values_end(&values[0]);
	values_end(&values[1]);
	variables_end(&variables);
	arena_end(&arena);
	return 0;
}

/* A text as it stands in a description, compiled. */
static struct template compiled(const char *text)
{
	struct error why;
	struct compiler c = { &arena, &variables, &why };
	struct reader top = reader_top(NULL, "f", &why);
	struct template t =
	    compiler_template(&c, &top, text, LEVEL_RECORD, true);

	if (why.code != ERR_OK)
		print_error("\"%s\": %s\n", text, why.text);
	assert_int_equal(why.code, ERR_OK);
	return t;
}

static const struct {
	enum encoding as;
	const char *text;
	const char *out; /* NULL: an error */
	const char *why;
} texts[] = {
	{ ENCODE_PLAIN, "", "", NULL },
	{ ENCODE_PLAIN, "as it is", "as it is", NULL },
	{ ENCODE_PLAIN, "{name}", "home.example.org", NULL },
	{ ENCODE_PLAIN, "a{zone}b{name}c", "aexample.orgbhome.example.orgc",
	    NULL },
	{ ENCODE_PLAIN, "{config.user}", "me", NULL },
	{ ENCODE_PLAIN, "{ttl}{on}{price}", "60true1.5", NULL },
	{ ENCODE_PLAIN, "[{empty}]", "[]", NULL },
	{ ENCODE_PLAIN, "{key}/{secret}", "k/1/s:2&3", NULL },
	/* Defaults. */
	{ ENCODE_PLAIN, "{ttl|300}", "60", NULL },
	{ ENCODE_PLAIN, "{absent|300}", "300", NULL },
	{ ENCODE_PLAIN, "{absent|}", "", NULL },
	{ ENCODE_PLAIN, "{absent|a b{c}", "a b{c", NULL },
	{ ENCODE_PLAIN, "{null|x}", "x", NULL },
	{ ENCODE_PLAIN, "{name?}", "home.example.org", NULL },
	{ ENCODE_PLAIN, "{=ttl}", "60", NULL },
	/* Once only: what came in is text. */
	{ ENCODE_PLAIN, "{brace}", "{secret}", NULL },
	{ ENCODE_PLAIN, "{{name}}", "{home.example.org}", NULL },
	{ ENCODE_PLAIN, "{absent|{name}}", "{name}", NULL },
	/* Any other brace is text. */
	{ ENCODE_PLAIN, "{", "{", NULL },
	{ ENCODE_PLAIN, "{}", "{}", NULL },
	{ ENCODE_PLAIN, "{Name}", "{Name}", NULL },
	{ ENCODE_PLAIN, "{name", "{name", NULL },
	{ ENCODE_PLAIN, "{name?", "{name?", NULL },
	{ ENCODE_PLAIN, "{name|x", "{name|x", NULL },
	{ ENCODE_PLAIN, "{name }", "{name }", NULL },
	{ ENCODE_PLAIN, "{=}", "{=}", NULL },
	{ ENCODE_PLAIN, "}{", "}{", NULL },
	{ ENCODE_PLAIN, "{absent}", NULL, "{absent} is not known here" },
	{ ENCODE_PLAIN, "{null}", NULL, "{null} is not known here" },
	{ ENCODE_PLAIN, "{absent?}", NULL, "{absent} is not known here" },
	/* Headers: what could end the line is an error. */
	{ ENCODE_HEADER, "Bearer {secret}", "Bearer s:2&3", NULL },
	{ ENCODE_HEADER, "{odd}", "a b/c?d&e=f#g%h+i", NULL },
	{ ENCODE_HEADER, "x {crlf}", NULL,
	    "{crlf} holds what no header "
	    "can" },
	{ ENCODE_HEADER, "{umlaut}", NULL,
	    "{umlaut} holds what no header "
	    "can" },
	/* Segments of a path, RFC 3986. */
	{ ENCODE_PATH, "/a/{odd}/", "/a/a%20b%2Fc%3Fd%26e%3Df%23g%25h%2Bi/",
	    NULL },
	{ ENCODE_PATH, "{key}", "k%2F1", NULL },
	{ ENCODE_PATH, "{umlaut}", "m%C3%BCller", NULL },
	{ ENCODE_PATH, "{crlf}", "a%0D%0AX:%20y", NULL },
	{ ENCODE_PATH, "{star}", "*.home@x:y", NULL },
	/* Values of a query or a form. */
	{ ENCODE_QUERY, "{odd}", "a%20b%2Fc%3Fd%26e%3Df%23g%25h%2Bi", NULL },
	{ ENCODE_QUERY, "{star}", "%2A.home%40x%3Ay", NULL },
	{ ENCODE_QUERY, "{secret}", "s%3A2%263", NULL },
	{ ENCODE_QUERY, "{brace}", "%7Bsecret%7D", NULL },
	{ ENCODE_QUERY, "{crlf}", "a%0D%0AX%3A%20y", NULL },
	/* Character data. */
	{ ENCODE_XML, "<n>{xml}</n>", "<n>&lt;a b=&quot;c&quot;&gt;&amp;</n>",
	    NULL },
	{ ENCODE_XML, "{umlaut}", "m\xc3\xbcller", NULL },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buffer to = { .max = 4096 };
		struct error why = { .text = "" };
		struct template t = compiled(texts[i].text);
		enum err rc =
		    fill_text(&to, &t, &values[0], texts[i].as, NULL, &why);

		if (texts[i].out != NULL)
			ROW(rc == ERR_OK &&
				unit_same(to.data != NULL ? to.data : "",
				    texts[i].out),
			    "\"%s\" as %d: "
			    "\"%s\" (%s)",
			    texts[i].text, texts[i].as, unit_text(to.data),
			    why.text);
		else
			ROW(rc == ERR_REFUSED &&
				unit_same(why.text, texts[i].why),
			    "\"%s\" as %d: %s", texts[i].text, texts[i].as,
			    why.text);
		buffer_free(&to);
	}
	ROWS_END();
}

/* "{x?}" drops the whole, where the place allows it. */
static void
test_dropped(void **state)
{
	struct template absent_one = compiled("a{absent?}b");
	struct template there = compiled("a{ttl?}b");
	struct buffer to = { .max = 64 };
	struct error why;
	bool dropped;

	(void)state;
	assert_int_equal(fill_text(&to, &absent_one, &values[0], ENCODE_PLAIN,
			     &dropped, &why),
	    ERR_OK);
	assert_true(dropped);
	buffer_clear(&to);
	assert_int_equal(fill_text(&to, &there, &values[0], ENCODE_PLAIN,
			     &dropped, &why),
	    ERR_OK);
	assert_false(dropped);
	assert_string_equal(to.data, "a60b");
	buffer_free(&to);
}

static void
test_room(void **state)
{
	struct template t = compiled("{name}");
	struct buffer to = { .max = 10 };
	struct error why;

	(void)state;
	assert_int_equal(fill_text(&to, &t, &values[0], ENCODE_PLAIN, NULL,
			     &why),
	    ERR_REFUSED);
	assert_string_equal(why.text, "the request would exceed 10 bytes");
	buffer_free(&to);
}

static const struct {
	const char *path;
	const char *out; /* NULL: an error */
	const char *why;
} paths[] = {
	{ "/zones/{zone}/", "/zones/example.org/", NULL },
	{ "/{name}", "/home.example.org", NULL },
	{ "/", "/", NULL },
	{ "/a{dots}b/", "/a..b/", NULL },
	{ "/{empty}.../A/", "/.../A/", NULL },
	{ "/{path}/x", "/..%2F..%2Fetc/x", NULL },
	{ "/{key}/x", "/k%2F1/x", NULL },
	{ "/a/{dots}/b", NULL, "the path would have a segment \"..\"" },
	{ "/a/{dot}/b", NULL, "the path would have a segment \".\"" },
	{ "/a/{dot}{dot}", NULL, "the path would have a segment \"..\"" },
	{ "/a/{dots}", NULL, "the path would have a segment \"..\"" },
	{ "/{empty}/b", NULL, "the path would have a segment \"\"" },
	{ "/a//b", NULL, "the path would have a segment \"\"" },
	{ "/a/../b", NULL, "the path would have a segment \"..\"" },
	{ "/{absent}", NULL, "{absent} is not known here" },
	{ "/{absent?}", NULL, "{absent} is not known here" },
};

/* The segments between the slashes of a path. */
static size_t
split(const char *path, struct template segments[static 8])
{
	char *copy = strdup(path), *rest = copy, *segment;
	size_t n = 0;

	assert_non_null(copy);
	while (n < 8 && (segment = strsep(&rest, "/")) != NULL)
		segments[n++] =
		    compiled(arena_copy(&arena, segment, strlen(segment)));
	free(copy);
	return n;
}

static void
test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct buffer to = { .max = 4096 };
		struct error why = { .text = "" };
		struct template segments[8];
		struct step_request r = { .segments = segments,
			.segment_count = split(paths[i].path, segments) };
		enum err rc;

		/* What stands before is the base, and no part of it. */
		buffer_puts(&to, "/api");
		rc = fill_path(&to, &r, &values[0], &why);
		if (paths[i].out != NULL)
			ROW(rc == ERR_OK && strncmp(to.data, "/api", 4) == 0 &&
				unit_same(to.data + 4, paths[i].out),
			    "%s: %s %s", paths[i].path, to.data, why.text);
		else
			ROW(rc == ERR_REFUSED &&
				unit_same(why.text, paths[i].why),
			    "%s: %s", paths[i].path, why.text);
		buffer_free(&to);
	}
	ROWS_END();
}

static const struct {
	const char *tree;
	const char *out; /* NULL: an error; "": nothing left */
	const char *why;
} trees[] = {
	{ "\"{name}\"", "\"home.example.org\"", NULL },
	{ "\"{=ttl}\"", "60", NULL },
	{ "\"{=on}\"", "true", NULL },
	{ "\"{=price}\"", "1.5", NULL },
	{ "\"{=name}\"", "\"home.example.org\"", NULL },
	{ "\"x{=ttl}\"", "\"x60\"", NULL },
	{ "\"{ttl}\"", "\"60\"", NULL },
	{ "7", "7", NULL },
	{ "true", "true", NULL },
	{ "{\"a\": [1, \"{ttl}\", {\"b\": false}]}",
	    "{\"a\":[1,\"60\",{\"b\":false}]}", NULL },
	/* A value is one value, whatever it holds. */
	{ "{\"a\": \"{quote}\"}", "{\"a\":\"a\\\"b\\\\c\"}", NULL },
	{ "{\"a\": \"{brace}\"}", "{\"a\":\"{secret}\"}", NULL },
	{ "{\"a\": \"{crlf}\"}", "{\"a\":\"a\\r\\nX: y\"}", NULL },
	{ "{\"{name}\": 1}", "{\"{name}\":1}", NULL },
	/* What is not set leaves no trace. */
	{ "{\"a\": \"{absent?}\", \"b\": 1}", "{\"b\":1}", NULL },
	{ "[\"{absent?}\", 2]", "[2]", NULL },
	{ "\"{absent?}\"", "", NULL },
	{ "{\"a\": \"{=absent?}\"}", "{}", NULL },
	{ "{\"a\": \"{absent}\"}", NULL, "{absent} is not known here" },
	{ "[1, [2, \"{absent}\"]]", NULL, "{absent} is not known here" },
	/* One for each record. */
	{ "{\"$each\": \"{type}\"}", "[\"A\",\"AAAA\"]", NULL },
	{ "{\"rrsets\": {\"$each\": {\"t\": \"{type}\", \"z\": \"{zone}\"}}}",
	    "{\"rrsets\":[{\"t\":\"A\",\"z\":\"example.org\"},"
	    "{\"t\":\"AAAA\",\"z\":\"example.org\"}]}",
	    NULL },
	{ "{\"$each\": \"{type}\", \"$if\": [\"id\"]}", "[\"AAAA\"]", NULL },
	{ "{\"$each\": \"{type}\", \"$if\": [\"!id\"]}", "[\"A\"]", NULL },
	{ "{\"$each\": \"{type}\", \"$if\": [\"id\", \"!id\"]}", "", NULL },
	{ "{\"new\": {\"$each\": \"{type}\", \"$if\": [\"none\"]}}", "{}",
	    NULL },
	{ "{\"$each\": \"{id}\"}", NULL, "{id} is not known here" },
};

/* The body of tree, filled in for two records; NULL where nothing is left. */
static enum err
fill(json_object **to, json_object *tree, const struct group *both,
    struct error *why)
{
	struct error wrong;
	struct compiler c = { &arena, &variables, &wrong };
	struct reader top = reader_top(tree, "f", &wrong);
	struct body body = body_compile(&c, &top, LEVEL_RECORD, true);

	assert_int_equal(wrong.code, ERR_OK);
	return fill_body(to, &body, &values[0], both, why);
}

static void
test_json(void **state)
{
	struct values a, aaaa;
	const struct values *each[2] = { &a, &aaaa };
	const struct group both = { each, 2 };

	(void)state;
	filled_values(&a, &values[1], &variables, "{\"type\": \"A\"}");
	filled_values(&aaaa, &values[1], &variables,
	    "{\"type\": \"AAAA\", \"id\": 7}");
	for (size_t i = 0; i < COUNT(trees); i++) {
		json_object *tree = json_tokener_parse(trees[i].tree);
		char *before = strdup(json_object_to_json_string(tree));
		struct error why = { .text = "" };
		json_object *to;
		enum err rc = fill(&to, tree, &both, &why);
		const char *got = to == NULL ?
		    "" :
		    json_object_to_json_string_ext(to,
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE);

		if (trees[i].out != NULL)
			ROW(rc == ERR_OK && unit_same(got, trees[i].out),
			    "%s: %s (%s)", trees[i].tree, got, why.text);
		else
			ROW(rc == ERR_REFUSED && to == NULL &&
				unit_same(why.text, trees[i].why),
			    "%s: %s", trees[i].tree, why.text);
		json_wipe(to);
		/* The description is used again by the next request. */
		ROW(unit_same(json_object_to_json_string(tree), before),
		    "%s: changed", trees[i].tree);
		free(before);
		json_object_put(tree);
	}
	values_end(&a);
	values_end(&aaaa);
	ROWS_END();
}

static const struct {
	const char *conditions;
	bool hold;
} holds[] = {
	{ "[]", true },
	{ "[\"name\"]", true },
	{ "[\"empty\"]", true },
	{ "[\"zone\", \"ttl\"]", true },
	{ "[\"secret\"]", true },
	{ "[\"!absent\"]", true },
	{ "[\"absent\"]", false },
	{ "[\"null\"]", false },
	{ "[\"!name\"]", false },
	{ "[\"name\", \"absent\"]", false },
};

static void
test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(holds); i++) {
		json_object *list = json_tokener_parse(holds[i].conditions);
		struct error why;
		struct compiler c = { &arena, &variables, &why };
		struct reader top = reader_top(list, "f", &why);
		struct conditions conditions =
		    compiler_conditions(&c, &top, LEVEL_RECORD);

		ROW(why.code == ERR_OK &&
			values_hold(&values[0], &conditions) == holds[i].hold,
		    "%s: %s", holds[i].conditions, why.text);
		json_object_put(list);
	}
	ROWS_END();
}

static const struct {
	const char *text;
	const char *unknown;
} unknowns[] = {
	{ "", NULL },
	{ "a{name}b{zone?}c{=ttl}d{on|x}", NULL },
	{ "{Name} {} {", NULL },
	{ "{name}{nam}{na}", "nam" },
	{ "{=x}", "x" },
	{ "{x?}", "x" },
	{ "{x|y}", "x" },
};

static void
test_unknown(void **state)
{
	static const char *const names[] = { "name", "zone", "ttl", "on" };
	struct variables known = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_not_equal(variables_learn(&known, names[i],
					 LEVEL_SESSION),
		    -1);
	for (size_t i = 0; i < COUNT(unknowns); i++) {
		struct error why;
		struct compiler c = { &arena, &known, &why };
		struct reader top = reader_top(NULL, "f", &why);
		char wanted[64];

		(void)compiler_template(&c, &top, unknowns[i].text,
		    LEVEL_RECORD, true);
		snprintf(wanted, sizeof wanted, "{%s} is not known",
		    unit_text(unknowns[i].unknown));
		ROW((why.code == ERR_OK) == (unknowns[i].unknown == NULL) &&
			(why.code == ERR_OK ||
			    strstr(why.text, wanted) != NULL),
		    "%s: %s", unknowns[i].text, why.text);
	}
	variables_end(&known);
	ROWS_END();
}

/* A name is known at its level and the narrower ones, until it is forgotten. */
static void
test_levels(void **state)
{
	struct variables v = { .count = 0 };
	int zone_id;

	(void)state;
	assert_true(variables_start(&v));
	assert_int_equal(variables_find(&v, "zone", LEVEL_RECORD), -1);
	assert_int_equal(variables_learn(&v, "zone", LEVEL_ZONE),
	    VARIABLE_ZONE);
	assert_int_equal(variables_find(&v, "zone", LEVEL_SESSION), -1);
	assert_int_equal(variables_find(&v, "zone", LEVEL_ZONE), VARIABLE_ZONE);
	assert_int_equal(variables_find(&v, "zone", LEVEL_RECORD),
	    VARIABLE_ZONE);
	/* What a wider level knows stays known there. */
	zone_id = variables_learn(&v, "zone_id", LEVEL_ZONE);
	assert_int_equal(variables_learn(&v, "zone_id", LEVEL_RECORD), zone_id);
	assert_int_equal(variables_find(&v, "zone_id", LEVEL_ZONE), zone_id);
	variables_learn(&v, "id", LEVEL_RECORD);
	variables_forget(&v, LEVEL_NAME);
	assert_int_equal(variables_find(&v, "id", LEVEL_RECORD), -1);
	assert_int_equal(variables_find(&v, "zone_id", LEVEL_ZONE), zone_id);
	variables_end(&v);
}

/*
 * The token's parts
 */

static const struct {
	const char *token;
	size_t count;
	const char *parts[3]; /* NULL: refused */
} splits[] = {
	{ "token", 1, { "token" } },
	{ "key:secret", 1, { "key:secret" } },
	{ "key:secret", 2, { "key", "secret" } },
	{ "a:b:c", 2, { "a", "b:c" } },
	{ "a:b:c", 3, { "a", "b", "c" } },
	{ "a:b:c:d:", 3, { "a", "b", "c:d:" } },
	{ "a::c", 2, { "a", ":c" } },
	{ "token", 2, { NULL } },
	{ "a:b", 3, { NULL } },
	{ ":b", 2, { NULL } },
	{ "a:", 2, { NULL } },
	{ "a::c", 3, { NULL } },
	{ "", 1, { NULL } },
};

static void
test_split(void **state)
{
	static const char *const names[] = { "one", "two", "three" };

	(void)state;
	for (size_t i = 0; i < COUNT(splits); i++) {
		struct token_parts c = { .count = 0 };
		struct error why = { .text = "" };
		enum err rc = token_split(&c, splits[i].token, names,
		    splits[i].count, &why);

		if (splits[i].parts[0] == NULL) {
			ROW(rc == ERR_TOKEN, "\"%s\" by %zu: taken",
			    splits[i].token, splits[i].count);
			/* Its text must not tell the token. */
			ROW(*splits[i].token == '\0' ||
				strstr(why.text, splits[i].token) == NULL ||
				strcmp(splits[i].token, "token") == 0,
			    "\"%s\": %s", splits[i].token, why.text);
		} else {
			ROW(rc == ERR_OK && c.count == splits[i].count,
			    "\"%s\" by %zu: %s", splits[i].token,
			    splits[i].count, why.text);
			for (size_t j = 0; j < c.count; j++)
				ROW(unit_same(c.parts[j], splits[i].parts[j]) &&
					c.names[j] == names[j],
				    "\"%s\": \"%s\"", splits[i].token,
				    c.parts[j]);
		}
		token_end(&c);
		ROW(c.count == 0, "\"%s\": not empty", splits[i].token);
	}
	ROWS_END();
}

/* What there is no room for; the values of a run that found no memory. */
static void
test_no_room(void **state)
{
	char name[VARIABLE_LEN_MAX + 2];
	struct values none = { .list = NULL };
	struct variables v = { .count = 0 };

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(variables_learn(&v, name, LEVEL_RECORD), -1);
	name[VARIABLE_LEN_MAX] = '\0';
	assert_int_equal(variables_learn(&v, name, LEVEL_RECORD), 0);
	/* It is known from an earlier point on, if from any. */
	assert_int_equal(variables_learn(&v, name, LEVEL_SESSION), 0);
	assert_int_equal(variables_find(&v, name, LEVEL_SESSION), 0);
	assert_int_equal(variables_learn(&v, name, LEVEL_RECORD), 0);
	assert_int_equal(variables_find(&v, name, LEVEL_SESSION), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "v%d", i);
		assert_int_equal(variables_learn(&v, name, LEVEL_ZONE), i + 1);
	}
	assert_int_equal(variables_find(&v, "v39", LEVEL_ZONE), 40);
	assert_int_equal(variables_find(&v, "v39", LEVEL_SESSION), -1);
	variables_end(&v);
	assert_null(arena_take(&arena, SIZE_MAX / 4, 8));
	values_unset(&none, 0);
	assert_null(values_own(&none, 0));
	assert_null(values_text(&none, 0));
	assert_false(variable_is_config("config."));
	assert_false(variable_is_word(""));
}

/* RFC 3986 section 3.3, without a segment that leads up or is empty. */
static void
test_is_path(void **state)
{
	static const struct {
		const char *path;
		bool good;
	} paths_[] = { { "/", true }, { "/a/b/", true }, { "/a/b", true },
		{ "/.a", true }, { "/...", true }, { "", false },
		{ "a", false }, { "//", false }, { "/a//b", false },
		{ "/.", false }, { "/./a", false }, { "/..", false },
		{ "/a/../b", false }, { "/a b", false }, { "/a?b", false },
		{ "/a\x7f", false }, { "/\xc3\xa4", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(paths_); i++)
		ROW(template_is_path(paths_[i].path) == paths_[i].good,
		    "\"%s\"", paths_[i].path);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_is_path),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
