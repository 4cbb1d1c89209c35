#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/json.h"
#include "command/board.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/person.h"
#include "page/refusal.h"
#include "pool/scoreboard.h"

static const struct usage usage = {
	.synopsis =
	    "usage: ddnsgate status [--config FILE] [--account NAME] [--json] "
	    "[HOST...]\n"
	    "       ddnsgate status [--config FILE] [--json] --pool\n",
	.about =
	    "What is published for each host, since when, and what was refused "
	    "last;\n"
	    "or how many workers there are, and what they do.\n",
	.takes = { { OPTION_ACCOUNT, NULL }, { OPTION_CONFIG, NULL },
	    { OPTION_JSON, NULL }, { OPTION_POOL, NULL } },
};

struct status {
	struct lookup lookup;
	const char *account; /* NULL: all */
	char **hosts;	     /* none: all */
	int host_count;
	bool json, first;
	char **seen; /* names of the hosts that the store has, in order */
	size_t seen_count, seen_size;
};

static bool
is_wanted(const struct status *s, const char *host)
{
	for (int i = 0; i < s->host_count; i++)
		if (strcasecmp(s->hosts[i], host) == 0)
			return true;
	return s->host_count == 0;
}

static const char *
type_of(int family)
{
	return family == STATE_IPV4 ? "A" : "AAAA";
}

static void
print_advice(const char *refused)
{
	struct refusal r;

	refusal_read(&r, refused);
	person_text(3, printf("  what to do: "),
	    refusal_advice(r.verdict, r.reason));
}

static void
print_host(const struct state_host *h)
{
	char text[ADDRESS_TEXT_MAX], time[LOOKUP_TIME_MAX];

	printf("%s%s%s (account %s)\n", person_paint(PAINT_STRONG), h->host,
	    person_paint(PAINT_PLAIN), h->account);
	for (int f = 0; f < STATE_FAMILIES; f++) {
		const struct state_value *v = &h->value[f];

		if (v->kind != VALUE_UNKNOWN)
			printf("  %-5s %-39s since %s\n", type_of(f),
			    v->kind == VALUE_NONE ?
				"none" :
				address_format(&v->address, text),
			    lookup_time(h->since[f], time));
	}
	printf("  last proved and published %s\n",
	    lookup_time(h->applied_at, time));
	if (h->intent)
		puts("  a write is under way, or was cut off");
	if (h->expiry != 0)
		printf("  its certificate ends %s\n",
		    lookup_time(h->expiry, time));
	if (h->refused_at != 0) {
		fputs(person_paint(PAINT_BAD), stdout);
		person_text(4,
		    printf("  last refused %s: ",
			lookup_time(h->refused_at, time)),
		    h->refused);
		fputs(person_paint(PAINT_PLAIN), stdout);
	}
	if (h->refused_at > h->applied_at)
		print_advice(h->refused);
}

static json_object *
host_json(const struct state_host *h)
{
	json_object *o = json_object_new_object();
	char text[ADDRESS_TEXT_MAX];

	json_add(o, "host", json_object_new_string(h->host));
	json_add(o, "account", json_object_new_string(h->account));
	for (int f = 0; f < STATE_FAMILIES; f++) {
		const struct state_value *v = &h->value[f];
		json_object *r = json_object_new_object();

		json_add(r, "address",
		    v->kind == VALUE_ADDRESS ?
			json_object_new_string(
			    address_format(&v->address, text)) :
			NULL);
		json_add(r, "known",
		    json_object_new_boolean(v->kind != VALUE_UNKNOWN));
		json_add(r, "since", lookup_json_time(h->since[f]));
		json_add(o, type_of(f), r);
	}
	json_add(o, "published", lookup_json_time(h->applied_at));
	json_add(o, "writing", json_object_new_boolean(h->intent));
	json_add(o, "certificate_ends", lookup_json_time(h->expiry));
	json_add(o, "refused_at", lookup_json_time(h->refused_at));
	json_add(o, "refused",
	    h->refused_at != 0 ? json_object_new_string(h->refused) : NULL);
	return o;
}

/* Keeps the name of a host, so that those which are not there can be told. */
static bool
remember(struct status *s, const char *host)
{
	char *name;

	if (s->seen_count == s->seen_size) {
		size_t size = s->seen_size > 0 ? 2 * s->seen_size : 64;
		char **longer = reallocarray(s->seen, size, sizeof *longer);

		if (longer == NULL)
			return false;
		s->seen = longer;
		s->seen_size = size;
	}
	if ((name = strdup(host)) == NULL)
		return false;
	s->seen[s->seen_count++] = name;
	return true;
}

static bool
each_host(const struct state_host *h, void *data)
{
	struct status *s = data;

	if (!is_wanted(s, h->host))
		return true;
	if (s->json)
		lookup_json_print(host_json(h), &s->first);
	else
		print_host(h);
	return remember(s, h->host);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A host of the configuration for which nothing has come. */
static void
print_silent(struct status *s, const struct account_settings *a,
    const struct host_settings *h)
{
	struct state_host silent = { .applied_at = 0 };

	if (!is_wanted(s, h->name) ||
	    (s->seen_count > 0 &&
		bsearch(&h->name, s->seen, s->seen_count, sizeof *s->seen,
		    compare_names) != NULL))
		return;
	snprintf(silent.host, sizeof silent.host, "%s", h->name);
	snprintf(silent.account, sizeof silent.account, "%s", a->name);
	if (s->json)
		lookup_json_print(host_json(&silent), &s->first);
	else
		printf("%s (account %s)\n  nothing has come yet\n", h->name,
		    a->name);
}

static void
print_all_silent(struct status *s)
{
	const struct settings *settings = s->lookup.settings;

	for (size_t i = 0; i < settings->account_count; i++) {
		const struct account_settings *a = &settings->accounts[i];

		if (s->account != NULL && strcmp(a->name, s->account) != 0)
			continue;
		for (size_t j = 0; j < a->host_count; j++)
			print_silent(s, a, &a->hosts[j]);
	}
}

/* What the pool does; a list of one object, or of none, in JSON. */
static int
tell_pool(bool json, const char *file)
{
	const struct scoreboard *b = scoreboard_view(file);
	bool first = true;

	if (!json)
		board_print(b, UINT_MAX);
	else if (b != NULL)
		lookup_json_print(board_json(b), &first);
	if (json)
		lookup_json_end(first);
	scoreboard_unview(b);
	return EXIT_OK;
}

static int
print(struct status *s, const char *file)
{
	int status = EXIT_FAILED;

	if (lookup_begin(&s->lookup, file)) {
		status = lookup_status(&s->lookup,
		    store_hosts(s->lookup.store, s->account, "", each_host, s));
		if (status == EXIT_OK)
			print_all_silent(s);
		if (s->json)
			lookup_json_end(s->first);
	}
	lookup_end(&s->lookup);
	for (size_t i = 0; i < s->seen_count; i++)
		free(s->seen[i]);
	free(s->seen);
	return status;
}

int
command_status(int argc, char *argv[])
{
	struct status s = { .first = true };
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1)
		return status;
	s.account = options_text(&o, OPTION_ACCOUNT, NULL);
	s.json = options_has(&o, OPTION_JSON);
	s.hosts = o.operands;
	s.host_count = o.operand_count;
	if (options_has(&o, OPTION_POOL))
		return s.host_count == 0 && s.account == NULL ?
		    tell_pool(s.json, options_config(&o)) :
		    options_wrong(&o);
	return print(&s, options_config(&o));
}
