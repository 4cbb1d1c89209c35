#include "config.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/lack.h"
#include "state/sqlite/connection.h"
#include "state/sqlite/epoch.h"
#include "state/sqlite/file.h"

#define AGAIN_MS 10000 /* until a store that failed is tried again */

#define EVENT_COLUMNS                                                     \
	"id, at, source, account, host, type, old, new, verdict, reason," \
	" issuer, serial, key, expiry, proof_ms, provider_ms, request"

static const char *const texts[] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[READ_APPLIED] = "SELECT ipv4, ipv6, at4, at6, since4, since6,"
			 " settings, intent, epoch, sum, applied_at FROM host"
			 " WHERE name = ?1",
	[WRITE_APPLIED] =
	    "INSERT INTO host (name, account, ipv4, ipv6, at4, at6, since4,"
	    " since6, settings, intent, epoch, sum, applied_at, expiry) VALUES"
	    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
	    " ON CONFLICT (name) DO UPDATE SET account = ?2, ipv4 = ?3,"
	    " ipv6 = ?4, at4 = ?5, at6 = ?6, since4 = ?7, since6 = ?8,"
	    " settings = ?9, intent = ?10, epoch = ?11, sum = ?12,"
	    " applied_at = ?13,"
	    " expiry = CASE WHEN ?14 = 0 THEN expiry ELSE ?14 END",
	[READ_TURN] = "SELECT newest_id, newest_arrival, newest_claim,"
		      " newest_at, holder_id, holder_claim, lease, shared,"
		      " shared_at, verdict4, verdict6 FROM turn"
		      " WHERE name = ?1",
	[WRITE_TURN] = "INSERT OR REPLACE INTO turn VALUES"
		       " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[FORGET] = "UPDATE host SET settings = NULL, epoch = 0 WHERE name = ?1",
	[ADD_EVENT] = "INSERT INTO history (at, source, account, host, type,"
		      " old, new, verdict, reason, issuer, serial, key, expiry,"
		      " proof_ms, provider_ms, request) VALUES (?1, ?2, ?3,"
		      " ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
		      " ?16)",
	[NOTE_EVENT] =
	    "INSERT INTO host (name, account, expiry, refused_at, refused)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
	    " expiry = CASE WHEN ?3 = 0 THEN expiry ELSE ?3 END,"
	    " refused_at = CASE WHEN ?4 = 0 THEN refused_at ELSE ?4 END,"
	    " refused = CASE WHEN ?4 = 0 THEN refused ELSE ?5 END",
	[PRUNE] = "DELETE FROM history WHERE id IN (SELECT id FROM history"
		  " WHERE at < ?1 ORDER BY at LIMIT "
		  "8"
		  ")",
	[READ_HOSTS] = "SELECT name, account, ipv4, ipv6, since4, since6,"
		       " applied_at, intent, expiry, refused_at, refused"
		       " FROM host WHERE name >= ?1 AND (?2 IS NULL OR"
		       " account = ?2) ORDER BY name",
	[READ_HISTORY] = "SELECT " EVENT_COLUMNS " FROM history"
			 " WHERE id < ?1 AND (?2 IS NULL OR account = ?2)"
			 " ORDER BY id DESC",
	[READ_HOST_HISTORY] = "SELECT " EVENT_COLUMNS " FROM history"
			      " WHERE id < ?1 AND (?2 IS NULL OR account = ?2)"
			      " AND host = ?3 ORDER BY id DESC",
	[READ_NEWS] = "SELECT " EVENT_COLUMNS " FROM history WHERE id > ?1"
		      " ORDER BY id",
	[READ_NOTE] = "SELECT value FROM meta WHERE key = ?1",
	[WRITE_NOTE] = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
	[COUNT_INTENTS] = "SELECT count(*) FROM host WHERE (intent & ?1) <> 0",
};
_Static_assert(sizeof texts / sizeof *texts == STATEMENTS,
    "a text per statement");

/* Milliseconds since this boot, also while the machine was suspended. */
int64_t
connection_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
connection_shut(struct sqlite *q)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(q->statements[i]);
		q->statements[i] = NULL;
	}
	sqlite3_close(q->db);
	q->db = NULL;
	q->looked = false;
}

/*
 * Our statements are right: if one fails, the tables are not those we made.
 */
static int
prepare(sqlite3 *db, enum statement which, sqlite3_stmt **st)
{
	int rc = sqlite3_prepare_v3(db, texts[which], -1,
	    SQLITE_PREPARE_PERSISTENT, st, NULL);

	return rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc;
}

int
connection_try(sqlite3 *db)
{
	int rc = SQLITE_OK;

	for (enum statement i = 0; rc == SQLITE_OK && i < STATEMENTS; i++) {
		sqlite3_stmt *st = NULL;

		rc = prepare(db, i, &st);
		sqlite3_finalize(st);
	}
	return rc;
}

/*
 * Several processes may find the damage: one of them moves the file aside and
 * begins a new one, and the others have none until then.
 */
static void
mend(struct sqlite *q)
{
	struct state *s = q->store.state;
	unsigned int version = q->version;
	sqlite3 *db = NULL;
	struct error why;

	if (!atomic_compare_exchange_strong(&s->shared->version, &version,
		version + 1))
		return;
	atomic_store(&s->shared->mending, clock_now());
	epoch_end(s);
	file_move_aside(s);
	atomic_store(&s->shared->file, 0);
	if (file_open(s->path, &db) == SQLITE_OK &&
	    file_migrate(s, db, &why) == ERR_OK)
		(void)epoch_begin(s, db);
	sqlite3_close(db);
	atomic_store(&s->shared->version, version + 2);
}

/* False while another process mends; one that died of it is not waited for. */
static bool
is_whole(struct state *s, unsigned int version)
{
	if (version % 2 == 0)
		return true;
	if (clock_now() - atomic_load(&s->shared->mending) > AGAIN_MS)
		(void)atomic_compare_exchange_strong(&s->shared->version,
		    &version, version + 1);
	return false;
}

/* number: what the system said.  A lock that is held is EAGAIN, and no lack. */
static void
tell_lack(int rc, int number)
{
	if ((rc & 0xff) == SQLITE_NOMEM)
		lack_tell("state", ENOMEM);
	else if ((rc & 0xff) == SQLITE_CANTOPEN && number != EAGAIN &&
	    lack_is(number))
		lack_tell("state", number);
}

void
connection_fault(struct sqlite *q, int rc)
{
	tell_lack(rc, q->db != NULL ? sqlite3_system_errno(q->db) : errno);
	state_warn(q->store.state, "%s",
	    q->db != NULL ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc));
	/*
	 * Our statements are right, so SQLITE_ERROR means that the tables are
	 * not those we made; connection_ready() looks, and tells.
	 */
	if (!file_is_damaged(rc & 0xff) && (rc & 0xff) != SQLITE_ERROR)
		return;
	connection_shut(q);
	if (file_is_damaged(rc & 0xff))
		mend(q);
	q->again = 0;
}

/*
 * A process may have opened other files than the others have, for somebody
 * removed or replaced them: each would see a part of what happens.  Then a new
 * epoch begins, and all open them anew.
 */
static void
join_others(struct sqlite *q)
{
	struct state *s = q->store.state;
	uint64_t file = 0;

	q->file = file_identity(s);
	if (atomic_compare_exchange_strong(&s->shared->file, &file, q->file) ||
	    file == q->file)
		return;
	state_warn(s, "its files were removed or replaced while it was in use");
	epoch_end(s);
	atomic_store(&s->shared->file, q->file);
	(void)epoch_begin(s, q->db);
	q->version = atomic_fetch_add(&s->shared->version, 2) + 2;
}

/* SQLITE_OK, or why it cannot be used. */
static int
open_now(struct sqlite *q)
{
	struct state *s = q->store.state;
	struct error why;
	int rc = file_open(s->path, &q->db);

	if (rc != SQLITE_OK)
		return rc;
	if (file_migrate(s, q->db, &why) != ERR_OK) {
		rc = sqlite3_errcode(q->db);
		if (file_is_damaged(rc))
			return rc;
		state_warn(s, "%s", why.text);
		connection_shut(q);
		return SQLITE_ERROR;
	}
	/* Without these no other may run. */
	for (enum statement i = BEGIN; rc == SQLITE_OK && i <= ROLLBACK; i++)
		rc = prepare(q->db, i, &q->statements[i]);
	return rc;
}

static bool
looks_same(const struct file_look *a, const struct file_look *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->changed == b->changed;
}

/*
 * Are the files still those that were opened?  Each is looked at, and the
 * marker is read, only where something changed in their directory, since that
 * takes the kernel longer than the question whether something did.
 */
static bool
is_same(struct sqlite *q)
{
	const struct state *s = q->store.state;
	struct file_look look;
	bool looked = file_look(s, &look);

	if (looked && q->looked && looks_same(&look, &q->look))
		return true;
	q->looked = false;
	if (q->file != file_identity(s)) {
		/* The new ones may well get the same numbers. */
		(void)atomic_compare_exchange_strong(&s->shared->file,
		    &(uint64_t){ q->file }, FILE_GONE);
		return false;
	}
	q->marker = epoch_marker(s);
	q->look = look;
	q->looked = looked;
	return true;
}

bool
connection_ready(struct sqlite *q)
{
	struct state *s = q->store.state;
	unsigned int version = atomic_load(&s->shared->version);
	int rc;

	if (q->db != NULL && q->version == version && is_same(q))
		return true;
	if ((q->db == NULL && clock_now() < q->again) || !is_whole(s, version))
		return false;
	connection_shut(q);
	q->version = version;
	q->again = clock_now() + AGAIN_MS;
	rc = open_now(q);
	if (rc == SQLITE_OK) {
		join_others(q);
		q->marker = epoch_marker(s);
		return true;
	}
	if (rc != SQLITE_ERROR || q->db != NULL)
		connection_fault(q, rc);
	connection_shut(q);
	return false;
}

void
bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
}

sqlite3_stmt *
statement(struct sqlite *q, enum statement which)
{
	sqlite3_stmt **st = &q->statements[which];

	if (*st == NULL &&
	    (q->unprepared = prepare(q->db, which, st)) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

int
statement_step(const struct sqlite *q, sqlite3_stmt *st)
{
	return st != NULL ? sqlite3_step(st) : q->unprepared;
}

int
statement_run(const struct sqlite *q, sqlite3_stmt *st)
{
	int rc = statement_step(q, st);

	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
connection_begin(struct sqlite *q)
{
	return statement_run(q, statement(q, BEGIN));
}

int
connection_end(struct sqlite *q, int rc)
{
	if (rc == SQLITE_OK)
		rc = statement_run(q, statement(q, COMMIT));
	if (rc != SQLITE_OK) {
		int saved = rc;

		if (sqlite3_get_autocommit(q->db) == 0)
			(void)statement_run(q, statement(q, ROLLBACK));
		connection_fault(q, saved);
	}
	return rc;
}
