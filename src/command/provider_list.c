#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/person.h"
#include "command/provider_list.h"
#include "provider/description/description.h"
#include "provider/dns/rfc2136.h"

static const char *const bases[] = {
	[BASIS_DOCUMENTS] = "documents",
	[BASIS_RECORDING] = "recording",
	[BASIS_RUN] = "run",
};

static const char *const directories[] = {
	PROVIDERS_SYSCONFDIR,
	PROVIDERS_DATADIR,
};

/*
 * One provider, whether it has a description or not
 */

struct entry {
	const char *name;
	const char *about;
	const struct description *d; /* NULL: a name server, RFC 2136 */
	const char *file;
};

static const struct entry nameserver = { .name = RFC2136_NAME,
	.about = RFC2136_ABOUT };

/* "key:secret", what the router sends as its password. */
static void
put_token(const struct entry *e, struct buffer *to)
{
	if (e->d == NULL)
		buffer_puts(to, "key:secret");
	else
		for (size_t i = 0; i < e->d->part_count; i++)
			buffer_printf(to, "%s%s", i > 0 ? ":" : "",
			    e->d->parts[i]);
}

static const char *
zone_word(const struct entry *e)
{
	if (e->d == NULL)
		return "asked by name";
	if (e->d->zoneless)
		return "plays no part";
	return e->d->has_zone ? "is found" : "must be given";
}

static const char *
basis_word(const struct entry *e)
{
	return bases[e->d != NULL ? e->d->basis : BASIS_RUN];
}

static bool
removes(const struct entry *e)
{
	return e->d == NULL || e->d->remove.count > 0;
}

/* As much of text as a line has room for, to the end of a word. */
static void
print_start(const char *text, int room)
{
	int len = (int)strlen(text);

	if (len <= room) {
		puts(text);
		return;
	}
	for (len = room > 3 ? room - 3 : 0; len > 0 && text[len] != ' ';)
		len--;
	printf("%.*s...\n", len, text);
}

/* One line, for people and for cut(1); the rest is in provider_show(). */
static void
print_line(const struct entry *e)
{
	struct buffer token = { .max = 1024 };
	int used;

	put_token(e, &token);
	used = printf("%-15s %-27s ", e->name,
	    token.data != NULL ? token.data : "");
	print_start(e->about != NULL ? e->about : "", PERSON_COLUMNS - used);
	buffer_free(&token);
}

/* What the operator may give under "config", and whether it must be. */
static json_object *
config_json(const struct description *d)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; d != NULL && i < d->variables.count; i++) {
		const struct variable *v = &d->variables.list[i];

		if (variable_is_config(v->name))
			json_add(o, strchr(v->name, '.') + 1,
			    json_object_new_string(
				v->required ? "required" : "optional"));
	}
	return o;
}

static json_object *
entry_json(const struct entry *e)
{
	json_object *o = json_object_new_object();
	struct buffer token = { .max = 1024 };

	put_token(e, &token);
	json_add(o, "name", json_object_new_string(e->name));
	json_add(o, "about",
	    json_object_new_string(e->about != NULL ? e->about : ""));
	json_add(o, "token",
	    json_object_new_string(token.data != NULL ? token.data : ""));
	json_add(o, "base",
	    e->d != NULL ? json_object_new_string(e->d->base) : NULL);
	json_add(o, "config", config_json(e->d));
	json_add(o, "zone", json_object_new_string(zone_word(e)));
	json_add(o, "ttl",
	    json_object_new_int64(
		e->d != NULL ? description_ttl(e->d, 0) : RFC2136_TTL));
	json_add(o, "removes", json_object_new_boolean(removes(e)));
	json_add(o, "basis", json_object_new_string(basis_word(e)));
	json_add(o, "file",
	    e->file != NULL ? json_object_new_string(e->file) : NULL);
	buffer_free(&token);
	return o;
}

/*
 * The list
 */

static int
is_description(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 &&
	    strcmp(e->d_name + len - 5, ".json") == 0;
}

static void
print_entry(const struct entry *e, bool json, bool *first)
{
	if (json)
		lookup_json_print(entry_json(e), first);
	else
		print_line(e);
}

/* Every file that a configuration may name; a wrong one is told. */
static int
list_directory(const char *directory, const char *hidden_by, bool json,
    bool *first)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_description, alphasort);
	int status = EXIT_OK;

	for (int i = 0; i < count; i++) {
		char file[4096], other[4096] = "";
		struct description *d;
		struct error why;

		snprintf(file, sizeof file, "%s/%s", directory,
		    entries[i]->d_name);
		if (hidden_by != NULL)
			snprintf(other, sizeof other, "%s/%s", hidden_by,
			    entries[i]->d_name);
		free(entries[i]);
		if (hidden_by != NULL && access(other, F_OK) == 0)
			continue;
		if ((d = description_read(file, &why)) == NULL) {
			fprintf(stderr, "ddnsgate: %s\n", why.text);
			status = EXIT_FAILED;
			continue;
		}
		print_entry(&(struct entry){ d->name, d->about, d, file }, json,
		    first);
		description_free(d);
	}
	if (count >= 0)
		free(entries);
	return status;
}

int
provider_list(bool json)
{
	bool first = true;
	int own = list_directory(directories[0], NULL, json, &first);
	int ours = list_directory(directories[1], directories[0], json, &first);

	print_entry(&nameserver, json, &first);
	if (json)
		lookup_json_end(first);
	return own == EXIT_OK ? ours : own;
}

/*
 * One of them
 */

static void
print_all(const struct entry *e)
{
	const struct description *d = e->d;
	struct buffer token = { .max = 1024 };

	put_token(e, &token);
	person_text(2, printf("%s: ", e->name),
	    e->about != NULL ? e->about : "");
	printf("  token    %s\n", token.data != NULL ? token.data : "");
	buffer_free(&token);
	if (d == NULL) {
		puts("  config   server (required), port, algorithm");
	} else {
		printf("  speaks to %s\n", d->base);
		for (size_t i = 0; i < d->variables.count; i++) {
			const struct variable *v = &d->variables.list[i];

			if (variable_is_config(v->name))
				printf("  config   %s%s\n",
				    strchr(v->name, '.') + 1,
				    v->required ? " (required)" : "");
		}
	}
	printf("  zone     %s\n", zone_word(e));
	if (d != NULL)
		printf("  TTL      %lld s, if the host has none\n",
		    (long long)description_ttl(d, 0));
	printf("  removes  %s\n", removes(e) ? "yes" : "no");
	printf("  basis    %s\n",
	    d == NULL || d->basis == BASIS_RUN ?
		"run against the real one" :
		d->basis == BASIS_RECORDING ?
		"recorded answers of the provider" :
		"documents and other clients; never run for real");
	if (e->file != NULL)
		printf("  file     %s\n", e->file);
}

struct description *
provider_list_read(const char *name, struct error *why)
{
	char file[4096];

	for (size_t i = 0; strchr(name, '/') == NULL &&
	     i < sizeof directories / sizeof *directories;
	     i++) {
		snprintf(file, sizeof file, "%s/%s.json", directories[i], name);
		if (access(file, F_OK) == 0)
			return description_read(file, why);
	}
	error_set(why, ERR_CONFIG,
	    "there is no provider %s; ddnsgate provider list names them", name);
	return NULL;
}

void
provider_list_token(const char *name, struct buffer *to)
{
	struct error why;
	struct description *d = strcmp(name, nameserver.name) != 0 ?
	    provider_list_read(name, &why) :
	    NULL;

	if (d != NULL || strcmp(name, nameserver.name) == 0)
		put_token(&(struct entry){ .d = d }, to);
	else
		buffer_puts(to, "token");
	description_free(d);
}

int
provider_show(const char *name, bool json)
{
	bool is_nameserver = strcmp(name, nameserver.name) == 0;
	struct description *d = NULL;
	struct entry e = nameserver;
	struct error why;
	bool first = true;

	if (!is_nameserver && (d = provider_list_read(name, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return EXIT_FAILED;
	}
	if (d != NULL)
		e = (struct entry){ d->name, d->about, d, d->file };
	if (json) {
		lookup_json_print(entry_json(&e), &first);
		lookup_json_end(first);
	} else {
		print_all(&e);
	}
	description_free(d);
	return EXIT_OK;
}
