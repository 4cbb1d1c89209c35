#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/account/file.h"
#include "command/replacement.h"
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

/* Writes text into a new file, and gives that its name. */
static bool
replace(const char *file, const char *text, const struct stat *like,
    bool is_new)
{
	const struct ownership o = { like->st_uid, like->st_gid,
		like->st_mode & 07777 };
	struct replacement r;
	struct error why;
	bool ok = replacement_write(&r, file, text, &o);

	if (ok && document_of_ours(r.new.data, &why) != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		ok = false;
	}
	if (ok && is_new && access(file, F_OK) == 0)
		ok = fail(file, "the account is there already; change it");
	ok = ok && replacement_take_place(&r, is_new);
	replacement_end(&r);
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
			ok = replace(file.data, text, &like, is_new);
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
		replacement_sync(file.data);
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
