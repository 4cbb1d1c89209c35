#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "gateway/house.h"

struct house *
house_new(const char *file, struct error *why)
{
	struct house *h = calloc(1, sizeof *h);
	struct settings *s = settings_read(file, why);

	if (h == NULL || s == NULL) {
		settings_free(s);
		free(h);
		return NULL;
	}
	h->settings = s;
	if ((h->accounts = accounts_new(s, why)) == NULL ||
	    (h->providers = providers_new(s, why)) == NULL ||
	    (h->prover = prover_new(why)) == NULL)
		goto fail;
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (prover_prepare(h->prover,
				&s->accounts[i].hosts[j].proof, why) != ERR_OK)
				goto fail;
	return h;
fail:
	house_free(h);
	return NULL;
}

void
house_free(struct house *h)
{
	if (h == NULL)
		return;
	exchange_free(h->exchange);
	prover_free(h->prover);
	providers_free(h->providers);
	accounts_free(h->accounts);
	settings_free((struct settings *)(uintptr_t)h->settings);
	free(h);
}
