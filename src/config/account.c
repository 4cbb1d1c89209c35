#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/account.h"
#include "config/settings.h"

/* An index into the providers; the members of a wrong name are told. */
static size_t
read_provider(const struct reader *r, const struct settings *s)
{
	struct buffer names = { .max = ERROR_TEXT_MAX / 2 };
	const char *name = reader_string(r, NULL);

	/* Without any provider that is the error, and told already. */
	if (name == NULL || s->provider_count == 0)
		return 0;
	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->providers[i].name, name) == 0)
			return i;
	for (size_t i = 0; i < s->provider_count; i++) {
		const struct provider_settings *p = &s->providers[i];

		buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", p->name);
		if (strcmp(p->name, p->description) != 0)
			buffer_printf(&names, " (%s)", p->description);
	}
	reader_fail(r, "no such member of \"providers\"; there are: %s",
	    buffer_text(&names));
	buffer_free(&names);
	return 0;
}

static void
read_hosts(const struct reader *r, const struct reader *defaults,
    struct account_settings *to, const char *ca)
{
	size_t count;

	reader_required(r);
	if ((count = reader_entries(r, SETTINGS_HOSTS_MAX, "hosts")) == 0)
		return;
	if ((to->hosts = calloc(count, sizeof *to->hosts)) == NULL) {
		reader_no_memory(r);
		return;
	}
	json_object_object_foreach (r->value, name, value) {
		struct reader e = reader_entry(r, name, value);
		struct host_settings *host = &to->hosts[to->host_count++];

		e.defaults = defaults;
		host_read(&e, host, ca);
		if (!reader_goes_on(r))
			return;
		for (size_t i = 0; i + 1 < to->host_count; i++)
			if (host->name != NULL && to->hosts[i].name != NULL &&
			    strcmp(to->hosts[i].name, host->name) == 0)
				reader_fail(&e,
				    "the same host stands here twice");
	}
}

/* RFC 7617 section 2: a user has no colon. */
const char *
account_name_fault(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > ACCOUNT_NAME_MAX)
		return "the name of an account has 1 to 128 characters";
	for (const char *c = name; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e || *c == ':')
			return "the name of an account has no blanks, no "
			       "colon and no accents";
	return NULL;
}
_Static_assert(ACCOUNT_NAME_MAX == 128, "what the error says");

void
account_read(struct reader *r, struct settings *s, struct account_settings *to)
{
	struct reader top = { .value = s->document,
		.file = s->file,
		.present = true,
		.why = r->why,
		.faults = r->faults };
	struct reader verifier, provider, hosts;
	struct reader defaults = reader_member(&top, "defaults");
	const char *fault = account_name_fault(r->name);

	to->name = r->name;
	if (fault != NULL)
		reader_fail(r, "%s", fault);
	else if (operators_find(s, r->name) != NULL)
		reader_fail(r, "is the name of an operator; choose another");
	if (!reader_object(r))
		return;
	r->defaults = &defaults;
	verifier = reader_member(r, "verifier");
	provider = reader_member(r, "provider");
	hosts = reader_member(r, "hosts");
	to->from_connection = read_bool(r, "from_connection", false);
	to->query_credentials = read_bool(r, "query_credentials", false);
	to->all_hosts = read_bool(r, "all_hosts", false);
	to->disabled = read_bool(r, "disabled", false);
	read_end(r);
	reader_required(&verifier);
	to->verifier = reader_string(&verifier, NULL);
	reader_required(&provider);
	to->provider = read_provider(&provider, s);
	read_hosts(&hosts, &defaults, to, s->ca);
}

void
account_check_defaults(struct reader *r, const struct settings *s)
{
	struct reader provider;

	if (!reader_object(r))
		return;
	provider = reader_member(r, "provider");
	(void)read_bool(r, "from_connection", false);
	(void)read_bool(r, "query_credentials", false);
	(void)read_bool(r, "all_hosts", false);
	host_check_defaults(r);
	read_end(r);
	(void)read_provider(&provider, s);
}

/* The provider of that name in s, or as many as s has. */
static size_t
find_provider(const struct settings *s, const char *name)
{
	size_t i = 0;

	while (i < s->provider_count && strcmp(s->providers[i].name, name) != 0)
		i++;
	return i;
}

bool
account_copy(struct account_settings *to, const struct settings *s,
    const struct account_settings *from, const struct settings *of)
{
	size_t provider = find_provider(s, of->providers[from->provider].name);
	bool ok = provider < s->provider_count;

	*to = *from;
	to->owned = true;
	to->provider = provider;
	to->host_count = 0;
	ok &= text_copy(&to->name, from->name);
	/* One that is examined only may lack it. */
	ok &= text_copy(&to->verifier, from->verifier);
	to->hosts = calloc(from->host_count, sizeof *to->hosts);
	ok &= to->hosts != NULL;
	for (size_t i = 0; ok && i < from->host_count; i++)
		ok = host_copy(&to->hosts[to->host_count++], &from->hosts[i],
		    s->ca);
	if (!ok) {
		account_end(to, s);
		*to = (struct account_settings){ .name = NULL };
	}
	return ok;
}

static void
free_text(const char *text)
{
	free((char *)(uintptr_t)text);
}

void
account_end(struct account_settings *a, const struct settings *s)
{
	for (size_t i = 0; i < a->host_count; i++) {
		host_end(&a->hosts[i]);
		if (!a->owned)
			continue;
		free_text(a->hosts[i].proof.echo);
		if (a->hosts[i].proof.ca != s->ca)
			free_text(a->hosts[i].proof.ca);
	}
	free(a->hosts);
	if (a->owned) {
		free_text(a->name);
		free_text(a->verifier);
	}
}
