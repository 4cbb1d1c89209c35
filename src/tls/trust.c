#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "config/document.h"
#include "tls/trust.h"

/* A list: a configuration names one or two files. */
struct store {
	struct store *next;
	char *file;
	gnutls_certificate_credentials_t credentials;
};

struct trust {
	struct store *stores;
	gnutls_certificate_credentials_t nobody;
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
	if (s->credentials != NULL)
		gnutls_certificate_free_credentials(s->credentials);
	free(s->file);
	free(s);
}

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof *t);

	if (t != NULL &&
	    gnutls_certificate_allocate_credentials(&t->nobody) < 0) {
		free(t);
		return NULL;
	}
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
	gnutls_certificate_free_credentials(t->nobody);
	free(t);
}

enum err
trust_load(struct trust *t, const char *file, struct error *why)
{
	struct store *s;
	enum err rc;
	int count;

	if (find(t, file) != NULL)
		return ERR_OK;
	if ((s = calloc(1, sizeof *s)) == NULL ||
	    (s->file = strdup(file)) == NULL ||
	    gnutls_certificate_allocate_credentials(&s->credentials) < 0) {
		if (s != NULL)
			store_free(s);
		return error_memory(why);
	}
	gnutls_certificate_set_verify_flags(s->credentials,
	    GNUTLS_VERIFY_DO_NOT_ALLOW_IP_MATCHES);
	/* Whoever may write the file decides which certificates count. */
	if (access(file, R_OK) == -1)
		rc = error_set(why, ERR_CONFIG,
		    "%s: %s; name a PEM file of CA certificates as \"ca\"",
		    file, strerror(errno));
	else
		rc = document_of_ours(file, why);
	if (rc != ERR_OK) {
		store_free(s);
		return rc;
	}
	count = gnutls_certificate_set_x509_trust_file(s->credentials, file,
	    GNUTLS_X509_FMT_PEM);
	if (count <= 0) {
		store_free(s);
		return error_set(why, ERR_CONFIG,
		    "%s: %s; name a PEM file "
		    "of CA certificates as \"ca\"",
		    file,
		    count == 0 ? "no certificate in it" :
				 gnutls_strerror(count));
	}
	s->next = t->stores;
	t->stores = s;
	return ERR_OK;
}

gnutls_certificate_credentials_t
trust_credentials(const struct trust *t, const char *file)
{
	struct store *s;

	if (file == NULL)
		return t->nobody;
	s = find(t, file);
	return s != NULL ? s->credentials : NULL;
}
