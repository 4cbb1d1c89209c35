/*
 * epoch.h - from when on what a file says is believed.
 *
 * Commits are not synced: SQLite loses none when a process dies, only when the
 * machine does.  So rows carry the epoch in which they were written, and each
 * boot of the machine begins a new one.  Beside the database lies a file with
 * its epoch.  To take that file away needs no room on a full disk, so a process
 * that could not commit an intent can still leave word that the database must
 * not be believed, also after a restart.
 */
#ifndef STATE_SQLITE_EPOCH_H
#define STATE_SQLITE_EPOCH_H

#include <sqlite3.h>

#include "state/engine.h"

/* Sets the epoch of s: that of the file if nothing speaks against it. */
void epoch_find(struct state *s, sqlite3 *db);

/*
 * Begins a new epoch: what was committed until now is believed no longer.
 * False if it cannot be committed; then nothing is believed.
 */
bool epoch_begin(struct state *s, sqlite3 *db);

/* Nothing is believed from now on; needs no room on the disk. */
void epoch_end(struct state *s);

#endif
