/*
 * tally.c - what one request adds to the counters of metrics.h.
 */
#include "config.h"

#include "base/clock.h"
#include "gateway/metrics.h"
#include "gateway/update.h"

struct tally
tally_new(enum protocol protocol)
{
	return (struct tally){ .protocol = protocol,
		.whole_ms = -1,
		.login_ms = -1,
		.proofs_ms = -1,
		.provider_ms = -1 };
}

static const enum outcome of_verdicts[VERDICT__MAX] = {
	[VERDICT_SKIPPED] = OUTCOME_LEFT,
	[VERDICT_NOCHG] = OUTCOME_NOCHG,
	[VERDICT_GOOD] = OUTCOME_GOOD,
	[VERDICT_OPEN] = OUTCOME_BUSY,
	[VERDICT_WITHHELD] = OUTCOME_HELD,
	[VERDICT_ADDRESS] = OUTCOME_ADDRESS,
	[VERDICT_PROOF] = OUTCOME_PROOF,
	[VERDICT_PROVIDER] = OUTCOME_PROVIDER,
	[VERDICT_BUSY] = OUTCOME_BUSY,
};

static enum outcome
of_error(enum err code)
{
	switch (code) {
	case ERR_AUTH:
		return OUTCOME_LOGIN;
	case ERR_TOO_MANY_FAILURES:
	case ERR_TOO_MANY_PROOFS:
		return OUTCOME_LIMIT;
	case ERR_LOGINS_BUSY:
		return OUTCOME_LOGINS_BUSY;
	case ERR_UPDATES_BUSY:
		return OUTCOME_UPDATES_BUSY;
	case ERR_REQUEST:
	case ERR_NOT_A_NAME:
	case ERR_TOO_MANY_NAMES:
		return OUTCOME_REQUEST;
	case ERR_NOT_YOURS:
		return OUTCOME_HOST;
	case ERR_NOT_FOUND:
		return OUTCOME_PATH;
	case ERR_METHOD:
		return OUTCOME_METHOD;
	case ERR_ABANDONED:
		return OUTCOME_ABANDONED;
	default:
		return OUTCOME_FAULT;
	}
}

enum login_outcome
tally_login(const struct login *l, enum err rc)
{
	switch (rc) {
	case ERR_OK:
		return l->recent ? LOGIN_RECENT : LOGIN_RIGHT;
	case ERR_AUTH:
		return l->user[0] != '\0' ? LOGIN_WRONG : LOGIN_NONE;
	case ERR_TOO_MANY_FAILURES:
		return LOGIN_LIMIT;
	case ERR_LOGINS_BUSY:
		return LOGIN_BUSY;
	default:
		return LOGIN_NOT_TRIED;
	}
}

static enum proof_outcome
outcome_of_proof(const struct proof *p)
{
	if (!p->done || (p->result != ERR_OK && p->result != ERR_PROOF))
		return PROOF_FAULT;
	if (p->result == ERR_OK)
		return PROOF_GOOD;
	return p->seen.key[0] != '\0' ? PROOF_REFUSED : PROOF_NO_ANSWER;
}

static enum call_outcome
outcome_of_publication(const struct publication *p)
{
	switch (p->done ? p->result : ERR_UNREACHABLE) {
	case ERR_OK:
		return p->changed ? CALL_WRITTEN : CALL_UNCHANGED;
	case ERR_ABANDONED:
		return CALL_READ;
	case ERR_REFUSED:
		return CALL_REFUSED;
	case ERR_TOKEN:
		return CALL_TOKEN;
	case ERR_ZONE:
		return CALL_ZONE;
	case ERR_BUSY:
		return CALL_BUSY;
	case ERR_UNREACHABLE:
		return CALL_UNREACHABLE;
	default:
		return CALL_FAULT;
	}
}

/* Of several records, the one that went worst; a write is more than a read. */
static enum call_outcome
worse(enum call_outcome a, enum call_outcome b)
{
	static const int order[CALL__COUNT] = { [CALL_NONE] = 0,
		[CALL_READ] = 1,
		[CALL_UNCHANGED] = 2,
		[CALL_WRITTEN] = 3,
		[CALL_REFUSED] = 4,
		[CALL_ZONE] = 5,
		[CALL_TOKEN] = 6,
		[CALL_BUSY] = 7,
		[CALL_UNREACHABLE] = 8,
		[CALL_FAULT] = 9 };

	return order[a] > order[b] ? a : b;
}

void
tally_call(struct tally *t, const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct publication *p = &u->records[i].publication;

		if (p->name != NULL)
			t->call = worse(t->call, outcome_of_publication(p));
	}
	if (t->call == CALL_NONE)
		return;
	t->provider = u->login.account->provider;
	t->provider_ms = u->provider_ms;
}

static void
add_proofs(struct tally *t, const struct update *u)
{
	for (size_t i = 0; i < u->record_count; i++) {
		const struct proof *p = &u->records[i].proof;

		if (p->how == NULL || p->how->kind == PROOF_NONE)
			continue;
		t->proofs[p->address.family == AF_INET ? 0 : 1]
			 [outcome_of_proof(p)]++;
		t->proofs_ms = u->proofs_ms;
	}
}

void
tally_update(struct tally *t, const struct update *u)
{
	t->outcome = u->result == ERR_OK ? of_verdicts[update_verdict(u)] :
					   of_error(u->result);
	t->login = tally_login(&u->login,
	    u->login.account != NULL ? ERR_OK : u->result);
	if (t->login == LOGIN_NOT_TRIED)
		return;
	t->whole_ms = (int)(clock_now() - u->request->start);
	if (t->login != LOGIN_NONE)
		t->login_ms = u->login_ms;
	add_proofs(t, u);
	if (!update_is_late(u))
		tally_call(t, u);
}

void
tally_page(struct tally *t, int status)
{
	static const struct {
		int status;
		enum outcome outcome;
	} known[] = { { 200, OUTCOME_GOOD }, { 304, OUTCOME_NOCHG },
		{ 400, OUTCOME_REQUEST }, { 401, OUTCOME_LOGIN },
		{ 403, OUTCOME_HOST }, { 404, OUTCOME_PATH },
		{ 405, OUTCOME_METHOD }, { 429, OUTCOME_LIMIT },
		{ 503, OUTCOME_BUSY } };

	t->outcome = OUTCOME_FAULT;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].status == status)
			t->outcome = known[i].outcome;
	if (t->login == LOGIN_BUSY)
		t->outcome = OUTCOME_LOGINS_BUSY;
}
