#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/person.h"
#include "page/when.h"

static const struct usage usage = {
	.synopsis = "usage: ddnsgate history [--config FILE] [--account NAME] "
		    "[--since TIME]\n"
		    "                        [--json] [HOST]\n",
	.about = "What changed and what was refused, the latest first.\n",
	.takes = { { OPTION_ACCOUNT, NULL }, { OPTION_CONFIG, NULL },
	    { OPTION_JSON, NULL }, { OPTION_SINCE, NULL } },
};

struct history {
	bool json, first;
};

/*
 * "2026-11-28 01:02 home.example.org A 192.0.2.1 > 192.0.2.2 good", or on more
 * lines where one is too short.
 */
static void
print_event(const struct state_event *e)
{
	bool bad = e->reason != NULL;
	char text[LOOKUP_TIME_MAX], line[4 * STATE_TEXT_MAX];

	snprintf(line, sizeof line, "%s %s > %s", e->type,
	    e->old != NULL ? e->old : "?", e->new != NULL ? e->new : "?");
	lookup_time(e->at, text);
	printf("%s %s%s", text, e->host,
	    strlen(text) + strlen(e->host) + strlen(line) + strlen(e->verdict) +
			3 >
		    PERSON_COLUMNS ?
		"\n                 " :
		" ");
	printf("%s %s%s%s\n", line, person_paint(bad ? PAINT_BAD : PAINT_GOOD),
	    e->verdict, person_paint(PAINT_PLAIN));
	if (bad)
		person_text(17, 0, e->reason);
}

static void
add_text(json_object *o, const char *name, const char *text)
{
	json_add(o, name, text != NULL ? json_object_new_string(text) : NULL);
}

static json_object *
event_json(const struct state_event *e)
{
	json_object *o = json_object_new_object();

	json_add(o, "time", lookup_json_time(e->at));
	add_text(o, "source", e->source);
	add_text(o, "account", e->account);
	add_text(o, "host", e->host);
	add_text(o, "type", e->type);
	add_text(o, "old", e->old);
	add_text(o, "new", e->new);
	add_text(o, "verdict", e->verdict);
	add_text(o, "reason", e->reason);
	add_text(o, "issuer", e->issuer);
	add_text(o, "serial", e->serial);
	add_text(o, "key", e->key);
	json_add(o, "certificate_ends", lookup_json_time(e->expiry));
	json_add(o, "proof_ms", json_object_new_int(e->proof_ms));
	json_add(o, "provider_ms", json_object_new_int(e->provider_ms));
	add_text(o, "request_id", e->request);
	return o;
}

static bool
each_event(const struct state_event *e, void *data)
{
	struct history *h = data;

	if (h->json)
		lookup_json_print(event_json(e), &h->first);
	else
		print_event(e);
	return true;
}

static int
print(struct history *h, const char *file, const char *host,
    const char *account, int64_t since)
{
	int status = EXIT_FAILED;
	struct lookup l;

	if (lookup_begin(&l, file)) {
		status = lookup_status(&l,
		    store_history(l.store,
			&(struct state_search){ host, account, since, NULL, 0 },
			each_event, h));
		if (h->json)
			lookup_json_end(h->first);
	}
	lookup_end(&l);
	return status;
}

int
command_history(int argc, char *argv[])
{
	struct history h = { .first = true };
	const char *since_text;
	int64_t since = 0;
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1)
		return status;
	since_text = options_text(&o, OPTION_SINCE, NULL);
	if (o.operand_count > 1 ||
	    (since_text != NULL &&
		!when_parse(since_text, time(NULL), false, &since)))
		return options_wrong(&o);
	h.json = options_has(&o, OPTION_JSON);
	return print(&h, options_config(&o), o.operands[0],
	    options_text(&o, OPTION_ACCOUNT, NULL), since);
}
