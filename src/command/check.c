#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/identity.h"
#include "command/notes.h"
#include "command/trial.h"
#include "command/usage.h"
#include "command/visit.h"
#include "gateway/gateway.h"
#include "provider/provider.h"

static const char usage_text[] =
    "usage: ddnsgate check [--quiet] [--resolve] [--user NAME] "
    "[--config FILE]\n";

static void
print_proof(const struct host_settings *h)
{
	const struct proof_settings *p = &h->proof;

	switch (p->kind) {
	case PROOF_CERTIFICATE:
		printf("      proof  a certificate by %s, port %u, %s\n", p->ca,
		    (unsigned int)p->port,
		    p->request == PROOF_HEAD ? "then HEAD /" : "TLS alone");
		break;
	case PROOF_PIN:
		printf("      proof  one of %zu pinned keys, port %u, %s\n",
		    p->pin_count, (unsigned int)p->port,
		    p->request == PROOF_HEAD ? "then HEAD /" : "TLS alone");
		break;
	case PROOF_NONE:
		printf("      proof  none: what the router says is "
		       "published\n");
		break;
	}
}

static void
print_echo(const struct proof_settings *p)
{
	if (p->echo != NULL)
		printf("      echo   GET %s must return our own address\n",
		    p->echo);
}

static void
print_host(const struct host_settings *h)
{
	char text[ADDRESS_TEXT_MAX];

	printf("    %s\n", h->name);
	if (h->ipv4 != IPV4_NONE)
		printf("      A      the ipv4 that the router sends%s\n",
		    h->ipv4 == IPV4_IF_PUBLIC ? ", if it is public" : "");
	if (h->ipv6 == IPV6_ROUTER)
		printf("      AAAA   the ipv6 that the router sends%s\n",
		    h->ipv6_if_public ? ", if it is public" : "");
	if (h->ipv6 == IPV6_PREFIX)
		printf("      AAAA   the first %u bits of the prefix that the "
		       "router sends, then %s%s\n",
		    h->prefix_length, address_format(&h->suffix, text),
		    h->ipv6_if_public ? ", if it is public" : "");
	if (h->zone != NULL)
		printf("      zone   %s\n", h->zone);
	if (h->ttl != 0)
		printf("      TTL    %lld s\n", (long long)h->ttl);
	print_proof(h);
	print_echo(&h->proof);
	if (h->partial)
		printf("      either address may be published without the "
		       "other\n");
	if (h->removal)
		printf("      the word none removes an address\n");
	for (size_t i = 0; i < h->allow_count; i++)
		printf("      allows %s/%u, public or not\n",
		    address_format(&h->allow[i].base, text),
		    h->allow[i].length);
}

static void
print_gateway(const struct gateway *g, bool asked)
{
	const struct settings *s = g->settings;

	printf("%s: %u workers, log to %s\n", s->file, s->workers, s->log);
	if (s->listen.path != NULL)
		printf("listens on %s, mode %04o\n", s->listen.path,
		    (unsigned int)s->listen.mode);
	for (size_t i = 0; i < s->provider_count; i++)
		provider_print(providers_get(g->providers, i), asked, stdout);
	for (size_t i = 0; i < s->account_count; i++) {
		const struct account_settings *a = &s->accounts[i];

		printf("account %s\n  its token goes to provider %s\n", a->name,
		    s->providers[a->provider].name);
		if (a->disabled)
			printf("  disabled: nobody can log in as it\n");
		if (a->from_connection)
			printf("  what the router does not send is taken from "
			       "its connection\n");
		if (a->query_credentials)
			printf("  user and token may stand in the query\n");
		for (size_t j = 0; j < a->host_count; j++)
			print_host(&a->hosts[j]);
	}
}

/* Accounts of the directory that are wrong; false if there are any. */
static bool
print_faults(const struct settings *s)
{
	for (size_t i = 0; i < s->fault_count && i < SETTINGS_FAULTS_MAX; i++)
		fprintf(stderr, "ddnsgate: %s\n", s->faults[i].text);
	if (s->fault_count > SETTINGS_FAULTS_MAX)
		fprintf(stderr, "ddnsgate: %s: %zu more accounts are wrong\n",
		    s->account_directory, s->fault_count - SETTINGS_FAULTS_MAX);
	return s->fault_count == 0;
}

int
command_check(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "resolve", no_argument, NULL, 'r' },
		{ "user", required_argument, NULL, 'u' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	const char *file = COMMAND_CONFIG_FILE, *user = NULL;
	struct gateway *g;
	bool quiet = false, resolve = false, good;
	struct error why;
	int c;

	while (
	    (c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'q')
			quiet = true;
		else if (c == 'r')
			resolve = true;
		else if (c == 'u')
			user = optarg;
		else
			return usage(usage_text, c);
	}
	if (optind != argc)
		return usage(usage_text, 0);
	if (identity_take(user, file, &why) != ERR_OK ||
	    (g = gateway_new(file, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return EXIT_FAILED;
	}
	if (resolve)
		providers_resolve(g->providers);
	if (!quiet)
		print_gateway(g, resolve);
	if (!quiet)
		notes_print(g);
	good = print_faults(g->settings);
	good = (!resolve || visit_providers(g, quiet)) && good;
	good = trial_run(g->settings, quiet) && good;
	gateway_free(g);
	return good ? EXIT_OK : EXIT_FAILED;
}
