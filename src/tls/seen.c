#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "tls/san.h"
#include "tls/seen.h"

static void
hex(const uint8_t *bytes, size_t len, char *text, size_t size)
{
	*text = '\0';
	for (size_t i = 0; i < len && 2 * i + 2 < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

void
seen_fill(struct certificate_seen *seen, gnutls_x509_crt_t leaf)
{
	uint8_t bytes[64];
	size_t len = sizeof bytes;
	gnutls_datum_t dn = { NULL, 0 };
	time_t end = gnutls_x509_crt_get_expiration_time(leaf);

	*seen = (struct certificate_seen){ .valid_until = end > 0 ? end : 0 };
	if (gnutls_x509_crt_get_issuer_dn3(leaf, &dn, 0) == 0 && dn.size > 0)
		quote(seen->issuer, sizeof seen->issuer, (char *)dn.data,
		    strlen((char *)dn.data), "");
	gnutls_free(dn.data);
	if (gnutls_x509_crt_get_serial(leaf, bytes, &len) == 0)
		hex(bytes, len, seen->serial, sizeof seen->serial);
	len = sizeof bytes;
	if (gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, bytes,
		&len) == 0)
		hex(bytes, len, seen->key, sizeof seen->key);
}

void
seen_fill_names(struct certificate_names *names, gnutls_x509_crt_t leaf)
{
	time_t begin = gnutls_x509_crt_get_activation_time(leaf);
	char name[SAN_NAME_MAX + 1];
	unsigned int index = 0;
	size_t len = 0, room;

	*names =
	    (struct certificate_names){ .valid_from = begin > 0 ? begin : 0 };
	while ((room = sizeof names->list - len) > QUOTE_SIZE_MIN + 2 &&
	    san_next(leaf, &index, name)) {
		if (len > 0) {
			memcpy(names->list + len, ", ", 2);
			len += 2;
		}
		len += quote(names->list + len, sizeof names->list - len, name,
		    strlen(name), ",");
	}
}
