/*
 * test_description.c - a good description of a provider, and many that differ
 * from it in one place; and the ones that we ship.
 */
#include "unit.h"

#include <dirent.h>

#include "provider/description/description.h"

static const char base[] =
    "{ \"format\": 1,"
    "  \"name\": \"example\","
    "  \"about\": \"an example\","
    "  \"base\": \"https://api.example/v1\","
    "  \"token\": [\"key\", \"secret\"],"
    "  \"headers\": { \"X-Key\": \"{key}\", \"X-User\": \"{config.user?}\" },"
    "  \"basic\": [\"{config.user|me}\", \"{secret}\"],"
    "  \"expect\": { \"/status\": \"ok\" },"
    "  \"error\": \"/message\","
    "  \"apex\": \"@\","
    "  \"ttl\": { \"default\": 300, \"min\": 60, \"max\": 86400,"
    "    \"of\": [60, 300, 3600] },"
    "  \"types\": { \"A\": { \"number\": 1 }, \"AAAA\": { \"number\": 28 } },"
    "  \"begin\": [ { \"method\": \"POST\", \"path\": \"/login\","
    "    \"form\": { \"key\": \"{key}\" }, \"get\": { \"session\": \"/id\" } } ],"
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/zones\","
    "    \"query\": { \"name\": \"{zone}\" }, \"none\": [404],"
    "    \"pick\": { \"in\": \"/zones\", \"where\": { \"/name\": \"{zone}\" } },"
    "    \"get\": { \"zone_id\": \"/id\" } },"
    "  \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/zones/{zone_id}/{sub}/{type}\","
    "      \"headers\": { \"X-Session\": \"{session}\" }, \"none\": [404, 410],"
    "      \"get\": { \"current\": [\"/records\", \"/value\"],"
    "        \"id\": \"/id\" } },"
    "    { \"for\": \"zone\", \"method\": \"PATCH\","
    "      \"path\": \"/zones/{zone_id}\", \"ok\": [200, 204],"
    "      \"json\": { \"all\": { \"$each\": { \"name\": \"{name}\","
    "        \"type\": \"{=number}\", \"ttl\": \"{=ttl}\","
    "        \"value\": \"{addr}\" }, \"$if\": [\"id\"] } } },"
    "    { \"for\": \"name\", \"method\": \"POST\", \"if\": [\"!id\"],"
    "      \"headers\": { \"Content-Type\": \"text/xml\" },"
    "      \"path\": \"/new\", \"text\": \"<r>{name} {addrs}</r>\","
    "      \"words\": [\"good\"], \"has\": \"ok\" } ],"
    "  \"end\": [ { \"method\": \"DELETE\", \"path\": \"/login/{session}\" } ]"
    "}";

#define UNKNOWN(x)                                           \
	"{" x "} is not known at this point; a step before " \
	"must get it"
#define POINTER                                             \
	"must be a JSON Pointer: empty, or beginning with " \
	"a slash"
#define DROPS                                                \
	"{x?} has nothing here that could fall away; write " \
	"{x} or {x|word}"
#define TAKEN(x)                                             \
	"{" x "} has a meaning of its own, and not at this " \
	"place; take another name"
#define STEP_MEMBERS                                          \
	"unknown; here may stand: for, method, path, query, " \
	"headers, json, form, text, if, ok, none, expect, "   \
	"words, has, contains, max, pick, pages, get"

#define LETTERS_10  "abcdefghij"
#define LETTERS_50  LETTERS_10 LETTERS_10 LETTERS_10 LETTERS_10 LETTERS_10
#define LETTERS_130 LETTERS_50 LETTERS_50 LETTERS_10 LETTERS_10 LETTERS_10

#define CHOSEN_PATH                                              \
	"/steps/2/path: a path that the operator may choose is " \
	"\"{config.x|/path}\", with a path as the word"

static const struct {
	const char *pointer;
	const char *value; /* NULL: taken out */
	const char *why;   /* after "FILE: " */
} broken[] = {
	{ "/version", "1",
	    "/version: unknown; here may stand: format, name, "
	    "about, basis, base, begin_base, token, headers, basic, sign, expect, "
	    "error, verdicts, apex, ttl, types, begin, zone, steps, remove, "
	    "end" },
	{ "/format", NULL, "/format: is missing" },
	{ "/format", "2", "/format: must be from 1 to 1" },
	{ "/format", "\"1\"", "/format: must be a whole number" },
	{ "/name", NULL, "/name: is missing" },
	{ "/name", "\"\"", "/name: must not be empty" },
	{ "/name", "\"other\"",
	    "/name: must be \"example\", or the file be "
	    "called other.json" },
	{ "/name", "\"exampl\"",
	    "/name: must be \"example\", or the file be "
	    "called exampl.json" },
	{ "/name", "\"examplf\"",
	    "/name: must be \"example\", or the file be "
	    "called examplf.json" },
	{ "/about", "7", "/about: must be a string" },
	/* Where the token goes. */
	{ "/base", NULL, "/base: is missing" },
	{ "/base", "\"http://api.example\"",
	    "/base: must be an https:// URL "
	    "as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for one that the operator gives" },
	{ "/base", "\"HTTPS://api.example\"",
	    "/base: must be an https:// URL "
	    "as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for one that the operator gives" },
	{ "/base", "\"{config.base}/v1\"",
	    "/base: must be an https:// URL "
	    "as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for one that the operator gives" },
	{ "/base", "\"https://{zone}.api.example\"",
	    "/base: where the token "
	    "goes must not depend on a variable" },
	{ "/base", "\"https://{config.host}\"",
	    "/base: where the token "
	    "goes must not depend on a variable" },
	{ "/base", "\"https://\"", "/base: \"https://\" is not a URL" },
	{ "/base", "\"https://api.example/?x=1\"",
	    "/base: "
	    "\"https://api.example/?x=1\" must be https://host, with a port "
	    "and a path at most" },
	{ "/base", "\"https://192.0.2.1\"",
	    "/base: \"https://192.0.2.1\" must "
	    "name the host of the certificate, not its address; addresses go "
	    "into \"addresses\"" },
	{ "/base", "\"{config.base|http://api.example}\"",
	    "/base: must be an https:// URL "
	    "as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for one that the operator gives" },
	{ "/base", "\"{config.base|https://{key}.example}\"",
	    "/base: where the token "
	    "goes must not depend on a variable" },
	{ "/base", "\"{config.base|https://api.example\"",
	    "/base: must be an https:// URL "
	    "as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for one that the operator gives" },
	{ "/begin_base", "\"https://me@login.example\"",
	    "/begin_base: "
	    "\"https://me@login.example\" must be https://host, with a port "
	    "and a path at most" },
	{ "/begin_base", "\"{config.base}\"",
	    "/begin_base: must be an "
	    "https:// URL as it is, or, for \"base\", \"{config.base}\" or "
	    "\"{config.base|https://...}\" for "
	    "one that the operator gives" },
	/* The token. */
	{ "/token/1", "\"key\"", "/token/1: is the name of another part" },
	{ "/token/1", "\"name\"", "/token/1: " TAKEN("name") },
	{ "/token/1", "\"Key\"",
	    "/token/1: the name of a variable has small "
	    "letters, digits and _" },
	{ "/token", "\"key\"", "/token: must be a list: [ ... ]" },
	{ "/token", "[\"a\", \"b\", \"c\", \"d\", \"e\"]",
	    "/token: has 5 elements, at most 4" },
	{ "/token/1", "7", "/token/1: must be a string" },
	{ "/token/1", "null", "/token/1: must be a string" },
	{ "/token", "[\"key\"]", "/basic/1: " UNKNOWN("secret") },
	{ "/sign", "\"aws\"",
	    "/sign: must be \"sigv4:REGION:SERVICE\" or \"ovh\"" },
	{ "/sign", "\"sigv4:us-east-1\"",
	    "/sign: must be \"sigv4:REGION:SERVICE\" or \"ovh\"" },
	{ "/sign", "\"ovh\"",
	    "/sign: needs \"token\": [\"application\", "
	    "\"secret\", \"consumer\"]" },
	{ "/token/1", "\"\"", "/token/1: must not be empty" },
	{ "/headers/", "\"a\"", "/headers/: is not the name of a header" },
	{ "/headers/X Key", "\"a\"",
	    "/headers/X Key: is not the name of a header" },
	{ "/headers/content-length", "\"7\"",
	    "/headers/content-length: is sent anyway; leave it out" },
	{ "/headers/X-Key", "\"a\\nb\"",
	    "/headers/X-Key: must be printable ASCII" },
	{ "/headers/X-Key", "\"{key}\\u00e4\"",
	    "/headers/X-Key: must be printable ASCII" },
	{ "/headers", "[]", "/headers: must be an object: { ... }" },
	{ "/headers/X-Key", "7", "/headers/X-Key: must be a string" },
	{ "/headers/X-Key", "\"{token}\"",
	    "/headers/X-Key: " UNKNOWN("token") },
	{ "/headers/X-Key", "\"{session}\"",
	    "/headers/X-Key: " UNKNOWN("session") },
	{ "/basic", "[\"me\"]", "/basic: must be [user, password]" },
	{ "/basic", "[\"a:b\", \"{secret}\"]",
	    "/basic: a user name has no colon" },
	{ "/basic/1", "\"{config.user?}\"", "/basic/1: " DROPS },
	{ "/basic", "{}", "/basic: must be a list: [ ... ]" },
	{ "/basic/0", "null", "/basic/0: must be a string" },
	{ "/basic/0", "\"{user}\"", "/basic/0: " UNKNOWN("user") },
	/* Answers. */
	{ "/expect", "\"ok\"", "/expect: must be an object: { ... }" },
	{ "/expect", "{\"status\": \"ok\"}", "/expect/status: " POINTER },
	{ "/expect", "{\"/status\": {}}",
	    "/expect//status: must be a value, or a list of values" },
	{ "/expect", "{\"/status\": [1, [2]]}",
	    "/expect//status: must be a value, or a list of values" },
	{ "/expect", "{\"/a~2\": 1}",
	    "/expect//a~2: in a JSON Pointer ~ is "
	    "written ~0, and a slash in a name ~1" },
	{ "/error", "\"/a/b~\"",
	    "/error: in a JSON Pointer ~ is "
	    "written ~0, and a slash in a name ~1" },
	{ "/error", "\"message\"", "/error: " POINTER },
	{ "/error", "[]", "/error: must be a string" },
	{ "/apex", "\"www\"", "/apex: must be \"@\", \".\" or \"\"" },
	{ "/apex", "\"-\"", "/apex: must be \"@\", \".\" or \"\"" },
	{ "/apex", "true", "/apex: must be \"@\", \".\" or \"\"" },
	/* Times to live. */
	{ "/ttl", "300", "/ttl: must be an object: { ... }" },
	{ "/ttl/least", "60",
	    "/ttl/least: unknown; here may stand: default, min, max, of" },
	{ "/ttl/default", "0", "/ttl/default: must be from 1 to 2147483647" },
	{ "/ttl/min", "-1", "/ttl/min: must be from 1 to 2147483647" },
	{ "/ttl/max", "2147483648", "/ttl/max: must be from 1 to 2147483647" },
	{ "/ttl/min", "90000", "/ttl: min is larger than max" },
	{ "/ttl/default", "30", "/ttl/default: is not from min to max" },
	{ "/ttl/default", "86401", "/ttl/default: is not from min to max" },
	{ "/ttl/of", "[60, 60]", "/ttl/of: must ascend" },
	{ "/ttl/of", "[300, 60]", "/ttl/of: must ascend" },
	{ "/ttl/of/0", "\"60\"", "/ttl/of/0: must be a whole number" },
	/* Types. */
	{ "/types/TXT", "{}", "/types/TXT: unknown; here may stand: A, AAAA" },
	{ "/types/A", "1", "/types/A: must be an object: { ... }" },
	{ "/types/A/type", "1", "/types/A/type: " TAKEN("type") },
	{ "/types/A/number", "[1]",
	    "/types/A/number: must be a text, a "
	    "number, or true or false" },
	{ "/types/AAAA/number", "null",
	    "/types/AAAA/number: must be a text, "
	    "a number, or true or false" },
	{ "/types", "[]", "/types: must be an object: { ... }" },
	/* Steps. */
	{ "/steps", NULL, "/steps: is missing" },
	{ "/steps", "{}", "/steps: must be a list: [ ... ]" },
	{ "/steps", "[]",
	    "/steps: no step writes: one at least must be "
	    "without \"get\"" },
	{ "/steps",
	    "[{\"method\": \"GET\", \"path\": \"/\", \"get\": "
	    "{\"id\": \"/id\"}}]",
	    "/steps: no step writes: one at least must "
	    "be without \"get\"" },
	{ "/remove", "[]",
	    "/remove: no step writes: one at least must be "
	    "without \"get\"" },
	{ "/remove",
	    "[{\"method\": \"GET\", \"path\": \"/\", \"get\": "
	    "{\"id\": \"/id\"}}]",
	    "/remove: no step writes: one at least must "
	    "be without \"get\"" },
	{ "/steps",
	    "[{\"method\": \"PUT\", \"path\": \"/{addr}\"}, "
	    "{\"method\": \"GET\", \"path\": \"/\", \"get\": "
	    "{\"current\": \"/a\"}}]",
	    "/steps/1: gets \"current\" after a "
	    "step that writes; it must come before" },
	{ "/steps", "[1, 2, 3, 4, 5, 6, 7, 8, 9]",
	    "/steps: has 9 elements, at most 8" },
	{ "/steps/0", "\"GET /\"", "/steps/0: must be a step: { ... }" },
	{ "/steps/0", "null", "/steps/0: must be a step: { ... }" },
	{ "/begin", "{}", "/begin: must be a list: [ ... ]" },
	{ "/zone", "[]", "/zone: must be a step: { ... }" },
	{ "/steps/0/url", "\"/\"", "/steps/0/url: " STEP_MEMBERS },
	{ "/steps/0/for", "\"record\"",
	    "/steps/0/for: must be one of "
	    "\"rrset\", \"name\", \"zone\"" },
	{ "/begin/0/for", "\"zone\"",
	    "/begin/0/for: only \"steps\" are "
	    "repeated" },
	{ "/zone/for", "\"zone\"", "/zone/for: only \"steps\" are repeated" },
	{ "/steps/0/method", NULL, "/steps/0/method: is missing" },
	{ "/steps/0/method", "\"get\"",
	    "/steps/0/method: must be one of "
	    "\"GET\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\"" },
	{ "/steps/0/method", "\"TRACE\"",
	    "/steps/0/method: must be one of "
	    "\"GET\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\"" },
	{ "/steps/0/method", "null", "/steps/0/method: must be a string" },
	{ "/steps/0/path", NULL, "/steps/0/path: is missing" },
	{ "/steps/0/path", "\"zones\"",
	    "/steps/0/path: must begin with a slash" },
	{ "/steps/0/path", "\"https://other.example/\"",
	    "/steps/0/path: must begin with a slash" },
	{ "/steps/0/path", "\"/zones?a=b\"",
	    "/steps/0/path: has a character "
	    "that no path can have; what follows ? goes into \"query\"" },
	{ "/steps/0/path", "\"/a b\"",
	    "/steps/0/path: has a character "
	    "that no path can have; what follows ? goes into \"query\"" },
	{ "/steps/0/path", "\"/{Zone}\"",
	    "/steps/0/path: has a character "
	    "that no path can have; what follows ? goes into \"query\"" },
	{ "/steps/0/path", "\"/{sub?}\"", "/steps/0/path: " DROPS },
	{ "/steps/0/path", "\"/{number2}\"",
	    "/steps/0/path: " UNKNOWN("number2") },
	{ "/steps/0/path", "\"/{id}\"", "/steps/0/path: " UNKNOWN("id") },
	{ "/steps/0/path", "\"/{config.other}/{id}\"",
	    "/steps/0/path: " UNKNOWN("id") },
	{ "/steps/0/query", "\"a=b\"",
	    "/steps/0/query: must be an object: { ... }" },
	{ "/steps/0/query", "{\"a\": 1}",
	    "/steps/0/query/a: must be a string" },
	{ "/steps/0/query", "{\"a\": null}",
	    "/steps/0/query/a: must be a string" },
	{ "/steps/0/query", "{\"a\": \"{x}\"}",
	    "/steps/0/query/a: " UNKNOWN("x") },
	/* What is known depends on how often a step is done. */
	{ "/zone/path", "\"/{name}/{zone_id}\"",
	    "/zone/path: " UNKNOWN("zone_id") },
	{ "/zone/path", "\"/{addr}\"", "/zone/path: " UNKNOWN("addr") },
	{ "/remove", "[{\"method\": \"DELETE\", \"path\": \"/{id}\"}]",
	    "/remove/0/path: " UNKNOWN("id") },
	{ "/remove", "[{\"method\": \"DELETE\", \"path\": \"/{addr}\"}]",
	    "/remove/0/path: " UNKNOWN("addr") },
	{ "/begin/0/path", "\"/{zone}\"", "/begin/0/path: " UNKNOWN("zone") },
	{ "/end/0/path", "\"/{zone}\"", "/end/0/path: " UNKNOWN("zone") },
	{ "/steps/1/path", "\"/{name}\"", "/steps/1/path: " UNKNOWN("name") },
	{ "/steps/1/path", "\"/{addr}\"", "/steps/1/path: " UNKNOWN("addr") },
	{ "/steps/2/path", "\"/{type}\"", "/steps/2/path: " UNKNOWN("type") },
	{ "/steps/2/path", "\"/{id}\"", "/steps/2/path: " UNKNOWN("id") },
	/* Bodies. */
	{ "/steps/1/form", "{}",
	    "/steps/1: has more than one of json, form and text" },
	{ "/steps/1/json", "{\"a\": {\"b\": [1, \"{type}\"]}}",
	    "/steps/1/json/a/b/1: " UNKNOWN("type") },
	{ "/steps/1/json", "{\"a\": null}",
	    "/steps/1/json/a: must not be null; leave it out" },
	{ "/steps/1/json", "{\"$each\": \"{type}\", \"x\": 1}",
	    "/steps/1/json/x: unknown; here may stand: $each, $if" },
	{ "/steps/1/json/all/$each/name", "\"{nom}\"",
	    "/steps/1/json/all/$each/name: " UNKNOWN("nom") },
	{ "/steps/1/json/all/$each/name", "{\"$each\": 1}",
	    "/steps/1/json/all/$each/name: $each needs a step with \"for\": "
	    "\"zone\" or \"name\"" },
	{ "/steps/1/json/all/$if", "\"id\"",
	    "/steps/1/json/all/$if: must be a list: [ ... ]" },
	{ "/steps/1/json/all/$if", "[\"nom\"]",
	    "/steps/1/json/all/$if/0: no step before gets such a variable" },
	{ "/steps/1/for", "\"rrset\"",
	    "/steps/1/json/all: $each needs a step "
	    "with \"for\": \"zone\" or \"name\"" },
	{ "/steps/2/text", "7", "/steps/2/text: must be a string" },
	{ "/steps/2/text", "\"{x}\"", "/steps/2/text: " UNKNOWN("x") },
	{ "/begin/0/form", "{\"a\": [1]}",
	    "/begin/0/form/a: must be a string" },
	{ "/steps/0/json", "{}", "/steps/0: a GET has no body" },
	{ "/steps/2/headers", NULL,
	    "/steps/2: \"text\" needs a header "
	    "Content-Type, and nothing else has one" },
	{ "/steps/1/headers", "{\"content-type\": \"text/plain\"}",
	    "/steps/1: \"text\" needs a header Content-Type, and nothing else "
	    "has one" },
	{ "/steps/2/text", "\"{config.user?}\"", "/steps/2/text: " DROPS },
	/* Conditions, statuses, words. */
	{ "/steps/2/if", "\"id\"", "/steps/2/if: must be a list: [ ... ]" },
	{ "/steps/2/if", "[\"nom\"]",
	    "/steps/2/if/0: no step before gets such a variable" },
	{ "/steps/2/if", "[\"!nom\"]",
	    "/steps/2/if/0: no step before gets such a variable" },
	{ "/steps/2/if", "[7]", "/steps/2/if/0: must be a string" },
	{ "/steps/0/ok", "200", "/steps/0/ok: must be a list: [ ... ]" },
	{ "/steps/0/ok", "[99]", "/steps/0/ok/0: must be from 100 to 599" },
	{ "/steps/0/ok", "[600]", "/steps/0/ok/0: must be from 100 to 599" },
	{ "/steps/0/ok", "[\"200\"]", "/steps/0/ok/0: must be a whole number" },
	{ "/steps/0/none", "[1, 2, 3, 4, 5, 6, 7, 8, 9]",
	    "/steps/0/none: has 9 elements, at most 8" },
	{ "/steps/0/none", "[404, 200]",
	    "/steps/0/none: 200 is in \"ok\", too" },
	{ "/steps/1/none", "[404]",
	    "/steps/1: \"pick\" and \"none\" are for steps that \"get\"" },
	{ "/steps/1/pick", "{\"in\": \"/x\"}",
	    "/steps/1: \"pick\" and \"none\" are for steps that \"get\"" },
	{ "/steps/2/contains", "\"ok\"",
	    "/steps/2/contains: must be a list: [ ... ]" },
	{ "/steps/0/max", "17", "/steps/0/max: must be from 1 to 16" },
	/* What the operator may choose. */
	{ "/steps/2/path", "\"{config.path}\"", CHOSEN_PATH },
	{ "/steps/2/path", "\"{config.path|new}\"", CHOSEN_PATH },
	{ "/steps/2/path", "\"{config.path|/a/../b}\"", CHOSEN_PATH },
	{ "/steps/2/path", "\"{config.path|/new}/more\"", CHOSEN_PATH },
	{ "/steps/2/path", "\"{config.path|/a b}\"", CHOSEN_PATH },
	{ "/steps/2/path", "\"{config.path|/" LETTERS_130 "}\"", CHOSEN_PATH },
	{ "/zone/query", "{ \"{zone}\": \"1\" }",
	    "/zone/query/{zone}: " UNKNOWN("zone") },
	{ "/zone/query", "{ \"{key}\": \"1\" }",
	    "/zone/query/{key}: only {config.x} may choose the name of a "
	    "field" },
	/* Pages. */
	{ "/zone/pages", "{}",
	    "/zone/pages: needs \"next\", or the \"query\" that has the "
	    "number" },
	{ "/zone/pages", "{ \"next\": \"next\" }",
	    "/zone/pages/next: " POINTER },
	{ "/zone/pages", "{ \"next\": \"/n\", \"pages\": \"/p\" }",
	    "/zone/pages: has more than one of next, pages and elements" },
	{ "/zone/pages", "{ \"page\": \"/n\" }",
	    "/zone/pages/page: unknown; here may stand: next, query, pages, "
	    "elements" },
	{ "/steps/0/pages", "{ \"query\": \"page\" }",
	    "/steps/0/pages: are those of a list: needs \"pick\"" },
	{ "/steps/2/words", "\"good\"",
	    "/steps/2/words: must be a list: [ ... ]" },
	{ "/steps/2/words", "[null]", "/steps/2/words/0: must be a string" },
	{ "/steps/2/has", "[]", "/steps/2/has: must be a string" },
	/* What is taken from an answer. */
	{ "/zone/pick", "[]", "/zone/pick: must be an object: { ... }" },
	{ "/zone/pick/in", NULL, "/zone/pick/in: is missing" },
	{ "/zone/pick/in", "\"zones\"", "/zone/pick/in: " POINTER },
	{ "/zone/pick/with", "{}",
	    "/zone/pick/with: unknown; here may stand: in, where, expect, "
	    "largest" },
	{ "/zone/pick/expect", "[]",
	    "/zone/pick/expect: must be an object: { ... }" },
	{ "/zone/pick/largest", "\"time\"", "/zone/pick/largest: " POINTER },
	{ "/zone/pick/expect", "{\"e\": 1}", "/zone/pick/expect/e: " POINTER },
	{ "/zone/pick/where", "{\"name\": \"{zone}\"}",
	    "/zone/pick/where/name: " POINTER },
	{ "/zone/pick/where", "{\"/name\": \"{nom}\"}",
	    "/zone/pick/where//name: " UNKNOWN("nom") },
	{ "/zone/pick/where", "{\"/name\": 7}",
	    "/zone/pick/where//name: must be a string" },
	{ "/steps/0/get", "{}", "/steps/0/get: must get something" },
	{ "/steps/0/get", "\"/id\"",
	    "/steps/0/get: must be an object: { ... }" },
	{ "/steps/0/get/Id", "\"/id\"",
	    "/steps/0/get/Id: the name of a "
	    "variable has small letters, digits and _" },
	{ "/steps/0/get/config.x", "\"/id\"",
	    "/steps/0/get/config.x: the name "
	    "of a variable has small letters, digits and _" },
	{ "/steps/0/get/name", "\"/id\"", "/steps/0/get/name: " TAKEN("name") },
	{ "/steps/0/get/" LETTERS_50, "\"/id\"",
	    "/steps/0/get/" LETTERS_50 ": has more than 48 bytes" },
	{ "/steps/0/get/zone", "\"/id\"", "/steps/0/get/zone: " TAKEN("zone") },
	{ "/zone/get/ttl", "\"/id\"", "/zone/get/ttl: " TAKEN("ttl") },
	{ "/begin/0/get/current", "\"/id\"",
	    "/begin/0/get/current: " TAKEN("current") },
	{ "/zone/pick/where", "{\"/name\": \"{config.user?}\"}",
	    "/zone/pick/where//name: " DROPS },
	{ "/steps/0/get/id", "\"/a~b\"",
	    "/steps/0/get/id: in a JSON Pointer ~ "
	    "is written ~0, and a slash in a name ~1" },
	{ "/steps/0/get/id", "\"id\"", "/steps/0/get/id: " POINTER },
	{ "/steps/0/get/id", "7", "/steps/0/get/id: must be a string" },
	{ "/steps/0/get/id", "[\"/a\"]",
	    "/steps/0/get/id: must be a pointer, or a list of two" },
	{ "/steps/0/get/id", "[\"/a\", \"b\"]", "/steps/0/get/id/1: " POINTER },
};

static struct description *
read_changed(const char *pointer, const char *value, struct error *why)
{
	why->text[0] = '\0';
	return description_read(unit_write_changed("example.json", base,
				    pointer, value),
	    why);
}

static void
test_broken(void **state)
{
	size_t skip = strlen(unit_directory()) + strlen("/example.json: ");

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct error why;
		struct description *d =
		    read_changed(broken[i].pointer, broken[i].value, &why);

		ROW(d == NULL && why.code == ERR_CONFIG &&
			strlen(why.text) > skip &&
			strcmp(why.text + skip, broken[i].why) == 0,
		    "%s = %s: %s", broken[i].pointer,
		    unit_text(broken[i].value), why.text);
		description_free(d);
	}
	ROWS_END();
}

/* What the good one says arrives. */
static void
test_values(void **state)
{
	struct error why;
	struct description *d = read_changed(NULL, NULL, &why);

	(void)state;
	assert_non_null(d);
	assert_string_equal(d->name, "example");
	assert_string_equal(d->about, "an example");
	assert_string_equal(d->base, "https://api.example/v1");
	assert_int_equal(d->part_count, 2);
	assert_string_equal(d->parts[0], "key");
	assert_string_equal(d->parts[1], "secret");
	assert_true(d->has_basic);
	assert_string_equal(d->basic[0].pieces[0].name, "config.user");
	assert_string_equal(d->basic[0].pieces[0].fallback, "me");
	assert_string_equal(d->basic[1].pieces[0].name, "secret");
	assert_string_equal(d->error, "/message");
	assert_string_equal(d->apex, "@");
	assert_int_equal(d->ttl, 300);
	assert_int_equal(d->begin.count, 1);
	assert_true(d->has_zone);
	assert_true(d->zone_gets_more);
	assert_int_equal(d->steps.count, 3);
	assert_int_equal(d->remove.count, 0);
	assert_int_equal(d->end.count, 1);
	assert_int_equal(d->steps.list[0].level, LEVEL_RECORD);
	assert_int_equal(d->steps.list[0].answer.ok.count, 1);
	assert_int_equal(d->steps.list[0].answer.ok.list[0], 200);
	assert_int_equal(d->steps.list[0].answer.none.count, 2);
	assert_int_equal(d->steps.list[0].request.body_kind, BODY_NONE);
	assert_int_equal(d->steps.list[1].level, LEVEL_ZONE);
	assert_string_equal(d->steps.list[1].request.method, "PATCH");
	assert_int_equal(d->steps.list[1].answer.ok.count, 2);
	assert_int_equal(d->steps.list[1].answer.ok.list[1], 204);
	assert_int_equal(d->steps.list[1].request.body_kind, BODY_JSON);
	assert_int_equal(d->steps.list[2].level, LEVEL_NAME);
	assert_int_equal(d->steps.list[2].request.body_kind, BODY_TEXT);
	assert_string_equal(d->steps.list[2].answer.has, "ok");
	assert_string_equal(d->steps.list[2].label, "steps/2");
	assert_int_equal(d->begin.list[0].request.body_kind, BODY_FORM);
	assert_int_equal(d->begin.list[0].host, HOST_LOGIN);
	assert_int_equal(d->begin.list[0].level, LEVEL_SESSION);
	assert_int_equal(d->steps.list[0].host, HOST_API);
	assert_false(d->steps.list[0].writes);
	assert_true(d->steps.list[1].writes);
	assert_true(d->steps.list[1].has_each);
	assert_false(d->zone.writes);
	assert_int_equal(d->sign.kind, SIGN_NONE);
	description_free(d);
}

static void
test_defaults(void **state)
{
	static const char text[] =
	    "{ \"format\": 1, \"name\": \"x\","
	    " \"base\": \"https://x.example\", \"steps\": [ { \"method\": "
	    "\"PUT\", \"path\": \"/{name}/{token}\" } ] }";
	struct error why;
	struct description *d =
	    description_read(unit_write("x.json", text, strlen(text)), &why);

	(void)state;
	assert_non_null(d);
	assert_int_equal(d->part_count, 1);
	assert_string_equal(d->parts[0], "token");
	assert_string_equal(d->apex, "@");
	assert_int_equal(description_ttl(d, 0), 300);
	assert_false(d->has_zone);
	assert_int_equal(d->steps.list[0].level, LEVEL_RECORD);
	assert_int_equal(d->steps.list[0].answer.ok.list[0], 200);
	description_free(d);
}

/* OVH signs with the time, which has to be asked for. */
static void
test_ovh(void **state)
{
	static const char *const begins[] = { "",
		", \"begin\": [{\"method\": "
		"\"GET\", \"path\": \"/\", \"get\": {\"time\": \"\"}}]" };

	(void)state;
	for (size_t i = 0; i < COUNT(begins); i++) {
		struct error why = { .text = "" };
		struct description *d;
		char text[512];

		snprintf(text, sizeof text,
		    "{\"format\": 1, \"name\": \"x\","
		    "\"base\": \"https://x.example\", \"sign\": \"ovh\","
		    "\"token\": [\"application\", \"secret\", \"consumer\"]%s,"
		    "\"steps\": [{\"method\": \"PUT\", \"path\": \"/\"}]}",
		    begins[i]);
		d = description_read(unit_write("x.json", text, strlen(text)),
		    &why);
		ROW((d != NULL) == (i == 1) &&
			(i == 1 ||
			    strstr(why.text,
				"/sign: needs a step of \"begin\" that gets \"time\"") !=
				NULL),
		    "%s: %s", begins[i], why.text);
		description_free(d);
	}
	ROWS_END();
}

/* What OVH signs with has three parts, and all of them. */
static void
test_ovh_parts(void **state)
{
	static const char *const tokens[] = { "\"application\"",
		"\"application\", \"secret\"", "\"secret\", \"consumer\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct error why = { .text = "" };
		struct description *d;
		char text[512];

		snprintf(text, sizeof text,
		    "{\"format\": 1, \"name\": \"x\","
		    "\"base\": \"https://x.example\", \"sign\": \"ovh\","
		    "\"token\": [%s],"
		    "\"steps\": [{\"method\": \"PUT\", \"path\": \"/\"}]}",
		    tokens[i]);
		d = description_read(unit_write("x.json", text, strlen(text)),
		    &why);
		ROW(d == NULL &&
			strstr(why.text,
			    "/sign: needs \"token\": [\"application\"") != NULL,
		    "%s: %s", tokens[i], why.text);
		description_free(d);
	}
	ROWS_END();
}

/* Members that may be empty, numbers of each kind, and many variables. */
static void
test_odd_ones(void **state)
{
	static const char *const all[] = { "\"expect\": {}",
		"\"types\": {\"A\": {}}",
		"\"expect\": {\"/a\": [1.5, true, null]}",
		"\"headers\": {\"X-" LETTERS_50 "\": \"{" LETTERS_50 "}\"}" };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct error why = { .text = "" };
		struct description *d;
		char text[1024];

		snprintf(text, sizeof text,
		    "{\"format\": 1, \"name\": \"x\","
		    "\"base\": \"https://x.example\", %s,"
		    "\"steps\": [{\"method\": \"PUT\","
		    "\"path\": \"/{token}\"}]}",
		    all[i]);
		/* Its file may be called as it likes. */
		d = description_read(unit_write(i % 2 == 0 ? "x" : "longer",
					 text, strlen(text)),
		    &why);
		ROW(d != NULL, "%s: %s", all[i], why.text);
		description_free(d);
	}
	ROWS_END();
}

/* Must a zone that the operator gives be asked for nevertheless? */
static void
test_zone_gets(void **state)
{
	struct error why;
	struct description *d;

	(void)state;
	d = read_changed("/zone",
	    "{\"method\": \"GET\", \"path\": \"/of\","
	    "\"get\": {\"zone\": \"/x\", \"zone_id\": \"/y\"}}",
	    &why);
	assert_non_null(d);
	assert_true(d->zone_gets_more);
	description_free(d);
	d = read_changed("/zone",
	    "{\"method\": \"GET\", \"path\": \"/of\","
	    "\"get\": {\"zone\": \"/x\"}}",
	    &why);
	assert_null(d); /* {zone_id} is used */
}

/* {config.x}: needed unless every place can do without. */
static const struct {
	const char *one;   /* header, */
	const char *other; /* and another */
	int needed;	   /* -1: no such variable */
} variables[] = {
	{ "{config.x}", "p", true },
	{ "{config.x?}", "p", false },
	{ "{config.x|y}", "p", false },
	{ "{config.x}", "{config.x|y}", true },
	{ "{config.x|y}", "{config.x}", true },
	{ "{config.x}{config.x?}", "p", true },
	{ "config.x", "p", -1 },
	/* Typed, too. */
	{ "{=config.x}", "p", true },
	{ "{=config.x?}", "p", false },
};

static void
test_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++) {
		const struct variable *x;
		struct description *d;
		struct error why;
		char text[512];

		snprintf(text, sizeof text,
		    "{\"format\": 1, \"name\": \"x\","
		    "\"base\": \"https://x.example\", \"headers\": {\"X\": "
		    "\"%s\", \"Y\": \"%s\"}, \"steps\": [{\"method\": "
		    "\"PUT\", \"path\": \"/\"}]}",
		    variables[i].one, variables[i].other);
		d = description_read(unit_write("x.json", text, strlen(text)),
		    &why);
		assert_non_null(d);
		x = description_config(d, "config.x");
		ROW((x != NULL) == (variables[i].needed != -1), "%s and %s",
		    variables[i].one, variables[i].other);
		ROW(x == NULL || x->required == variables[i].needed,
		    "%s and %s: needed is %d", variables[i].one,
		    variables[i].other, x != NULL ? x->required : -1);
		description_free(d);
	}
	ROWS_END();
}

static const struct {
	int64_t wanted;
	int64_t got;
} ttls[] = {
	{ 0, 300 },
	{ 1, 60 },
	{ 60, 60 },
	{ 61, 300 },
	{ 300, 300 },
	{ 301, 3600 },
	{ 3600, 3600 },
	{ 86400, 3600 },
	{ 2147483647, 3600 },
};

static void
test_ttl(void **state)
{
	struct error why;
	struct description *d = read_changed(NULL, NULL, &why);

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < COUNT(ttls); i++)
		ROW(description_ttl(d, ttls[i].wanted) == ttls[i].got, "%d: %d",
		    (int)ttls[i].wanted,
		    (int)description_ttl(d, ttls[i].wanted));
	d->ttl_of_count = 0;
	ROW(description_ttl(d, 59) == 60, "59");
	ROW(description_ttl(d, 61) == 61, "61");
	ROW(description_ttl(d, 86401) == 86400, "86401");
	description_free(d);
	ROWS_END();
}

static int
is_json(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 5 && strcmp(e->d_name + len - 5, ".json") == 0;
}

/* Every file in providers/ is good, and is called as it calls itself. */
static void
test_shipped(void **state)
{
	char *directory = unit_source("providers");
	struct dirent **entries;
	int count = scandir(directory, &entries, is_json, alphasort);

	(void)state;
	assert_true(count >= 2);
	for (int i = 0; i < count; i++) {
		struct error why = { .text = "" };
		const char *name = entries[i]->d_name;
		struct description *d;
		char *file, *text;

		/* A copy, since a source tree may belong to anybody. */
		assert_int_not_equal(asprintf(&file, "%s/%s", directory, name),
		    -1);
		text = unit_read(file);
		d = description_read(unit_write(name, text, strlen(text)),
		    &why);
		ROW(d != NULL && strlen(d->name) == strlen(name) - 5 &&
			strncmp(d->name, name, strlen(d->name)) == 0,
		    "%s: %s %s", name, why.text, d != NULL ? d->name : "");
		description_free(d);
		free(text);
		free(file);
		free(entries[i]);
	}
	free(entries);
	free(directory);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ovh),
		cmocka_unit_test(test_ovh_parts),
		cmocka_unit_test(test_odd_ones),
		cmocka_unit_test(test_zone_gets),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
