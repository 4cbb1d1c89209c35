#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "base/clock.h"
#include "state/sqlite/epoch.h"
#include "state/sqlite/file.h"

/* As long as an update may be at work, also after its answer. */
#define QUIET_MS 70000

#define FORMAT " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%09" PRId64
#define SCAN   " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 ".%" SCNd64

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

/*
 * The contents of the marker: the epoch, and if it is sealed, which file it
 * belongs to.
 */
struct marker {
	int64_t epoch;
	bool sealed;
	uint64_t device, inode;
	int64_t size, changed_s, changed_ns;
};

static bool
write_marker(const struct state *s, const struct marker *m)
{
	char made[FILE_NAME_MAX], marker[FILE_NAME_MAX];
	FILE *f = fopen(file_beside(s, ".trusted.new", made), "we");
	bool ok;

	if (f == NULL)
		return false;
	fprintf(f, "%" PRId64, m->epoch);
	if (m->sealed)
		fprintf(f, FORMAT, m->device, m->inode, m->size, m->changed_s,
		    m->changed_ns);
	fputc('\n', f);
	/* Whatever of that failed, the stream remembers it. */
	ok = ferror(f) == 0;
	ok &= fclose(f) == 0;
	return ok && rename(made, file_beside(s, ".trusted", marker)) == 0;
}

static void
read_marker(const struct state *s, struct marker *m)
{
	char name[FILE_NAME_MAX], line[160], *end;

	*m = (struct marker){ .epoch = 0 };
	if (!read_line(file_beside(s, ".trusted", name), line, sizeof line))
		return;
	m->epoch = strtoll(line, &end, 10);
	m->sealed = sscanf(end, SCAN, &m->device, &m->inode, &m->size,
			&m->changed_s, &m->changed_ns) == 5;
}

/* Fills in which file is there; false if it is not whole by itself. */
static bool
look_at_file(const struct state *s, struct marker *m)
{
	char wal[FILE_NAME_MAX];
	struct stat st;

	if (stat(file_beside(s, "-wal", wal), &st) == 0 && st.st_size > 0)
		return false;
	if (stat(s->path, &st) == -1)
		return false;
	m->device = st.st_dev;
	m->inode = st.st_ino;
	m->size = st.st_size;
	m->changed_s = st.st_ctim.tv_sec;
	m->changed_ns = st.st_ctim.tv_nsec;
	return true;
}

/*
 * Workers that end at the same moment may each take the other one for somebody
 * who still uses the file, and leave its log of writes.
 */
static bool
make_whole(const struct state *s)
{
	struct marker ignored;
	sqlite3 *db;

	if (look_at_file(s, &ignored))
		return true;
	if (access(s->path, F_OK) == -1 || file_open(s->path, &db) != SQLITE_OK)
		return false;
	return sqlite3_close(db) == SQLITE_OK;
}

static bool
is_sealed(const struct state *s, const struct marker *m)
{
	struct marker now;

	return m->sealed && look_at_file(s, &now) && m->device == now.device &&
	    m->inode == now.inode && m->size == now.size &&
	    m->changed_s == now.changed_s && m->changed_ns == now.changed_ns;
}

bool
epoch_lock(struct state *s)
{
	bool alone;

	s->owner = getpid();
	s->directory = open(s->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->directory == -1)
		return true;
	alone = flock(s->directory, LOCK_EX | LOCK_NB) == 0;
	atomic_store(&s->shared->alone, alone);
	(void)flock(s->directory, LOCK_SH | LOCK_NB);
	return alone;
}

void
epoch_seal(struct state *s)
{
	struct marker m;

	if (s->directory == -1)
		return;
	read_marker(s, &m);
	/* A lock is one for all processes that were forked with it. */
	if (getpid() == s->owner &&
	    flock(s->directory, LOCK_EX | LOCK_NB) == 0 && m.epoch != 0 &&
	    m.epoch == atomic_load(&s->shared->epoch) && make_whole(s) &&
	    look_at_file(s, &m)) {
		m.sealed = true;
		(void)write_marker(s, &m);
	}
	close(s->directory);
	s->directory = -1;
}

int64_t
epoch_marker(const struct state *s)
{
	struct marker m;

	read_marker(s, &m);
	return m.sealed ? 0 : m.epoch;
}

bool
epoch_stands(const struct state *s)
{
	int64_t epoch = atomic_load(&s->shared->epoch);

	return epoch != 0 && epoch_marker(s) == epoch;
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

/*
 * Which boot of the machine is this?  ProcSubset= of systemd hides the file, so
 * the unit says it: %b of systemd.unit(5), which has no hyphens.
 */
static void
read_boot(char boot[static 64])
{
	const char *told = getenv("DDNSGATE_BOOT_ID");
	char *to = boot;

	if (!read_line("/proc/sys/kernel/random/boot_id", boot, 64))
		snprintf(boot, 64, "%s", told != NULL ? told : "unknown");
	for (const char *from = boot; *from != '\0'; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
}

/* The turns and intents of others that are at work now may be lost. */
static void
set_epoch(struct state *s, int64_t epoch)
{
	if (atomic_load(&s->shared->users) > 1)
		atomic_store(&s->shared->quiet_until, clock_now() + QUIET_MS);
	atomic_store(&s->shared->epoch, epoch);
}

/* A table that gives back something else than it took is damaged. */
static int
write_epoch(sqlite3 *db, int64_t epoch)
{
	char boot[64], kept[32] = "", text[512];
	int rc;

	read_boot(boot);
	sqlite3_snprintf(sizeof text, text,
	    "BEGIN IMMEDIATE; DELETE FROM turn;"
	    "INSERT OR REPLACE INTO meta VALUES"
	    " ('boot', %Q), ('epoch', '%lld'); COMMIT",
	    boot, (long long)epoch);
	rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	if (sqlite3_get_autocommit(db) == 0)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	(void)read_meta(db, "epoch", kept, sizeof kept);
	if (rc == SQLITE_OK && strtoll(kept, NULL, 10) != epoch)
		rc = SQLITE_CORRUPT;
	return rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc;
}

int
epoch_begin(struct state *s, sqlite3 *db)
{
	struct marker m = { .epoch = 0 };
	int rc;

	while (m.epoch <= 0)
		if (gnutls_rnd(GNUTLS_RND_NONCE, &m.epoch, sizeof m.epoch) < 0)
			return SQLITE_INTERNAL;
	rc = write_epoch(db, m.epoch);
	if (rc == SQLITE_OK && !write_marker(s, &m))
		rc = SQLITE_CANTOPEN;
	set_epoch(s, rc == SQLITE_OK ? m.epoch : 0);
	return rc;
}

/* The epoch that the file is in, or 0; sealed: as epoch_lock() says. */
static int64_t
current_epoch(const struct state *s, sqlite3 *db, bool sealed)
{
	char boot[64], known[64], epoch[32];
	struct marker m;

	read_boot(boot);
	read_marker(s, &m);
	if (strcmp(boot, "unknown") == 0 ||
	    !read_meta(db, "boot", known, sizeof known) ||
	    strcmp(boot, known) != 0 ||
	    !read_meta(db, "epoch", epoch, sizeof epoch) ||
	    strtoll(epoch, NULL, 10) != m.epoch ||
	    (sealed ? !is_sealed(s, &m) : m.sealed))
		return 0;
	return m.epoch;
}

int
epoch_find(struct state *s, sqlite3 *db, bool sealed)
{
	struct marker m = { .epoch = current_epoch(s, db, sealed) };

	if (m.epoch == 0)
		return epoch_begin(s, db);
	/* While it is in use, it changes: a seal would be wrong. */
	if (sealed && !write_marker(s, &m)) {
		epoch_end(s);
		return SQLITE_CANTOPEN;
	}
	set_epoch(s, m.epoch);
	return SQLITE_OK;
}

/*
 * Whoever was there first looks at the directory before it believes its memory
 * (file_look()), so that is where the others leave a mark.
 */
void
epoch_tell(struct state *s, const char *host)
{
	published_drop(&s->shared->published, host);
	if (!atomic_load(&s->shared->alone) &&
	    utimensat(AT_FDCWD, s->place, NULL, 0) == -1)
		epoch_end(s);
}

void
epoch_end(struct state *s)
{
	char marker[FILE_NAME_MAX];

	atomic_store(&s->shared->epoch, 0);
	(void)unlink(file_beside(s, ".trusted", marker));
}
