#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/watchdog.h"
#include "command/check/visit.h"
#include "provider/endpoint.h"

/* Milliseconds. */
#define VISIT_MS 5000 /* all addresses of one host */
#define WORK_MS	 8000 /* with the arithmetic that no deadline reaches */

#define DAY 86400 /* seconds */

static void
print_visit(const struct provider *p, const struct proof *v)
{
	char text[ADDRESS_TEXT_MAX], date[32] = "?";
	time_t until = (time_t)v->seen.valid_until;
	struct tm tm;

	address_format(&v->address, text);
	printf("provider %s: %s at %s: ", provider_endpoint(p)->settings->name,
	    v->host, text);
	if (v->result != ERR_OK) {
		printf("%s\n", v->why.text);
		return;
	}
	if (gmtime_r(&until, &tm) != NULL)
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	printf("its certificate is valid until %s, for %" PRId64 " days\n",
	    date, (v->seen.valid_until - (int64_t)time(NULL)) / DAY);
}

/* Does any address of this endpoint lead to its host? */
static bool
visit(const struct gateway *g, const struct provider *p,
    const struct endpoint *e, bool quiet)
{
	struct proof_settings how = { .kind = PROOF_CERTIFICATE,
		.request = PROOF_TLS,
		.port = e->port,
		.ca = provider_endpoint(p)->settings->ca };
	struct proof visits[SETTINGS_ADDRESSES_MAX];
	struct proof *list[SETTINGS_ADDRESSES_MAX];
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	size_t count = endpoint_addresses(e, addresses);
	bool good = false;

	for (size_t i = 0; i < count; i++) {
		visits[i] = (struct proof){ .host = e->host,
			.address = addresses[i],
			.how = &how };
		list[i] = &visits[i];
	}
	watchdog_start(clock_now() + WORK_MS, "the visit of a provider");
	prover_run(g->prover, list, count, clock_now() + VISIT_MS);
	watchdog_stop();
	for (size_t i = 0; i < count; i++) {
		good = good || visits[i].result == ERR_OK;
		if (!quiet)
			print_visit(p, &visits[i]);
	}
	if (!good)
		fprintf(stderr, "ddnsgate: provider %s: %s: %s\n",
		    provider_endpoint(p)->settings->name, e->host,
		    count == 0 ? "no known address" : visits[0].why.text);
	return good;
}

bool
visit_providers(const struct gateway *g, bool quiet)
{
	bool good = true;

	for (size_t i = 0; i < g->settings->provider_count; i++) {
		const struct provider *p = providers_get(g->providers, i);

		if (provider_description(p) == NULL)
			continue;
		good = visit(g, p, provider_endpoint(p), quiet) && good;
		if (provider_login(p) != NULL)
			good = visit(g, p, provider_login(p), quiet) && good;
	}
	return good;
}
