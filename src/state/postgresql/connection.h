/*
 * connection.h - one process's connection to a database that machines share.
 *
 * Every call ends within STORE_MS.  One that fails says so to all processes of
 * this machine, which then do not wait for a while.  Only SQL is used that
 * CockroachDB and YugabyteDB have as well.
 */
#ifndef STATE_POSTGRESQL_CONNECTION_H
#define STATE_POSTGRESQL_CONNECTION_H

#include <libpq-fe.h>

#include "state/engine.h"

#define STORE_MS       2000 /* for one question, with all its retries */
#define PARAMETERS_MAX 17

struct postgresql {
	struct store store;
	PGconn *connection; /* NULL: none now */
};

/* Values of a statement, as text; NULL is SQL's null.  All zero: none. */
struct parameters {
	const char *values[PARAMETERS_MAX];
	char numbers[PARAMETERS_MAX][24];
	int count;
};

void add_text(struct parameters *p, const char *text); /* borrowed */
void add_number(struct parameters *p, int64_t n);

/* What stands in the way of a statement. */
enum obstacle {
	MET_NOTHING,
	MET_ANOTHER, /* a transaction; the whole of it may be run again */
	MET_LOCK,    /* another transaction has the row, and does not end */
	MET_NO_TABLE,
	MET_FAULT /* no answer, or not one to what was asked */
};

/*
 * Connects with what the settings of the state say, and waits until deadline.
 * NULL if that fails, told in why without a password.
 */
PGconn *connection_new(const struct state *s, int64_t deadline,
    struct error *why);

/*
 * Runs one statement.  NULL if the database is out of reach, or refuses; *met
 * and why say what it met.  The caller clears the result.
 */
PGresult *connection_run(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, enum obstacle *met, struct error *why);

/* The same for a statement that gives no rows. */
bool connection_do(PGconn *c, const char *sql, const struct parameters *p,
    int64_t deadline, enum obstacle *met, struct error *why);

/*
 * What is done in a transaction, with data.  True: commit it.  False: *met and
 * why say why not, as connection_run() does.
 */
typedef bool (*transaction_work)(struct postgresql *q, int64_t deadline,
    enum obstacle *met, struct error *why, void *data);

/*
 * Carries out work() in a transaction, again if it met another one.  True only
 * if it was committed.
 */
bool connection_transaction(struct postgresql *q, transaction_work work,
    void *data);

/* The same for one statement that is no part of a transaction. */
PGresult *connection_ask(struct postgresql *q, const char *sql,
    const struct parameters *p);

/* A column of a row: NULL for SQL's null. */
const char *column_text(const PGresult *r, int row, int column);
int64_t column_number(const PGresult *r, int row, int column);

#endif
