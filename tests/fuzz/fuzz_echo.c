/*
 * fuzz_echo.c - a host that answers anything to the request of its proof.
 *
 * The input is "4" or "6", the family of our address, then the bytes as they
 * come in.
 */
#include "fuzz.h"

#include "proof/response.h"

#define PIECES 64 /* bytes that come one by one */

const char fuzz_name[] = "echo";

static const char *const owns[] = { "89.14.163.156", "2a01:c22:b045:defc::8" };

/* An answer that is good ends in our address, and in nothing else. */
static void
check_good(const char *bytes, size_t len, const struct address *own)
{
	char *text = fuzz_text((const uint8_t *)bytes, len), *word, *end;
	struct address seen;

	end = text + len;
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	for (word = end; word > text && strchr(" \t\r\n", word[-1]) == NULL;)
		word--;
	assert(strncmp(text + 9, "200", 3) == 0);
	assert(address_parse_any(&seen, word) && address_equal(&seen, own));
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address own;
	enum response line = RESPONSE_PARTIAL;
	const char *bytes = (const char *)data + 1;

	if (size == 0)
		return 0;
	size--;
	if (!address_parse_any(&own, owns[data[0] == '6']))
		abort();
	/* What is bad stays bad, and a status line stays one. */
	for (size_t n = 0; n <= size && n < PIECES; n++) {
		enum response now = response_is_http(bytes, n);

		assert(line == RESPONSE_PARTIAL || now == line);
		line = now;
	}
	for (int closed = 0; closed < 2; closed++) {
		enum response r = response_echoes(bytes, size, closed, &own);

		assert(!closed || r != RESPONSE_PARTIAL ||
		    response_is_http(bytes, size) == RESPONSE_PARTIAL);
		if (r == RESPONSE_GOOD)
			check_good(bytes, size, &own);
	}
	return 0;
}
