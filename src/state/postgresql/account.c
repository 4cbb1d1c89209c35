/*
 * account.c - accounts in the tables, which all machines see.
 *
 * Each change takes the row "accounts" of ddnsgate_meta first and counts it up,
 * so that versions become visible in their order, and whoever has seen one has
 * missed none before it.  What was removed stays as a row without an account.
 */
#include "config.h"

#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define ROWS_MAX 1000 /* of one question */

int64_t
postgresql_accounts_version(struct store *st)
{
	PGresult *r = connection_ask((struct postgresql *)st,
	    "SELECT value FROM ddnsgate_meta WHERE key = 'accounts'", NULL);
	int64_t version;

	if (r == NULL)
		return 0;
	version = PQntuples(r) == 1 ? column_number(r, 0, 0) : 0;
	PQclear(r);
	return version;
}

enum err
postgresql_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data)
{
	int64_t last = since;
	int count = ROWS_MAX;

	while (count == ROWS_MAX) {
		struct parameters p = { .count = 0 };
		PGresult *r;

		add_number(&p, last);
		add_number(&p, ROWS_MAX);
		r = connection_ask((struct postgresql *)st,
		    "SELECT name, account, version FROM ddnsgate_account"
		    " WHERE version > $1 ORDER BY version LIMIT $2",
		    &p);
		if (r == NULL)
			return ERR_UNREACHABLE;
		count = PQntuples(r);
		for (int i = 0; i < count; i++) {
			const struct state_account a = { column_text(r, i, 0),
				column_text(r, i, 1), column_number(r, i, 2) };

			last = a.version;
			if (!each(&a, data)) {
				count = 0;
				break;
			}
		}
		PQclear(r);
	}
	return ERR_OK;
}

/* What is to be written, and what came of it. */
struct change {
	const char *name, *text;
	bool is_new;
	bool wrong; /* it is there, or not, against what was said */
};

static bool
is_there(const PGresult *r)
{
	return PQntuples(r) == 1 && column_text(r, 0, 0) != NULL;
}

static bool
write_account(struct postgresql *q, int64_t deadline, enum obstacle *met,
    struct error *why, void *data)
{
	struct change *c = data;
	struct parameters p = { .count = 0 };
	int64_t version;
	PGresult *r;

	r = connection_run(q->connection,
	    "SELECT value FROM ddnsgate_meta WHERE key = 'accounts' FOR UPDATE",
	    NULL, deadline, met, why);
	if (r == NULL)
		return false;
	version = PQntuples(r) == 1 ? column_number(r, 0, 0) + 1 : 1;
	PQclear(r);
	add_text(&p, c->name);
	r = connection_run(q->connection,
	    "SELECT account FROM ddnsgate_account WHERE name = $1", &p,
	    deadline, met, why);
	if (r == NULL)
		return false;
	c->wrong = is_there(r) == c->is_new;
	PQclear(r);
	if (c->wrong)
		return true;
	add_text(&p, c->text);
	add_number(&p, version);
	if (!connection_do(q->connection,
		"INSERT INTO ddnsgate_account (name, account, version)"
		" VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE"
		" SET account = $2, version = $3",
		&p, deadline, met, why))
		return false;
	p.count = 0;
	add_number(&p, version);
	return connection_do(q->connection,
	    "UPDATE ddnsgate_meta SET value = $1 WHERE key = 'accounts'", &p,
	    deadline, met, why);
}

enum err
postgresql_account_write(struct store *st, const char *name, const char *text,
    bool is_new)
{
	struct change c = { name, text, is_new, false };

	if (!connection_transaction((struct postgresql *)st, write_account, &c))
		return ERR_UNREACHABLE;
	return c.wrong ? ERR_CONFIG : ERR_OK;
}
