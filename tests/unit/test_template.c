/*
 * test_template.c - values in the places of a description: each place encodes
 * in its own way, and nothing that was put in is looked at again.
 */
#include "unit.h"

#include "provider/rest/body.h"
#include "provider/rest/known.h"
#include "provider/rest/template.h"

/* {key} and {secret} of the token; the others are values, in two scopes. */
static const char outer[] =
    "{\"zone\": \"example.org\", \"name\": \"outer\", \"config.user\": \"me\"}";
static const char inner[] =
    "{\"name\": \"home.example.org\", \"ttl\": 60, \"on\": true,"
    " \"price\": 1.5, \"empty\": \"\", \"odd\": \"a b/c?d&e=f#g%h+i\","
    " \"xml\": \"<a b=\\\"c\\\">&\", \"brace\": \"{secret}\","
    " \"crlf\": \"a\\r\\nX: y\", \"umlaut\": \"m\xc3\xbcller\","
    " \"dot\": \".\", \"dots\": \"..\", \"path\": \"../../etc\","
    " \"quote\": \"a\\\"b\\\\c\", \"null\": null, \"star\": \"*.home@x:y\"}";

static struct token_parts credential;
static struct scope scopes[2];

static int
setup(void **state)
{
	static const char *const names[] = { "key", "secret" };
	struct error why;

	(void)state;
	assert_int_equal(token_split(&credential, "k/1:s:2&3", names, 2, &why),
	    ERR_OK);
	scopes[1] =
	    (struct scope){ NULL, json_tokener_parse(outer), &credential };
	scopes[0] =
	    (struct scope){ &scopes[1], json_tokener_parse(inner), NULL };
	assert_non_null(scopes[0].values);
	assert_non_null(scopes[1].values);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_object_put(scopes[0].values);
	json_object_put(scopes[1].values);
	token_end(&credential);
	return 0;
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
		enum err rc = template_text(&to, texts[i].text, &scopes[0],
		    texts[i].as, NULL, &why);

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
	struct buffer to = { .max = 64 };
	struct error why;
	bool dropped;

	(void)state;
	assert_int_equal(template_text(&to, "a{absent?}b", &scopes[0],
			     ENCODE_PLAIN, &dropped, &why),
	    ERR_OK);
	assert_true(dropped);
	buffer_clear(&to);
	assert_int_equal(template_text(&to, "a{ttl?}b", &scopes[0],
			     ENCODE_PLAIN, &dropped, &why),
	    ERR_OK);
	assert_false(dropped);
	assert_string_equal(to.data, "a60b");
	buffer_free(&to);
}

static void
test_room(void **state)
{
	struct buffer to = { .max = 10 };
	struct error why;

	(void)state;
	assert_int_equal(template_text(&to, "{name}", &scopes[0], ENCODE_PLAIN,
			     NULL, &why),
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

static void
test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct buffer to = { .max = 4096 };
		struct error why = { .text = "" };
		enum err rc;

		/* What stands before is the base, and no part of it. */
		buffer_puts(&to, "/api");
		rc = template_path(&to, paths[i].path, &scopes[0], &why);
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

static void
test_json(void **state)
{
	struct scope each[2] = {
		{ &scopes[1], json_tokener_parse("{\"type\": \"A\"}"), NULL },
		{ &scopes[1],
		    json_tokener_parse("{\"type\": \"AAAA\","
				       "\"id\": 7}"),
		    NULL },
	};
	const struct group both = { each, 2 };

	(void)state;
	for (size_t i = 0; i < COUNT(trees); i++) {
		json_object *tree = json_tokener_parse(trees[i].tree);
		char *before = strdup(json_object_to_json_string(tree));
		struct error why = { .text = "" };
		json_object *to;
		enum err rc = body_fill(&to, tree, &scopes[0], &both, &why);
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
		scope_wipe(to);
		/* The description is used again by the next request. */
		ROW(unit_same(json_object_to_json_string(tree), before),
		    "%s: changed", trees[i].tree);
		free(before);
		json_object_put(tree);
	}
	json_object_put(each[0].values);
	json_object_put(each[1].values);
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
	assert_true(scope_holds_all(&scopes[0], NULL));
	for (size_t i = 0; i < COUNT(holds); i++) {
		json_object *list = json_tokener_parse(holds[i].conditions);

		ROW(scope_holds_all(&scopes[0], list) == holds[i].hold, "%s",
		    holds[i].conditions);
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
	json_object *known =
	    json_tokener_parse("{\"name\": true, \"zone\": "
			       "true, \"ttl\": true, \"on\": true}");

	(void)state;
	for (size_t i = 0; i < COUNT(unknowns); i++) {
		json_object *text = json_object_new_string(unknowns[i].text);
		struct place p = { .value = text, .file = "f", .name = "n" };
		struct error why = { .text = "" };
		enum err rc = known_text(&p, known, true, &why);
		char wanted[64];

		snprintf(wanted, sizeof wanted, "{%s} is not known",
		    unit_text(unknowns[i].unknown));
		ROW((rc == ERR_OK) == (unknowns[i].unknown == NULL) &&
			(rc == ERR_OK || strstr(why.text, wanted) != NULL),
		    "%s: %s", unknowns[i].text, why.text);
		json_object_put(text);
	}
	json_object_put(known);
	ROWS_END();
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

static const struct {
	const char *text;
	const char *hidden;
} hides[] = {
	{ "", "" },
	{ "nothing", "nothing" },
	{ "token s:2&3 is wrong", "token ***** is wrong" },
	{ "s:2&3s:2&3", "**********" },
	{ "k/1:s:2&3", "***:*****" },
	{ "s:2&", "s:2&" },
};

static void
test_hide(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hides); i++) {
		char text[64];

		snprintf(text, sizeof text, "%s", hides[i].text);
		token_hide(&credential, text);
		ROW(unit_same(text, hides[i].hidden), "\"%s\": \"%s\"",
		    hides[i].text, text);
	}
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
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_hide),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
