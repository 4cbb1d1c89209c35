#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "command/account_form.h"
#include "command/account_show.h"
#include "command/account_store.h"
#include "command/command.h"
#include "command/input.h"
#include "command/lookup.h"
#include "command/usage.h"
#include "gateway/table.h"

static const char usage_text[] =
    "usage: ddnsgate account list [--json]\n"
    "       ddnsgate account show NAME [--json]\n"
    "       ddnsgate account add NAME --host HOST [OPTION...]\n"
    "       ddnsgate account change NAME [--token] [OPTION...]\n"
    "       ddnsgate account disable | enable | remove NAME\n"
    "The token is read from the terminal, or as one line from standard input.\n"
    "options:\n"
    "  --host HOST         a host of the account; may be repeated\n"
    "  --ipv4 WORD         true, false or if-public\n"
    "  --ipv6 WORD         router or if-public\n"
    "  --suffix SUFFIX     make IPv6 addresses of the prefix, as ::8\n"
    "  --prefix-length N   how many bits of it are delegated, as 56\n"
    "  --zone ZONE         the zone of the hosts\n"
    "  --ttl SECONDS       the time to live of their records\n"
    "  --proof KIND        certificate or none\n"
    "  --provider NAME     where the hosts are published\n"
    "  --config FILE\n";

/* The options of the command. */
struct options {
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
list(const struct options *o)
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
show(const struct options *o)
{
	struct settings *s = read_all(o->config);
	const struct account_settings *a = s != NULL ? find(s, o->name) : NULL;
	json_object *json;

	if (a != NULL && o->json) {
		json = account_show_json(s, a);
		puts(json_object_to_json_string_ext(json,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE));
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
read_to_edit(const struct options *o)
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
add(const struct options *o)
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
change(const struct options *o)
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

static int
set_disabled(const struct options *o, bool disabled)
{
	struct settings *s = read_to_edit(o);
	json_object *content =
	    s != NULL ? account_store_read(s, o->name) : NULL;
	bool ok = content != NULL;

	if (ok && disabled)
		ok = json_object_object_add(content, "disabled",
			 json_object_new_boolean(true)) == 0;
	else if (ok)
		json_object_object_del(content, "disabled");
	ok = ok && account_store_write(s, o->name, content, false);
	json_object_put(content);
	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int
disable(const struct options *o)
{
	return set_disabled(o, true);
}

static int
enable(const struct options *o)
{
	return set_disabled(o, false);
}

static int
take_out(const struct options *o)
{
	struct settings *s = read_to_edit(o);
	bool ok = s != NULL && account_store_remove(s, o->name);

	settings_free(s);
	return ok ? EXIT_OK : EXIT_FAILED;
}

static const struct {
	const char *name;
	int (*run)(const struct options *o);
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

static bool
add_host(struct account_form *f, const char *host)
{
	if (f->host_count == SETTINGS_HOSTS_MAX)
		return false;
	f->hosts[f->host_count++] = host;
	return true;
}

/* False: the option is none, or help. */
static bool
take_option(struct options *o, int c)
{
	struct account_form *f = &o->form;
	const char **const texts[] = {
		['4'] = &f->ipv4,
		['6'] = &f->ipv6,
		['k'] = &f->proof,
		['l'] = &f->prefix_length,
		['p'] = &f->provider,
		['s'] = &f->suffix,
		['t'] = &f->ttl,
		['z'] = &f->zone,
	};

	switch (c) {
	case 'c':
		o->config = optarg;
		return true;
	case 'H':
		return add_host(f, optarg);
	case 'j':
		return o->json = true;
	case 'T':
		return f->token = true;
	default:
		if (c < 0 || (size_t)c >= sizeof texts / sizeof *texts ||
		    texts[c] == NULL)
			return false;
		*texts[c] = optarg;
		return true;
	}
}

static int
run(const struct options *o, const char *action, int operands)
{
	size_t i = 0, count = sizeof actions / sizeof *actions;
	bool adds = strcmp(action, "add") == 0;

	while (i < count && strcmp(actions[i].name, action) != 0)
		i++;
	if (i == count || operands != (actions[i].named ? 1 : 0) ||
	    (o->json && !actions[i].shows) ||
	    account_form_is_empty(&o->form) == actions[i].changes ||
	    (adds && (o->form.host_count == 0 || o->form.token)))
		return usage(usage_text, 0);
	return actions[i].run(o);
}

int
command_account(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "host", required_argument, NULL, 'H' },
		{ "ipv4", required_argument, NULL, '4' },
		{ "ipv6", required_argument, NULL, '6' },
		{ "json", no_argument, NULL, 'j' },
		{ "prefix-length", required_argument, NULL, 'l' },
		{ "proof", required_argument, NULL, 'k' },
		{ "provider", required_argument, NULL, 'p' },
		{ "suffix", required_argument, NULL, 's' },
		{ "token", no_argument, NULL, 'T' },
		{ "ttl", required_argument, NULL, 't' },
		{ "zone", required_argument, NULL, 'z' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .config = COMMAND_CONFIG_FILE };
	int c;

	while ((c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1)
		if (!take_option(&o, c))
			return usage(usage_text, c);
	if (optind == argc)
		return usage(usage_text, 0);
	o.name = argv[optind + 1];
	return run(&o, argv[optind], argc - optind - 1);
}
