/*
 * explain.c - walks one update through, and publishes nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "address/hostname.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/input.h"
#include "command/options.h"
#include "command/walk.h"
#include "https/exchange.h"
#include "provider/provider.h"

static const struct usage usage = {
	.synopsis = "usage: ddnsgate explain [--config FILE] [--no-provider]\n"
		    "                        HOST ipv4=ADDRESS|ipv6=ADDRESS|"
		    "prefix=NETWORK...\n",
	.about =
	    "What a router would send to /update; nothing is published.  The "
	    "token is\n"
	    "asked for, to read what the provider has.\n",
	.takes = { { OPTION_CONFIG, NULL }, { OPTION_NO_PROVIDER, NULL } },
};

/* The account that has the host, or NULL. */
static const struct account_settings *
find_account(const struct settings *s, const char *host)
{
	for (size_t i = 0; i < s->account_count; i++)
		if (settings_host(&s->accounts[i], host) != NULL)
			return &s->accounts[i];
	return NULL;
}

/* Reads what is there, if asked, and shows the requests of an update. */
static bool
explain_provider(const struct walk *w, struct exchanges *x, bool asked)
{
	const struct gateway *g = w->update.gateway;
	const struct provider *p =
	    providers_get(g->providers, w->update.login.account->provider);
	struct publication shown[2], records[2];
	struct publication *const again[2] = { &shown[0], &shown[1] };
	struct publication *const list[2] = { &records[0], &records[1] };
	size_t count = walk_publications(w, LEAVE_GIVEN, shown);
	char token[INPUT_TOKEN_MAX + 1];
	const struct error *why;
	bool good = true;

	(void)walk_publications(w, LEAVE_AWAITED, records);
	if (asked &&
	    input_secret("Token of the provider: ", token, sizeof token)) {
		providers_resolve(g->providers);
		good = walk_provider(p, x, token, list, count, &why);
		secret_wipe(token, sizeof token);
	}
	puts("requests of an update, where something is to be written");
	fflush(stdout);
	provider_rehearse(p, stdout, again, count);
	return good;
}

/* words: what the router sends. */
static int
explain(const struct gateway *g, struct exchanges *x, const char *host,
    char *words[], bool asked)
{
	const struct account_settings *a = find_account(g->settings, host);
	const struct error *why;
	struct walk w;
	bool good = false;
	int status;

	if (a == NULL) {
		fprintf(stderr, "ddnsgate: no account has the host %s\n", host);
		return EXIT_FAILED;
	}
	if (walk_begin(&w, g, a, host, words)) {
		printf("%s is a host of account %s, at provider %s\n", host,
		    a->name, g->settings->providers[a->provider].name);
		puts("addresses");
		good = walk_addresses(&w) && walk_proofs(&w, &why) &&
		    explain_provider(&w, x, asked);
	}
	status = w.misspelled ? EXIT_USAGE : good ? EXIT_OK : EXIT_FAILED;
	walk_end(&w);
	return status;
}

int
command_explain(int argc, char *argv[])
{
	struct exchanges *x = NULL;
	struct gateway *g = NULL;
	char *host = NULL;
	struct options o;
	struct error why;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1 || o.operand_count < 2)
		return status != -1 ? status : options_wrong(&o);
	status = EXIT_FAILED;
	if ((host = hostname_normalise(o.operands[0], true)) == NULL) {
		fprintf(stderr, "ddnsgate: \"%s\" is not a host name\n",
		    o.operands[0]);
		return EXIT_USAGE;
	}
	if ((g = gateway_new(options_config(&o), &why)) == NULL)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else if ((x = exchanges_new(g->trust)) == NULL)
		fputs("ddnsgate: out of memory\n", stderr);
	else
		status = explain(g, x, host, o.operands + 1,
		    !options_has(&o, OPTION_NO_PROVIDER));
	exchanges_free(x);
	gateway_free(g);
	free(host);
	return status;
}
