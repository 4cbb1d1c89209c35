#include "config.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "provider/rest/compose.h"
#include "provider/rest/sign.h"

#define SHA1_LEN 20

static bool
has_part(const char *const parts[], const char *name)
{
	for (; *parts != NULL; parts++)
		if (strcmp(*parts, name) == 0)
			return true;
	return false;
}

enum err
sign_read(struct sign *sign, const struct place *p, const char *const parts[],
    struct error *why)
{
	static const char sigv4[] = "sigv4:";
	const char *text = NULL;
	enum err rc;

	if ((rc = place_string(p, &text, why)) != ERR_OK || text == NULL)
		return rc;
	if (strncmp(text, sigv4, sizeof sigv4 - 1) == 0 &&
	    strchr(text + sizeof sigv4 - 1, ':') != NULL) {
		sign->kind = SIGN_SIGV4;
		sign->region = text + sizeof sigv4 - 1;
		if (!has_part(parts, "key") || !has_part(parts, "secret"))
			return place_error(p, why,
			    "needs \"token\": [\"key\", \"secret\"]");
		return ERR_OK;
	}
	if (strcmp(text, "ovh") == 0) {
		sign->kind = SIGN_OVH;
		if (!has_part(parts, "application") ||
		    !has_part(parts, "secret") || !has_part(parts, "consumer"))
			return place_error(p, why,
			    "needs \"token\": "
			    "[\"application\", \"secret\", \"consumer\"]");
		return ERR_OK;
	}
	return place_error(p, why,
	    "must be \"sigv4:REGION:SERVICE\" or \"ovh\"");
}

static enum err
sign_sigv4(const struct sign *sign, struct message *m, const struct scope *s,
    struct error *why)
{
	buffer_printf(&m->sigv4, "aws:amz:%s", sign->region);
	return template_text(&m->userpwd, "{key}:{secret}", s, ENCODE_HEADER,
	    NULL, why);
}

/*
 * The time, and "$1$" with the SHA-1 of secret, consumer, method, URL, body
 * and time, plus signs between; OVH API, "First steps with the API".
 */
static enum err
sign_ovh(struct message *m, const char *method, const char *origin,
    const struct scope *s, struct error *why)
{
	struct buffer text = { .max = m->body.len + 16384 };
	struct buffer line = { .max = 128 }, stamp = { .max = 128 };
	unsigned char hash[SHA1_LEN];
	enum err rc;

	if ((rc = template_text(&stamp, "X-Ovh-Timestamp: {time}", s,
		 ENCODE_HEADER, NULL, why)) == ERR_OK)
		rc = message_header(m, stamp.data, why);
	buffer_free(&stamp);
	if (rc != ERR_OK)
		return rc;

	rc = template_text(&text, "{secret}+{consumer}+", s, ENCODE_HEADER,
	    NULL, why);
	if (rc == ERR_OK) {
		buffer_printf(&text, "%s+%s%s+%s+", method, origin,
		    m->path.data, m->body.len > 0 ? m->body.data : "");
		rc =
		    template_text(&text, "{time}", s, ENCODE_HEADER, NULL, why);
	}
	if (rc == ERR_OK &&
	    gnutls_hash_fast(GNUTLS_DIG_SHA1, text.data, text.len, hash) < 0)
		rc = error_set(why, ERR_MEMORY, "SHA-1 failed");
	buffer_puts(&line, "X-Ovh-Signature: $1$");
	for (size_t i = 0; i < sizeof hash; i++)
		buffer_printf(&line, "%02x", hash[i]);
	if (rc == ERR_OK)
		rc = message_header(m, line.data, why);
	buffer_free(&line);
	buffer_free(&text);
	return rc;
}

enum err
sign_message(const struct sign *sign, struct message *m, const char *method,
    const char *origin, const struct scope *s, struct error *why)
{
	switch (sign->kind) {
	case SIGN_SIGV4:
		return sign_sigv4(sign, m, s, why);
	case SIGN_OVH:
		return scope_holds(s, "time") ?
		    sign_ovh(m, method, origin, s, why) :
		    ERR_OK;
	default:
		return ERR_OK;
	}
}
