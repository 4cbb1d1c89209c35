#include "unit.h"

#include <time.h>

#include <gnutls/x509-ext.h>

#include "certificates.h"

#define DAY 86400

/* A number of its own for each, as RFC 5280 section 4.1.2.2 asks for. */
static unsigned int serial = 1;

static void
start(struct identity *of, unsigned int rsa_bits)
{
	gnutls_pk_algorithm_t kind =
	    rsa_bits != 0 ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA;
	unsigned int bits = rsa_bits != 0 ?
	    rsa_bits :
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	const unsigned char number[] = { 1, (unsigned char)(serial >> 8),
		(unsigned char)serial };

	assert_int_equal(gnutls_x509_privkey_init(&of->key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(of->key, kind, bits, 0),
	    0);
	assert_int_equal(gnutls_x509_crt_init(&of->crt), 0);
	assert_int_equal(gnutls_x509_crt_set_key(of->crt, of->key), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(of->crt, number,
			     sizeof number),
	    0);
	serial++;
}

static void
set_time(gnutls_x509_crt_t crt, int from_days, int to_days)
{
	time_t now = time(NULL);

	assert_int_equal(gnutls_x509_crt_set_activation_time(crt,
			     now + (time_t)from_days * DAY),
	    0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(crt,
			     now + (time_t)to_days * DAY),
	    0);
}

static void
set_common_name(gnutls_x509_crt_t crt, const char *name)
{
	assert_int_equal(gnutls_x509_crt_set_dn_by_oid(crt,
			     GNUTLS_OID_X520_COMMON_NAME, 0, name,
			     (unsigned int)strlen(name)),
	    0);
}

/* Read back, since GnuTLS does not know the names of one that it made. */
static void
sign(struct identity *of, const struct identity *by)
{
	gnutls_datum_t der;

	assert_int_equal(gnutls_x509_crt_sign2(of->crt, by->crt, by->key,
			     GNUTLS_DIG_SHA256, 0),
	    0);
	assert_int_equal(gnutls_x509_crt_export2(of->crt, GNUTLS_X509_FMT_DER,
			     &der),
	    0);
	gnutls_x509_crt_deinit(of->crt);
	assert_int_equal(gnutls_x509_crt_init(&of->crt), 0);
	assert_int_equal(gnutls_x509_crt_import(of->crt, &der,
			     GNUTLS_X509_FMT_DER),
	    0);
	gnutls_free(der.data);
}

static void
set_extension(gnutls_x509_crt_t crt, const struct extension *e)
{
	if (e->oid != NULL)
		assert_int_equal(gnutls_x509_crt_set_extension_by_oid(crt,
				     e->oid, e->der, e->len, e->critical),
		    0);
}

static void
make_ca(struct identity *ca, const struct identity *above, const char *name,
    int to_days, const struct extension *extension)
{
	start(ca, 0);
	if (*name != '\0')
		set_common_name(ca->crt, name);
	set_time(ca->crt, -60, to_days);
	assert_int_equal(gnutls_x509_crt_set_version(ca->crt, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_ca_status(ca->crt, 1), 0);
	assert_int_equal(gnutls_x509_crt_set_key_usage(ca->crt,
			     GNUTLS_KEY_KEY_CERT_SIGN),
	    0);
	set_extension(ca->crt, extension);
	sign(ca, above);
}

void
identity_make_sub_ca(struct identity *ca, const struct identity *above,
    const char *name, int to_days)
{
	make_ca(ca, above, name, to_days, &(struct extension){ .oid = NULL });
}

void
identity_make_odd_ca(struct identity *ca, const struct identity *above,
    const char *name, const struct extension *extension)
{
	make_ca(ca, above, name, 60, extension);
}

void
identity_make_ca(struct identity *ca, const char *name)
{
	identity_make_sub_ca(ca, ca, name, 60);
}

/* The highest bit is not set, as the number must not be negative. */
static void
set_long_serial(gnutls_x509_crt_t crt, unsigned int len)
{
	unsigned char bytes[128];

	assert_true(len <= sizeof bytes);
	memset(bytes, 0x42, sizeof bytes);
	assert_int_equal(gnutls_x509_crt_set_serial(crt, bytes, len), 0);
}

static void
demand_staple(gnutls_x509_crt_t crt)
{
	gnutls_x509_tlsfeatures_t features;

	assert_int_equal(gnutls_x509_tlsfeatures_init(&features), 0);
	assert_int_equal(gnutls_x509_tlsfeatures_add(features, 5), 0);
	assert_int_equal(gnutls_x509_crt_set_tlsfeatures(crt, features), 0);
	gnutls_x509_tlsfeatures_deinit(features);
}

void
identity_make(struct identity *of, const struct identity *ca,
    const struct leaf *leaf)
{
	bool valid = leaf->from_days == 0 && leaf->to_days == 0;
	gnutls_x509_crt_t crt; /* until it is signed */

	start(of, leaf->rsa_bits);
	crt = of->crt;
	set_common_name(crt,
	    leaf->common_name != NULL ? leaf->common_name : "a leaf");
	if (leaf->serial_len > 0)
		set_long_serial(crt, leaf->serial_len);
	set_time(crt, valid ? -1 : leaf->from_days, valid ? 30 : leaf->to_days);
	if (leaf->version_1) {
		assert_int_equal(gnutls_x509_crt_set_version(crt, 1), 0);
		sign(of, leaf->self_signed ? of : ca);
		return;
	}
	assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_ca_status(crt, leaf->is_ca), 0);
	assert_int_equal(gnutls_x509_crt_set_key_usage(crt,
			     leaf->usage != 0 ? leaf->usage :
						GNUTLS_KEY_DIGITAL_SIGNATURE),
	    0);
	assert_int_equal(gnutls_x509_crt_set_key_purpose_oid(crt,
			     leaf->purpose != NULL ? leaf->purpose :
						     GNUTLS_KP_TLS_WWW_SERVER,
			     0),
	    0);
	for (size_t i = 0; i < COUNT(leaf->names) && leaf->names[i] != NULL;
	     i++)
		assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt,
				     GNUTLS_SAN_DNSNAME, leaf->names[i],
				     (unsigned int)strlen(leaf->names[i]),
				     GNUTLS_FSAN_APPEND),
		    0);
	for (unsigned int i = 0; i < leaf->more_names; i++) {
		/* Few long ones: GnuTLS adds each in the time of all others. */
		char name[256];
		int len = snprintf(name, sizeof name,
		    "%060u.%060u.%060u.example", i, i, i);

		assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt,
				     GNUTLS_SAN_DNSNAME, name,
				     (unsigned int)len, GNUTLS_FSAN_APPEND),
		    0);
	}
	if (leaf->must_staple)
		demand_staple(crt);
	set_extension(crt, &leaf->extension);
	sign(of, leaf->self_signed ? of : ca);
}

void
identity_end(struct identity *of)
{
	gnutls_x509_crt_deinit(of->crt);
	gnutls_x509_privkey_deinit(of->key);
}

const char *
identity_file(const struct identity *of, const char *name)
{
	gnutls_datum_t pem;
	const char *file;

	assert_int_equal(gnutls_x509_crt_export2(of->crt, GNUTLS_X509_FMT_PEM,
			     &pem),
	    0);
	file = unit_write(name, (const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return file;
}

static gnutls_certificate_credentials_t
credentials(gnutls_x509_crt_t chain[], int count, gnutls_x509_privkey_t key)
{
	gnutls_certificate_credentials_t c;

	assert_int_equal(gnutls_certificate_allocate_credentials(&c), 0);
	assert_int_equal(gnutls_certificate_set_x509_key(c, chain, count, key),
	    0);
	return c;
}

gnutls_certificate_credentials_t
identity_credentials(const struct identity *of)
{
	gnutls_x509_crt_t chain[] = { of->crt };

	return credentials(chain, 1, of->key);
}

gnutls_certificate_credentials_t
identity_chain_credentials(const struct identity *of, const struct identity *ca)
{
	gnutls_x509_crt_t chain[] = { of->crt, ca->crt };

	return credentials(chain, 2, of->key);
}
