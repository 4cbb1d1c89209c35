/*
 * note.c - short texts by their keys, and who tells people what is new.
 */
#include "config.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buffer.h"
#include "state/sqlite/connection.h"
#include "state/sqlite/sqlite.h"

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

enum err
sqlite_note(struct store *st, const char *key, struct buffer *text)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *row;
	bool fits = true;
	int rc;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	row = statement(q, READ_NOTE);
	bind_text(row, 1, key);
	if ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		fits = buffer_puts(text,
		    (const char *)sqlite3_column_text(row, 0));
		rc = SQLITE_DONE;
	}
	sqlite3_reset(row);
	return rc == SQLITE_DONE && fits ? ERR_OK : ERR_UNREACHABLE;
}

enum err
sqlite_keep_note(struct store *st, const char *key, const char *text)
{
	struct sqlite *q = (struct sqlite *)st;
	sqlite3_stmt *row;
	int rc;

	if (!connection_ready(q))
		return ERR_UNREACHABLE;
	if ((rc = connection_begin(q)) == SQLITE_OK) {
		row = statement(q, WRITE_NOTE);
		bind_text(row, 1, key);
		bind_text(row, 2, text);
		rc = statement_run(row);
	}
	return connection_end(q, rc) == SQLITE_OK ? ERR_OK : ERR_UNREACHABLE;
}
