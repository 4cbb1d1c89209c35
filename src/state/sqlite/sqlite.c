/*
 * sqlite.c - a store of one machine: one file, in WAL mode.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/sqlite/connection.h"
#include "state/sqlite/epoch.h"
#include "state/sqlite/file.h"
#include "state/sqlite/sqlite.h"

static enum err
sqlite_name(struct state *s, struct error *why)
{
	size_t len = strlen(s->place) + sizeof "/state.db";

	if ((s->path = malloc(len)) == NULL)
		return error_memory(why);
	snprintf(s->path, len, "%s/state.db", s->place);
	return ERR_OK;
}

/* SQLITE_OK, or what is wrong with the file, also in why. */
static int
try_file(struct state *s, bool sealed, struct error *why)
{
	sqlite3 *db = NULL;
	int rc = file_open(s->path, &db);

	*why = (struct error){ .code = ERR_OK };
	if (rc != SQLITE_OK)
		error_set(why, ERR_SYSTEM, "%s", sqlite3_errstr(rc));
	else if (file_migrate(s, db, why) != ERR_OK)
		rc = sqlite3_errcode(db);
	else if ((rc = connection_try(db)) != SQLITE_OK ||
	    (rc = epoch_find(s, db, sealed)) != SQLITE_OK)
		error_set(why, ERR_SYSTEM, "%s", sqlite3_errstr(rc));
	sqlite3_close(db);
	return rc;
}

static enum err
sqlite_prepare(struct state *s, struct error *why)
{
	bool sealed = epoch_lock(s);
	struct error what;

	if (file_is_damaged(try_file(s, sealed, &what))) {
		file_move_aside(s);
		(void)try_file(s, sealed, &what);
	}
	if (what.code == ERR_CONFIG)
		*why = what;
	else if (what.code != ERR_OK)
		state_warn(s, "%s", what.text);
	return what.code == ERR_CONFIG ? ERR_CONFIG : ERR_OK;
}

static enum err
sqlite_examine(struct state *s, struct error *why)
{
	return file_examine(s->path, why);
}

/* The file is opened when it is first asked for, as after each failure. */
static struct store *
sqlite_open(struct state *s)
{
	struct sqlite *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->store = (struct store){ .engine = &sqlite_engine, .state = s };
	q->lead = -1;
	atomic_fetch_add(&s->shared->users, 1);
	return &q->store;
}

static void
sqlite_shut(struct store *st)
{
	struct sqlite *q = (struct sqlite *)st;

	connection_shut(q);
	sqlite_resign(st, 0);
	atomic_fetch_sub(&st->state->shared->users, 1);
	free(q);
}

const struct engine sqlite_engine = {
	.meanwhile = "updates go on, with proofs and requests to the provider "
		     "each time",
	.name = sqlite_name,
	.prepare = sqlite_prepare,
	.examine = sqlite_examine,
	.leave = epoch_seal,
	.open = sqlite_open,
	.close = sqlite_shut,
	.is_applied = sqlite_is_applied,
	.take = sqlite_take,
	.keep = sqlite_keep,
	.give = sqlite_give,
	.intend = sqlite_intend,
	.apply = sqlite_apply,
	.check = sqlite_check,
	.count_intents = sqlite_count_intents,
	.forget = sqlite_forget,
	.record = sqlite_record,
	.hosts = sqlite_hosts,
	.history = sqlite_history,
	.news = sqlite_news,
	.leads = sqlite_leads,
	.resign = sqlite_resign,
	.note = sqlite_note,
	.keep_note = sqlite_keep_note,
};
