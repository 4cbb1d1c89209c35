/*
 * applied.c - which address a host certainly has at the provider.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "base/clock.h"
#include "state/sqlite/connection.h"
#include "state/sqlite/epoch.h"
#include "state/sqlite/sqlite.h"

struct host_row {
	struct applied applied;
	int64_t epoch, sum, applied_at;
};

/*
 * Over all that a nochg leans on, so that a row which a bad disk changed is not
 * believed.
 */
static int64_t
sum_of(const char *host, const struct host_row *r)
{
	char all[1024 + STATE_DIGEST_LEN], text[2][ADDRESS_TEXT_MAX];
	const char *v[STATE_FAMILIES];
	uint8_t hash[32] = { 0 };
	int64_t sum;
	size_t len;

	for (int f = 0; f < STATE_FAMILIES; f++)
		if ((v[f] = value_text(&r->applied.value[f], text[f])) == NULL)
			v[f] = "?";
	snprintf(all, 1024, "%s %s %" PRId64 " %s %" PRId64 " %u %" PRId64 " ",
	    host, v[STATE_IPV4], r->applied.at[STATE_IPV4], v[STATE_IPV6],
	    r->applied.at[STATE_IPV6], r->applied.intent, r->epoch);
	len = strlen(all);
	memcpy(all + len, r->applied.settings, STATE_DIGEST_LEN);
	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, all, len + STATE_DIGEST_LEN,
	    hash);
	memcpy(&sum, hash, sizeof sum);
	return sum;
}

/* SQLITE_OK with *found, or an error. */
static int
read_row(struct sqlite *q, const char *host, struct host_row *r, bool *found)
{
	sqlite3_stmt *st = statement(q, READ_APPLIED);
	int rc;

	*r = (struct host_row){ .epoch = 0 };
	*found = false;
	/* Not copied, as bind_text() would: it is needed for one step. */
	sqlite3_bind_text(st, 1, host, -1, SQLITE_STATIC);
	if ((rc = statement_step(q, st)) == SQLITE_ROW) {
		for (int f = 0; f < STATE_FAMILIES; f++) {
			r->applied.value[f] = value_parse(
			    (const char *)sqlite3_column_text(st, f));
			r->applied.at[f] = sqlite3_column_int64(st, 2 + f);
			r->applied.since[f] = sqlite3_column_int64(st, 4 + f);
		}
		if (sqlite3_column_bytes(st, 6) == STATE_DIGEST_LEN)
			memcpy(r->applied.settings, sqlite3_column_blob(st, 6),
			    STATE_DIGEST_LEN);
		r->applied.intent = (unsigned int)sqlite3_column_int(st, 7);
		r->epoch = sqlite3_column_int64(st, 8);
		r->sum = sqlite3_column_int64(st, 9);
		r->applied_at = sqlite3_column_int64(st, 10);
		*found = true;
		rc = SQLITE_DONE;
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool
is_believed(const struct sqlite *q, const char *host, const struct host_row *r)
{
	int64_t epoch = atomic_load(&q->store.state->shared->epoch);

	return epoch != 0 && q->marker == epoch && r->epoch == epoch &&
	    r->sum == sum_of(host, r);
}

/*
 * Does the memory of this pool hold while the directory looks as it does?  Only
 * who was alone with the file in the beginning is told by the others.
 */
static bool
is_settled(const struct sqlite *q)
{
	return q->looked && atomic_load(&q->store.state->shared->alone);
}

/* What must be the same for a row that was read to be believed unread. */
struct context {
	int64_t epoch, marker;
	uint64_t file, device, inode, changed;
};

static struct context
context_of(const struct sqlite *q)
{
	return (struct context){
		.epoch = atomic_load(&q->store.state->shared->epoch),
		.marker = q->marker,
		.file = q->file,
		.device = q->look.device,
		.inode = q->look.inode,
		.changed = (uint64_t)q->look.changed,
	};
}

enum store_answer
sqlite_is_applied(struct store *st, const struct state_claim *c,
    int64_t refresh_ms)
{
	struct sqlite *q = (struct sqlite *)st;
	struct published *published = &st->state->shared->published;
	struct context context;
	struct published_query ask = { .claim = c,
		.context = &context,
		.context_len = sizeof context };
	struct host_row r;
	int64_t since;
	bool found;
	int rc;

	if (!connection_ready(q))
		return STORE_NO;
	context = context_of(q);
	if (published_ask(published, &ask, &since) && is_settled(q) &&
	    applied_is_fresh(since, refresh_ms, connection_now()))
		return STORE_YES;
	if ((rc = read_row(q, c->host, &r, &found)) != SQLITE_OK) {
		connection_fault(q, rc);
		return STORE_NO;
	}
	if (!found || !is_believed(q, c->host, &r) ||
	    !applied_has(&r.applied, c, refresh_ms, connection_now()))
		return STORE_NO;
	if (is_settled(q))
		published_tell(&ask, applied_since(&r.applied, c));
	return STORE_YES;
}

static int
write_row(struct sqlite *q, const struct state_claim *c, struct host_row *r)
{
	sqlite3_stmt *st = statement(q, WRITE_APPLIED);
	char text[ADDRESS_TEXT_MAX];

	r->epoch = atomic_load(&q->store.state->shared->epoch);
	memcpy(r->applied.settings, c->settings, STATE_DIGEST_LEN);
	r->sum = sum_of(c->host, r);
	bind_text(st, 1, c->host);
	bind_text(st, 2, c->account);
	for (int f = 0; f < STATE_FAMILIES; f++) {
		bind_text(st, 3 + f, value_text(&r->applied.value[f], text));
		sqlite3_bind_int64(st, 5 + f, r->applied.at[f]);
		sqlite3_bind_int64(st, 7 + f, r->applied.since[f]);
	}
	sqlite3_bind_blob(st, 9, c->settings, STATE_DIGEST_LEN,
	    SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 10, r->applied.intent);
	sqlite3_bind_int64(st, 11, r->epoch);
	sqlite3_bind_int64(st, 12, r->sum);
	sqlite3_bind_int64(st, 13, r->applied_at);
	sqlite3_bind_int64(st, 14, c->expiry);
	return statement_run(q, st);
}

/*
 * The row as it may be changed: what is not believed, or was true under another
 * configuration, is unknown.
 */
static int
read_to_change(struct sqlite *q, const struct state_claim *c,
    struct host_row *r)
{
	bool found;
	int rc = read_row(q, c->host, r, &found);

	if (rc == SQLITE_OK && found &&
	    (!is_believed(q, c->host, r) ||
		memcmp(r->applied.settings, c->settings, STATE_DIGEST_LEN) !=
		    0))
		r->applied.intent |= INTENT_DOUBTS;
	return rc;
}

enum err
sqlite_intend(struct store *st, const struct state_claim *c,
    struct state_value *old)
{
	struct sqlite *q = (struct sqlite *)st;
	struct host_row r;
	int rc;

	if (!connection_ready(q)) {
		epoch_end(st->state);
		return ERR_OK;
	}
	if (!epoch_stands(st->state) &&
	    (rc = epoch_find(st->state, q->db, false)) != SQLITE_OK)
		connection_fault(q, rc);
	if (!connection_ready(q)) {
		epoch_end(st->state);
		return ERR_OK;
	}
	if ((rc = connection_begin(q)) == SQLITE_OK)
		rc = read_to_change(q, c, &r);
	if (rc == SQLITE_OK) {
		memcpy(old, r.applied.value, sizeof r.applied.value);
		applied_intend(&r.applied, c, connection_now());
		rc = write_row(q, c, &r);
	}
	if (connection_end(q, rc) != SQLITE_OK)
		epoch_end(st->state);
	epoch_tell(st->state, c->host);
	q->intended = atomic_load(&st->state->shared->epoch);
	return ERR_OK;
}

void
sqlite_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome *outcomes)
{
	struct sqlite *q = (struct sqlite *)st;
	struct host_row r;
	int rc;

	/* In a new epoch another process may have taken the turn since. */
	if (!connection_ready(q) ||
	    q->intended != atomic_load(&st->state->shared->epoch) ||
	    clock_left(atomic_load(&st->state->shared->quiet_until)) > 0)
		return;
	if ((rc = connection_begin(q)) == SQLITE_OK)
		rc = read_to_change(q, c, &r);
	if (rc == SQLITE_OK) {
		applied_conclude(&r.applied, c, outcomes, connection_now());
		r.applied_at = time(NULL);
		rc = write_row(q, c, &r);
	}
	(void)connection_end(q, rc);
}

bool
sqlite_forget(struct store *st, const char *host)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *forget;
	bool found;

	if (!connection_ready(q))
		return false;
	forget = statement(q, FORGET);
	bind_text(forget, 1, host);
	found =
	    statement_run(q, forget) == SQLITE_OK && sqlite3_changes(q->db) > 0;
	epoch_tell(st->state, host);
	return found;
}
