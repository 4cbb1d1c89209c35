/*
 * file.h - the file of a store on one machine: opened, migrated, moved aside.
 */
#ifndef STATE_SQLITE_FILE_H
#define STATE_SQLITE_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include <sqlite3.h>

#include "state/engine.h"

#define FILE_NAME_MAX 4096

/* Puts the name of the file with an ending into name, and returns it. */
const char *file_beside(const struct state *s, const char *ending,
    char name[static FILE_NAME_MAX]);

/*
 * Opens the file, in WAL mode; makes it if it is not there.  SQLITE_OK, or a
 * code of sqlite3.h, and then *db is NULL and errno what the system said, or 0.
 * Release with sqlite3_close().
 */
int file_open(const char *path, sqlite3 **db);

/*
 * Makes the tables, or brings those of an older version up.  ERR_CONFIG: a
 * newer program made them.  ERR_SYSTEM: they are another program's, or the disk
 * is full.
 */
enum err file_migrate(struct state *s, sqlite3 *db, struct error *why);

/*
 * Looks whether file_open() and file_migrate() would do, and changes nothing:
 * the errors of file_migrate().  A file that is damaged, or not there yet, is
 * none: a new one begins.
 */
enum err file_examine(const char *path, struct error *why);

/*
 * Which files are at the path now, the database and its log of writes: another
 * number for others, but that a file system may give the number of one that was
 * removed to the next one.  Never 0, nor FILE_GONE.
 */
#define FILE_GONE 1 /* those that were in use are there no more */
uint64_t file_identity(const struct state *s);

/* How the directory looks in which the files are. */
struct file_look {
	dev_t device;
	ino_t inode;
	int64_t changed; /* nanoseconds since 1970 */
};

/*
 * As long as the directory looks the same, nobody made, removed or renamed a
 * file in it.  False: it cannot be seen, or something changed so lately that
 * one more change would look the same.
 */
bool file_look(const struct state *s, struct file_look *look);

/* Does this code of SQLite mean that the file is damaged? */
bool file_is_damaged(int code);

/*
 * Keeps a damaged file under another name, for whoever wants to look at it, so
 * that a new one can begin, and removes all but the latest of such files.  Logs
 * and counts it.
 */
void file_move_aside(struct state *s);

#endif
