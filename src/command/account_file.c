#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/account_file.h"
#include "gateway/gateway.h"

static bool
fail(const char *file, const char *reason)
{
	fprintf(stderr, "ddnsgate: %s: %s\n", file, reason);
	return false;
}

bool
account_file_name(const struct settings *s, const char *account,
    struct buffer *name)
{
	if (strchr(account, '/') != NULL || account[0] == '.')
		return fail(account,
		    "the name of an account with a file of its own has no "
		    "slash, and begins with no dot");
	if (buffer_printf(name, "%s/%s.json", s->account_directory, account))
		return true;
	return fail(account, "is too long");
}

/* The bytes are on the disk before the name leads to them. */
static bool
write_text(int fd, const char *file, json_object *content,
    const struct stat *like)
{
	const char *text = json_object_to_json_string_ext(content,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		return fail(file, "out of memory");
	if (write(fd, text, len) != (ssize_t)len || write(fd, "\n", 1) != 1 ||
	    (fchown(fd, like->st_uid, like->st_gid) == -1 && geteuid() == 0) ||
	    fchmod(fd, like->st_mode & 07777) == -1 || fsync(fd) == -1)
		return fail(file, strerror(errno));
	return true;
}

/* A rename is lost with the power, unless the directory is written as well. */
static void
sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Gives the new file its name; link(2) replaces nothing. */
static bool
take_place(const char *new, const char *file, bool is_new)
{
	if (is_new ? link(new, file) == 0 : rename(new, file) == 0)
		return true;
	return fail(file,
	    errno == EEXIST ? "the account is there already; change it" :
			      strerror(errno));
}

bool
account_file_write(struct settings *s, const char *account,
    json_object *content, bool is_new)
{
	struct buffer file = { .max = 4096 }, new = { .max = 4096 };
	struct error why;
	struct stat like;
	bool ok = false;
	int fd = -1;

	if (!account_file_name(s, account, &file))
		goto out;
	if (stat(is_new ? s->file : file.data, &like) == -1) {
		fail(is_new ? s->file : file.data, strerror(errno));
		goto out;
	}
	if (!buffer_printf(&new, "%s/.%s.XXXXXX", s->account_directory,
		account) ||
	    (fd = mkostemp(new.data, O_CLOEXEC)) == -1) {
		fail(s->account_directory, strerror(errno));
		goto out;
	}
	if (!write_text(fd, new.data, content, &like))
		goto out;
	if (gateway_check_account(s, new.data, account, &why) != ERR_OK)
		/* The name of the new file would lead nowhere. */
		ok = fail(file.data,
		    strncmp(why.text, new.data, new.len) == 0 ?
			why.text + new.len + 2 :
			why.text);
	else
		ok = take_place(new.data, file.data, is_new);
out:
	if (fd != -1) {
		close(fd);
		(void)unlink(new.data);
		sync_directory(s->account_directory);
	}
	buffer_free(&file);
	buffer_free(&new);
	return ok;
}

bool
account_file_remove(const struct settings *s, const char *account)
{
	struct buffer file = { .max = 4096 };
	bool ok = account_file_name(s, account, &file);

	if (ok && unlink(file.data) == -1)
		ok = fail(file.data, strerror(errno));
	if (ok)
		sync_directory(s->account_directory);
	buffer_free(&file);
	return ok;
}
