#include "config.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "account/verifier.h"
#include "base/heap.h"
#include "base/log.h"
#include "config/directory.h"
#include "config/roster.h"
#include "gateway/budget.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/notice.h"
#include "gateway/slow.h"
#include "gateway/table.h"
#include "gateway/targets.h"
#include "gateway/update.h"
#include "news/seen.h"

/* The settings that a gateway shows as constant are its own. */
static struct settings *
writable(const struct gateway *g)
{
	return (struct settings *)(uintptr_t)g->settings;
}

/* The CA files of all proofs and providers, each once. */
static enum err
load_trust(struct gateway *g, struct error *why)
{
	const struct settings *s = g->settings;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < s->provider_count && rc == ERR_OK; i++)
		rc = provider_trust(providers_get(g->providers, i), g->trust,
		    why);
	if (rc == ERR_OK)
		rc = receivers_trust(g->receivers, g->trust, why);
	if (rc != ERR_OK)
		return error_prefix(why, "%s", s->file);
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (prover_prepare(g->prover,
				&s->accounts[i].hosts[j].proof, why) != ERR_OK)
				return why->code;
	return ERR_OK;
}

/*
 * Checks of an account what config/ cannot: its verifier, and the CA files
 * that its proofs name.
 */
static enum err
judge_account(const struct account_settings *a, void *prover, struct error *why)
{
	struct verifier ignored;
	enum err rc = verifier_parse(&ignored, a->verifier, why);

	if (rc != ERR_OK)
		return error_prefix(why, "/verifier");
	for (size_t i = 0; i < a->host_count && rc == ERR_OK; i++)
		rc = prover_prepare(prover, &a->hosts[i].proof, why);
	return rc;
}

/*
 * before: whose accounts stay, if their files are wrong now; or NULL.  A part
 * that lacked memory may have taken that for a fault of the configuration.
 */
static struct gateway *
make(const char *file, const struct settings *before, struct error *why)
{
	struct gateway *g = calloc(1, sizeof *g);
	struct account_judge judge = { .judge = judge_account };

	if (g == NULL || (g->trust = trust_new()) == NULL) {
		error_memory(why);
		goto fail;
	}
	g->notices = notices_new();
	if ((judge.data = g->prover = prover_new(g->trust, why)) == NULL ||
	    (g->settings = settings_read_after(file, before, &judge, why)) ==
		NULL ||
	    (g->settings->account_table &&
		table_read(writable(g), before, &judge, why) != ERR_OK) ||
	    (g->accounts = accounts_new(g->settings, why)) == NULL ||
	    (g->providers = providers_new(g->settings, why)) == NULL ||
	    (g->receivers = receivers_new(g->settings, why)) == NULL ||
	    load_trust(g, why) != ERR_OK)
		goto fail;
	return g;
fail:
	if (heap_lacked())
		error_memory(why);
	gateway_free(g);
	return NULL;
}

struct gateway *
gateway_new(const char *file, struct error *why)
{
	return make(file, NULL, why);
}

struct gateway *
gateway_read_again(const struct gateway *g, struct error *why)
{
	heap_begin();
	return make(g->settings->file, g->settings, why);
}

const struct endpoint *
gateway_resolved(const struct gateway *g, size_t index)
{
	const struct endpoint *e;
	size_t providers = 0;

	while ((e = providers_resolved(g->providers, providers)) != NULL)
		if (providers++ == index)
			return e;
	return receivers_resolved(g->receivers, index - providers);
}

bool
gateway_only_reads_addresses(const struct gateway *g)
{
	return providers_only_read(g->providers) &&
	    receivers_only_read(g->receivers);
}

bool
gateway_watches(const struct gateway *g)
{
	return g->settings->account_directory != NULL ||
	    g->settings->account_table;
}

struct store *
gateway_watch(const struct gateway *g)
{
	return g->settings->account_table ? store_open(g->state) : NULL;
}

bool
gateway_accounts_changed(const struct gateway *g, struct store *st)
{
	const struct settings *s = g->settings;
	int64_t version;

	if (s->account_directory != NULL &&
	    directory_fingerprint(s->account_directory) != s->fingerprint)
		return true;
	version = st != NULL ? store_accounts_version(st) : 0;
	return version != 0 && version != s->table_version;
}

enum err
gateway_read_accounts(struct gateway *g, struct error *why)
{
	const struct account_judge judge = { judge_account, g->prover };
	struct settings *s = writable(g);
	struct accounts *next;
	enum err rc = ERR_OK;

	heap_begin();
	s->fault_count = 0;
	if (s->account_directory != NULL)
		rc = directory_read(s, NULL, &judge, why);
	if (rc == ERR_OK && s->account_table)
		rc = table_read(s, NULL, &judge, why);
	if (rc == ERR_MEMORY)
		return rc;
	if ((next = accounts_new(s, why)) == NULL)
		return error_set(why, ERR_MEMORY, "out of memory");
	accounts_inherit(next, g->accounts);
	accounts_free(g->accounts);
	g->accounts = next;
	return rc;
}

enum err
gateway_check_account(struct settings *s, const char *text, const char *file,
    const char *name, struct error *why)
{
	struct trust *trust = trust_new();
	struct prover *prover = trust != NULL ? prover_new(trust, why) : NULL;
	const struct account_judge judge = { judge_account, prover };
	enum err rc;

	if (prover != NULL)
		rc = roster_check(s, &judge, text, file, name, why);
	else
		rc = error_memory(why);
	prover_free(prover);
	trust_free(trust);
	return rc;
}

void
gateway_log_faults(const struct gateway *g)
{
	const struct settings *s = g->settings;

	for (size_t i = 0; i < s->fault_count && i < SETTINGS_FAULTS_MAX; i++)
		log_warn("%s", s->faults[i].text);
	if (s->fault_count > SETTINGS_FAULTS_MAX)
		log_warn("%s: %zu more accounts are wrong; ddnsgate check "
			 "tells some of them",
		    s->account_directory, s->fault_count - SETTINGS_FAULTS_MAX);
}

/* What familiar_add() is told of the history at most, the latest first. */
#define SOURCES_MAX	50000
#define SOURCES_SECONDS (30L * 24 * 3600)

struct sources {
	const struct accounts *accounts;
	size_t count;
};

static bool
remember_source(const struct state_event *e, void *data)
{
	struct sources *s = data;
	struct address source;

	if (strcmp(e->verdict, verdict_word(VERDICT_GOOD)) == 0 &&
	    e->source != NULL && address_parse_any(&source, e->source))
		account_was_right(s->accounts, e->account, &source);
	return ++s->count < SOURCES_MAX;
}

/*
 * From where which account has published before.  By a state of its own: the
 * last one to close SQLite's file removes a part of it, so the first worker
 * would find other files than those that the state g->state had opened.
 */
static void
remember_sources(const struct gateway *g)
{
	const struct state_search search = { .since = (int64_t)time(NULL) -
		    SOURCES_SECONDS,
		.most = SOURCES_MAX };
	struct sources s = { .accounts = g->accounts };
	struct error ignored;
	struct state *view = state_view(g->settings, &ignored);
	struct store *st;

	if (view == NULL)
		return;
	state_hush(view);
	st = store_open(view);
	if (st != NULL)
		(void)store_history(st, &search, remember_source, &s);
	store_close(st);
	state_free(view);
}

/* Memory for when hosts were updated, if a receiver wants to know who is not.
 */
static enum err
make_seen(struct gateway *g, struct error *why)
{
	const struct settings *s = g->settings;
	bool wanted = false;

	for (size_t i = 0; i < s->receiver_count; i++)
		wanted = wanted ||
		    (s->receivers[i].kinds & (1U << NEWS_SILENT)) != 0;
	if (wanted && (g->seen = seen_new(settings_count_hosts(s))) == NULL)
		return error_memory(why);
	return ERR_OK;
}

enum err
gateway_open_state(struct gateway *g, struct error *why)
{
	if ((g->slow = slow_new(g->settings->workers)) == NULL ||
	    (g->targets = targets_new(g->settings->workers)) == NULL ||
	    (g->metrics = metrics_new(g->settings)) == NULL ||
	    (g->budget = budget_new()) == NULL)
		return error_memory(why);
	if (make_seen(g, why) != ERR_OK)
		return why->code;
	if ((g->state = state_new(g->settings, why)) == NULL)
		return why->code;
	remember_sources(g);
	return ERR_OK;
}

void
gateway_inherit(struct gateway *g, struct gateway *from)
{
	struct budget *budget;
	struct seen *seen;

	providers_inherit(g->providers, from->providers);
	accounts_inherit(g->accounts, from->accounts);
	slow_inherit(g->slow, from->slow);
	targets_inherit(g->targets, from->targets);
	metrics_inherit(g->metrics, from->metrics);
	budget = g->budget;
	g->budget = from->budget;
	from->budget = budget;
	if (g->seen != NULL && from->seen != NULL) {
		seen = g->seen;
		g->seen = from->seen;
		from->seen = seen;
	}
	state_inherit(g->state, from->state);
}

void
gateway_free(struct gateway *g)
{
	if (g == NULL)
		return;
	state_free(g->state);
	metrics_free(g->metrics);
	slow_free(g->slow);
	targets_free(g->targets);
	budget_free(g->budget);
	seen_free(g->seen);
	notices_free(g->notices);
	prover_free(g->prover);
	trust_free(g->trust);
	receivers_free(g->receivers);
	providers_free(g->providers);
	accounts_free(g->accounts);
	settings_free(writable(g));
	free(g);
#ifdef __GLIBC__
	/* Small pieces go back to the system only on demand. */
	malloc_trim(0);
#endif
}
