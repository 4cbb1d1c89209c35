#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command/account_show.h"
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
print_gateway(const struct gateway *g, bool asked)
{
	const struct settings *s = g->settings;

	printf("%s: %u workers, log to %s\n", s->file, s->workers, s->log.to);
	if (s->listen.path != NULL)
		printf("listens on %s, mode %04o\n", s->listen.path,
		    (unsigned int)s->listen.mode);
	for (size_t i = 0; i < s->provider_count; i++)
		provider_print(providers_get(g->providers, i), asked, stdout);
	for (size_t i = 0; i < g->receivers->count; i++)
		receiver_print(&g->receivers->list[i], stdout);
	for (size_t i = 0; i < s->account_count; i++)
		account_show(s, &s->accounts[i]);
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
	good = account_show_faults(g->settings);
	good = (!resolve || visit_providers(g, quiet)) && good;
	good = trial_run(g->settings, quiet, resolve) && good;
	gateway_free(g);
	return good ? EXIT_OK : EXIT_FAILED;
}
