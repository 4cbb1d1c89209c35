#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "command/account/form.h"
#include "command/account/show.h"
#include "command/account/store.h"
#include "command/command.h"
#include "command/input.h"
#include "command/lookup.h"
#include "command/options.h"
#include "gateway/table.h"

static const struct usage usage = {
	.synopsis =
	    "usage: ddnsgate account list [--json]\n"
	    "       ddnsgate account show NAME [--json]\n"
	    "       ddnsgate account add NAME --host HOST [OPTION...]\n"
	    "       ddnsgate account change NAME [--token] [OPTION...]\n"
	    "       ddnsgate account disable | enable | remove NAME\n",
	.about =
	    "The token is read from the terminal, or as one line from standard "
	    "input.\n",
	.takes = { { OPTION_CONFIG, NULL },
	    { OPTION_HOST, "a host of the account; may be repeated" },
	    { OPTION_IPV4, NULL }, { OPTION_IPV6, NULL }, { OPTION_JSON, NULL },
	    { OPTION_PREFIX_LENGTH, NULL }, { OPTION_PROOF, NULL },
	    { OPTION_PROVIDER, NULL }, { OPTION_SUFFIX, NULL },
	    { OPTION_TOKEN, NULL }, { OPTION_TTL, NULL },
	    { OPTION_ZONE, NULL } },
};

/* What the command line says. */
struct request {
	const char *config;
	const char *name; /* of the account */
	struct account_form form;
	bool json;
};

/* The settings of the account name in s, or NULL, told on standard error. */
static const struct account_settings *
find(const struct settings *s, const char *name)
{
	const struct account_settings *a = settings_account(s, name);

	if (a == NULL)
		fprintf(stderr, "ddnsgate: there is no account \"%s\"\n", name);
	return a;
}

/* The configuration with all accounts, told on standard error if wrong. */
static struct settings *
read_all(const char *file)
{
	struct error why;
	struct settings *s = table_read_settings(file, &why);

	if (s == NULL)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else
		(void)account_show_faults(s);
	return s;
}

static int
list(const struct request *o)
{
	struct settings *s = read_all(o->config);
	bool first = true;

	if (s == NULL)
		return EXIT_FAILED;
	for (size_t i = 0; i < s->account_count; i++) {
		const struct account_settings *a = &s->accounts[i];

		if (o->json)
			lookup_json_print(account_show_json(s, a), &first);
		else
			account_show_line(s, a);
	}
	if (o->json)
		lookup_json_end(first);
	settings_free(s);
	return EXIT_OK;
}

static int
show(const struct request *o)
{
	struct settings *s = read_all(o->config);
	const struct account_settings *a = s != NULL ? find(s, o->name) : NULL;
	json_object *json;

	if (a != NULL && o->json) {
		json = account_show_json(s, a);
		json_print(json);
		json_object_put(json);
	} else if (a != NULL) {
		account_show(s, a);
	}
	settings_free(s);
	return a != NULL ? EXIT_OK : EXIT_FAILED;
}

/*
 * The configuration, without the other accounts of its directory; NULL, told on
 * standard error, if it is wrong, or the account cannot be edited.
 */
static struct settings *
read_to_edit(const struct request *o)
{
	const char *fault = account_name_fault(o->name);
	struct error why;
	struct settings *s;

	if (fault != NULL) {
		fprintf(stderr, "ddnsgate: \"%s\": %s\n", o->name, fault);
		return NULL;
	}
	if ((s = settings_read_alone(o->config, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return NULL;
	}
	if (settings_account(s, o->name) != NULL)
		fprintf(stderr,
		    "ddnsgate: %s: /accounts/%s: that is for people to edit, "
		    "with their comments; this command edits the files of "
		    "\"account_directory\"\n",
		    s->file, o->name);
	else if (s->account_directory == NULL && !s->account_table)
		fprintf(stderr,
		    "ddnsgate: %s: names no \"account_directory\", where the "
		    "account could be; add that, for instance \"%s\", and make "
		    "the directory\n",
		    s->file, SYSCONFDIR "/ddnsgate/accounts.d");
	else
		return s;
	settings_free(s);
	return NULL;
}

/* Asks for the token, and puts the verifier of name:token into content. */
static bool
put_verifier(json_object *content, const char *name)
{
	char token[INPUT_TOKEN_MAX + 1];
	bool ok = input_token(token, sizeof token) &&
	    account_form_put_verifier(content, name, token);

	secret_wipe(token, sizeof token);
	return ok;
}

static int
add(const struct request *o)
{
	struct settings *s = read_to_edit(o);
	json_object *content = json_object_new_object();
	bool ok = s != NULL && content != NULL &&
	    put_verifier(content, o->name) &&
	    account_form_apply(&o->form, content, s) &&
	    account_store_write(s, o->name, content, true);

	if (ok && account_store_in_table(s, o->name, true))
		printf("account %s is in the database\n", o->name);
	else if (ok)
		printf("account %s is in %s/%s.json\n", o->name,
		    s->account_directory, o->name);
	if (ok)
		printf("next: ddnsgate router fritzbox --account %s\n"
		       "      ddnsgate router --list names other devices\n",
		    o->name);
	json_object_put(content);
	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int
change(const struct request *o)
{
	struct settings *s = read_to_edit(o);
	json_object *content =
	    s != NULL ? account_store_read(s, o->name) : NULL;
	bool ok = content != NULL &&
	    (!o->form.token || put_verifier(content, o->name)) &&
	    account_form_apply(&o->form, content, s) &&
	    account_store_write(s, o->name, content, false);

	json_object_put(content);
	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

/* Puts it into the account, or takes it out; false without memory. */
static bool
put_disabled(json_object *content, bool disabled)
{
	json_object_object_del(content, "disabled");
	return !disabled ||
	    json_add_made(content, "disabled", json_object_new_boolean(true));
}

static int
set_disabled(const struct request *o, bool disabled)
{
	struct settings *s = read_to_edit(o);
	json_object *content =
	    s != NULL ? account_store_read(s, o->name) : NULL;
	bool ok = content != NULL && put_disabled(content, disabled) &&
	    account_store_write(s, o->name, content, false);

	json_object_put(content);
	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int
disable(const struct request *o)
{
	return set_disabled(o, true);
}

static int
enable(const struct request *o)
{
	return set_disabled(o, false);
}

static int
take_out(const struct request *o)
{
	struct settings *s = read_to_edit(o);
	bool ok = s != NULL && account_store_remove(s, o->name);

	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

static const struct {
	const char *name;
	int (*run)(const struct request *o);
	bool named;   /* an account is named */
	bool changes; /* options for its content are taken */
	bool shows;   /* --json is taken */
} actions[] = {
	{ "list", list, .shows = true },
	{ "show", show, .named = true, .shows = true },
	{ "add", add, .named = true, .changes = true },
	{ "change", change, .named = true, .changes = true },
	{ "disable", disable, .named = true },
	{ "enable", enable, .named = true },
	{ "remove", take_out, .named = true },
};

int
command_account(int argc, char *argv[])
{
	size_t i = 0, count = sizeof actions / sizeof *actions;
	struct options o;
	struct request q;
	int status = options_read(&o, &usage, argc, argv);
	bool adds;

	if (status != -1 || o.operand_count == 0)
		return status != -1 ? status : options_wrong(&o);
	q = (struct request){ .config = options_config(&o),
		.name = o.operands[1],
		.json = options_has(&o, OPTION_JSON) };
	adds = strcmp(o.operands[0], "add") == 0;
	while (i < count && strcmp(actions[i].name, o.operands[0]) != 0)
		i++;
	if (!account_form_read(&q.form, &o) || i == count ||
	    o.operand_count != (actions[i].named ? 2 : 1) ||
	    (q.json && !actions[i].shows) ||
	    account_form_is_empty(&q.form) == actions[i].changes ||
	    (adds && (q.form.host_count == 0 || q.form.token)))
		return options_wrong(&o);
	return actions[i].run(&q);
}
