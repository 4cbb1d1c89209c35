#include "config.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "provider/rest/compose.h"
#include "provider/rest/fill.h"
#include "provider/rest/sign.h"

#define SHA1_LEN 20

/* Is it printable ASCII, as a header and a signature need? */
static const char *
printable(const struct values *v, int variable, struct error *why)
{
	const char *text = values_text(v, variable);

	for (const char *c = text; c != NULL && *c != '\0'; c++)
		if (!template_may_hold(ENCODE_HEADER, *c))
			text = NULL;
	if (text == NULL)
		error_set(why, ERR_REFUSED,
		    "what signs the request holds what no header can");
	return text;
}

static enum err
sign_sigv4(const struct sign *sign, struct message *m, const struct values *v,
    struct error *why)
{
	const char *key = printable(v, sign->key, why);
	const char *secret = printable(v, sign->secret, why);

	if (key == NULL || secret == NULL)
		return why->code;
	buffer_printf(&m->sigv4, "aws:amz:%s", sign->region);
	buffer_printf(&m->userpwd, "%s:%s", key, secret);
	return fill_room(&m->userpwd, why);
}

/*
 * The time, and "$1$" with the SHA-1 of secret, consumer, method, URL, body
 * and time, plus signs between; OVH API, "First steps with the API".
 */
static enum err
sign_ovh(const struct sign *sign, struct message *m, const struct values *v,
    struct error *why)
{
	const char *secret = printable(v, sign->secret, why);
	const char *consumer = printable(v, sign->consumer, why);
	const char *time = printable(v, sign->time, why);
	struct buffer text = { .max = m->body.len + 16384 };
	struct buffer line = { .max = 128 }, stamp = { .max = 128 };
	unsigned char hash[SHA1_LEN];
	enum err rc;

	if (secret == NULL || consumer == NULL || time == NULL)
		return why->code;
	buffer_printf(&stamp, "X-Ovh-Timestamp: %s", time);
	buffer_printf(&text, "%s+%s+%s+%s%s+%s+%s", secret, consumer, m->method,
	    m->origin, m->path.data, m->body.len > 0 ? m->body.data : "", time);
	if ((rc = fill_room(&stamp, why)) == ERR_OK &&
	    (rc = fill_room(&text, why)) == ERR_OK &&
	    gnutls_hash_fast(GNUTLS_DIG_SHA1, text.data, text.len, hash) < 0)
		rc = error_set(why, ERR_MEMORY, "SHA-1 failed");
	buffer_puts(&line, "X-Ovh-Signature: $1$");
	for (size_t i = 0; rc == ERR_OK && i < sizeof hash; i++)
		buffer_printf(&line, "%02x", hash[i]);
	if (rc == ERR_OK)
		rc = message_header(m, stamp.data, why);
	if (rc == ERR_OK)
		rc = message_header(m, line.data, why);
	buffer_free(&stamp);
	buffer_free(&line);
	buffer_free(&text);
	return rc;
}

enum err
sign_message(const struct sign *sign, struct message *m, const struct values *v,
    struct error *why)
{
	switch (sign->kind) {
	case SIGN_SIGV4:
		return sign_sigv4(sign, m, v, why);
	case SIGN_OVH:
		return values_get(v, sign->time) != NULL ?
		    sign_ovh(sign, m, v, why) :
		    ERR_OK;
	default:
		return ERR_OK;
	}
}
