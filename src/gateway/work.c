#include "config.h"

#include <poll.h>
#include <stdlib.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/heap.h"
#include "gateway/hosts.h"
#include "gateway/slow.h"
#include "gateway/targets.h"
#include "gateway/work.h"
#include "https/exchange.h"
#include "proof/proof.h"
#include "provider/provider.h"

#define PLACE_LOOK_MS	100  /* between two looks whether somebody wants it */
#define CONNECTED_MS	1000 /* how much longer a host has that accepted */
#define NETWORK_MS	2000 /* longest wait for a network; see targets.h */
#define NETWORK_LOOK_MS 50   /* between two looks whether it is free */

struct work {
	struct update *update;
	int64_t start, tick, look;
	int64_t reply; /* when the router gets its reply, at the latest */
	int64_t begun; /* when the proofs began */
	int64_t told;  /* the moment at which a failed proof is told */
	struct target_networks wanted; /* by the proofs */
	bool awaits_network;	       /* the proofs have not begun */
	struct proofs *proofs;	       /* NULL: none, or all have ended */
	struct publishing *publishing; /* NULL: nothing is to be published */
	struct proof *proof_list[PROOF_MAX];
	struct publication *publication_list[PUBLICATIONS_MAX];
	bool is_after_reply, gave_up;
	bool decided[SETTINGS_HOSTS_MAX]; /* may it be written or not? */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Has the provider been asked about the record, but not judged it? */
static bool
is_published(const struct record *r)
{
	return r->publication.name != NULL;
}

/* The removal of an address needs no proof. */
static bool
needs_proof(const struct record *r)
{
	return !r->remove;
}

/* Notes which networks the proofs connect to. */
static void
plan_proofs(struct work *w)
{
	const struct update *u = w->update;

	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (record_is_open(r) && needs_proof(r) &&
		    r->host->proof.kind != PROOF_NONE)
			target_add(&w->wanted, &r->address);
	}
	w->awaits_network = true;
}

static void
start_proofs(struct work *w)
{
	struct update *u = w->update;
	size_t count = 0;

	w->awaits_network = false;
	w->begun = clock_now();
	w->told = earlier(w->begun + UPDATE_PROOFS_MS, w->reply);
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r) || !needs_proof(r))
			continue;
		r->proof = (struct proof){ .host = r->host->name,
			.address = r->address,
			.how = &r->host->proof };
		w->proof_list[count++] = &r->proof;
	}
	w->proofs =
	    proofs_start(u->gateway->prover, w->proof_list, count, w->told);
}

/* Leaves what is still open, which is "busy" and may be tried again. */
static void
give_up(struct work *w, const char *why)
{
	struct update *u = w->update;

	w->gave_up = true;
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r))
			continue;
		r->verdict = VERDICT_BUSY;
		error_set(&r->refusal, ERR_BUSY, "%s", why);
		r->why = &r->refusal;
	}
}

/*
 * Begins with the proofs once nobody is in the way, and gives up what is open
 * after NETWORK_MS.  An account whose last proof failed gives way to one whose
 * last proof did not; else the first one stays.
 */
static void
await_network(struct work *w)
{
	struct update *u = w->update;
	struct slow *slow = u->gateway->slow;
	enum targets_answer answer;
	uint64_t holder;
	bool failed;

	if (!w->awaits_network)
		return;
	failed = slow_is_silent(slow, u->login.account->name);
	answer =
	    targets_enter(u->gateway->targets, &w->wanted, failed, &holder);
	if (answer == TARGETS_FREE) {
		start_proofs(w);
	} else if (answer == TARGETS_CROWDED ||
	    clock_now() - w->start >= NETWORK_MS) {
		w->awaits_network = false;
		u->held_back = true;
		give_up(w, "other updates connect to the same network");
	} else if (!failed) {
		slow_ask(slow, holder);
	}
}

static void
start_publishing(struct work *w, int64_t deadline, int64_t late)
{
	struct update *u = w->update;
	size_t count = 0;

	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r))
			continue;
		r->publication = (struct publication){ .name = r->host->name,
			.zone = r->host->zone,
			.ttl = r->host->ttl,
			.address = r->address,
			.remove = r->remove,
			.replace_set = r->host->replace_set,
			.leave = LEAVE_AWAITED };
		w->publication_list[count++] = &r->publication;
	}
	if (count > 0)
		w->publishing =
		    provider_start(providers_get(u->gateway->providers,
				       u->login.account->provider),
			u->exchanges, u->login.token, w->publication_list,
			count, deadline, late);
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

		if (record_is_open(r) && !r->host->partial &&
		    update_host_verdict(u, r->host) > VERDICT_WITHHELD)
			r->verdict = VERDICT_WITHHELD;
	}
}

struct work *
work_start(struct update *u, int64_t deadline, int64_t late)
{
	struct work *w = calloc(1, sizeof *w);
	int64_t now = clock_now();

	if (w == NULL) {
		for (size_t i = 0; i < u->record_count; i++)
			if (record_is_open(&u->records[i]))
				u->records[i].verdict = VERDICT_BUSY;
		return NULL;
	}
	w->update = u;
	w->start = now;
	w->reply = deadline;
	w->tick = now + HOSTS_TICK_MS;
	w->look = now + PLACE_LOOK_MS;
	withhold_siblings(u);
	start_publishing(w, deadline, late);
	plan_proofs(w);
	return w;
}

/*
 * Verdicts
 */

/* The verdict of a record whose proof has ended; its network learns of it. */
static void
judge_proof(struct record *r, struct targets *targets)
{
	if (!record_is_open(r) || !needs_proof(r))
		return;
	if (r->proof.how->kind != PROOF_NONE &&
	    (r->proof.result == ERR_OK || r->proof.result == ERR_PROOF))
		targets_judge(targets, &r->address, r->proof.result == ERR_OK);
	if (r->proof.result == ERR_OK)
		return;
	/* Our own lack of memory or descriptors says nothing of the host. */
	r->verdict = r->proof.result == ERR_PROOF && !heap_lacked() ?
	    VERDICT_PROOF :
	    VERDICT_BUSY;
	r->why = &r->proof.why;
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
	case ERR_ABANDONED:
		return VERDICT_BUSY;
	default:
		return heap_lacked() ? VERDICT_BUSY : VERDICT_PROVIDER;
	}
}

static void
judge_publications(struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (!record_is_open(r) || !is_published(r) ||
		    !r->publication.done)
			continue;
		/* That a provider could be read says nothing of the proof. */
		if (r->publication.leave == LEAVE_AWAITED)
			continue;
		/* json-c leaves out of an answer what it has no memory for. */
		if (r->publication.result == ERR_OK && heap_lacked())
			r->publication.result =
			    error_memory(&r->publication.why);
		r->verdict = verdict_of(&r->publication);
		r->why = &r->publication.why;
	}
}

/* Has a proof of the host failed that nobody is told of yet? */
static bool
has_failed(const struct update *u, const struct host_settings *host)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (r->host == host && record_is_open(r) && needs_proof(r) &&
		    r->proof.done && r->proof.result == ERR_PROOF)
			return true;
	}
	return false;
}

static bool
has_any_failed(const struct update *u)
{
	for (size_t i = 0; i < u->host_count; i++)
		if (has_failed(u, u->hosts[i]))
			return true;
	return false;
}

/* Do all records of the host have their proofs, or other verdicts? */
static bool
is_proved(const struct update *u, const struct host_settings *host)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (r->host == host && record_is_open(r) && needs_proof(r) &&
		    !r->proof.done)
			return false;
	}
	return true;
}

static void
give_leave(struct update *u, const struct host_settings *host, bool wanted)
{
	for (size_t i = 0; i < u->record_count; i++) {
		struct record *r = &u->records[i];

		if (r->host == host && is_published(r) &&
		    r->publication.leave == LEAVE_AWAITED)
			r->publication.leave = wanted && record_is_open(r) ?
			    LEAVE_GIVEN :
			    LEAVE_REFUSED;
	}
}

/*
 * A host whose last proof has ended: may it be written?  Not if its client has
 * gone, or if the store of several machines does not take the intent.
 */
static void
decide(struct work *w, size_t host)
{
	struct update *u = w->update;
	const struct host_settings *h = u->hosts[host];

	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].host == h)
			judge_proof(&u->records[i], u->gateway->targets);
	withhold_siblings(u);
	if (!u->abandoned)
		hosts_intend(u, host);
	give_leave(u, h, !u->abandoned);
	w->decided[host] = true;
}

/*
 * A port that is closed or filtered is tried until the time of the proofs is
 * up, and whatever else fails a proof is kept back until then, with the turn of
 * the host and the worker's place.  So a reply, and how long other requests
 * wait for that turn or place, do not tell what is at an address: whoever may
 * claim addresses could look through foreign networks else.
 */
static void
decide_all(struct work *w)
{
	struct update *u = w->update;

	for (size_t i = 0; i < u->host_count; i++) {
		if (w->decided[i] || !is_proved(u, u->hosts[i]) ||
		    (has_failed(u, u->hosts[i]) && clock_left(w->told) > 0))
			continue;
		/* Does the client still wait?  Else nothing is written. */
		if (u->request != NULL && request_abandoned(u->request))
			u->abandoned = true;
		decide(w, i);
	}
}

/*
 * The loop
 */

/*
 * Gives up the hosts that a newer claim has taken over.  What is published
 * already stays so, and is to be learned.
 */
static void
keep_turns(struct work *w)
{
	struct update *u = w->update;

	w->tick = clock_now() + HOSTS_TICK_MS;
	hosts_keep_turns(u);
	for (size_t i = 0; i < u->record_count; i++)
		if (!record_is_open(&u->records[i]) &&
		    is_published(&u->records[i]) &&
		    !u->records[i].publication.done)
			u->records[i].publication.leave = LEAVE_REFUSED;
}

/*
 * Since when has nothing been heard, so that the place may go to somebody else?
 * Not while the provider is asked, before the reply.  A host that has accepted
 * gets some more time; what a failed proof has shown makes no difference.
 */
static int64_t
quiet_since(const struct work *w)
{
	if (w->is_after_reply)
		return w->reply;
	if (w->awaits_network)
		return w->start;
	if (work_goes_on(w) ||
	    (w->proofs == NULL && !has_any_failed(w->update)))
		return 0;
	if (w->proofs != NULL && proofs_connected(w->proofs))
		return w->begun + CONNECTED_MS;
	return w->begun;
}

/* Tells how it stands, and looks whether somebody asks for the place. */
static void
keep_place(struct work *w)
{
	struct slow *slow = w->update->gateway->slow;

	w->look = clock_now() + PLACE_LOOK_MS;
	slow_quiet(slow, quiet_since(w));
	if (slow_is_asked(slow))
		give_up(w,
		    "gave way to another update, without an answer so far");
}

/* Waits for whatever comes first, and lets the proofs go on. */
static void
wait_once(struct work *w, bool publishing, int64_t until)
{
	struct pollfd fds[PROOFS_FDS_MAX];
	int64_t wake = earlier(until, earlier(w->tick, w->look));
	size_t n = 0;

	if (w->proofs != NULL) {
		n = proofs_fds(w->proofs, fds);
		wake = earlier(wake, proofs_wake(w->proofs));
	}
	if (clock_left(w->told) > 0)
		wake = earlier(wake, w->told);
	if (w->awaits_network)
		wake = earlier(wake, clock_now() + NETWORK_LOOK_MS);
	if (publishing)
		wake = earlier(wake, provider_due(w->publishing));
	if (publishing && provider_in_flight(w->publishing))
		(void)exchanges_wait_with(w->update->exchanges, fds, n, wake);
	else if (poll(fds, n, clock_left(wake)) == -1)
		for (size_t i = 0; i < n; i++)
			fds[i].revents = 0;
	if (w->proofs == NULL)
		return;
	proofs_step(w->proofs, fds);
	if (proofs_open(w->proofs))
		return;
	proofs_end(w->proofs);
	w->proofs = NULL;
	/* A network that is free must not tell what a failed one met. */
	if (!has_any_failed(w->update))
		targets_leave(w->update->gateway->targets);
	activity_set(ACTIVITY_PROVIDER);
	w->update->proofs_ms = (int)(clock_now() - w->begun);
	w->reply = earlier(w->reply,
	    (has_any_failed(w->update) ? w->told : clock_now()) +
		UPDATE_PROVIDER_MS);
}

/* Works until all records have verdicts, or *until comes, which may move. */
static void
run(struct work *w, const int64_t *until)
{
	struct update *u = w->update;
	bool publishing = w->publishing != NULL;

	for (;;) {
		await_network(w);
		decide_all(w);
		publishing = publishing && provider_step(w->publishing);
		judge_publications(u);
		if (!update_has_open(u) && !(publishing && work_goes_on(w)))
			break;
		if (clock_left(*until) == 0)
			break;
		wait_once(w, publishing, *until);
		if (clock_left(w->tick) == 0)
			keep_turns(w);
		if (clock_left(w->look) == 0)
			keep_place(w);
	}
	u->provider_ms = (int)(clock_now() - w->start);
}

void
work_run(struct work *w)
{
	activity_set(ACTIVITY_PROOF);
	run(w, &w->reply);
}

void
work_go_on(struct work *w, int64_t until)
{
	if (!w->is_after_reply)
		w->reply = clock_now();
	w->is_after_reply = true;
	run(w, &until);
}

bool
work_goes_on(const struct work *w)
{
	return w->publishing != NULL && !w->gave_up &&
	    provider_goes_on(w->publishing);
}

void
work_end(struct work *w)
{
	struct update *u;

	if (w == NULL)
		return;
	u = w->update;
	proofs_end(w->proofs);
	targets_leave(u->gateway->targets);
	provider_finish(w->publishing, &u->retry_after);
	judge_publications(u);
	give_up(w, "no time was left for it");
	free(w);
}
