/*
 * update.c - the whole job.  Read update_run() first.
 */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/activity.h"
#include "base/clock.h"
#include "gateway/budget.h"
#include "gateway/hosts.h"
#include "gateway/notice.h"
#include "gateway/plan.h"
#include "gateway/slow.h"
#include "gateway/update.h"
#include "gateway/work.h"
#include "https/exchange.h"

#define PLACE_MS 2000 /* longest wait for a place among the slow workers */
#define LOOK_MS	 20   /* between two looks for one */

/* The steps, told below in this order. */
static enum err authenticate(struct update *u);
static enum err read_claim(struct update *u);
static enum err recall(struct update *u);
static enum err check_client(struct update *u);
static bool enter(struct update *u);
static enum err charge(struct update *u);
static void discharge(struct update *u);
static void judge_provider(const struct update *u);
static enum err work(struct update *u);
static void conclude(struct update *u);

enum err
update_run(struct update *u)
{
	enum err rc;

	if ((rc = authenticate(u)) == ERR_OK &&
	    (rc = read_claim(u)) == ERR_OK && (rc = plan_make(u)) == ERR_OK &&
	    (rc = recall(u)) == ERR_OK && update_has_open(u) &&
	    (rc = check_client(u)) == ERR_OK)
		rc = work(u);
	u->result = rc;
	return rc;
}

/*
 * The steps that may take seconds, so only a part of the workers may be here
 * at a time.  Requests that are under way at the provider when the router gets
 * its reply are finished after that.
 */
static enum err
work(struct update *u)
{
	int64_t reply = u->request->start + UPDATE_MS;
	enum err rc;

	if ((rc = charge(u)) != ERR_OK)
		return rc;
	activity_set(ACTIVITY_WAITING);
	if (!enter(u)) {
		discharge(u);
		return error_set(&u->why, ERR_UPDATES_BUSY,
		    "too many updates wait for web servers or providers");
	}
	hosts_take_turns(u, reply);
	u->work = work_start(u, reply, reply + UPDATE_LATE_MS);
	if (u->work != NULL)
		work_run(u->work);
	if (update_is_late(u))
		judge_provider(u);
	else
		conclude(u);
	return u->abandoned ? error_set(&u->why, ERR_ABANDONED,
				  "the client did not wait for an answer") :
			      ERR_OK;
}

/* Is there a host that must prove itself? */
static bool
needs_proof(const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (record_is_open(r) && !r->remove &&
		    r->host->proof.kind != PROOF_NONE)
			return true;
	}
	return false;
}

/* Was a proof begun that did not succeed?  What we lack does not count. */
static bool
has_unproved(const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct proof *p = &u->records[i].proof;

		if (p->how != NULL && (!p->done || p->result == ERR_PROOF))
			return true;
	}
	return false;
}

/* Takes a failure in advance of what the account may have. */
static enum err
charge(struct update *u)
{
	if (!needs_proof(u))
		return ERR_OK;
	u->charged = budget_take(u->gateway->budget, u->login.account->name,
	    &u->retry_after);
	return u->charged ? ERR_OK :
			    error_set(&u->why, ERR_TOO_MANY_PROOFS,
				"too many proofs of the account have failed");
}

/* Gives it back, if no proof has failed. */
static void
discharge(struct update *u)
{
	if (u->charged && !has_unproved(u))
		budget_give_back(u->gateway->budget, u->login.account->name);
	u->charged = false;
}

/* Its name for slow.h: one provider among several, or NULL. */
static const char *
provider_of(const struct update *u)
{
	const struct settings *s = u->gateway->settings;

	return s->provider_count > 1 ?
	    s->providers[u->login.account->provider].name :
	    NULL;
}

/*
 * Has the provider answered whatever it was asked?  What is under way when the
 * router gets its reply has no answer yet.
 */
static void
judge_provider(const struct update *u)
{
	const char *provider = provider_of(u);
	bool answered = false, silent = update_is_late(u);

	for (size_t i = 0; i < u->record_count; i++) {
		const struct publication *p = &u->records[i].publication;

		if (p->name == NULL || !p->done || p->leave != LEAVE_GIVEN)
			continue;
		silent = silent || p->result == ERR_UNREACHABLE;
		answered = answered || p->result != ERR_UNREACHABLE;
	}
	if (provider != NULL && (answered || silent))
		slow_judge_provider(u->gateway->slow, provider, !silent);
}

/*
 * Takes a place among the slow workers.  If older updates of the account have
 * all of its places, the newest makes those stop that want another address for
 * the same host, and waits for the place of one of them.
 */
static bool
enter(struct update *u)
{
	const struct timespec pause = { 0, LOOK_MS * 1000000L };
	const char *account = u->login.account->name;
	const char *provider = provider_of(u);
	bool entered;
	struct slow *slow = u->gateway->slow;
	int64_t end = clock_now() + PLACE_MS, arrival = u->request->arrival;

	if (slow_enter(slow, account, provider))
		return true;
	if (u->store == NULL || !slow_next(slow, account, provider, arrival))
		return false;
	hosts_announce(u);
	do {
		nanosleep(&pause, NULL);
		entered = slow_enter(slow, account, provider);
	} while (!entered && update_has_open(u) && clock_left(end) > 0 &&
	    slow_next(slow, account, provider, arrival));
	slow_stop_waiting(slow);
	return entered;
}

/* Keeps the verdicts, for the next update and for those that wait. */
static void
conclude(struct update *u)
{
	work_end(u->work);
	u->work = NULL;
	hosts_learn(u);
	discharge(u);
	judge_provider(u);
	slow_leave(u->gateway->slow, u->login.account->name,
	    !has_unproved(u) && !u->held_back);
}

bool
update_is_late(const struct update *u)
{
	return u->work != NULL && work_goes_on(u->work);
}

bool
update_is_unchecked(const struct update *u)
{
	return u->login.unchecked != NULL;
}

void
update_check_late(struct update *u)
{
	activity_set(ACTIVITY_LOGIN);
	account_check_late(u->gateway->accounts, &u->login);
}

bool
update_go_on(struct update *u, int64_t until)
{
	u->request = NULL;
	work_go_on(u->work, until);
	if (update_is_late(u))
		return false;
	conclude(u);
	return true;
}

/* From the credential to the account and the token. */
static enum err
authenticate(struct update *u)
{
	const struct request *q = u->request;
	const struct accounts *accounts = u->gateway->accounts;
	int64_t start = clock_now();
	struct address unknown = { .family = AF_INET };
	const struct address *source, *counted;
	const char *user, *token;
	enum err rc;

	u->has_source = request_source(q, &u->source);
	source = u->has_source ? &u->source : NULL;
	/* Clients that cannot be told apart are counted as one. */
	counted = source != NULL ? source : &unknown;
	activity_pass(ACTIVITY_LOGIN);
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

/* From the parameters to the records. */
static enum err
read_claim(struct update *u)
{
	return claim_read(&u->claim, u->request, u->login.account, &u->rules,
	    &u->why);
}

/*
 * What the state knows of the hosts.  Where that leaves nothing to do, the
 * addresses that are not to be published are told to it here.
 */
static enum err
recall(struct update *u)
{
	enum err rc;

	/* A file answers at once. */
	if (u->store != NULL &&
	    settings_is_database(u->gateway->settings->state.place))
		activity_set(ACTIVITY_STATE);
	else
		activity_pass(ACTIVITY_STATE);
	if ((rc = hosts_recall(u)) == ERR_OK && !update_has_open(u))
		hosts_learn(u);
	return rc;
}

/* Does the client still wait?  Asked before the expensive steps. */
static enum err
check_client(struct update *u)
{
	if (!request_abandoned(u->request))
		return ERR_OK;
	return error_set(&u->why, ERR_ABANDONED,
	    "the client did not wait for an answer");
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

bool
record_is_open(const struct record *r)
{
	return r->verdict == VERDICT_OPEN;
}

bool
update_has_open(const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++)
		if (record_is_open(&u->records[i]))
			return true;
	return false;
}

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

enum verdict
update_verdict(const struct update *u)
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
		return &verdicts[update_verdict(u)];
	if (errors[u->result].status == 0)
		return &errors[ERR_OK];
	return &errors[u->result];
}

void
update_end(struct update *u)
{
	if (u->work != NULL)
		conclude(u);
	login_end(&u->login);
	free(u->states);
	u->states = NULL;
	free(u->records);
	u->records = NULL;
	u->record_count = 0;
}
