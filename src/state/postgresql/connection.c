#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/tables.h"

#define SILENT_MS 1000 /* no process asks a database that did not answer */
#define TRIES_MAX 20   /* of one transaction that meets others */

/*
 * For what the database itself ends.  A process that is stopped, or cut off,
 * within a transaction must not keep a row from the others.
 */
static const char limits[] = "SET statement_timeout = 1500;"
			     " SET idle_in_transaction_session_timeout = 3000";

void
add_text(struct parameters *p, const char *text)
{
	p->values[p->count++] = text;
}

void
add_number(struct parameters *p, int64_t n)
{
	snprintf(p->numbers[p->count], sizeof p->numbers[0], "%" PRId64, n);
	p->values[p->count] = p->numbers[p->count];
	p->count++;
}

/* False at the deadline. */
static bool
wait_for(PGconn *c, short events, int64_t deadline)
{
	struct pollfd fd = { .fd = PQsocket(c), .events = events };
	int n;

	do
		n = poll(&fd, 1, clock_left(deadline));
	while (n == -1 && errno == EINTR && clock_left(deadline) > 0);
	return n > 0;
}

/* libpq's reasons end in newlines, and none of them holds the password. */
static enum err
explain(struct error *why, const char *what, const char *reason)
{
	char line[ERROR_TEXT_MAX];

	snprintf(line, sizeof line, "%s", reason);
	for (char *c = line; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	return error_set(why, ERR_UNREACHABLE, "%s: %s", what, line);
}

static bool
finish_connecting(PGconn *c, int64_t deadline)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED ||
		    !wait_for(c,
			status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline))
			return false;
		status = PQconnectPoll(c);
	}
	return true;
}

/* Notices, of tables that are there already, are for nobody. */
static void
ignore_notice(void *data, const PGresult *r)
{
	(void)data;
	(void)r;
}

/*
 * Keywords after dbname override what the URL says, so that no URL can ask for
 * less than a verified certificate; a socket of this machine needs none, and
 * libpq does not speak TLS over it.  Those before it are for a URL that says
 * nothing: without sslcert libpq looks into the home of whoever started the
 * program, and fails if it may not.
 */
static PGconn *
start_connecting(const struct state *s)
{
	const char *keywords[9] = { "sslcert", "dbname", "sslmode",
		"ssl_min_protocol_version", "gssencmode", "application_name" };
	const char *values[9] = { "/dev/null/none", s->place, "verify-full",
		"TLSv1.2", "disable", "ddnsgate" };
	size_t n = 6;

	if (s->ca != NULL) {
		keywords[n] = "sslrootcert";
		values[n++] = s->ca;
	}
	if (s->password_file != NULL) {
		keywords[n] = "passfile";
		values[n++] = s->password_file;
	}
	return PQconnectStartParams(keywords, values, 1);
}

PGconn *
connection_new(const struct state *s, int64_t deadline, struct error *why)
{
	PGconn *c = start_connecting(s);
	enum obstacle met;

	if (c != NULL)
		PQsetNoticeReceiver(c, ignore_notice, NULL);
	if (c == NULL || PQstatus(c) == CONNECTION_BAD ||
	    !finish_connecting(c, deadline) || PQsetnonblocking(c, 1) != 0)
		explain(why, "connect",
		    c == NULL			  ? "out of memory" :
			clock_left(deadline) == 0 ? "no answer in time" :
						    PQerrorMessage(c));
	else if (connection_do(c, limits, NULL, deadline, &met, why))
		return c;
	PQfinish(c);
	return NULL;
}

/* Sends what is left to send, and reads until a result is whole. */
static bool
wait_for_result(PGconn *c, int64_t deadline)
{
	int left;

	while ((left = PQflush(c)) == 1)
		if (!wait_for(c, POLLIN | POLLOUT, deadline) ||
		    PQconsumeInput(c) == 0)
			return false;
	if (left == -1)
		return false;
	while (PQisBusy(c))
		if (!wait_for(c, POLLIN, deadline) || PQconsumeInput(c) == 0)
			return false;
	return true;
}

static enum obstacle
obstacle_of(const PGresult *r)
{
	static const struct {
		const char *state; /* SQLSTATE */
		enum obstacle what;
	} obstacles[] = {
		{ "40001", MET_ANOTHER }, /* serialization failure */
		{ "40P01", MET_ANOTHER }, /* deadlock */
		{ "57014", MET_LOCK },	  /* statement_timeout */
		{ "55P03", MET_LOCK },	  /* lock_timeout */
		{ "42P01", MET_NO_TABLE },
	};
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++)
		if (state != NULL && strcmp(state, obstacles[i].state) == 0)
			return obstacles[i].what;
	return MET_FAULT;
}

/* Several statements in one text may have no parameters. */
static bool
send_text(PGconn *c, const char *sql, const struct parameters *p)
{
	return p == NULL ? PQsendQuery(c, sql) == 1 :
			   PQsendQueryParams(c, sql, p->count, NULL, p->values,
			       NULL, NULL, 0) == 1;
}

PGresult *
connection_run(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, enum obstacle *met, struct error *why)
{
	PGresult *r = NULL, *more;

	*met = MET_FAULT;
	if (!send_text(c, sql, p) || !wait_for_result(c, deadline)) {
		explain(why, "query",
		    clock_left(deadline) == 0 ? "no answer in time" :
						PQerrorMessage(c));
		return NULL;
	}
	r = PQgetResult(c);
	while (wait_for_result(c, deadline) && (more = PQgetResult(c)) != NULL)
		PQclear(more);
	if (PQresultStatus(r) == PGRES_COMMAND_OK ||
	    PQresultStatus(r) == PGRES_TUPLES_OK) {
		*met = MET_NOTHING;
		return r;
	}
	*met = obstacle_of(r);
	explain(why, "query", PQresultErrorMessage(r));
	PQclear(r);
	return NULL;
}

bool
connection_do(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, enum obstacle *met, struct error *why)
{
	PGresult *r = connection_run(c, sql, p, deadline, met, why);

	PQclear(r);
	return r != NULL;
}

/*
 * A database that is out of reach is not waited for by each request of each
 * process: one that failed tells the others, and after a while one of them asks
 * again.
 */
static bool
may_ask(const struct state *s)
{
	int64_t until = atomic_load(&s->shared->silent_until);
	int64_t now = clock_now();

	return until == 0 ||
	    (now >= until &&
		atomic_compare_exchange_strong(&s->shared->silent_until, &until,
		    now + STORE_MS + SILENT_MS));
}

/* Tells the outcome to the log, and to the other processes. */
static void
conclude(struct postgresql *q, enum obstacle met, const struct error *why)
{
	struct state *s = q->store.state;

	if (met == MET_NOTHING) {
		if (atomic_load(&s->shared->silent_until) != 0)
			atomic_store(&s->shared->silent_until, 0);
		return;
	}
	state_warn(s, "%s", why->text);
	/* The database answers; only the row is locked by somebody else. */
	if (met == MET_ANOTHER || met == MET_LOCK)
		return;
	PQfinish(q->connection);
	q->connection = NULL;
	atomic_store(&s->shared->silent_until, clock_now() + SILENT_MS);
}

static bool
connect_if_needed(struct postgresql *q, int64_t deadline, struct error *why)
{
	if (q->connection != NULL && PQstatus(q->connection) == CONNECTION_OK)
		return true;
	PQfinish(q->connection);
	q->connection = connection_new(q->store.state, deadline, why);
	if (q->connection == NULL)
		return false;
	if (tables_ready(q->connection, q->store.state, deadline, why) ==
	    ERR_OK)
		return true;
	PQfinish(q->connection);
	q->connection = NULL;
	return false;
}

/* COMMIT of a transaction that had failed is answered with "ROLLBACK". */
static bool
commit(PGconn *c, int64_t deadline, enum obstacle *met, struct error *why)
{
	PGresult *r = connection_run(c, "COMMIT", NULL, deadline, met, why);
	bool ok = r != NULL && strcmp(PQcmdStatus(r), "COMMIT") == 0;

	if (r != NULL && !ok) {
		*met = MET_FAULT;
		explain(why, "commit", PQcmdStatus(r));
	}
	PQclear(r);
	return ok;
}

/*
 * One try.  MET_ANOTHER also if a kept connection had ended before anything was
 * asked of it.
 */
static enum obstacle
try_transaction(struct postgresql *q, transaction_work work, void *data,
    int64_t deadline, struct error *why)
{
	bool kept = q->connection != NULL;
	enum obstacle met = MET_FAULT, then;
	struct error ignored;

	if (!connect_if_needed(q, deadline, why))
		return MET_FAULT;
	if (!connection_do(q->connection, "BEGIN", NULL, deadline, &met, why))
		return kept && PQstatus(q->connection) == CONNECTION_BAD ?
		    MET_ANOTHER :
		    met;
	if (work(q, deadline, &met, why, data) &&
	    commit(q->connection, deadline, &met, why))
		return MET_NOTHING;
	if (!connection_do(q->connection, "ROLLBACK", NULL, deadline, &then,
		&ignored))
		return MET_FAULT;
	return met;
}

bool
connection_transaction(struct postgresql *q, transaction_work work, void *data)
{
	int64_t deadline = clock_now() + STORE_MS;
	enum obstacle met = MET_ANOTHER;
	struct error why = { .code = ERR_OK };

	if (!may_ask(q->store.state))
		return false;
	for (int i = 0; met == MET_ANOTHER && i < TRIES_MAX; i++)
		met = try_transaction(q, work, data, deadline, &why);
	conclude(q, met, &why);
	return met == MET_NOTHING;
}

PGresult *
connection_ask(struct postgresql *q, const char *sql,
    const struct parameters *p)
{
	int64_t deadline = clock_now() + STORE_MS;
	enum obstacle met = MET_ANOTHER;
	struct error why = { .code = ERR_OK };
	PGresult *r = NULL;

	if (!may_ask(q->store.state))
		return NULL;
	for (int i = 0; met == MET_ANOTHER && i < TRIES_MAX; i++) {
		bool kept = q->connection != NULL;

		met = MET_FAULT;
		if (!connect_if_needed(q, deadline, &why))
			break;
		r = connection_run(q->connection, sql, p, deadline, &met, &why);
		/* A kept connection may have ended long ago: once anew. */
		if (r == NULL && kept &&
		    PQstatus(q->connection) == CONNECTION_BAD)
			met = MET_ANOTHER;
	}
	conclude(q, met, &why);
	return r;
}

const char *
column_text(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

int64_t
column_number(const PGresult *r, int row, int column)
{
	return strtoll(PQgetvalue(r, row, column), NULL, 10);
}
