/*
 * explain.c - walks one update through, and publishes nothing.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "address/hostname.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/watchdog.h"
#include "command/command.h"
#include "command/input.h"
#include "command/usage.h"
#include "gateway/plan.h"
#include "gateway/update.h"
#include "proof/proof.h"
#include "provider/provider.h"

/* Milliseconds. */
#define WORK_MS	    5900 /* until a proof that hangs in a library is ended */
#define PROVIDER_MS 10000
#define PAUSE_MS    500 /* without a request for so long, all is read */

static const char usage_text[] =
    "usage: ddnsgate explain [--config FILE] [--no-provider]\n"
    "                        HOST ipv4=ADDRESS|ipv6=ADDRESS|"
    "prefix=NETWORK...\n"
    "What a router would send to /update; nothing is published.  The token is\n"
    "asked for, to read what the provider has.\n";

/* The account that has the host, or NULL. */
static const struct account_settings *
find_account(const struct settings *s, const char *host)
{
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (strcmp(s->accounts[i].hosts[j].name, host) == 0)
				return &s->accounts[i];
	return NULL;
}

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

/*
 * The steps
 */

static void
print_source(const struct record *r)
{
	const struct host_settings *h = r->host;
	char text[ADDRESS_TEXT_MAX];

	if (r->remove)
		printf("is to be removed");
	else if (r->address.family == AF_INET || h->ipv6 == IPV6_ROUTER)
		printf("%s, as the router sends it",
		    address_format(&r->address, text));
	else
		printf("%s, the first %u bits of the prefix, then ",
		    address_format(&r->address, text), h->prefix_length);
	if (!r->remove && r->address.family == AF_INET6 &&
	    h->ipv6 == IPV6_PREFIX)
		printf("%s of the configuration",
		    address_format(&h->suffix, text));
}

/* How each address is made; false: none of them may be published. */
static bool
explain_addresses(const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		printf("  %-5s ", address_type(&r->address));
		print_source(r);
		if (record_is_open(r))
			puts("");
		else
			printf("\n        %s: %s\n",
			    r->verdict == VERDICT_SKIPPED ? "left out" :
							    "refused",
			    r->why->text);
	}
	for (size_t i = 0; i < u->claim.ignored_count; i++)
		printf("  \"%s\" is a parameter of no use here\n",
		    u->claim.ignored[i]);
	return update_has_open(u);
}

static bool
explain_proofs(struct update *u)
{
	struct proof *list[2];
	bool good = true;
	size_t count = 0;
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r) || r->remove)
			continue;
		r->proof = (struct proof){ .host = r->host->name,
			.address = r->address,
			.how = &r->host->proof };
		list[count++] = &r->proof;
	}
	puts("proof, tried now");
	if (count == 0)
		puts("  none is needed to remove an address");
	watchdog_start(clock_now() + WORK_MS, "the proof");
	prover_run(u->gateway->prover, list, count,
	    clock_now() + UPDATE_PROOFS_MS);
	watchdog_stop();
	for (size_t i = 0; i < count; i++) {
		const struct proof *p = list[i];

		printf("  %s: ", address_format(&p->address, text));
		if (p->result != ERR_OK)
			printf("%s\n", p->why.text);
		else if (p->how->kind == PROOF_NONE)
			puts("the configuration asks for none");
		else
			printf("proved in %d ms, by a certificate of %s\n",
			    p->ended, p->seen.issuer);
		good = good && p->result == ERR_OK;
	}
	return good;
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
		printf("%s\n", p->why.text);
	else if (p->has_held)
		printf("is %s there, and would be replaced\n",
		    address_format(&p->held, text));
	else
		puts("is not there, or cannot be read; it would be written");
}

/* What is there, and the requests that would be sent. */
static bool
explain_provider(struct update *u, bool asked)
{
	const struct account_settings *a = u->login.account;
	const struct provider *p =
	    providers_get(u->gateway->providers, a->provider);
	struct publication shown[2], records[2], *list[2], *again[2];
	char token[INPUT_TOKEN_MAX + 1];
	size_t count = 0;
	bool good = true;

	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (!record_is_open(r))
			continue;
		records[count] = (struct publication){ .name = r->host->name,
			.zone = r->host->zone,
			.ttl = r->host->ttl,
			.address = r->address,
			.remove = r->remove,
			.replace_set = r->host->replace_set,
			.leave = LEAVE_AWAITED };
		shown[count] = records[count];
		shown[count].leave = LEAVE_GIVEN;
		list[count] = &records[count];
		again[count] = &shown[count];
		count++;
	}
	if (asked &&
	    input_secret("Token of the provider: ", token, sizeof token)) {
		puts("at the provider, read now");
		providers_resolve(u->gateway->providers);
		read_provider(p, u->exchanges, token, list, count);
		secret_wipe(token, sizeof token);
		for (size_t i = 0; i < count; i++) {
			print_publication(list[i]);
			good = good &&
			    (list[i]->result == ERR_OK ||
				list[i]->result == ERR_ABANDONED);
		}
	}
	puts("requests of an update, where something is to be written");
	fflush(stdout);
	provider_rehearse(p, stdout, again, count);
	return good;
}

/* words: the host, and what the router sends. */
static int
explain(const struct gateway *g, struct exchanges *x, const char *host,
    char *words[], bool asked)
{
	const struct account_settings *a = find_account(g->settings, host);
	struct buffer query = { .max = REQUEST_QUERY_MAX };
	char method[] = "REQUEST_METHOD=GET";
	struct request q;
	struct update u = { .gateway = g,
		.exchanges = x,
		.request = &q,
		.rules = { .names_max = CLAIM_NAMES_MAX },
		.login = { .account = a } };
	bool good = false;
	char *variables[3] = { method };

	if (a == NULL) {
		fprintf(stderr, "ddnsgate: no account has the host %s\n", host);
		return EXIT_FAILED;
	}
	if (!make_query(host, words, &query))
		return EXIT_USAGE;
	variables[1] = query.data;
	request_read(&q, variables, -1, clock_now());
	printf("%s is a host of account %s, at provider %s\n", host, a->name,
	    g->settings->providers[a->provider].name);
	if (q.why.code != ERR_OK ||
	    claim_read(&u.claim, &q, a, &u.rules, &u.why) != ERR_OK ||
	    plan_make(&u) != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n",
		    q.why.code != ERR_OK ? q.why.text : u.why.text);
	} else {
		puts("addresses");
		good = explain_addresses(&u) && explain_proofs(&u) &&
		    explain_provider(&u, asked);
	}
	free(u.records);
	request_end(&q);
	buffer_free(&query);
	return good ? EXIT_OK : EXIT_FAILED;
}

int
command_explain(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "no-provider", no_argument, NULL, 'n' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	const char *file = COMMAND_CONFIG_FILE;
	struct exchanges *x = NULL;
	struct gateway *g = NULL;
	bool asked = true;
	char *host = NULL;
	struct error why;
	int c, status = EXIT_FAILED;

	while (
	    (c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'n')
			asked = false;
		else
			return usage(usage_text, c);
	}
	if (argc - optind < 2)
		return usage(usage_text, 0);
	if ((host = hostname_normalise(argv[optind], true)) == NULL) {
		fprintf(stderr, "ddnsgate: \"%s\" is not a host name\n",
		    argv[optind]);
		return EXIT_USAGE;
	}
	if ((g = gateway_new(file, &why)) == NULL)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else if ((x = exchanges_new(g->trust)) == NULL)
		fputs("ddnsgate: out of memory\n", stderr);
	else
		status = explain(g, x, host, argv + optind + 1, asked);
	exchanges_free(x);
	gateway_free(g);
	free(host);
	return status;
}
