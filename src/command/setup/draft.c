#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "command/account/form.h"
#include "command/account/store.h"
#include "command/setup/draft.h"
#include "command/identity.h"
#include "command/check/trial.h"
#include "config/document.h"
#include "config/revision.h"

/* What a new file begins with. */
static const char beginning[] =
    "// Made by `ddnsgate setup', which changes what it is asked to and keeps\n"
    "// the rest, comments too.  ddnsgate.json(5) says what else can be "
    "here;\n"
    "// `ddnsgate check' says what all of it means.\n"
    "{\n"
    "}\n";

static bool
fail(const struct error *why)
{
	fprintf(stderr, "ddnsgate: %s\n", why->text);
	return false;
}

static bool
no_memory(void)
{
	fputs("ddnsgate: out of memory\n", stderr);
	return false;
}

/* Is it an object, and each of its members one that can be written into? */
static bool
fits(json_object *all, bool accounts)
{
	json_object *config;
	bool ok = json_object_is_type(all, json_type_object);

	if (!ok)
		return false;
	json_object_object_foreach (all, name, one) {
		(void)name;
		ok = ok &&
		    (accounts ? account_form_fits(one) :
				json_object_is_type(one, json_type_object) &&
				(!json_object_object_get_ex(one, "config",
				     &config) ||
				    json_object_is_type(config,
					json_type_object)));
	}
	return ok;
}

/* Answers are written into what is there; false: into that they cannot be. */
static bool
is_fit(json_object *o, const char *file, struct error *why)
{
	json_object *all;
	const char *place = NULL;

	if (json_object_object_get_ex(o, "providers", &all) &&
	    !fits(all, false))
		place = "/providers";
	else if (json_object_object_get_ex(o, "accounts", &all) &&
	    !fits(all, true))
		place = "/accounts";
	if (place != NULL)
		error_set(why, ERR_CONFIG,
		    "%s: %s: is no object of such objects as "
		    "ddnsgate.json(5) has there; mend that first",
		    file, place);
	return place == NULL;
}

bool
draft_read(struct draft *d, const char *file)
{
	bool is_there = access(file, F_OK) == 0;
	struct error why;

	*d = (struct draft){ .text = { .max = DOCUMENT_SIZE_MAX } };
	d->file = is_there ? realpath(file, NULL) : strdup(file);
	if (d->file == NULL)
		return no_memory();
	if (is_there && document_read_text(&d->text, d->file, &why) != ERR_OK)
		return fail(&why);
	if (!is_there && !buffer_puts(&d->text, beginning))
		return no_memory();
	if (document_parse(&d->before, d->text.data, d->file, &why) != ERR_OK ||
	    !is_fit(d->before, d->file, &why))
		return fail(&why);
	if (json_object_deep_copy(d->before, &d->after, NULL) == -1)
		return no_memory();
	if (!is_there ||
	    (d->there = settings_read_alone(d->file, &why)) != NULL)
		return true;
	/* What is wrong may be mended here, but not where accounts are. */
	return (why.code == ERR_CONFIG &&
		   !json_object_object_get_ex(d->before, "account_directory",
		       NULL) &&
		   !json_object_object_get_ex(d->before, "account_table",
		       NULL)) ||
	    fail(&why);
}

void
draft_end(struct draft *d)
{
	replacement_end(&d->made);
	json_object_put(d->content);
	json_object_put(d->before);
	json_object_put(d->after);
	settings_free(d->there);
	buffer_free(&d->text);
	free(d->account);
	free(d->file);
}

/* The account of that name in the configuration itself, or NULL. */
static json_object *
find_account(const struct draft *d, const char *name)
{
	json_object *accounts = NULL, *a = NULL;

	if (json_object_object_get_ex(d->after, "accounts", &accounts))
		(void)json_object_object_get_ex(accounts, name, &a);
	return a;
}

static bool
is_apart(const struct settings *there)
{
	return there != NULL &&
	    (there->account_directory != NULL || there->account_table);
}

bool
draft_take_account(struct draft *d, const char *name)
{
	json_object *a = find_account(d, name);

	free(d->account);
	json_object_put(d->content);
	d->content = NULL;
	d->apart = a == NULL && is_apart(d->there);
	if ((d->account = strdup(name)) == NULL)
		return no_memory();
	if (a != NULL && json_object_deep_copy(a, &d->content, NULL) == -1)
		return no_memory();
	if (d->apart && !account_store_find(d->there, name, &d->content))
		return false;
	d->is_new = d->content == NULL;
	if (d->is_new)
		d->content = json_object_new_object();
	return d->content != NULL || no_memory();
}

/* The document with the account in it; NULL: out of memory. */
static json_object *
whole(const struct draft *d)
{
	json_object *all = NULL, *accounts = NULL;
	bool ok;

	if (json_object_deep_copy(d->after, &all, NULL) == -1)
		return NULL;
	ok = json_object_object_get_ex(all, "accounts", &accounts) ||
	    json_add_made(all, "accounts", accounts = json_object_new_object());
	if (ok &&
	    json_add_made(accounts, d->account, json_object_get(d->content)))
		return all;
	json_object_put(all);
	return NULL;
}

/* A file that only this process has; -1: errno says why. */
static int
open_memory(const char *text)
{
	int fd = memfd_create("ddnsgate.json", MFD_CLOEXEC);
	size_t len = strlen(text);

	if (fd != -1 &&
	    (fchmod(fd, 0600) == -1 || write(fd, text, len) != (ssize_t)len)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* An error of a file that stands for another one is told of that. */
static void
rename_fault(struct error *why, const char *from, const char *to)
{
	const char *rest = why->text + strlen(from);
	struct error named;

	if (strncmp(why->text, from, strlen(from)) != 0)
		return;
	error_set(&named, why->code, "%s%s", to, rest);
	*why = named;
}

struct gateway *
draft_gateway(const struct draft *d, struct error *why)
{
	json_object *all = whole(d);
	struct gateway *g = NULL;
	const char *text = NULL;
	char name[64];
	int fd = -1;

	if (all != NULL) {
		/* The others are not looked at, for they may be many. */
		json_object_object_del(all, "account_directory");
		json_object_object_del(all, "account_table");
		text = json_text(all, JSON_C_TO_STRING_NOSLASHESCAPE);
	}
	if (text == NULL || (fd = open_memory(text)) == -1) {
		error_memory(why);
	} else {
		snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
		if ((g = gateway_new(name, why)) == NULL)
			rename_fault(why, name, d->file);
		close(fd);
	}
	json_object_put(all);
	return g;
}

/*
 * Reads the new file as the user that serves, and does what serve does before
 * it listens; a child does it, since nobody becomes root again.
 */
static bool
is_readable(const struct draft *d, const char *user)
{
	struct gateway *g;
	struct error why;
	int status = -1;
	bool good;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		good = identity_take(user, d->file, &why) == ERR_OK &&
		    (g = gateway_new(d->made.new.data, &why)) != NULL;
		if (!good) {
			rename_fault(&why, d->made.new.data, d->file);
			(void)fail(&why);
			_exit(1);
		}
		_exit(trial_run(g->settings, true, false) ? 0 : 1);
	}
	if (pid == -1) {
		fprintf(stderr, "ddnsgate: fork: %s\n", strerror(errno));
		return false;
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
draft_write(struct draft *d, const char *user, const struct ownership *owner)
{
	json_object *all = d->apart ? json_object_get(d->after) : whole(d);
	struct buffer text = { .max = DOCUMENT_SIZE_MAX };
	struct error why = { .code = ERR_OK };
	bool ok = all != NULL && buffer_puts(&text, d->text.data);

	if (!ok)
		(void)no_memory();
	else if (revision_make(&text, d->before, all, d->file, &why) != ERR_OK)
		ok = fail(&why);
	replacement_end(&d->made);
	ok = ok && replacement_write(&d->made, d->file, text.data, owner) &&
	    is_readable(d, user);
	json_object_put(all);
	buffer_free(&text);
	return ok;
}

/* The account again as it was before; NULL: there was none. */
static void
put_back(const struct draft *d, struct settings *s, json_object *before)
{
	if (before == NULL)
		(void)account_store_remove(s, d->account);
	else
		(void)account_store_write(s, d->account, before, false);
}

/*
 * The account is written first, since more can be wrong with that: the name of
 * the file needs neither memory nor a database.
 */
static bool
take_place_apart(struct draft *d, struct settings *s)
{
	json_object *before = NULL;
	bool ok =
	    d->is_new || (before = account_store_read(s, d->account)) != NULL;

	ok = ok && account_store_write(s, d->account, d->content, d->is_new);
	if (ok && !replacement_take_place(&d->made, false)) {
		put_back(d, s, before);
		ok = false;
	}
	json_object_put(before);
	return ok;
}

bool
draft_take_place(struct draft *d)
{
	struct settings *s;
	struct error why;
	bool ok;

	if (!d->apart)
		return replacement_take_place(&d->made, false);
	if ((s = settings_read_alone(d->made.new.data, &why)) == NULL) {
		rename_fault(&why, d->made.new.data, d->file);
		return fail(&why);
	}
	ok = take_place_apart(d, s);
	settings_free(s);
	return ok;
}
