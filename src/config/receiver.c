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
	[NEWS_PROVIDER] = "provider",
	[NEWS_CERTIFICATE] = "certificate",
	[NEWS_SILENT] = "silent",
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

	/* Some clients send nothing for weeks, so who wants that says so. */
	if (!r->present)
		return ((1U << NEWS__COUNT) - 1) & ~(1U << NEWS_SILENT);
	if (count == 0)
		reader_fail(r, "name at least one event, or leave it out");
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
read_spans(struct reader *r, struct receiver_settings *to)
{
	to->provider_s = read_integer(r, "provider_minutes", 1, 10080, 30) * 60;
	to->certificate_s =
	    read_integer(r, "certificate_days", 1, 365, 14) * 86400;
	to->silent_s = read_integer(r, "silent_hours", 2, 8760, 48) * 3600;
}

/* A user of the mail server, with or without its domain. */
static const char *
read_mail(const struct reader *r, const char *fallback)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "!#$%&'*+-/=?^_`{|}~.";
	const char *mail = reader_string(r, fallback);
	size_t user;

	if (mail == NULL)
		return NULL;
	user = strspn(mail, letters);
	if (user == 0 || strlen(mail) > RECEIVER_MAIL_MAX ||
	    (mail[user] != '\0' &&
		(mail[user] != '@' || mail[user + 1] == '\0' ||
		    strspn(mail + user + 1, letters) !=
			strlen(mail + user + 1))))
		reader_fail(r,
		    "must be one address without a name, as "
		    "\"root@example.org\"");
	return mail;
}

static void
read_server(const struct reader *r, struct receiver_settings *to)
{
	if (!address_parse_any(&to->smtp, reader_string(r, "127.0.0.1")))
		reader_fail(r,
		    "must be the IPv4 or IPv6 address of a mail server");
}

/* What goes with a mail and what with a URL. */
static void
check_absent(const struct reader *const list[], const char *with)
{
	for (; *list != NULL; list++)
		if ((*list)->present)
			reader_fail(*list, "goes with \"%s\"", with);
}

static void
read_webhook(struct receiver_settings *to, const struct reader *url,
    const struct reader *every, const struct reader *addresses)
{
	to->url = read_url(url);
	to->every_ms = read_every(every, to->form);
	settings_read_addresses(addresses, &to->server);
	if (to->url != NULL && to->secret_file == NULL &&
	    strstr(to->url, RECEIVER_SECRET) != NULL)
		reader_fail(url,
		    "has " RECEIVER_SECRET
		    ", so \"secret_file\" must say where that is");
}

static void
read_receiver(struct reader *r, struct receiver_settings *to, const char *ca)
{
	struct reader url, mail, from, server, port, form, every, kinds, secret,
	    addresses, own;
	const struct reader *const by_url[] = { &form, &every, &secret,
		&addresses, &own, NULL };
	const struct reader *const by_mail[] = { &from, &server, &port, NULL };

	check_name(r);
	to->name = to->server.name = r->name;
	if (!reader_object(r))
		return;
	url = reader_member(r, "url");
	form = reader_member(r, "form");
	every = reader_member(r, "every");
	secret = reader_member(r, "secret_file");
	addresses = reader_member(r, "addresses");
	own = reader_member(r, "ca");
	mail = reader_member(r, "mail");
	from = reader_member(r, "from");
	server = reader_member(r, "server");
	port = reader_member(r, "port");
	kinds = reader_member(r, "events");
	read_spans(r, to);
	read_end(r);
	if (url.present == mail.present)
		reader_fail(r, "must have either \"url\" or \"mail\"");
	to->kinds = read_kinds(&kinds);
	to->form = (enum receiver_form)reader_word(&form, forms, FORM_JSON);
	to->secret_file = reader_filename(&secret, NULL);
	to->server.ca = reader_filename(&own, ca);
	to->mail = read_mail(&mail, NULL);
	to->from = read_mail(&from, to->mail);
	read_server(&server, to);
	to->smtp_port = (uint16_t)reader_integer(&port, 1, UINT16_MAX, 25);
	if (mail.present) {
		check_absent(by_url, "url");
	} else {
		check_absent(by_mail, "mail");
		read_webhook(to, &url, &every, &addresses);
	}
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
