#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config/receiver.h"

#define NAME_MAX_LEN 64
#define URL_MAX_LEN  2048
#define HTTPS	     "https://"
#define MINUTE_MS    60000

static const char *const words[] = {
	[NEWS_CHANGED] = "changed",
	[NEWS_REFUSED] = "refused",
	[NEWS__COUNT] = NULL,
};

static const char *const forms[] = {
	[FORM_JSON] = "json",
	[FORM_NTFY] = "ntfy",
	[FORM_HOME_ASSISTANT] = "home-assistant",
	[FORM_SLACK] = "slack",
	[FORM_MATTERMOST] = "mattermost",
	[FORM_HEALTHCHECKS] = "healthchecks",
	[FORM_UPTIME_KUMA] = "uptime-kuma",
	[FORM__COUNT] = NULL,
};

const char *
form_word(enum receiver_form form)
{
	return forms[form];
}

const char *
news_word(enum news_kind kind)
{
	return words[kind];
}

/* It stands in the log, and in the state. */
static void
check_name(const struct reader *r)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (strspn(r->name, letters) != strlen(r->name) ||
	    strlen(r->name) > NAME_MAX_LEN)
		reader_fail(r,
		    "the name of a receiver has at most %d letters without "
		    "accents, digits, dots, hyphens and underscores",
		    NAME_MAX_LEN);
}

/* No error shows the URL, which may be all that keeps others out. */
static const char *
read_url(const struct reader *r)
{
	const char *url = reader_string(r, NULL);
	size_t host;

	if (url == NULL)
		return NULL;
	host = strncmp(url, HTTPS, strlen(HTTPS)) == 0 ?
	    strcspn(url + strlen(HTTPS), "/?") :
	    0;
	if (host == 0 || strlen(url) > URL_MAX_LEN) {
		reader_fail(r,
		    "must be https://, a host, and what its owner gave you, as "
		    "\"https://ntfy.sh/TOPIC\"");
		return NULL;
	}
	if (memchr(url + strlen(HTTPS), '@', host) != NULL)
		reader_fail(r,
		    "must name no user before its host; put a token into "
		    "\"secret_file\"");
	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '#') {
			reader_fail(r,
			    "must have no blanks, no accents and no \"#\"; "
			    "write them as %%20 and so on");
			break;
		}
	return url;
}

static unsigned int
read_kinds(const struct reader *r)
{
	size_t count = reader_array(r, NEWS__COUNT);
	unsigned int kinds = 0;

	if (!r->present)
		return (1U << NEWS__COUNT) - 1;
	if (count == 0)
		reader_fail(r,
		    "name at least one event, or leave it out for all");
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		int kind = reader_word(&e, words, -1);

		if (kind == -1)
			break;
		kinds |= 1U << kind;
	}
	return kinds;
}

/* Those that raise an alarm when nothing comes need it at least each minute. */
static int64_t
read_every(const struct reader *r, enum receiver_form form)
{
	if (form == FORM_HEALTHCHECKS || form == FORM_UPTIME_KUMA)
		return reader_integer(r, 1, 1440, 1) * MINUTE_MS;
	if (r->present)
		reader_fail(r,
		    "goes with the forms \"healthchecks\" and \"uptime-kuma\"");
	return 0;
}

static void
read_receiver(struct reader *r, struct receiver_settings *to, const char *ca)
{
	struct reader url, every, kinds, addresses;

	check_name(r);
	to->name = to->server.name = r->name;
	if (!reader_object(r))
		return;
	url = reader_member(r, "url");
	to->form = (enum receiver_form)read_word(r, "form", forms, FORM_JSON);
	every = reader_member(r, "every");
	kinds = reader_member(r, "events");
	to->secret_file = read_filename(r, "secret_file", NULL);
	addresses = reader_member(r, "addresses");
	to->server.ca = read_filename(r, "ca", ca);
	read_end(r);
	reader_required(&url);
	to->url = read_url(&url);
	to->every_ms = read_every(&every, to->form);
	to->kinds = read_kinds(&kinds);
	settings_read_addresses(&addresses, &to->server);
	if (to->url != NULL && to->secret_file == NULL &&
	    strstr(to->url, RECEIVER_SECRET) != NULL)
		reader_fail(&url,
		    "has " RECEIVER_SECRET
		    ", so \"secret_file\" must say where that is");
}

void
receivers_read(const struct reader *r, struct settings *s)
{
	size_t count;

	if (!r->present ||
	    (count = reader_entries(r, RECEIVERS_MAX, "receivers")) == 0)
		return;
	if ((s->receivers = calloc(count, sizeof *s->receivers)) == NULL) {
		reader_no_memory(r);
		return;
	}
	json_object_object_foreach (r->value, name, value) {
		struct reader e = reader_entry(r, name, value);

		read_receiver(&e, &s->receivers[s->receiver_count++], s->ca);
		if (!reader_goes_on(r))
			return;
	}
}
