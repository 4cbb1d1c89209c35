/*
 * check.c - can the file be used now?
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "state/sqlite/connection.h"
#include "state/sqlite/epoch.h"
#include "state/sqlite/sqlite.h"

/* A read of the file; SQLITE_OK, or what is wrong. */
static int
count(struct sqlite *q, int64_t *intents)
{
	sqlite3_stmt *rows = statement(q, COUNT_INTENTS);
	int rc;

	sqlite3_bind_int64(rows, 1, INTENT_WRITES);
	if ((rc = statement_step(q, rows)) == SQLITE_ROW)
		*intents = sqlite3_column_int64(rows, 0);
	sqlite3_reset(rows);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

enum err
sqlite_check(struct store *st, struct error *why)
{
	struct sqlite *q = (struct sqlite *)st;
	const struct state *s = st->state;
	struct statvfs fs;
	int rc;

	if (!connection_ready(q))
		return error_set(why, ERR_UNREACHABLE, "%s cannot be opened",
		    s->path);
	if (access(s->path, W_OK) == -1)
		return error_set(why, ERR_UNREACHABLE, "%s: %s", s->path,
		    strerror(errno));
	if (statvfs(s->place, &fs) == 0 && fs.f_bavail == 0)
		return error_set(why, ERR_UNREACHABLE, "%s: the disk is full",
		    s->place);
	/* As the next update would: what is not believed begins anew. */
	if (!epoch_stands(s) &&
	    (rc = epoch_find(st->state, q->db, false)) != SQLITE_OK)
		connection_fault(q, rc);
	return epoch_stands(s) ?
	    ERR_OK :
	    error_set(why, ERR_UNREACHABLE, "%s cannot be written", s->path);
}

enum err
sqlite_count_intents(struct store *st, int64_t *intents)
{
	struct sqlite *q = (struct sqlite *)st;
	int rc;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	if ((rc = count(q, intents)) != SQLITE_OK) {
		connection_fault(q, rc);
		return ERR_UNREACHABLE;
	}
	return ERR_OK;
}
