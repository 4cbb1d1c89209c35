/*
 * history.c - what changed and what was refused, and the hosts for people.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
	add_text(&p, e->request);
	add_number(&old, e->at - q->store.state->history_s);
	return connection_do(q->connection,
		   "INSERT INTO ddnsgate_history (id, at, source, account,"
		   " host, type, old, new, verdict, reason, issuer, serial,"
		   " key, expiry, proof_ms, provider_ms, request) VALUES"
		   " ($1, $2, $3,"
		   " $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		   " $16, $17)",
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

/* How many rows one question is to give. */
static int
rows_of(unsigned int most)
{
	return most > 0 && most < ROWS_MAX ? (int)most : ROWS_MAX;
}

enum err
postgresql_hosts(struct store *st, const char *account, const char *from,
    unsigned int most, bool (*each)(const struct state_host *h, void *data),
    void *data)
{
	struct state_host h = { .host = "" };
	char last[STATE_TEXT_MAX];
	const char *compare = ">=";
	const int rows = rows_of(most);
	int count = rows;

	snprintf(last, sizeof last, "%s", from);
	while (count == rows) {
		struct parameters p = { .count = 0 };
		char sql[512];
		PGresult *r;

		snprintf(sql, sizeof sql,
		    "SELECT name, account, ipv4, ipv6, since4, since6,"
		    " applied_at, intent, expiry, refused_at, refused"
		    " FROM ddnsgate_host WHERE name %s $1"
		    " AND (CAST($2 AS TEXT) IS NULL OR account = $2)"
		    " ORDER BY name LIMIT %d",
		    compare, rows);
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

/*
 * The mark of an event: its time and its id, which together are its place.
 */
static void
make_mark(int64_t at, const char *id, char mark[static STATE_MARK_MAX])
{
	snprintf(mark, STATE_MARK_MAX, "%016" PRIx64 "%.24s", (uint64_t)at, id);
}

/* The time in a mark; *id becomes what is behind it. */
static int64_t
read_mark(const char *mark, const char **id)
{
	size_t len = strnlen(mark, 16);
	char at[17];

	memcpy(at, mark, len);
	at[len] = '\0';
	*id = mark + len;
	return (int64_t)(strtoull(at, NULL, 16) & INT64_MAX);
}

static void
read_event(const PGresult *r, int row, struct state_event *e,
    char mark[static STATE_MARK_MAX])
{
	*e = (struct state_event){ .mark = mark,
		.at = column_number(r, row, 1),
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
		.provider_ms = (int)column_number(r, row, 15),
		.request = column_text(r, row, 16) };
	make_mark(e->at, PQgetvalue(r, row, 0), mark);
}

#define EVENT_COLUMNS                                                    \
	"SELECT id, at, source, account, host, type, old, new, verdict," \
	" reason, issuer, serial, key, expiry, proof_ms, provider_ms,"   \
	" request FROM ddnsgate_history"

/* The next rows of a search, before the event of a mark; "" for the latest. */
static PGresult *
ask_events(struct postgresql *q, const struct state_search *s, const char *mark)
{
	struct parameters p = { .count = 0 };
	const char *id = "";
	char sql[512];

	add_number(&p, s->since);
	add_text(&p, s->account);
	add_number(&p, *mark != '\0' ? read_mark(mark, &id) : INT64_MAX);
	add_text(&p, id);
	if (s->host != NULL)
		add_text(&p, s->host);
	snprintf(sql, sizeof sql,
	    EVENT_COLUMNS " WHERE at >= $1"
			  " AND (CAST($2 AS TEXT) IS NULL OR account = $2)"
			  " AND (at < $3 OR (at = $3 AND id < $4))%s"
			  " ORDER BY at DESC, id DESC LIMIT %d",
	    s->host != NULL ? " AND host = $5" : "", rows_of(s->most));
	return connection_ask(q, sql, &p);
}

/*
 * Gives the events of an answer, and clears it; mark is that of the last one.
 * How many there were; 0 also if no more are wanted.
 */
static int
give_events(PGresult *r, char mark[static STATE_MARK_MAX],
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	int count = PQntuples(r);
	struct state_event e;

	for (int i = 0; i < count; i++) {
		read_event(r, i, &e, mark);
		if (!each(&e, data))
			count = 0;
	}
	PQclear(r);
	return count;
}

enum err
postgresql_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	const int rows = rows_of(s->most);
	char mark[STATE_MARK_MAX];
	int count = rows;

	snprintf(mark, sizeof mark, "%s", s->before != NULL ? s->before : "");
	while (count == rows) {
		PGresult *r = ask_events((struct postgresql *)st, s, mark);

		if (r == NULL)
			return ERR_UNREACHABLE;
		count = give_events(r, mark, each, data);
	}
	return ERR_OK;
}

enum err
postgresql_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	char mark[STATE_MARK_MAX];
	int count = ROWS_MAX;

	snprintf(mark, sizeof mark, "%s", after);
	while (count == ROWS_MAX) {
		struct parameters p = { .count = 0 };
		const char *id = "";
		PGresult *r;

		add_number(&p, read_mark(mark, &id));
		add_text(&p, id);
		add_number(&p, ROWS_MAX);
		r = connection_ask((struct postgresql *)st,
		    EVENT_COLUMNS " WHERE at >= $1 AND (at > $1 OR id > $2)"
				  " ORDER BY at ASC, id ASC LIMIT $3",
		    &p);
		if (r == NULL)
			return ERR_UNREACHABLE;
		count = give_events(r, mark, each, data);
	}
	return ERR_OK;
}
