/*
 * setup_try.c - tries the answers of `ddnsgate setup' before they are written.
 */
#include "config.h"

#include <stdio.h>

#include "command/person.h"
#include "command/setup/setup.h"
#include "command/walk.h"
#include "https/exchange.h"
#include "page/refusal.h"
#include "provider/provider.h"

static void
advise(const char *verdict, const char *reason)
{
	person_text(3, printf("  what to do: "),
	    refusal_advice(verdict, reason));
}

/* What the router would send now: the words, whose text is in room. */
static void
make_words(const struct setup *s, char room[static 2][128], char *words[3])
{
	char text[ADDRESS_TEXT_MAX];
	size_t n = 0;

	if (s->now[0].family != 0) {
		snprintf(room[n], sizeof room[n], "ipv4=%s",
		    address_format(&s->now[0], text));
		words[n] = room[n];
		n++;
	}
	if (s->now[1].family != 0) {
		snprintf(room[n], sizeof room[n], "prefix=%s/128",
		    address_format(&s->now[1], text));
		words[n] = room[n];
		n++;
	}
	words[n] = NULL;
}

/* Is each address one to publish, and proved? */
static bool
try_proofs(struct walk *w)
{
	const struct error *why;
	bool good;

	puts("addresses");
	good = walk_addresses(w);
	for (size_t i = 0; i < w->update.record_count; i++)
		if (w->update.records[i].verdict == VERDICT_ADDRESS) {
			advise("address", w->update.records[i].why->text);
			good = false;
		}
	if (good && !walk_proofs(w, &why)) {
		advise("proof", why->text);
		good = false;
	}
	return good;
}

/*
 * Reads what the provider has of the host; without a plan, of an address that
 * stands for any.
 */
static bool
try_token(const struct setup *s, const struct gateway *g,
    const struct account_settings *a, const struct host_settings *h)
{
	struct publication records[2] = { { .name = h->name,
	    .zone = h->zone,
	    .ttl = h->ttl,
	    .leave = LEAVE_AWAITED,
	    .address = { AF_INET, { 192, 0, 2, 1 } } } };
	struct publication *const list[] = { &records[0], &records[1] };
	const struct provider *p = providers_get(g->providers, a->provider);
	struct exchanges *x = exchanges_new(g->trust);
	const struct error *why;
	size_t count = 0;
	bool good;

	for (size_t i = 0; i < 2; i++)
		if (s->now[i].family != 0) {
			records[count] = records[0];
			records[count++].address = s->now[i];
		}
	if (x == NULL) {
		fputs("ddnsgate: out of memory\n", stderr);
		return false;
	}
	providers_resolve(g->providers);
	good = walk_provider(p, x, s->token, list, count > 0 ? count : 1, &why);
	if (!good)
		advise(why->code == ERR_UNREACHABLE ? "busy" : "provider",
		    why->text);
	exchanges_free(x);
	return good;
}

/* The host that is set up, and its account in g. */
static const struct host_settings *
find_host(const struct setup *s, const struct gateway *g,
    const struct account_settings **a)
{
	*a = settings_account(g->settings, s->account);
	return settings_host(*a, s->host);
}

bool
setup_try(struct setup *s, bool *token, bool *proof)
{
	const struct account_settings *a;
	const struct host_settings *h;
	char room[2][128], *words[3];
	struct gateway *g;
	struct error why;
	struct walk w;

	*token = *proof = true;
	if ((g = draft_gateway(&s->draft, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return false;
	}
	h = find_host(s, g, &a);
	make_words(s, room, words);
	if (!s->no_trial && words[0] != NULL && !s->proof_tried) {
		*proof = walk_begin(&w, g, a, h->name, words) && try_proofs(&w);
		s->proof_tried = *proof;
		walk_end(&w);
	}
	if (!s->no_trial && s->has_token && !s->token_tried) {
		*token = try_token(s, g, a, h);
		s->token_tried = *token;
	}
	gateway_free(g);
	return true;
}
