#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/account_file.h"
#include "config/document.h"
#include "gateway/gateway.h"

static bool
fail(const char *file, const char *reason)
{
	fprintf(stderr, "ddnsgate: %s: %s\n", file, reason);
	return false;
}

static bool
file_name(const struct settings *s, const char *account, struct buffer *name)
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
write_text(int fd, const char *file, const char *text, const struct stat *like)
{
	size_t len = strlen(text);

	if (write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 &&
	    (fchown(fd, like->st_uid, like->st_gid) == 0 || geteuid() != 0) &&
	    fchmod(fd, like->st_mode & 07777) == 0 && fsync(fd) == 0)
		return true;
	return fail(file, strerror(errno));
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

/* Writes text into a new file, and gives that its name. */
static bool
replace(const struct settings *s, const char *account, const char *file,
    const char *text, const struct stat *like, bool is_new)
{
	struct buffer new = { .max = 4096 };
	struct error why;
	bool ok = false;
	int fd = -1;

	if (!buffer_printf(&new, "%s/.%s.XXXXXX", s->account_directory,
		account) ||
	    (fd = mkostemp(new.data, O_CLOEXEC)) == -1)
		fail(s->account_directory, strerror(errno));
	else if (!write_text(fd, new.data, text, like))
		ok = false;
	else if (document_of_ours(new.data, &why) != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else
		ok = take_place(new.data, file, is_new);
	if (fd != -1) {
		close(fd);
		(void)unlink(new.data);
		sync_directory(s->account_directory);
	}
	buffer_free(&new);
	return ok;
}

bool
account_file_write(struct settings *s, const char *account, const char *text,
    bool is_new)
{
	struct buffer file = { .max = 4096 };
	struct error why;
	struct stat like;
	const char *model;
	bool ok = false;

	if (file_name(s, account, &file)) {
		model = is_new ? s->file : file.data;
		if (gateway_check_account(s, text, file.data, account, &why) !=
		    ERR_OK)
			fprintf(stderr, "ddnsgate: %s\n", why.text);
		else if (stat(model, &like) == -1)
			fail(model, strerror(errno));
		else
			ok =
			    replace(s, account, file.data, text, &like, is_new);
	}
	buffer_free(&file);
	return ok;
}

bool
account_file_remove(const struct settings *s, const char *account)
{
	struct buffer file = { .max = 4096 };
	bool ok = file_name(s, account, &file);

	if (ok && unlink(file.data) == -1)
		ok = fail(file.data, strerror(errno));
	if (ok)
		sync_directory(s->account_directory);
	buffer_free(&file);
	return ok;
}

bool
account_file_is_there(const struct settings *s, const char *account)
{
	struct buffer file = { .max = 4096 };
	bool there = s->account_directory != NULL && account[0] != '.' &&
	    strchr(account, '/') == NULL &&
	    buffer_printf(&file, "%s/%s.json", s->account_directory, account) &&
	    access(file.data, F_OK) == 0;

	buffer_free(&file);
	return there;
}

json_object *
account_file_read(const struct settings *s, const char *account)
{
	struct buffer file = { .max = 4096 };
	json_object *content = NULL;
	struct error why;

	if (file_name(s, account, &file) &&
	    document_read(&content, file.data, &why) != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	buffer_free(&file);
	return content;
}
