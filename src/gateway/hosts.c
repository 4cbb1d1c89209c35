#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "base/clock.h"
#include "gateway/hosts.h"

#define WAIT_MS 40 /* between two looks at a turn that another one has */

static enum state_family
family_of(const struct record *r)
{
	return r->address.family == AF_INET ? STATE_IPV4 : STATE_IPV6;
}

/* The record of a host and a family, or NULL. */
static struct record *
find_record(const struct update *u, size_t host, int family)
{
	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].host == u->hosts[host] &&
		    (int)family_of(&u->records[i]) == family)
			return &u->records[i];
	return NULL;
}

static bool
has_open(const struct update *u, size_t host)
{
	for (int f = 0; f < STATE_FAMILIES; f++) {
		const struct record *r = find_record(u, host, f);

		if (r != NULL && record_is_open(r))
			return true;
	}
	return false;
}

static void
end_host(struct update *u, size_t host, enum verdict verdict, const char *why)
{
	for (int f = 0; f < STATE_FAMILIES; f++) {
		struct record *r = find_record(u, host, f);

		if (r == NULL || !record_is_open(r))
			continue;
		r->verdict = verdict;
		if (why == NULL)
			continue;
		error_set(&r->refusal, ERR_BUSY, "%s", why);
		r->why = &r->refusal;
	}
}

static void
out_of_reach(struct update *u, size_t host)
{
	end_host(u, host, VERDICT_BUSY, "the state is out of reach");
}

static void
superseded(struct update *u, size_t host)
{
	end_host(u, host, VERDICT_BUSY, "a newer claim is there");
}

/*
 * Digests
 */

/*
 * Without memory it is random, so that it equals no other: what is not known
 * to be the same must not be believed, nor shared.
 */
static void
digest(const struct buffer *text, uint8_t to[static STATE_DIGEST_LEN])
{
	uint8_t hash[32];

	if (text->failed ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, text->data, text->len, hash) !=
		0)
		arc4random_buf(hash, sizeof hash);
	memcpy(to, hash, STATE_DIGEST_LEN);
}

static void
put_text(struct buffer *to, const char *text)
{
	buffer_puts(to, text != NULL ? text : "-");
	buffer_puts(to, "\n");
}

/*
 * A digest of all that decides how a host is published: whatever may change
 * which record is where, or by which proof, so that nothing is believed that
 * was found under another configuration.
 */
static void
digest_settings(const struct provider *p, const struct host_settings *h,
    uint8_t to[static STATE_DIGEST_LEN])
{
	struct buffer text = { .max = 65536 };
	const int64_t numbers[] = { h->ttl, h->proof.kind, h->proof.request,
		h->proof.port, (int64_t)h->proof.pin_count };

	buffer_add(&text, provider_digest(p), PROVIDER_DIGEST_LEN);
	buffer_add(&text, numbers, sizeof numbers);
	put_text(&text, h->zone);
	put_text(&text, h->proof.ca);
	put_text(&text, h->proof.echo);
	buffer_add(&text, h->proof.pins,
	    h->proof.pin_count * sizeof h->proof.pins[0]);
	digest(&text, to);
	buffer_free(&text);
}

static void
digest_claim(const struct state_claim *c, uint8_t to[static ORDER_CLAIM_LEN])
{
	struct buffer text = { .max = 1024 };
	char address[ADDRESS_TEXT_MAX];

	buffer_add(&text, c->settings, STATE_DIGEST_LEN);
	for (int f = 0; f < STATE_FAMILIES; f++)
		buffer_printf(&text, " %d %s", c->wanted[f].kind,
		    c->wanted[f].kind == VALUE_ADDRESS ?
			address_format(&c->wanted[f].address, address) :
			"");
	digest(&text, to);
	buffer_free(&text);
}

/* What is the same for all claims of a host in this update. */
static void
start_claim(const struct update *u, size_t host, struct state_claim *c)
{
	const struct account_settings *account = u->login.account;

	*c = (struct state_claim){ .host = u->hosts[host]->name,
		.account = account->name };
	digest_settings(providers_get(u->gateway->providers, account->provider),
	    u->hosts[host], c->settings);
}

/* What is wanted of the host now, and until when its certificate is valid. */
static void
fill_claim(const struct update *u, size_t host, struct state_claim *c)
{
	c->expiry = 0;
	for (int f = 0; f < STATE_FAMILIES; f++) {
		const struct record *r = find_record(u, host, f);

		c->wanted[f] = (struct state_value){ .kind = VALUE_UNKNOWN };
		if (r == NULL || !record_is_open(r))
			continue;
		c->wanted[f].kind = r->remove ? VALUE_NONE : VALUE_ADDRESS;
		c->wanted[f].address = r->address;
		if (r->proof.result == ERR_OK &&
		    r->proof.seen.valid_until != 0 &&
		    (c->expiry == 0 || r->proof.seen.valid_until < c->expiry))
			c->expiry = r->proof.seen.valid_until;
	}
}

/*
 * The steps
 */

static void
recall_host(struct update *u, size_t host)
{
	struct host_state *k = &u->states[host];

	start_claim(u, host, &k->claim);
	fill_claim(u, host, &k->claim);
	if (u->claim.force)
		return;
	switch (store_is_applied(u->store, &k->claim,
	    u->gateway->settings->state.refresh_ms)) {
	case STORE_YES:
		end_host(u, host, VERDICT_NOCHG, NULL);
		break;
	case STORE_OUT_OF_REACH:
		out_of_reach(u, host);
		break;
	default:
		break;
	}
}

enum err
hosts_recall(struct update *u)
{
	if (u->store == NULL)
		return ERR_OK;
	if ((u->states = calloc(u->host_count, sizeof *u->states)) == NULL)
		return error_memory(&u->why);
	for (size_t i = 0; i < u->host_count; i++)
		if (has_open(u, i))
			recall_host(u, i);
	return ERR_OK;
}

/* The verdicts of an equal update that was under way count for this one. */
static void
share(struct update *u, size_t host, const int verdicts[static ORDER_VERDICTS])
{
	for (int f = 0; f < STATE_FAMILIES; f++) {
		struct record *r = find_record(u, host, f);

		if (r == NULL || !record_is_open(r))
			continue;
		r->verdict = (enum verdict)verdicts[f];
		error_set(&r->refusal, ERR_BUSY, "as an equal update found");
		r->why = &r->refusal;
	}
}

/* False: another one is at work. */
static bool
take_turn(struct update *u, size_t host)
{
	struct host_state *k = &u->states[host];
	int verdicts[ORDER_VERDICTS] = { 0 };

	k->kept = clock_now();
	switch (store_take(u->store, k->claim.host, &k->turn, verdicts)) {
	case ORDER_WAIT:
		return false;
	case ORDER_MINE:
		k->is_mine = true;
		break;
	case ORDER_SHARED:
		share(u, host, verdicts);
		break;
	case ORDER_SUPERSEDED:
		superseded(u, host);
		break;
	case ORDER_OUT_OF_REACH:
		out_of_reach(u, host);
		break;
	}
	return true;
}

/* Once an update: what is at stake, and when it came. */
static void
make_turn(struct update *u, size_t host)
{
	struct turn *t = &u->states[host].turn;

	if (t->id != 0)
		return;
	t->arrival = u->request->arrival;
	(void)gnutls_rnd(GNUTLS_RND_NONCE, &t->id, sizeof t->id);
	t->id >>= 1; /* fits the integers of every database */
	t->id += t->id == 0;
	digest_claim(&u->states[host].claim, t->claim);
}

void
hosts_announce(struct update *u)
{
	for (size_t i = 0; i < u->host_count; i++) {
		struct host_state *k = &u->states[i];

		if (!has_open(u, i))
			continue;
		make_turn(u, i);
		(void)take_turn(u, i);
		if (k->is_mine)
			store_give(u->store, k->claim.host, &k->turn, NULL);
		k->is_mine = false;
	}
}

/* All updates take turns in this order, so that no two wait for each other. */
static int
compare_hosts(const void *a, const void *b)
{
	return strcmp((*(struct host_state *const *)a)->claim.host,
	    (*(struct host_state *const *)b)->claim.host);
}

void
hosts_take_turns(struct update *u, int64_t deadline)
{
	const struct timespec pause = { 0, WAIT_MS * 1000000L };
	struct host_state *sorted[SETTINGS_HOSTS_MAX];
	size_t count = 0;

	if (u->store == NULL)
		return;
	for (size_t i = 0; i < u->host_count; i++) {
		if (!has_open(u, i))
			continue;
		make_turn(u, i);
		sorted[count++] = &u->states[i];
	}
	qsort(sorted, count, sizeof *sorted, compare_hosts);
	for (size_t i = 0; i < count; i++) {
		size_t host = (size_t)(sorted[i] - u->states);
		int64_t kept = clock_now();

		while (!take_turn(u, host)) {
			if (clock_left(deadline) == 0) {
				end_host(u, host, VERDICT_BUSY,
				    "another update of the host is under way");
				break;
			}
			nanosleep(&pause, NULL);
			if (clock_now() - kept < HOSTS_TICK_MS)
				continue;
			(void)hosts_keep_turns(u);
			kept = clock_now();
		}
	}
}

/*
 * A store that does not answer for a moment does no harm; but once the lease is
 * over, another machine may have begun.
 */
static void
keep_turn(struct update *u, size_t host)
{
	struct host_state *k = &u->states[host];
	int64_t now = clock_now();

	switch (store_keep(u->store, k->claim.host, &k->turn)) {
	case ORDER_SUPERSEDED:
		superseded(u, host);
		break;
	case ORDER_OUT_OF_REACH:
		if (clock_left(k->kept + ORDER_LEASE_MS / 2) == 0)
			out_of_reach(u, host);
		break;
	default:
		k->kept = now;
		break;
	}
}

bool
hosts_keep_turns(struct update *u)
{
	if (u->store == NULL)
		return true;
	for (size_t i = 0; i < u->host_count; i++)
		if (u->states[i].is_mine && has_open(u, i))
			keep_turn(u, i);
	return update_has_open(u);
}

void
hosts_intend(struct update *u, size_t host)
{
	struct host_state *k;

	if (u->store == NULL || !has_open(u, host))
		return;
	k = &u->states[host];
	/* The turn may have been lost since it was looked at. */
	keep_turn(u, host);
	if (!has_open(u, host))
		return;
	/*
	 * A record that was withheld or refused since then is not to be
	 * written.
	 */
	fill_claim(u, host, &k->claim);
	if (store_intend(u->store, &k->claim, k->old) != ERR_OK)
		out_of_reach(u, host);
}

/* "192.0.2.1", "none", or NULL. */
static const char *
value_name(const struct state_value *v, char text[static ADDRESS_TEXT_MAX])
{
	return v->kind == VALUE_ADDRESS ? address_format(&v->address, text) :
	    v->kind == VALUE_NONE	? "none" :
					  NULL;
}

static void
record_event(struct update *u, const struct host_state *k,
    const struct record *r)
{
	char source[ADDRESS_TEXT_MAX], old[ADDRESS_TEXT_MAX],
	    new[ADDRESS_TEXT_MAX];
	bool failed = verdict_is_failure(r->verdict);
	const struct certificate_seen *seen = &r->proof.seen;
	struct state_event e = { .at = time(NULL),
		.account = u->login.account->name,
		.host = r->host->name,
		.type = address_type(&r->address),
		.old = value_name(&k->old[family_of(r)], old),
		.new = r->remove ? "none" : address_format(&r->address, new),
		.verdict = verdict_word(r->verdict),
		.reason = failed ? (r->why != NULL ? r->why->text : "") : NULL,
		.issuer = seen->issuer[0] != '\0' ? seen->issuer : NULL,
		.serial = seen->serial[0] != '\0' ? seen->serial : NULL,
		.key = seen->key[0] != '\0' ? seen->key : NULL,
		.expiry = seen->valid_until,
		.proof_ms = r->proof.how != NULL ?
		    r->proof.ended - r->proof.started :
		    0,
		.provider_ms = u->provider_ms,
		.request = u->id[0] != '\0' ? u->id : NULL };

	if (u->has_source)
		e.source = address_format(&u->source, source);
	store_record(u->store, &e);
}

/*
 * Is it worth a line of the history: a change, or a refusal that this update
 * found itself?
 */
static bool
is_news(const struct record *r, bool mine)
{
	switch (r->verdict) {
	case VERDICT_ADDRESS:
		return true;
	case VERDICT_GOOD:
	case VERDICT_PROOF:
	case VERDICT_PROVIDER:
	case VERDICT_BUSY:
		return mine;
	default:
		return false;
	}
}

/* What became of the write of a record that the provider was asked for. */
static enum state_outcome
outcome_of(const struct publication *p)
{
	switch (p->result) {
	case ERR_OK:
		return OUTCOME_APPLIED;
	case ERR_TOKEN:
	case ERR_ZONE:
	case ERR_REFUSED:
		return OUTCOME_ENDED;
	default:
		return OUTCOME_OPEN;
	}
}

/* Which families of one host does the provider certainly have? */
static void
learn_host(struct update *u, size_t host)
{
	struct host_state *k = &u->states[host];
	int verdicts[ORDER_VERDICTS] = { 0 };
	enum state_outcome outcomes[STATE_FAMILIES] = { OUTCOME_OPEN };
	bool asked = false;

	for (int f = 0; f < STATE_FAMILIES; f++) {
		const struct record *r = find_record(u, host, f);

		if (r == NULL)
			continue;
		verdicts[f] = r->verdict;
		if (r->publication.leave != LEAVE_GIVEN ||
		    r->publication.name == NULL)
			continue;
		asked = true;
		outcomes[f] = outcome_of(&r->publication);
	}
	if (asked)
		store_apply(u->store, &k->claim, outcomes);
	if (k->is_mine)
		store_give(u->store, k->claim.host, &k->turn,
		    has_open(u, host) ? NULL : verdicts);
	k->is_mine = false;
}

void
hosts_learn(struct update *u)
{
	if (u->store == NULL || u->states == NULL)
		return;
	for (size_t i = 0; i < u->host_count; i++) {
		bool mine = u->states[i].is_mine;

		learn_host(u, i);
		for (int f = 0; f < STATE_FAMILIES; f++) {
			const struct record *r = find_record(u, i, f);

			if (r != NULL && is_news(r, mine))
				record_event(u, &u->states[i], r);
		}
	}
}
