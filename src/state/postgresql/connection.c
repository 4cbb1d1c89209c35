#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "state/postgresql/connection.h"

#define SILENT_MS 1000 /* no process asks a database that did not answer */
#define TRIES_MAX 20   /* of one transaction that meets others */

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
 * libpq does not speak TLS over it.
 */
PGconn *
connection_new(const struct state *s, int64_t deadline, struct error *why)
{
	const char *keywords[7] = { "dbname", "sslmode", "application_name",
		"gssencmode" };
	const char *values[7] = { s->place, "verify-full", "ddnsgate",
		"disable" };
	size_t n = 4;
	PGconn *c;

	if (s->ca != NULL) {
		keywords[n] = "sslrootcert";
		values[n++] = s->ca;
	}
	if (s->password_file != NULL) {
		keywords[n] = "passfile";
		values[n++] = s->password_file;
	}
	c = PQconnectStartParams(keywords, values, 1);
	if (c != NULL)
		PQsetNoticeReceiver(c, ignore_notice, NULL);
	if (c != NULL && PQstatus(c) != CONNECTION_BAD &&
	    finish_connecting(c, deadline) && PQsetnonblocking(c, 1) == 0)
		return c;
	explain(why, "connect",
	    c == NULL			  ? "out of memory" :
		clock_left(deadline) == 0 ? "no answer in time" :
					    PQerrorMessage(c));
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

/* SQLSTATE: serialization failure, deadlock. */
static bool
met_another(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state != NULL &&
	    (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0);
}

PGresult *
connection_run(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, bool *retry, struct error *why)
{
	PGresult *r = NULL, *more;

	*retry = false;
	if (PQsendQueryParams(c, sql, p != NULL ? p->count : 0, NULL,
		p != NULL ? p->values : NULL, NULL, NULL, 0) == 0 ||
	    !wait_for_result(c, deadline)) {
		explain(why, "query",
		    clock_left(deadline) == 0 ? "no answer in time" :
						PQerrorMessage(c));
		return NULL;
	}
	r = PQgetResult(c);
	while (wait_for_result(c, deadline) && (more = PQgetResult(c)) != NULL)
		PQclear(more);
	if (PQresultStatus(r) == PGRES_COMMAND_OK ||
	    PQresultStatus(r) == PGRES_TUPLES_OK)
		return r;
	*retry = met_another(r);
	explain(why, "query", PQresultErrorMessage(r));
	PQclear(r);
	return NULL;
}

bool
connection_do(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, bool *retry, struct error *why)
{
	PGresult *r = connection_run(c, sql, p, deadline, retry, why);

	PQclear(r);
	return r != NULL;
}

/*
 * A database that is out of reach is not waited for by each request of each
 * process: one that failed tells the others.
 */
static bool
is_silent(const struct state *s)
{
	return clock_now() < atomic_load(&s->shared->silent_until);
}

static void
out_of_reach(struct postgresql *q, const struct error *why)
{
	PQfinish(q->connection);
	q->connection = NULL;
	atomic_store(&q->store.state->shared->silent_until,
	    clock_now() + SILENT_MS);
	state_warn(q->store.state, "%s", why->text);
}

static bool
connect_if_needed(struct postgresql *q, int64_t deadline, struct error *why)
{
	if (q->connection != NULL && PQstatus(q->connection) == CONNECTION_OK)
		return true;
	PQfinish(q->connection);
	q->connection = connection_new(q->store.state, deadline, why);
	return q->connection != NULL;
}

/*
 * One try.  *retry: it met another transaction, or the connection had ended
 * before anything was asked of it.
 */
static bool
try_transaction(struct postgresql *q, transaction_work work, void *data,
    int64_t deadline, bool *retry, struct error *why)
{
	bool kept = q->connection != NULL, again;
	struct error ignored;

	*retry = false;
	if (!connect_if_needed(q, deadline, why))
		return false;
	if (!connection_do(q->connection, "BEGIN", NULL, deadline, retry,
		why)) {
		*retry = kept && PQstatus(q->connection) == CONNECTION_BAD;
		return false;
	}
	if (work(q, deadline, retry, why, data) &&
	    connection_do(q->connection, "COMMIT", NULL, deadline, retry, why))
		return true;
	if (!connection_do(q->connection, "ROLLBACK", NULL, deadline, &again,
		&ignored))
		*retry = false;
	return false;
}

bool
connection_transaction(struct postgresql *q, transaction_work work, void *data)
{
	int64_t deadline = clock_now() + STORE_MS;
	struct error why = { .code = ERR_OK };
	bool retry = true, ok = false;

	if (is_silent(q->store.state))
		return false;
	for (int i = 0; !ok && retry && i < TRIES_MAX; i++) {
		why = (struct error){ .code = ERR_OK };
		ok = try_transaction(q, work, data, deadline, &retry, &why);
	}
	if (!ok && why.code != ERR_OK)
		out_of_reach(q, &why);
	return ok;
}

PGresult *
connection_ask(struct postgresql *q, const char *sql,
    const struct parameters *p)
{
	int64_t deadline = clock_now() + STORE_MS;
	struct error why = { .code = ERR_OK };
	PGresult *r = NULL;
	bool retry = true, fresh = q->connection == NULL;

	if (is_silent(q->store.state))
		return NULL;
	for (int i = 0; r == NULL && retry && i < TRIES_MAX; i++) {
		if (!connect_if_needed(q, deadline, &why))
			break;
		r = connection_run(q->connection, sql, p, deadline, &retry,
		    &why);
		/* A kept connection may have ended long ago: once anew. */
		if (r == NULL && !fresh &&
		    PQstatus(q->connection) == CONNECTION_BAD)
			retry = fresh = true;
	}
	if (r == NULL)
		out_of_reach(q, &why);
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
