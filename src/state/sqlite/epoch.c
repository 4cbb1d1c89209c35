#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "state/sqlite/epoch.h"
#include "state/sqlite/file.h"

static bool
read_line(const char *file, char *line, size_t size)
{
	FILE *f = fopen(file, "re");
	bool ok = f != NULL && fgets(line, (int)size, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static bool
write_marker(const struct state *s, int64_t epoch)
{
	char made[FILE_NAME_MAX], marker[FILE_NAME_MAX];
	FILE *f = fopen(file_beside(s, ".trusted.new", made), "we");
	bool ok = f != NULL && fprintf(f, "%" PRId64 "\n", epoch) > 0;

	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	return ok && rename(made, file_beside(s, ".trusted", marker)) == 0;
}

static int64_t
read_marker(const struct state *s)
{
	char name[FILE_NAME_MAX], line[32];

	return read_line(file_beside(s, ".trusted", name), line, sizeof line) ?
	    strtoll(line, NULL, 10) :
	    0;
}

static bool
read_meta(sqlite3 *db, const char *key, char *value, size_t size)
{
	sqlite3_stmt *st = NULL;
	bool found = false;

	if (sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = ?1", -1,
		&st, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW) {
		snprintf(value, size, "%s",
		    (const char *)sqlite3_column_text(st, 0));
		found = true;
	}
	sqlite3_finalize(st);
	return found;
}

static void
read_boot(char boot[static 64])
{
	if (!read_line("/proc/sys/kernel/random/boot_id", boot, 64))
		strcpy(boot, "unknown");
}

bool
epoch_begin(struct state *s, sqlite3 *db)
{
	char boot[64];
	int64_t epoch = 0;
	char *text;
	bool ok;

	while (epoch <= 0)
		if (gnutls_rnd(GNUTLS_RND_NONCE, &epoch, sizeof epoch) < 0)
			return false;
	read_boot(boot);
	text = sqlite3_mprintf("BEGIN IMMEDIATE; DELETE FROM turn;"
			       "INSERT OR REPLACE INTO meta VALUES"
			       " ('boot', %Q), ('epoch', '%lld'); COMMIT",
	    boot, (long long)epoch);
	ok = text != NULL &&
	    sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK &&
	    write_marker(s, epoch);
	sqlite3_free(text);
	if (sqlite3_get_autocommit(db) == 0)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	atomic_store(&s->shared->epoch, ok ? epoch : 0);
	return ok;
}

void
epoch_find(struct state *s, sqlite3 *db)
{
	char boot[64], known[64], epoch[32];

	read_boot(boot);
	if (strcmp(boot, "unknown") != 0 &&
	    read_meta(db, "boot", known, sizeof known) &&
	    strcmp(boot, known) == 0 &&
	    read_meta(db, "epoch", epoch, sizeof epoch) &&
	    strtoll(epoch, NULL, 10) == read_marker(s))
		atomic_store(&s->shared->epoch, read_marker(s));
	else if (!epoch_begin(s, db))
		state_warn(s, "%s", sqlite3_errmsg(db));
}

void
epoch_end(struct state *s)
{
	char marker[FILE_NAME_MAX];

	atomic_store(&s->shared->epoch, 0);
	(void)unlink(file_beside(s, ".trusted", marker));
}
