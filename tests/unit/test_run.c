/*
 * test_run.c - stories with a provider: what is asked, in which order, and
 * what each answer makes of the records.
 *
 * exchange_start() is the test's own: it takes the next line of the story,
 * compares the request, and gives the answer that stands there, at once.
 */
#include "unit.h"
#include "exchanges.h"

#include "base/clock.h"
#include "base/heap.h"
#include "provider/rest/publish.h"
#include "provider/rest/recording.h"
#include "provider/rest/rehearse.h"
#include "scarce.h"

#define LINES_MAX   18
#define RECORDS_MAX 8
#define TOKEN	    "geheim-0123456789"

#define PART \
	"{\"a\": [{\"n\": \"x\", \"id\": 1}], \"b\": [{\"n\": \"x\", \"id\": 2}]}"
#define LONG_ANSWER "{\"id\": 1, \"tag\": \"a\"}\n"

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"

/* Reads before it writes; asks for the zone from the longest end on. */
static const char description[] =
    "{ \"format\": 1, \"name\": \"example\","
    "  \"base\": \"https://api.example/v1\","
    "  \"headers\": { \"X-Key\": \"{token}\" }, \"apex\": \"\","
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/z/{zone}\","
    "    \"get\": { \"zone_id\": \"/id\" }, \"none\": [404] },"
    "  \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/z/{zone_id}/{sub}.../{type}\","
    "      \"none\": [404], \"get\": { \"current\": [\"/values\", \"\"],"
    "        \"ttl\": \"/ttl\", \"id\": \"/id\" } },"
    "    { \"method\": \"POST\", \"path\": \"/z/{zone_id}\", \"if\": [\"!id\"],"
    "      \"ok\": [201], \"json\": { \"n\": \"{sub}\", \"t\": \"{type}\","
    "        \"v\": \"{addr}\", \"ttl\": \"{=ttl}\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/z/{zone_id}/{id}\","
    "      \"if\": [\"id\"],"
    "      \"json\": { \"v\": \"{addr}\", \"ttl\": \"{=ttl}\" } } ],"
    "  \"remove\": ["
    "    { \"method\": \"GET\", \"path\": \"/z/{zone_id}/{sub}.../{type}\","
    "      \"none\": [404], \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"DELETE\", \"path\": \"/z/{zone_id}/{id}\","
    "      \"if\": [\"id\"], \"ok\": [204] } ] }";

/* A session around all. */
static const char session[] =
    "{ \"format\": 1, \"name\": \"session\","
    "  \"base\": \"https://api.example/v1\", \"token\": [\"user\", \"word\"],"
    "  \"begin\": [ { \"method\": \"POST\", \"path\": \"/login\","
    "    \"form\": { \"u\": \"{user}\", \"p\": \"{word}\" },"
    "    \"get\": { \"sid\": \"/sid\" } } ],"
    "  \"steps\": [ { \"for\": \"zone\", \"method\": \"PATCH\","
    "    \"path\": \"/{sid}/{zone}\", \"json\": { \"$each\": { \"n\": "
    "    \"{name}\", \"v\": \"{addr}\" } } } ],"
    "  \"end\": [ { \"method\": \"DELETE\", \"path\": \"/{sid}\" } ] }";

/* Lists its zones. */
static const char list[] =
    "{ \"format\": 1, \"name\": \"list\","
    "  \"base\": \"https://api.example/v1\","
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/zones\","
    "    \"pick\": { \"in\": \"\", \"where\": { \"/name\": \"{zone}\" } },"
    "    \"get\": { \"zone_id\": \"/id\" } },"
    "  \"steps\": [ { \"for\": \"zone\", \"method\": \"PUT\","
    "    \"path\": \"/{zone_id}\", \"json\": { \"$each\": \"{sub}\" } } ] }";

/* Wants its requests one after another. */
static const char ordered[] =
    "{ \"format\": 1, \"name\": \"ordered\","
    "  \"base\": \"https://api.example/v1\","
    "  \"begin\": [ { \"method\": \"POST\", \"path\": \"/login\","
    "    \"get\": { \"sid\": \"/sid\" } } ],"
    "  \"steps\": [ { \"method\": \"GET\", \"path\": \"/{name}\","
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/{id}\" } ] }";

/* Is asked whose a name is. */
static const char owner[] =
    "{ \"format\": 1, \"name\": \"owner\","
    "  \"base\": \"https://api.example/v1\","
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/of/{name}\","
    "    \"get\": { \"zone\": \"/0/name\" } },"
    "  \"steps\": [ { \"for\": \"zone\", \"method\": \"PUT\","
    "    \"path\": \"/{zone}\", \"json\": { \"$each\": \"{sub}\" } } ] }";

/* Reads twice what it asks once, and once more after it wrote. */
static const char reader[] =
    "{ \"format\": 1, \"name\": \"reader\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r/{type}\","
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"GET\", \"path\": \"/r/{type}\","
    "      \"get\": { \"tag\": \"/tag\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}/{tag}\" },"
    "    { \"method\": \"GET\", \"path\": \"/r/{type}\","
    "      \"get\": { \"now\": \"/tag\" } },"
    "    { \"method\": \"POST\", \"path\": \"/done/{now}\" } ] }";

/* Asks the same twice, and wants something else of it each time. */
static const char judge[] =
    "{ \"format\": 1, \"name\": \"judge\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\","
    "      \"get\": { \"id\": \"/id\" }, \"none\": [404] },"
    "    { \"method\": \"GET\", \"path\": \"/r\", \"expect\": { \"/n\": 1 },"
    "      \"get\": { \"n\": \"/n\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}\" } ] }";

/* Lists in pages, in each way to go on. */
static const char cursor[] =
    "{ \"format\": 1, \"name\": \"cursor\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\", \"query\": { \"per\": \"2\" },"
    "      \"pick\": { \"in\": \"/list\", \"where\": { \"/n\": \"{sub}\" } },"
    "      \"pages\": { \"next\": \"/next\", \"query\": \"after\" },"
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}\" } ] }";
static const char links[] =
    "{ \"format\": 1, \"name\": \"links\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\","
    "      \"pick\": { \"in\": \"/list\", \"where\": { \"/n\": \"{sub}\" } },"
    "      \"pages\": { \"next\": \"/links/next\" },"
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}\" } ] }";
static const char numbers[] =
    "{ \"format\": 1, \"name\": \"numbers\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\", \"query\": { \"page\": \"1\" },"
    "      \"pick\": { \"in\": \"/list\", \"where\": { \"/n\": \"{sub}\" } },"
    "      \"pages\": { \"query\": \"page\", \"pages\": \"/pages\" },"
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}\" } ] }";
static const char offsets[] =
    "{ \"format\": 1, \"name\": \"offsets\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\", \"query\": { \"take\": \"2\", \"skip\": \"0\" },"
    "      \"pick\": { \"in\": \"/list\", \"where\": { \"/n\": \"{sub}\" } },"
    "      \"pages\": { \"query\": \"skip\", \"elements\": \"/total\" },"
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"method\": \"PUT\", \"path\": \"/r/{id}\" } ] }";

static const char zones[] =
    "{ \"format\": 1, \"name\": \"zones\","
    "  \"base\": \"https://api.example/v1\","
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/zones\","
    "    \"pick\": { \"in\": \"/list\", \"where\": { \"/n\": \"{zone}\" } },"
    "    \"pages\": { \"query\": \"page\", \"pages\": \"/pages\" },"
    "    \"get\": { \"zone_id\": \"/id\" } },"
    "  \"steps\": [ { \"for\": \"zone\", \"method\": \"PUT\","
    "    \"path\": \"/{zone_id}\", \"json\": { \"$each\": \"{sub}\" } } ] }";

/* Answers with a page for people; the operator may name path and field. */
static const char contains[] =
    "{ \"format\": 1, \"name\": \"contains\","
    "  \"base\": \"https://api.example/v1\","
    "  \"verdicts\": { \"token\": [\"NO_AUTH\"] }, \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"{config.path|/u}\","
    "      \"query\": { \"{config.host|myhost}\": \"{name}\" },"
    "      \"contains\": [\"ok\", \"no error\"] } ] }";

/* Says by itself what it did, and has zones with a shortest time to live. */
static const char words[] =
    "{ \"format\": 1, \"name\": \"words\","
    "  \"base\": \"https://api.example/v1\","
    "  \"zone\": { \"method\": \"GET\", \"path\": \"/z/{zone}\","
    "    \"get\": { \"ttl_min\": \"/least\" } },"
    "  \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r\","
    "      \"get\": { \"ttl\": \"/ttl\" } },"
    "    { \"method\": \"GET\", \"path\": \"/u/{ttl}\","
    "      \"words\": [\"good\", \"nochg\"] } ] }";

/* Reads of each name twice, and in between of all together. */
static const char twice[] =
    "{ \"format\": 1, \"name\": \"twice\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/{name}\","
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"for\": \"zone\", \"method\": \"GET\", \"path\": \"/all\","
    "      \"get\": { \"all\": \"/id\" } },"
    "    { \"method\": \"GET\", \"path\": \"/{name}\","
    "      \"get\": { \"tag\": \"/tag\" } },"
    "    { \"for\": \"zone\", \"method\": \"PUT\", \"path\": \"/\","
    "      \"json\": { \"$each\": \"{id}{tag}\" } } ] }";

/* Asks for nothing at times: for no record, and for no zone. */
static const char nothing[] =
    "{ \"format\": 1, \"name\": \"nothing\","
    "  \"base\": \"https://api.example/v1\", \"steps\": ["
    "    { \"method\": \"GET\", \"path\": \"/r/{name}\", \"none\": [404],"
    "      \"get\": { \"id\": \"/id\" } },"
    "    { \"for\": \"zone\", \"method\": \"PATCH\", \"path\": \"/r\","
    "      \"json\": { \"$each\": \"{id}\", \"$if\": [\"id\"] } } ] }";
static const char no_zone[] =
    "{ \"format\": 1, \"name\": \"no_zone\","
    "  \"base\": \"https://api.example/v1\","
    "  \"zone\": { \"method\": \"POST\", \"path\": \"/z/{zone}\","
    "    \"json\": { \"a\": \"{config.x?}\" }, \"get\": { \"id\": \"/id\" } },"
    "  \"steps\": [ { \"method\": \"PUT\", \"path\": \"/{id}\" } ] }";

/* Says who it is by a password, and signs; writes for a zone as a whole. */
static const char basic[] =
    "{ \"format\": 1, \"name\": \"basic\","
    "  \"base\": \"https://api.example/v1\", \"basic\": [\"me\", \"{token}\"],"
    "  \"types\": { \"A\": { \"number\": 1 }, \"AAAA\": { \"number\": 28 } },"
    "  \"steps\": [ { \"for\": \"zone\", \"method\": \"PUT\","
    "    \"path\": \"/{zone}\", \"json\": { \"a\": 1 } } ] }";
static const char signs[] =
    "{ \"format\": 1, \"name\": \"signs\", \"sign\": \"ovh\","
    "  \"base\": \"https://api.example/v1\","
    "  \"token\": [\"application\", \"secret\", \"consumer\"],"
    "  \"begin\": [ { \"method\": \"GET\", \"path\": \"/time\","
    "    \"get\": { \"time\": \"\" } } ],"
    "  \"steps\": [ { \"method\": \"PUT\", \"path\": \"/{name}\" } ] }";

/* Asks the same many times, each time for another part of the list. */
#define LOOK(pages, in, name)                                                \
	"{ \"method\": \"GET\", \"path\": \"/r\","                           \
	"  \"query\": { \"p\": \"1\", \"q\": \"1\" },"                       \
	"  \"pick\": { \"in\": \"/" in "\", \"where\": { \"/n\": \"x\" } }," \
	"  " pages " \"get\": { \"" name "\": \"/id\" } },"
static const char portions[] =
    "{ \"format\": 1, \"name\": \"parts\","
    "  \"base\": \"https://api.example/v1\", \"steps\": [" LOOK("", "a",
	"v0") LOOK("\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "a",
	"v1") LOOK("\"pages\": { \"query\": \"p\", \"elements\": \"/n\" },",
	"a", "v2") LOOK("\"pages\": { \"query\": \"p\", \"next\": \"/m\" },",
	"a", "v3") LOOK("\"pages\": { \"query\": \"p\", \"next\": \"/o\" },",
	"a", "v4") LOOK("\"pages\": { \"query\": \"q\", \"next\": \"/o\" },",
	"a", "v5") LOOK("", "a",
	"v6") "{ \"method\": \"PUT\", \"path\": \"/{v0}{v1}{v2}{v3}{v4}{v5}{v6}\" } ] }";
static const char more_portions[] =
    "{ \"format\": 1, \"name\": \"parts\","
    "  \"base\": \"https://api.example/v1\", \"steps\": [" LOOK(
	"\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "a",
	"v0") LOOK("\"pages\": { \"query\": \"p\", \"pages\": \"/m\" },", "a",
	"v1") LOOK("\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "b",
	"v2") LOOK("\"pages\": { \"next\": \"/o\" },", "a",
	"v3") LOOK("\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "a",
	"v4") "{ \"method\": \"PUT\", \"path\": \"/{v0}{v1}{v2}{v3}{v4}\" } ] }";

/* Counts its pages without a word of how many they are. */
static const char until[] =
    "{ \"format\": 1, \"name\": \"until\","
    "  \"base\": \"https://api.example/v1\", \"steps\": [" LOOK(
	"\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "a",
	"v0") LOOK("\"pages\": { \"query\": \"p\" },", "a", "v1")
	LOOK("\"pages\": { \"query\": \"p\", \"pages\": \"/n\" },", "b",
	    "v2") "{ \"method\": \"PUT\", \"path\": \"/{v0}{v1}{v2}\" } ] }";

/* One request that is expected, and its answer. */
struct line {
	const char *request; /* "METHOD /path BODY"; NULL: the end */
	long status;	     /* 0: no answer at all */
	const char *body;
	long retry_after;
};

/* One record, and what is to come of it. */
struct wanted {
	const char *name; /* NULL: the end */
	const char *zone;
	const char *address;
	bool remove;
	int64_t ttl;
	enum err result;
	bool changed;
	const char *why; /* of a failure */
};

static const struct story {
	const char *title;
	const char *description;
	const char *token;
	struct wanted records[RECORDS_MAX + 1];
	struct line lines[LINES_MAX + 1];
	long retry_after;
} stories[] = {
	{ "already so: read, and not written", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = false } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"ttl\": 60,"
		    "\"values\": [\"" V4 "\"]}",
		    0 } },
	    0 },
	{ "the same address in another spelling", description, TOKEN,
	    { { "home.example.org", "example.org", V6, .changed = false } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../AAAA", 200,
		    "{\"id\": 7,"
		    "\"values\": [\"2001:DB8:0::0:1\"]}",
		    0 } },
	    0 },
	{ "another address is replaced, and its ttl stays", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"ttl\": 900,"
		    "\"values\": [\"192.0.2.9\"]}",
		    0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":900}", 200, "",
		    0 } },
	    0 },
	{ "the operator's ttl goes before what is there", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .ttl = 120,
		.changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"ttl\": 900,"
		    "\"values\": [\"192.0.2.9\"]}",
		    0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":120}", 200, "",
		    0 } },
	    0 },
	{ "two values are not cut to the one we want", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_REFUSED,
		.why = "ambiguous: there are 2 addresses, 192.0.2.1, "
		       "192.0.2.9; \"replace_set\": true of the host lets one "
		       "replace them" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"values\": "
		    "[\"" V4 "\", \"192.0.2.9\"]}",
		    0 } },
	    0 },
	{ "nothing there: it is made", description, TOKEN,
	    { { "example.org", "example.org", V6, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/.../AAAA", 404, "{}", 0 },
		{ "POST /v1/z/Z {\"n\":\"\",\"t\":\"AAAA\",\"v\":\"" V6 "\","
		  "\"ttl\":300}",
		    201, "", 0 } },
	    0 },
	{ "two records, one zone, each for itself", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = true },
		{ "home.example.org", "example.org", V6, .changed = false } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 404, "", 0 },
		{ "GET /v1/z/Z/home.../AAAA", 200,
		    "{\"id\": 8, \"values\": [\"" V6 "\"]}", 0 },
		{ "POST /v1/z/Z {\"n\":\"home\",\"t\":\"A\",\"v\":\"" V4 "\","
		  "\"ttl\":300}",
		    201, "", 0 } },
	    0 },
	/* Removing. */
	{ "what is there is taken away", description, TOKEN,
	    { { "home.example.org", "example.org", "0.0.0.0", .remove = true,
		.changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200, "{\"id\": 7}", 0 },
		{ "DELETE /v1/z/Z/7", 204, "", 0 } },
	    0 },
	{ "nothing to take away", description, TOKEN,
	    { { "home.example.org", "example.org", "::", .remove = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../AAAA", 404, "", 0 } },
	    0 },
	/* Zones. */
	{ "the longest end that is a zone", description, TOKEN,
	    { { "a.b.example.org", NULL, V4, .changed = false } },
	    { { "GET /v1/z/a.b.example.org", 404, "", 0 },
		{ "GET /v1/z/b.example.org", 404, "", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.b.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "never a top level", description, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_ZONE,
		.why = "home: has no zone for home.example.org (HTTP 404); "
		       "if it has, name it by \"zone\"" } },
	    { { "GET /v1/z/home.example.org", 404, "", 0 },
		{ "GET /v1/z/example.org", 404, "", 0 } },
	    0 },
	{ "the zone that the operator names is not there", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_ZONE,
		.why = "home: has no zone example.org (HTTP 404)" } },
	    { { "GET /v1/z/example.org", 404, "", 0 } }, 0 },
	{ "a wildcard", description, TOKEN,
	    { { "*.example.org", NULL, V4, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/*.../A", 404, "", 0 },
		{ "POST /v1/z/Z {\"n\":\"*\",\"t\":\"A\",\"v\":\"" V4 "\","
		  "\"ttl\":300}",
		    201, "", 0 } },
	    0 },
	{ "a list of zones is fetched once", list, TOKEN,
	    { { "a.b.example.org", NULL, V4, .changed = true },
		{ "b.example.org", NULL, V4, .changed = true },
		{ "example.com", NULL, V4, .result = ERR_ZONE,
		    .why = "home: has no zone for example.com; if it has, "
			   "name it by \"zone\"" } },
	    { { "GET /v1/zones", 200,
		  "[{\"name\": \"example.org\", \"id\": "
		  "9007199254740993}, {\"name\": \"example.net\", \"id\": 2}]",
		  0 },
		{ "PUT /v1/9007199254740993 [\"a.b\",\"b\"]", 200, "", 0 } },
	    0 },
	{ "the owner of a name is asked for each name", owner, TOKEN,
	    { { "a.b.example.org", NULL, V4, .result = ERR_ZONE,
		  .why = "home: has no zone for a.b.example.org; if it has, "
			 "name it by \"zone\"" },
		{ "b.example.org", NULL, V4, .changed = true },
		{ "b.example.org", NULL, V6, .changed = true } },
	    { { "GET /v1/of/a.b.example.org", 200, "[]", 0 },
		{ "GET /v1/of/b.example.org", 200,
		    "[{\"name\": "
		    "\"example.org\"}]",
		    0 },
		{ "PUT /v1/example.org [\"b\",\"b\"]", 200, "", 0 } },
	    0 },
	{ "a zone that does not hold the name", owner, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_REFUSED,
		.why = "the provider names a zone that does not hold "
		       "home.example.org" } },
	    { { "GET /v1/of/home.example.org", 200,
		"[{\"name\": "
		"\"le.org\"}]",
		0 } },
	    0 },
	{ "a zone that is out of reach is asked for once", list, TOKEN,
	    { { "a.example.org", NULL, V4, .result = ERR_REFUSED,
		  .why = "home: zone: HTTP 418: tea" },
		{ "b.example.org", NULL, V4, .result = ERR_REFUSED,
		    .why = "home: zone: HTTP 418: tea" } },
	    { { "GET /v1/zones", 418, "tea", 0 } }, 0 },
	{ "nothing is asked twice before something is written", reader, TOKEN,
	    { { "home.example.org", NULL, V4, .changed = true } },
	    { { "GET /v1/r/A", 200, "{\"id\": 1, \"tag\": \"a\"}", 0 },
		{ "PUT /v1/r/1/a", 200, "", 0 },
		{ "GET /v1/r/A", 200, "{\"id\": 1, \"tag\": \"b\"}", 0 },
		{ "POST /v1/done/b", 200, "", 0 } },
	    0 },
	{ "but each step judges for itself", judge, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_REFUSED,
		.why = "home: steps/1: refused: {\"id\": 1, \"n\": 2}" } },
	    { { "GET /v1/r", 200, "{\"id\": 1, \"n\": 2}", 0 } }, 0 },
	{ "also what is not there", judge, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_ZONE,
		.why = "home: steps/1: HTTP 404: no" } },
	    { { "GET /v1/r", 404, "no", 0 } }, 0 },
	/* A refusal of one candidate is not the end of the search. */
	{ "a candidate that is refused by any status", description, TOKEN,
	    { { "a.b.c.example.org", NULL, V4, .changed = false } },
	    { { "GET /v1/z/a.b.c.example.org", 409, "of another", 0 },
		{ "GET /v1/z/b.c.example.org", 400, "no such domain", 0 },
		{ "GET /v1/z/c.example.org", 422, "odd", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.b.c.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "unless the provider says when to come back for it", description,
	    TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_BUSY,
		.why = "home: zone: HTTP 409: slow" } },
	    { { "GET /v1/z/home.example.org", 409, "slow", 5 } }, 5 },
	{ "403 of one candidate, and another one is ours", description, TOKEN,
	    { { "home.example.org", NULL, V4, .changed = false } },
	    { { "GET /v1/z/home.example.org", 403, "not yours", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "the last candidate's refusal is told", description, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_TOKEN,
		.why = "home: zone: HTTP 403: not yours" } },
	    { { "GET /v1/z/home.example.org", 422, "odd", 0 },
		{ "GET /v1/z/example.org", 403, "not yours", 0 } },
	    0 },
	{ "a wrong token ends the search", description, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_TOKEN,
		.why = "home: zone: HTTP 401: who?" } },
	    { { "GET /v1/z/home.example.org", 401, "who?", 0 } }, 0 },
	{ "too many requests end the search", description, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_BUSY,
		.why = "home: zone: HTTP 429: slower" } },
	    { { "GET /v1/z/home.example.org", 429, "slower", 5 } }, 5 },
	/* Lists that come in pages. */
	{ "pages with a cursor", cursor, TOKEN,
	    { { "home.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?per=2", 200,
		  "{\"list\": [{\"n\": \"a\", \"id\": 1}], \"next\": \"b&c\"}",
		  0 },
		{ "GET /v1/r?per=2&after=b%26c", 200,
		    "{\"list\": [{\"n\": \"b\", \"id\": 2}], \"next\": 7}", 0 },
		{ "GET /v1/r?per=2&after=7", 200,
		    "{\"list\": [{\"n\": \"home\", \"id\": 3}], "
		    "\"next\": \"\"}",
		    0 },
		{ "PUT /v1/r/3", 200, "", 0 } },
	    0 },
	{ "a page that is refused", cursor, TOKEN,
	    { { "home.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: HTTP 400: gone" } },
	    { { "GET /v1/r?per=2", 200,
		  "{\"list\": [{\"n\": \"home\", \"id\": 1}], \"next\": 2}",
		  0 },
		{ "GET /v1/r?per=2&after=2", 400, "gone", 0 } },
	    0 },
	{ "two records on two pages", cursor, TOKEN,
	    { { "home.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "ambiguous: 2 records match where one should" } },
	    { { "GET /v1/r?per=2", 200,
		  "{\"list\": [{\"n\": \"home\", \"id\": 1}], \"next\": 2}",
		  0 },
		{ "GET /v1/r?per=2&after=2", 200,
		    "{\"list\": [{\"n\": \"home\", \"id\": 3}]}", 0 } },
	    0 },
	{ "pages by links", links, TOKEN,
	    { { "home.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r", 200,
		  "{\"list\": [], \"links\": {\"next\": "
		  "\"https://api.example/v1/r?page=2&per=1\"}}",
		  0 },
		{ "GET /v1/r?page=2&per=1", 200,
		    "{\"list\": [{\"n\": \"home\", \"id\": 3}], "
		    "\"links\": {\"next\": null}}",
		    0 },
		{ "PUT /v1/r/3", 200, "", 0 } },
	    0 },
	{ "a link to another host", links, TOKEN,
	    { { "home.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: the next page is at another host" } },
	    { { "GET /v1/r", 200,
		"{\"list\": [], \"links\": {\"next\": "
		"\"https://api.example.evil/v1/r?page=2\"}}",
		0 } },
	    0 },
	{ "pages by number", numbers, TOKEN,
	    { { "home.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?page=1", 200,
		  "{\"list\": [{\"n\": \"a\", \"id\": 1}], \"pages\": 2}", 0 },
		{ "GET /v1/r?page=2", 200,
		    "{\"list\": [{\"n\": \"home\", \"id\": 3}], "
		    "\"pages\": 2}",
		    0 },
		{ "PUT /v1/r/3", 200, "", 0 } },
	    0 },
	{ "pages by the number of elements", offsets, TOKEN,
	    { { "home.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?take=2&skip=0", 200,
		  "{\"list\": [{\"n\": \"a\", \"id\": 1}, "
		  "{\"n\": \"b\", \"id\": 1}], \"total\": 3}",
		  0 },
		{ "GET /v1/r?take=2&skip=2", 200,
		    "{\"list\": [{\"n\": \"home\", \"id\": 3}], "
		    "\"total\": 3}",
		    0 },
		{ "PUT /v1/r/3", 200, "", 0 } },
	    0 },
	{ "a list of zones in pages, for all candidates", zones, TOKEN,
	    { { "a.b.y.org", NULL, V4, .changed = true },
		{ "c.b.y.org", NULL, V4, .changed = true } },
	    { { "GET /v1/zones", 200,
		  "{\"list\": [{\"n\": \"x.org\", \"id\": 1}], \"pages\": 2}",
		  0 },
		{ "GET /v1/zones?page=2", 200,
		    "{\"list\": [{\"n\": \"y.org\", \"id\": 2}], "
		    "\"pages\": 2}",
		    0 },
		{ "PUT /v1/2 [\"a.b\",\"c.b\"]", 200, "", 0 } },
	    0 },
	{ "one of several words, in any case, and whole", contains, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true },
		{ "b.x.org", "x.org", V4, .result = ERR_REFUSED,
		    .why = "home: steps/0: answered: a token of a book" },
		{ "c.x.org", "x.org", V4, .result = ERR_TOKEN,
		    .why = "home: steps/0: answered: OK, but NO_AUTH" } },
	    { { "GET /v1/u?myhost=a.x.org", 200, "<b>Ok</b>", 0 },
		{ "GET /v1/u?myhost=b.x.org", 200, "a token of a book", 0 },
		{ "GET /v1/u?myhost=c.x.org", 200, "OK, but NO_AUTH", 0 } },
	    0 },
	{ "as long as the answers can be kept", twice, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true },
		{ "b.x.org", "x.org", V4, .changed = true },
		{ "c.x.org", "x.org", V4, .changed = true },
		{ "d.x.org", "x.org", V4, .changed = true },
		{ "e.x.org", "x.org", V4, .changed = true },
		{ "f.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/a.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/b.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/c.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/d.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/e.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/f.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/all", 200, "{}", 0 },
		/* More than four are too much: the oldest are gone. */
		{ "GET /v1/a.x.org", 200, LONG_ANSWER, 0 },
		{ "GET /v1/b.x.org", 200, LONG_ANSWER, 0 },
		{ "PUT /v1/ [\"1a\",\"1a\",\"1a\",\"1a\",\"1a\",\"1a\"]", 200,
		    "", 0 } },
	    0 },
	{ "nor what failed", reader, TOKEN,
	    { { "a.example.org", NULL, V4, .result = ERR_REFUSED,
		  .why = "home: steps/0: HTTP 418: tea" },
		{ "b.example.org", NULL, V4, .result = ERR_REFUSED,
		    .why = "home: steps/0: HTTP 418: tea" } },
	    { { "GET /v1/r/A", 418, "tea", 0 } }, 0 },
	{ "the provider says that nothing changed", words, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = false } },
	    { { "GET /v1/z/example.org", 200, "{\"least\": 60}", 0 },
		{ "GET /v1/r", 200, "{\"ttl\": 60}", 0 },
		{ "GET /v1/u/60", 200, "nochg", 0 } },
	    0 },
	{ "a time to live that its zone no longer takes", words, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"least\": 3600}", 0 },
		{ "GET /v1/r", 200, "{\"ttl\": 60}", 0 },
		{ "GET /v1/u/3600", 200, "good", 0 } },
	    0 },
	{ "one that the operator wants, and its zone does not take", words,
	    TOKEN,
	    { { "home.example.org", "example.org", V4, .ttl = 120,
		.changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"least\": 3600}", 0 },
		{ "GET /v1/r", 200, "{\"ttl\": 7200}", 0 },
		{ "GET /v1/u/3600", 200, "good", 0 } },
	    0 },
	{ "what is written stays so when the provider gets busy", description,
	    TOKEN,
	    { { "a.example.org", "example.org", V4, .changed = true },
		{ "b.example.org", "example.org", V4, .result = ERR_BUSY,
		    .why = "home: steps/2: HTTP 429: slow" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 200, "{\"id\": 7}", 0 },
		{ "GET /v1/z/Z/b.../A", 200, "{\"id\": 8}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/8 {\"v\":\"" V4 "\",\"ttl\":300}", 429, "slow",
		    9 } },
	    9 },
	/* Several names. */
	{ "a zone serves what is below the same parent", description, TOKEN,
	    { { "a.example.org", NULL, V4, .changed = false },
		{ "b.example.org", NULL, V4, .changed = false },
		{ "example.org", NULL, V4, .changed = false } },
	    { { "GET /v1/z/a.example.org", 404, "", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 },
		{ "GET /v1/z/Z/b.../A", 200,
		    "{\"id\": 8, \"values\": [\"" V4 "\"]}", 0 },
		{ "GET /v1/z/Z/.../A", 200,
		    "{\"id\": 9, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "but below another one there may be another zone", description, TOKEN,
	    { { "a.example.org", NULL, V4, .changed = false },
		{ "b.lab.example.org", NULL, V4, .changed = false } },
	    { { "GET /v1/z/a.example.org", 404, "", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 },
		{ "GET /v1/z/b.lab.example.org", 404, "", 0 },
		{ "GET /v1/z/lab.example.org", 200, "{\"id\": \"L\"}", 0 },
		{ "GET /v1/z/L/b.../A", 200,
		    "{\"id\": 8, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "six are under way, and are written before others are read",
	    description, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true },
		{ "b.x.org", "x.org", V4, .changed = true },
		{ "c.x.org", "x.org", V4, .changed = true },
		{ "d.x.org", "x.org", V4, .changed = true },
		{ "e.x.org", "x.org", V4, .changed = true },
		{ "f.x.org", "x.org", V4, .changed = true },
		{ "g.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/z/x.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 200, "{\"id\": 1}", 0 },
		{ "GET /v1/z/Z/b.../A", 200, "{\"id\": 2}", 0 },
		{ "GET /v1/z/Z/c.../A", 200, "{\"id\": 3}", 0 },
		{ "GET /v1/z/Z/d.../A", 200, "{\"id\": 4}", 0 },
		{ "GET /v1/z/Z/e.../A", 200, "{\"id\": 5}", 0 },
		{ "GET /v1/z/Z/f.../A", 200, "{\"id\": 6}", 0 },
		{ "PUT /v1/z/Z/1 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/2 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/3 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/4 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/5 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "PUT /v1/z/Z/6 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "", 0 },
		{ "GET /v1/z/Z/g.../A", 200, "{\"id\": 7}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "",
		    0 } },
	    0 },
	{ "in a session one follows the other", ordered, TOKEN,
	    { { "a.example.org", NULL, V4, .changed = true },
		{ "b.example.org", NULL, V4, .changed = true } },
	    { { "POST /v1/login", 200, "{\"sid\": \"S\"}", 0 },
		{ "GET /v1/a.example.org", 200, "{\"id\": 1}", 0 },
		{ "PUT /v1/1", 200, "", 0 },
		{ "GET /v1/b.example.org", 200, "{\"id\": 2}", 0 },
		{ "PUT /v1/2", 200, "", 0 } },
	    0 },
	/* One record that fails, and others. */
	{ "a 5xx is about its own record", description, TOKEN,
	    { { "a.example.org", "example.org", V4, .result = ERR_BUSY,
		  .why = "home: steps/1: HTTP 500: oh" },
		{ "b.example.org", "example.org", V4, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 404, "", 0 },
		{ "GET /v1/z/Z/b.../A", 404, "", 0 },
		{ "POST /v1/z/Z {\"n\":\"a\",\"t\":\"A\",\"v\":\"" V4 "\","
		  "\"ttl\":300}",
		    500, "oh", 0 },
		{ "POST /v1/z/Z {\"n\":\"b\",\"t\":\"A\",\"v\":\"" V4 "\","
		  "\"ttl\":300}",
		    201, "", 0 } },
	    0 },
	{ "unless the provider says when to come back", description, TOKEN,
	    { { "a.example.org", "example.org", V4, .result = ERR_BUSY,
		  .why = "home: steps/0: HTTP 503: oh" },
		{ "a.example.com", "example.com", V4, .result = ERR_BUSY,
		    .why = "home: steps/0: HTTP 503: oh" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 503, "oh", 5 },
		{ "GET /v1/z/example.com", 200, "{\"id\": \"Y\"}", 0 } },
	    5 },
	{ "a refused request for all is tried for fewer of them", list, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true },
		{ "b.x.org", "x.org", V4, .result = ERR_REFUSED,
		    .why = "home: steps/0: HTTP 422: no" },
		{ "b.x.org", "x.org", V6, .result = ERR_REFUSED,
		    .why = "home: steps/0: HTTP 422: no" },
		{ "c.x.org", "x.org", V4, .changed = true },
		{ "d.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/zones", 200, "[{\"name\": \"x.org\", \"id\": 1}]", 0 },
		{ "PUT /v1/1 [\"a\",\"b\",\"b\",\"c\",\"d\"]", 422, "no", 0 },
		{ "PUT /v1/1 [\"a\",\"b\",\"b\"]", 422, "no", 0 },
		{ "PUT /v1/1 [\"a\"]", 200, "", 0 },
		{ "PUT /v1/1 [\"b\",\"b\"]", 422, "no", 0 },
		{ "PUT /v1/1 [\"c\",\"d\"]", 200, "", 0 } },
	    0 },
	{ "but not what is about no record", list, TOKEN,
	    { { "a.x.org", "x.org", V4, .result = ERR_BUSY,
		  .why = "home: steps/0: HTTP 500: oh" },
		{ "b.x.org", "x.org", V4, .result = ERR_BUSY,
		    .why = "home: steps/0: HTTP 500: oh" } },
	    { { "GET /v1/zones", 200, "[{\"name\": \"x.org\", \"id\": 1}]", 0 },
		{ "PUT /v1/1 [\"a\",\"b\"]", 500, "oh", 0 },
		{ "PUT /v1/1 [\"a\",\"b\"]", 500, "oh", 0 },
		{ "PUT /v1/1 [\"a\",\"b\"]", 500, "oh", 0 } },
	    0 },
	{ "a zone in Unicode and upper case", list, TOKEN,
	    { { "a.xn--mnchen-3ya.example", NULL, V4, .changed = true } },
	    { { "GET /v1/zones", 200,
		  "[{\"name\": \"M\xc3\x9cNCHEN.example.\", \"id\": 1}]", 0 },
		{ "PUT /v1/1 [\"a\"]", 200, "", 0 } },
	    0 },
	/* Failures. */
	{ "a wrong token ends it at once, for all", description, TOKEN,
	    { { "home.example.org", NULL, V4, .result = ERR_TOKEN,
		  .why = "home: zone: HTTP 401: ***************** is wrong" },
		{ "home.example.com", NULL, V4, .result = ERR_TOKEN,
		    .why =
			"home: zone: HTTP 401: ***************** is wrong" } },
	    { { "GET /v1/z/home.example.org", 401, TOKEN " is wrong", 0 } },
	    0 },
	{ "busy, and when to come back", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: steps/0: HTTP 429: slow" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 429, "slow", 17 } },
	    17 },
	{ "a 500 is tried once more", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = false } },
	    { { "GET /v1/z/example.org", 500, "oh", 0 },
		{ "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "but not for ever", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: zone: HTTP 500: oh" } },
	    { { "GET /v1/z/example.org", 500, "oh", 0 },
		{ "GET /v1/z/example.org", 500, "oh", 0 },
		{ "GET /v1/z/example.org", 500, "oh", 0 } },
	    0 },
	{ "and what would make a second record not at all", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: steps/1: HTTP 502: oh" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 404, "", 0 },
		{ "POST /v1/z/Z {\"n\":\"home\",\"t\":\"A\",\"v\":\"" V4 "\","
		  "\"ttl\":300}",
		    502, "oh", 0 } },
	    0 },
	{ "nor what might be gone by then", description, TOKEN,
	    { { "home.example.org", "example.org", "0.0.0.0", .remove = true,
		.result = ERR_BUSY, .why = "home: remove/1: HTTP 502: oh" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200, "{\"id\": 7}", 0 },
		{ "DELETE /v1/z/Z/7", 502, "oh", 0 } },
	    0 },
	{ "out of reach", description, TOKEN,
	    { { "home.example.org", "example.org", V4,
		.result = ERR_UNREACHABLE, .why = "home: zone: no answer" } },
	    { { "GET /v1/z/example.org", 0, NULL, 0 } }, 0 },
	{ "the write is refused", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/2: HTTP 422: no" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200, "{\"id\": 7}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 422, "no",
		    0 } },
	    0 },
	{ "one record fails, the other is published", description, TOKEN,
	    { { "a.example.org", "example.org", V4, .result = ERR_REFUSED,
		  .why = "home: steps/0: HTTP 400: no" },
		{ "b.example.org", "example.org", V4, .changed = false } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/a.../A", 400, "no", 0 },
		{ "GET /v1/z/Z/b.../A", 200,
		    "{\"id\": 7, \"values\": [\"" V4 "\"]}", 0 } },
	    0 },
	{ "garbage is no zone", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_REFUSED,
		.why = "home: zone: HTTP 200, but no JSON: <html>" } },
	    { { "GET /v1/z/example.org", 200, "<html>", 0 } }, 0 },
	{ "a path that leads elsewhere", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_REFUSED,
		.why =
		    "home: steps/0: the path would have a segment \"..\"" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"..\"}", 0 } }, 0 },
	/* Zones that two names have in common. */
	{ "a zone that another search has found already", owner, TOKEN,
	    { { "a.b.example.org", NULL, V4, .changed = true },
		{ "c.d.example.org", NULL, V4, .changed = true } },
	    { { "GET /v1/of/a.b.example.org", 200,
		  "[{\"name\": \"example.org\"}]", 0 },
		{ "GET /v1/of/c.d.example.org", 200,
		    "[{\"name\": \"example.org\"}]", 0 },
		{ "PUT /v1/example.org [\"a.b\",\"c.d\"]", 200, "", 0 } },
	    0 },
	/* Requests without a content that they need. */
	{ "a write of nothing is not sent", nothing, TOKEN,
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		  .why = "home: no step wrote it" },
		{ "b.x.org", "x.org", V4, .result = ERR_REFUSED,
		    .why = "home: no step wrote it" } },
	    { { "GET /v1/r/a.x.org", 404, "", 0 },
		{ "GET /v1/r/b.x.org", 404, "", 0 } },
	    0 },
	{ "nor is a search with nothing in it", no_zone, TOKEN,
	    { { "a.x.org", NULL, V4, .result = ERR_ZONE,
		.why = "home: has no zone for a.x.org; if it has, name it by "
		       "\"zone\"" } },
	    { { NULL, 0, NULL, 0 } }, 0 },
	{ "a write for a whole zone is tried once", basic, TOKEN,
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		  .why = "home: steps/0: HTTP 422: no" },
		{ "b.x.org", "x.org", V6, .result = ERR_REFUSED,
		    .why = "home: steps/0: HTTP 422: no" } },
	    { { "PUT /v1/x.org {\"a\":1}", 422, "no", 0 } }, 0 },
	{ "signed with the provider's time", signs, "app:geheim:con",
	    { { "a.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/time", 200, "1700000000", 0 },
		{ "PUT /v1/a.x.org", 200, "", 0 } },
	    0 },
	{ "a time that no header can hold", signs, "app:geheim:con",
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: what signs the request holds what no "
		       "header can" } },
	    { { "GET /v1/time", 200, "\"17\\u00e4\"", 0 } }, 0 },
	{ "the same list, read in another way", portions, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "PUT /v1/1111111", 200, "", 0 } },
	    0 },
	{ "the same list, and another part of it", more_portions, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "PUT /v1/11211", 200, "", 0 } },
	    0 },
	{ "pages up to one that is empty", until, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true } },
	    { { "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "GET /v1/r?q=1&p=2", 200, "{\"a\": []}", 0 },
		{ "GET /v1/r?p=1&q=1", 200, PART, 0 },
		{ "PUT /v1/112", 200, "", 0 } },
	    0 },
	{ "a secret that no header can hold", signs, "app:gehe\xc3\xa4m:con",
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: what signs the request holds what no "
		       "header can" } },
	    { { "GET /v1/time", 200, "1700000000", 0 } }, 0 },
	{ "nor a consumer's key", signs, "app:geheim:c\xc3\xb6n",
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: what signs the request holds what no "
		       "header can" } },
	    { { "GET /v1/time", 200, "1700000000", 0 } }, 0 },
	{ "a time without end", signs, "app:geheim:con",
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: the request would exceed 128 bytes" } },
	    { { "GET /v1/time", 200,
		"\"0123456789012345678901234567890123456789012345678901234567890"
		"1234567890123456789012345678901234567890123456789012345678901"
		"23\"",
		0 } },
	    0 },
	{ "one name with a zone and without", contains, TOKEN,
	    { { "a.x.org", "x.org", V4, .changed = true },
		{ "a.x.org", NULL, V6, .changed = true },
		{ "a.x.org", "x.org", V6, .changed = true } },
	    { { "GET /v1/u?myhost=a.x.org", 200, "ok", 0 },
		{ "GET /v1/u?myhost=a.x.org", 200, "ok", 0 },
		{ "GET /v1/u?myhost=a.x.org", 200, "ok", 0 } },
	    0 },
	{ "a word that goes on", contains, TOKEN,
	    { { "a.x.org", "x.org", V4, .result = ERR_REFUSED,
		.why = "home: steps/0: answered: okay" } },
	    { { "GET /v1/u?myhost=a.x.org", 200, "okay", 0 } }, 0 },
	{ "an address there that is none", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .changed = true } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200,
		    "{\"id\": 7, \"values\": [\"elsewhere\"]}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 200, "",
		    0 } },
	    0 },
	{ "locked, and no more", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: steps/2: HTTP 423: locked" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200, "{\"id\": 7}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 423, "locked",
		    0 } },
	    0 },
	{ "too early", description, TOKEN,
	    { { "home.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: steps/2: HTTP 425: early" } },
	    { { "GET /v1/z/example.org", 200, "{\"id\": \"Z\"}", 0 },
		{ "GET /v1/z/Z/home.../A", 200, "{\"id\": 7}", 0 },
		{ "PUT /v1/z/Z/7 {\"v\":\"" V4 "\",\"ttl\":300}", 425, "early",
		    0 } },
	    0 },
	/* Sessions. */
	{ "it begins, works and ends", session, "me:geheim",
	    { { "a.example.org", "example.org", V4, .changed = true },
		{ "b.example.org", "example.org", V6, .changed = true } },
	    { { "POST /v1/login u=me&p=geheim", 200, "{\"sid\": \"S\"}", 0 },
		{ "PATCH /v1/S/example.org [{\"n\":\"a.example.org\",\"v\":\"" V4
		  "\"},{\"n\":\"b.example.org\",\"v\":\"" V6 "\"}]",
		    200, "", 0 },
		{ "DELETE /v1/S", 200, "", 0 } },
	    0 },
	{ "it ends after a failure too", session, "me:geheim",
	    { { "a.example.org", "example.org", V4, .result = ERR_BUSY,
		.why = "home: steps/0: HTTP 429: slow" } },
	    { { "POST /v1/login u=me&p=geheim", 200, "{\"sid\": \"S\"}", 0 },
		{ "PATCH /v1/S/example.org [{\"n\":\"a.example.org\",\"v\":\"" V4
		  "\"}]",
		    429, "slow", 0 },
		{ "DELETE /v1/S", 200, "", 0 } },
	    0 },
	{ "without the login nothing else is asked", session, "me:geheim",
	    { { "a.example.org", "example.org", V4, .result = ERR_TOKEN,
		.why = "home: begin/0: HTTP 403: no" } },
	    { { "POST /v1/login u=me&p=geheim", 403, "no", 0 } }, 0 },
	{ "a token of too few parts", session, "geheim",
	    { { "a.example.org", "example.org", V4, .result = ERR_TOKEN,
		.why = "the token must have 2 parts with colons between" } },
	    { { NULL, 0, NULL, 0 } }, 0 },
	{ "no zone step, no zone", session, "me:geheim",
	    { { "a.example.org", NULL, V4, .result = ERR_ZONE,
		.why = "home: finds no zones by itself; write \"zone\" for "
		       "a.example.org into the configuration" } },
	    { { NULL, 0, NULL, 0 } }, 0 },
	{ "no way to remove", session, "me:geheim",
	    { { "a.example.org", "example.org", "0.0.0.0", .remove = true,
		.result = ERR_REFUSED,
		.why = "home: its description cannot remove "
		       "addresses" } },
	    { { NULL, 0, NULL, 0 } }, 0 },
	{ "what cannot be done stops nothing else", session, "me:geheim",
	    { { "a.example.org", "example.org", V4, .changed = true },
		{ "b.example.org", NULL, V4, .result = ERR_ZONE,
		    .why = "home: finds no zones by itself; write \"zone\" for "
			   "b.example.org into the configuration" },
		{ "a.example.org", "example.org", "::", .remove = true,
		    .result = ERR_REFUSED,
		    .why = "home: its description cannot remove "
			   "addresses" } },
	    { { "POST /v1/login u=me&p=geheim", 200, "{\"sid\": \"S\"}", 0 },
		{ "PATCH /v1/S/example.org [{\"n\":\"a.example.org\",\"v\":\"" V4
		  "\"}]",
		    200, "", 0 },
		{ "DELETE /v1/S", 200, "", 0 } },
	    0 },
};

static const struct story *told;
static size_t next_line;
static bool starved; /* memory runs out, so another request is no fault */

/* Not a story: each request is answered with the same page of a list. */
static struct {
	const char *head, *element, *tail; /* of the answer; NULL: a story */
	size_t elements;		   /* in it */
	size_t asked, written;
} endless;

static void
take_page(struct exchange *x, const struct exchange_request *request)
{
	x->rc = ERR_OK;
	x->answer.status = 200;
	x->answer.body.max = 2 * EXCHANGE_BODY_MAX;
	if (strcmp(request->method, "GET") != 0) {
		endless.written++;
		return;
	}
	endless.asked++;
	assert_true(buffer_puts(&x->answer.body, endless.head));
	for (size_t i = 0; i < endless.elements; i++)
		assert_true(buffer_puts(&x->answer.body, endless.element));
	assert_true(buffer_puts(&x->answer.body, endless.tail));
}

/* Is it what the story wants?  The answer that stands there goes into x. */
static void
take_line(struct exchange *x, const struct exchange_request *request)
{
	const struct line *line = &told->lines[next_line];
	char text[2048];

	snprintf(text, sizeof text, "%s %s%s%s", request->method, request->path,
	    request->body != NULL ? " " : "",
	    request->body != NULL ? request->body : "");
	x->rc = ERR_UNREACHABLE;
	if (line->request == NULL || strcmp(line->request, text) != 0) {
		ROW(starved, "%s: asked \"%s\", not \"%s\"", told->title, text,
		    unit_text(line->request));
		return;
	}
	next_line++;
	if (told->description == description)
		ROW(starved ||
			(request->headers != NULL &&
			    strcmp(request->headers->data, "X-Key: " TOKEN) ==
				0),
		    "%s: no token", told->title);
	if (line->status == 0)
		return;
	x->rc = ERR_OK;
	x->answer.status = line->status;
	x->answer.retry_after = line->retry_after;
	assert_true(buffer_puts(&x->answer.body, line->body));
	/* A long answer is one with blanks behind, which take their time. */
	for (int i = 0;
	     !starved && strchr(line->body, '\n') != NULL && i < 1000; i++)
		assert_true(buffer_printf(&x->answer.body, "%1000s", ""));
}

struct exchange *
__wrap_exchange_start(struct exchanges *all, const struct target *to,
    const struct exchange_request *request, int64_t deadline, struct error *why)
{
	struct exchange *x;

	(void)all;
	(void)deadline;
	(void)why;
	scarce_pause(true);
	x = calloc(1, sizeof *x);
	assert_non_null(x);
	assert_string_equal(to->host, "api.example");
	assert_int_equal(to->port, 443);
	assert_int_equal(to->address_count, 1);
	assert_string_equal(to->ca, "/ca.pem");
	x->answer.body.max = EXCHANGE_BODY_MAX;
	if (endless.head != NULL)
		take_page(x, request);
	else
		take_line(x, request);
	scarce_pause(false);
	return x;
}

/* A provider of one description, and all that it borrows. */
struct stage {
	struct provider_settings settings;
	struct endpoint at;
	struct api api;
};

static void
stage_start(struct stage *s, const char *text)
{
	struct error why = { .text = "" };

	s->settings = (struct provider_settings){ .name = "home",
		.address_count = 1,
		.ca = "/ca.pem" };
	assert_true(address_parse_any(&s->settings.addresses[0], "192.0.2.53"));
	s->at = (struct endpoint){ .settings = &s->settings };
	s->api = (struct api){ .at = &s->at, .login = &s->at };
	assert_int_equal(endpoint_read(&s->at, "https://api.example/v1/", &why),
	    ERR_OK);
	s->api.description =
	    description_read(unit_write("run", text, strlen(text)), &why);
	if (s->api.description == NULL)
		print_error("%s\n", why.text);
	assert_non_null(s->api.description);
}

static void
stage_end(struct stage *s)
{
	api_end(&s->api);
	endpoint_end(&s->at);
}

/* Fills records, and pointers with where each of them stands. */
static size_t
records_start(struct publication records[], struct publication *pointers[],
    const struct wanted wanted[])
{
	size_t n = 0;

	for (; n < RECORDS_MAX && wanted[n].name != NULL; n++) {
		pointers[n] = &records[n];
		records[n] = (struct publication){ .name = wanted[n].name,
			.zone = wanted[n].zone,
			.ttl = wanted[n].ttl,
			.remove = wanted[n].remove };
		assert_true(
		    address_parse_any(&records[n].address, wanted[n].address));
	}
	return n;
}

static void
tell(const struct story *story)
{
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	struct stage stage;
	long retry_after = -1;
	size_t n;

	stage_start(&stage, story->description);
	n = records_start(records, pointers, story->records);
	told = story;
	next_line = 0;
	publish_all(&stage.api, story->token, pointers, n, clock_now() + 60000,
	    &retry_after);
	ROW(story->lines[next_line].request == NULL, "%s: never asked \"%s\"",
	    story->title, unit_text(story->lines[next_line].request));
	ROW(retry_after == story->retry_after, "%s: retry after %ld",
	    story->title, retry_after);
	for (size_t i = 0; i < n; i++) {
		const struct wanted *want = &story->records[i];

		ROW(records[i].result == want->result &&
			records[i].changed == want->changed &&
			(want->why == NULL ||
			    unit_same(records[i].why.text, want->why)),
		    "%s: %s: %s, %s, \"%s\"", story->title, want->name,
		    error_name(records[i].result),
		    records[i].changed ? "changed" : "not changed",
		    records[i].why.text);
		ROW(strstr(records[i].why.text, story->token) == NULL,
		    "%s: tells the token", story->title);
	}
	stage_end(&stage);
}

static void
test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stories); i++)
		tell(&stories[i]);
	ROWS_END();
}

/* One story, in which the allocation of that number fails; 0: none does. */
static size_t
starve(struct api *api, const struct story *story, size_t number)
{
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	long retry_after = -1;
	size_t n = records_start(records, pointers, story->records), count;

	told = story;
	next_line = 0;
	scarce_begin(number);
	publish_all(api, story->token, pointers, n, clock_now() + 60000,
	    &retry_after);
	count = scarce_end();
	for (size_t i = 0; i < n; i++) {
		const struct wanted *want = &story->records[i];

		ROW(records[i].result != ERR_OK ||
			(want->result == ERR_OK &&
			    records[i].changed == want->changed),
		    "%s, %zu of %zu: %s seems to be published", story->title,
		    number, count, want->name);
		ROW(strstr(records[i].why.text, story->token) == NULL,
		    "%s, %zu: tells the token", story->title, number);
	}
	return count;
}

#define POINTS 24 /* of a story, so that all of them take a second or two */

/*
 * Nothing is said to be published that is not, whatever cannot be allocated: at
 * other points of each story, so that each allocation fails in some of them.
 */
static void
test_lack(void **state)
{
	(void)state;
	starved = true;
	for (size_t i = 0; i < COUNT(stories); i++) {
		struct stage stage;
		size_t count;

		stage_start(&stage, stories[i].description);
		count = starve(&stage.api, &stories[i], 0);
		for (size_t n = 1 + i % (count / POINTS + 1); n <= count;
		     n += count / POINTS + 1)
			starve(&stage.api, &stories[i], n);
		stage_end(&stage);
	}
	starved = false;
	ROWS_END();
}

static const char *read_from;

static bool
read_description(struct error *why)
{
	struct description *d = description_read(read_from, why);

	if (d == NULL && heap_lacked()) /* as gateway_new() does */
		(void)error_memory(why);
	description_free(d);
	return d != NULL;
}

/* One with more variables than there is room for at first. */
static const char *
write_many_variables(void)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof text,
	    "{\"format\": 1, \"name\": \"many\","
	    "\"base\": \"https://x.example\", \"headers\": {");

	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		    "%s\"X-%d\": \"{config.v%d}\"", i > 0 ? "," : "", i, i);
	snprintf(text + len, sizeof text - len,
	    "}, \"steps\": [{\"method\": \"PUT\", \"path\": \"/{token}\"}]}");
	return unit_write("many.json", text, strlen(text));
}

/* A description is read whole, or there is no memory; it is never wrong. */
static void
test_description_lack(void **state)
{
	static const char *const names[] = { "providers/dyndns2.json",
		"providers/ovh.json", "providers/route53.json" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *file = unit_source(names[i]);

		read_from = file;
		assert_int_not_equal(scarce_each(names[i], read_description),
		    0);
		free(file);
	}
	read_from = write_many_variables();
	assert_int_not_equal(scarce_each("many variables", read_description),
	    0);
	ROWS_END();
}

/*
 * What a story looks like as a recording, while the allocation of that number
 * fails; how many there were.  text stays empty if nothing was written.
 */
static size_t
record(struct api *api, const struct story *story, size_t number, char *text,
    size_t size, struct error *why)
{
	const struct description *d = api->description;
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	size_t n = records_start(records, pointers, story->records), count;
	struct token_parts parts = { .count = 0 };
	struct recording *r;
	struct run *run = NULL;
	long retry_after;
	FILE *to;

	memset(text, 0, size);
	assert_non_null(to = fmemopen(text, size, "w"));
	setvbuf(to, NULL, _IONBF, 0);
	told = story;
	next_line = 0;
	scarce_begin(number);
	if ((r = recording_new()) != NULL)
		run = publish_start(api, NULL, story->token, pointers, n, 0,
		    clock_now() + 60000, clock_now() + 60000);
	if (run != NULL)
		publish_record(run, r);
	while (run != NULL && publish_step(run))
		(void)poll(NULL, 0,
		    publish_in_flight(run) ? 0 : clock_left(publish_due(run)));
	publish_finish(run, &retry_after);
	*why = (struct error){ .code = r != NULL ? ERR_OK : ERR_MEMORY };
	if (r != NULL &&
	    token_split(&parts, story->token, d->parts, d->part_count, why) ==
		ERR_OK)
		(void)recording_write(r, d->name, &parts, pointers, n, NULL, to,
		    why);
	token_end(&parts);
	recording_free(r);
	count = scarce_end();
	fclose(to);
	return count;
}

#define TEXT_MAX (1 << 20)

/* A recording is whole, or there is none; and it tells no token. */
static void
test_recording(void **state)
{
	static char whole[TEXT_MAX], text[TEXT_MAX];

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's");
		return;
	}
	starved = true;
	for (size_t i = 0; i < COUNT(stories); i++) {
		const struct story *story = &stories[i];
		struct error why;
		struct stage stage;
		size_t count;
		int64_t began = clock_now();

		stage_start(&stage, story->description);
		count = record(&stage.api, story, 0, whole, sizeof whole, &why);
		ROW(strstr(whole, story->token) == NULL, "%s: tells the token",
		    story->title);
		/* One that repeats a request would wait each time. */
		if (clock_now() - began > 200)
			count = 0;
		for (size_t n = 1 + i % (count / 5 + 1); n <= count;
		     n += count / 5 + 1) {
			record(&stage.api, story, n, text, sizeof text, &why);
			ROW(*text == '\0' ? why.code != ERR_OK :
					    strcmp(text, whole) == 0,
			    "%s, %zu of %zu: %s", story->title, n, count, text);
		}
		stage_end(&stage);
	}
	starved = false;
	ROWS_END();
}

/* A disk that is full, and an answer that gives the token away. */
static void
test_no_recording(void **state)
{
	static const struct {
		const char *what, *answer;
		size_t room;
		enum err result;
	} rows[] = {
		{ "a full disk", "oh", 64, ERR_SYSTEM },
		{ "a token in another spelling", "%67%65heim-0123456789", 65536,
		    ERR_REFUSED },
		{ "another word", "%67%65heim", 65536, ERR_OK },
	};

	(void)state;
	starved = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct story story = { "recorded", description, TOKEN,
			{ { .name = "home.example.org",
			    .zone = "example.org",
			    .address = V4 } },
			{ { "GET /v1/z/example.org", 403, rows[i].answer, 0 } },
			0 };
		char text[65536];
		struct stage stage;
		struct error why = { .code = ERR_OK };

		stage_start(&stage, description);
		record(&stage.api, &story, 0, text, rows[i].room, &why);
		ROW(why.code == rows[i].result, "%s: %s, %s", rows[i].what,
		    error_name(why.code), why.text);
		stage_end(&stage);
	}
	starved = false;
	ROWS_END();
}

/* After the deadline nothing is repeated. */
#define LIST "{\"list\": [{\"n\": \"a\", \"id\": 1}"
#define TOO_MANY                                                        \
	"home: steps/0: the list has more than 64 pages, 16 MiB, or a " \
	"million values"

/*
 * The walk through a list ends, and what is on a page that was not asked for is
 * not made a second time.
 */
static void
test_endless(void **state)
{
	static const struct {
		const char *title, *description;
		const char *tail, *element;
		size_t elements, asked;
		const char *why; /* NULL: all was read, and nothing is there */
	} rows[] = {
		{ "a cursor that leads nowhere", cursor, "], \"next\": 7}", "",
		    0, 64, TOO_MANY },
		{ "links in a circle", links,
		    "], \"links\": {\"next\": \"https://api.example/v1/r\"}}",
		    "", 0, 64, TOO_MANY },
		{ "one page too many", numbers, "], \"pages\": 65}", "", 0, 64,
		    TOO_MANY },
		{ "as many as there may be", numbers, "], \"pages\": 64}", "",
		    0, 64, NULL },
		{ "elements of one page too many", offsets, "], \"total\": 65}",
		    "", 0, 64, TOO_MANY },
		{ "no word of how many", numbers, "]}", "", 0, 1, NULL },
		{ "a next page 0", cursor, "], \"next\": 0}", "", 0, 1, NULL },
		{ "pages of a mebibyte", numbers, "], \"pages\": 30}",
		    ",\"0123456789012345678901234567890123456789\"", 24000, 17,
		    TOO_MANY },
		{ "asked for once, however large", numbers, "], \"pages\": 5}",
		    ",\"0123456789012345678901234567890123456789\"", 24000, 5,
		    NULL },
		{ "pages of many values", numbers, "], \"pages\": 12}", ",0",
		    100000, 10, TOO_MANY },
		{ "a last page that is too large", numbers, "], \"pages\": 10}",
		    ",0", 100000, 10, TOO_MANY },
	};
	static const struct wanted home[RECORDS_MAX] = {
		{ .name = "home.x.org", .zone = "x.org", .address = V4 },
		{ .name = "home.x.org", .zone = "x.org", .address = V6 }
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct publication records[RECORDS_MAX];
		struct publication *pointers[RECORDS_MAX];
		struct stage stage;
		long retry_after;

		stage_start(&stage, rows[i].description);
		endless.head = LIST;
		endless.element = rows[i].element;
		endless.elements = rows[i].elements;
		endless.tail = rows[i].tail;
		endless.asked = endless.written = 0;
		publish_all(&stage.api, TOKEN, pointers,
		    records_start(records, pointers, home),
		    clock_now() + 600000, &retry_after);
		ROW(endless.asked == rows[i].asked && endless.written == 0,
		    "%s: asked %zu times, wrote %zu times", rows[i].title,
		    endless.asked, endless.written);
		for (size_t r = 0; r < 2; r++)
			ROW(records[r].result == ERR_REFUSED &&
				(rows[i].why == NULL ||
				    unit_same(records[r].why.text,
					rows[i].why)),
			    "%s: %s", rows[i].title, records[r].why.text);
		stage_end(&stage);
	}
	endless.head = NULL;
	ROWS_END();
}

static void
test_deadline(void **state)
{
	static const struct story late = { "late", description, TOKEN,
		{ { "home.example.org", "example.org", V4,
		    .result = ERR_BUSY } },
		{ { "GET /v1/z/example.org", 500, "oh", 0 } }, 0 };
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	struct stage stage;
	long retry_after;

	(void)state;
	stage_start(&stage, description);
	told = &late;
	next_line = 0;
	publish_all(&stage.api, TOKEN, pointers,
	    records_start(records, pointers, late.records), clock_now() + 100,
	    &retry_after);
	assert_int_equal(next_line, 1);
	assert_int_equal(records[0].result, ERR_BUSY);
	stage_end(&stage);
	ROWS_END();
}

/* Nobody is asked, and no secret is shown. */
static void
test_rehearse(void **state)
{
	static const struct story nobody = { .title = "rehearsal" };
	static const struct wanted wanted[RECORDS_MAX + 1] = {
		{ .name = "home.example.org", .address = V4, .changed = false },
		{ .name = "home.example.org", .address = V6, .changed = false }
	};
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	struct stage stage;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_non_null(to);
	stage_start(&stage, session);
	told = &nobody;
	rehearse(&stage.api, to, pointers,
	    records_start(records, pointers, wanted));
	stage_end(&stage);
	stage_start(&stage, description);
	rehearse(&stage.api, to, pointers,
	    records_start(records, pointers, wanted));
	stage_end(&stage);
	fclose(to);
	ROWS_END();
	assert_non_null(strstr(text,
	    "begin/0: POST https://api.example/v1/"
	    "login\n"));
	assert_non_null(strstr(text, "u=***&p=***") != NULL ?
		text :
		strstr(text, "u=%2A%2A%2A&p=%2A%2A%2A"));
	assert_non_null(strstr(text,
	    "zone: GET https://api.example/v1/z/"
	    "example.org\n"));
	assert_non_null(strstr(text,
	    "steps/0: GET https://api.example/v1/z/"
	    "%3Czone_id%3E/home.../AAAA\n"));
	assert_non_null(strstr(text, "X-Key: ***\n"));
	free(text);
}

/* A rehearsal, while that allocation fails; do all records seem shown? */
static bool
rehearse_with(struct api *api, const struct wanted wanted[], size_t number,
    char *text, size_t size, size_t *count)
{
	struct publication records[RECORDS_MAX];
	struct publication *pointers[RECORDS_MAX];
	size_t n = records_start(records, pointers, wanted);
	bool good = true;
	FILE *to;

	memset(text, 0, size);
	assert_non_null(to = fmemopen(text, size, "w"));
	setvbuf(to, NULL, _IONBF, 0);
	scarce_begin(number);
	rehearse(api, to, pointers, n);
	*count = scarce_end();
	fclose(to);
	for (size_t i = 0; i < n; i++)
		good = good && records[i].result == ERR_OK;
	return good;
}

/* What is not shown has a reason. */
static void
test_rehearse_lack(void **state)
{
	static const char *const descriptions[] = { session, description };
	static const struct wanted wanted[RECORDS_MAX + 1] = {
		{ .name = "home.example.org",
		    .zone = "example.org",
		    .address = V4 },
		{ .name = "home.example.org",
		    .zone = "example.org",
		    .address = V6 }
	};
	static char whole[65536], text[65536];

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's");
		return;
	}
	for (size_t i = 0; i < COUNT(descriptions); i++) {
		struct stage stage;
		size_t count, ignored;

		stage_start(&stage, descriptions[i]);
		assert_true(rehearse_with(&stage.api, wanted, 0, whole,
		    sizeof whole, &count));
		for (size_t n = 1; n <= count; n++)
			ROW(!rehearse_with(&stage.api, wanted, n, text,
				sizeof text, &ignored) ||
				strcmp(text, whole) == 0,
			    "%zu, %zu of %zu: all seems shown: %s", i, n, count,
			    text);
		stage_end(&stage);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_description_lack),
		cmocka_unit_test(test_recording),
		cmocka_unit_test(test_no_recording),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_rehearse),
		cmocka_unit_test(test_rehearse_lack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
