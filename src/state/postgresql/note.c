/*
 * note.c - short texts by their keys, and who tells people what is new.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define LEADER "notifier" /* the row of who tells: its id, and until when */

static bool
put(struct postgresql *q, const char *key, const char *text, int64_t deadline,
    enum obstacle *met, struct error *why)
{
	struct parameters p = { .count = 0 };

	add_text(&p, key);
	add_text(&p, text);
	return connection_do(q->connection,
	    "INSERT INTO ddnsgate_meta (key, value) VALUES ($1, $2)"
	    " ON CONFLICT (key) DO UPDATE SET value = $2",
	    &p, deadline, met, why);
}

/* Who wants the row, or to leave it, and what came of that. */
struct bid {
	uint64_t id;
	bool leaves;
	bool won;
};

/* The row, which a transaction has for itself until its end. */
static PGresult *
take_row(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why)
{
	if (!connection_do(q->connection,
		"INSERT INTO ddnsgate_meta (key, value) VALUES ('" LEADER
		"', '0 0') ON CONFLICT (key) DO NOTHING",
		NULL, deadline, met, why))
		return NULL;
	return connection_run(q->connection,
	    "SELECT value, CAST(extract(epoch FROM now()) * 1000 AS BIGINT)"
	    " FROM ddnsgate_meta WHERE key = '" LEADER "' FOR UPDATE",
	    NULL, deadline, met, why);
}

/* The clock is that of the database. */
static bool
bid(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	struct bid *b = data;
	uint64_t holder = 0;
	int64_t until = 0, now = 0;
	char text[64];
	PGresult *r = take_row(q, deadline, met, why);

	if (r == NULL)
		return false;
	if (PQntuples(r) == 1) {
		(void)sscanf(PQgetvalue(r, 0, 0), "%" SCNx64 " %" SCNd64,
		    &holder, &until);
		now = column_number(r, 0, 1);
	}
	PQclear(r);
	/* One that ends later than any can was made by another clock. */
	b->won = holder == b->id ||
	    (!b->leaves && (until <= now || until > now + STATE_LEAD_MS));
	snprintf(text, sizeof text, "%" PRIx64 " %" PRId64,
	    b->leaves ? 0 : b->id, b->leaves ? 0 : now + STATE_LEAD_MS);
	return !b->won || put(q, LEADER, text, deadline, met, why);
}

bool
postgresql_leads(struct store *st, uint64_t id)
{
	struct bid b = { .id = id };

	return connection_transaction((struct postgresql *)st, bid, &b) &&
	    b.won;
}

void
postgresql_resign(struct store *st, uint64_t id)
{
	struct bid b = { .id = id, .leaves = true };

	(void)connection_transaction((struct postgresql *)st, bid, &b);
}

enum err
postgresql_note(struct store *st, const char *key, struct buffer *text)
{
	struct parameters p = { .count = 0 };
	bool fits = true;
	PGresult *r;

	add_text(&p, key);
	r = connection_ask((struct postgresql *)st,
	    "SELECT value FROM ddnsgate_meta WHERE key = $1", &p);
	if (r == NULL)
		return ERR_UNREACHABLE;
	if (PQntuples(r) == 1)
		fits = buffer_puts(text, PQgetvalue(r, 0, 0));
	PQclear(r);
	return fits ? ERR_OK : ERR_UNREACHABLE;
}

/* A note, to be kept in place of another one, and what came of that. */
struct note {
	const char *key, *before, *text;
	bool same;
};

static bool
keep(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	struct note *n = data;
	struct parameters p = { .count = 0 };
	PGresult *r;

	n->same = true;
	if (n->before == NULL)
		return put(q, n->key, n->text, deadline, met, why);
	add_text(&p, n->key);
	r = connection_run(q->connection,
	    "SELECT value FROM ddnsgate_meta WHERE key = $1 FOR UPDATE", &p,
	    deadline, met, why);
	if (r == NULL)
		return false;
	n->same = strcmp(PQntuples(r) == 1 ? PQgetvalue(r, 0, 0) : "",
		      n->before) == 0;
	PQclear(r);
	return !n->same || put(q, n->key, n->text, deadline, met, why);
}

enum err
postgresql_keep_note(struct store *st, const char *key, const char *before,
    const char *text)
{
	struct note n = { key, before, text, true };

	if (!connection_transaction((struct postgresql *)st, keep, &n))
		return ERR_UNREACHABLE;
	return n.same ? ERR_OK : ERR_NOT_FOUND;
}
