/*
 * turn.c - whose turn it is with a host, over all machines.
 */
#include "config.h"

#include <string.h>

#include "state/hex.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define COLUMNS                                                         \
	"SELECT newest_id, newest_arrival, newest_claim, newest_at,"    \
	" holder_id, holder_claim, lease, shared, shared_at, verdict4," \
	" verdict6, CAST(extract(epoch FROM now()) * 1000 AS BIGINT)"   \
	" FROM ddnsgate_turn WHERE name = $1"

/* One question about the order of a host, and its answer. */
struct question {
	enum { TAKE, KEEP, GIVE } what;
	const char *host;
	struct turn *turn;
	const int *verdicts; /* of GIVE */
	struct order order;
	int64_t now;
	enum order_answer answer;
};

static void
read_order(const PGresult *r, struct question *x)
{
	struct order *o = &x->order;

	memset(o, 0, sizeof *o); /* padding too: orders are compared */
	o->newest.id = (uint64_t)column_number(r, 0, 0);
	o->newest.arrival = column_number(r, 0, 1);
	hex_read(o->newest.claim, ORDER_CLAIM_LEN, column_text(r, 0, 2));
	o->newest_at = column_number(r, 0, 3);
	o->holder.id = (uint64_t)column_number(r, 0, 4);
	hex_read(o->holder.claim, ORDER_CLAIM_LEN, column_text(r, 0, 5));
	o->lease = column_number(r, 0, 6);
	hex_read(o->shared, ORDER_CLAIM_LEN, column_text(r, 0, 7));
	o->shared_at = column_number(r, 0, 8);
	for (int f = 0; f < ORDER_VERDICTS; f++)
		o->verdicts[f] = (int)column_number(r, 0, 9 + f);
	x->now = column_number(r, 0, 11);
}

static void
answer(struct question *x)
{
	if (x->turn->began == 0)
		x->turn->began = x->now;
	if (x->what == TAKE)
		x->answer = order_take(&x->order, x->turn, x->now);
	else if (x->what == KEEP)
		x->answer = order_keep(&x->order, x->turn, x->now);
	else
		order_give(&x->order, x->turn, x->verdicts, x->now);
}

static bool
write_order(struct postgresql *q, const struct question *x, int64_t deadline,
    enum obstacle *met, struct error *why)
{
	const struct order *o = &x->order;
	char newest[2 * ORDER_CLAIM_LEN + 1], holder[2 * ORDER_CLAIM_LEN + 1],
	    shared[2 * ORDER_CLAIM_LEN + 1];
	struct parameters p = { .count = 0 };
	PGresult *r;

	add_text(&p, x->host);
	add_number(&p, (int64_t)o->newest.id);
	add_number(&p, o->newest.arrival);
	add_text(&p, hex_write(o->newest.claim, ORDER_CLAIM_LEN, newest));
	add_number(&p, o->newest_at);
	add_number(&p, (int64_t)o->holder.id);
	add_text(&p, hex_write(o->holder.claim, ORDER_CLAIM_LEN, holder));
	add_number(&p, o->lease);
	add_text(&p, hex_write(o->shared, ORDER_CLAIM_LEN, shared));
	add_number(&p, o->shared_at);
	for (int f = 0; f < ORDER_VERDICTS; f++)
		add_number(&p, o->verdicts[f]);
	r = connection_run(q->connection,
	    "UPDATE ddnsgate_turn SET newest_id = $2, newest_arrival = $3,"
	    " newest_claim = $4, newest_at = $5, holder_id = $6,"
	    " holder_claim = $7, lease = $8, shared = $9, shared_at = $10,"
	    " verdict4 = $11, verdict6 = $12 WHERE name = $1",
	    &p, deadline, met, why);
	PQclear(r);
	return r != NULL;
}

static bool
decide(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	struct question *x = data;
	struct parameters p = { .count = 0 };
	struct order before;
	PGresult *r;

	add_text(&p, x->host);
	r = connection_run(q->connection, COLUMNS " FOR UPDATE", &p, deadline,
	    met, why);
	if (r != NULL && PQntuples(r) == 0) {
		PQclear(r);
		r = connection_run(q->connection,
		    "INSERT INTO ddnsgate_turn (name) VALUES ($1)"
		    " ON CONFLICT (name) DO NOTHING",
		    &p, deadline, met, why);
		PQclear(r);
		r = r == NULL ?
		    NULL :
		    connection_run(q->connection, COLUMNS " FOR UPDATE", &p,
			deadline, met, why);
	}
	if (r == NULL)
		return false;
	read_order(r, x);
	PQclear(r);
	before = x->order;
	answer(x);
	return memcmp(&before, &x->order, sizeof before) == 0 ||
	    write_order(q, x, deadline, met, why);
}

enum order_answer
postgresql_take(struct store *st, const char *host, struct turn *t,
    int *verdicts)
{
	struct question x = { .what = TAKE, .host = host, .turn = t };

	if (!connection_transaction((struct postgresql *)st, decide, &x))
		return ORDER_OUT_OF_REACH;
	if (x.answer == ORDER_SHARED)
		memcpy(verdicts, x.order.verdicts, sizeof x.order.verdicts);
	return x.answer;
}

enum order_answer
postgresql_keep(struct store *st, const char *host, const struct turn *t)
{
	struct turn mine = *t;
	struct question x = { .what = KEEP, .host = host, .turn = &mine };

	return connection_transaction((struct postgresql *)st, decide, &x) ?
	    x.answer :
	    ORDER_OUT_OF_REACH;
}

void
postgresql_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts)
{
	struct turn mine = *t;
	struct question x = { .what = GIVE,
		.host = host,
		.turn = &mine,
		.verdicts = verdicts };

	(void)connection_transaction((struct postgresql *)st, decide, &x);
}
