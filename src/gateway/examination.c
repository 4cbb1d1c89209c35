#include "config.h"

#include <stdio.h>

#include "account/verifier.h"
#include "base/heap.h"
#include "gateway/examination.h"
#include "news/receivers.h"
#include "proof/proof.h"
#include "provider/provider.h"
#include "tls/trust.h"

static void
examine_verifier(const struct settings *s, const char *list, const char *name,
    const char *text, struct faults *f)
{
	char place[READER_PLACE_MAX + 1];
	struct verifier ignored;
	struct error why;

	snprintf(place, sizeof place, "/%s/%s/verifier", list, name);
	if (text == NULL || faults_within(f, place) ||
	    verifier_parse(&ignored, text, &why) == ERR_OK)
		return;
	error_prefix(&why, "%s: %s", s->file, place);
	faults_add(f, &why, place);
}

/* A provider by itself, with the CA that it names. */
static void
examine_provider(const struct settings *s, struct provider_settings *one,
    struct trust *trust, struct faults *f)
{
	const struct settings alone = { .file = s->file,
		.ca = s->ca,
		.providers = one,
		.provider_count = 1 };
	char place[READER_PLACE_MAX + 1];
	struct providers *p;
	struct error why;

	snprintf(place, sizeof place, "/providers/%s", one->name);
	if (faults_within(f, place))
		return;
	if ((p = providers_new(&alone, &why)) == NULL) {
		faults_add(f, &why, place);
	} else if (provider_trust(providers_get(p, 0), trust, &why) != ERR_OK) {
		error_prefix(&why, "%s", s->file);
		faults_add(f, &why, place);
	}
	providers_free(p);
}

/* The same of a receiver, with its secret. */
static void
examine_receiver(const struct settings *s, struct receiver_settings *one,
    struct trust *trust, struct faults *f)
{
	const struct settings alone = { .file = s->file,
		.receivers = one,
		.receiver_count = 1 };
	char place[READER_PLACE_MAX + 1];
	struct receivers *r;
	struct error why;

	snprintf(place, sizeof place, "/notify/%s", one->name);
	if (faults_within(f, place))
		return;
	if ((r = receivers_new(&alone, &why)) == NULL) {
		faults_add(f, &why, place);
	} else if (receivers_trust(r, trust, &why) != ERR_OK) {
		error_prefix(&why, "%s", s->file);
		faults_add(f, &why, place);
	}
	receivers_free(r);
}

/* A file that many name is told once. */
static void
examine_proofs(const struct account_settings *a, struct prover *prover,
    struct faults *f)
{
	struct error why;

	for (size_t i = 0; i < a->host_count; i++)
		if (a->hosts[i].proof.ca != NULL &&
		    prover_prepare(prover, &a->hosts[i].proof, &why) !=
			ERR_OK &&
		    !faults_within(f, a->hosts[i].proof.ca))
			faults_add(f, &why, a->hosts[i].proof.ca);
}

static void
examine(const struct settings *s, struct faults *f)
{
	struct trust *trust = trust_new();
	struct prover *prover = NULL;
	struct error why;

	if (trust == NULL)
		error_memory(&why);
	if (trust == NULL || (prover = prover_new(trust, &why)) == NULL)
		faults_add(f, &why, NULL);
	for (size_t i = 0; i < s->operator_count; i++)
		examine_verifier(s, "operators", s->operators[i].name,
		    s->operators[i].verifier, f);
	for (size_t i = 0; prover != NULL && i < s->provider_count; i++)
		examine_provider(s, &s->providers[i], trust, f);
	for (size_t i = 0; prover != NULL && i < s->receiver_count; i++)
		examine_receiver(s, &s->receivers[i], trust, f);
	for (size_t i = 0; prover != NULL && i < s->account_count; i++) {
		examine_verifier(s, "accounts", s->accounts[i].name,
		    s->accounts[i].verifier, f);
		examine_proofs(&s->accounts[i], prover, f);
	}
	prover_free(prover);
	trust_free(trust);
}

void
gateway_examine(const char *file, struct faults *faults)
{
	struct error why;

	settings_examine(file, faults, examine);
	if (faults->count == 0 || !heap_lacked())
		return;
	faults->count = 0;
	error_memory(&why);
	faults_add(faults, &why, NULL);
}
