#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/directory.h"
#include "config/roster.h"

#define SUFFIX	   ".json"
#define SUFFIX_LEN (sizeof SUFFIX - 1)
#define FNV_BASIS  UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

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
directory_fingerprint(const char *directory)
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

/* False: without memory, some may not have been read. */
static bool
read_files(struct roster *r, const char *directory, DIR *d, uint64_t *sum)
{
	struct buffer file = { .max = 4096 }, name = { .max = 256 };
	const struct dirent *e;
	uint64_t stamp;
	bool complete = true;

	*sum = begin_fingerprint(d);
	while ((e = next_file(d, &stamp)) != NULL) {
		*sum = add_file(*sum, e->d_name, stamp);
		file.len = name.len = 0;
		if (buffer_printf(&file, "%s/%s", directory, e->d_name) &&
		    buffer_add(&name, e->d_name, name_len(e->d_name)))
			roster_offer_file(r, file.data, name.data, stamp);
		else
			complete = false;
	}
	buffer_free(&file);
	buffer_free(&name);
	return complete;
}

enum err
directory_read(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct error *why)
{
	uint64_t fingerprint;
	struct roster *r;
	bool complete;
	enum err rc;
	DIR *d;

	s->fingerprint = 0; /* as long as the directory cannot be read */
	if ((d = opendir(s->account_directory)) == NULL)
		return error_set(why, ERR_CONFIG, "%s: %s: %s: %s", s->file,
		    "/account_directory", s->account_directory,
		    strerror(errno));
	r = roster_begin(s, before, judge, ACCOUNT_IN_DIRECTORY, true, why);
	if (r == NULL) {
		closedir(d);
		return ERR_MEMORY;
	}
	complete = read_files(r, s->account_directory, d, &fingerprint);
	closedir(d);
	if ((rc = roster_end(r, complete, why)) != ERR_OK)
		return rc;
	if (!complete)
		return error_memory(why);
	s->fingerprint = fingerprint;
	return ERR_OK;
}
