#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "config/document.h"
#include "tls/trust.h"

/* A list: a configuration names one or two files. */
struct store {
	struct store *next;
	char *file;
	struct authorities authorities;
};

struct trust {
	struct store *stores;
	struct authorities nobody;
	struct known *known;
};

static struct store *
find(const struct trust *t, const char *file)
{
	struct store *s;

	for (s = t->stores; s != NULL; s = s->next)
		if (strcmp(s->file, file) == 0)
			return s;
	return NULL;
}

static void
store_free(struct store *s)
{
	if (s->authorities.credentials != NULL)
		gnutls_certificate_free_credentials(s->authorities.credentials);
	free(s->file);
	free(s);
}

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	if (gnutls_certificate_allocate_credentials(&t->nobody.credentials) <
	    0) {
		free(t);
		return NULL;
	}
	t->known = known_new();
	return t;
}

void
trust_free(struct trust *t)
{
	struct store *s, *next;

	if (t == NULL)
		return;
	for (s = t->stores; s != NULL; s = next) {
		next = s->next;
		store_free(s);
	}
	gnutls_certificate_free_credentials(t->nobody.credentials);
	known_free(t->known);
	free(t);
}

static enum err
refuse_file(const char *file, const char *reason, struct error *why)
{
	return error_set(why, ERR_CONFIG,
	    "%s: %s; name a PEM file of CA certificates as \"ca\"", file,
	    reason);
}

/* What is trusted is what the id was made of: the file is read once. */
static enum err
read_file(struct authorities *a, const char *file, struct error *why)
{
	gnutls_datum_t text = { NULL, 0 };
	int count = gnutls_load_file(file, &text);

	if (count == 0)
		count = gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data,
		    text.size, a->id);
	if (count == 0)
		count = gnutls_certificate_set_x509_trust_mem(a->credentials,
		    &text, GNUTLS_X509_FMT_PEM);
	gnutls_free(text.data);
	if (count > 0)
		return ERR_OK;
	return refuse_file(file,
	    count == 0 ? "no certificate in it" : gnutls_strerror(count), why);
}

enum err
trust_load(struct trust *t, const char *file, struct error *why)
{
	struct store *s;
	enum err rc;

	if (find(t, file) != NULL)
		return ERR_OK;
	if ((s = calloc(1, sizeof *s)) == NULL ||
	    (s->file = strdup(file)) == NULL ||
	    gnutls_certificate_allocate_credentials(
		&s->authorities.credentials) < 0) {
		if (s != NULL)
			store_free(s);
		return error_memory(why);
	}
	s->authorities.known = t->known;
	gnutls_certificate_set_verify_flags(s->authorities.credentials,
	    GNUTLS_VERIFY_DO_NOT_ALLOW_IP_MATCHES);
	/* Whoever may write the file decides which certificates count. */
	if (access(file, R_OK) == -1)
		rc = refuse_file(file, strerror(errno), why);
	else
		rc = document_of_ours(file, why);
	if (rc == ERR_OK)
		rc = read_file(&s->authorities, file, why);
	if (rc != ERR_OK) {
		store_free(s);
		return rc;
	}
	s->next = t->stores;
	t->stores = s;
	return ERR_OK;
}

const struct authorities *
trust_in(const struct trust *t, const char *file)
{
	struct store *s;

	if (file == NULL)
		return &t->nobody;
	s = find(t, file);
	return s != NULL ? &s->authorities : NULL;
}
