/*
 * epoch.h - from when on what a file says is believed.
 *
 * Commits are not synced: SQLite loses none when a process dies, only when the
 * machine does.  So rows carry the epoch in which they were written, and each
 * boot of the machine begins a new one.  Beside the database lies a file with
 * its epoch.  To take that file away needs no room on a full disk, so a process
 * that could not commit an intent can still leave word that the database must
 * not be believed, also after a restart.
 *
 * While nobody uses the database, that file also says which file it was and
 * when it was changed last, by the kernel's account: a copy that was put in its
 * place meanwhile, such as one from a backup, is older than it says.
 */
#ifndef STATE_SQLITE_EPOCH_H
#define STATE_SQLITE_EPOCH_H

#include <sqlite3.h>

#include "state/engine.h"

/*
 * Marks the directory as in use, until the state is freed and all processes
 * that were forked since have ended.  True: nobody else used it, so that the
 * database must be sealed to be believed.
 */
bool epoch_lock(struct state *s);

/*
 * Sets the epoch of s: that of the file if nothing speaks against it, else a
 * new one.  SQLITE_OK, or why that failed; then nothing is believed.
 */
int epoch_find(struct state *s, sqlite3 *db, bool sealed);

/* The epoch that the file beside the database tells; 0: nothing is believed. */
int64_t epoch_marker(const struct state *s);

/* Is the epoch of s still that of the file, as far as anybody knows? */
bool epoch_stands(const struct state *s);

/*
 * Begins a new epoch: what was committed until now is believed no longer.
 * SQLITE_OK, or why it cannot; then nothing is believed.
 */
int epoch_begin(struct state *s, sqlite3 *db);

/* Nothing is believed from now on; needs no room on the disk. */
void epoch_end(struct state *s);

/*
 * Tells others who have the file open that a host changed, whose entries of
 * published.h they would believe else.  To be called after that was committed.
 */
void epoch_tell(struct state *s, const char *host);

/* At the end: seals the database if nobody else uses it, and unlocks. */
void epoch_seal(struct state *s);

#endif
