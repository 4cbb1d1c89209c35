#include "config.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "state/sqlite/file.h"

#define APPLICATION_ID 0x64646e73 /* "ddns": whose file this is */
#define TABLES_VERSION 2
#define BUSY_MS	       250 /* at most until another process commits */
#define COARSE_S       1   /* clocks of file systems may tell whole seconds */
#define NUMBER(n)      NUMBER_TEXT(n)
#define NUMBER_TEXT(n) #n

static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
    " WITHOUT ROWID;"
    /* ipv4, ipv6: the address, '' for no record, NULL for unknown. */
    "CREATE TABLE host (name TEXT PRIMARY KEY, account TEXT NOT NULL,"
    " ipv4 TEXT, ipv6 TEXT, since4 INTEGER NOT NULL DEFAULT 0,"
    " since6 INTEGER NOT NULL DEFAULT 0, settings BLOB,"
    " at4 INTEGER NOT NULL DEFAULT 0, at6 INTEGER NOT NULL DEFAULT 0,"
    " applied_at INTEGER NOT NULL DEFAULT 0,"
    " intent INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,"
    " sum INTEGER NOT NULL DEFAULT 0, expiry INTEGER NOT NULL DEFAULT 0,"
    " refused_at INTEGER NOT NULL DEFAULT 0, refused TEXT NOT NULL DEFAULT '')"
    " WITHOUT ROWID;"
    "CREATE TABLE turn (name TEXT PRIMARY KEY, newest_id INTEGER,"
    " newest_arrival INTEGER, newest_claim BLOB, newest_at INTEGER,"
    " holder_id INTEGER, holder_claim BLOB, lease INTEGER, shared BLOB,"
    " shared_at INTEGER, verdict4 INTEGER, verdict6 INTEGER) WITHOUT ROWID;"
    "CREATE TABLE history (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " source TEXT, account TEXT, host TEXT, type TEXT, old TEXT, new TEXT,"
    " verdict TEXT, reason TEXT, issuer TEXT, serial TEXT, key TEXT,"
    " expiry INTEGER, proof_ms INTEGER, provider_ms INTEGER,"
    " request TEXT);"
    "CREATE INDEX history_host ON history (host, id);"
    "CREATE INDEX history_at ON history (at);"
    "PRAGMA application_id = " NUMBER(
	APPLICATION_ID) ";"
			"PRAGMA user_version = " NUMBER(TABLES_VERSION) ";";

/* Makes name out of the state's path and an ending. */
const char *
file_beside(const struct state *s, const char *ending,
    char name[static FILE_NAME_MAX])
{
	snprintf(name, FILE_NAME_MAX, "%s%s", s->path, ending);
	return name;
}

/*
 * Removes the files that were moved aside before, so that they do not fill the
 * disk.
 */
static void
remove_damaged(const struct state *s)
{
	char pattern[FILE_NAME_MAX];
	glob_t found;

	if (glob(file_beside(s, ".damaged-*", pattern), 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)unlink(found.gl_pathv[i]);
	globfree(&found);
}

uint64_t
file_identity(const struct state *s)
{
	char name[FILE_NAME_MAX];
	struct stat db = { .st_ino = 0 }, wal = { .st_ino = 0 };
	uint64_t id;

	(void)stat(s->path, &db);
	(void)stat(file_beside(s, "-wal", name), &wal);
	id = (db.st_ino * 0x9e3779b97f4a7c15ULL) ^ (wal.st_ino << 1) ^
	    ((uint64_t)db.st_dev << 48);
	return id > FILE_GONE ? id : FILE_GONE + 1;
}

bool
file_look(const struct state *s, struct file_look *look)
{
	struct timespec now;
	struct stat st;

	if (stat(s->place, &st) == -1)
		return false;
	*look = (struct file_look){ .device = st.st_dev,
		.inode = st.st_ino,
		.changed = (int64_t)st.st_ctim.tv_sec * 1000000000 +
		    st.st_ctim.tv_nsec };
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - st.st_ctim.tv_sec > COARSE_S;
}

/*
 * A file that SQLite finds damaged is kept for whoever wants to look at it.
 * Another process may have moved it already; then nothing is left to do.
 */
void
file_move_aside(struct state *s)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX], ending[64];

	remove_damaged(s);
	snprintf(ending, sizeof ending, ".damaged-%lld", (long long)time(NULL));
	if (rename(s->path, file_beside(s, ending, to)) == -1)
		return;
	(void)unlink(file_beside(s, "-wal", from));
	(void)unlink(file_beside(s, "-shm", from));
	atomic_fetch_add(&s->shared->moved, 1);
	log_warn("state %s: the file is damaged; it was moved to %s, and a new "
		 "one begins",
	    s->place, to);
}

bool
file_is_damaged(int rc)
{
	return rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
}

static int
pragma_number(sqlite3 *db, const char *text)
{
	sqlite3_stmt *st = NULL;
	int n = -1;

	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return n;
}

/*
 * Whoever closes the file last leaves its log there, empty, since a new log
 * would look as if somebody had replaced the files, see file_identity().
 * Without a limit of its size it would not be empty.
 */
static int
keep_log(sqlite3 *db)
{
	int keep = 1;
	int rc = sqlite3_exec(db, "PRAGMA journal_size_limit = 4194304;", NULL,
	    NULL, NULL);

	return rc != SQLITE_OK ?
	    rc :
	    sqlite3_file_control(db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
}

/* SQLITE_OK, or what stands in the way of using the file. */
int
file_open(const char *path, sqlite3 **db)
{
	int rc = sqlite3_open_v2(path, db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_NOFOLLOW,
	    NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(*db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*db,
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;"
		    "PRAGMA cell_size_check = ON;"
		    "PRAGMA trusted_schema = OFF;",
		    NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = keep_log(*db);
	if (rc != SQLITE_OK) {
		int number = *db != NULL ? sqlite3_system_errno(*db) : ENOMEM;

		sqlite3_close(*db);
		*db = NULL;
		errno = number;
	}
	/* Our statements are right, so the file is not one that we made. */
	return rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc;
}

/*
 * Whose tables are these?  fresh: nobody's yet.  ERR_CONFIG and ERR_SYSTEM as
 * file_migrate() tells them.
 */
static enum err
judge_tables(const char *path, sqlite3 *db, bool *fresh, struct error *why)
{
	int id = pragma_number(db, "PRAGMA application_id");
	int version = pragma_number(db, "PRAGMA user_version");
	int tables = id == APPLICATION_ID ?
	    0 :
	    pragma_number(db, "SELECT count(*) FROM sqlite_schema");

	*fresh = false;
	if (id == -1 || version == -1 || tables == -1)
		return error_set(why, ERR_SYSTEM, "%s", sqlite3_errmsg(db));
	if (id == APPLICATION_ID && version > TABLES_VERSION)
		return error_set(why, ERR_CONFIG,
		    "state %s: version %d of its "
		    "tables was made by a newer ddnsgate; this one knows "
		    "version %d.  Install the newer one again, or name another "
		    "directory",
		    path, version, TABLES_VERSION);
	if (id != APPLICATION_ID && tables > 0)
		return error_set(why, ERR_SYSTEM,
		    "%s is a database of another program", path);
	*fresh = id != APPLICATION_ID;
	return ERR_OK;
}

enum err
file_examine(const char *path, struct error *why)
{
	sqlite3 *db = NULL;
	enum err rc = ERR_OK;
	bool fresh;

	if (access(path, F_OK) == 0 &&
	    sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
		NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_MS);
		(void)keep_log(db);
		rc = judge_tables(path, db, &fresh, why);
		if (rc == ERR_SYSTEM && file_is_damaged(sqlite3_errcode(db)))
			rc = ERR_OK;
	}
	sqlite3_close(db);
	return rc;
}

/* What makes tables of the next version of those of one, from version 1 on. */
static const char *const upgrades[TABLES_VERSION] = {
	[1] = "ALTER TABLE history ADD COLUMN request TEXT;",
};

static int
run(sqlite3 *db, const char *text)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/*
 * Makes the tables, or brings them up, in a transaction that has begun: another
 * process may have done so just before.
 */
static int
make_tables(sqlite3 *db)
{
	int version = pragma_number(db, "PRAGMA user_version");
	int rc = SQLITE_OK;

	if (pragma_number(db, "PRAGMA application_id") != APPLICATION_ID)
		return run(db, schema);
	for (; rc == SQLITE_OK && version > 0 && version < TABLES_VERSION;
	     version++)
		rc = run(db, upgrades[version]);
	if (rc == SQLITE_OK)
		rc = run(db, "PRAGMA user_version = " NUMBER(TABLES_VERSION));
	return rc;
}

enum err
file_migrate(struct state *s, sqlite3 *db, struct error *why)
{
	bool fresh;
	enum err rc = judge_tables(s->path, db, &fresh, why);

	if (rc != ERR_OK ||
	    (!fresh &&
		pragma_number(db, "PRAGMA user_version") == TABLES_VERSION))
		return rc;
	if (run(db, "BEGIN IMMEDIATE") == SQLITE_OK &&
	    make_tables(db) == SQLITE_OK && run(db, "COMMIT") == SQLITE_OK)
		return ERR_OK;
	return error_set(why, ERR_SYSTEM, "%s", sqlite3_errmsg(db));
}
