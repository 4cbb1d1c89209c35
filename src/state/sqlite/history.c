/*
 * history.c - what changed and what was refused, and the hosts for people.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/sqlite/connection.h"
#include "state/sqlite/sqlite.h"

/*
 * Events are in the order in which they came.  By that much the clock may have
 * been set back between two of them.
 */
#define CLOCK_S 86400

static int
add_event(struct sqlite *q, const struct state_event *e)
{
	sqlite3_stmt *st = statement(q, ADD_EVENT);
	const char *const columns[] = { e->source, e->account, e->host, e->type,
		e->old, e->new, e->verdict, e->reason, e->issuer, e->serial,
		e->key };
	int i = 2;

	sqlite3_bind_int64(st, 1, e->at);
	for (size_t n = 0; n < sizeof columns / sizeof *columns; n++)
		bind_text(st, i++, columns[n]);
	sqlite3_bind_int64(st, i++, e->expiry);
	sqlite3_bind_int(st, i++, e->proof_ms);
	sqlite3_bind_int(st, i++, e->provider_ms);
	bind_text(st, i, e->request);
	return statement_run(q, st);
}

/*
 * Notes in the row of the host the certificate, or the refusal, that status
 * shows.
 */
static int
note_event(struct sqlite *q, const struct state_event *e)
{
	sqlite3_stmt *st = statement(q, NOTE_EVENT);
	char refused[STATE_TEXT_MAX];

	bind_text(st, 1, e->host);
	bind_text(st, 2, e->account);
	sqlite3_bind_int64(st, 3, e->reason == NULL ? e->expiry : 0);
	sqlite3_bind_int64(st, 4, e->reason != NULL ? e->at : 0);
	bind_text(st, 5, event_refusal(e, refused));
	return statement_run(q, st);
}

static int
prune(struct sqlite *q, int64_t now)
{
	sqlite3_stmt *st = statement(q, PRUNE);

	sqlite3_bind_int64(st, 1, now - q->store.state->history_s);
	return statement_run(q, st);
}

void
sqlite_record(struct store *st, const struct state_event *e)
{
	struct sqlite *q = (struct sqlite *)st;
	int rc;

	if (!connection_ready(q))
		return;
	if ((rc = connection_begin(q)) == SQLITE_OK &&
	    (rc = add_event(q, e)) == SQLITE_OK &&
	    (rc = note_event(q, e)) == SQLITE_OK)
		rc = prune(q, e->at);
	(void)connection_end(q, rc);
}

static const char *
column_text(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

static void
read_host(sqlite3_stmt *st, struct state_host *h)
{
	const char *refused = column_text(st, 10);

	*h = (struct state_host){ .expiry = sqlite3_column_int64(st, 8) };
	snprintf(h->host, sizeof h->host, "%s", column_text(st, 0));
	snprintf(h->account, sizeof h->account, "%s", column_text(st, 1));
	for (int f = 0; f < STATE_FAMILIES; f++) {
		h->value[f] = value_parse(column_text(st, 2 + f));
		h->since[f] = sqlite3_column_int64(st, 4 + f);
	}
	h->applied_at = sqlite3_column_int64(st, 6);
	h->intent =
	    ((unsigned int)sqlite3_column_int(st, 7) & INTENT_WRITES) != 0;
	h->refused_at = sqlite3_column_int64(st, 9);
	snprintf(h->refused, sizeof h->refused, "%s",
	    refused != NULL ? refused : "");
}

enum err
sqlite_hosts(struct store *st, const char *account, const char *from,
    unsigned int most, bool (*each)(const struct state_host *h, void *data),
    void *data)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *rows;
	struct state_host h;
	bool more = true;
	int rc = SQLITE_DONE;

	(void)most; /* one row after the other is read, as each() wants it */
	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	rows = statement(q, READ_HOSTS);
	bind_text(rows, 1, from);
	bind_text(rows, 2, account);
	while (more && (rc = statement_step(q, rows)) == SQLITE_ROW) {
		read_host(rows, &h);
		more = each(&h, data);
	}
	sqlite3_reset(rows);
	return !more || rc == SQLITE_DONE ? ERR_OK : ERR_UNREACHABLE;
}

/* Marks are ids of one length, so that they compare as those do. */
static const char *
make_mark(int64_t id, char mark[static STATE_MARK_MAX])
{
	snprintf(mark, STATE_MARK_MAX, "%016" PRIx64, (uint64_t)id);
	return mark;
}

static int64_t
id_of_mark(const char *mark)
{
	unsigned long long id =
	    mark != NULL ? strtoull(mark, NULL, 16) : INT64_MAX;

	return id < INT64_MAX ? (int64_t)id : INT64_MAX;
}

static void
read_event(sqlite3_stmt *st, struct state_event *e,
    char mark[static STATE_MARK_MAX])
{
	*e =
	    (struct state_event){ .mark = make_mark(sqlite3_column_int64(st, 0),
				      mark),
		    .at = sqlite3_column_int64(st, 1),
		    .source = column_text(st, 2),
		    .account = column_text(st, 3),
		    .host = column_text(st, 4),
		    .type = column_text(st, 5),
		    .old = column_text(st, 6),
		    .new = column_text(st, 7),
		    .verdict = column_text(st, 8),
		    .reason = column_text(st, 9),
		    .issuer = column_text(st, 10),
		    .serial = column_text(st, 11),
		    .key = column_text(st, 12),
		    .expiry = sqlite3_column_int64(st, 13),
		    .proof_ms = sqlite3_column_int(st, 14),
		    .provider_ms = sqlite3_column_int(st, 15),
		    .request = column_text(st, 16) };
}

/*
 * Gives the events of a statement that are not older than since; INT64_MIN:
 * all.
 */
static enum err
give_events(const struct sqlite *q, sqlite3_stmt *rows, int64_t since,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	char mark[STATE_MARK_MAX];
	struct state_event e;
	bool more = true;
	int rc = SQLITE_DONE;

	while (more && (rc = statement_step(q, rows)) == SQLITE_ROW) {
		read_event(rows, &e, mark);
		if (e.at >= since)
			more = each(&e, data);
		else
			more = e.at >= since - CLOCK_S;
	}
	sqlite3_reset(rows);
	return !more || rc == SQLITE_DONE ? ERR_OK : ERR_UNREACHABLE;
}

enum err
sqlite_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *rows;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	rows = statement(q, s->host != NULL ? READ_HOST_HISTORY : READ_HISTORY);
	sqlite3_bind_int64(rows, 1, id_of_mark(s->before));
	bind_text(rows, 2, s->account);
	if (s->host != NULL)
		bind_text(rows, 3, s->host);
	return give_events(q, rows, s->since, each, data);
}

enum err
sqlite_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *rows;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	rows = statement(q, READ_NEWS);
	sqlite3_bind_int64(rows, 1, *after != '\0' ? id_of_mark(after) : 0);
	return give_events(q, rows, INT64_MIN, each, data);
}
