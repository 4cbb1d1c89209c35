/*
 * postgresql.c - a store that several machines share.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"

#define TABLES_VERSION 1
#define PREPARE_MS     10000 /* to make or migrate the tables, at the start */

/* Types and clauses that CockroachDB and YugabyteDB have as well. */
static const char *const tables[] = {
	"CREATE TABLE IF NOT EXISTS ddnsgate_host (name TEXT PRIMARY KEY,"
	" account TEXT NOT NULL DEFAULT '', ipv4 TEXT, ipv6 TEXT,"
	" at4 BIGINT NOT NULL DEFAULT 0, at6 BIGINT NOT NULL DEFAULT 0,"
	" since4 BIGINT NOT NULL DEFAULT 0, since6 BIGINT NOT NULL DEFAULT 0,"
	" settings TEXT NOT NULL DEFAULT '',"
	" intent BIGINT NOT NULL DEFAULT 0,"
	" applied_at BIGINT NOT NULL DEFAULT 0,"
	" expiry BIGINT NOT NULL DEFAULT 0,"
	" refused_at BIGINT NOT NULL DEFAULT 0,"
	" refused TEXT NOT NULL DEFAULT '')",
	"CREATE TABLE IF NOT EXISTS ddnsgate_turn (name TEXT PRIMARY KEY,"
	" newest_id BIGINT NOT NULL DEFAULT 0,"
	" newest_arrival BIGINT NOT NULL DEFAULT 0,"
	" newest_claim TEXT NOT NULL DEFAULT '',"
	" newest_at BIGINT NOT NULL DEFAULT 0,"
	" holder_id BIGINT NOT NULL DEFAULT 0,"
	" holder_claim TEXT NOT NULL DEFAULT '',"
	" lease BIGINT NOT NULL DEFAULT 0, shared TEXT NOT NULL DEFAULT '',"
	" shared_at BIGINT NOT NULL DEFAULT 0,"
	" verdict4 BIGINT NOT NULL DEFAULT 0,"
	" verdict6 BIGINT NOT NULL DEFAULT 0)",
	"CREATE TABLE IF NOT EXISTS ddnsgate_history (at BIGINT NOT NULL,"
	" id TEXT NOT NULL, source TEXT, account TEXT, host TEXT, type TEXT,"
	" old TEXT, new TEXT, verdict TEXT, reason TEXT, issuer TEXT,"
	" serial TEXT, key TEXT, expiry BIGINT, proof_ms BIGINT,"
	" provider_ms BIGINT, PRIMARY KEY (at, id))",
	"CREATE INDEX IF NOT EXISTS ddnsgate_history_host"
	" ON ddnsgate_history (host, at)",
	"CREATE TABLE IF NOT EXISTS ddnsgate_meta (key TEXT PRIMARY KEY,"
	" value TEXT NOT NULL)",
	"INSERT INTO ddnsgate_meta VALUES ('version', '1')"
	" ON CONFLICT (key) DO NOTHING",
};

static bool
make_tables(PGconn *c, int64_t deadline, struct error *why)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		bool retry = true;
		PGresult *r = NULL;

		/* Two machines that start at once may meet here. */
		for (int n = 0; r == NULL && n < 5; n++)
			r = connection_run(c, tables[i], NULL, deadline, &retry,
			    why);
		if (r == NULL)
			return false;
		PQclear(r);
	}
	return true;
}

/*
 * The version of the tables, read under a lock of its row, which the steps of a
 * later version will need.
 */
static enum err
check_version(PGconn *c, const struct state *s, int64_t deadline,
    struct error *why)
{
	bool retry;
	PGresult *r = connection_run(c,
	    "SELECT value FROM ddnsgate_meta"
	    " WHERE key = 'version' FOR UPDATE",
	    NULL, deadline, &retry, why);
	long version;

	if (r == NULL)
		return ERR_UNREACHABLE;
	version = PQntuples(r) == 1 ? strtol(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	PQclear(r);
	if (version > TABLES_VERSION)
		return error_set(why, ERR_CONFIG,
		    "state %s: version %ld of its "
		    "tables was made by a newer ddnsgate; this one knows "
		    "version %d.  Install the newer one again, or name another "
		    "database",
		    s->place, version, TABLES_VERSION);
	return ERR_OK;
}

static enum err
postgresql_name(struct state *s, struct error *why)
{
	(void)s;
	(void)why;
	return ERR_OK;
}

/* A database that is out of reach now is asked again by each request. */
static enum err
postgresql_prepare(struct state *s, struct error *why)
{
	int64_t deadline = clock_now() + PREPARE_MS;
	enum err rc = ERR_UNREACHABLE;
	struct error what;
	PGconn *c = connection_new(s, deadline, &what);

	if (c != NULL && make_tables(c, deadline, &what))
		rc = check_version(c, s, deadline, &what);
	PQfinish(c);
	if (rc == ERR_CONFIG) {
		*why = what;
		return rc;
	}
	if (rc != ERR_OK)
		state_warn(s, "%s", what.text);
	return ERR_OK;
}

static struct store *
postgresql_open(struct state *s)
{
	struct postgresql *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->store = (struct store){ .engine = &postgresql_engine, .state = s };
	return &q->store;
}

static void
postgresql_shut(struct store *st)
{
	struct postgresql *q = (struct postgresql *)st;

	PQfinish(q->connection);
	free(q);
}

const struct engine postgresql_engine = {
	.name = postgresql_name,
	.prepare = postgresql_prepare,
	.open = postgresql_open,
	.close = postgresql_shut,
	.is_applied = postgresql_is_applied,
	.take = postgresql_take,
	.keep = postgresql_keep,
	.give = postgresql_give,
	.intend = postgresql_intend,
	.apply = postgresql_apply,
	.forget = postgresql_forget,
	.record = postgresql_record,
	.hosts = postgresql_hosts,
	.history = postgresql_history,
};
