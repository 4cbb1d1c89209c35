/*
 * update.c - the whole job.  Read update_run() first.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "gateway/hosts.h"
#include "gateway/plan.h"
#include "gateway/update.h"
#include "proof/proof.h"
#include "provider/provider.h"

#define SILENT_MS 4500 /* who takes so long does not answer */

/* The steps, told below in this order. */
static enum err authenticate(struct update *u);
static enum err read_claim(struct update *u);
static enum err check_client(struct update *u);
static void prove(struct update *u);
static void publish(struct update *u);
static int64_t deadline(const struct update *u, int64_t phase);
static bool any_open(const struct update *u);
static enum err work(struct update *u);

enum err
update_run(struct update *u)
{
	enum err rc;

	if ((rc = authenticate(u)) == ERR_OK &&
	    (rc = read_claim(u)) == ERR_OK && (rc = plan_make(u)) == ERR_OK &&
	    (rc = hosts_recall(u)) == ERR_OK && any_open(u) &&
	    (rc = check_client(u)) == ERR_OK)
		rc = work(u);
	u->result = rc;
	return rc;
}

/* What may take seconds, and so is done by a part of the workers only. */
static enum err
work(struct update *u)
{
	const char *account = u->login.account->name;
	enum err rc;

	if (!slow_enter(u->gateway->slow, account))
		return error_set(&u->why, ERR_UPDATES_BUSY,
		    "too many updates wait for web servers or providers");
	hosts_take_turns(u, deadline(u, UPDATE_MS));
	prove(u);
	if ((rc = check_client(u)) == ERR_OK) {
		hosts_intend(u);
		publish(u);
	}
	hosts_learn(u);
	slow_leave(u->gateway->slow, account,
	    u->proofs_ms < SILENT_MS && u->provider_ms < SILENT_MS);
	return rc;
}

/* From the credential to the account and the token. */
static enum err
authenticate(struct update *u)
{
	const struct request *q = u->request;
	const struct accounts *accounts = u->gateway->accounts;
	int64_t start = clock_now();
	struct address unknown = { .family = AF_INET }, a;
	const struct address *source = request_source(q, &a) ? &a : NULL;
	/* Who cannot be told apart is counted as one. */
	const struct address *counted = source != NULL ? source : &unknown;
	const char *user, *token;
	enum err rc;

	notice_source(u->gateway->notices, source);
	if (q->authorization == NULL && claim_credential(q, &user, &token))
		rc = account_authenticate_query(accounts, user, token, counted,
		    &u->login, &u->why);
	else
		rc = account_authenticate(accounts, q->authorization, counted,
		    &u->login, &u->why);
	if (rc == ERR_OK)
		notice_login(u->gateway->notices, source, u->login.account);
	u->retry_after = u->login.wait;
	u->login_ms = (int)(clock_now() - start);
	return rc;
}

/* What the router wants of the hosts of its account. */
static enum err
read_claim(struct update *u)
{
	return claim_read(&u->claim, u->request, u->login.account, &u->rules,
	    &u->why);
}

/* Before what is costly or lasts: does anybody still wait for it? */
static enum err
check_client(struct update *u)
{
	if (!request_abandoned(u->request))
		return ERR_OK;
	return error_set(&u->why, ERR_ABANDONED,
	    "the client did not wait for an answer");
}

/*
 * The addresses of a host stand or fall together: where one failed, what is
 * still open is withheld, unless the host's configuration says "partial".
 */
static void
withhold_siblings(struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (r->verdict == VERDICT_OPEN && !r->host->partial &&
		    update_host_verdict(u, r->host) > VERDICT_WITHHELD)
			r->verdict = VERDICT_WITHHELD;
	}
}

static int64_t
deadline(const struct update *u, int64_t phase)
{
	int64_t whole = u->request->start + UPDATE_MS;
	int64_t own = clock_now() + phase;

	return own < whole ? own : whole;
}

/* Is the record still on its way to the provider? */
static bool
is_open(const struct record *r)
{
	return r->verdict == VERDICT_OPEN;
}

static bool
any_open(const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++)
		if (is_open(&u->records[i]))
			return true;
	return false;
}

/*
 * Every open record at once; no answer is no proof.  Between two waits a newer
 * claim of a host may end it.
 */
static void
run_proofs(struct update *u, struct proof *const list[], size_t count)
{
	struct pollfd fds[PROOFS_FDS_MAX];
	struct proofs *run = proofs_start(u->gateway->prover, list, count,
	    deadline(u, UPDATE_PROOFS_MS));
	int64_t tick = clock_now() + HOSTS_TICK_MS;

	while (run != NULL && proofs_open(run)) {
		int64_t wake = proofs_wake(run);
		size_t n = proofs_fds(run, fds);

		(void)poll(fds, n, clock_left(wake < tick ? wake : tick));
		proofs_step(run, fds);
		if (clock_left(tick) > 0)
			continue;
		if (!hosts_keep_turns(u))
			break;
		tick = clock_now() + HOSTS_TICK_MS;
	}
	proofs_end(run);
}

static void
prove(struct update *u)
{
	struct proof *list[PROOF_MAX];
	int64_t start = clock_now();
	size_t count = 0;

	withhold_siblings(u);
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		/* What is taken away has nobody to prove it. */
		if (!is_open(r) || r->remove)
			continue;
		r->proof = (struct proof){ .host = r->host->name,
			.address = r->address,
			.how = &r->host->proof };
		list[count++] = &r->proof;
	}
	run_proofs(u, list, count);
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!is_open(r) || r->remove || r->proof.result == ERR_OK)
			continue;
		/* Our own lack of memory or descriptors says nothing of it. */
		r->verdict =
		    r->proof.result == ERR_PROOF ? VERDICT_PROOF : VERDICT_BUSY;
		r->why = &r->proof.why;
	}
	withhold_siblings(u);
	u->proofs_ms = (int)(clock_now() - start);
}

/* The only place where a record becomes good. */
static enum verdict
verdict_of(const struct publication *p)
{
	switch (p->result) {
	case ERR_OK:
		return p->changed ? VERDICT_GOOD : VERDICT_NOCHG;
	case ERR_BUSY:
	case ERR_UNREACHABLE:
	case ERR_MEMORY:
	case ERR_SYSTEM:
		return VERDICT_BUSY;
	default:
		return VERDICT_PROVIDER;
	}
}

static void
publish(struct update *u)
{
	const struct provider *provider =
	    providers_get(u->gateway->providers, u->login.account->provider);
	struct publication *list[PUBLICATIONS_MAX];
	int64_t start = clock_now();
	size_t count = 0;

	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!is_open(r))
			continue;
		r->publication = (struct publication){ .name = r->host->name,
			.zone = r->host->zone,
			.ttl = r->host->ttl,
			.address = r->address,
			.remove = r->remove };
		list[count++] = &r->publication;
	}
	if (count > 0)
		provider_publish(provider, u->exchanges, u->login.token, list,
		    count, deadline(u, UPDATE_PROVIDER_MS), &u->retry_after);
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!is_open(r))
			continue;
		r->verdict = verdict_of(&r->publication);
		r->why = &r->publication.why;
	}
	u->provider_ms = (int)(clock_now() - start);
}

static const char *const words[] = {
	[VERDICT_SKIPPED] = "left",
	[VERDICT_NOCHG] = "nochg",
	[VERDICT_GOOD] = "good",
	[VERDICT_OPEN] = "busy",
	[VERDICT_WITHHELD] = "held",
	[VERDICT_ADDRESS] = "address",
	[VERDICT_PROOF] = "proof",
	[VERDICT_PROVIDER] = "provider",
	[VERDICT_BUSY] = "busy",
};
_Static_assert(sizeof words / sizeof *words == VERDICT__MAX,
    "a word per verdict");

const char *
verdict_word(enum verdict v)
{
	return words[v];
}

bool
verdict_is_failure(enum verdict v)
{
	return v > VERDICT_GOOD;
}

bool
update_has_host(const struct update *u, const struct host_settings *host)
{
	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].host == host)
			return true;
	return false;
}

enum verdict
update_host_verdict(const struct update *u, const struct host_settings *host)
{
	enum verdict worst = VERDICT_SKIPPED;

	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].host == host && u->records[i].verdict > worst)
			worst = u->records[i].verdict;
	return worst;
}

/* The worst of all hosts. */
static enum verdict
worst_verdict(const struct update *u)
{
	enum verdict worst = VERDICT_SKIPPED;

	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].verdict > worst)
			worst = u->records[i].verdict;
	return worst;
}

const struct wording *
update_wording(const struct update *u,
    const struct wording verdicts[static VERDICT__MAX],
    const struct wording errors[static ERR__MAX])
{
	if (u->result == ERR_OK)
		return &verdicts[worst_verdict(u)];
	if (errors[u->result].status == 0)
		return &errors[ERR_OK];
	return &errors[u->result];
}

void
update_end(struct update *u)
{
	login_end(&u->login);
	free(u->states);
	u->states = NULL;
	free(u->records);
	u->records = NULL;
	u->record_count = 0;
}
