#include "config.h"

#include <string.h>

#include <gnutls/gnutls.h>

#include "config/pin.h"

bool
pin_parse(uint8_t pin[static PIN_LEN], const char *text)
{
	static const char base64[] = "sha256//";
	bool in_base64 = strncmp(text, base64, sizeof base64 - 1) == 0;
	const char *digits = in_base64 ? text + sizeof base64 - 1 : text;
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)digits,
		(unsigned int)strlen(digits) };
	gnutls_datum_t raw = { NULL, 0 };
	int rc = in_base64 ? gnutls_base64_decode2(&in, &raw) :
			     gnutls_hex_decode2(&in, &raw);
	bool ok = rc == 0 && raw.size == PIN_LEN;

	if (ok)
		memcpy(pin, raw.data, PIN_LEN);
	gnutls_free(raw.data);
	return ok;
}
