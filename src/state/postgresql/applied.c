/*
 * applied.c - which address a host certainly has at the provider.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "state/hex.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define CACHE_MS 300000 /* what this machine knew serves for so long */

/* Milliseconds of the database's clock, which all machines share. */
#define NOW "CAST(extract(epoch FROM now()) * 1000 AS BIGINT)"

/* Columns: ipv4, ipv6, at4, at6, since4, since6, settings, intent, now. */
#define COLUMNS                                                               \
	"SELECT ipv4, ipv6, at4, at6, since4, since6, settings, intent, " NOW \
	" FROM ddnsgate_host WHERE name = $1"

struct row {
	struct applied applied;
	int64_t now;
};

static void
read_row(const PGresult *r, struct row *row)
{
	for (int f = 0; f < STATE_FAMILIES; f++) {
		row->applied.value[f] = value_parse(column_text(r, 0, f));
		row->applied.at[f] = column_number(r, 0, 2 + f);
		row->applied.since[f] = column_number(r, 0, 4 + f);
	}
	hex_read(row->applied.settings, STATE_DIGEST_LEN, column_text(r, 0, 6));
	row->applied.intent = (unsigned int)column_number(r, 0, 7);
	row->now = column_number(r, 0, 8);
}

enum store_answer
postgresql_is_applied(struct store *st, const struct state_claim *c,
    int64_t refresh_ms)
{
	struct published_query q = { .claim = c };
	struct parameters p = { .count = 0 };
	struct row row;
	int64_t known_at;
	bool was_known =
	    published_ask(&st->state->shared->published, &q, &known_at);
	bool known = false;
	PGresult *r;

	add_text(&p, c->host);
	r = connection_ask((struct postgresql *)st, COLUMNS, &p);
	if (r == NULL)
		return was_known && clock_now() - known_at < CACHE_MS ?
		    STORE_YES :
		    STORE_OUT_OF_REACH;
	if (PQntuples(r) == 1) {
		read_row(r, &row);
		known = applied_has(&row.applied, c, refresh_ms, row.now);
	}
	PQclear(r);
	if (known)
		published_tell(&q, clock_now());
	else
		published_drop(&st->state->shared->published, c->host);
	return known ? STORE_YES : STORE_NO;
}

/* A change to the row of a host. */
struct change {
	const struct state_claim *claim;
	const enum state_outcome *outcomes; /* NULL: an intent */
	struct state_value *old; /* of an intent: gets what was there */
};

/* Changes a row that was read as change says. */
static void
apply_change(struct row *row, const struct change *change)
{
	const struct state_claim *c = change->claim;

	if (change->old != NULL)
		memcpy(change->old, row->applied.value,
		    sizeof row->applied.value);

	if (memcmp(row->applied.settings, c->settings, STATE_DIGEST_LEN) != 0)
		row->applied.intent |= INTENT_DOUBTS;
	if (change->outcomes == NULL)
		applied_intend(&row->applied, c, row->now);
	else
		applied_conclude(&row->applied, c, change->outcomes, row->now);
}

static bool
write_row(struct postgresql *q, const struct change *change,
    const struct row *row, int64_t deadline, enum obstacle *met,
    struct error *why)
{
	const struct state_claim *c = change->claim;
	char text[STATE_FAMILIES][ADDRESS_TEXT_MAX];
	char settings[2 * STATE_DIGEST_LEN + 1];
	struct parameters p = { .count = 0 };

	add_text(&p, c->host);
	add_text(&p, c->account);
	for (int f = 0; f < STATE_FAMILIES; f++)
		add_text(&p, value_text(&row->applied.value[f], text[f]));
	for (int f = 0; f < STATE_FAMILIES; f++)
		add_number(&p, row->applied.at[f]);
	for (int f = 0; f < STATE_FAMILIES; f++)
		add_number(&p, row->applied.since[f]);
	add_text(&p, hex_write(c->settings, STATE_DIGEST_LEN, settings));
	add_number(&p, row->applied.intent);
	add_number(&p, change->outcomes != NULL ? time(NULL) : 0);
	add_number(&p, c->expiry);
	return connection_do(q->connection,
	    "UPDATE ddnsgate_host SET account = $2, ipv4 = $3,"
	    " ipv6 = $4, at4 = $5, at6 = $6, since4 = $7,"
	    " since6 = $8, settings = $9, intent = $10,"
	    " applied_at = CASE WHEN CAST($11 AS BIGINT) = 0 THEN applied_at"
	    " ELSE $11 END, expiry = CASE WHEN CAST($12 AS BIGINT) = 0"
	    " THEN expiry ELSE $12 END WHERE name = $1",
	    &p, deadline, met, why);
}

static bool
change_row(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	const struct change *change = data;
	struct parameters p = { .count = 0 };
	struct row row;
	PGresult *r;

	add_text(&p, change->claim->host);
	if (!connection_do(q->connection,
		"INSERT INTO ddnsgate_host (name) VALUES ($1)"
		" ON CONFLICT (name) DO NOTHING",
		&p, deadline, met, why))
		return false;
	r = connection_run(q->connection, COLUMNS " FOR UPDATE", &p, deadline,
	    met, why);
	if (r == NULL)
		return false;
	read_row(r, &row);
	PQclear(r);
	apply_change(&row, change);
	return write_row(q, change, &row, deadline, met, why);
}

enum err
postgresql_intend(struct store *st, const struct state_claim *c,
    struct state_value *old)
{
	struct change change = { .claim = c, .old = old };
	bool done = connection_transaction((struct postgresql *)st, change_row,
	    &change);

	/* It may have been committed, though the answer was lost. */
	published_drop(&st->state->shared->published, c->host);
	return done ? ERR_OK : ERR_UNREACHABLE;
}

void
postgresql_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome *outcomes)
{
	struct change change = { .claim = c, .outcomes = outcomes };

	(void)connection_transaction((struct postgresql *)st, change_row,
	    &change);
}

bool
postgresql_forget(struct store *st, const char *host)
{
	struct parameters p = { .count = 0 };
	bool found;
	PGresult *r;

	add_text(&p, host);
	r = connection_ask((struct postgresql *)st,
	    "UPDATE ddnsgate_host SET settings = '' WHERE name = $1", &p);
	found = r != NULL && strcmp(PQcmdTuples(r), "0") != 0;
	PQclear(r);
	return found;
}

enum err
postgresql_check(struct store *st, struct error *why)
{
	PGresult *r = connection_ask((struct postgresql *)st, "SELECT 1", NULL);

	PQclear(r);
	return r != NULL ?
	    ERR_OK :
	    error_set(why, ERR_UNREACHABLE, "the database does not answer");
}

enum err
postgresql_count_intents(struct store *st, int64_t *count)
{
	struct parameters p = { .count = 0 };
	PGresult *r;

	add_number(&p, INTENT_WRITES);
	r = connection_ask((struct postgresql *)st,
	    "SELECT count(*) FROM ddnsgate_host WHERE (intent & $1) <> 0", &p);
	if (r == NULL)
		return ERR_UNREACHABLE;
	*count = column_number(r, 0, 0);
	PQclear(r);
	return ERR_OK;
}
