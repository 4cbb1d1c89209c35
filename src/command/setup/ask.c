/*
 * setup_ask.c - the questions of `ddnsgate setup'.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "address/hostname.h"
#include "address/prefix.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/person.h"
#include "command/provider_list.h"
#include "command/setup/setup.h"
#include "command/setup/site.h"
#include "provider/dns/rfc2136.h"
#include "provider/provider.h"

#define ANSWER_MAX 1024

struct question {
	const char *about; /* printed before it, or NULL */
	const char *text;
	const char *option; /* that answers it */
	const char *preset; /* NULL: there is none */
	/* May replace the answer by another form of it. */
	bool (*judge)(struct setup *s, char **answer, struct error *why);
	void (*list)(void); /* what "?" prints, or NULL */
};

/* What a person types; false: nothing comes any more. */
static bool
take_answer(char **answer, const struct question *q)
{
	char line[ANSWER_MAX], prompt[ANSWER_MAX];

	if (q->preset != NULL)
		snprintf(prompt, sizeof prompt, "%s [%s]: ", q->text,
		    q->preset);
	else
		snprintf(prompt, sizeof prompt, "%s: ", q->text);
	if (!input_answer(prompt, line, sizeof line)) {
		fputs("\nddnsgate: nothing was changed\n", stderr);
		return false;
	}
	*answer = strdup(*line == '\0' && q->preset != NULL ? q->preset : line);
	return *answer != NULL;
}

/* In lines that fit, or in one of a log. */
static void
tell(const struct setup *s, const struct error *why)
{
	if (s->person)
		person_text(0, 0, why->text);
	else
		fprintf(stderr, "ddnsgate: %s\n", why->text);
}

static bool
ask(struct setup *s, char **answer, const struct question *q)
{
	struct error why;

	if (*answer == NULL && s->person && q->about != NULL)
		person_text(0, 0, q->about);
	for (;;) {
		if (*answer == NULL && !s->person && q->preset != NULL)
			*answer = strdup(q->preset);
		if (*answer == NULL && !s->person) {
			fprintf(stderr, "ddnsgate: --%s is missing\n",
			    q->option);
			return false;
		}
		if (*answer == NULL && !take_answer(answer, q))
			return false;
		if (q->list != NULL && strcmp(*answer, "?") == 0)
			q->list();
		else if (q->judge(s, answer, &why))
			return true;
		else
			tell(s, &why);
		free(*answer);
		*answer = NULL;
		if (!s->person)
			return false;
	}
}

bool
setup_ask_whether(const struct setup *s, const char *question, bool preset)
{
	char line[ANSWER_MAX], prompt[ANSWER_MAX];

	if (!s->person)
		return preset;
	snprintf(prompt, sizeof prompt, "%s [%s]: ", question,
	    preset ? "yes" : "no");
	while (input_answer(prompt, line, sizeof line)) {
		if (*line == '\0')
			return preset;
		if (strcmp(line, "yes") == 0 || strcmp(line, "y") == 0)
			return true;
		if (strcmp(line, "no") == 0 || strcmp(line, "n") == 0)
			return false;
		fputs("ddnsgate: yes or no\n", stderr);
	}
	return false;
}

/* Other words of the program that answer "?". */
static void
list_providers(void)
{
	static char command[] = "provider", action[] = "list";
	char *words[] = { command, action, NULL };

	(void)command_provider(2, words);
}

static void
list_devices(void)
{
	static char command[] = "router", option[] = "--list";
	char *words[] = { command, option, NULL };

	(void)command_router(2, words);
}

/* The member of that name, and so on down to the last name; NULL: none. */
static json_object *
member(json_object *o, const char *a, const char *b)
{
	json_object *found = NULL;

	if (!json_object_object_get_ex(o, a, &found))
		return NULL;
	return b == NULL ? found : member(found, b, NULL);
}

static const char *
text_of(json_object *o)
{
	return json_object_is_type(o, json_type_string) ?
	    json_object_get_string(o) :
	    NULL;
}

/* The only name in an object, or NULL. */
static const char *
only_name(json_object *o)
{
	struct json_object_iterator only;

	if (!json_object_is_type(o, json_type_object) ||
	    json_object_object_length(o) != 1)
		return NULL;
	only = json_object_iter_begin(o);
	return json_object_iter_peek_name(&only);
}

/*
 * The names
 */

static bool
judge_server(struct setup *s, char **answer, struct error *why)
{
	const char *text = *answer;
	char *name, *host;
	bool good;

	(void)s;
	if (strncmp(text, "https://", 8) == 0)
		text += 8;
	host = strndup(text, strcspn(text, ":"));
	name = host != NULL ? hostname_normalise(host, false) : NULL;
	good = name != NULL && strchr(name, '.') != NULL &&
	    strpbrk(text, "/?#") == NULL;
	if (good && text != *answer)
		memmove(*answer, text, strlen(text) + 1);
	if (!good)
		error_set(why, ERR_CONFIG,
		    "\"%s\": give the full name of this server, which is in "
		    "its certificate, as dns.example.org",
		    *answer);
	free(name);
	free(host);
	return good;
}

static bool
judge_provider(struct setup *s, char **answer, struct error *why)
{
	struct description *d;

	if (member(s->draft.after, "providers", *answer) != NULL ||
	    strcmp(*answer, RFC2136_NAME) == 0)
		return true;
	d = provider_list_read(*answer, why);
	description_free(d);
	return d != NULL;
}

static bool
judge_account(struct setup *s, char **answer, struct error *why)
{
	const char *fault = account_name_fault(*answer);

	(void)s;
	if (fault != NULL)
		error_set(why, ERR_CONFIG, "\"%s\": %s", *answer, fault);
	return fault == NULL;
}

static bool
judge_host(struct setup *s, char **answer, struct error *why)
{
	char *name = hostname_normalise(*answer, true);

	(void)s;
	if (name == NULL || strchr(name, '.') == NULL) {
		error_set(why, ERR_CONFIG,
		    "\"%s\": give the whole name of the host, as "
		    "home.example.org",
		    *answer);
		free(name);
		return false;
	}
	free(*answer);
	*answer = name;
	return true;
}

static bool
judge_any(struct setup *s, char **answer, struct error *why)
{
	(void)s;
	if (**answer == '\0')
		error_set(why, ERR_CONFIG, "an answer is needed here");
	return **answer != '\0';
}

/* The name of this machine, if it is a whole one; Linux has 64 bytes for it. */
static const char *
own_name(char text[static HOST_NAME_MAX + 1])
{
	(void)gethostname(text, HOST_NAME_MAX + 1);
	return strchr(text, '.') != NULL ? text : NULL;
}

/* The server without its port. */
static bool
take_name(struct setup *s)
{
	s->name = strndup(s->server, strcspn(s->server, ":"));
	return s->name != NULL;
}

static bool
ask_server(struct setup *s)
{
	const char *url = text_of(member(s->draft.after, "url", NULL));
	char name[HOST_NAME_MAX + 1] = "";

	return ask(s, &s->server,
		   &(struct question){ .text = "Name of this server",
		       .about = "Routers reach this machine by a name, for "
				"which its web server has a certificate.",
		       .option = "server",
		       .preset =
			   url != NULL && strncmp(url, "https://", 8) == 0 ?
			   url + 8 :
			   own_name(name),
		       .judge = judge_server }) &&
	    take_name(s);
}

/* The names of the variables that a description cannot do without. */
static size_t
required(const char *description, char names[SETUP_SETS_MAX][64],
    struct error *why)
{
	struct description *d;
	size_t count = 0;

	if (strcmp(description, RFC2136_NAME) == 0) {
		strcpy(names[0], "server");
		return 1;
	}
	if ((d = provider_list_read(description, why)) == NULL)
		return 0;
	for (size_t i = 0; i < d->variables.count && count < SETUP_SETS_MAX;
	     i++)
		if (d->variables.list[i].required &&
		    variable_is_config(d->variables.list[i].name))
			snprintf(names[count++], 64, "%s",
			    strchr(d->variables.list[i].name, '.') + 1);
	description_free(d);
	return count;
}

/* Would the provider work with these variables? */
static bool
judge_variables(struct setup *s, const char *description, struct error *why)
{
	struct provider_settings one = { .name = s->provider,
		.description = description,
		.variables = s->variables,
		.ca = SETTINGS_CA_DEFAULT };
	const struct settings used = { .file = s->draft.file,
		.ca = SETTINGS_CA_DEFAULT,
		.providers = &one,
		.provider_count = 1 };
	struct providers *p = providers_new(&used, why);

	providers_free(p);
	return p != NULL;
}

/* Asks for what is neither in an option nor in the configuration. */
static bool
ask_variable(struct setup *s, const char *name, json_object *there)
{
	char text[128], option[80], *answer = NULL;
	bool ok;

	if (member(s->variables, name, NULL) != NULL)
		return true;
	snprintf(text, sizeof text, "\"%s\" of %s", name, s->provider);
	snprintf(option, sizeof option, "set %s=...", name);
	ok = ask(s, &answer,
	    &(struct question){ .text = text,
		.option = option,
		.preset = text_of(member(there, name, NULL)),
		.judge = judge_any });
	ok = ok &&
	    json_add_made(s->variables, name, json_object_new_string(answer));
	free(answer);
	return ok;
}

static bool
take_sets(struct setup *s)
{
	bool ok;

	json_object_put(s->variables);
	s->variables = json_object_new_object();
	ok = s->variables != NULL;
	for (size_t i = 0; ok && i < s->set_count; i++) {
		const char *equals = strchr(s->sets[i], '=');
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)(equals - s->sets[i]),
		    s->sets[i]);
		ok = json_add_made(s->variables, name,
		    json_object_new_string(equals + 1));
	}
	return ok;
}

/* Those of old that nothing new was said of. */
static bool
keep_variables(struct setup *s, json_object *old)
{
	bool ok = true;

	if (old == NULL)
		return true;
	json_object_object_foreach (old, name, value) {
		if (member(s->variables, name, NULL) == NULL)
			ok = json_add(s->variables, name,
				 json_object_get(value)) &&
			    ok;
	}
	return ok;
}

/* The name of the file that describes the provider. */
static const char *
description_of(const struct setup *s)
{
	json_object *there = member(s->draft.after, "providers", s->provider);
	const char *name = text_of(member(there, "description", NULL));

	return name != NULL ? name : s->provider;
}

/* What the operator must say of the provider, as where its server is. */
static bool
ask_variables(struct setup *s)
{
	json_object *there = member(s->draft.after, "providers", s->provider);
	const char *description = description_of(s);
	json_object *old = member(there, "config", NULL);
	char names[SETUP_SETS_MAX][64];
	struct error why = { .code = ERR_OK };
	size_t count;

	count = required(description, names, &why);
	for (;;) {
		bool ok = why.code == ERR_OK && take_sets(s);

		for (size_t i = 0; ok && i < count; i++)
			ok = ask_variable(s, names[i], old);
		if (!ok && why.code != ERR_OK)
			tell(s, &why);
		if (!ok || !keep_variables(s, old))
			return false;
		if (judge_variables(s, description, &why))
			return true;
		tell(s, &why);
		if (!s->person || count == 0)
			return false;
		why.code = ERR_OK;
		s->set_count = 0;
	}
}

bool
setup_ask_names(struct setup *s)
{
	json_object *after = s->draft.after;
	json_object *accounts = member(after, "accounts", NULL);
	const char *account = only_name(accounts), *provider;
	json_object *hosts;

	if (!ask_server(s) ||
	    !ask(s, &s->account,
		&(struct question){ .text = "User that the router logs in as",
		    .option = "account",
		    .preset = account != NULL ? account : "router",
		    .judge = judge_account }) ||
	    !draft_take_account(&s->draft, s->account))
		return false;
	provider = text_of(member(s->draft.content, "provider", NULL));
	if (provider == NULL)
		provider = only_name(member(after, "providers", NULL));
	if (!ask(s, &s->provider,
		&(struct question){ .text = "DNS provider (? lists all)",
		    .option = "provider",
		    .preset = provider,
		    .judge = judge_provider,
		    .list = list_providers }) ||
	    !ask_variables(s))
		return false;
	hosts = member(s->draft.content, "hosts", NULL);
	return ask(s, &s->host,
	    &(struct question){ .text = "Name that is to follow your address",
		.option = "host",
		.preset = only_name(hosts),
		.judge = judge_host });
}

/*
 * The addresses
 */

/* Is it one of the words, of which the last one is NULL? */
static bool
is_word(const char *text, const char *const words[])
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static bool
judge_ipv4(struct setup *s, char **answer, struct error *why)
{
	static const char *const words[] = { "later", "no", "keep", "true",
		"false", "if-public", NULL };

	s->now[0] = (struct address){ .family = 0 };
	if (is_word(*answer, words) ||
	    address_parse(&s->now[0], AF_INET, *answer))
		return true;
	error_set(why, ERR_CONFIG,
	    "\"%s\": an IPv4 address, as 192.0.2.7; or no, if the host has "
	    "none; or later, if it has one that is not to be tried now",
	    *answer);
	return false;
}

static bool
judge_ipv6(struct setup *s, char **answer, struct error *why)
{
	static const char *const words[] = { "no", "keep", "router", "false",
		"if-public", NULL };

	s->now[1] = (struct address){ .family = 0 };
	if (is_word(*answer, words) ||
	    address_parse(&s->now[1], AF_INET6, *answer))
		return true;
	error_set(why, ERR_CONFIG,
	    "\"%s\": the IPv6 address of the web server, as 2001:db8::8; or "
	    "no, if it has none; or router, if it is the router itself",
	    *answer);
	return false;
}

static bool
judge_length(struct setup *s, char **answer, struct error *why)
{
	unsigned int n = 0;

	(void)s;
	if (length_parse(&n, *answer, 127) && n >= 16)
		return true;
	error_set(why, ERR_CONFIG,
	    "\"%s\": a number from 16 to 127, as 56: how many bits of your "
	    "addresses the provider of your line chooses",
	    *answer);
	return false;
}

/* What the account says of the host, or NULL. */
static json_object *
host_of(const struct setup *s)
{
	json_object *hosts = member(s->draft.content, "hosts", NULL);

	if (hosts == NULL)
		return NULL;
	json_object_object_foreach (hosts, name, host) {
		if (hostname_same(name, s->host))
			return host;
	}
	return NULL;
}

/* The suffix is what is left of the address behind the prefix. */
static bool
make_suffix(struct setup *s)
{
	struct address suffix = s->now[1];
	unsigned int length = 0;

	(void)length_parse(&length, s->length, 127);
	for (unsigned int i = 0; i < length; i++)
		suffix.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	s->form.suffix = address_format(&suffix, s->suffix);
	return true;
}

/*
 * What was answered last, or what there is; without both, a script that gives
 * no answer gets fallback, and a person has to say something.
 */
static const char *
preset_of(const struct setup *s, const char *last, const json_object *host,
    const char *fallback)
{
	if (last != NULL)
		return last;
	if (host != NULL)
		return "keep";
	return s->person ? NULL : fallback;
}

bool
setup_ask_addresses(struct setup *s)
{
	json_object *host = host_of(s), *ipv6 = member(host, "ipv6", NULL);
	json_object *n = member(ipv6, "prefix_length", NULL);
	char length[16] = "56";
	bool given = s->form.suffix != NULL && s->form.suffix != s->suffix;

	if (n != NULL)
		snprintf(length, sizeof length, "%d", json_object_get_int(n));
	if (!ask(s, &s->ipv4,
		&(struct question){ .text = "IPv4 address of your home now",
		    .about =
			"The addresses of now are tried, so that you see "
			"whether it will work. \"no\": the host has none of "
			"that kind; \"later\": it has one, and nothing is "
			"tried.",
		    .option = "ipv4",
		    .preset = preset_of(s, s->last[0], host, "later"),
		    .judge = judge_ipv4 }))
		return false;
	if (given && s->ipv6 == NULL)
		s->ipv6 = strdup("keep");
	if (!ask(s, &s->ipv6,
		&(struct question){ .text =
					"IPv6 address of the web server now",
		    .about = "On the web server, `ip -6 address' tells it; not "
			     "one that is called temporary.",
		    .option = "ipv6",
		    .preset = preset_of(s, s->last[1], host, "no"),
		    .judge = judge_ipv6 }))
		return false;
	if (s->now[1].family == 0 && !given && s->length == NULL)
		return true;
	return ask(s, &s->length,
		   &(struct question){ .text = "Prefix length of your line",
		       .about = "How many bits of it does the provider of your "
				"line choose?  The router tells; 56 is usual.",
		       .option = "prefix-length",
		       .preset = length,
		       .judge = judge_length }) &&
	    (given || s->now[1].family == 0 || make_suffix(s));
}

/*
 * The token
 */

/* The first line of the file. */
static bool
read_token_file(struct setup *s)
{
	FILE *f = fopen(s->token_file, "re");
	bool ok = f != NULL && fgets(s->token, sizeof s->token, f) != NULL;

	if (f != NULL)
		fclose(f);
	s->token[strcspn(s->token, "\r\n")] = '\0';
	if (!ok || *s->token == '\0')
		fprintf(stderr, "ddnsgate: %s: holds no token\n",
		    s->token_file);
	return ok && *s->token != '\0';
}

static void
tell_of_token(const struct setup *s)
{
	struct buffer parts = { .max = 1024 }, text = { .max = 2048 };

	provider_list_token(description_of(s), &parts);
	buffer_printf(&text,
	    "The token of %s (%s), which the router will send as its password; "
	    "it is not shown, and only its verifier is kept.",
	    s->provider, parts.data != NULL ? parts.data : "");
	person_text(0, 0, text.data != NULL ? text.data : "");
	buffer_free(&parts);
	buffer_free(&text);
}

/* Asks as account add does; at a terminal until the two are the same. */
static bool
ask_token(struct setup *s)
{
	if (s->token_file != NULL)
		return read_token_file(s);
	if (s->person)
		tell_of_token(s);
	return input_token(s->token, sizeof s->token);
}

bool
setup_ask_token(struct setup *s)
{
	bool needed = member(s->draft.content, "verifier", NULL) == NULL;

	s->has_token = s->token_tried = false;
	if (!needed && !s->new_token && s->token_file == NULL &&
	    !setup_ask_whether(s, "Another token than before?", false))
		return true;
	while (!ask_token(s) ||
	    !account_form_put_verifier(s->draft.content, s->account, s->token))
		if (!s->person || s->token_file != NULL ||
		    !setup_ask_whether(s, "Once more?", true))
			return false;
	s->has_token = true;
	return true;
}

/*
 * Around it
 */

static bool
judge_device(struct setup *s, char **answer, struct error *why)
{
	struct buffer file = { .max = 4096 };
	bool good = strcmp(*answer, "none") == 0 ||
	    (strchr(*answer, '/') == NULL &&
		buffer_printf(&file, "%s/%s.txt", ROUTERS_DATADIR, *answer) &&
		access(file.data, R_OK) == 0);

	(void)s;
	buffer_free(&file);
	if (!good)
		error_set(why, ERR_CONFIG,
		    "\"%s\": there is no such page; ddnsgate router --list "
		    "names them, and curl suits whatever fetches a URL",
		    *answer);
	return good;
}

bool
setup_ask_device(struct setup *s)
{
	return ask(s, &s->device,
	    &(struct question){ .text = "Your router (? lists all, or none)",
		.option = "device",
		.preset = "none",
		.judge = judge_device,
		.list = list_devices });
}

static bool
judge_file(struct setup *s, char **answer, struct error *why)
{
	(void)s;
	if (**answer == '/')
		return true;
	error_set(why, ERR_CONFIG,
	    "\"%s\": a whole file name, which begins with a slash", *answer);
	return false;
}

static bool
judge_certificate(struct setup *s, char **answer, struct error *why)
{
	return judge_file(s, answer, why) &&
	    site_judge_certificate(*answer, s->name, why);
}

static bool
judge_site(struct setup *s, char **answer, struct error *why)
{
	return strcmp(*answer, "none") == 0 || judge_file(s, answer, why);
}

/* The key is beside the chain, where nothing else is said. */
static bool
ask_key(struct setup *s)
{
	const char *slash = strrchr(s->certificate, '/');
	struct buffer name = { .max = 4096 };
	bool ok;

	buffer_printf(&name, "%.*s/privkey.pem", (int)(slash - s->certificate),
	    s->certificate);
	ok = ask(s, &s->key,
	    &(struct question){ .text = "Its key",
		.option = "key",
		.preset = name.data,
		.judge = judge_file });
	buffer_free(&name);
	return ok;
}

static bool
ask_certificate(struct setup *s)
{
	char *there = site_certificate(s->site);
	struct buffer usual = { .max = 4096 };
	bool ok;

	buffer_printf(&usual, "/etc/letsencrypt/live/%s/fullchain.pem",
	    s->name);
	ok = ask(s, &s->certificate,
	    &(struct question){ .text = "Its certificate (the whole chain)",
		.option = "certificate",
		.preset = there != NULL ? there : usual.data,
		.judge = judge_certificate });
	if (ok && there != NULL && strcmp(there, s->certificate) == 0) {
		free(s->certificate);
		s->certificate = NULL;
	} else if (ok) {
		ok = ask_key(s);
	}
	buffer_free(&usual);
	free(there);
	return ok;
}

bool
setup_ask_site(struct setup *s)
{
	if (!ask(s, &s->site,
		&(struct question){ .text = "Site of nginx (or none)",
		    .option = "site",
		    .preset = site_is_usual() ? SITE_DEFAULT : "none",
		    .judge = judge_site }))
		return false;
	return strcmp(s->site, "none") == 0 || ask_certificate(s);
}
