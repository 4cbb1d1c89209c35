/*
 * turn.c - whose turn it is with a host, kept where all processes see it.
 */
#include "config.h"

#include <string.h>

#include "state/sqlite/connection.h"
#include "state/sqlite/sqlite.h"

static void
read_claim(sqlite3_stmt *st, int column, uint8_t claim[static ORDER_CLAIM_LEN])
{
	if (sqlite3_column_bytes(st, column) == ORDER_CLAIM_LEN)
		memcpy(claim, sqlite3_column_blob(st, column), ORDER_CLAIM_LEN);
}

static int
read_order(struct sqlite *q, const char *host, struct order *o)
{
	sqlite3_stmt *st = statement(q, READ_TURN);
	int rc;

	memset(o, 0, sizeof *o); /* padding too: orders are compared */
	bind_text(st, 1, host);
	if ((rc = statement_step(q, st)) == SQLITE_ROW) {
		o->newest.id = (uint64_t)sqlite3_column_int64(st, 0);
		o->newest.arrival = sqlite3_column_int64(st, 1);
		read_claim(st, 2, o->newest.claim);
		o->newest_at = sqlite3_column_int64(st, 3);
		o->holder.id = (uint64_t)sqlite3_column_int64(st, 4);
		read_claim(st, 5, o->holder.claim);
		o->lease = sqlite3_column_int64(st, 6);
		read_claim(st, 7, o->shared);
		o->shared_at = sqlite3_column_int64(st, 8);
		for (int f = 0; f < ORDER_VERDICTS; f++)
			o->verdicts[f] = sqlite3_column_int(st, 9 + f);
		rc = SQLITE_DONE;
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
write_order(struct sqlite *q, const char *host, const struct order *o)
{
	sqlite3_stmt *st = statement(q, WRITE_TURN);

	bind_text(st, 1, host);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)o->newest.id);
	sqlite3_bind_int64(st, 3, o->newest.arrival);
	sqlite3_bind_blob(st, 4, o->newest.claim, ORDER_CLAIM_LEN,
	    SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 5, o->newest_at);
	sqlite3_bind_int64(st, 6, (sqlite3_int64)o->holder.id);
	sqlite3_bind_blob(st, 7, o->holder.claim, ORDER_CLAIM_LEN,
	    SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 8, o->lease);
	sqlite3_bind_blob(st, 9, o->shared, ORDER_CLAIM_LEN, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 10, o->shared_at);
	for (int f = 0; f < ORDER_VERDICTS; f++)
		sqlite3_bind_int(st, 11 + f, o->verdicts[f]);
	return statement_run(q, st);
}

/* The questions to an order, inside a transaction. */
enum question { TAKE, KEEP };

static enum order_answer
ask(enum question what, struct order *o, const struct turn *t)
{
	return what == TAKE ? order_take(o, t, connection_now()) :
			      order_keep(o, t, connection_now());
}

static bool
is_unordered(const struct sqlite *q, const struct turn *t)
{
	for (size_t i = 0; i < STATE_HOSTS_MAX; i++)
		if (q->unordered[i] == t->id)
			return true;
	return false;
}

/* The file does not take the turn: the update goes on as without a store. */
static enum order_answer
go_unordered(struct sqlite *q, const struct turn *t)
{
	if (!is_unordered(q, t))
		q->unordered[q->unordered_next++ % STATE_HOSTS_MAX] = t->id;
	return ORDER_MINE;
}

/*
 * Most of those that wait or go on change nothing; so the order is first looked
 * at, and only an answer that changes it takes the lock of a writer.
 */
static enum order_answer
decide(struct sqlite *q, enum question what, const char *host,
    const struct turn *t, struct order *o)
{
	enum order_answer answer;
	struct order before;
	int rc;

	if (!connection_ready(q) || is_unordered(q, t))
		return go_unordered(q, t);
	if ((rc = read_order(q, host, &before)) != SQLITE_OK) {
		connection_fault(q, rc);
		return go_unordered(q, t);
	}
	*o = before;
	answer = ask(what, o, t);
	if (memcmp(o, &before, sizeof *o) == 0)
		return answer;
	if ((rc = connection_begin(q)) == SQLITE_OK &&
	    (rc = read_order(q, host, o)) == SQLITE_OK) {
		answer = ask(what, o, t);
		rc = write_order(q, host, o);
	}
	return connection_end(q, rc) == SQLITE_OK ? answer : go_unordered(q, t);
}

enum order_answer
sqlite_take(struct store *st, const char *host, struct turn *t, int *verdicts)
{
	struct order o;
	enum order_answer answer;

	if (t->began == 0)
		t->began = connection_now();
	answer = decide((struct sqlite *)st, TAKE, host, t, &o);
	if (answer == ORDER_SHARED)
		memcpy(verdicts, o.verdicts, sizeof o.verdicts);
	return answer;
}

enum order_answer
sqlite_keep(struct store *st, const char *host, const struct turn *t)
{
	struct order o;

	return decide((struct sqlite *)st, KEEP, host, t, &o);
}

void
sqlite_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts)
{
	struct sqlite *q = (struct sqlite *)st;
	struct order o;
	int rc;

	if (!connection_ready(q))
		return;
	if ((rc = connection_begin(q)) == SQLITE_OK &&
	    (rc = read_order(q, host, &o)) == SQLITE_OK) {
		order_give(&o, t, verdicts, connection_now());
		rc = write_order(q, host, &o);
	}
	(void)connection_end(q, rc);
}
