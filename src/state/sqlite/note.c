/*
 * note.c - short texts by their keys, and who tells people what is new.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buffer.h"
#include "state/sqlite/connection.h"
#include "state/sqlite/sqlite.h"

#define NOTE_MAX (4UL << 20)

/*
 * The lock of a file ends with its process, so the next one need not wait, and
 * nothing has to be written while nothing happens.
 */
bool
sqlite_leads(struct store *st, uint64_t id)
{
	struct sqlite *q = (struct sqlite *)st;
	char name[FILE_NAME_MAX];

	(void)id;
	if (q->lead == -1)
		q->lead = open(file_beside(st->state, ".notifier", name),
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return q->lead != -1 && flock(q->lead, LOCK_EX | LOCK_NB) == 0;
}

void
sqlite_resign(struct store *st, uint64_t id)
{
	struct sqlite *q = (struct sqlite *)st;

	(void)id;
	if (q->lead != -1)
		close(q->lead);
	q->lead = -1;
}

/* SQLITE_DONE; or another code, and then text is of no use. */
static int
read_note(struct sqlite *q, const char *key, struct buffer *text)
{
	sqlite3_stmt *row = statement(q, READ_NOTE);
	int rc;

	bind_text(row, 1, key);
	if ((rc = statement_step(q, row)) == SQLITE_ROW)
		rc = buffer_puts(text,
			 (const char *)sqlite3_column_text(row, 0)) ?
		    SQLITE_DONE :
		    SQLITE_NOMEM;
	sqlite3_reset(row);
	return rc;
}

enum err
sqlite_note(struct store *st, const char *key, struct buffer *text)
{
	struct sqlite *q = (struct sqlite *)st;

	return connection_ready(q) && read_note(q, key, text) == SQLITE_DONE ?
	    ERR_OK :
	    ERR_UNREACHABLE;
}

/* Is before what is kept?  To be asked within a transaction. */
static bool
is_kept(struct sqlite *q, const char *key, const char *before)
{
	struct buffer text = { .max = NOTE_MAX };
	bool same = before == NULL ||
	    (read_note(q, key, &text) == SQLITE_DONE &&
		strcmp(buffer_text(&text), before) == 0);

	buffer_free(&text);
	return same;
}

enum err
sqlite_keep_note(struct store *st, const char *key, const char *before,
    const char *text)
{
	struct sqlite *q = (struct sqlite *)st;
	bool same = true;
	int rc;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	if ((rc = connection_begin(q)) == SQLITE_OK &&
	    (same = is_kept(q, key, before))) {
		sqlite3_stmt *row = statement(q, WRITE_NOTE);

		bind_text(row, 1, key);
		bind_text(row, 2, text);
		rc = statement_run(q, row);
	}
	if (connection_end(q, rc) != SQLITE_OK)
		return ERR_UNREACHABLE;
	return same ? ERR_OK : ERR_NOT_FOUND;
}
