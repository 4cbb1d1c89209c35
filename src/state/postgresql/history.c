/*
 * history.c - what changed and what was refused, and the hosts for people.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define ROWS_MAX 1000 /* of one question; more are asked for from there on */
#define ID_MAX	 32

/*
 * Notes in the row of the host the certificate, or the refusal, that status
 * shows.
 */
static bool
note_event(struct postgresql *q, const struct state_event *e, int64_t deadline,
    enum obstacle *met, struct error *why)
{
	struct parameters p = { .count = 0 };
	char refused[STATE_TEXT_MAX];

	add_text(&p, e->host);
	add_text(&p, e->account);
	add_number(&p, e->reason == NULL ? e->expiry : 0);
	add_number(&p, e->reason != NULL ? e->at : 0);
	add_text(&p, event_refusal(e, refused));
	return connection_do(q->connection,
	    "INSERT INTO ddnsgate_host (name, account, expiry, refused_at,"
	    " refused) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE"
	    " SET expiry = CASE WHEN excluded.expiry = 0"
	    " THEN ddnsgate_host.expiry ELSE excluded.expiry END,"
	    " refused_at = CASE WHEN excluded.refused_at = 0"
	    " THEN ddnsgate_host.refused_at ELSE excluded.refused_at END,"
	    " refused = CASE WHEN excluded.refused_at = 0"
	    " THEN ddnsgate_host.refused ELSE excluded.refused END",
	    &p, deadline, met, why);
}

/* In the order of time, also for the events of one second. */
static const char *
make_id(char id[static ID_MAX])
{
	struct timespec now;
	uint32_t random = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	(void)gnutls_rnd(GNUTLS_RND_NONCE, &random, sizeof random);
	snprintf(id, ID_MAX, "%016" PRIx64 "%08" PRIx32,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
	    random);
	return id;
}

static bool
add_event(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	const struct state_event *e = data;
	const char *const columns[] = { e->source, e->account, e->host, e->type,
		e->old, e->new, e->verdict, e->reason, e->issuer, e->serial,
		e->key };
	struct parameters p = { .count = 0 }, old = { .count = 0 };
	char id[ID_MAX];

	add_text(&p, make_id(id));
	add_number(&p, e->at);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		add_text(&p, columns[i]);
	add_number(&p, e->expiry);
	add_number(&p, e->proof_ms);
	add_number(&p, e->provider_ms);
	add_number(&old, e->at - q->store.state->history_s);
	return connection_do(q->connection,
		   "INSERT INTO ddnsgate_history (id, at, source, account,"
		   " host, type, old, new, verdict, reason, issuer, serial,"
		   " key, expiry, proof_ms, provider_ms) VALUES ($1, $2, $3,"
		   " $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		   " $16)",
		   &p, deadline, met, why) &&
	    note_event(q, e, deadline, met, why) &&
	    connection_do(q->connection,
		"DELETE FROM ddnsgate_history WHERE id IN (SELECT id FROM"
		" ddnsgate_history WHERE at < $1 ORDER BY at, id LIMIT 8)",
		&old, deadline, met, why);
}

void
postgresql_record(struct store *st, const struct state_event *e)
{
	struct state_event mine = *e;

	(void)connection_transaction((struct postgresql *)st, add_event, &mine);
}

static void
read_host(const PGresult *r, int row, struct state_host *h)
{
	*h = (struct state_host){ .expiry = column_number(r, row, 8) };
	snprintf(h->host, sizeof h->host, "%s", PQgetvalue(r, row, 0));
	snprintf(h->account, sizeof h->account, "%s", PQgetvalue(r, row, 1));
	for (int f = 0; f < STATE_FAMILIES; f++) {
		h->value[f] = value_parse(column_text(r, row, 2 + f));
		h->since[f] = column_number(r, row, 4 + f);
	}
	h->applied_at = column_number(r, row, 6);
	h->intent = (column_number(r, row, 7) & INTENT_WRITES) != 0;
	h->refused_at = column_number(r, row, 9);
	snprintf(h->refused, sizeof h->refused, "%s", PQgetvalue(r, row, 10));
}

enum err
postgresql_hosts(struct store *st, const char *account, const char *from,
    bool (*each)(const struct state_host *h, void *data), void *data)
{
	struct state_host h = { .host = "" };
	char last[STATE_TEXT_MAX];
	const char *compare = ">=";
	int count = ROWS_MAX;

	snprintf(last, sizeof last, "%s", from);
	while (count == ROWS_MAX) {
		struct parameters p = { .count = 0 };
		char sql[512];
		PGresult *r;

		snprintf(sql, sizeof sql,
		    "SELECT name, account, ipv4, ipv6, since4, since6,"
		    " applied_at, intent, expiry, refused_at, refused"
		    " FROM ddnsgate_host WHERE name %s $1"
		    " AND (CAST($2 AS TEXT) IS NULL OR account = $2)"
		    " ORDER BY name LIMIT %d",
		    compare, ROWS_MAX);
		add_text(&p, last);
		add_text(&p, account);
		if ((r = connection_ask((struct postgresql *)st, sql, &p)) ==
		    NULL)
			return ERR_UNREACHABLE;
		count = PQntuples(r);
		for (int i = 0; i < count; i++) {
			read_host(r, i, &h);
			if (!each(&h, data)) {
				count = 0;
				break;
			}
		}
		PQclear(r);
		snprintf(last, sizeof last, "%s", h.host);
		compare = ">";
	}
	return ERR_OK;
}

static void
read_event(const PGresult *r, int row, struct state_event *e)
{
	*e = (struct state_event){ .at = column_number(r, row, 1),
		.source = column_text(r, row, 2),
		.account = column_text(r, row, 3),
		.host = column_text(r, row, 4),
		.type = column_text(r, row, 5),
		.old = column_text(r, row, 6),
		.new = column_text(r, row, 7),
		.verdict = column_text(r, row, 8),
		.reason = column_text(r, row, 9),
		.issuer = column_text(r, row, 10),
		.serial = column_text(r, row, 11),
		.key = column_text(r, row, 12),
		.expiry = column_number(r, row, 13),
		.proof_ms = (int)column_number(r, row, 14),
		.provider_ms = (int)column_number(r, row, 15) };
}

/* Events before one of them, the latest first. */
static PGresult *
ask_events(struct postgresql *q, const char *host, const char *account,
    int64_t since, int64_t at, const char *id)
{
	struct parameters p = { .count = 0 };
	char sql[512];

	add_number(&p, since);
	add_text(&p, host);
	add_text(&p, account);
	add_number(&p, at);
	add_text(&p, id);
	snprintf(sql, sizeof sql,
	    "SELECT id, at, source, account, host, type, old, new, verdict,"
	    " reason, issuer, serial, key, expiry, proof_ms, provider_ms"
	    " FROM ddnsgate_history WHERE at >= $1"
	    " AND (CAST($2 AS TEXT) IS NULL OR host = $2)"
	    " AND (CAST($3 AS TEXT) IS NULL OR account = $3)"
	    " AND (at < $4 OR (at = $4 AND id < $5))"
	    " ORDER BY at DESC, id DESC LIMIT %d",
	    ROWS_MAX);
	return connection_ask(q, sql, &p);
}

enum err
postgresql_history(struct store *st, const char *host, const char *account,
    int64_t since, bool (*each)(const struct state_event *e, void *data),
    void *data)
{
	int count = ROWS_MAX;
	int64_t at = INT64_MAX;
	char id[ID_MAX] = "";

	while (count == ROWS_MAX) {
		PGresult *r = ask_events((struct postgresql *)st, host, account,
		    since, at, id);
		struct state_event e = { .at = 0 };

		if (r == NULL)
			return ERR_UNREACHABLE;
		count = PQntuples(r);
		for (int i = 0; i < count; i++) {
			read_event(r, i, &e);
			snprintf(id, sizeof id, "%s", PQgetvalue(r, i, 0));
			if (!each(&e, data))
				count = 0;
		}
		at = e.at;
		PQclear(r);
	}
	return ERR_OK;
}
