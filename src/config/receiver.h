/*
 * receiver.h - who is told what is new: a member of "notify".
 */
#ifndef CONFIG_RECEIVER_H
#define CONFIG_RECEIVER_H

#include "config/reader.h"
#include "config/settings.h"

#define RECEIVER_MAIL_MAX 254 /* bytes: RFC 5321 section 4.5.3.1 */
#define RECEIVERS_MAX	  8
#define RECEIVER_SECRET	  "{secret}" /* in a URL: where the secret goes */

/* What there is to tell. */
enum news_kind {
	NEWS_CHANGED,	  /* an address was published, or removed */
	NEWS_REFUSED,	  /* an address was not */
	NEWS_PROVIDER,	  /* a provider fails for long */
	NEWS_CERTIFICATE, /* that of a host is near its end */
	NEWS_SILENT,	  /* a host has not been updated for long */
	NEWS__COUNT
};

/* How a message looks. */
enum receiver_form {
	FORM_JSON,
	FORM_NTFY,
	FORM_HOME_ASSISTANT,
	FORM_SLACK,
	FORM_MATTERMOST,
	FORM_HEALTHCHECKS, /* this and the next are pings: they also come */
	FORM_UPTIME_KUMA,  /* while nothing happens */
	FORM__COUNT
};

struct receiver_settings {
	const char *name;
	/* By mail, or else by HTTPS. */
	const char *mail; /* who gets it; NULL: what is below counts */
	const char *from;
	struct address smtp; /* of the mail server */
	uint16_t smtp_port;
	enum receiver_form form;
	int64_t every_ms; /* from one ping to the next; 0: none is sent */
	/* https; what is behind the host may be a secret, and is never shown */
	const char *url;
	const char *secret_file; /* or NULL */
	unsigned int kinds;	 /* a bit for each enum news_kind */
	/* How long is long, or near, in seconds. */
	int64_t provider_s, certificate_s, silent_s;
	struct provider_settings server; /* its addresses and CA file */
};

/* The word of a kind, as the configuration and a message have it. */
const char *news_word(enum news_kind kind);

/* The word of a form. */
const char *form_word(enum receiver_form form);

/* Reads the members of "notify", if it is there, into s. */
void receivers_read(const struct reader *r, struct settings *s);

#endif
