#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "state/postgresql/tables.h"

#define TABLES_VERSION 3
#define TRIES_MAX      10
#define PAUSE_MS       50 /* before another try, and longer each time */

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
	"CREATE TABLE IF NOT EXISTS ddnsgate_history (id TEXT PRIMARY KEY,"
	" at BIGINT NOT NULL, source TEXT, account TEXT, host TEXT, type TEXT,"
	" old TEXT, new TEXT, verdict TEXT, reason TEXT, issuer TEXT,"
	" serial TEXT, key TEXT, expiry BIGINT, proof_ms BIGINT,"
	" provider_ms BIGINT, request TEXT)",
	/* ASC: YugabyteDB would scatter by the first column. */
	"CREATE INDEX IF NOT EXISTS ddnsgate_history_at"
	" ON ddnsgate_history (at ASC, id ASC)",
	"CREATE INDEX IF NOT EXISTS ddnsgate_history_host"
	" ON ddnsgate_history (host ASC, at ASC, id ASC)",
	"CREATE TABLE IF NOT EXISTS ddnsgate_meta (key TEXT PRIMARY KEY,"
	" value TEXT NOT NULL)",
	/* From version 2 on. */
	"CREATE TABLE IF NOT EXISTS ddnsgate_account (name TEXT PRIMARY KEY,"
	" account TEXT, version BIGINT NOT NULL)",
	"CREATE INDEX IF NOT EXISTS ddnsgate_account_version"
	" ON ddnsgate_account (version ASC, name ASC)",
	"INSERT INTO ddnsgate_meta VALUES ('accounts', '1')"
	" ON CONFLICT (key) DO NOTHING",
	/* From version 3 on. */
	"ALTER TABLE ddnsgate_history ADD COLUMN IF NOT EXISTS request TEXT",
	"INSERT INTO ddnsgate_meta VALUES ('version', '3')"
	" ON CONFLICT (key) DO NOTHING",
	"UPDATE ddnsgate_meta SET value = '3'"
	" WHERE key = 'version' AND value IN ('1', '2')",
};

/*
 * Two machines that start at once may meet here, which an engine may tell by
 * any error at all; what is there already does no harm.
 */
static bool
make_tables(PGconn *c, int64_t deadline, struct error *why)
{
	enum obstacle met;
	size_t i = 0;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		struct timespec pause = { 0,
			(tries + 1) * PAUSE_MS * 1000000L };

		while (i < sizeof tables / sizeof *tables &&
		    connection_do(c, tables[i], NULL, deadline, &met, why))
			i++;
		if (i == sizeof tables / sizeof *tables)
			return true;
		if (PQstatus(c) == CONNECTION_BAD)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* 0: there are none; -1: they cannot be read. */
static long
read_version(PGconn *c, int64_t deadline, struct error *why)
{
	enum obstacle met;
	PGresult *r = connection_run(c,
	    "SELECT value FROM ddnsgate_meta WHERE key = 'version'", NULL,
	    deadline, &met, why);
	long version = 0;

	if (r == NULL)
		return met == MET_NO_TABLE ? 0 : -1;
	if (PQntuples(r) == 1)
		version = strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return version;
}

enum err
tables_ready(PGconn *c, const struct state *s, int64_t deadline,
    struct error *why)
{
	long version = read_version(c, deadline, why);

	if (version >= 0 && version < TABLES_VERSION && s->may_make &&
	    make_tables(c, deadline, why))
		version = read_version(c, deadline, why);
	if (version == TABLES_VERSION)
		return ERR_OK;
	if (version > TABLES_VERSION)
		return error_set(why, ERR_CONFIG,
		    "state %s: version %ld of its "
		    "tables was made by a newer ddnsgate; this one knows "
		    "version %d.  Install the newer one again, or name another "
		    "database",
		    s->place, version, TABLES_VERSION);
	if (version >= 0 && !s->may_make)
		error_set(why, ERR_UNREACHABLE,
		    version == 0 ?
			"there are no tables yet; the service makes them" :
			"its tables are of an older version; the service "
			"brings them up");
	return ERR_UNREACHABLE;
}
