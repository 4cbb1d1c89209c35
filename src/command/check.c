#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "command/account/show.h"
#include "command/command.h"
#include "command/identity.h"
#include "command/check/notes.h"
#include "command/options.h"
#include "command/check/trial.h"
#include "command/check/visit.h"
#include "config/reader.h"
#include "gateway/examination.h"
#include "gateway/gateway.h"
#include "provider/provider.h"

#define TEXT_MAX (1UL << 20) /* of all errors and notes */

static const struct usage usage = {
	.synopsis = "usage: ddnsgate check [--quiet | --json] [--account NAME] "
		    "[--resolve]\n"
		    "                      [--user NAME] [--config FILE]\n",
	.about = "Says what the configuration means, or all that is wrong with "
		 "it.\n",
	.takes = { { OPTION_ACCOUNT, NULL }, { OPTION_CONFIG, NULL },
	    { OPTION_JSON, NULL }, { OPTION_QUIET, NULL },
	    { OPTION_RESOLVE, NULL }, { OPTION_USER, NULL } },
};

struct check {
	const char *file, *user;
	const char *account; /* NULL: all */
	bool quiet, json, resolve;
	bool notes; /* what is rarely meant, and what was not tried */
};

static void
print_gateway(const struct gateway *g, bool asked)
{
	const struct settings *s = g->settings;

	printf("%s: %u workers, log to %s\n", s->file, s->workers, s->log.to);
	if (s->listen.path != NULL)
		printf("listens on %s, mode %04o\n", s->listen.path,
		    (unsigned int)s->listen.mode);
	for (size_t i = 0; i < s->provider_count; i++)
		provider_print(providers_get(g->providers, i), asked, stdout);
	for (size_t i = 0; i < g->receivers->count; i++)
		receiver_print(&g->receivers->list[i], stdout);
	for (size_t i = 0; i < s->account_count; i++)
		account_show(s, &s->accounts[i]);
}

/* The gateway, or all errors on standard error. */
static struct gateway *
read_gateway(const char *file)
{
	struct faults faults = { .count = 0 };
	struct error why;
	struct gateway *g = gateway_new(file, &why);
	size_t kept;

	if (g != NULL)
		return g;
	gateway_examine(file, &faults);
	/* A directory of accounts that cannot be read, for instance. */
	if (faults.count == 0)
		faults_add(&faults, &why, NULL);
	kept =
	    faults.count < READER_FAULTS_MAX ? faults.count : READER_FAULTS_MAX;
	for (size_t i = 0; i < kept; i++)
		fprintf(stderr, "ddnsgate: %s\n", faults.list[i].text);
	if (faults.count > kept)
		fprintf(stderr, "ddnsgate: %s: %zu more errors\n", file,
		    faults.count - kept);
	return NULL;
}

/* Prints what is asked for; false: standard error says what is wrong. */
static bool
print(const struct check *c)
{
	struct gateway *g = read_gateway(c->file);
	const struct account_settings *a = NULL;
	bool good = g != NULL;

	if (g == NULL)
		return false;
	if (c->resolve)
		providers_resolve(g->providers);
	if (c->account != NULL &&
	    (a = settings_account(g->settings, c->account)) == NULL) {
		fprintf(stderr, "ddnsgate: there is no account \"%s\"\n",
		    c->account);
		good = false;
	}
	if (!c->quiet && !c->json && a != NULL)
		account_show(g->settings, a);
	else if (!c->quiet && !c->json && c->account == NULL)
		print_gateway(g, c->resolve);
	if (c->notes)
		notes_print(g);
	good = account_show_faults(g->settings) && good;
	good = (!c->resolve || visit_providers(g, !c->notes)) && good;
	good = trial_run(g->settings, !c->notes, c->resolve) && good;
	gateway_free(g);
	return good;
}

/*
 * JSON
 */

/* The lines that begin so, without that beginning. */
static json_object *
lines(const struct buffer *text, const char *begin)
{
	json_object *list = json_object_new_array();
	const char *line = text->len > 0 ? text->data : "";
	size_t n = strlen(begin);

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, begin, n) == 0)
			json_append(list,
			    json_object_new_string_len(line + n,
				(int)(len - n)));
		line += len + (line[len] == '\n');
	}
	return list;
}

/* All of a file, which ends with that; from: NULL where there is none. */
static void
take(FILE *from, struct buffer *to)
{
	char block[4096];
	size_t n;

	if (from == NULL)
		return;
	rewind(from);
	while ((n = fread(block, 1, sizeof block, from)) > 0)
		buffer_add(to, block, n);
	fclose(from);
}

/* Lets a child print to out and err.  False: something is wrong, see errors. */
static bool
capture(const struct check *c, FILE *out, FILE *err, struct buffer *errors)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	if (out == NULL || err == NULL || (pid = fork()) == -1) {
		buffer_printf(errors, "ddnsgate: %s\n", strerror(errno));
		return false;
	}
	if (pid == 0) {
		(void)dup2(fileno(out), STDOUT_FILENO);
		(void)dup2(fileno(err), STDERR_FILENO);
		status = print(c) ? 0 : 1;
		fflush(stdout);
		_exit(status);
	}
	(void)waitpid(pid, &status, 0);
	return status == 0;
}

static json_object *
gateway_json(const struct gateway *g, const char *account)
{
	const struct settings *s = g->settings;
	json_object *o = json_object_new_object();
	json_object *providers = json_object_new_array();
	json_object *receivers = json_object_new_array();
	json_object *accounts = json_object_new_array();

	json_add(o, "workers", json_object_new_int((int)s->workers));
	json_add(o, "log", json_object_new_string(s->log.to));
	json_add(o, "state", json_object_new_string(s->state.place));
	json_add(o, "socket",
	    s->listen.path != NULL ? json_object_new_string(s->listen.path) :
				     NULL);
	for (size_t i = 0; i < s->provider_count; i++)
		json_append(providers,
		    json_object_new_string(s->providers[i].name));
	for (size_t i = 0; i < g->receivers->count; i++)
		json_append(receivers, receiver_json(&g->receivers->list[i]));
	for (size_t i = 0; i < s->account_count; i++)
		if (account == NULL ||
		    strcmp(s->accounts[i].name, account) == 0)
			json_append(accounts,
			    account_show_json(s, &s->accounts[i]));
	json_add(o, "providers", providers);
	json_add(o, "notify", receivers);
	json_add(o, "accounts", accounts);
	return o;
}

static bool
print_json(const struct check *c)
{
	struct buffer errors = { .max = TEXT_MAX }, notes = { .max = TEXT_MAX };
	FILE *out = tmpfile(), *err = tmpfile();
	json_object *o;
	struct gateway *g;
	struct error why;
	bool good = capture(c, out, err, &errors);

	take(err, &errors);
	take(out, &notes);
	g = gateway_new(c->file, &why);
	o = json_object_new_object();
	json_add(o, "file", json_object_new_string(c->file));
	json_add(o, "good", json_object_new_boolean(good));
	json_add(o, "errors", lines(&errors, "ddnsgate: "));
	json_add(o, "notes", lines(&notes, "note: "));
	json_add(o, "not_tried", lines(&notes, "not tried: "));
	if (g != NULL)
		json_add(o, "meaning", gateway_json(g, c->account));
	gateway_free(g);
	json_print(o);
	json_object_put(o);
	buffer_free(&errors);
	buffer_free(&notes);
	return good;
}

int
command_check(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage, argc, argv);
	struct error why;
	struct check c;

	if (status != -1)
		return status;
	c = (struct check){ .file = options_config(&o),
		.user = options_text(&o, OPTION_USER, NULL),
		.account = options_text(&o, OPTION_ACCOUNT, NULL),
		.quiet = options_has(&o, OPTION_QUIET),
		.json = options_has(&o, OPTION_JSON),
		.resolve = options_has(&o, OPTION_RESOLVE) };
	if (o.operand_count > 0 || (c.quiet && c.json))
		return options_wrong(&o);
	if (identity_take(c.user, c.file, &why) != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return EXIT_FAILED;
	}
	c.notes = !c.quiet && c.account == NULL;
	return (c.json ? print_json(&c) : print(&c)) ? EXIT_OK : EXIT_FAILED;
}
