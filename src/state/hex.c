#include "config.h"

#include <stdio.h>
#include <string.h>

#include "state/hex.h"

const char *
hex_write(const uint8_t *bytes, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

void
hex_read(uint8_t *bytes, size_t len, const char *text)
{
	memset(bytes, 0, len);
	if (text == NULL || strlen(text) != 2 * len ||
	    strspn(text, "0123456789abcdef") != 2 * len)
		return;
	for (size_t i = 0; i < len; i++)
		(void)sscanf(text + 2 * i, "%2hhx", &bytes[i]);
}
