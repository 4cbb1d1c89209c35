#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "command/errand.h"
#include "command/replacement.h"
#include "command/setup/site.h"
#include "tls/seen.h"

#define SITE_MAX     (1UL << 20)
#define SITE_EXAMPLE SITES_DATADIR "/nginx.conf"
#define SITE_SOCKET  "unix:/run/ddnsgate/ddnsgate.sock"
#define AVAILABLE    "/sites-available/"
#define BLANKS	     " \t"

bool
site_is_usual(void)
{
	return access("/etc/nginx/sites-available", W_OK) == 0;
}

/* False: errno says why, as ENODATA if nothing is in the file. */
static bool
read_file(const char *file, struct buffer *to)
{
	FILE *f = fopen(file, "re");
	char block[4096];
	size_t n = 0;
	int why = 0;

	if (f == NULL)
		return false;
	while (!to->failed && (n = fread(block, 1, sizeof block, f)) > 0)
		buffer_add(to, block, n);
	if (to->failed)
		why = to->len + n > to->max ? EFBIG : ENOMEM;
	else if (ferror(f))
		why = errno;
	else if (to->len == 0)
		why = ENODATA;
	fclose(f);
	errno = why;
	return why == 0;
}

/* The first certificate of a file in PEM; NULL: it holds none. */
static gnutls_x509_crt_t
import_certificate(const struct buffer *text)
{
	gnutls_datum_t pem = { (unsigned char *)text->data,
		(unsigned int)text->len };
	gnutls_x509_crt_t crt = NULL;

	if (gnutls_x509_crt_init(&crt) != GNUTLS_E_SUCCESS)
		return NULL;
	if (text->len > 0 &&
	    gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM) ==
		GNUTLS_E_SUCCESS)
		return crt;
	gnutls_x509_crt_deinit(crt);
	return NULL;
}

bool
site_judge_certificate(const char *file, const char *server, struct error *why)
{
	struct buffer text = { .max = SITE_MAX };
	gnutls_x509_crt_t crt = NULL;
	struct certificate_names names;
	enum err rc = ERR_OK;

	if (access(file, R_OK) == -1)
		return true;
	(void)read_file(file, &text);
	if ((crt = import_certificate(&text)) == NULL) {
		rc = error_set(why, ERR_CONFIG,
		    "%s: holds no certificate in PEM", file);
	} else if (gnutls_x509_crt_check_hostname(crt, server) == 0) {
		seen_fill_names(&names, crt);
		rc = error_set(why, ERR_CONFIG,
		    "%s: is not for %s, but for %s; routers would refuse it",
		    file, server,
		    names.list[0] != '\0' ? names.list : "no name");
	} else if (gnutls_x509_crt_get_expiration_time(crt) < time(NULL)) {
		rc = error_set(why, ERR_CONFIG,
		    "%s: has expired; renew it first", file);
	}
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	buffer_free(&text);
	return rc == ERR_OK;
}

/* The value of the first such directive, and its length; NULL: none. */
static const char *
find_directive(const char *text, const char *name, size_t *len)
{
	size_t n = strlen(name);

	while (text != NULL && *text != '\0') {
		text += strspn(text, BLANKS);
		if (strncmp(text, name, n) == 0 &&
		    strspn(text + n, BLANKS) > 0) {
			text += n + strspn(text + n, BLANKS);
			*len = strcspn(text, ";\n");
			return text[*len] == ';' ? text : NULL;
		}
		text = strchr(text, '\n');
		text = text != NULL ? text + 1 : NULL;
	}
	return NULL;
}

/* Copies from to to, with words in the place of len bytes at that one. */
static void
put(struct buffer *text, const char *at, size_t len, const char *words)
{
	struct buffer new = { .max = SITE_MAX };

	buffer_add(&new, text->data, (size_t)(at - text->data));
	buffer_puts(&new, words);
	buffer_puts(&new, at + len);
	buffer_free(text);
	*text = new;
}

static void
set_directive(struct buffer *text, const char *name, const char *value)
{
	size_t len;
	const char *at;

	if (value != NULL && !text->failed &&
	    (at = find_directive(text->data, name, &len)) != NULL)
		put(text, at, len, value);
}

/* Another socket may have a name that begins like the one of the example. */
static void
set_socket(struct buffer *text, const char *socket)
{
	char words[256];
	size_t from = 0, len = strlen(SITE_SOCKET);
	const char *at;

	if (socket == NULL)
		return;
	snprintf(words, sizeof words, "unix:%s", socket);
	while (!text->failed &&
	    (at = strstr(text->data + from, SITE_SOCKET)) != NULL) {
		from = (size_t)(at - text->data) + len;
		if (strchr(BLANKS ";\n", at[len]) == NULL)
			continue;
		from += strlen(words) - len;
		put(text, at, len, words);
	}
}

char *
site_certificate(const char *file)
{
	struct buffer text = { .max = SITE_MAX };
	char *found = NULL;
	const char *at;
	size_t len;

	if (read_file(file, &text) &&
	    (at = find_directive(text.data, "ssl_certificate", &len)) != NULL)
		found = strndup(at, len);
	buffer_free(&text);
	return found;
}

/* ".../sites-enabled/NAME" for ".../sites-available/NAME"; false: elsewhere. */
static bool
enabled_name(const char *file, struct buffer *name)
{
	const char *at = strstr(file, AVAILABLE);

	return at != NULL &&
	    buffer_printf(name, "%.*s/sites-enabled/%s", (int)(at - file), file,
		at + strlen(AVAILABLE));
}

bool
site_is_enabled(const struct site *s)
{
	struct buffer name = { .max = 4096 };
	bool is = enabled_name(s->file, &name) && access(name.data, F_OK) == 0;

	buffer_free(&name);
	return is;
}

static bool
place(const char *file, const char *text)
{
	struct ownership o = { 0, 0, 0644 };
	struct replacement r;
	struct stat st;
	bool ok;

	if (stat(file, &st) == 0)
		o = (struct ownership){ st.st_uid, st.st_gid,
			st.st_mode & 07777 };
	ok = replacement_write(&r, file, text, &o) &&
	    replacement_take_place(&r, false);
	replacement_end(&r);
	return ok;
}

/* Enables the site, unless it is; false: it cannot be, which was told. */
static bool
enable(struct site *s)
{
	struct buffer name = { .max = 4096 };
	const char *at = strstr(s->file, AVAILABLE);
	char target[4096];
	bool ok = true;

	if (at == NULL)
		return true;
	if (!enabled_name(s->file, &name)) {
		ok = false;
	} else if (access(name.data, F_OK) == -1) {
		snprintf(target, sizeof target, "..%s", at);
		ok = s->linked = symlink(target, name.data) == 0;
		if (!ok)
			fprintf(stderr, "ddnsgate: %s: %s\n", name.data,
			    strerror(errno));
	}
	buffer_free(&name);
	return ok;
}

/* Does nginx take it, with all else that it has? */
static bool
is_taken(const struct site *s)
{
	if (!site_is_enabled(s) || !errand_exists("nginx") ||
	    errand_run((const char *const[]){ "nginx", "-t", "-q", NULL }))
		return true;
	fprintf(stderr,
	    "ddnsgate: %s: nginx does not take its configuration with this "
	    "site, and says why above; mend that, or leave the site out by "
	    "--site none\n",
	    s->file);
	return false;
}

/* What is to be changed: the site that there is, and else the example. */
static bool
read_site(struct site *s, struct buffer *text)
{
	const char *file = s->file;
	bool ok;

	s->before = (struct buffer){ .max = SITE_MAX };
	if (read_file(file, &s->before)) {
		errno = ENOMEM;
		ok = buffer_puts(text, s->before.data);
	} else if ((ok = errno == ENOENT || errno == ENODATA)) {
		file = SITE_EXAMPLE;
		ok = read_file(file, text);
	}
	if (!ok)
		fprintf(stderr, "ddnsgate: %s: %s\n", file, strerror(errno));
	return ok;
}

/* Is the certificate there that the site names? */
static bool
has_certificate(const char *site)
{
	char name[4096];
	size_t len = 0;
	const char *at = find_directive(site, "ssl_certificate", &len);

	return at != NULL &&
	    (size_t)snprintf(name, sizeof name, "%.*s", (int)len, at) <
	    sizeof name &&
	    access(name, R_OK) == 0;
}

bool
site_write(struct site *s)
{
	struct buffer text = { .max = SITE_MAX };
	bool ok;

	if (!read_site(s, &text)) {
		buffer_free(&text);
		return false;
	}
	set_directive(&text, "server_name", s->server);
	set_directive(&text, "ssl_certificate", s->certificate);
	set_directive(&text, "ssl_certificate_key", s->key);
	set_socket(&text, s->socket);
	if (text.failed)
		fprintf(stderr, "ddnsgate: %s: %s\n", s->file, strerror(EFBIG));
	s->placed = ok = !text.failed && place(s->file, text.data);
	if (ok && has_certificate(text.data))
		ok = enable(s) && is_taken(s);
	if (!ok)
		site_undo(s);
	buffer_free(&text);
	return ok;
}

void
site_undo(struct site *s)
{
	struct buffer name = { .max = 4096 };

	if (s->linked && enabled_name(s->file, &name))
		(void)unlink(name.data);
	if (s->placed && s->before.len > 0)
		(void)place(s->file, s->before.data);
	else if (s->placed)
		(void)unlink(s->file);
	s->placed = s->linked = false;
	buffer_free(&name);
}

void
site_end(struct site *s)
{
	buffer_free(&s->before);
}
