/*
 * connection.h - one process's connection to the file, with its statements.
 */
#ifndef STATE_SQLITE_CONNECTION_H
#define STATE_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "state/engine.h"
#include "state/sqlite/file.h"

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	READ_APPLIED,
	WRITE_APPLIED,
	READ_TURN,
	WRITE_TURN,
	FORGET,
	ADD_EVENT,
	NOTE_EVENT,
	PRUNE,
	READ_HOSTS,
	READ_HISTORY,
	READ_HOST_HISTORY,
	READ_NEWS,
	READ_NOTE,
	WRITE_NOTE,
	COUNT_INTENTS,
	STATEMENTS
};

struct sqlite {
	struct store store;
	sqlite3 *db;			      /* NULL: it cannot be used now */
	sqlite3_stmt *statements[STATEMENTS]; /* NULL: not used yet */
	int unprepared;	       /* why statement() gave the last NULL */
	unsigned int version;  /* state_shared.version when it was opened */
	uint64_t file;	       /* file_identity() then */
	int64_t marker;	       /* epoch_marker() */
	struct file_look look; /* when file and marker were these */
	bool looked;	       /* is look known? */
	int64_t again;	       /* when to try to open it the next time */
	int64_t intended;      /* epoch of the last intent */
	int lead;	       /* file that is locked by who tells; or -1 */
	/* Turns that the file did not take, as on a full disk. */
	uint64_t unordered[STATE_HOSTS_MAX];
	size_t unordered_next;
};

/*
 * Is the file open, and q->marker what lies beside it?  Opens it, also where
 * another process, or another hand, replaced or removed it; one that failed is
 * tried again after 10 seconds.
 */
bool connection_ready(struct sqlite *q);

/* Closes the file. */
void connection_shut(struct sqlite *q);

/*
 * Logs and counts what SQLite answered, and a lack of our own, which errno has
 * where file_open() failed; a damaged file is moved aside, and a
 * new one begins.
 */
void connection_fault(struct sqlite *q, int code);

/* Can db do all that the others will ask of it?  SQLITE_OK, or why not. */
int connection_try(sqlite3 *db);

/*
 * A statement without values; they are numbered from 1 on.  It is prepared when
 * it is used first, for most processes use few.  NULL: it cannot be, which
 * statement_step() and statement_run() tell; to give it values does nothing.
 */
sqlite3_stmt *statement(struct sqlite *q, enum statement which);

/* text may be NULL; it is copied. */
void bind_text(sqlite3_stmt *st, int i, const char *text);

/* As sqlite3_step(). */
int statement_step(const struct sqlite *q, sqlite3_stmt *st);

/* Runs a statement that gives no row; SQLITE_OK, or what went wrong. */
int statement_run(const struct sqlite *q, sqlite3_stmt *st);

/*
 * A transaction that writes.  connection_end() commits it if code, that of what
 * was done in it, is SQLITE_OK; else nothing of it remains, and the fault is
 * told.  Returns SQLITE_OK only after a commit.
 */
int connection_begin(struct sqlite *q);
int connection_end(struct sqlite *q, int code);

/* Milliseconds since this boot, also while the machine was suspended. */
int64_t connection_now(void);

#endif
