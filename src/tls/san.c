#include "config.h"

#include <string.h>

#include "tls/san.h"

#define SAN_MAX 4096

bool
san_next(gnutls_x509_crt_t crt, unsigned int *index,
    char name[static SAN_NAME_MAX + 1])
{
	while (*index < SAN_MAX) {
		size_t len = SAN_NAME_MAX;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, (*index)++,
		    name, &len, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (type != GNUTLS_SAN_DNSNAME || len > SAN_NAME_MAX)
			continue;
		name[len] = '\0';
		if (strlen(name) == len)
			return true;
	}
	return false;
}
