#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "base/secret.h"

void
secret_wipe(void *bytes, size_t len)
{
	if (bytes != NULL && len > 0)
		gnutls_memset(bytes, 0, len);
}

void
secret_wipe_string(char *s)
{
	if (s != NULL)
		secret_wipe(s, strlen(s));
}

void
secret_free(char *s)
{
	secret_wipe_string(s);
	free(s);
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	return gnutls_memcmp(a, b, len) == 0;
}
