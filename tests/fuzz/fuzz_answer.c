/*
 * fuzz_answer.c - a provider that says anything, in answer to descriptions of
 * every kind.
 *
 * The input is text: the number of a description, then the answers, each
 * behind a line "%%": "STATUS", and the body on the lines that follow.
 */
#include "fuzz.h"
#include "../unit/exchanges.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "provider/rest/publish.h"

#define TOKEN "geheim-1:geheim-2"

const char fuzz_name[] = "answer";

static const char *const texts[] = {
	/* Picks, reads before it writes, makes or replaces, removes. */
	"{ \"format\": 1, \"name\": \"a\", \"base\": \"https://x.example\","
	"  \"token\": [\"key\", \"secret\"], \"error\": \"/message\","
	"  \"headers\": { \"X-Key\": \"{key}:{secret}\" },"
	"  \"zone\": { \"method\": \"GET\", \"path\": \"/zones\","
	"    \"query\": { \"name\": \"{zone}\" }, \"none\": [404],"
	"    \"pick\": { \"in\": \"/zones\", \"where\": { \"/name\": "
	"      \"{zone}\" } }, \"get\": { \"zone_id\": \"/id\","
	"      \"ttl_min\": \"/least\", \"zone\": \"/name\" } },"
	"  \"steps\": [ { \"method\": \"GET\", \"path\": \"/{zone_id}/{sub}...\","
	"    \"none\": [404], \"pick\": { \"in\": \"\", \"where\": { \"/type\":"
	"      \"{type}\" } }, \"get\": { \"current\": [\"/r\", \"/v\"],"
	"      \"ttl\": \"/ttl\", \"id\": \"/id\" } },"
	"    { \"method\": \"POST\", \"if\": [\"!id\"], \"path\": \"/{zone_id}\","
	"      \"json\": { \"n\": \"{sub}\", \"v\": \"{addr}\","
	"      \"ttl\": \"{=ttl}\" } },"
	"    { \"method\": \"PUT\", \"if\": [\"id\"], \"path\": \"/{id}\","
	"      \"headers\": { \"If-Match\": \"{id}\" }, \"query\": { \"i\": "
	"      \"{id}\" }, \"form\": { \"v\": \"{addr}\", \"i\": \"{id}\" } } ],"
	"  \"remove\": [ { \"method\": \"GET\", \"path\": \"/{zone_id}\","
	"    \"get\": { \"id\": \"/id\" } },"
	"    { \"method\": \"DELETE\", \"if\": [\"id\"], \"path\": \"/{id}\" } ] }",
	/* A session, and one request for all. */
	"{ \"format\": 1, \"name\": \"b\", \"base\": \"https://x.example\","
	"  \"token\": [\"user\", \"word\"], \"expect\": { \"/ok\": [1, true] },"
	"  \"begin\": [ { \"method\": \"POST\", \"path\": \"/login\","
	"    \"json\": { \"u\": \"{user}\", \"p\": \"{word}\" },"
	"    \"get\": { \"sid\": \"/sid\" } } ],"
	"  \"zone\": { \"method\": \"GET\", \"path\": \"/of/{name}\","
	"    \"get\": { \"zone\": \"/zone\" } },"
	"  \"steps\": [ { \"for\": \"zone\", \"method\": \"PATCH\","
	"    \"path\": \"/{sid}/{zone}\", \"json\": { \"$each\": { \"n\":"
	"    \"{name}\", \"v\": \"{addr}\", \"s\": \"{sid}\" } } } ],"
	"  \"end\": [ { \"method\": \"DELETE\", \"path\": \"/{sid}\" } ] }",
	/* Words and text. */
	"{ \"format\": 1, \"name\": \"c\", \"base\": \"https://x.example\","
	"  \"basic\": [\"{user}\", \"{word}\"], \"token\": [\"user\", \"word\"],"
	"  \"zone\": { \"method\": \"GET\", \"path\": \"/{zone}\" },"
	"  \"steps\": [ { \"for\": \"name\", \"method\": \"POST\", \"path\": \"/\","
	"    \"headers\": { \"Content-Type\": \"text/xml\" },"
	"    \"text\": \"<r>{name} {addrs}</r>\", \"has\": \"<ok/>\" },"
	"    { \"method\": \"GET\", \"path\": \"/u\", \"query\": { \"ip\": "
	"    \"{addr}\" }, \"words\": [\"good\", \"nochg\"] } ] }",
	/* Lists in pages, the latest of several, and what may be changed. */
	"{ \"format\": 1, \"name\": \"d\", \"base\": \"https://x.example\","
	"  \"token\": [\"user\", \"word\"],"
	"  \"headers\": { \"X-Key\": \"{user}:{word}\" },"
	"  \"zone\": { \"method\": \"GET\", \"path\": \"/zones\","
	"    \"pages\": { \"query\": \"page\", \"pages\": \"/pages\" },"
	"    \"pick\": { \"in\": \"/l\", \"where\": { \"/n\": \"{zone}\" } },"
	"    \"get\": { \"zid\": \"/id\" } },"
	"  \"steps\": [ { \"for\": \"zone\", \"method\": \"GET\","
	"    \"path\": \"/{zid}/v\", \"pages\": { \"query\": \"skip\","
	"      \"elements\": \"/all\" }, \"pick\": { \"in\": \"/l\","
	"      \"largest\": \"/at\" }, \"get\": { \"vid\": \"/id\" } },"
	"    { \"method\": \"GET\", \"path\": \"/{vid}/r\","
	"      \"pages\": { \"next\": \"/next\" }, \"pick\": { \"in\": \"/l\","
	"      \"where\": { \"/n\": \"{sub}\", \"/t\": \"{type}\" },"
	"      \"expect\": { \"/e\": [null, 1] } },"
	"      \"get\": { \"current\": \"/v\", \"id\": \"/id\" } },"
	"    { \"method\": \"PUT\", \"if\": [\"id\"], \"path\": \"/{id}\","
	"      \"contains\": [\"ok\", \"done\"] } ],"
	"  \"remove\": [ { \"method\": \"GET\", \"path\": \"/{zid}/r\","
	"      \"pages\": { \"next\": \"/c\", \"query\": \"after\" },"
	"      \"pick\": { \"in\": \"/l\" }, \"get\": { \"id\": \"/id\" } },"
	"    { \"method\": \"DELETE\", \"if\": [\"id\"], \"path\": \"/{id}\" } ] }",
};
#define TEXTS (sizeof texts / sizeof *texts)

/* What is left of the input, and whether a write was ever answered well. */
static char *answers;
static bool wrote;

/* The next of the answers goes into x, if there is one. */
static void
take_answer(struct exchange *x, const char *method)
{
	char *said = answers, *next;

	x->rc = ERR_UNREACHABLE;
	if (said == NULL)
		return;
	if ((next = strstr(said, "%%\n")) != NULL) {
		*next = '\0';
		next += 3;
	}
	answers = next;
	x->rc = ERR_OK;
	x->answer.status = strtol(fuzz_line(&said), NULL, 10);
	if (said != NULL)
		buffer_puts(&x->answer.body, said);
	if (x->answer.status / 100 == 2 && strcmp(method, "GET") != 0)
		wrote = true;
}

struct exchange *
__wrap_exchange_start(struct exchanges *all, const struct target *to,
    const struct exchange_request *request, int64_t deadline, struct error *why)
{
	struct exchange *x = calloc(1, sizeof *x);

	(void)all;
	(void)deadline;
	(void)why;
	if (x == NULL)
		abort();
	assert(strcmp(to->host, "x.example") == 0);
	/* Nothing of an answer can leave the place that it was put into. */
	assert(request->path[0] == '/' &&
	    strpbrk(request->path, " \r\n#") == NULL);
	for (const struct curl_slist *h = request->headers; h != NULL;
	     h = h->next)
		assert(strpbrk(h->data, "\r\n") == NULL);
	x->answer.body.max = EXCHANGE_BODY_MAX;
	take_answer(x, request->method);
	return x;
}

static struct description *
description_of(size_t i)
{
	static struct description *made[TEXTS];
	int fd = memfd_create("description", MFD_CLOEXEC);
	struct error why;
	char file[64];

	if (made[i] == NULL) {
		if (fd == -1 || fchmod(fd, 0600) == -1 ||
		    write(fd, texts[i], strlen(texts[i])) !=
			(ssize_t)strlen(texts[i]))
			abort();
		snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
		if ((made[i] = description_read(file, &why)) == NULL) {
			fprintf(stderr, "%s\n", why.text);
			abort();
		}
	}
	close(fd);
	return made[i];
}

static void
bring(struct description *d)
{
	struct provider_settings settings = { .name = "home",
		.address_count = 1,
		.addresses = { { AF_INET, { 192 } } },
		.ca = "/ca.pem" };
	struct endpoint at = { .settings = &settings,
		.port = 443,
		.host = (char *)(uintptr_t) "x.example",
		.origin = (char *)(uintptr_t) "https://x.example",
		.path = (char *)(uintptr_t) "" };
	const struct api api = { .description = d, .at = &at, .login = &at };
	struct publication records[3] = { { .name = "home.example.org",
					      .address = { AF_INET,
						  { 89, 14, 163, 156 } } },
		{ .name = "home.example.org",
		    .address = { AF_INET6, { 0x2a, [15] = 1 } } },
		{ .name = "old.example.org",
		    .zone = "example.org",
		    .address = { .family = AF_INET },
		    .remove = true } };
	struct publication *const list[] = { &records[0], &records[1],
		&records[2] };
	long retry_after;

	/* So little time is left that nothing is tried again. */
	publish_all(&api, TOKEN, list, 3, clock_now() + 100, &retry_after);
	for (size_t i = 0; i < 3; i++) {
		assert(strstr(records[i].why.text, "geheim-1") == NULL);
		assert(strstr(records[i].why.text, "geheim-2") == NULL);
		assert(!records[i].changed ||
		    (records[i].result == ERR_OK && wrote));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	size_t i = (size_t)strtoul(fuzz_line(&rest), NULL, 10) % TEXTS;

	if (rest != NULL && strncmp(rest, "%%\n", 3) == 0)
		rest += 3;
	answers = rest;
	wrote = false;
	bring(description_of(i));
	free(text);
	return 0;
}
