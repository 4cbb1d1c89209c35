#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/watchdog.h"
#include "command/person.h"
#include "command/walk.h"
#include "https/exchange.h"
#include "proof/proof.h"
#include "provider/provider.h"

/* Milliseconds. */
#define WORK_MS	    5900 /* until a proof that hangs in a library is ended */
#define PROVIDER_MS 10000
#define PAUSE_MS    500 /* without a request for so long, all is read */

#define REASON_COLUMN 8 /* where what is said of an address begins */

/* "hostname=...&ipv4=..." of the words of the command line. */
static bool
make_query(const char *host, char *words[], struct buffer *to)
{
	buffer_printf(to, "QUERY_STRING=hostname=%s", host);
	for (; *words != NULL; words++) {
		const char *equals = strchr(*words, '=');
		char *value = equals != NULL ?
		    curl_easy_escape(NULL, equals + 1, 0) :
		    NULL;

		if (value == NULL) {
			fprintf(stderr,
			    "ddnsgate: \"%s\": write it as the router sends "
			    "it, for instance ipv4=192.0.2.1\n",
			    *words);
			return false;
		}
		buffer_printf(to, "&%.*s=%s", (int)(equals - *words), *words,
		    value);
		curl_free(value);
	}
	return !to->failed;
}

bool
walk_begin(struct walk *w, const struct gateway *g,
    const struct account_settings *a, const char *host, char *words[])
{
	static char method[] = "REQUEST_METHOD=GET";
	struct update *u = &w->update;

	*w = (struct walk){ .query = { .max = REQUEST_QUERY_MAX } };
	w->update = (struct update){ .gateway = g,
		.request = &w->request,
		.rules = { .names_max = CLAIM_NAMES_MAX },
		.login = { .account = a } };
	if (!make_query(host, words, &w->query)) {
		w->misspelled = true;
		return false;
	}
	w->variables[0] = method;
	w->variables[1] = w->query.data;
	request_read(&w->request, w->variables, -1, clock_now());
	if (w->request.why.code == ERR_OK &&
	    claim_read(&u->claim, &w->request, a, &u->rules, &u->why) ==
		ERR_OK &&
	    plan_make(u) == ERR_OK)
		return true;
	fprintf(stderr, "ddnsgate: %s\n",
	    w->request.why.code != ERR_OK ? w->request.why.text : u->why.text);
	return false;
}

void
walk_end(struct walk *w)
{
	free(w->update.records);
	if (!w->misspelled)
		request_end(&w->request);
	buffer_free(&w->query);
}

/* Prints text in the line where *column columns are used, or in the next. */
static void
print_part(int *column, const char *text)
{
	if (*column + (int)strlen(text) > PERSON_COLUMNS) {
		printf("\n%*s", REASON_COLUMN, "");
		*column = REASON_COLUMN;
	}
	*column += printf("%s", text);
}

/* Behind "  AAAA  ". */
static void
print_source(const struct record *r)
{
	const struct host_settings *h = r->host;
	char text[ADDRESS_TEXT_MAX], part[128];
	int column = REASON_COLUMN;

	if (r->remove) {
		printf("is to be removed");
		return;
	}
	column += printf("%s, ", address_format(&r->address, text));
	if (r->address.family == AF_INET || h->ipv6 == IPV6_ROUTER) {
		print_part(&column, "as the router sends it");
		return;
	}
	snprintf(part, sizeof part, "the first %u bits of the prefix, then ",
	    h->prefix_length);
	print_part(&column, part);
	snprintf(part, sizeof part, "%s of the configuration",
	    address_format(&h->suffix, text));
	print_part(&column, part);
}

bool
walk_addresses(const struct walk *w)
{
	const struct update *u = &w->update;

	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		printf("  %-5s ", address_type(&r->address));
		print_source(r);
		puts("");
		if (record_is_open(r))
			continue;
		person_text(REASON_COLUMN,
		    printf("%*s%s: ", REASON_COLUMN, "",
			r->verdict == VERDICT_SKIPPED ? "left out" : "refused"),
		    r->why->text);
	}
	for (size_t i = 0; i < u->claim.ignored_count; i++)
		printf("  \"%s\" is a parameter of no use here\n",
		    u->claim.ignored[i]);
	return update_has_open(u);
}

/* Starts them and waits; list gets those that were tried. */
static size_t
try_proofs(struct update *u, struct proof *list[static 2])
{
	size_t count = 0;

	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r) || r->remove)
			continue;
		r->proof = (struct proof){ .host = r->host->name,
			.address = r->address,
			.how = &r->host->proof };
		list[count++] = &r->proof;
	}
	watchdog_start(clock_now() + WORK_MS, "the proof");
	prover_run(u->gateway->prover, list, count,
	    clock_now() + UPDATE_PROOFS_MS);
	watchdog_stop();
	return count;
}

static void
print_proved(const struct proof *p, int used)
{
	char text[64 + sizeof p->seen.issuer];

	snprintf(text, sizeof text, "proved in %d ms, by a certificate of %s",
	    p->ended, p->seen.issuer);
	person_text(4, used, text);
}

static void
print_proof(const struct proof *p)
{
	char text[ADDRESS_TEXT_MAX];
	int used;

	used = printf("  %s: ", address_format(&p->address, text));
	if (p->result != ERR_OK)
		person_text(4, used, p->why.text);
	else if (p->how->kind == PROOF_NONE)
		puts("the configuration asks for none");
	else
		print_proved(p, used);
}

bool
walk_proofs(struct walk *w, const struct error **why)
{
	struct proof *list[2];
	size_t count;

	*why = NULL;
	puts("proof, tried now");
	fflush(stdout);
	if ((count = try_proofs(&w->update, list)) == 0)
		puts("  none is needed to remove an address");
	for (size_t i = 0; i < count; i++) {
		print_proof(list[i]);
		if (list[i]->result != ERR_OK)
			*why = &list[i]->why;
	}
	return *why == NULL;
}

/* Reads what the provider has, and gives leave to write nothing. */
static void
read_provider(const struct provider *p, struct exchanges *x, const char *token,
    struct publication *const list[], size_t count)
{
	int64_t end = clock_now() + PROVIDER_MS;
	struct publishing *pub =
	    provider_start(p, x, token, list, count, end, end);
	long retry_after;

	while (pub != NULL && provider_step(pub)) {
		int64_t due = provider_due(pub);

		if (provider_in_flight(pub))
			(void)exchanges_wait(x, due);
		else if (clock_left(due) < PAUSE_MS)
			(void)poll(NULL, 0, clock_left(due));
		else
			for (size_t i = 0; i < count; i++)
				list[i]->leave = LEAVE_REFUSED;
	}
	provider_finish(pub, &retry_after);
}

static void
print_publication(const struct publication *p)
{
	char text[ADDRESS_TEXT_MAX];

	printf("  %-5s ", address_type(&p->address));
	if (p->result == ERR_OK)
		puts("is there already, so nothing would be written");
	else if (p->result != ERR_ABANDONED)
		person_text(REASON_COLUMN, REASON_COLUMN, p->why.text);
	else if (p->has_held)
		printf("is %s there, and would be replaced\n",
		    address_format(&p->held, text));
	else
		puts("is not there, or cannot be read; it would be written");
}

bool
walk_provider(const struct provider *p, struct exchanges *x, const char *token,
    struct publication *const list[], size_t count, const struct error **why)
{
	*why = NULL;
	puts("at the provider, read now");
	fflush(stdout);
	read_provider(p, x, token, list, count);
	for (size_t i = 0; i < count; i++) {
		print_publication(list[i]);
		if (list[i]->result != ERR_OK &&
		    list[i]->result != ERR_ABANDONED)
			*why = &list[i]->why;
	}
	return *why == NULL;
}

size_t
walk_publications(const struct walk *w, enum leave leave,
    struct publication to[static 2])
{
	const struct update *u = &w->update;
	size_t count = 0;

	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (record_is_open(r))
			to[count++] =
			    (struct publication){ .name = r->host->name,
				    .zone = r->host->zone,
				    .ttl = r->host->ttl,
				    .address = r->address,
				    .remove = r->remove,
				    .replace_set = r->host->replace_set,
				    .leave = leave };
	}
	return count;
}
