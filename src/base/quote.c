#include "config.h"

#include <string.h>

#include "base/quote.h"

size_t
quote(char *to, size_t size, const char *text, size_t len, const char *also)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (n + QUOTE_SIZE_MIN > size) {
			memcpy(to + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= 0x20 && c < 0x7f &&
		    (*also == '\0' || strchr(also, c) == NULL)) {
			to[n++] = (char)c;
		} else {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = hex[c >> 4];
			to[n++] = hex[c & 15];
		}
	}
	to[n] = '\0';
	return n;
}
