#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "config/document.h"
#include "tls/limits.h"
#include "tls/trust.h"

/* A list: a configuration names one or two files. */
struct store {
	struct store *next;
	char *file;
	struct authorities authorities;
};

struct trust {
	struct store *stores;
	gnutls_certificate_credentials_t nobody;
	struct authorities none;
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
	free(s->authorities.bytes);
	free(s->file);
	free(s);
}

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	if (gnutls_certificate_allocate_credentials(&t->nobody) < 0) {
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
	gnutls_certificate_free_credentials(t->nobody);
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

/* Before the DER of each certificate stands its length. */
typedef uint32_t der_length;

/* Takes over the one at the beginning of some PEM. */
static int
keep(struct authorities *a, size_t room, const gnutls_datum_t *pem)
{
	gnutls_x509_crt_t crt;
	size_t size = room - a->len - sizeof(der_length);
	der_length length;
	int rc;

	/* The PEM of each one so far was longer than what is kept of it. */
	assert(a->len + sizeof length <= room);
	if ((rc = gnutls_x509_crt_init(&crt)) < 0)
		return rc;
	if ((rc = gnutls_x509_crt_import(crt, pem, GNUTLS_X509_FMT_PEM)) == 0)
		rc = gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_DER,
		    a->bytes + a->len + sizeof length, &size);
	if (rc == 0) {
		length = (der_length)size;
		memcpy(a->bytes + a->len, &length, sizeof length);
		a->len += sizeof length + size;
	}
	gnutls_x509_crt_deinit(crt);
	return rc;
}

static bool
begins_with(const gnutls_datum_t *text, const char *mark)
{
	return text->size >= strlen(mark) &&
	    memcmp(text->data, mark, strlen(mark)) == 0;
}

static void
skip(gnutls_datum_t *text, unsigned int count)
{
	text->data += count;
	text->size -= count;
}

/* Moves text to the next certificate in it; false: there is none. */
static bool
find_certificate(gnutls_datum_t *text)
{
	static const char begin[] = "-----BEGIN ";
	unsigned char *at;

	while ((at = memmem(text->data, text->size, begin, strlen(begin))) !=
	    NULL) {
		skip(text, (unsigned int)(at - text->data));
		if (begins_with(text, "-----BEGIN CERTIFICATE-----") ||
		    begins_with(text, "-----BEGIN X509 CERTIFICATE-----"))
			return true;
		skip(text, 1);
	}
	return false;
}

/*
 * What is trusted is what the id was made of: the file is read once.  One
 * certificate after the other, as all at once are 4 MB for GnuTLS, which leave
 * a heap full of holes.
 */
static int
read_text(struct authorities *a, gnutls_datum_t text)
{
	size_t room = text.size; /* PEM is longer than DER and its length */
	int rc =
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data, text.size, a->id);

	if (rc == 0 && (a->bytes = malloc(room + 1)) == NULL)
		rc = GNUTLS_E_MEMORY_ERROR;
	while (rc == 0 && find_certificate(&text)) {
		rc = keep(a, room, &text);
		skip(&text, 1);
	}
	return rc;
}

static enum err
read_file(struct authorities *a, const char *file, struct error *why)
{
	gnutls_datum_t text = { NULL, 0 };
	int rc = gnutls_load_file(file, &text);

	if (rc == 0)
		rc = read_text(a, text);
	gnutls_free(text.data);
	if (rc < 0)
		return refuse_file(file, gnutls_strerror(rc), why);
	if (a->len == 0)
		return refuse_file(file, "no certificate in it", why);
	return ERR_OK;
}

enum err
trust_load(struct trust *t, const char *file, struct error *why)
{
	struct store *s;
	enum err rc;

	if (find(t, file) != NULL)
		return ERR_OK;
	if ((s = calloc(1, sizeof *s)) == NULL ||
	    (s->file = strdup(file)) == NULL) {
		free(s);
		return error_memory(why);
	}
	s->authorities.known = t->known;
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
		return &t->none;
	s = find(t, file);
	return s != NULL ? &s->authorities : NULL;
}

gnutls_certificate_credentials_t
trust_nobody(const struct trust *t)
{
	return t->nobody;
}

#define NAMES 2 /* of a certificate: its own, and that of its issuer */

/* As DER: GnuTLS compares names by their bytes. */
static bool
read_names(const gnutls_datum_t *der, gnutls_datum_t names[NAMES])
{
	gnutls_x509_crt_t crt;
	bool good;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	good = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_raw_dn(crt, &names[0]) == 0 &&
	    gnutls_x509_crt_get_raw_issuer_dn(crt, &names[1]) == 0;
	gnutls_x509_crt_deinit(crt);
	return good;
}

/* The certificate at an offset, which moves behind it; false: at the end. */
static bool
next_authority(const struct authorities *a, size_t *at, gnutls_datum_t *der)
{
	der_length length;

	if (*at == a->len)
		return false;
	memcpy(&length, a->bytes + *at, sizeof length);
	*der = (gnutls_datum_t){ a->bytes + *at + sizeof length, length };
	*at += sizeof length + length;
	return true;
}

/*
 * Does a name occur in the certificate, be it as its own?  The name of no bytes
 * is that of no CA, see chain.h.
 */
static bool
is_named(const gnutls_datum_t *der, const gnutls_datum_t names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].size > 2 &&
		    memmem(der->data, der->size, names[i].data,
			names[i].size) != NULL)
			return true;
	return false;
}

static bool
add_named(const struct authorities *a, const gnutls_datum_t names[],
    size_t count, gnutls_certificate_credentials_t to)
{
	gnutls_datum_t der;
	size_t at = 0;

	while (next_authority(a, &at, &der))
		if (is_named(&der, names, count) &&
		    gnutls_certificate_set_x509_trust_mem(to, &der,
			GNUTLS_X509_FMT_DER) < 0)
			return false;
	return true;
}

gnutls_certificate_credentials_t
authorities_of(const struct authorities *a, const gnutls_datum_t chain[],
    unsigned int count)
{
	gnutls_datum_t names[NAMES * LIMITS_CHAIN_MAX] = { { NULL, 0 } };
	gnutls_certificate_credentials_t c = NULL;
	bool good = count <= LIMITS_CHAIN_MAX &&
	    gnutls_certificate_allocate_credentials(&c) == 0;

	for (size_t i = 0; i < count && good; i++)
		good = read_names(&chain[i], names + NAMES * i);
	good = good && add_named(a, names, NAMES * count, c);
	for (size_t i = 0; i < NAMES * LIMITS_CHAIN_MAX; i++)
		gnutls_free(names[i].data);
	if (good)
		gnutls_certificate_set_verify_flags(c,
		    GNUTLS_VERIFY_DO_NOT_ALLOW_IP_MATCHES);
	if (good || c == NULL)
		return c;
	gnutls_certificate_free_credentials(c);
	return NULL;
}
