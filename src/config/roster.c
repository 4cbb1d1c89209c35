#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/heap.h"
#include "config/document.h"
#include "config/roster.h"

#define SUFFIX	   ".json"
#define SUFFIX_LEN (sizeof SUFFIX - 1)
#define FNV_BASIS  UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* The list that is being made. */
struct roster {
	struct settings *settings;
	const struct settings *before; /* or NULL */
	const struct account_judge *judge;
	struct account_settings *list;
	bool *seen; /* one for each of the list */
	size_t count, room;
	size_t sorted; /* the first ones, which the settings had */
	uint64_t fingerprint;
	bool no_memory;
};

/* FNV-1a; finds accidents, as nobody but the operator writes there. */
static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * FNV_PRIME;
	return hash;
}

/* Another number when a file is written, replaced, or given to others. */
static uint64_t
stamp_of(const struct stat *st)
{
	const uint64_t facts[] = { st->st_dev, st->st_ino,
		(uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
		(uint64_t)st->st_ctim.tv_nsec };

	return mix(FNV_BASIS, facts, sizeof facts);
}

/*
 * The length of the account's name in "ACCOUNT.json"; 0: this is no account,
 * such as what an editor, a package or a rename is about to replace.
 */
static size_t
name_len(const char *file)
{
	size_t len = strlen(file);

	return file[0] != '.' && len > SUFFIX_LEN &&
		strcmp(file + len - SUFFIX_LEN, SUFFIX) == 0 ?
	    len - SUFFIX_LEN :
	    0;
}

/* The next file that may be an account, or NULL, with errno 0 at the end. */
static const struct dirent *
next_file(DIR *d, uint64_t *stamp)
{
	const struct dirent *e;
	struct stat st;

	while (errno = 0, (e = readdir(d)) != NULL)
		if (name_len(e->d_name) > 0 &&
		    fstatat(dirfd(d), e->d_name, &st, 0) == 0) {
			*stamp = stamp_of(&st);
			return e;
		}
	return NULL;
}

/* The order in which a directory gives its files does not matter. */
static uint64_t
add_file(uint64_t fingerprint, const char *file, uint64_t stamp)
{
	return fingerprint + mix(stamp, file, strlen(file));
}

/* The fingerprint of the directory itself; its owner and mode count. */
static uint64_t
begin_fingerprint(DIR *d)
{
	struct stat st;

	if (fstat(dirfd(d), &st) == -1)
		return 1;
	return ((uint64_t)st.st_uid << 32 | st.st_mode) + 1;
}

uint64_t
roster_fingerprint(const char *directory)
{
	const struct dirent *e;
	uint64_t sum, stamp;
	DIR *d;

	if ((d = opendir(directory)) == NULL)
		return 0;
	sum = begin_fingerprint(d);
	while ((e = next_file(d, &stamp)) != NULL)
		sum = add_file(sum, e->d_name, stamp);
	closedir(d);
	return sum;
}

static void
add_fault(struct roster *r, const struct error *what, const char *outcome)
{
	struct settings *s = r->settings;
	struct error *to = &s->faults[s->fault_count];

	if (what->code == ERR_MEMORY)
		r->no_memory = true;
	if (s->fault_count++ < SETTINGS_FAULTS_MAX)
		error_set(to, what->code, "%s; %s", what->text, outcome);
}

static bool
make_room(struct roster *r)
{
	size_t room = r->room * 2 + 64;
	struct account_settings *list;
	bool *seen;

	if (r->count < r->room)
		return true;
	if ((list = realloc(r->list, room * sizeof *list)) != NULL)
		r->list = list;
	if ((seen = realloc(r->seen, room * sizeof *seen)) != NULL)
		r->seen = seen;
	if (list == NULL || seen == NULL)
		return false;
	r->room = room;
	return true;
}

static struct account_settings *
find(struct account_settings *list, size_t count, const char *name)
{
	const struct account_settings wanted = { .name = name };

	return count > 0 ? bsearch(&wanted, list, count, sizeof *list,
			       settings_compare_accounts) :
			   NULL;
}

/* Takes over a: in the place of the old one, or behind all others. */
static void
put(struct roster *r, struct account_settings *old,
    const struct account_settings *a)
{
	if (old != NULL) {
		account_end(old, r->settings);
		*old = *a;
		r->seen[old - r->list] = true;
	} else {
		r->seen[r->count] = true;
		r->list[r->count++] = *a;
	}
}

/*
 * Copies an account to where it stays: into the region while the settings are
 * new, since all of it is then given back as a whole.
 */
static bool
copy(struct roster *r, struct account_settings *to,
    const struct account_settings *from, const struct settings *of)
{
	bool ok;

	heap_region_enter(r->settings->ready ? NULL : r->settings->region);
	ok = account_copy(to, r->settings, from, of);
	heap_region_leave();
	to->loose = r->settings->ready;
	return ok;
}

/* Reads one file; *a borrows from *document, which the caller releases. */
static enum err
read_file(struct roster *r, const char *file, const char *name,
    json_object **document, struct account_settings *a, struct error *why)
{
	struct reader top;

	if (document_read(document, file, why) != ERR_OK)
		return why->code;
	top = reader_top(*document, file, why);
	top.name = name;
	account_read(&top, r->settings, a);
	if (reader_ok(&top) && r->judge != NULL &&
	    r->judge->judge(a, r->judge->data, why) != ERR_OK)
		error_prefix(why, "%s", file);
	return why->code;
}

/* The account of that name in the settings before, if it is still right. */
static bool
take_former(struct roster *r, const char *name, uint64_t stamp)
{
	const struct settings *b = r->before;
	const struct account_settings *former =
	    b != NULL ? find(b->accounts, b->account_count, name) : NULL;
	struct account_settings a;
	struct error ignored;

	if (former == NULL || former->source != ACCOUNT_IN_DIRECTORY ||
	    !copy(r, &a, former, b))
		return false;
	if (r->judge != NULL &&
	    r->judge->judge(&a, r->judge->data, &ignored) != ERR_OK) {
		account_end(&a, r->settings);
		return false;
	}
	a.stamp = stamp;
	put(r, NULL, &a);
	return true;
}

/* An account whose file is wrong now stays as it is in force. */
static void
keep(struct roster *r, const char *name, struct account_settings *old,
    uint64_t stamp, const struct error *fault)
{
	bool kept = old != NULL;

	if (old != NULL) {
		old->stamp = stamp;
		r->seen[old - r->list] = true;
	} else {
		kept = take_former(r, name, stamp);
	}
	add_fault(r, fault,
	    kept ? "the account stays as it was" :
		   "there is no such account until that is mended");
}

static void
offer_file(struct roster *r, const char *file, const char *name, uint64_t stamp)
{
	struct account_settings *old;
	struct account_settings read = { .name = NULL }, a;
	json_object *document = NULL;
	struct error why = { .code = ERR_OK };

	if (!make_room(r)) {
		r->no_memory = true;
		return;
	}
	old = find(r->list, r->sorted, name);
	if (old != NULL && old->source == ACCOUNT_IN_CONFIGURATION) {
		error_set(&why, ERR_CONFIG,
		    "%s: there is a member /accounts/%s in %s, too; remove one "
		    "of them",
		    file, name, r->settings->file);
		add_fault(r, &why, "that of the configuration is in force");
		return;
	}
	if (old != NULL && old->stamp == stamp) {
		r->seen[old - r->list] = true;
		return;
	}
	read.source = ACCOUNT_IN_DIRECTORY;
	read.stamp = stamp;
	if (read_file(r, file, name, &document, &read, &why) != ERR_OK)
		keep(r, name, old, stamp, &why);
	else if (copy(r, &a, &read, r->settings))
		put(r, old, &a);
	else
		r->no_memory = true;
	account_end(&read, r->settings);
	json_object_put(document);
}

static void
read_files(struct roster *r, DIR *d)
{
	struct buffer file = { .max = 4096 }, name = { .max = 256 };
	const struct dirent *e;
	uint64_t stamp;

	r->fingerprint = begin_fingerprint(d);
	while (!r->no_memory && (e = next_file(d, &stamp)) != NULL) {
		r->fingerprint = add_file(r->fingerprint, e->d_name, stamp);
		file.len = name.len = 0;
		if (buffer_printf(&file, "%s/%s",
			r->settings->account_directory, e->d_name) &&
		    buffer_add(&name, e->d_name, name_len(e->d_name)))
			offer_file(r, file.data, name.data, stamp);
		else
			r->no_memory = true;
	}
	buffer_free(&file);
	buffer_free(&name);
}

/* Takes out the accounts whose files are gone. */
static void
drop_unseen(struct roster *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->list[i].source == ACCOUNT_IN_CONFIGURATION || r->seen[i])
			r->list[kept++] = r->list[i];
		else
			account_end(&r->list[i], r->settings);
	}
	r->count = kept;
}

/*
 * The list takes the place of the one that the settings had, in any case: what
 * of it was read is right, even if there was no memory for the rest.
 */
static void
finish(struct roster *r)
{
	struct settings *s = r->settings;

	if (!r->no_memory) {
		drop_unseen(r);
		s->fingerprint = r->fingerprint;
	}
	if (r->count > 0)
		qsort(r->list, r->count, sizeof *r->list,
		    settings_compare_accounts);
	s->accounts = r->list;
	s->account_count = r->count;
	free(r->seen);
}

enum err
roster_read_directory(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct error *why)
{
	struct roster r = { .settings = s,
		.before = before,
		.judge = judge,
		.list = s->accounts,
		.count = s->account_count,
		.room = s->account_count,
		.sorted = s->account_count };
	DIR *d;

	s->fault_count = 0;
	s->fingerprint = 0; /* as long as the directory cannot be read */
	if ((d = opendir(s->account_directory)) == NULL)
		return error_set(why, ERR_CONFIG, "%s: %s: %s: %s", s->file,
		    "/account_directory", s->account_directory,
		    strerror(errno));
	if ((r.seen = calloc(r.count + 1, sizeof *r.seen)) == NULL) {
		closedir(d);
		return error_memory(why);
	}
	read_files(&r, d);
	closedir(d);
	finish(&r);
	return r.no_memory ? error_memory(why) : ERR_OK;
}

enum err
roster_check(struct settings *s, const struct account_judge *judge,
    const char *file, const char *name, struct error *why)
{
	struct roster r = { .settings = s, .judge = judge };
	struct account_settings a = { .name = NULL };
	json_object *document = NULL;
	enum err rc = read_file(&r, file, name, &document, &a, why);

	account_end(&a, s);
	json_object_put(document);
	return rc;
}
