#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "config/secret_file.h"
#include "news/receivers.h"

#define HTTPS_LEN 8 /* of "https://" */
#define MINUTE_MS 60000
#define DAY_S	  86400

/* Where the path of its URL begins. */
static const char *
path_of(const struct receiver_settings *s)
{
	return s->url + HTTPS_LEN + strcspn(s->url + HTTPS_LEN, "/?");
}

/* Only as much of the URL as may be shown. */
static enum err
read_host(struct receiver *r, struct error *why)
{
	const char *url = r->settings->url;
	char *host = strndup(url, (size_t)(path_of(r->settings) - url));
	enum err rc =
	    host != NULL ? endpoint_read(&r->at, host, why) : error_memory(why);

	free(host);
	return rc;
}

static enum err
try_secret(const struct receiver *r, struct error *why)
{
	struct buffer secret = { .max = SECRET_FILE_MAX };
	enum err rc = ERR_OK;

	if (r->settings->secret_file != NULL)
		rc = secret_file_read(r->settings->secret_file, &secret, why);
	buffer_free(&secret);
	return rc;
}

struct receivers *
receivers_new(const struct settings *s, struct error *why)
{
	struct receivers *r = calloc(1, sizeof *r);
	size_t n = s->receiver_count;

	if (r == NULL ||
	    (n > 0 && (r->resolutions = resolution_new(n)) == NULL)) {
		error_memory(why);
		goto fail;
	}
	r->count = n;
	r->began = time(NULL);
	for (size_t i = 0; i < n; i++) {
		struct receiver *one = &r->list[i];

		one->settings = &s->receivers[i];
		one->at.what = "notify";
		one->at.settings = &one->settings->server;
		if (one->at.settings->address_count == 0)
			one->at.resolution = resolution_at(r->resolutions, i);
		if (one->settings->mail == NULL &&
		    (read_host(one, why) != ERR_OK ||
			try_secret(one, why) != ERR_OK)) {
			error_prefix(why, "%s: /notify/%s", s->file,
			    one->settings->name);
			goto fail;
		}
	}
	return r;
fail:
	receivers_free(r);
	return NULL;
}

void
receivers_free(struct receivers *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		endpoint_end(&r->list[i].at);
	if (r->resolutions != NULL)
		resolution_free(r->resolutions, r->count);
	free(r);
}

enum err
receivers_trust(const struct receivers *r, struct trust *trust,
    struct error *why)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->list[i].settings->mail == NULL &&
		    trust_load(trust, r->list[i].settings->server.ca, why) !=
			ERR_OK)
			return error_prefix(why, "/notify/%s",
			    r->list[i].settings->name);
	return ERR_OK;
}

const struct endpoint *
receivers_resolved(const struct receivers *r, size_t index)
{
	for (size_t i = 0; i < r->count; i++)
		if (endpoint_is_resolved(&r->list[i].at) && index-- == 0)
			return &r->list[i].at;
	return NULL;
}

bool
receivers_only_read(const struct receivers *r)
{
	return r->resolutions == NULL ||
	    resolution_only_read(r->resolutions, r->count);
}

/* Adds len bytes of a URL, with the secret where it is wanted. */
static void
put(struct buffer *to, const char *text, size_t len, const char *secret)
{
	const char *place =
	    memmem(text, len, RECEIVER_SECRET, strlen(RECEIVER_SECRET));
	size_t before = place != NULL ? (size_t)(place - text) : len;

	buffer_add(to, text, before);
	if (place == NULL || secret == NULL)
		return;
	buffer_puts(to, secret);
	before += strlen(RECEIVER_SECRET);
	buffer_add(to, text + before, len - before);
}

static void
put_path(struct buffer *path, const char *text, const char *ending,
    const char *query, const char *secret)
{
	size_t len = strcspn(text, "?");

	if (*text != '/')
		buffer_puts(path, "/");
	if (*ending != '\0' && len > 0 && text[len - 1] == '/')
		len--;
	put(path, text, len, secret);
	buffer_puts(path, ending);
	text += strcspn(text, "?");
	if (query != NULL && *query != '\0')
		buffer_printf(path, "?%s", query);
	else
		put(path, text, strlen(text), secret);
}

enum err
receiver_address(const struct receiver *r, const char *ending,
    const char *query, struct buffer *path, struct buffer *header,
    struct error *why)
{
	const char *text = path_of(r->settings);
	struct buffer secret = { .max = SECRET_FILE_MAX };
	enum err rc = ERR_OK;

	if (r->settings->secret_file != NULL)
		rc = secret_file_read(r->settings->secret_file, &secret, why);
	if (rc == ERR_OK) {
		put_path(path, text, ending, query, secret.data);
		if (secret.data != NULL &&
		    strstr(text, RECEIVER_SECRET) == NULL)
			buffer_printf(header, "Authorization: Bearer %s",
			    secret.data);
	}
	if (rc == ERR_OK && (path->failed || header->failed))
		rc = error_memory(why);
	buffer_free(&secret);
	return rc;
}

static void
print_mail(const struct receiver_settings *s, FILE *to)
{
	char text[ADDRESS_TEXT_MAX];

	fprintf(to, "  mail to %s, by the mail server at %s, port %u\n",
	    s->mail, address_format(&s->smtp, text),
	    (unsigned int)s->smtp_port);
}

static void
print_webhook(const struct receiver *r, FILE *to)
{
	const struct receiver_settings *s = r->settings;

	fprintf(to, "  %s to %s/...\n", form_word(s->form), r->at.origin);
	if (s->every_ms != 0)
		fprintf(to, "  every %lld minutes, while all is well\n",
		    (long long)s->every_ms / MINUTE_MS);
	fprintf(to, "  with a certificate by %s\n", s->server.ca);
	if (s->secret_file != NULL)
		fprintf(to, "  with the secret of %s, in %s\n", s->secret_file,
		    strstr(s->url, RECEIVER_SECRET) != NULL ? "the URL" :
							      "a header");
}

/* How long that lasts until it is told. */
static void
print_span(const struct receiver_settings *s, enum news_kind kind, FILE *to)
{
	if (kind == NEWS_PROVIDER)
		fprintf(to, " (%lld minutes)", (long long)s->provider_s / 60);
	else if (kind == NEWS_CERTIFICATE)
		fprintf(to, " (%lld days)",
		    (long long)s->certificate_s / DAY_S);
	else if (kind == NEWS_SILENT)
		fprintf(to, " (%lld hours)", (long long)s->silent_s / 3600);
}

void
receiver_print(const struct receiver *r, FILE *to)
{
	const struct receiver_settings *s = r->settings;
	const char *before = "  on ";

	fprintf(to, "notify %s\n", s->name);
	for (enum news_kind k = 0; k < NEWS__COUNT; k++)
		if ((s->kinds & (1U << k)) != 0) {
			fprintf(to, "%s%s", before, news_word(k));
			print_span(s, k, to);
			before = ", ";
		}
	fputs("\n", to);
	if (s->mail != NULL)
		print_mail(s, to);
	else
		print_webhook(r, to);
}

json_object *
receiver_json(const struct receiver *r)
{
	const struct receiver_settings *s = r->settings;
	json_object *o = json_object_new_object();
	json_object *events = json_object_new_array();

	json_add(o, "name", json_object_new_string(s->name));
	json_add(o, "form",
	    json_object_new_string(
		s->mail != NULL ? "mail" : form_word(s->form)));
	json_add(o, "to",
	    json_object_new_string(s->mail != NULL ? s->mail : r->at.origin));
	for (enum news_kind k = 0; k < NEWS__COUNT; k++)
		if ((s->kinds & (1U << k)) != 0)
			json_append(events,
			    json_object_new_string(news_word(k)));
	json_add(o, "events", events);
	return o;
}
